// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A sorted set of 100,000 members is read, ranged, trimmed and deleted by a bounded work under each hold of a shard's
// lock, and others of the shard are served in between. In builds with LARDER_CHECKS; elsewhere nothing is counted.
#include "base/hold_work.h"

#if defined(LARDER_CHECKS)

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/cache_fixture.h"

namespace larder::keyspace {
namespace {

using support::binary;

class SortedSetHoldWork : public support::CacheFixture {
 protected:
  // 32 edits of pages that another version shares copy about a hundred of them, each of a kilobyte or less, and leaves
  // of two.
  static constexpr std::uint64_t kBytes = 100 << 10;
  static constexpr std::uint64_t kAllocations = 1'000;
  static constexpr int kMembers = 100'000;

  void SetUp() override {
    base::take_most_work();
    std::vector<ScoredMember> members;
    for (int i = 0; i < kMembers; ++i)
      members.push_back({"member" + std::to_string(i), static_cast<double>(i % 1'000)});
    ASSERT_EQ(cache_.zadd("z", members)->added, members.size());
    expect_bounded("adding all at once");
  }
  static void expect_bounded(const char* when) {
    const base::HoldWork most = base::take_most_work();
    EXPECT_LE(most.bytes, kBytes) << when;
    EXPECT_LE(most.allocations, kAllocations) << when;
    EXPECT_LE(most.entries, 100u) << when;
  }
};

TEST_F(SortedSetHoldWork, Reading) {
  EXPECT_EQ(cache_.zrange("z", 0, -1)->size(), std::size_t{kMembers});
  expect_bounded("a range of all");
  EXPECT_EQ(cache_.zrange("z", 50'000, 50'063)->size(), 64u);
  EXPECT_EQ(cache_.zrange("z", ScoreRange{.min = 10, .max = 20}, {.rev = true, .offset = 500, .limit = 10})->size(),
            10u);
  EXPECT_EQ(*cache_.zcount("z", ScoreRange{.min = 10, .max = 20, .max_open = true}), 1'000u);
  EXPECT_EQ(cache_.zrand_members("z", -10'000)->size(), 10'000u);
  EXPECT_EQ(cache_.zscan("z", 0, {.count = 50'000})->members.size() >= 50'000, true);
  expect_bounded("parts");
  EXPECT_EQ(cache_.zunion({"z", "z"})->size(), std::size_t{kMembers});
  EXPECT_EQ(*cache_.zinter_card({"z", "z"}), std::uint64_t{kMembers});
  expect_bounded("with others");
}

TEST_F(SortedSetHoldWork, Trimming) {
  EXPECT_EQ(*cache_.zrem_range("z", RankRange{0, 31}), 32u);
  expect_bounded("as many as are trimmed under the lock");
  EXPECT_EQ(*cache_.zrem_range("z", RankRange{0, 32}), 33u);
  EXPECT_EQ(*cache_.zrem_range("z", ScoreRange{.max = 500, .max_open = true}) > 49'000, true);
  expect_bounded("half of it");
  EXPECT_EQ(cache_.zpop_min("z", 20'000)->size(), 20'000u);
  expect_bounded("popping many");
  EXPECT_EQ(cache_.zpop_max("z", 64)->size(), 64u);
  EXPECT_TRUE(cache_.zpop_max("z").has_value());
  expect_bounded("popping few");
  EXPECT_EQ(*cache_.zrem_range("z", RankRange{}) > 29'000, true);
  EXPECT_FALSE(*cache_.exists("z"));
  expect_bounded("all that is left");
}

TEST_F(SortedSetHoldWork, BesideAVersion) {
  const SortedSetSnapshot held = *cache_.zsnapshot("z");
  for (int i = 0; i < kMembers; i += 100) ASSERT_TRUE(cache_.zincr_by("z", "member" + std::to_string(i), 1'000).ok());
  expect_bounded("one at a time");
  for (const int count : {32, 33, 64, 65}) {  // the first under the lock, and others aside
    const SortedSetSnapshot another = *cache_.zsnapshot("z");
    std::vector<ScoredMember> some;
    for (int i = 0; i < count; ++i) some.push_back({"member" + std::to_string(i * 1'500 + count), -1.0 - i});
    EXPECT_EQ(cache_.zadd("z", some)->updated, some.size());
    expect_bounded("several at a time");
  }
  EXPECT_EQ(*cache_.zrem_range("z", ScoreRange{.min = 3, .max = 700}) > 60'000, true);
  EXPECT_TRUE(*cache_.del("z"));
  expect_bounded("trimming and deleting it");
  EXPECT_EQ(held.size(), std::uint64_t{kMembers});
}

// Long members count as more than one.
TEST_F(SortedSetHoldWork, LongMembers) {
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(cache_.zadd("long", binary(60'000, static_cast<unsigned>(i)), i).ok());
  expect_bounded("adding");
  EXPECT_EQ(cache_.zrange("long", 0, -1)->size(), 40u);
  EXPECT_TRUE(cache_.zrand_member("long").has_value());
  expect_bounded("reading");
  EXPECT_EQ(cache_.zpop_min("long")->member.size(), 60'000u);
  EXPECT_EQ(cache_.zpop_max("long", 3)->size(), 3u);
  EXPECT_EQ(*cache_.zrem_range("long", RankRange{0, 9}), 10u);
  expect_bounded("removing");
}

}  // namespace
}  // namespace larder::keyspace

#endif
