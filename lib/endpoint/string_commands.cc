// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on strings.
#include <optional>
#include <string>
#include <vector>

#include "commands/numbers.h"
#include "endpoint/arguments.h"

namespace larder::endpoint {
namespace {

constexpr KeyPositions kOneKey{1, 1, 1};
constexpr KeyPositions kAllKeys{1, -1, 1};
constexpr KeyPositions kEveryOther{1, -1, 2};

void reply_pinned(Call& call, Lookup<Pinned>&& value) {
  if (value) return call.reply.bulk(std::move(*value));
  if (!value.status().ok()) return reply_error(call, value.status());
  call.reply.null();
}

// APPEND and SETRANGE have words of their own for a value beyond all bounds. Where memory bounds it, the bound is
// named.
void reply_length(Call& call, const Result<std::uint64_t>& length) {
  if (length.status().code() == ErrorCode::kValueTooLarge && call.cache.stats().max_memory == 0)
    return call.reply.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  reply_integer(call, length);
}

// --- SET and GETEX: one scan of their options -----------------------------------------------------------------------

struct Options {
  enum class End : std::uint8_t { kNone, kTime, kKeep, kPersist };
  End end = End::kNone;
  std::string_view time = {};
  std::string_view time_option = {};  // which one it was
  TimeUnit unit = {};
  SetOptions::If condition = SetOptions::If::kAlways;
  bool get = false;
};

struct TimeOption {
  std::string_view name;
  TimeUnit unit;
};
constexpr TimeOption kTimeOptions[] = {
    {"ex", {true, false}}, {"px", {false, false}}, {"exat", {true, true}}, {"pxat", {false, true}}};

// Whether the word at *i, perhaps with the next, is an option that says when the key ends; moves to its last word.
bool take_end(const Call& call, std::size_t* i, Options* options) {
  const std::string_view word = call[*i];
  for (const TimeOption& option : kTimeOptions) {
    if (!is_word(word, option.name) || *i + 1 >= call.size()) continue;
    const bool again = options->end == Options::End::kTime && options->time_option == option.name;
    if (options->end != Options::End::kNone && !again) return false;
    options->end = Options::End::kTime;
    options->time_option = option.name;
    options->unit = option.unit;
    options->time = call[++*i];
    return true;
  }
  return false;
}

bool take_set_option(const Call& call, std::size_t* i, Options* options) {
  const std::string_view word = call[*i];
  if (is_word(word, "nx") && options->condition != SetOptions::If::kPresent) {
    options->condition = SetOptions::If::kAbsent;
  } else if (is_word(word, "xx") && options->condition != SetOptions::If::kAbsent) {
    options->condition = SetOptions::If::kPresent;
  } else if (is_word(word, "get")) {
    options->get = true;
  } else if (is_word(word, "keepttl") && options->end != Options::End::kTime) {
    options->end = Options::End::kKeep;
  } else {
    return take_end(call, i, options);
  }
  return true;
}

bool take_get_ex_option(const Call& call, std::size_t* i, Options* options) {
  if (!is_word(call[*i], "persist") || options->end == Options::End::kTime) return take_end(call, i, options);
  options->end = Options::End::kPersist;
  return true;
}

template <typename Take>
bool read_options(Call& call, std::size_t first, Take&& take, Options* options) {
  for (std::size_t i = first; i < call.size(); ++i) {
    if (!take(call, &i, options)) {
      reply_syntax_error(call);
      return false;
    }
  }
  return true;
}

// When the key ends, in the form that the cache's options have.
template <typename CacheOptions>
bool put_time(Call& call, const Options& options, CacheOptions* to) {
  if (options.end != Options::End::kTime) return true;
  Milliseconds time;
  if (!read_time(call, options.time, options.unit, TimeRange::kPositive, &time)) return false;
  if (options.unit.absolute) {
    to->expires_at = UnixTime(time);
  } else {
    to->ttl = time;
  }
  return true;
}

void set(Call& call) {
  Options options;
  if (!read_options(call, 3, take_set_option, &options)) return;
  SetOptions how{.keep_ttl = options.end == Options::End::kKeep, .condition = options.condition};
  if (!put_time(call, options, &how)) return;
  if (options.get) {
    const Result<SetAndGet> result = call.keys.set_and_get(call[1], call[2], how);
    if (!result) return reply_error(call, result.status());
    return result->previous ? call.reply.bulk(*result->previous) : call.reply.null();
  }
  const Result<bool> stored = call.keys.set(call[1], call[2], how);
  if (!stored.ok()) return reply_error(call, stored.status());
  *stored ? call.reply.ok() : call.reply.null();
}

void set_with_ttl(Call& call, TimeUnit unit) {
  Milliseconds ttl;
  if (!read_time(call, call[2], unit, TimeRange::kPositive, &ttl)) return;
  const Result<bool> stored = call.keys.set(call[1], call[3], {.ttl = ttl});
  if (!stored.ok()) return reply_error(call, stored.status());
  call.reply.ok();
}
void setex(Call& call) { set_with_ttl(call, {.seconds = true}); }
void psetex(Call& call) { set_with_ttl(call, {.seconds = false}); }
void setnx(Call& call) { reply_integer(call, call.keys.set(call[1], call[2], {.condition = SetOptions::If::kAbsent})); }

void getex(Call& call) {
  Options options;
  if (!read_options(call, 2, take_get_ex_option, &options)) return;
  if (options.end == Options::End::kTime) {
    // A key that is not there, or of another type, comes before a time that makes no sense.
    const Lookup<std::uint64_t> there = call.view.strlen(call[1]);
    if (there.missing() && !call.cache.has_store()) return call.reply.null();
    if (!there.status().ok()) return reply_error(call, there.status());
  }
  GetExOptions how{.persist = options.end == Options::End::kPersist};
  if (!put_time(call, options, &how)) return;
  reply_lookup(call, call.keys.get_ex(call[1], how));
}

// --- Reading --------------------------------------------------------------------------------------------------------

void get(Call& call) { reply_pinned(call, call.view.pin(call[1])); }

void mget(Call& call) {
  const auto keys = call.from(1);
  call.reply.array(keys.size());
  for (const std::string_view key : keys) {
    Lookup<Pinned> value = call.view.pin(key);
    if (value.status().code() == ErrorCode::kWrongType) {
      call.reply.null();
    } else {
      reply_pinned(call, std::move(value));
    }
  }
}

void strlen(Call& call) {
  const Lookup<std::uint64_t> length = call.view.strlen(call[1]);
  if (!length.status().ok()) return reply_error(call, length.status());
  call.reply.integer(length.value_or(0));
}

void getrange(Call& call) {
  std::int64_t first = 0;
  std::int64_t last = 0;
  if (!read_integer(call, call[2], &first) || !read_integer(call, call[3], &last)) return;
  Result<std::string> range = call.view.get_range(call[1], first, last);
  if (!range) return reply_error(call, range.status());
  call.reply.bulk(std::move(*range));
}

void reply_match(Call& call, const LcsMatch& match, bool with_length) {
  call.reply.array(with_length ? 3 : 2);
  call.reply.array(2);
  call.reply.integer(match.a_first);
  call.reply.integer(match.a_last);
  call.reply.array(2);
  call.reply.integer(match.b_first);
  call.reply.integer(match.b_last);
  if (with_length) call.reply.integer(match.length);
}

void reply_not_strings(Call& call) { call.reply.error("ERR The specified keys must contain string values"); }

void lcs(Call& call) {
  for (const std::string_view key : call.from(1).first(2)) {  // before the options, as in Redis
    const Result<ValueType> type = call.view.type(key);
    if (type && *type != ValueType::kNone && *type != ValueType::kString) return reply_not_strings(call);
  }
  bool length = false;
  bool with_lengths = false;
  LcsOptions options;
  std::int64_t bytes_min = 0;
  for (std::size_t i = 3; i < call.size(); ++i) {
    if (is_word(call[i], "len")) {
      length = true;
    } else if (is_word(call[i], "idx")) {
      options.with_matches = true;
    } else if (is_word(call[i], "withmatchlen")) {
      with_lengths = true;
    } else if (is_word(call[i], "minmatchlen") && i + 1 < call.size()) {
      if (!read_integer(call, call[++i], &bytes_min)) return;
    } else {
      return reply_syntax_error(call);
    }
  }
  if (length && options.with_matches)
    return call.reply.error("ERR If you want both the length and indexes, please just use IDX.");
  options.match_bytes_min = bytes_min < 0 ? 0 : static_cast<std::uint64_t>(bytes_min);
  Result<LcsResult> result = call.view.lcs(call[1], call[2], options);
  if (result.status().code() == ErrorCode::kWrongType) return reply_not_strings(call);
  if (result.status().code() == ErrorCode::kOutOfRange)
    return call.reply.error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  if (!result) return reply_error(call, result.status());
  if (length) return call.reply.integer(result->length);
  if (!options.with_matches) return call.reply.bulk(std::move(result->subsequence));
  call.reply.map(2);
  call.reply.bulk("matches");
  call.reply.array(result->matches.size());
  for (const LcsMatch& match : result->matches) reply_match(call, match, with_lengths);
  call.reply.bulk("len");
  call.reply.integer(result->length);
}

// --- Writing --------------------------------------------------------------------------------------------------------

void getset(Call& call) { reply_lookup(call, call.keys.get_set(call[1], call[2])); }
void getdel(Call& call) { reply_lookup(call, call.keys.get_del(call[1])); }
void append(Call& call) { reply_length(call, call.keys.append(call[1], call[2])); }

void setrange(Call& call) {
  std::int64_t offset = 0;
  if (!read_integer(call, call[2], &offset)) return;
  if (offset < 0) return call.reply.error("ERR offset is out of range");
  reply_length(call, call.keys.set_range(call[1], static_cast<std::uint64_t>(offset), call[3]));
}

// False: a key without a value, and the client has been told.
bool read_pairs(Call& call, std::vector<KeyValue>* pairs) {
  if (call.size() % 2 == 0) {
    reply_arity_error(call);
    return false;
  }
  pairs->reserve(call.size() / 2);
  for (std::size_t i = 1; i < call.size(); i += 2) pairs->push_back({call[i], call[i + 1]});
  return true;
}

void mset(Call& call) {
  std::vector<KeyValue> pairs;
  if (!read_pairs(call, &pairs)) return;
  const Status status = call.keys.mset(pairs);
  status.ok() ? call.reply.ok() : reply_error(call, status);
}

void msetnx(Call& call) {
  std::vector<KeyValue> pairs;
  if (read_pairs(call, &pairs)) reply_integer(call, call.keys.mset_nx(pairs));
}

void incr(Call& call) { reply_integer(call, call.keys.incr(call[1])); }
void decr(Call& call) { reply_integer(call, call.keys.decr(call[1])); }
void incrby(Call& call) {
  std::int64_t by = 0;
  if (read_integer(call, call[2], &by)) reply_integer(call, call.keys.incr_by(call[1], by));
}
void decrby(Call& call) {
  std::int64_t by = 0;
  if (read_integer(call, call[2], &by)) reply_integer(call, call.keys.decr_by(call[1], by));
}

void incrbyfloat(Call& call) {
  const std::optional<long double> by = commands::parse_float(call[2]);
  if (!by) {
    // What the key holds is looked at first.
    const Lookup<std::uint64_t> there = call.view.strlen(call[1]);
    return there.status().ok() ? call.reply.error("ERR value is not a valid float") : reply_error(call, there.status());
  }
  Result<std::string> sum = call.keys.incr_by_float(call[1], *by);
  if (!sum) return reply_error(call, sum.status());
  call.reply.bulk(std::move(*sum));
}

constexpr Group kString = Group::kString;
constexpr std::uint32_t kWrites = kWrite | kDenyOom;
constexpr Command kCommands[] = {
    {"append", 3, kWrites | kFast, kOneKey, kString, "2.0.0", "key value", "Adds bytes to the end of a value", append},
    {"decr", 2, kWrites | kFast, kOneKey, kString, "1.0.0", "key", "Subtracts one from a number", decr},
    {"decrby", 3, kWrites | kFast, kOneKey, kString, "1.0.0", "key decrement", "Subtracts from a number", decrby},
    {"get", 2, kReadOnly | kFast, kOneKey, kString, "1.0.0", "key", "Reads a value", get},
    {"getdel", 2, kWrite | kFast, kOneKey, kString, "6.2.0", "key", "Reads a value and deletes the key", getdel},
    {"getex", -2, kWrite | kFast, kOneKey, kString, "6.2.0",
     "key [EX seconds | PX milliseconds | EXAT unix-time | PXAT unix-time-ms | PERSIST]",
     "Reads a value and changes when the key ends", getex},
    {"getrange", 4, kReadOnly, kOneKey, kString, "2.4.0", "key start end", "Reads a part of a value", getrange},
    {"getset", 3, kWrites | kFast, kOneKey, kString, "1.0.0", "key value", "Writes a value and answers the one before",
     getset},
    {"incr", 2, kWrites | kFast, kOneKey, kString, "1.0.0", "key", "Adds one to a number", incr},
    {"incrby", 3, kWrites | kFast, kOneKey, kString, "1.0.0", "key increment", "Adds to a number", incrby},
    {"incrbyfloat", 3, kWrites | kFast, kOneKey, kString, "2.6.0", "key increment", "Adds to a floating-point number",
     incrbyfloat},
    {"lcs",
     -3,
     kReadOnly | kOffLoop,
     {1, 2, 1},
     kString,
     "7.0.0",
     "key1 key2 [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]",
     "Finds the longest common subsequence of two values",
     lcs},
    {"mget", -2, kReadOnly | kFast, kAllKeys, kString, "1.0.0", "key [key ...]", "Reads several values", mget},
    {"mset", -3, kWrites, kEveryOther, kString, "1.0.1", "key value [key value ...]",
     "Writes several values, all at once; at most 1,024", mset},
    {"msetnx", -3, kWrites, kEveryOther, kString, "1.0.1", "key value [key value ...]",
     "Writes several values, all at once, if none of the keys is there; at most 1,024", msetnx},
    {"psetex", 4, kWrites, kOneKey, kString, "2.6.0", "key milliseconds value", "Writes a value with a time to live",
     psetex},
    {"set", -3, kWrites, kOneKey, kString, "1.0.0",
     "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time | PXAT unix-time-ms | KEEPTTL]",
     "Writes a value", set},
    {"setex", 4, kWrites, kOneKey, kString, "2.0.0", "key seconds value", "Writes a value with a time to live", setex},
    {"setnx", 3, kWrites | kFast, kOneKey, kString, "1.0.0", "key value", "Writes a value if there is none", setnx},
    {"setrange", 4, kWrites, kOneKey, kString, "2.2.0", "key offset value", "Overwrites a part of a value", setrange},
    {"strlen", 2, kReadOnly | kFast, kOneKey, kString, "2.2.0", "key", "Answers the length of a value", strlen},
    {"substr", 4, kReadOnly, kOneKey, kString, "1.0.0", "key start end", "An old name of GETRANGE", getrange},
};

}  // namespace

std::span<const Command> string_commands() { return kCommands; }

}  // namespace larder::endpoint
