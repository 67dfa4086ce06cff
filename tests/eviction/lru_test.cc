// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/lru.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <vector>

#include "base/random.h"
#include "eviction/policy_fixture.h"

namespace larder::eviction {
namespace {

using LruTest = PolicyFixture<Lru>;

TEST_F(LruTest, EvictsInTheOrderOfInsertionWhenNothingIsUsed) {
  for (EntryId id = 1; id <= 5; ++id) shard_.insert(id);
  EXPECT_EQ(evict_all(), (std::vector<EntryId>{1, 2, 3, 4, 5}));
}

TEST_F(LruTest, AUsedEntryGoesLast) {
  for (EntryId id = 1; id <= 4; ++id) shard_.insert(id);
  shard_.hit(1);
  shard_.hit(3);
  shard_.hit(1);
  EXPECT_EQ(evict_all(), (std::vector<EntryId>{2, 4, 3, 1}));
}

TEST_F(LruTest, RemovedEntriesAreNotEvicted) {
  for (EntryId id = 1; id <= 4; ++id) shard_.insert(id);
  shard_.remove(1);
  shard_.remove(3);
  EXPECT_EQ(evict_all(), (std::vector<EntryId>{2, 4}));
}

TEST_F(LruTest, WhatCameBackStandsAtTheEnd) {
  for (EntryId id = 1; id <= 3; ++id) shard_.insert(id);
  shard_.remove(1);
  shard_.insert(1);
  EXPECT_EQ(evict_all(), (std::vector<EntryId>{2, 3, 1}));
}

TEST_F(LruTest, NothingToEvict) {
  EXPECT_FALSE(policy_.evict(shard_));
  shard_.insert(1);
  shard_.remove(1);
  EXPECT_FALSE(policy_.evict(shard_));
}

// Against a list, with so many hits that the queue is rewritten over and over.
TEST_F(LruTest, KeepsTheExactOrder) {
  base::Random random(1);
  std::list<EntryId> model;  // least recently used first
  for (int step = 0; step < 30'000; ++step) {
    const auto id = static_cast<EntryId>(random.below(200));
    const auto found = std::find(model.begin(), model.end(), id);
    if (found == model.end()) {
      shard_.insert(id);
      model.push_back(id);
    } else if (random.below(10) == 0) {
      shard_.remove(id);
      model.erase(found);
    } else {
      shard_.hit(id);
      model.splice(model.end(), model, found);
    }
    if (random.below(20) == 0) {
      ASSERT_TRUE(shard_.evict());
      ASSERT_EQ(shard_.evicted.back(), model.front()) << "step " << step;
      model.pop_front();
    }
  }
  shard_.evicted.clear();
  EXPECT_EQ(evict_all(), std::vector<EntryId>(model.begin(), model.end()));
}

TEST_F(LruTest, HitsTakeBoundedMemory) {
  for (EntryId id = 0; id < 1'000; ++id) shard_.insert(id);
  std::size_t most = 0;
  for (EntryId i = 0; i < 100'000; ++i) {
    shard_.hit(i * 7 % 1'000);
    most = std::max(most, shard_.live_bytes);
  }
  EXPECT_LE(most, 1'000 * 4 * 3 + 4 * 512);  // two ids an entry, a third while the queue is rewritten
}

TEST_F(LruTest, ScanThrowsOutEverything) {
  constexpr std::uint64_t kCapacity = 100;
  for (EntryId id = 0; id < kCapacity; ++id) shard_.access(id, kCapacity);
  for (int round = 0; round < 3; ++round) {
    for (EntryId id = 0; id < kCapacity; ++id) EXPECT_TRUE(shard_.access(id, kCapacity));
  }
  for (EntryId id = 1'000; id < 1'000 + kCapacity; ++id) EXPECT_FALSE(shard_.access(id, kCapacity));
  for (EntryId id = 0; id < kCapacity; ++id) EXPECT_FALSE(shard_.contains(id));
}

TEST_F(LruTest, WithoutMemoryAHitLeavesTheEntryWhereItWas) {
  for (EntryId id = 1; id <= 4; ++id) shard_.insert(id);  // the first block is full
  shard_.refuses = true;
  shard_.hit(1);
  shard_.refuses = false;
  EXPECT_EQ(evict_all(), (std::vector<EntryId>{1, 2, 3, 4}));
}

}  // namespace
}  // namespace larder::eviction
