// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Sorted sets, small and large, against a model of the standard library, and what Redis says of the odd cases.
#include "larder/sorted_sets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "commands/every_call.h"
#include "larder/read_view.h"
#include "support/cache_fixture.h"

namespace larder::commands {
namespace {

using support::binary;
using namespace std::chrono_literals;

using If = ZAddOptions::If;
using Than = ZAddOptions::Than;
using Members = std::vector<ScoredMember>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

// Named as gtest would show it.
template <typename SomeMembers>
std::string text(const SomeMembers& members) {
  std::string all;
  for (const MemberScore one : members) {
    all += (all.empty() ? "" : " ") + std::string(one.member) + "=" + std::to_string(static_cast<long long>(one.score));
  }
  return all;
}
Members owned(const ScoredMembers& members) {
  Members owned;
  for (const auto& [member, score] : members) owned.push_back({std::string(member), score});
  return owned;
}
std::string text(const Result<ScoredMembers>& members) {
  return members.ok() ? text(*members) : std::string(to_string(members.status().code()));
}
std::string text(const Lookup<ScoredMember>& member) { return member ? text(Members{*member}) : "(none)"; }

class SortedSetCommands : public support::CacheFixture {
 protected:
  // So many members, whose order by score is another than that of their names: member i has the score count - 1 - i.
  static Members members(int count) {
    Members made;
    for (int i = count - 1; i >= 0; --i) {
      made.push_back({"m" + std::to_string(10'000 + i), static_cast<double>(count - 1 - i)});
    }
    return made;
  }
  void fill(std::string_view key, int count) {
    const Members all = members(count);
    ASSERT_EQ(cache_.zadd(key, all)->added, static_cast<std::uint64_t>(count));
  }
  std::string encoding(std::string_view key) {
    const auto report = cache_.inspect(key);
    return report ? std::string(report->encoding) : "(missing)";
  }
  static ErrorCode code(const Status& status) { return status.code(); }
};

// --- Adding --------------------------------------------------------------------------------------------------------

TEST_F(SortedSetCommands, AMemberIsAddedOnceAndHasItsLastScore) {
  EXPECT_TRUE(*cache_.zadd("board", "ann", 42.0));
  EXPECT_FALSE(*cache_.zadd("board", "ann", 17.5));
  EXPECT_EQ(cache_.zscore("board", "ann").value_or(0), 17.5);
  const auto counts = cache_.zadd("board", {{"ann", 17.5}, {"bob", 1}, {"eve", 2}, {"bob", 3}});
  EXPECT_EQ(counts->added, 2u);
  EXPECT_EQ(counts->updated, 1u);
  EXPECT_EQ(text(cache_.zrange("board", 0, -1)), "eve=2 bob=3 ann=17");
  EXPECT_EQ(*cache_.zcard("board"), 3u);
  EXPECT_TRUE(cache_.zscore("board", "joe").missing());
  EXPECT_TRUE(cache_.zscore("nothing", "joe").missing());
}

TEST_F(SortedSetCommands, TakesWhateverHasMembersAndScores) {
  EXPECT_EQ(cache_.zadd("a", std::map<std::string, double>{{"x", 1}, {"y", 2}})->added, 2u);
  EXPECT_EQ(cache_.zadd("b", *cache_.zrange("a", 0, -1))->added, 2u);
  const std::vector<MemberScore> views = {{"x", 5}, {"z", 3}};
  EXPECT_EQ(cache_.zadd("b", views)->added, 1u);
  EXPECT_EQ(text(cache_.zrange("b", 0, -1)), "y=2 z=3 x=5");
  EXPECT_EQ(code(cache_.zadd("b", std::vector<MemberScore>()).status()), ErrorCode::kInvalidArgument);
}

// Pitfall 4, in each form: the flags must hold in every one.
TEST_F(SortedSetCommands, ConditionsHoldInEveryForm) {
  for (const int count : {0, 5, 127, 128, 129, 2'000}) {
    for (const std::string& name : std::vector<std::string>{
             "x", "a member whose name has more than 32 bytes, but not 64", "more than 64" + binary(90)}) {
      SCOPED_TRACE(std::to_string(count) + " and " + name);
      cache_.clear();
      if (count != 0) fill("z", count);
      const auto add = [&](double score, const ZAddOptions& options) {
        return *cache_.zadd("z", {{name, score}}, options);
      };
      const auto score = [&] { return cache_.zscore("z", name).value_or(-1); };
      EXPECT_EQ(add(10, {.condition = If::kPresent}).added, 0u);
      EXPECT_TRUE(cache_.zscore("z", name).missing());
      EXPECT_EQ(*cache_.exists("z"), count != 0);
      EXPECT_EQ(add(10, {.condition = If::kAbsent}).added, 1u);
      EXPECT_EQ(add(11, {.condition = If::kAbsent}).updated, 0u);
      EXPECT_EQ(score(), 10);
      EXPECT_EQ(add(9, {.only = Than::kGreater}).updated, 0u);
      EXPECT_EQ(add(10, {.only = Than::kGreater}).updated, 0u);
      EXPECT_EQ(score(), 10);
      EXPECT_EQ(add(12, {.only = Than::kGreater}).updated, 1u);
      EXPECT_EQ(add(13, {.only = Than::kLess}).updated, 0u);
      EXPECT_EQ(score(), 12);
      EXPECT_EQ(add(-3, {.condition = If::kPresent, .only = Than::kLess}).updated, 1u);
      EXPECT_EQ(score(), -3);
      EXPECT_EQ(cache_.zadd("z", {{name + "new", 1}}, {.only = Than::kGreater})->added, 1u);  // GT adds
      EXPECT_EQ(*cache_.zcard("z"), static_cast<std::uint64_t>(count) + 2);
    }
  }
}

TEST_F(SortedSetCommands, ConditionsThatContradictEachOtherAreRefused) {
  for (const Than than : {Than::kGreater, Than::kLess}) {
    const ZAddOptions options{.condition = If::kAbsent, .only = than};
    EXPECT_EQ(code(cache_.zadd("z", "m", 1, options).status()), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(cache_.zincr_by("z", "m", 1, options).status()), ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(*cache_.exists("z"));
}

TEST_F(SortedSetCommands, AnIncrementIsRefusedByNoValue) {
  EXPECT_EQ(cache_.zincr_by("z", "m", 1, {.condition = If::kPresent})->has_value(), false);
  EXPECT_FALSE(*cache_.exists("z"));
  EXPECT_EQ(*cache_.zincr_by("z", "m", 2.5), 2.5);
  EXPECT_EQ(*cache_.zincr_by("z", "m", 2.5), 5);
  EXPECT_EQ(cache_.zincr_by("z", "m", 1, {.condition = If::kAbsent})->has_value(), false);
  EXPECT_EQ(cache_.zincr_by("z", "m", -1, {.only = Than::kGreater})->has_value(), false);
  EXPECT_EQ(cache_.zincr_by("z", "m", 0, {.only = Than::kGreater})->has_value(), false);
  EXPECT_EQ(cache_.zincr_by("z", "m", 0, {})->value_or(-1), 5);
  EXPECT_EQ(cache_.zincr_by("z", "m", 1, {.only = Than::kGreater})->value_or(-1), 6);
  EXPECT_EQ(cache_.zincr_by("z", "m", 1, {.only = Than::kLess})->has_value(), false);
  EXPECT_EQ(cache_.zscore("z", "m").value_or(0), 6);
}

// Pitfall 3.
TEST_F(SortedSetCommands, ScoresAreExactAndInfiniteAndNeverNaN) {
  for (const int others : {0, 500}) {
    cache_.clear();
    if (others != 0) fill("z", others);
    for (const double score :
         {0.1, 1.0 / 3, 1e17, 9007199254740993.0, 4.9e-324, -1.7976931348623157e308, kInfinity, -kInfinity}) {
      EXPECT_TRUE(cache_.zadd("z", "m", score).ok());
      EXPECT_EQ(cache_.zscore("z", "m").value_or(0.5), score);
    }
    EXPECT_EQ(code(cache_.zadd("z", "n", kNan).status()), ErrorCode::kNotAFloat);
    EXPECT_EQ(code(cache_.zincr_by("z", "n", kNan).status()), ErrorCode::kNotAFloat);
    EXPECT_TRUE(cache_.zscore("z", "n").missing());
    EXPECT_EQ(code(cache_.zincr_by("z", "m", kInfinity).status()), ErrorCode::kOverflow);  // -inf + inf
    EXPECT_EQ(cache_.zscore("z", "m").value_or(0), -kInfinity);
    EXPECT_EQ(cache_.zrange("z", 0, 0)->front().member, "m");
  }
}

// Pitfall 7.
TEST_F(SortedSetCommands, EqualScoresAreInTheOrderOfUnsignedBytes) {
  const std::vector<std::string> names = {
      "", std::string("\0", 1), "A", "a", "aa", "ab", "b", "\x7f", "\x80", "\xff", "\xff\xff"};
  for (const int others : {0, 300}) {
    cache_.clear();
    for (int i = 0; i < others; ++i) cache_.zadd("z", "other" + std::to_string(i), 1);
    for (auto name = names.rbegin(); name != names.rend(); ++name) cache_.zadd("z", *name, 0);
    for (std::size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(cache_.zrank("z", names[i]).value_or(99), i);
      EXPECT_EQ(cache_.zrange("z", static_cast<std::int64_t>(i), static_cast<std::int64_t>(i))->front().member,
                names[i]);
    }
  }
}

TEST_F(SortedSetCommands, SeveralAreAddedAllOrNone) {
  Cache& cache = make({.max_memory = 256 << 10, .eviction = Eviction::none(), .shards = 1});
  Members there;
  for (int i = 0;; i += 20) {
    Members more;
    for (int n = i; n < i + 20; ++n) more.push_back({"member" + std::to_string(100'000 + n), static_cast<double>(n)});
    const auto added = cache.zadd("z", more);
    if (!added.ok()) {
      EXPECT_EQ(added.status().code(), ErrorCode::kOutOfMemory);
      break;
    }
    there.insert(there.end(), more.begin(), more.end());
    ASSERT_LT(i, 100'000);
  }
  EXPECT_EQ(owned(*cache.zrange("z", 0, -1)), there);
  EXPECT_EQ(code(cache.zadd("z", members(5'000)).status()), ErrorCode::kOutOfMemory);  // many: aside
  EXPECT_EQ(owned(*cache.zrange("z", 0, -1)), there);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  EXPECT_EQ(code(cache.zadd("z", {{"a", 1}, {"b", kNan}}).status()), ErrorCode::kNotAFloat);
  EXPECT_TRUE(cache.zscore("z", "a").missing());
}

// --- Reading -------------------------------------------------------------------------------------------------------

TEST_F(SortedSetCommands, ScoresAndRanksInEveryForm) {
  for (const int count : {1, 20, 64, 65, 128, 129, 5'000}) {
    const std::string key = "z" + std::to_string(count);
    fill(key, count);
    EXPECT_EQ(encoding(key), count <= 128 ? "listpack" : "skiplist");
    const Members all = members(count);
    std::vector<std::string> names;
    for (const auto& [member, score] : all) names.push_back(member);
    names.emplace_back("nobody");
    const auto scores = cache_.zmscore(key, names);
    ASSERT_EQ(scores->size(), names.size());
    for (int i = 0; i < count; i += 1 + count / 50) {
      const auto at = static_cast<std::size_t>(i);
      EXPECT_EQ((*scores)[at], all[at].score);
      EXPECT_EQ(cache_.zscore(key, names[at]).value_or(-1), i);
      EXPECT_EQ(cache_.zrank(key, names[at]).value_or(99'999), at);
      EXPECT_EQ(cache_.zrev_rank(key, names[at]).value_or(99'999), all.size() - 1 - at);
    }
    EXPECT_FALSE(scores->back().has_value());
    EXPECT_TRUE(cache_.zrank(key, "nobody").missing());
    EXPECT_TRUE(cache_.zrev_rank(key, "nobody").missing());
  }
  EXPECT_TRUE(cache_.zrank("nothing", "nobody").missing());
  EXPECT_EQ(*cache_.zcard("nothing"), 0u);
  EXPECT_EQ(cache_.zmscore("nothing", {"a", "b"})->size(), 2u);
}

TEST_F(SortedSetCommands, LimitsOfTheSmallForm) {
  EXPECT_TRUE(*cache_.zadd("short", std::string(64, 's'), 1));
  EXPECT_EQ(encoding("short"), "listpack");
  EXPECT_TRUE(*cache_.zadd("long", std::string(65, 'l'), 1));
  EXPECT_EQ(encoding("long"), "skiplist");
  fill("many", 129);
  EXPECT_EQ(*cache_.zrem_range("many", RankRange{1, -1}), 128u);
  EXPECT_EQ(encoding("many"), "skiplist");
  EXPECT_EQ(*cache_.zcard("many"), 1u);
}

TEST_F(SortedSetCommands, AnyBytesAreAMember) {
  const std::vector<std::size_t> sizes = {0, 1, 64, 65, 255, 1'024, 5'000, 40'000, 300'000};
  for (const std::size_t size : sizes) EXPECT_TRUE(*cache_.zadd("z", binary(size), static_cast<double>(size)));
  const auto all = cache_.zrange("z", 0, -1);
  ASSERT_EQ(all->size(), sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ((*all)[i].member, binary(sizes[i]));
    EXPECT_EQ(cache_.zrank("z", binary(sizes[i])).value_or(99), i);
  }
  EXPECT_EQ(cache_.zpop_max("z")->member, binary(300'000));
  EXPECT_EQ(cache_.zpop_max("z", 2)->back().member, binary(5'000));
  EXPECT_EQ(*cache_.zrem_range("z", ScoreRange{.min = 255}), 2u);
  EXPECT_TRUE(*cache_.zrem("z", ""));
  EXPECT_EQ(*cache_.zcard("z"), 3u);
}

// --- Ranges --------------------------------------------------------------------------------------------------------

// Every kind of range on every size, against the same of a sorted vector.
TEST_F(SortedSetCommands, RangesAreThoseOfASortedVector) {
  std::mt19937 random(3);
  for (const int count : {0, 1, 2, 7, 63, 64, 65, 128, 129, 900}) {
    std::map<std::string, double> scores;
    for (int i = 0; i < count; ++i)
      scores["m" + std::to_string(random() % 100'000)] = static_cast<double>(random() % 20) - 5;
    cache_.del("z");
    if (!scores.empty()) {
      ASSERT_TRUE(cache_.zadd("z", scores).ok());
    }
    Members all;
    for (const auto& [member, score] : scores) all.push_back({member, score});
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.score < b.score; });
    const auto size = static_cast<std::int64_t>(all.size());
    const auto snapshot = cache_.zsnapshot("z");
    for (int round = 0; round < 200; ++round) {
      MemberRange range;
      Members expected;
      const bool rev = random() % 2 != 0;
      Members order = all;
      if (rev) std::reverse(order.begin(), order.end());
      const auto small = [&] {
        return static_cast<std::int64_t>(random() % static_cast<unsigned>(2 * size + 5)) - size - 2;
      };
      if (random() % 2 != 0) {
        RankRange ranks{small(), small()};
        if (random() % 8 == 0) ranks.first = kLeast;
        if (random() % 8 == 0) ranks.last = kMost;
        range = ranks;
        const std::int64_t first = ranks.first < 0 ? std::max<std::int64_t>(ranks.first + size, 0) : ranks.first;
        const std::int64_t last = ranks.last < 0 ? ranks.last + size : ranks.last;
        for (std::int64_t i = 0; i < size; ++i) {
          if (i >= first && i <= last) expected.push_back(order[static_cast<std::size_t>(i)]);
        }
      } else {
        ScoreRange bounds{.min = static_cast<double>(random() % 24) - 7, .max = static_cast<double>(random() % 24) - 7};
        if (random() % 6 == 0) bounds.min = -kInfinity;
        if (random() % 6 == 0) bounds.max = kInfinity;
        bounds.min_open = random() % 2 != 0;
        bounds.max_open = random() % 2 != 0;
        range = bounds;
        for (const ScoredMember& one : order) {
          const bool above = bounds.min_open ? one.score > bounds.min : one.score >= bounds.min;
          const bool below = bounds.max_open ? one.score < bounds.max : one.score <= bounds.max;
          if (above && below) expected.push_back(one);
        }
        EXPECT_EQ(*cache_.zcount("z", range), expected.size());
      }
      EXPECT_EQ(text(cache_.zrange("z", range, {.rev = rev})), text(expected));
      const std::uint64_t offset = random() % 5;
      const std::uint64_t limit = random() % 70;
      const std::size_t from = std::min<std::size_t>(offset, expected.size());
      const std::size_t to = std::min<std::size_t>(from + limit, expected.size());
      const Members part(expected.begin() + static_cast<std::ptrdiff_t>(from),
                         expected.begin() + static_cast<std::ptrdiff_t>(to));
      const ZRangeOptions options{.rev = rev, .offset = offset, .limit = limit};
      EXPECT_EQ(text(cache_.zrange("z", range, options)), text(part));
      if (!snapshot) continue;
      EXPECT_EQ(snapshot->count(range, options), part.size());
      Members shown;
      snapshot->for_each(range, options, [&](std::string_view member, double score) {
        shown.push_back({std::string(member), score});
        return true;
      });
      EXPECT_EQ(shown, part);
    }
  }
}

TEST_F(SortedSetCommands, RangesOfScoresAreOpenClosedAndInfinite) {
  ASSERT_TRUE(cache_.zadd("z", {{"a", -kInfinity}, {"b", 1}, {"c", 2}, {"d", 2}, {"e", 3}, {"f", kInfinity}}).ok());
  EXPECT_EQ(*cache_.zcount("z", ScoreRange{}), 6u);
  EXPECT_EQ(*cache_.zcount("z", ScoreRange{.min_open = true}), 5u);
  EXPECT_EQ(*cache_.zcount("z", ScoreRange{.max_open = true}), 5u);
  EXPECT_EQ(*cache_.zcount("z", ScoreRange{.min = 2, .max = 2}), 2u);
  EXPECT_EQ(*cache_.zcount("z", ScoreRange{.min = 2, .max = 2, .max_open = true}), 0u);
  EXPECT_EQ(*cache_.zcount("z", ScoreRange{.min = 3, .max = 1}), 0u);
  EXPECT_EQ(*cache_.zcount("z", ScoreRange{.min = kInfinity, .max = kInfinity}), 1u);
  EXPECT_EQ(*cache_.zcount("z", ScoreRange{.min = kInfinity, .min_open = true}), 0u);
  EXPECT_EQ(text(cache_.zrange("z", ScoreRange{.min = 1, .max = 3, .min_open = true}, {.rev = true, .limit = 2})),
            "e=3 d=2");
  EXPECT_EQ(code(cache_.zcount("z", ScoreRange{.min = kNan}).status()), ErrorCode::kNotAFloat);
  EXPECT_EQ(code(cache_.zrange("z", ScoreRange{.max = kNan}).status()), ErrorCode::kNotAFloat);
  EXPECT_EQ(code(cache_.zrem_range("z", ScoreRange{.max = kNan}).status()), ErrorCode::kNotAFloat);
}

TEST_F(SortedSetCommands, RangesOfNamesAreOpenClosedAndUnbounded) {
  for (const int size : {9, 300}) {  // small and large
    cache_.del("z");
    for (int i = 0; i < size; ++i)
      cache_.zadd(
          "z", std::string(1, static_cast<char>('a' + i % 26)) + std::string(static_cast<std::size_t>(i / 26), 'x'), 7);
    const auto count = [&](const NameRange& range) { return *cache_.zcount("z", range); };
    const auto all = static_cast<std::uint64_t>(size);
    EXPECT_EQ(count({}), all);
    EXPECT_EQ(count({.min = ""}), all);
    EXPECT_EQ(count({.max = ""}), 0u);
    EXPECT_EQ(count({.min = "a", .max = "a"}), 1u);
    EXPECT_EQ(count({.min = "a", .max = "a", .max_open = true}), 0u);
    EXPECT_EQ(count({.min = "a", .max = "a", .min_open = true}), 0u);
    EXPECT_EQ(count({.min = "b", .max = "a"}), 0u);
    EXPECT_EQ(count({.min = "a", .min_open = true}), all - 1);
    EXPECT_EQ(count({.min = "a\x01", .max = "a\x02"}), 0u);  // no members
    EXPECT_EQ(cache_.zrange("z", NameRange{.max = "b"}, {.rev = true})->front().member, "b");
    EXPECT_EQ(cache_.zrange("z", NameRange{.min = "c", .min_open = true}, {.offset = 0, .limit = 1})->front().member,
              size > 26 ? "cx" : "d");
    EXPECT_EQ(*cache_.zrem_range("z", NameRange{.max = "b", .max_open = true}), all > 26 ? (all + 25) / 26 : 1);
    EXPECT_EQ(cache_.zrange("z", 0, 0)->front().member, "b");
  }
}

// Pitfall 5, of what is no word of an argument: a limit takes away, and reversing does not swap bounds here.
TEST_F(SortedSetCommands, ALimitMayPassByEverything) {
  fill("z", 10);
  EXPECT_EQ(text(cache_.zrange("z", 0, -1, {.offset = 10})), "");
  EXPECT_EQ(text(cache_.zrange("z", 0, -1, {.limit = 0})), "");
  EXPECT_EQ(text(cache_.zrange("z", 0, -1, {.rev = true, .offset = 8})), "m10008=1 m10009=0");
  EXPECT_EQ(cache_.zrange("z", 0, -1, {.offset = ~std::uint64_t{0}})->size(), 0u);
}

// Pitfall 6.
TEST_F(SortedSetCommands, RanksBeyondTheEndsAreEmpty) {
  for (const int count : {3, 300}) {
    cache_.del("z");
    fill("z", count);
    for (const RankRange range : {RankRange{-1'000, -500}, RankRange{kLeast, kLeast}, RankRange{count, -1},
                                  RankRange{kMost, kMost}, RankRange{2, 1}, RankRange{-1, -2}, RankRange{0, kLeast}}) {
      for (const bool rev : {false, true}) EXPECT_EQ(cache_.zrange("z", range, {.rev = rev})->size(), 0u);
      EXPECT_EQ(*cache_.zrem_range("z", range), 0u);
      EXPECT_EQ(*cache_.zcount("z", range), 0u);
    }
    EXPECT_EQ(cache_.zrange("z", kLeast, kMost)->size(), static_cast<std::size_t>(count));
    EXPECT_EQ(cache_.zrange("z", -count - 5, -count)->size(), 1u);
    EXPECT_EQ(*cache_.zcard("z"), static_cast<std::uint64_t>(count));
  }
}

TEST_F(SortedSetCommands, ASnapshotStaysAsItWas) {
  for (const int count : {5, 5'000}) {
    Cache& cache = make({});
    const Members all = members(count);
    ASSERT_TRUE(cache.zadd("z", all).ok());
    const SortedSetSnapshot snapshot = *cache.zsnapshot("z");
    for (int i = 0; i < count; i += 3) cache.zincr_by("z", all[static_cast<std::size_t>(i)].member, 1e6);
    EXPECT_EQ(*cache.zrem_range("z", ScoreRange{.max = 100}) > 0, true);
    EXPECT_TRUE(cache.zpop_max("z").has_value());
    EXPECT_TRUE(*cache.del("z"));
    EXPECT_TRUE(cache.close().complete());
    Members shown;
    snapshot.for_each(RankRange{}, {}, [&](std::string_view member, double score) {
      shown.push_back({std::string(member), score});
      return true;
    });
    EXPECT_EQ(shown, all);
    EXPECT_EQ(snapshot.size(), static_cast<std::uint64_t>(count));
    EXPECT_EQ(snapshot.score(all[1].member), 1.0);
    EXPECT_FALSE(snapshot.score("nobody").has_value());
    const auto places = static_cast<std::uint64_t>(count);
    EXPECT_EQ(snapshot.rank(all[1].member), 1u);
    EXPECT_EQ(snapshot.rev_rank(all[1].member), places - 2);
    EXPECT_FALSE(snapshot.rank("nobody").has_value() || snapshot.rev_rank("nobody").has_value());
    int seen = 0;
    snapshot.for_each(RankRange{}, {.rev = true}, [&](std::string_view, double) { return ++seen < 3; });
    EXPECT_EQ(seen, 3);
  }
  EXPECT_TRUE(cache_.zsnapshot("nothing").missing());
}

// --- Removing ------------------------------------------------------------------------------------------------------

TEST_F(SortedSetCommands, RemovesByNameByRangeAndFromTheEnds) {
  for (const int count : {10, 64, 65, 128, 129, 1'000}) {
    const Members all = members(count);
    const auto part = [&](int from, int to) { return Members(all.begin() + from, all.begin() + to); };
    const auto left = [&] { return owned(*cache_.zrange("z", 0, -1)); };
    cache_.del("z");
    fill("z", count);
    EXPECT_TRUE(*cache_.zrem("z", all[0].member));
    EXPECT_FALSE(*cache_.zrem("z", all[0].member));
    EXPECT_EQ(*cache_.zrem("z", {all[1].member, "nobody", all[1].member}), 1u);
    EXPECT_EQ(left(), part(2, count));
    EXPECT_EQ(cache_.zpop_min("z"), all[2]);
    EXPECT_EQ(cache_.zpop_max("z"), all.back());
    EXPECT_EQ(left(), part(3, count - 1));
    EXPECT_EQ(owned(*cache_.zpop_min("z", 2)), part(3, 5));
    EXPECT_EQ(text(cache_.zpop_max("z", 2)),
              text(Members{all[static_cast<std::size_t>(count) - 2], all[static_cast<std::size_t>(count) - 3]}));
    EXPECT_EQ(left(), part(5, count - 3));
    EXPECT_EQ(*cache_.zrem_range("z", RankRange{-1, -1}), 1u);
    EXPECT_EQ(left(), part(5, count - 4));
    EXPECT_EQ(*cache_.zrem_range("z", ScoreRange{.min = 6}), static_cast<std::uint64_t>(count - 10));
    EXPECT_EQ(left(), part(5, 6));
    EXPECT_EQ(cache_.zpop_min("z", 0)->size(), 0u);
    EXPECT_EQ(owned(*cache_.zpop_min("z", std::numeric_limits<std::int64_t>::max())), part(5, 6));
    EXPECT_FALSE(*cache_.exists("z"));
    EXPECT_EQ(text(cache_.zpop_min("z")), "(none)");
    EXPECT_EQ(cache_.zpop_max("z", 3)->size(), 0u);
    EXPECT_EQ(*cache_.zrem_range("z", RankRange{}), 0u);
    EXPECT_EQ(*cache_.zrem("z", {"a", "b"}), 0u);
    EXPECT_FALSE(*cache_.exists("z"));
  }
}

// Pitfall 22.
TEST_F(SortedSetCommands, WhatBecomesEmptyIsGoneWithItsTimeToLive) {
  const std::vector<std::function<void()>> ways = {
      [&] { cache_.zrem("z", "a"), cache_.zrem("z", "b"); },
      [&] {
        cache_.zrem("z", {"a", "b"});
      },
      [&] { cache_.zrem_range("z", RankRange{}); },
      [&] { cache_.zrem_range("z", ScoreRange{}); },
      [&] { cache_.zpop_min("z", 100); },
      [&] {
        while (cache_.zpop_max("z")) {
        }
      },
  };
  for (const int large : {0, 1}) {
    for (const auto& way : ways) {
      ASSERT_TRUE(cache_.zadd("z", {{"a", 1}, {"b", 2}}).ok());
      if (large != 0) {
        cache_.zadd("z", std::string(3'000, 'l'), 3);
        cache_.zrem("z", std::string(3'000, 'l'));
      }
      ASSERT_TRUE(*cache_.expire("z", 1'000ms));
      way();
      EXPECT_FALSE(*cache_.exists("z"));
      EXPECT_EQ(*cache_.dbsize(), 0u);
      ASSERT_TRUE(*cache_.zadd("z", "new", 1));
      EXPECT_FALSE(cache_.ttl("z")->left.has_value());
      cache_.del("z");
    }
  }
}

TEST_F(SortedSetCommands, KeepsItsTimeToLiveWhileItChanges) {
  fill("z", 10);
  ASSERT_TRUE(*cache_.expire("z", 1'000ms));
  ASSERT_TRUE(cache_.zadd("z", members(500)).ok());
  cache_.zrem_range("z", RankRange{0, 99});
  EXPECT_TRUE(cache_.zpop_min("z").has_value());
  EXPECT_EQ(cache_.ttl("z")->left->count(), 1'000);
  advance(1'000ms);
  EXPECT_EQ(*cache_.zcard("z"), 0u);
  EXPECT_EQ(text(cache_.zpop_min("z")), "(none)");
}

// --- At random, in parts -------------------------------------------------------------------------------------------

// Pitfall 19.
TEST_F(SortedSetCommands, DrawsAtRandomInEveryForm) {
  for (const int count : {1, 10, 129, 3'000}) {
    cache_.del("z");
    fill("z", count);
    const auto size = static_cast<std::size_t>(count);
    std::map<std::string, int> drawn;
    for (int i = 0; i < 20 * std::min(count, 200); ++i) ++drawn[*cache_.zrand_member("z")];
    EXPECT_GE(drawn.size(), std::min<std::size_t>(size, 200) * 9 / 10);
    for (const std::int64_t n : {std::int64_t{0}, std::int64_t{1}, std::int64_t{7}, std::int64_t{500}, kMost}) {
      const auto different = cache_.zrand_members("z", n);
      std::set<std::string> names;
      for (const auto& [member, score] : *different) {
        names.emplace(member);
        EXPECT_EQ(cache_.zscore("z", member).value_or(-1), score);
      }
      EXPECT_EQ(names.size(), different->size());
      EXPECT_EQ(names.size(), std::min<std::uint64_t>(size, static_cast<std::uint64_t>(n)));
    }
    std::set<std::string> repeated;
    const auto exactly = cache_.zrand_members("z", -1'000);
    for (const auto& [member, score] : *exactly) repeated.emplace(member);
    EXPECT_EQ(exactly->size(), 1'000u);
    EXPECT_GE(repeated.size(), std::min<std::size_t>(size, 500));
  }
  EXPECT_TRUE(cache_.zrand_member("nothing").missing());
  EXPECT_EQ(cache_.zrand_members("nothing", -5)->size(), 0u);
  EXPECT_EQ(cache_.zrand_members("z", -kDrawnMax - 1).status().code(), ErrorCode::kOutOfRange);
}

TEST_F(SortedSetCommands, AWalkShowsEverythingThatStays) {
  for (const int count : {1, 100, 5'000}) {
    cache_.del("z");
    fill("z", count);
    std::map<std::string, double> seen;
    std::uint64_t cursor = 0;
    int round = 0;
    do {
      const auto page = cache_.zscan("z", cursor, {.count = 20});
      ASSERT_TRUE(page.ok());
      for (const auto& [member, score] : page->members) seen[std::string(member)] = score;
      cursor = page->cursor;
      for (int i = 0; i < 30; ++i) cache_.zadd("z", "n" + std::to_string(round * 30 + i), 0);
    } while (cursor != 0 && ++round < 10'000);
    for (const auto& [member, score] : members(count)) {
      ASSERT_TRUE(seen.contains(member)) << member;
      EXPECT_EQ(seen[member], score);
    }
  }
  EXPECT_EQ(cache_.zscan("z", 0, {.match = "m1000?", .count = 100'000})->members.size(), 10u);
  EXPECT_EQ(cache_.zscan("nothing", 0)->cursor, 0u);
  EXPECT_EQ(code(cache_.zscan("z", 0, {.count = 0}).status()), ErrorCode::kInvalidArgument);
}

// --- What holds for all of them ------------------------------------------------------------------------------------

constexpr Call kReads[] = {
    {"zcard", [](Cache& c, std::string_view k) { return code_of(c.zcard(k)); }},
    {"zscore", [](Cache& c, std::string_view k) { return code_of(c.zscore(k, "m")); }},
    {"zmscore",
     [](Cache& c, std::string_view k) {
       return code_of(c.zmscore(k, {"m", "n"}));
     }},
    {"zrank", [](Cache& c, std::string_view k) { return code_of(c.zrank(k, "m")); }},
    {"zrev_rank", [](Cache& c, std::string_view k) { return code_of(c.zrev_rank(k, "m")); }},
    {"zcount", [](Cache& c, std::string_view k) { return code_of(c.zcount(k, ScoreRange{})); }},
    {"zrange", [](Cache& c, std::string_view k) { return code_of(c.zrange(k, 0, -1)); }},
    {"zrange by name", [](Cache& c, std::string_view k) { return code_of(c.zrange(k, NameRange{.min = "m"})); }},
    {"zsnapshot", [](Cache& c, std::string_view k) { return code_of(c.zsnapshot(k)); }},
    {"zrand_member", [](Cache& c, std::string_view k) { return code_of(c.zrand_member(k)); }},
    {"zrand_members", [](Cache& c, std::string_view k) { return code_of(c.zrand_members(k, 3)); }},
    {"zscan", [](Cache& c, std::string_view k) { return code_of(c.zscan(k, 0)); }},
    {"zunion",
     [](Cache& c, std::string_view k) {
       return code_of(c.zunion({k, "other"}));
     }},
    {"zinter",
     [](Cache& c, std::string_view k) {
       return code_of(c.zinter({"other", k}));
     }},
    {"zdiff",
     [](Cache& c, std::string_view k) {
       return code_of(c.zdiff({"other", k}));
     }},
    {"zinter_card", [](Cache& c, std::string_view k) { return code_of(c.zinter_card({k})); }},
};
constexpr Call kRemovals[] = {
    {"zrem", [](Cache& c, std::string_view k) { return code_of(c.zrem(k, "m")); }},
    {"zrem several",
     [](Cache& c, std::string_view k) {
       return code_of(c.zrem(k, {"m", "n"}));
     }},
    {"zrem_range", [](Cache& c, std::string_view k) { return code_of(c.zrem_range(k, RankRange{})); }},
    {"zpop_min", [](Cache& c, std::string_view k) { return code_of(c.zpop_min(k)); }},
    {"zpop_max", [](Cache& c, std::string_view k) { return code_of(c.zpop_max(k)); }},
    {"zpop_min 0", [](Cache& c, std::string_view k) { return code_of(c.zpop_min(k, 0)); }},
    {"zpop_min 3", [](Cache& c, std::string_view k) { return code_of(c.zpop_min(k, 3)); }},
    {"zpop_max 300", [](Cache& c, std::string_view k) { return code_of(c.zpop_max(k, 300)); }},
};
constexpr Call kAdditions[] = {
    {"zadd", [](Cache& c, std::string_view k) { return code_of(c.zadd(k, "m", 1)); }},
    {"zadd several",
     [](Cache& c, std::string_view k) {
       return code_of(c.zadd(k, {{"m", 1}, {"n", 2}}));
     }},
    {"zincr_by", [](Cache& c, std::string_view k) { return code_of(c.zincr_by(k, "m", 1)); }},
    {"zadd a long one", [](Cache& c, std::string_view k) { return code_of(c.zadd(k, std::string(70'000, 'l'), 1)); }},
};

TEST_F(SortedSetCommands, OtherTypesAreLeftAlone) {
  ASSERT_TRUE(cache_.set("s", "text").ok());
  ASSERT_TRUE(cache_.hset("h", "f", "v").ok());
  for (const auto& calls :
       {std::span<const Call>(kReads), std::span<const Call>(kRemovals), std::span<const Call>(kAdditions)}) {
    for (const Call& call : calls) {
      EXPECT_EQ(call.run(cache_, "s"), ErrorCode::kWrongType) << call.name;
      EXPECT_EQ(call.run(cache_, "h"), ErrorCode::kWrongType) << call.name;
    }
  }
  EXPECT_EQ(cache_.get("s").value_or(""), "text");
  EXPECT_EQ(cache_.hget("h", "f").value_or(""), "v");
  ASSERT_TRUE(cache_.zadd("z", "m", 1).ok());
  EXPECT_EQ(*cache_.type("z"), ValueType::kSortedSet);
  EXPECT_EQ(code(cache_.get("z").status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.hget("z", "m").status()), ErrorCode::kWrongType);
}

TEST_F(SortedSetCommands, KeysHaveALimit) {
  for (const auto& calls :
       {std::span<const Call>(kReads), std::span<const Call>(kRemovals), std::span<const Call>(kAdditions)}) {
    expect_key_limit(cache_, calls);
  }
}

TEST_F(SortedSetCommands, AClosedCacheSaysSo) {
  for (const auto& calls :
       {std::span<const Call>(kReads), std::span<const Call>(kRemovals), std::span<const Call>(kAdditions)}) {
    expect_closed(make({}), calls);
  }
}

TEST_F(SortedSetCommands, WithoutRoomNothingIsAdded) { expect_no_room(make(one_entry()), kAdditions); }
TEST(SortedSetCommandsMemory, WithoutMemoryNothingIsAdded) { expect_no_memory(kAdditions); }

TEST_F(SortedSetCommands, MembersHaveALimit) {
  Options options;
  options.value_bytes_max = 1'000;
  Cache& cache = make(options);
  EXPECT_TRUE(*cache.zadd("z", std::string(1'000, 'm'), 1));
  EXPECT_EQ(code(cache.zadd("z", std::string(1'001, 'm'), 1).status()), ErrorCode::kValueTooLarge);
  EXPECT_EQ(code(cache.zadd("z", {{"a", 1}, {std::string(1'001, 'm'), 1}}).status()), ErrorCode::kValueTooLarge);
  EXPECT_EQ(code(cache.zincr_by("z", std::string(1'001, 'm'), 1).status()), ErrorCode::kValueTooLarge);
  EXPECT_EQ(*cache.zcard("z"), 1u);
}

TEST_F(SortedSetCommands, AViewReadsAllOfThem) {
  ASSERT_TRUE(cache_.zadd("z", {{"a", 1}, {"b", 2}}).ok());
  ReadView view(cache_);
  EXPECT_EQ(*view.zcard("z"), 2u);
  EXPECT_EQ(view.zscore("z", "b").value_or(0), 2);
  EXPECT_EQ(view.zrank("z", "b").value_or(9), 1u);
  EXPECT_EQ(view.zrev_rank("z", "b").value_or(9), 0u);
  EXPECT_EQ(view.zmscore("z", {"b"})->front(), 2.0);
  EXPECT_EQ(*view.zcount("z", ScoreRange{.min = 2}), 1u);
  EXPECT_EQ(text(view.zrange("z", 0, 0, {.rev = true})), "b=2");
  EXPECT_EQ(view.zsnapshot("z")->size(), 2u);
  EXPECT_EQ(view.zrand_members("z", 5)->size(), 2u);
  EXPECT_TRUE(view.zrand_member("z").has_value());
  EXPECT_EQ(view.zscan("z", 0)->members.size(), 2u);
  EXPECT_EQ(text(view.zunion({"z", "z"})), "a=2 b=4");
  EXPECT_EQ(text(view.zinter({"z", "z"})), "a=2 b=4");
  EXPECT_EQ(text(view.zdiff({"z", "none"})), "a=1 b=2");
  EXPECT_EQ(*view.zinter_card({"z"}), 2u);
  EXPECT_EQ(cache_.stats().hits, 0u);
}

}  // namespace
}  // namespace larder::commands
