// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands about the server as a whole: what it is, how it is set up, what it has done.
#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "commands/numbers.h"
#include "endpoint/arguments.h"
#include "endpoint/service.h"

namespace larder::endpoint {
namespace {

constexpr KeyPositions kKeyOfSubcommand{2, 2, 1};

// --- The whole cache ------------------------------------------------------------------------------------------------

void flushall(Call& call) {
  const bool good = call.size() == 1 || (call.size() == 2 && (is_word(call[1], "sync") || is_word(call[1], "async")));
  if (!good) return reply_syntax_error(call);
  const Status status = call.cache.clear();
  status.ok() ? call.reply.ok() : reply_error(call, status);
}

void swapdb(Call& call) { call.reply.error("ERR DB index is out of range"); }

void info(Call& call) { call.reply.verbatim(info_text(*call.service, call.from(1))); }

void time(Call& call) {
  const std::int64_t ms = Clock::system().unix_time().count();
  call.reply.array(2);
  call.reply.bulk(std::to_string(ms / 1000));
  call.reply.bulk(std::to_string(ms % 1000 * 1000));
}

void lastsave(Call& call) { call.reply.integer(std::int64_t{0}); }

void role(Call& call) {
  call.reply.array(3);
  call.reply.bulk("master");
  call.reply.integer(std::int64_t{0});
  call.reply.array(0);
}

// --- CONFIG ---------------------------------------------------------------------------------------------------------

void config_get(Call& call) {
  const auto settings = call.service->config().get(*call.service, call.from(2));
  call.reply.map(settings.size());
  for (const auto& [name, value] : settings) {
    call.reply.bulk(name);
    call.reply.bulk(value);
  }
}

void config_set(Call& call) {
  if (call.size() % 2 != 0) return reply_arity_error(call);
  std::vector<std::pair<std::string_view, std::string_view>> settings;
  for (std::size_t i = 2; i < call.size(); i += 2) settings.emplace_back(call[i], call[i + 1]);
  std::string which;
  const Status status = call.service->config().set(*call.service, settings, &which);
  if (status.ok()) return call.reply.ok();
  if (which.empty()) {
    return call.reply.error("ERR Unknown option or number of arguments for CONFIG SET - '" +
                            std::string(status.message()) + "'");
  }
  call.reply.error("ERR CONFIG SET failed (possibly related to argument '" + which + "') - " +
                   std::string(status.message()));
}

void config_resetstat(Call& call) {
  call.service->reset_stats();
  call.reply.ok();
}

void config_rewrite(Call& call) { call.reply.error("ERR The server is running without a config file"); }

// --- MEMORY ---------------------------------------------------------------------------------------------------------

void memory_usage(Call& call) {
  for (std::size_t i = 3; i < call.size(); i += 2) {
    std::int64_t samples = 0;
    if (!is_word(call[i], "samples") || i + 1 >= call.size()) return reply_syntax_error(call);
    if (!read_integer(call, call[i + 1], &samples)) return;
    if (samples < 0) return reply_syntax_error(call);
  }
  const Lookup<KeyReport> report = call.view.inspect(call[2]);
  if (!report.status().ok()) return reply_error(call, report.status());
  report ? call.reply.integer(report->bytes) : call.reply.null();
}

void memory_doctor(Call& call) {
  call.reply.verbatim("Nothing is diagnosed here: INFO memory says what the cache has, and how it is used.\n");
}

void memory_stats(Call& call) {
  const Stats stats = call.cache.stats();
  const std::pair<const char*, std::uint64_t> kNumbers[] = {{"peak.allocated", stats.bytes_used},
                                                            {"total.allocated", stats.bytes_used},
                                                            {"startup.allocated", stats.bytes_fixed},
                                                            {"overhead.total", stats.bytes_used - stats.bytes_data},
                                                            {"keys.count", stats.entries},
                                                            {"dataset.bytes", stats.bytes_data}};
  call.reply.map(std::size(kNumbers));
  for (const auto& [name, number] : kNumbers) {
    call.reply.bulk(name);
    call.reply.integer(number);
  }
}

void memory_purge(Call& call) { call.reply.ok(); }

// --- SLOWLOG, LATENCY -----------------------------------------------------------------------------------------------

void slowlog_get(Call& call) {
  std::int64_t count = 10;
  if (call.size() > 3) {
    return call.reply.error("ERR unknown subcommand or wrong number of arguments for '" +
                            std::string(call[1].substr(0, 128)) + "'. Try SLOWLOG HELP.");
  }
  if (call.size() == 3) {
    if (!read_integer(call, call[2], &count, "ERR count should be greater than or equal to -1")) return;
    if (count < -1) return call.reply.error("ERR count should be greater than or equal to -1");
  }
  const auto& entries = call.service->slow_log().entries();
  const std::size_t shown = count < 0 ? entries.size() : std::min<std::size_t>(entries.size(), std::size_t(count));
  call.reply.array(shown);
  for (std::size_t i = 0; i < shown; ++i) {
    const SlowLog::Entry& entry = entries[i];
    call.reply.array(6);
    call.reply.integer(entry.id);
    call.reply.integer(entry.unix_seconds);
    call.reply.integer(entry.took_us);
    call.reply.array(entry.arguments.size());
    for (const std::string& argument : entry.arguments) call.reply.bulk(argument);
    call.reply.bulk(entry.address);
    call.reply.bulk(entry.name);
  }
}

void slowlog_len(Call& call) { call.reply.integer(call.service->slow_log().entries().size()); }

void slowlog_reset(Call& call) {
  call.service->slow_log().clear();
  call.reply.ok();
}

void empty_array(Call& call) { call.reply.array(0); }
void empty_map(Call& call) { call.reply.map(0); }
void zero(Call& call) { call.reply.integer(std::int64_t{0}); }
void ok(Call& call) { call.reply.ok(); }

// --- What tests and tools ask for, and is not here ------------------------------------------------------------------

void function_flush(Call& call) {
  const bool good = call.size() == 2 || (call.size() == 3 && (is_word(call[2], "sync") || is_word(call[2], "async")));
  if (good) return call.reply.ok();
  call.reply.error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
}

void script_exists(Call& call) {
  call.reply.array(call.size() - 2);
  for (std::size_t i = 2; i < call.size(); ++i) call.reply.integer(false);
}

void script_flush(Call& call) {
  const bool good = call.size() == 2 || (call.size() == 3 && (is_word(call[2], "sync") || is_word(call[2], "async")));
  good ? call.reply.ok() : call.reply.error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
}

void acl_whoami(Call& call) { call.reply.bulk("default"); }

// On another thread, so that it holds up nobody else.
void debug_sleep(Call& call) {
  const auto seconds = commands::parse_float(call[2]);
  if (!seconds || *seconds < 0 || *seconds > 3600) return call.reply.error("ERR value is not a valid float");
  std::this_thread::sleep_for(std::chrono::microseconds(static_cast<std::int64_t>(*seconds * 1e6L)));
  call.reply.ok();
}

void debug_object(Call& call) {
  const Lookup<KeyReport> report = call.view.inspect(call[2]);
  if (!report.status().ok()) return reply_error(call, report.status());
  if (!report) return call.reply.error("ERR no such key");
  call.reply.status("Value at:0 refcount:1 encoding:" + std::string(report->encoding) +
                    " serializedlength:" + std::to_string(report->bytes) + " lru:0 lru_seconds_idle:0");
}

constexpr Group kServer = Group::kServer;
constexpr std::uint32_t kAsk = kLoading | kStale;
constexpr std::uint32_t kAdministers = kAdmin | kNoScript | kLoading | kStale;
constexpr Command kConfig[] = {
    {"get", -3, kAdministers, {}, kServer, "2.0.0", "pattern [pattern ...]", "Answers settings", config_get},
    {"help", 2, kAsk, {}, kServer, "5.0.0", "", "Lists the subcommands", reply_help},
    {"resetstat",
     2,
     kAdministers,
     {},
     kServer,
     "2.0.0",
     "",
     "Counts commands and connections from zero again",
     config_resetstat},
    {"rewrite", 2, kAdministers, {}, kServer, "2.8.0", "", "Always an error: there is no file", config_rewrite},
    {"set",
     -4,
     kAdministers | kChanges,
     {},
     kServer,
     "2.0.0",
     "name value [name value ...]",
     "Changes settings",
     config_set},
};
constexpr Command kMemory[] = {
    {"doctor", 2, 0, {}, kServer, "4.0.0", "", "Answers a sentence", memory_doctor},
    {"help", 2, kAsk, {}, kServer, "4.0.0", "", "Lists the subcommands", reply_help},
    {"purge", 2, 0, {}, kServer, "4.0.0", "", "Does nothing", memory_purge},
    {"stats", 2, 0, {}, kServer, "4.0.0", "", "Answers where the memory is", memory_stats},
    {"usage", -3, kReadOnly, kKeyOfSubcommand, kServer, "4.0.0", "key [SAMPLES count]",
     "Answers what a key and its value are charged", memory_usage},
};
constexpr Command kSlowLog[] = {
    {"get",
     -2,
     kAdmin | kAsk,
     {},
     kServer,
     "2.2.12",
     "[count]",
     "Answers the last commands that took long",
     slowlog_get},
    {"help", 2, kAsk, {}, kServer, "6.2.0", "", "Lists the subcommands", reply_help},
    {"len", 2, kAdmin | kAsk, {}, kServer, "2.2.12", "", "Counts them", slowlog_len},
    {"reset", 2, kAdmin | kAsk, {}, kServer, "2.2.12", "", "Forgets them", slowlog_reset},
};
constexpr Command kLatency[] = {
    {"help", 2, kAsk, {}, kServer, "2.8.13", "", "Lists the subcommands", reply_help},
    {"histogram", -2, kAdministers, {}, kServer, "7.0.0", "[command ...]", "Answers an empty map", empty_map},
    {"history", 3, kAdministers, {}, kServer, "2.8.13", "event", "Answers an empty list", empty_array},
    {"latest", 2, kAdministers, {}, kServer, "2.8.13", "", "Answers an empty list", empty_array},
    {"reset", -2, kAdministers, {}, kServer, "2.8.13", "[event ...]", "Answers 0", zero},
};
constexpr Command kFunction[] = {
    {"flush",
     -2,
     kNoScript,
     {},
     kServer,
     "7.0.0",
     "[ASYNC | SYNC]",
     "Answers OK: there are no functions",
     function_flush},
    {"list", -2, kNoScript, {}, kServer, "7.0.0", "", "Answers an empty list", empty_array},
};
constexpr Command kScript[] = {
    {"exists",
     -3,
     kNoScript,
     {},
     kServer,
     "2.6.0",
     "sha1 [sha1 ...]",
     "Answers 0 for each: there are no scripts",
     script_exists},
    {"flush", -2, kNoScript, {}, kServer, "2.6.0", "[ASYNC | SYNC]", "Answers OK: there are no scripts", script_flush},
};
constexpr Command kAcl[] = {
    {"whoami", 2, kNoScript | kAsk, {}, kServer, "6.0.0", "", "Answers the only user's name", acl_whoami},
};
constexpr Command kModule[] = {
    {"list", 2, kAdmin | kNoScript, {}, kServer, "4.0.0", "", "Answers an empty list", empty_array},
};
constexpr std::uint32_t kDebugs = kAdministers | kDebug | kOffLoop;
constexpr Command kDebugCommands[] = {
    {"object", 3, kDebugs, kKeyOfSubcommand, kServer, "1.0.0", "key", "Describes a key", debug_object},
    {"set-active-expire", 3, kDebugs, {}, kServer, "1.0.0", "0 | 1", "Does nothing", ok},
    {"sleep", 3, kDebugs, {}, kServer, "1.0.0", "seconds", "Answers later; holds up this connection only", debug_sleep},
};
constexpr std::uint32_t kFlushes = kWrite | kDangerous | kOffLoop | kNoMulti;
constexpr Command kCommands[] = {
    {"acl", -2, 0, {}, kServer, "6.0.0", "", "About users", nullptr, kAcl},
    {"config", -2, 0, {}, kServer, "2.0.0", "", "About settings", nullptr, kConfig},
    {"debug", -2, kAdministers | kDebug, {}, kServer, "1.0.0", "", "For tests", nullptr, kDebugCommands},
    {"flushall",
     -1,
     kFlushes,
     {},
     kServer,
     "1.0.0",
     "[ASYNC | SYNC]",
     "Empties the cache; a store is not told",
     flushall},
    {"flushdb", -1, kFlushes, {}, kServer, "1.0.0", "[ASYNC | SYNC]", "The same", flushall},
    {"function", -2, 0, {}, kServer, "7.0.0", "", "About functions", nullptr, kFunction},
    {"info",
     -1,
     kAsk | kDangerous,
     {},
     kServer,
     "1.0.0",
     "[section ...]",
     "Answers what the cache and the endpoint have done",
     info},
    {"lastsave", 1, kAsk | kFast | kAdmin, {}, kServer, "1.0.0", "", "Answers 0: nothing is saved", lastsave},
    {"latency", -2, 0, {}, kServer, "2.8.13", "", "About latencies, of which none are kept", nullptr, kLatency},
    {"memory", -2, 0, {}, kServer, "4.0.0", "", "About memory", nullptr, kMemory},
    {"module", -2, 0, {}, kServer, "4.0.0", "", "About modules", nullptr, kModule},
    {"role", 1, kNoScript | kAsk | kFast | kAdmin, {}, kServer, "2.8.12", "", "Answers that it follows nobody", role},
    {"script", -2, 0, {}, kServer, "2.6.0", "", "About scripts", nullptr, kScript},
    {"slowlog", -2, 0, {}, kServer, "2.2.12", "", "About commands that took long", nullptr, kSlowLog},
    {"swapdb",
     3,
     kWrite | kFast | kDangerous,
     {},
     kServer,
     "4.0.0",
     "index1 index2",
     "Always an error: there is one database",
     swapdb},
    {"time", 1, kAsk | kFast, {}, kServer, "2.6.0", "", "Answers seconds and microseconds since 1970", time},
};

}  // namespace

std::span<const Command> server_commands() { return kCommands; }

}  // namespace larder::endpoint
