// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on keys of any type. Names and semantics are those of Redis 7.0, in words: EXPIRE and PEXPIRE are both
// `expire`, since std::chrono carries the unit. Reference: https://redis.io/commands/?group=generic
//
// Thread safety: every function may be called by any thread at any time. None blocks but for short locks; none runs
// user code, except removal listeners where an entry leaves. O(1) where nothing else is said. A key that has expired
// is absent for every function. Each function may answer kKeyTooLong and kClosed; writes may answer kOutOfMemory. With
// a store behind: see strings.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "larder/clock.h"
#include "larder/function_ref.h"
#include "larder/key_list.h"
#include "larder/status.h"

namespace larder {

namespace keyspace {
class Keyspace;
}

// Of a finer time, such as system_clock::now(): std::chrono::floor<larder::Milliseconds>(time).
using UnixTime = std::chrono::sys_time<Milliseconds>;

enum class ValueType : std::uint8_t { kNone = 0, kString = 1, kHash = 2, kList = 3, kSet = 4, kSortedSet = 5 };
std::string_view to_string(ValueType type) noexcept;  // Redis's names: "none", "string", "hash", "list", "set", "zset"

// When expire and expire_at act. A key without a time to live counts as one that never ends.
enum class ExpireIf : std::uint8_t { kAlways, kHasNone, kHasOne, kGreater, kLess, kHasOneAndLess };

// What a key's value was at one moment. Equal versions of one key mean: not changed, not removed, not expired in
// between.
struct Version {
  std::uint64_t number = 0;
};

// What is left of a key's life.
struct TimeToLive {
  std::optional<Milliseconds> left;  // no value: it does not expire
};

// Of scan, and of hscan, sscan and zscan.
struct ScanOptions {
  std::string_view match = {};  // a glob pattern, as in KEYS; empty: everything
  std::uint32_t count = 10;     // about how many entries to look at. 1 to 100,000
};

// What a key looks like from inside, for who looks in from outside.
struct KeyReport {
  ValueType type = ValueType::kNone;
  std::string_view encoding = {};  // Redis's name for it
  // Charged for key and value, with what their blocks are rounded up by; their part of index and policy is not in it.
  std::uint64_t bytes = 0;
  std::optional<Milliseconds> idle = {};       // since its last use; known where ExpiryOptions::idle is set
  std::optional<std::uint8_t> frequency = {};  // the logarithmic counter of a policy that has one: Eviction::lfu
};

class Keys {
 public:
  // How many of these keys were there and are no more. O(keys). DEL; UNLINK does the same: big values never die
  // under a lock here.
  Result<std::uint64_t> del(const KeyList& keys);
  Result<std::uint64_t> del(std::initializer_list<std::string_view> keys) { return del(KeyList(keys)); }
  Result<bool> del(std::string_view key);

  // Counted once per mention. Marks no use.
  Result<std::uint64_t> exists(const KeyList& keys);
  Result<std::uint64_t> exists(std::initializer_list<std::string_view> keys) { return exists(KeyList(keys)); }
  Result<bool> exists(std::string_view key);
  // Like exists, and marks use.
  Result<std::uint64_t> touch(const KeyList& keys);
  Result<std::uint64_t> touch(std::initializer_list<std::string_view> keys) { return touch(KeyList(keys)); }
  Result<bool> touch(std::string_view key);
  // kNone for a key that is not there.
  Result<ValueType> type(std::string_view key);

  // A miss if there is no key, or it is not resident: a store behind is not asked. Marks no use. OBJECT, MEMORY USAGE.
  Lookup<KeyReport> inspect(std::string_view key);

  // Sets when the key ends; false if there is no key or the condition does not hold. A time that is not in the
  // future deletes the key (true). kInvalidExpireTime beyond about 4,000 years. EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT.
  Result<bool> expire(std::string_view key, Milliseconds ttl, ExpireIf when = ExpireIf::kAlways);
  Result<bool> expire_at(std::string_view key, UnixTime when_it_ends, ExpireIf when = ExpireIf::kAlways);
  template <typename Duration>
  Result<bool> expire_at(std::string_view key, std::chrono::sys_time<Duration> when_it_ends,
                         ExpireIf when = ExpireIf::kAlways) {
    return expire_at(key, std::chrono::floor<Milliseconds>(when_it_ends), when);
  }
  // From now on it does not expire; false if there is no key or it did not before.
  Result<bool> persist(std::string_view key);
  // A miss if there is no key. Idle expiry is not in it. TTL, PTTL.
  Lookup<TimeToLive> ttl(std::string_view key);
  // A miss if there is no key; no time in it if the key does not expire. EXPIRETIME, PEXPIRETIME.
  Lookup<std::optional<UnixTime>> expire_time(std::string_view key);

  // kNoSuchKey if `from` is not there. `to` is replaced, its time to live too. Atomic.
  Status rename(std::string_view from, std::string_view to);
  // False if `to` is there. kNoSuchKey if `from` is not.
  Result<bool> rename_nx(std::string_view from, std::string_view to);
  // Copies value and time to live; false if `from` is not there, or `to` is and replace is not set.
  // kInvalidArgument if both are the same key.
  Result<bool> copy(std::string_view from, std::string_view to, bool replace = false);

  // The version of what the key is now, or of its absence. Looks at what is resident, and marks no use: a store behind
  // the cache is not asked. To be compared with by Cache::atomically. Costs 1 KiB for each stripe on which it is used:
  // kOutOfMemory. WATCH.
  Result<Version> version(std::string_view key);

 protected:
  explicit Keys(keyspace::Keyspace* keyspace, bool looks = false) noexcept : keyspace_(keyspace), looks_(looks) {}
  ~Keys() = default;
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;

 private:
  keyspace::Keyspace* keyspace_;
  bool looks_;  // what reads marks no use, and a store is not asked: see read_view.h
};

}  // namespace larder
