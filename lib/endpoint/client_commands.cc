// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// CLIENT: about the connections.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "commands/numbers.h"
#include "endpoint/arguments.h"
#include "endpoint/client_names.h"
#include "endpoint/service.h"

namespace larder::endpoint {
namespace {

std::string line_of(const Session& session, std::uint64_t now_ms) {
  const auto seconds_since = [&](std::uint64_t then) {
    return std::to_string((now_ms - std::min(now_ms, then)) / 1000);
  };
  const std::size_t memory = sizeof(Session) + session.input_bytes + session.input_free + session.output_bytes;
  std::string flags;  // in Redis's order
  if (session.queue != nullptr) flags += "x";
  if (session.blocked != nullptr) flags += "b";
  if (session.unix_socket) flags += "U";
  if (session.protected_from_eviction) flags += "e";
  std::string line;
  const auto field = [&](std::string_view name, std::string_view value) {
    if (!line.empty()) line += ' ';
    line += name;
    line += '=';
    line += value;
  };
  field("id", std::to_string(session.id));
  field("addr", session.address);
  field("laddr", session.local_address);
  field("fd", std::to_string(session.descriptor));
  field("name", session.name);
  field("age", seconds_since(session.since_ms));
  field("idle", seconds_since(session.last_use_ms));
  field("flags", flags.empty() ? "N" : flags);
  for (const std::string_view name : {"db", "sub", "psub", "ssub"}) field(name, "0");
  field("multi", session.queue == nullptr ? "-1" : std::to_string(session.queue->size()));
  field("qbuf", std::to_string(session.input_bytes));
  field("qbuf-free", std::to_string(session.input_free));
  field("argv-mem", "0");
  field("multi-mem", std::to_string(session.queue == nullptr ? 0 : session.queue->bytes()));
  field("rbs", "0");
  field("rbp", "0");
  field("obl", std::to_string(session.output_bytes));
  field("oll", std::to_string(session.output_chunks));
  field("omem", std::to_string(session.output_bytes));
  field("tot-mem", std::to_string(memory));
  field("events", session.output_bytes == 0 ? "r" : "rw");
  field("cmd", session.last_command == nullptr ? "NULL" : session.last_command->full_name);
  field("user", "default");
  field("redir", "-1");
  field("resp", std::to_string(session.protocol));
  field("lib-name", session.library_name);
  field("lib-ver", session.library_version);
  return line;
}

void client_id(Call& call) { call.reply.integer(call.session->id); }

void client_getname(Call& call) {
  call.session->name.empty() ? call.reply.null() : call.reply.bulk(call.session->name);
}

void client_setname(Call& call) {
  if (!is_client_name(call[2])) return call.reply.error(kBadClientNameText);
  call.session->name = call[2];
  call.reply.ok();
}

void client_setinfo(Call& call) {
  const bool is_name = is_word(call[2], "lib-name");
  if (!is_name && !is_word(call[2], "lib-ver"))
    return call.reply.error("ERR Unrecognized option '" + std::string(call[2].substr(0, 128)) + "'");
  if (!is_client_name(call[3]))
    return call.reply.error("ERR " + std::string(call[2]) + " cannot contain spaces, newlines or special characters.");
  (is_name ? call.session->library_name : call.session->library_version) = call[3];
  call.reply.ok();
}

void client_info(Call& call) { call.reply.verbatim(line_of(*call.session, call.service->now_ms) + "\n"); }

// --- LIST and KILL --------------------------------------------------------------------------------------------------

bool read_id(Call& call, std::string_view word, std::uint64_t* id) {
  const auto number = commands::parse_integer(word);
  if (!number || *number < 1) {
    call.reply.error("ERR Invalid client ID");
    return false;
  }
  *id = static_cast<std::uint64_t>(*number);
  return true;
}

// All clients are of the type "normal". False: it is no type, and the client has been told.
bool read_client_type(Call& call, std::string_view word, bool* normal) {
  *normal = is_word(word, "normal");
  for (const std::string_view other : {"master", "replica", "slave", "pubsub"}) {
    if (*normal || is_word(word, other)) return true;
  }
  call.reply.error("ERR Unknown client type '" + std::string(word.substr(0, 128)) + "'");
  return false;
}

void client_list(Call& call) {
  std::vector<std::uint64_t> ids;
  bool all = true;
  if (call.size() == 4 && is_word(call[2], "type")) {
    if (!read_client_type(call, call[3], &all)) return;
  } else if (call.size() > 3 && is_word(call[2], "id")) {
    all = false;
    for (const std::string_view word : call.from(3)) {
      if (!read_id(call, word, &ids.emplace_back())) return;
    }
  } else if (call.size() != 2) {
    return reply_syntax_error(call);
  }
  std::string text;
  for (const auto& [id, session] : call.service->sessions()) {
    if (all || std::find(ids.begin(), ids.end(), id) != ids.end())
      text += line_of(*session, call.service->now_ms) + "\n";
  }
  call.reply.verbatim(text);
}

struct KillFilter {
  std::optional<std::uint64_t> id = {};
  std::optional<std::string_view> address = {};
  std::optional<std::string_view> local_address = {};
  bool normal = true;
  bool skip_me = true;

  bool matches(const Session& session, const Session& me) const {
    return (!id || session.id == *id) && (!address || session.address == *address) &&
           (!local_address || session.local_address == *local_address) && normal && !(skip_me && &session == &me);
  }
};

bool read_kill_option(Call& call, std::string_view name, std::string_view value, KillFilter* filter) {
  if (is_word(name, "id")) {
    std::uint64_t id = 0;
    const auto number = commands::parse_integer(value);
    if (!number || *number < 1) {
      call.reply.error("ERR client-id should be greater than 0");
      return false;
    }
    id = static_cast<std::uint64_t>(*number);
    filter->id = id;
  } else if (is_word(name, "addr")) {
    filter->address = value;
  } else if (is_word(name, "laddr")) {
    filter->local_address = value;
  } else if (is_word(name, "type")) {
    return read_client_type(call, value, &filter->normal);
  } else if (is_word(name, "user")) {
    if (value != "default") {
      call.reply.error("ERR No such user '" + std::string(value.substr(0, 128)) + "'");
      return false;
    }
  } else if (is_word(name, "skipme") && (is_word(value, "yes") || is_word(value, "no"))) {
    filter->skip_me = is_word(value, "yes");
  } else {
    reply_syntax_error(call);
    return false;
  }
  return true;
}

std::uint64_t kill_all(Call& call, const KillFilter& filter) {
  std::uint64_t killed = 0;
  for (const auto& [id, session] : call.service->sessions()) {
    if (!filter.matches(*session, *call.session)) continue;
    session->end = session == call.session ? Session::End::kAfterReply : Session::End::kNow;
    call.service->somebody_ends = true;
    ++killed;
  }
  return killed;
}

void client_kill(Call& call) {
  KillFilter filter;
  if (call.size() == 3) {  // the old form: an address
    filter.address = call[2];
    filter.skip_me = false;
    return kill_all(call, filter) == 0 ? call.reply.error("ERR No such client") : call.reply.ok();
  }
  if (call.size() % 2 != 0) return reply_syntax_error(call);
  for (std::size_t i = 2; i < call.size(); i += 2) {
    if (!read_kill_option(call, call[i], call[i + 1], &filter)) return;
  }
  call.reply.integer(kill_all(call, filter));
}

// --- Others ---------------------------------------------------------------------------------------------------------

void client_unblock(Call& call) {
  std::int64_t id = 0;
  if (call.size() > 4) return reply_arity_error(call);
  if (call.size() == 4 && !is_word(call[3], "timeout") && !is_word(call[3], "error"))
    return call.reply.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  if (!read_integer(call, call[2], &id)) return;
  const bool error = call.size() == 4 && is_word(call[3], "error");
  const auto& sessions = call.service->sessions();
  const auto found = sessions.find(static_cast<std::uint64_t>(id));
  const bool waits = found != sessions.end() && found->second->blocked != nullptr &&
                     found->second->blocked->ended() == BlockedCommand::End::kNot;
  if (waits) found->second->blocked->end(error ? BlockedCommand::End::kError : BlockedCommand::End::kTimeout);
  call.reply.integer(waits);
}

// False: neither, and the client has been told.
bool read_on(Call& call, std::string_view word, bool* on) {
  *on = is_word(word, "on");
  if (*on || is_word(word, "off")) return true;
  reply_syntax_error(call);
  return false;
}

void client_no_evict(Call& call) {
  if (read_on(call, call[2], &call.session->protected_from_eviction)) call.reply.ok();
}

void client_no_touch(Call& call) {
  bool on = false;
  if (!read_on(call, call[2], &on)) return;
  if (on) return call.reply.error("ERR CLIENT NO-TOUCH: whether reads mark use is the endpoint's option `reads`");
  call.reply.ok();
}

void client_reply(Call& call) {
  using Replies = Session::Replies;
  if (is_word(call[2], "on")) {
    call.session->replies = Replies::kOn;
  } else if (is_word(call[2], "off")) {
    call.session->replies = Replies::kOff;
  } else if (is_word(call[2], "skip")) {
    if (call.session->replies != Replies::kOff) call.session->replies = Replies::kSkipNext;
  } else {
    return reply_syntax_error(call);
  }
  call.reply.ok();  // which is not sent unless they are on
}

void client_getredir(Call& call) { call.reply.integer(std::int64_t{-1}); }

void client_trackinginfo(Call& call) {
  call.reply.map(3);
  call.reply.bulk("flags");
  call.reply.set(1);
  call.reply.bulk("off");
  call.reply.bulk("redirect");
  call.reply.integer(std::int64_t{-1});
  call.reply.bulk("prefixes");
  call.reply.array(0);
}

void client_caching(Call& call) {
  call.reply.error(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled");
}

void client_tracking(Call& call) {
  bool on = false;
  if (!read_on(call, call[2], &on)) return;
  on ? call.reply.error("ERR this endpoint does not track what clients have read") : call.reply.ok();
}

void refuse_pause(Call& call) { call.reply.error("ERR this endpoint does not pause its clients"); }
void client_unpause(Call& call) { call.reply.ok(); }

constexpr Group kConnection = Group::kConnection;
constexpr std::uint32_t kPlain = kNoScript | kLoading | kStale;
constexpr std::uint32_t kAdministers = kAdmin | kPlain;
constexpr Command kClient[] = {
    {"caching", 3, kPlain, {}, kConnection, "6.0.0", "YES | NO", "Always an error: nothing is tracked", client_caching},
    {"getname", 2, kPlain, {}, kConnection, "2.6.9", "", "Answers this connection's name", client_getname},
    {"getredir", 2, kPlain, {}, kConnection, "6.0.0", "", "Answers -1: nothing is tracked", client_getredir},
    {"help", 2, kLoading | kStale, {}, kConnection, "5.0.0", "", "Lists the subcommands", reply_help},
    {"id", 2, kPlain, {}, kConnection, "5.0.0", "", "Answers this connection's number", client_id},
    {"info", 2, kPlain, {}, kConnection, "6.2.0", "", "Describes this connection", client_info},
    {"kill",
     -3,
     kAdministers,
     {},
     kConnection,
     "2.4.0",
     "ip:port | [ID id] [ADDR ip:port] [LADDR ip:port] [TYPE type] [USER name] [SKIPME YES | NO]",
     "Closes connections",
     client_kill},
    {"list",
     -2,
     kAdministers,
     {},
     kConnection,
     "2.4.0",
     "[TYPE type] [ID id [id ...]]",
     "Describes all connections",
     client_list},
    {"no-evict",
     3,
     kAdministers,
     {},
     kConnection,
     "7.0.0",
     "ON | OFF",
     "Is remembered: nobody is evicted",
     client_no_evict},
    {"no-touch", 3, kPlain, {}, kConnection, "7.2.0", "ON | OFF", "ON is refused", client_no_touch},
    {"pause", -3, kAdministers, {}, kConnection, "3.0.0", "timeout [WRITE | ALL]", "Is refused", refuse_pause},
    {"reply",
     3,
     kPlain | kNoMulti,
     {},
     kConnection,
     "3.2.0",
     "ON | OFF | SKIP",
     "Says whether to answer",
     client_reply},
    {"setinfo",
     4,
     kPlain,
     {},
     kConnection,
     "7.2.0",
     "LIB-NAME | LIB-VER value",
     "Names the client's library, for CLIENT LIST",
     client_setinfo},
    {"setname", 3, kPlain, {}, kConnection, "2.6.9", "name", "Gives this connection a name", client_setname},
    {"tracking", -3, kPlain, {}, kConnection, "6.0.0", "ON | OFF", "ON is refused", client_tracking},
    {"trackinginfo", 2, kPlain, {}, kConnection, "6.2.0", "", "Answers that nothing is tracked", client_trackinginfo},
    {"unblock",
     -3,
     kAdministers,
     {},
     kConnection,
     "5.0.0",
     "id [TIMEOUT | ERROR]",
     "Ends a command that waits for items",
     client_unblock},
    {"unpause", 2, kAdministers, {}, kConnection, "6.2.0", "", "Does nothing: nobody is paused", client_unpause},
};
constexpr Command kCommands[] = {
    {"client", -2, 0, {}, kConnection, "2.4.0", "", "About the connections", nullptr, kClient},
};

}  // namespace

std::span<const Command> client_commands() { return kCommands; }

}  // namespace larder::endpoint
