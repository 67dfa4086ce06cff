// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/w_tinylfu.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "eviction/policy_fixture.h"

namespace larder::eviction {
namespace {

constexpr std::uint64_t kCapacity = 1'000;
constexpr EntryId kScan = 1'000'000;

TEST(FrequencySketch, CountsToFifteenAndHalves) {
  FakeResidents shard;
  FrequencySketch sketch(1);
  EXPECT_EQ(sketch.count(1), 0u);  // without memory
  sketch.add(1, 100);
  EXPECT_EQ(sketch.count(1), 0u);
  for (std::uint64_t entries = 1; entries <= 100; ++entries) sketch.fit(shard, entries);
  for (unsigned i = 1; i <= 20; ++i) {
    sketch.add(1, 100);
    EXPECT_EQ(sketch.count(1), i < 15 ? i : 15);
  }
  // Fifteen of these raised a counter. After a thousand, ten an entry, all counts are halved.
  EntryId other = 2;
  for (int i = 0; i < 984; ++i) sketch.add(other++, 100);
  EXPECT_EQ(sketch.count(1), 15u);
  sketch.add(other++, 100);
  EXPECT_EQ(sketch.count(1), 7u);
  for (int i = 0; i < 500; ++i) sketch.add(other++, 100);
  EXPECT_EQ(sketch.count(1), 3u);
  sketch.clear(shard);
  EXPECT_EQ(shard.live_bytes, 0u);
}

TEST(FrequencySketch, TakesEarlyCountsAsTheyWouldBeNow) {
  FakeResidents shard;
  FrequencySketch sketch(1);
  sketch.add_early(1, 9);  // without memory
  for (std::uint64_t entries = 1; entries <= 100; ++entries) sketch.fit(shard, entries);
  EXPECT_EQ(sketch.count(1), 0u);
  for (int i = 0; i < 5'000; ++i) sketch.pass_early();
  EXPECT_EQ(sketch.aged(9), 9u);
  sketch.add_early(1, 9);
  EXPECT_EQ(sketch.count(1), 9u);
  for (EntryId id = 1'000; id < 1'400; ++id) sketch.add(id, 100);  // more than ten an entry long since: halved once
  EXPECT_EQ(sketch.aged(9), 4u);
  EXPECT_EQ(sketch.count(1), 4u);
  const unsigned before = sketch.count(3);
  sketch.add_early(3, 9);
  EXPECT_EQ(sketch.count(3), before + 4);
  sketch.clear(shard);
}

TEST(FrequencySketch, NeverCountsTooLowAndSeldomTooHigh) {
  FakeResidents shard;
  FrequencySketch sketch(1);
  constexpr std::uint64_t kEntries = 10'000;
  for (std::uint64_t entries = 1; entries <= kEntries / 2; ++entries) sketch.fit(shard, entries);
  for (EntryId id = 0; id < kEntries; ++id) {
    for (EntryId i = 0; i < id % 4; ++i) sketch.add(id, kEntries);
  }
  for (std::uint64_t entries = kEntries / 2; entries <= kEntries; ++entries) sketch.fit(shard, entries);
  unsigned too_high = 0;
  for (EntryId id = 0; id < kEntries; ++id) {
    ASSERT_GE(sketch.count(id), id % 4);
    too_high += sketch.count(id) > id % 4;
  }
  EXPECT_LE(too_high, kEntries / 10);
  EXPECT_LE(shard.live_bytes, kEntries * 17);
  for (std::uint64_t entries = kEntries; entries > 0; --entries) sketch.fit(shard, entries);
  EXPECT_LE(shard.live_bytes, 2'048u);
  sketch.clear(shard);
  EXPECT_EQ(shard.live_bytes, 0u);
}

class WTinyLfuTest : public PolicyFixture<WTinyLfu> {
 protected:
  WTinyLfuTest() : PolicyFixture(std::uint64_t{1}) {}
};

TEST_F(WTinyLfuTest, WhatIsSeenLessOftenIsNotAdmitted) {
  for (EntryId id = 0; id < kCapacity; ++id) shard_.access(id, kCapacity);
  for (int round = 0; round < 3; ++round) {
    for (EntryId id = 0; id < 700; ++id) shard_.access(id, kCapacity);
  }
  for (EntryId id = 0; id < 4 * kCapacity; ++id) shard_.access(kScan + id, kCapacity);
  EXPECT_GE(resident(0, 700), 680u);
  EXPECT_LE(resident(0, 700), 700u);
}

// Nor does anybody come in by the bytes that are left over, or needed beyond what one eviction gives.
TEST_F(WTinyLfuTest, WeightsThatDifferALittleAdmitNobody) {
  constexpr std::uint64_t kBytes = kCapacity * 450;
  const auto access = [&](EntryId id) { shard_.access(id, kBytes, id % 3 == 0 ? 456 : 447); };
  for (EntryId id = 0; id < kCapacity; ++id) access(id);
  for (int round = 0; round < 3; ++round) {
    for (EntryId id = 0; id < 700; ++id) access(id);
  }
  for (EntryId id = 0; id < 4 * kCapacity; ++id) access(kScan + id);
  EXPECT_GE(resident(0, 700), 680u);
}

// A fifth of the entries is the window: who is there is evicted by age alone.
TEST_F(WTinyLfuTest, TheWindowHasItsShare) {
  for (EntryId id = 0; id < kCapacity; ++id) shard_.access(id, kCapacity);
  for (int round = 0; round < 3; ++round) {
    for (EntryId id = 0; id < 800; ++id) shard_.access(id, kCapacity);
  }
  for (EntryId id = 0; id < 1'000; ++id) shard_.access(kScan + id, kCapacity);
  EXPECT_GE(resident(kScan + 800, 200), 198u);
}

// Those of the window were seen twice while the cache filled, and lose against three times. When they come back twice
// they win.
TEST_F(WTinyLfuTest, WhatWasSeenWhileTheCacheFilledIsRemembered) {
  for (int round = 0; round < 2; ++round) {
    for (EntryId id = 0; id < kCapacity; ++id) shard_.access(id, kCapacity);
  }
  for (EntryId id = 0; id < 800; ++id) shard_.access(id, kCapacity);
  for (EntryId id = 0; id < 400; ++id) shard_.access(kScan + id, kCapacity);
  EXPECT_EQ(resident(800, 200), 0u);
  for (int round = 0; round < 2; ++round) {
    for (EntryId id = 800; id < kCapacity; ++id) shard_.access(id, kCapacity);
  }
  for (EntryId id = 400; id < 800; ++id) shard_.access(kScan + id, kCapacity);
  EXPECT_GE(resident(800, 200), 150u);
}

TEST_F(WTinyLfuTest, WhatIsSeenMoreOftenReplacesWhatWas) {
  base::Random random(1);
  for (int i = 0; i < 20'000; ++i) shard_.access(static_cast<EntryId>(random.below(900)), kCapacity);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    const bool hit = shard_.access(kScan + static_cast<EntryId>(random.below(900)), kCapacity);
    if (i >= 80'000) hits += hit;
  }
  EXPECT_GE(hits, 19'000);
}

// The heavy one alone is more than a fifth: those before it in the window have to compete, and were used less.
TEST_F(WTinyLfuTest, TheWindowIsMeasuredByWeight) {
  for (EntryId id = 0; id < 50; ++id) shard_.insert(id, 10);
  for (EntryId id = 0; id < 200; ++id) shard_.hit(id % 40);
  shard_.insert(100, 400);
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(shard_.evict());
    EXPECT_GE(shard_.evicted.back(), 40u);
  }
}

TEST_F(WTinyLfuTest, WorksWithoutASketch) {
  for (EntryId id = 0; id < 500; ++id) shard_.insert(id);
  shard_.refuses = true;
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(shard_.evict());
  EXPECT_EQ(shard_.size(), 100u);
}

}  // namespace
}  // namespace larder::eviction
