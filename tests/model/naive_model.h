// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What Larder's commands mean, written to be obviously right and nothing else: a sorted map, a time that is set from
// outside, no bound on memory, one thread. Checked against redis-server 7.0 by tests/differential. It uses the
// library's headers (options, error codes) and no code of it.
//
// An entry is gone from the millisecond of its deadline on. (Redis keeps it one millisecond longer.)
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/options.h"
#include "model/answer.h"
#include "model/command.h"

namespace larder::model {

__extension__ using Wide = __int128;  // any sum of two numbers of a command fits

struct Removal {
  std::string key;
  std::string value;
  RemovalCause cause;
  auto operator<=>(const Removal&) const = default;
};
std::string printable(const Removal& removal);

// Redis's glob, byte by byte (REDIS.md 27).
bool glob_matches(std::string_view pattern, std::string_view text);

// As Redis reads them: no blanks, no plus, no leading zero.
std::optional<std::int64_t> strict_integer(std::string_view text);
// As strtold reads all of it, but for blanks in front and NaN. Empty: none.
std::optional<long double> strict_float(std::string_view text);
// Fixed notation, 17 decimals, zeros cut.
std::string fixed_notation(long double number);

class NaiveModel {
 public:
  struct Entry {
    std::string value;
    std::optional<std::int64_t> deadline = {};  // unix time in ms
    std::int64_t last_used = 0;
  };
  using Entries = std::map<std::string, Entry>;

  static constexpr std::int64_t kTtlMaxMs = std::int64_t{4'000} * 31'557'600'000;  // "about 4,000 years"

  explicit NaiveModel(std::int64_t now_ms, std::uint64_t value_bytes_max = kValueBytesMax, std::int64_t idle_ms = 0)
      : now_ms_(now_ms), value_bytes_max_(value_bytes_max), idle_ms_(idle_ms) {}

  // Never back.
  void set_time(std::int64_t now_ms);
  std::int64_t now_ms() const { return now_ms_; }

  Answer run(const Command& command);
  // What an lcs costs: the product of two sizes. 0 for other commands. Above kCellsDear this model takes very long,
  // above kCellsMax the command is refused.
  std::uint64_t cells(const Command& command) const;
  static constexpr std::uint64_t kCellsDear = std::uint64_t{1} << 21;
  static constexpr std::uint64_t kCellsMax = std::uint64_t{1} << 32;

  // All that is wrong with its arguments, whatever the keys hold. Which of several a command answers is not settled.
  std::set<ErrorCode> objections(const Command& command) const;

  const Entries& entries() const { return entries_; }
  // What the commands since the last call made leave, but for what expired.
  std::vector<Removal> take_removals() { return std::exchange(removals_, {}); }
  // What has expired and was not yet crossed off.
  std::multiset<std::pair<std::string, std::string>>& expired() { return expired_; }
  // What a subject short of memory did. False if there is no such key with that value.
  bool evict(const std::string& key, const std::string& value);

  // What a compare_and_set may answer: a false conflict is allowed, a missed one is not.
  struct Verdict {
    bool may_store;     // nothing has changed the value since
    bool may_conflict;  // something, somewhere, has been written since
  };
  Verdict verdict(const Command& compare_and_set) const;
  // The same command, with what the subject decided.
  Answer compare_and_set(const Command& command, bool stores);

 private:
  Answer dispatch(const Command& command);
  Answer run_string_read(const Command& command);
  Answer run_string_write(const Command& command);
  Answer run_number(const Command& command);
  Answer run_bits(const Command& command);
  Answer run_key(const Command& command);
  Answer run_many_keys(const Command& command);
  Answer run_other(const Command& command);

  Answer get_range(const Command& command) const;
  Answer lcs(const Command& command) const;
  Answer set(const Command& command);
  Answer set_and_get(const Command& command);
  Answer get_ex(const Command& command);
  Answer mset(const Command& command);
  Answer append(const Command& command);
  Answer set_range(const Command& command);
  Answer incr_by(const std::string& key, Wide by);
  Answer incr_by_float(const Command& command);
  Answer get_versioned(const Command& command);
  Answer set_bit(const Command& command);
  Answer get_bit(const Command& command) const;
  Answer bit_count(const Command& command) const;
  Answer bit_pos(const Command& command) const;
  Answer bit_op(const Command& command);
  Answer bit_field(const Command& command);
  Answer expire(const Command& command, std::int64_t deadline);
  Answer rename(const Command& command);
  Answer copy(const Command& command);
  Answer matching(std::string_view pattern) const;
  Answer all() const;
  Answer invalidate_prefix(const std::string& prefix);

  const Entry* find(const std::string& key) const;
  std::string value_or_empty(const std::string& key) const;
  bool too_large(std::size_t bytes) const { return bytes > value_bytes_max_; }
  Answer end_of(const std::optional<Milliseconds>& ttl, const std::optional<UnixTime>& expires_at,
                std::optional<std::int64_t>& deadline) const;
  Answer check_set(const Command& command, std::optional<std::int64_t>& deadline) const;
  // Every change goes through one of these.
  void replace(const std::string& key, std::string value, std::optional<std::int64_t> deadline);
  void edit(const std::string& key, std::string value);
  void set_deadline(const std::string& key, std::optional<std::int64_t> deadline);
  void remove(const std::string& key, RemovalCause cause);
  void value_changed(const std::string& key) { value_changes_[key] = ++changes_; }

  struct SlotVersion {
    std::string key;
    std::uint64_t changes = 0;
  };

  Entries entries_;
  std::int64_t now_ms_;
  std::uint64_t value_bytes_max_;
  std::int64_t idle_ms_;  // 0: none
  std::vector<Removal> removals_;
  std::multiset<std::pair<std::string, std::string>> expired_;
  std::uint64_t changes_ = 0;
  std::map<std::string, std::uint64_t> value_changes_;  // the number of the last change of a key's value
  std::map<std::string, std::uint64_t> other_changes_;  // ... of its deadline, or by a write that left it as it was
  std::map<std::int64_t, SlotVersion> versions_;
  std::map<std::int64_t, std::string> held_;
};

}  // namespace larder::model
