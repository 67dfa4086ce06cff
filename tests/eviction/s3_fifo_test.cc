// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/s3_fifo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "eviction/policy_fixture.h"

namespace larder::eviction {
namespace {

constexpr std::uint64_t kCapacity = 1'000;
constexpr EntryId kScan = 1'000'000;

class S3FifoTest : public PolicyFixture<S3Fifo> {
 protected:
  void hit(EntryId id, int times) {
    for (int i = 0; i < times; ++i) shard_.hit(id);
  }
};

TEST_F(S3FifoTest, UnusedEntriesGoInTheOrderTheyCame) {
  for (EntryId id = 1; id <= 5; ++id) shard_.insert(id);
  EXPECT_EQ(evict_all(), (std::vector<EntryId>{1, 2, 3, 4, 5}));
}

TEST_F(S3FifoTest, OneUseIsNotEnoughAndTwoAre) {
  for (EntryId id = 1; id <= 4; ++id) shard_.insert(id);
  hit(1, 1);
  hit(2, 2);
  EXPECT_EQ(evict_all(), (std::vector<EntryId>{1, 3, 4, 2}));
}

TEST_F(S3FifoTest, UsedEntriesGoRoundInMain) {
  for (EntryId id = 1; id <= 3; ++id) {
    shard_.insert(id);
    hit(id, 2);
  }
  shard_.insert(9);
  ASSERT_TRUE(shard_.evict());  // moves the three to main
  ASSERT_EQ(shard_.evicted, std::vector<EntryId>{9});
  hit(1, 3);
  hit(2, 1);
  shard_.evicted.clear();
  EXPECT_EQ(evict_all(), (std::vector<EntryId>{3, 2, 1}));
}

TEST_F(S3FifoTest, CountsThreeUsesAtMost) {
  shard_.insert(1);
  hit(1, 100);
  EXPECT_EQ(shard_.at(1).bits & 3, 3);
  EXPECT_EQ(policy_.traits().hits_max, 3);
}

// Once it was evicted, its first use counts: it goes to main at once, where a scan does not reach it.
TEST_F(S3FifoTest, WhatComesBackWhileItIsRememberedEntersMain) {
  for (EntryId id = 0; id < kCapacity; ++id) shard_.access(id, kCapacity);
  for (EntryId id = 0; id < 50; ++id) shard_.access(kScan + id, kCapacity);
  ASSERT_EQ(resident(0, 50), 0u);
  for (EntryId id = 0; id < 50; ++id) EXPECT_FALSE(shard_.access(id, kCapacity));
  for (EntryId id = 1'000; id < 3'000; ++id) shard_.access(kScan + id, kCapacity);
  EXPECT_EQ(resident(0, 50), 50u);
  EXPECT_EQ(resident(kScan, 50), 0u);  // came at the same time, and once only
}

TEST_F(S3FifoTest, WhatWasDeletedIsNotRemembered) {
  for (EntryId id = 0; id < kCapacity; ++id) shard_.access(id, kCapacity);
  for (EntryId id = 900; id < 950; ++id) shard_.remove(id);
  for (EntryId id = 900; id < 950; ++id) shard_.access(id, kCapacity);
  for (EntryId id = 0; id < 3'000; ++id) shard_.access(kScan + id, kCapacity);
  EXPECT_EQ(resident(900, 50), 0u);
}

TEST_F(S3FifoTest, ScanPassesThroughAndLeavesWhatIsUsed) {
  base::Random random(1);
  constexpr EntryId kUsed = 800;
  for (int i = 0; i < 20'000; ++i) shard_.access(static_cast<EntryId>(random.below(kUsed)), kCapacity);
  ASSERT_EQ(resident(0, kUsed), kUsed);
  for (EntryId id = 0; id < 20 * kCapacity; ++id) {
    shard_.access(kScan + id, kCapacity);
    if (id % 4 == 0) shard_.access(static_cast<EntryId>(random.below(kUsed)), kCapacity);
  }
  EXPECT_GE(resident(0, kUsed), kUsed * 95 / 100);
  EXPECT_LE(shard_.weight(), kCapacity);
}

TEST_F(S3FifoTest, NewPhaseReplacesTheOldOne) {
  base::Random random(2);
  for (int i = 0; i < 20'000; ++i) shard_.access(static_cast<EntryId>(random.below(800)), kCapacity);
  int hits = 0;
  for (int i = 0; i < 40'000; ++i) {
    const bool hit = shard_.access(kScan + static_cast<EntryId>(random.below(800)), kCapacity);
    if (i >= 20'000) hits += hit;
  }
  EXPECT_GE(hits, 19'800);
  EXPECT_GE(resident(kScan, 800), 790u);
}

// A tenth of the weight, not of the number: a few heavy entries are as much as many light ones.
TEST_F(S3FifoTest, SmallQueueIsMeasuredByWeight) {
  for (EntryId id = 1; id <= 10; ++id) {
    shard_.insert(id, 10);
    hit(id, 2);
  }
  shard_.insert(50, 20);
  ASSERT_TRUE(shard_.evict());
  ASSERT_EQ(shard_.evicted.back(), 50u);  // now the ten are in main: 100
  shard_.insert(60, 1);
  shard_.resize(60, 90);  // far more than a tenth
  ASSERT_TRUE(shard_.evict());
  EXPECT_EQ(shard_.evicted.back(), 60u);
  shard_.insert(61, 90);
  shard_.resize(61, 1);
  ASSERT_TRUE(shard_.evict());
  EXPECT_EQ(shard_.evicted.back(), 1u);
}

TEST_F(S3FifoTest, NothingToEvict) {
  EXPECT_FALSE(policy_.evict(shard_));
  shard_.insert(1);
  shard_.remove(1);
  EXPECT_FALSE(policy_.evict(shard_));
}

// No id is lost from the queues and none stands there for two, whatever comes: in the end each entry is evicted once.
TEST_F(S3FifoTest, EveryEntryIsEvictedInTheEndAndOnce) {
  base::Random random(3);
  for (int step = 0; step < 100'000; ++step) {
    const auto id = static_cast<EntryId>(random.below(1'500));
    if (shard_.contains(id) && random.below(3) == 0) {
      shard_.remove(id);
    } else {
      shard_.access(id, kCapacity);
    }
  }
  const std::uint64_t left = shard_.size();
  shard_.evicted.clear();
  std::vector<EntryId> all = evict_all();
  EXPECT_EQ(all.size(), left);
  EXPECT_EQ(shard_.size(), 0u);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

TEST_F(S3FifoTest, DeletionsTakeBoundedMemory) {
  std::size_t most = 0;
  for (EntryId i = 0; i < 100'000; ++i) {
    shard_.insert(i);
    if (i >= 500) shard_.remove(i - 500);
    most = std::max(most, shard_.live_bytes);
  }
  EXPECT_LE(most, 500 * 4 * 3 + 4 * 512);
}

TEST_F(S3FifoTest, TwiceAsManyGhostsAsResidentsTakeTwentyFourBytesEach) {
  for (EntryId id = 0; id < 50'000; ++id) shard_.access(id, 10'000);
  EXPECT_LE(shard_.live_bytes, 10'000 * 8.2 + 20'000 * 24.6);
  EXPECT_GE(shard_.live_bytes, 10'000 * 4 + 20'000 * 24);
}

// However many there are for each resident.
TEST(S3FifoGhosts, GoWithTheResidents) {
  S3Fifo policy({.ghosts_per_entry = 10});
  FakeResidents shard(policy);
  for (EntryId id = 0; id < 20'000; ++id) shard.access(id, 1'000);
  ASSERT_GE(shard.live_bytes, 10'000u * 24);
  for (EntryId id = 19'000; id < 20'000; ++id) shard.remove(id);
  EXPECT_LE(shard.live_bytes, 8u << 10);
  policy.clear(shard);
}

// The oldest ghost, which it is, has to go for what makes room for it.
TEST_F(S3FifoTest, WhatWasAnnouncedComesBackThoughItIsForgottenMeanwhile) {
  for (EntryId id = 0; id < 2 * kCapacity + kCapacity; ++id) access(id, kCapacity);  // 0 is the oldest of all ghosts
  access(0, kCapacity);
  for (EntryId id = 0; id < 3 * kCapacity; ++id) access(kScan + id, kCapacity);
  EXPECT_TRUE(shard_.contains(0));
}

TEST_F(S3FifoTest, ClearForgetsGhostsAndOrder) {
  for (EntryId id = 0; id < 2 * kCapacity; ++id) shard_.access(id, kCapacity);
  evict_all();
  policy_.clear(shard_);
  EXPECT_EQ(shard_.live_bytes, 0u);
  shard_.insert(1);
  EXPECT_EQ(shard_.at(1).bits & 4, 0) << "it was forgotten, so it is new";
  ASSERT_TRUE(shard_.evict());
  EXPECT_EQ(shard_.evicted.back(), 1u);
}

}  // namespace
}  // namespace larder::eviction
