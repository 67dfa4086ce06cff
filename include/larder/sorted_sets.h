// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on sorted sets: members with scores, in the order of the scores, and among equals of the members' bytes.
// Names and semantics are those of Redis 7.0. Reference: https://redis.io/commands/?group=sorted-set
//
//     cache.zadd("board", {{"ann", 42.0}, {"bob", 17.5}});
//     for (const auto& [member, score] : *cache.zrange("board", 0, 9, {.rev = true})) show(member, score);
//
// A sorted set that takes up to 1 KiB, and no more than Options::compact allows, is one block of packed bytes; a larger
// one is a tree and a table. What is O(1) or O(log size) here is O(bytes) in a packed one.
//
// Thread safety, errors: as in strings.h. A sorted set of any size is read, copied and freed with no lock held; many
// members are written or removed under a latch of the key, for which other writers of that key wait. A key whose last
// member goes is deleted. Members have up to Options::value_bytes_max bytes (kValueTooLarge). Scores are any doubles
// but NaN (kNotAFloat).
//
// With a store behind: as in strings.h. It gets the whole collection with each change (docs/stores.md).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "larder/blocking.h"
#include "larder/function_ref.h"
#include "larder/key_list.h"
#include "larder/keys.h"
#include "larder/score_list.h"
#include "larder/status.h"

namespace larder {

struct ScoredMember {
  std::string member;
  double score = 0;
  operator MemberScore() const& noexcept { return {member, score}; }
  operator MemberScore() const&& = delete;  // it would refer to what is gone
  bool operator==(const ScoredMember&) const = default;
};

// --- Which members -------------------------------------------------------------------------------------------------
// By their places, both ends included; negative counts from the end. Beyond the ends there is nothing.
struct RankRange {
  std::int64_t first = 0;
  std::int64_t last = -1;
};
// Both ends included, but for an open one. NaN: kNotAFloat.
struct ScoreRange {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool min_open = false;
  bool max_open = false;
};
// By the members' bytes, for sorted sets whose scores are all the same; of others, what is found is not said. No value:
// no bound.
struct NameRange {
  std::optional<std::string_view> min = {};
  std::optional<std::string_view> max = {};
  bool min_open = false;
  bool max_open = false;
};
class MemberRange {
 public:
  enum class By : std::uint8_t { kRank, kScore, kName };

  MemberRange() noexcept = default;  // all
  MemberRange(const RankRange& ranks) noexcept : ranks_(ranks) {}
  MemberRange(const ScoreRange& scores) noexcept : by_(By::kScore), scores_(scores) {}
  MemberRange(const NameRange& names) noexcept : by_(By::kName), names_(names) {}

  By by() const noexcept { return by_; }
  // The one that it was made of.
  const RankRange& ranks() const noexcept { return ranks_; }
  const ScoreRange& scores() const noexcept { return scores_; }
  const NameRange& names() const noexcept { return names_; }

 private:
  By by_ = By::kRank;
  RankRange ranks_;
  ScoreRange scores_;
  NameRange names_;
};

// Of these, which, and in which order.
struct ZRangeOptions {
  bool rev = false;          // the greatest first: a RankRange counts from there, bounds are the same
  std::uint64_t offset = 0;  // so many are passed by
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
};

// --- How members are added -----------------------------------------------------------------------------------------
struct ZAddOptions {
  enum class If : std::uint8_t { kAlways, kAbsent, kPresent };
  enum class Than : std::uint8_t { kAny, kGreater, kLess };

  If condition = If::kAlways;  // NX, XX: whether there is such a member
  // GT, LT: a member that is there gets greater, or lesser, scores only. kInvalidArgument together with kAbsent
  Than only = Than::kAny;
};
struct ZAdded {
  std::uint64_t added = 0;    // new members
  std::uint64_t updated = 0;  // that were there, and have another score now
};

// What becomes of the scores that a member has in several sorted sets.
enum class Aggregate : std::uint8_t { kSum, kMin, kMax };
struct ZCombineOptions {
  std::span<const double> weights =
      {};  // a factor for the scores of each key; none: 1. kInvalidArgument unless as many
  Aggregate aggregate = Aggregate::kSum;  // inf - inf is 0
};

// A sorted set as it was at one instant, made in O(1), whatever its size: later edits are not in it. While it lives, an
// edit of the sorted set copies the few pages that it touches. May outlive the cache, but not a custom Allocator.
// Thread safety: like std::string.
class SortedSetSnapshot {
 public:
  SortedSetSnapshot(SortedSetSnapshot&&) noexcept;
  SortedSetSnapshot& operator=(SortedSetSnapshot&&) noexcept;
  ~SortedSetSnapshot();

  std::uint64_t size() const noexcept;
  std::optional<double> score(std::string_view member) const noexcept;
  // How many members are before it, or behind it. O(log size).
  std::optional<std::uint64_t> rank(std::string_view member) const noexcept;
  std::optional<std::uint64_t> rev_rank(std::string_view member) const noexcept;
  // How many members of the range for_each shows. O(log size). 0 for a NaN.
  std::uint64_t count(const MemberRange& range, const ZRangeOptions& options = {}) const noexcept;
  // Shows the members of the range in their order, until `visit` answers false, or throws. O(log size + members).
  void for_each(const MemberRange& range, const ZRangeOptions& options,
                FunctionRef<bool(std::string_view member, double score)> visit) const;

 private:
  friend class SortedSets;
  struct Body;
  explicit SortedSetSnapshot(std::unique_ptr<Body> body) noexcept;
  std::unique_ptr<Body> body_;
};

// What ZMPOP has removed, and from which of the keys.
struct PoppedMembers {
  std::string key;
  ScoredMembers members;
};
struct PoppedMember {
  std::string key;
  ScoredMember member;
};

struct ScoredPage {
  std::uint64_t cursor = 0;  // for the next call; 0: done
  ScoredMembers members;
};

class SortedSets {
 public:
  // --- Reading ----------------------------------------------------------------------------------------------------
  Result<std::uint64_t> zcard(std::string_view key);  // 0: no such key
  // A miss if there is no such member, or key. O(1).
  Lookup<double> zscore(std::string_view key, std::string_view member);
  // In the order of the members. O(members).
  Result<std::vector<std::optional<double>>> zmscore(std::string_view key, const KeyList& members);
  // How many members are before it, or behind it. A miss if there is no such member, or key. O(log size).
  Lookup<std::uint64_t> zrank(std::string_view key, std::string_view member);
  Lookup<std::uint64_t> zrev_rank(std::string_view key, std::string_view member);
  // How many are in it. O(log size). ZCOUNT, ZLEXCOUNT.
  Result<std::uint64_t> zcount(std::string_view key, const MemberRange& range);
  // Of one instant, in their order; nothing if there is no such key. O(log size + members).
  //
  //     cache.zrange("board", 0, 9, {.rev = true})                            the ten with the highest scores
  //     cache.zrange("due", larder::ScoreRange{.max = now}, {.limit = 100})   up to 100 with scores up to `now`
  Result<ScoredMembers> zrange(std::string_view key, const MemberRange& range, const ZRangeOptions& options = {});
  Result<ScoredMembers> zrange(std::string_view key, std::int64_t first, std::int64_t last,
                               const ZRangeOptions& options = {}) {
    return zrange(key, RankRange{first, last}, options);
  }
  // The whole sorted set without a copy of it; a miss if there is no such key.
  Lookup<SortedSetSnapshot> zsnapshot(std::string_view key);
  // A member, each as likely as any other; a miss if there is no such key.
  Lookup<std::string> zrand_member(std::string_view key);
  // That many different members, or all there are; -n: exactly n, drawn one by one; nothing if there is no such key.
  // O(n), or O(size) if n is more than a third of it. kOutOfRange for a count below -kDrawnMax.
  Result<ScoredMembers> zrand_members(std::string_view key, std::int64_t count);
  // The same without a copy, and for any count: shown with no lock held, until `visit` answers false. What it throws
  // becomes kCallbackThrew.
  Status zrand_members(std::string_view key, std::int64_t count,
                       FunctionRef<bool(std::string_view member, double score)> visit);
  // Some members, and where to go on; begin with 0. One that is there from the first call to the last is returned at
  // least once. O(count). kInvalidArgument for a count out of range.
  Result<ScoredPage> zscan(std::string_view key, std::uint64_t cursor, const ScanOptions& options = {});

  // Of several keys at one instant; work on what they were then is done with no lock held. A plain set counts as a
  // sorted set whose scores are 1; a key that is not there as an empty one. In the order of the scores that come out.
  // O(members), and O(n log n) for the n that come out. kInvalidArgument for no keys, kTooManyKeys above 1,024.
  Result<ScoredMembers> zunion(const KeyList& keys, const ZCombineOptions& options = {});
  Result<ScoredMembers> zinter(const KeyList& keys, const ZCombineOptions& options = {});
  // Those of the first that no other has, with the scores of the first.
  Result<ScoredMembers> zdiff(const KeyList& keys);
  // How many members all have; counts up to `limit`, 0: without limit.
  Result<std::uint64_t> zinter_card(const KeyList& keys, std::uint64_t limit = 0);

  // --- Writing ----------------------------------------------------------------------------------------------------
  // Whether the member is new.
  Result<bool> zadd(std::string_view key, std::string_view member, double score, const ZAddOptions& options = {});
  // All of them, or none. O(members log size). kInvalidArgument if none are given.
  Result<ZAdded> zadd(std::string_view key, const ScoreList& members, const ZAddOptions& options = {});
  // Adds to a score, and no member counts as 0. The score after it. kNotAFloat, kOverflow for inf - inf. ZINCRBY.
  Result<double> zincr_by(std::string_view key, std::string_view member, double by);
  // No value if the options do not allow it: nothing has changed, then. ZADD INCR.
  Result<std::optional<double>> zincr_by(std::string_view key, std::string_view member, double by,
                                         const ZAddOptions& options);
  // How many of them were there and are no more.
  Result<std::uint64_t> zrem(std::string_view key, const KeyList& members);
  Result<std::uint64_t> zrem(std::string_view key, std::initializer_list<std::string_view> members) {
    return zrem(key, KeyList(members));
  }
  Result<bool> zrem(std::string_view key, std::string_view member);
  // How many went. O(log size + members). ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX.
  Result<std::uint64_t> zrem_range(std::string_view key, const MemberRange& range);
  // Takes the member with the lowest, or the highest, score away; a miss if there is no such key. O(log size).
  Lookup<ScoredMember> zpop_min(std::string_view key);
  Lookup<ScoredMember> zpop_max(std::string_view key);
  // Up to so many, the outermost first; nothing if there is no such key. kOutOfRange above 2^63 - 1.
  Result<ScoredMembers> zpop_min(std::string_view key, std::uint64_t count);
  Result<ScoredMembers> zpop_max(std::string_view key, std::uint64_t count);

  // --- Writing one from others ------------------------------------------------------------------------------------
  // What zunion, zinter, zdiff and zrange would answer takes the place of whatever `to` holds, which may be one of the
  // keys. How many members it has; of none `to` is deleted. Atomic: the work is done with no lock held, and again if
  // one of the keys was changed meanwhile. Up to 1,023 keys.
  Result<std::uint64_t> zunion_store(std::string_view to, const KeyList& keys, const ZCombineOptions& options = {});
  Result<std::uint64_t> zinter_store(std::string_view to, const KeyList& keys, const ZCombineOptions& options = {});
  Result<std::uint64_t> zdiff_store(std::string_view to, const KeyList& keys);
  Result<std::uint64_t> zrange_store(std::string_view to, std::string_view from, const MemberRange& range,
                                     const ZRangeOptions& options = {});
  // Takes up to so many members with the lowest scores, or the highest, away from the first of these sorted sets that
  // is there; a miss if none is. Atomic. At most 1,024 keys. kInvalidArgument for a count of 0, or no keys;
  // kOutOfRange above 2^63 - 1.
  Lookup<PoppedMembers> zmpop_min(const KeyList& keys, std::uint64_t count = 1);
  Lookup<PoppedMembers> zmpop_max(const KeyList& keys, std::uint64_t count = 1);

  // The same, of a sorted set that is there now, or as soon as there is one: see blocking.h.
  Lookup<PoppedMember> bzpop_min(const KeyList& keys, const BlockOptions& options = {});
  Lookup<PoppedMember> bzpop_min(std::initializer_list<std::string_view> keys, const BlockOptions& options = {}) {
    return bzpop_min(KeyList(keys), options);
  }
  Lookup<PoppedMember> bzpop_min(std::string_view key, const BlockOptions& options = {}) {
    return bzpop_min({key}, options);
  }
  Lookup<PoppedMember> bzpop_max(const KeyList& keys, const BlockOptions& options = {});
  Lookup<PoppedMember> bzpop_max(std::initializer_list<std::string_view> keys, const BlockOptions& options = {}) {
    return bzpop_max(KeyList(keys), options);
  }
  Lookup<PoppedMember> bzpop_max(std::string_view key, const BlockOptions& options = {}) {
    return bzpop_max({key}, options);
  }
  Lookup<PoppedMembers> bzmpop_min(const KeyList& keys, std::uint64_t count = 1, const BlockOptions& options = {});
  Lookup<PoppedMembers> bzmpop_max(const KeyList& keys, std::uint64_t count = 1, const BlockOptions& options = {});

 protected:
  explicit SortedSets(keyspace::Keyspace* keyspace, bool looks = false) noexcept : keyspace_(keyspace), looks_(looks) {}
  ~SortedSets() = default;
  SortedSets(const SortedSets&) = delete;
  SortedSets& operator=(const SortedSets&) = delete;

 private:
  keyspace::Keyspace* keyspace_;
  bool looks_;  // what reads marks no use: see read_view.h
};

}  // namespace larder
