// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Arguments as handlers read them. What replies says so in its name's comment: a handler returns then.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "endpoint/command.h"

namespace larder::endpoint {

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char to_upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// Whether a word is this one, in any case. `name` is in lower case.
constexpr bool is_word(std::string_view word, std::string_view name) noexcept {
  if (word.size() != name.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (to_lower(word[i]) != name[i]) return false;
  }
  return true;
}

inline constexpr std::string_view kNotAnIntegerText = "ERR value is not an integer or out of range";
inline constexpr std::string_view kSyntaxErrorText = "ERR syntax error";
inline constexpr std::string_view kWrongTypeText = "WRONGTYPE Operation against a key holding the wrong kind of value";

// False: it is none, and the client has been told.
bool read_integer(Call& call, std::string_view word, std::int64_t* number,
                  std::string_view otherwise = kNotAnIntegerText);

// The same for how many items are to be drawn at random.
bool read_count(Call& call, std::string_view word, std::int64_t* count);
// Whether there can be a reply of two for each of so many. False: the client has been told.
bool check_pairs(Call& call, std::int64_t count);

// Which end of a list, or of a sorted set, a word names. False: neither.
bool read_end(std::string_view word, ListEnd* end);
bool read_min_or_max(std::string_view word, bool* lowest);
// What LMPOP, ZMPOP and those that wait are asked, from an argument on: numkeys key [key ...], a word and [COUNT
// count]. read_where(word) says whether it knows that word. False: it makes no sense, and the client has been told.
struct PopArguments {
  std::span<const std::string_view> keys = {};
  std::uint64_t count = 1;
};
bool read_pop(Call& call, std::size_t at, FunctionRef<bool(std::string_view)> read_where, PopArguments* pop);

// The number of a database, of which there is one: 0. False: it is another or none, and the client has been told.
bool read_database(Call& call, std::string_view word);

// The same for times. Milliseconds, from an argument in seconds or milliseconds, of a time from now or since 1970.
struct TimeUnit {
  bool seconds = true;
  bool absolute = false;
};
enum class TimeRange : std::uint8_t { kPositive, kAny };
bool read_time(Call& call, std::string_view word, TimeUnit unit, TimeRange range, Milliseconds* time);

// What SCAN and its kin are asked: a cursor, and options. False: the client has been told what is wrong.
struct ScanArguments {
  std::uint64_t cursor = 0;
  std::uint32_t count = 10;
  std::string_view match = "*";
  std::optional<std::string_view> type = {};  // of SCAN
};
bool read_scan(Call& call, ScanArguments* scan);
// Of HSCAN and its kin. The key is looked at before the options, as in Redis: false, too, if it is not of this type, or
// not there, and the client has got its answer.
bool read_item_scan(Call& call, ValueType type, ScanArguments* scan);

// What the cache says is wrong, as Redis puts it where it has words for it.
void reply_error(Call& call, const Status& status);
void reply_syntax_error(Call& call);
void reply_arity_error(Call& call);
// "invalid expire time in 'set' command".
void reply_expire_error(Call& call);
// The lines of a HELP subcommand.
void reply_help(Call& call);

// What LMPOP and ZMPOP, and those that wait, have found.
void reply_popped(Call& call, const PoppedElements& popped);
void reply_popped(Call& call, const PoppedMembers& popped);
// What HSCAN and its kin have found: `replies` of reply(item) for each. name_of(item) is what the pattern is about: an
// empty pattern means everything to the cache, and the empty name to Redis.
template <typename Items, typename NameOf, typename Reply>
void reply_page(Call& call, const ScanArguments& scan, std::uint64_t cursor, const Items& items, std::uint64_t replies,
                NameOf&& name_of, Reply&& reply) {
  const auto shown = [&](const auto& item) { return !scan.match.empty() || name_of(item).empty(); };
  call.reply.array(2);
  call.reply.bulk(std::to_string(cursor));
  call.reply.array(replies * static_cast<std::uint64_t>(std::ranges::count_if(items, shown)));
  for (const auto& item : items) {
    if (shown(item)) reply(item);
  }
}
// The value, or null for a miss, or the error.
void reply_lookup(Call& call, Lookup<std::string>&& lookup);
template <typename T>
void reply_integer(Call& call, const Result<T>& result) {
  if (!result.ok()) return reply_error(call, result.status());
  call.reply.integer(*result);
}

}  // namespace larder::endpoint
