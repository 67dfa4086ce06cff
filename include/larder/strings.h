// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on strings: bytes of up to 512 MiB. Names and semantics are those of Redis 7.0.
// Reference: https://redis.io/commands/?group=string
//
// Thread safety: every function may be called by any thread at any time. None blocks but for short locks; large values
// are copied, counted and freed with no lock held. Where nothing else is said, a function is O(1) plus the bytes it
// moves, runs no user code (but for removal listeners), and may answer kWrongType, kKeyTooLong, kClosed; writes may
// answer kValueTooLarge and kOutOfMemory, and then have changed nothing.
//
// With a store behind (Options::store), a function whose keys are not resident asks the store, and one that writes
// writes it: in this thread, blocking as long as the store does, or until another caller's work on the key has ended.
// Then each may also answer the store's errors, kStoreThrew, kStoreMalformed, kTimeout, kReentrantLoad, kLoadDeadlock,
// and a write kOutcomeUnknown or kReadOnly.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/function_ref.h"
#include "larder/keys.h"
#include "larder/pinned.h"
#include "larder/status.h"

namespace larder {

struct SetOptions {
  enum class If : std::uint8_t { kAlways, kAbsent, kPresent };

  std::optional<Milliseconds> ttl = {};  // EX, PX: whole milliseconds, 5s or 500ms. kInvalidExpireTime unless positive
  // EXAT, PXAT. In the past: the key is deleted. kInvalidExpireTime unless after 1970
  std::optional<UnixTime> expires_at = {};
  bool keep_ttl = false;       // KEEPTTL: leave the end as it is. Otherwise a write takes it away
  If condition = If::kAlways;  // NX, XX
  // At most one of ttl, expires_at and keep_ttl: kInvalidArgument otherwise.
};

// What GETEX does to the end of the key. At most one of them.
struct GetExOptions {
  std::optional<Milliseconds> ttl = {};
  std::optional<UnixTime> expires_at = {};
  bool persist = false;
};

struct SetAndGet {
  bool stored = false;                  // false: the condition did not hold
  std::optional<std::string> previous;  // what was there before
};

struct Versioned {
  std::optional<std::string> value;  // no value: the key was not there, and that can be compared with, too
  Version version;
};

struct LcsOptions {
  bool with_matches = false;          // IDX: fill `matches`
  std::uint64_t match_bytes_min = 0;  // MINMATCHLEN
};
struct LcsMatch {
  std::uint64_t a_first, a_last, b_first, b_last, length;  // inclusive ranges
};
struct LcsResult {
  std::string subsequence;  // empty if with_matches is set
  std::uint64_t length = 0;
  std::vector<LcsMatch> matches;  // the last first, as Redis has it
};

class Strings {
 public:
  // --- Reading ---------------------------------------------------------------------------------------------------
  // A copy.
  Lookup<std::string> get(std::string_view key);
  // A copy into `value`, which is reused: no allocation once it is large enough. Answers the length; a miss leaves
  // `value` as it was.
  Lookup<std::size_t> get(std::string_view key, std::string& value);
  // The value in place, held. O(1) for large values: nothing is copied.
  Lookup<Pinned> pin(std::string_view key);
  // Runs `use` on the bytes in place, with no lock held; it may call the cache. Answers the length.
  Lookup<std::size_t> read(std::string_view key, FunctionRef<void(std::string_view)> use);
  // A copy that marks no use, for looking in from outside: neither eviction nor idle expiry nor statistics notice, and
  // a store is not asked.
  Lookup<std::string> peek(std::string_view key);
  // In the order of the keys; a key of another type is a miss. Fetches from memory for all keys at once: per key about
  // half the cost of `get`. Not one instant's picture.
  std::vector<Lookup<std::string>> mget(const KeyList& keys);
  // The same without copies: `use` gets the index of each key that was found, in any order, and its bytes, with no lock
  // held. Answers how many were found.
  Result<std::size_t> mget(const KeyList& keys, FunctionRef<void(std::size_t, std::string_view)> use);

  Lookup<std::uint64_t> strlen(std::string_view key);
  // Bytes first to last, both included; negative counts from the end. Empty if there is no key. GETRANGE.
  Result<std::string> get_range(std::string_view key, std::int64_t first, std::int64_t last);
  // Longest common subsequence. O((a + 1) x (b + 1)) in time, a and b being the values' bytes, and four times that in
  // bytes of memory, which are not the cache's; kOutOfRange if that product exceeds 2^28.
  Result<LcsResult> lcs(std::string_view a, std::string_view b, const LcsOptions& options = {});

  // --- Writing ---------------------------------------------------------------------------------------------------
  // True if it was stored, false if the condition did not hold. Replaces a value of any type.
  Result<bool> set(std::string_view key, std::string_view value, const SetOptions& options = {});
  // SET ... GET. kWrongType, and nothing stored, if the key holds another type.
  Result<SetAndGet> set_and_get(std::string_view key, std::string_view value, const SetOptions& options = {});
  // The value before, or a miss. Takes the time to live away.
  Lookup<std::string> get_set(std::string_view key, std::string_view value);
  // The value, and the key is deleted.
  Lookup<std::string> get_del(std::string_view key);
  // The value, and the key's end is changed. Empty options: as get.
  Lookup<std::string> get_ex(std::string_view key, const GetExOptions& options);
  // All at once, for every reader. At most 1,024 pairs: kTooManyKeys. At most a quarter of max_memory in keys and
  // values together: kValueTooLarge; nor more than half of it with what entries cost: kOutOfMemory. Of a key named
  // twice the last value stays. O(pairs).
  Status mset(const PairList& pairs);
  // The same, and only if none of the keys is there.
  Result<bool> mset_nx(const PairList& pairs);
  // The length after it.
  Result<std::uint64_t> append(std::string_view key, std::string_view suffix);
  // Overwrites from `offset` on, with zero bytes up to it where the value was shorter. The length after it.
  Result<std::uint64_t> set_range(std::string_view key, std::uint64_t offset, std::string_view bytes);

  // --- Counting: the value is a decimal number; no key counts as 0. The number after it. ----------------------------
  Result<std::int64_t> incr(std::string_view key) { return incr_by(key, 1); }
  Result<std::int64_t> decr(std::string_view key) { return incr_by(key, -1); }
  Result<std::int64_t> incr_by(std::string_view key, std::int64_t by);  // kNotAnInteger, kOverflow
  Result<std::int64_t> decr_by(std::string_view key, std::int64_t by);
  // In long double; answers the text that is now the value. kNotAFloat; kOverflow for infinity.
  Result<std::string> incr_by_float(std::string_view key, long double by);

  // --- Optimistic concurrency ---------------------------------------------------------------------------------------
  // The value with its version. Costs 1 KiB for each stripe on which it is used: kOutOfMemory. Marks use.
  Result<Versioned> get_versioned(std::string_view key);
  // Stores only if the key has not changed since that version was read: kConflict otherwise. Answers the new version.
  // A rare conflict with another key's write is possible, a missed one is not.
  Result<Version> compare_and_set(std::string_view key, Version expected, std::string_view value,
                                  const SetOptions& options = {});

 protected:
  explicit Strings(keyspace::Keyspace* keyspace, bool looks = false) noexcept : keyspace_(keyspace), looks_(looks) {}
  ~Strings() = default;
  Strings(const Strings&) = delete;
  Strings& operator=(const Strings&) = delete;

 private:
  keyspace::Keyspace* keyspace_;
  bool looks_;  // what reads marks no use, and a store is not asked: see read_view.h
};

}  // namespace larder
