// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on keys of any type.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "endpoint/arguments.h"

namespace larder::endpoint {
namespace {

constexpr KeyPositions kOneKey{1, 1, 1};
constexpr KeyPositions kTwoKeys{1, 2, 1};
constexpr KeyPositions kAllKeys{1, -1, 1};
constexpr KeyPositions kKeyOfSubcommand{2, 2, 1};

// KEYS answers so many bytes at most; SCAN has no such limit.
constexpr std::size_t kKeysBytesMax = std::size_t{64} << 20;

void del(Call& call) { reply_integer(call, call.keys.del(call.from(1))); }
void exists(Call& call) { reply_integer(call, call.view.exists(call.from(1))); }
void touch(Call& call) { reply_integer(call, call.view.touch(call.from(1))); }

void type(Call& call) {
  const Result<ValueType> type = call.view.type(call[1]);
  type ? call.reply.status(to_string(*type)) : reply_error(call, type.status());
}

// --- When it ends ---------------------------------------------------------------------------------------------------

struct Conditions {
  bool has_none = false;
  bool has_one = false;
  bool greater = false;
  bool less = false;
};

bool read_conditions(Call& call, Conditions* conditions) {
  for (const std::string_view word : call.from(3)) {
    if (is_word(word, "nx")) {
      conditions->has_none = true;
    } else if (is_word(word, "xx")) {
      conditions->has_one = true;
    } else if (is_word(word, "gt")) {
      conditions->greater = true;
    } else if (is_word(word, "lt")) {
      conditions->less = true;
    } else {
      call.reply.error("ERR Unsupported option " + std::string(word));
      return false;
    }
  }
  if (conditions->has_none && (conditions->has_one || conditions->greater || conditions->less)) {
    call.reply.error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return false;
  }
  if (conditions->greater && conditions->less) {
    call.reply.error("ERR GT and LT options at the same time are not compatible");
    return false;
  }
  return true;
}

ExpireIf expire_if(const Conditions& conditions) {
  if (conditions.has_none) return ExpireIf::kHasNone;
  if (conditions.greater) return ExpireIf::kGreater;  // a key without an end counts as one that never ends
  if (conditions.less) return conditions.has_one ? ExpireIf::kHasOneAndLess : ExpireIf::kLess;
  return conditions.has_one ? ExpireIf::kHasOne : ExpireIf::kAlways;
}

void expire_in(Call& call, TimeUnit unit) {
  Conditions conditions;
  if (!read_conditions(call, &conditions)) return;
  Milliseconds time;
  if (!read_time(call, call[2], unit, TimeRange::kAny, &time)) return;
  // Any time that has passed deletes; the cache takes none that is too far away.
  if (!unit.absolute) time = std::max(time, Milliseconds(-1));
  const ExpireIf when = expire_if(conditions);
  reply_integer(
      call, unit.absolute ? call.keys.expire_at(call[1], UnixTime(time), when) : call.keys.expire(call[1], time, when));
}
void expire(Call& call) { expire_in(call, {.seconds = true}); }
void pexpire(Call& call) { expire_in(call, {.seconds = false}); }
void expireat(Call& call) { expire_in(call, {.seconds = true, .absolute = true}); }
void pexpireat(Call& call) { expire_in(call, {.seconds = false, .absolute = true}); }

// -2: no key; -1: it does not end.
void reply_time(Call& call, const Status& status, bool found, std::optional<Milliseconds> time, bool seconds) {
  if (!status.ok()) return reply_error(call, status);
  if (!found) return call.reply.integer(std::int64_t{-2});
  if (!time) return call.reply.integer(std::int64_t{-1});
  call.reply.integer(seconds ? (time->count() + 500) / 1000 : time->count());
}

void reply_ttl(Call& call, bool seconds) {
  const Lookup<TimeToLive> ttl = call.view.ttl(call[1]);
  reply_time(call, ttl.status(), ttl.has_value(), ttl ? ttl->left : std::nullopt, seconds);
}
void ttl(Call& call) { reply_ttl(call, true); }
void pttl(Call& call) { reply_ttl(call, false); }

void reply_expire_time(Call& call, bool seconds) {
  const Lookup<std::optional<UnixTime>> time = call.view.expire_time(call[1]);
  std::optional<Milliseconds> since_1970;
  if (time && *time) since_1970 = (*time)->time_since_epoch();
  reply_time(call, time.status(), time.has_value(), since_1970, seconds);
}
void expiretime(Call& call) { reply_expire_time(call, true); }
void pexpiretime(Call& call) { reply_expire_time(call, false); }

void persist(Call& call) { reply_integer(call, call.keys.persist(call[1])); }

// --- Another name ---------------------------------------------------------------------------------------------------

void rename(Call& call) {
  const Status status = call.keys.rename(call[1], call[2]);
  status.ok() ? call.reply.ok() : reply_error(call, status);
}
void renamenx(Call& call) { reply_integer(call, call.keys.rename_nx(call[1], call[2])); }

void copy(Call& call) {
  bool replace = false;
  for (std::size_t i = 3; i < call.size(); ++i) {
    if (is_word(call[i], "replace")) {
      replace = true;
    } else if (is_word(call[i], "db") && i + 1 < call.size()) {
      if (!read_database(call, call[++i])) return;
    } else {
      return reply_syntax_error(call);
    }
  }
  if (call[1] == call[2]) return call.reply.error("ERR source and destination objects are the same");
  reply_integer(call, call.keys.copy(call[1], call[2], replace));
}

void move(Call& call) {
  if (read_database(call, call[2])) call.reply.error("ERR source and destination objects are the same");
}

// --- All keys -------------------------------------------------------------------------------------------------------

void randomkey(Call& call) { reply_lookup(call, call.view.random_key()); }

// To the cache no pattern is every key; here an empty one is the empty key.
Result<ScanPage> scan_page(Call& call, std::uint64_t cursor, std::string_view match, std::uint32_t count) {
  Result<ScanPage> page = call.view.scan(cursor, {.match = match, .count = count});
  if (page && match.empty()) std::erase_if(page->keys, [](const std::string& key) { return !key.empty(); });
  return page;
}

void keep_type(Call& call, std::string_view name, std::vector<std::string>* keys) {
  std::erase_if(*keys, [&](const std::string& key) {
    const Result<ValueType> type = call.view.type(key);
    return !type || !is_word(name, to_string(*type));
  });
}

void scan(Call& call) {
  ScanArguments arguments;
  if (!read_scan(call, &arguments)) return;
  Result<ScanPage> page = scan_page(call, arguments.cursor, arguments.match, arguments.count);
  if (!page) return reply_error(call, page.status());
  if (arguments.type) keep_type(call, *arguments.type, &page->keys);
  call.reply.array(2);
  call.reply.bulk(std::to_string(page->cursor));
  call.reply.array(page->keys.size());
  for (const std::string& key : page->keys) call.reply.bulk(key);
}

// In pages: beside the reply itself, only some keys are in memory at a time.
void keys(Call& call) {
  Output found;
  ReplyWriter writer(found, call.reply.resp3() ? 3 : 2);
  std::uint64_t count = 0;
  std::uint64_t cursor = 0;
  do {
    const Result<ScanPage> page = scan_page(call, cursor, call[1], 1000);
    if (!page) return reply_error(call, page.status());
    for (const std::string& key : page->keys) {
      writer.bulk(key);
      if (found.size() > kKeysBytesMax)
        return call.reply.error("ERR too many keys for one reply (64 MiB): use SCAN, or a narrower pattern");
    }
    count += page->keys.size();
    cursor = page->cursor;
  } while (cursor != 0);
  call.reply.array(count, std::move(found));
}

void dbsize(Call& call) { reply_integer(call, call.view.dbsize()); }

// --- OBJECT ---------------------------------------------------------------------------------------------------------

template <typename Reply>
void reply_report(Call& call, Reply&& reply) {
  const Lookup<KeyReport> report = call.view.inspect(call[2]);
  if (!report.status().ok()) return reply_error(call, report.status());
  report ? reply(*report) : call.reply.null();
}

void object_encoding(Call& call) {
  reply_report(call, [&](const KeyReport& report) { call.reply.bulk(report.encoding); });
}
void object_refcount(Call& call) {
  reply_report(call, [&](const KeyReport&) { call.reply.integer(std::int64_t{1}); });
}
void object_freq(Call& call) {
  reply_report(call, [&](const KeyReport& report) {
    if (report.frequency) return call.reply.integer(std::int64_t{*report.frequency});
    call.reply.error(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching "
        "between policies at runtime LRU and LFU data will take some time to adjust.");
  });
}
void object_idletime(Call& call) {
  reply_report(call, [&](const KeyReport& report) {
    if (report.idle) return call.reply.integer(std::chrono::floor<std::chrono::seconds>(*report.idle).count());
    call.reply.error(
        report.frequency
            ? "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between "
              "policies at runtime LRU and LFU data will take some time to adjust."
            : "ERR idle time not tracked: it is where the cache has an idle expiry (ExpiryOptions::idle)");
  });
}

constexpr Group kGeneric = Group::kGeneric;
constexpr Command kObject[] = {
    {"encoding", 3, kReadOnly, kKeyOfSubcommand, kGeneric, "2.2.3", "key", "Answers how a value is represented",
     object_encoding},
    {"freq", 3, kReadOnly, kKeyOfSubcommand, kGeneric, "4.0.0", "key",
     "Answers the logarithmic counter of uses, with an LFU policy", object_freq},
    {"help", 2, kLoading | kStale, {}, kGeneric, "6.2.0", "", "Lists the subcommands", reply_help},
    {"idletime", 3, kReadOnly, kKeyOfSubcommand, kGeneric, "2.2.3", "key",
     "Answers the seconds since the last use, where the cache has an idle expiry", object_idletime},
    {"refcount", 3, kReadOnly, kKeyOfSubcommand, kGeneric, "2.2.3", "key", "Answers 1", object_refcount},
};
constexpr Command kCommands[] = {
    {"copy", -3, kWrite | kDenyOom, kTwoKeys, kGeneric, "6.2.0", "source destination [DB 0] [REPLACE]",
     "Copies a value and its time to live", copy},
    {"dbsize", 1, kReadOnly | kFast, {}, Group::kServer, "1.0.0", "", "Answers how many keys are resident", dbsize},
    {"del", -2, kWrite, kAllKeys, kGeneric, "1.0.0", "key [key ...]", "Deletes keys", del},
    {"exists", -2, kReadOnly | kFast, kAllKeys, kGeneric, "1.0.0", "key [key ...]", "Counts the keys that are there",
     exists},
    {"expire", -3, kWrite | kFast, kOneKey, kGeneric, "1.0.0", "key seconds [NX | XX | GT | LT]",
     "Sets the time to live", expire},
    {"expireat", -3, kWrite | kFast, kOneKey, kGeneric, "1.2.0", "key unix-time [NX | XX | GT | LT]",
     "Sets when a key ends", expireat},
    {"expiretime", 2, kReadOnly | kFast, kOneKey, kGeneric, "7.0.0", "key", "Answers when a key ends", expiretime},
    {"keys",
     2,
     kReadOnly | kDangerous | kOffLoop,
     {},
     kGeneric,
     "1.0.0",
     "pattern",
     "Lists the resident keys that match; at most 64 MiB of them",
     keys},
    {"move", 3, kWrite | kFast, kOneKey, kGeneric, "1.0.0", "key db", "Always an error: there is one database", move},
    {"object", -2, 0, {}, kGeneric, "2.2.3", "", "Looks at a key from inside", nullptr, kObject},
    {"persist", 2, kWrite | kFast, kOneKey, kGeneric, "2.2.0", "key", "Takes the time to live away", persist},
    {"pexpire", -3, kWrite | kFast, kOneKey, kGeneric, "2.6.0", "key milliseconds [NX | XX | GT | LT]",
     "Sets the time to live", pexpire},
    {"pexpireat", -3, kWrite | kFast, kOneKey, kGeneric, "2.6.0", "key unix-time-ms [NX | XX | GT | LT]",
     "Sets when a key ends", pexpireat},
    {"pexpiretime", 2, kReadOnly | kFast, kOneKey, kGeneric, "7.0.0", "key", "Answers when a key ends", pexpiretime},
    {"pttl", 2, kReadOnly | kFast, kOneKey, kGeneric, "2.6.0", "key", "Answers the time to live in milliseconds", pttl},
    {"randomkey", 1, kReadOnly, {}, kGeneric, "1.0.0", "", "Answers a resident key at random", randomkey},
    {"rename", 3, kWrite, kTwoKeys, kGeneric, "1.0.0", "key newkey", "Gives a value another key", rename},
    {"renamenx", 3, kWrite | kFast, kTwoKeys, kGeneric, "1.0.0", "key newkey",
     "Gives a value another key if that is not there", renamenx},
    {"scan",
     -2,
     kReadOnly,
     {},
     kGeneric,
     "2.8.0",
     "cursor [MATCH pattern] [COUNT count] [TYPE type]",
     "Walks over the resident keys",
     scan},
    {"touch", -2, kReadOnly | kFast, kAllKeys, kGeneric, "3.2.1", "key [key ...]", "Marks keys as used", touch},
    {"ttl", 2, kReadOnly | kFast, kOneKey, kGeneric, "1.0.0", "key", "Answers the time to live in seconds", ttl},
    {"type", 2, kReadOnly | kFast, kOneKey, kGeneric, "1.0.0", "key", "Answers the type of a value", type},
    {"unlink", -2, kWrite | kFast, kAllKeys, kGeneric, "4.0.0", "key [key ...]", "Deletes keys", del},
};

}  // namespace

std::span<const Command> key_commands() { return kCommands; }

}  // namespace larder::endpoint
