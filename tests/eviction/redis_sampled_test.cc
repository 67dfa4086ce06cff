// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/redis_sampled.h"

#include <gtest/gtest.h>

#include <vector>

#include "eviction/fake_residents.h"

namespace larder::eviction {
namespace {

TEST(EvictionPool, GivesTheHighestRankFirstAndKeepsSixteen) {
  EvictionPool pool;
  EvictionPool::Candidate best{};
  EXPECT_FALSE(pool.take(&best));
  for (std::uint32_t i = 0; i < 100; ++i) pool.offer({i, i * 37 % 100, i * 37 % 100});
  pool.offer({27, 0, 0});  // of rank 99: it is there
  for (std::uint32_t rank = 99; rank >= 84; --rank) {
    ASSERT_TRUE(pool.take(&best));
    EXPECT_EQ(best.rank, rank);
  }
  EXPECT_FALSE(pool.take(&best));
}

// Of 64 samples of 20 entries nearly all are drawn, and the pool has those used longest ago.
TEST(RedisLru, ManySamplesAreNearlyExact) {
  RedisLru policy({.samples = 64}, 1);
  FakeResidents shard(policy);
  for (EntryId id = 0; id < 20; ++id) shard.insert(id);
  for (EntryId id = 0; id < 10; ++id) shard.hit(id);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(shard.evict());
  unsigned wrong = 0;
  for (const EntryId id : shard.evicted) wrong += id < 10;
  EXPECT_LE(wrong, 1u);
}

TEST(RedisLru, MostOfTheOldestTenthGo) {
  RedisLru policy(1);
  FakeResidents shard(policy);
  for (EntryId id = 0; id < 1'000; ++id) shard.insert(id);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(shard.evict());
  unsigned old = 0;
  for (const EntryId id : shard.evicted) old += id < 200;
  EXPECT_GE(old, 80u);
  EXPECT_EQ(shard.live_bytes, 0u);
}

class RedisLfuTest : public testing::Test {
 protected:
  RedisLfu policy_{{.samples = 64, .minute = 100}, 1};
  FakeResidents shard_{policy_};
};

TEST_F(RedisLfuTest, TheCounterBeginsAtFiveAndGrowsSlowly) {
  shard_.insert(1);
  EXPECT_EQ(shard_.at(1).counter, 5);
  shard_.hit(1);
  EXPECT_EQ(shard_.at(1).counter, 6);
  RedisLfu slow({.samples = 5, .minute = 1'000'000'000}, 1);
  FakeResidents shard(slow);
  shard.insert(1);
  for (int i = 0; i < 1'000; ++i) shard.hit(1);
  EXPECT_GE(shard.at(1).counter, 12);  // about the root of two tenths of the uses, and five
  EXPECT_LE(shard.at(1).counter, 28);
}

TEST_F(RedisLfuTest, APointIsLostForEachMinute) {
  shard_.insert(1);
  shard_.insert(2);
  for (int i = 0; i < 400; ++i) shard_.hit(2);
  shard_.hit(1);  // four minutes later: 5 - 4, and one for this use
  EXPECT_EQ(shard_.at(1).counter, 2);
}

TEST_F(RedisLfuTest, WhatIsUsedLeastGoes) {
  for (EntryId id = 0; id < 12; ++id) shard_.insert(id);
  for (EntryId id = 0; id < 6; ++id) shard_.hit(id);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(shard_.evict());
  EXPECT_EQ(shard_.size(), 6u);
  unsigned wrong = 0;
  for (const EntryId id : shard_.evicted) wrong += id < 6;
  EXPECT_LE(wrong, 1u);
}

}  // namespace
}  // namespace larder::eviction
