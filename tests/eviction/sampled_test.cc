// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/sampled.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "eviction/fake_residents.h"

namespace larder::eviction {
namespace {

TEST(Random, EvictsEveryoneOnce) {
  Random policy(1);
  FakeResidents shard(policy);
  for (EntryId id = 0; id < 100; ++id) shard.insert(id);
  while (shard.evict()) {
  }
  EXPECT_EQ(shard.lies, 0);
  auto gone = shard.evicted;
  EXPECT_FALSE(std::is_sorted(gone.begin(), gone.end()));
  std::sort(gone.begin(), gone.end());
  ASSERT_EQ(gone.size(), 100u);
  for (EntryId id = 0; id < 100; ++id) EXPECT_EQ(gone[id], id);
  EXPECT_FALSE(policy.evict(shard));
}

TEST(Random, AnyoneMayBeTheFirst) {
  Random policy(2);
  std::array<int, 10> first{};
  for (int round = 0; round < 10'000; ++round) {
    FakeResidents shard(policy);
    for (EntryId id = 0; id < first.size(); ++id) shard.insert(id);
    ASSERT_TRUE(shard.evict());
    ++first[shard.evicted[0]];
  }
  for (const int count : first) EXPECT_NEAR(count, 1'000, 180);  // six standard deviations
}

TEST(Random, TheSeedDecides) {
  const auto order = [](std::uint64_t seed) {
    Random policy(seed);
    FakeResidents shard(policy);
    for (EntryId id = 0; id < 50; ++id) shard.insert(id);
    while (shard.evict()) {
    }
    return shard.evicted;
  };
  EXPECT_EQ(order(7), order(7));
  EXPECT_NE(order(7), order(8));
}

TEST(Lfu, KeepsTheFrequentThroughAScan) {
  Lfu policy(3);
  FakeResidents shard(policy);
  constexpr std::uint64_t kCapacity = 1'000;
  constexpr EntryId kFrequent = 500;
  for (EntryId id = 0; id < kFrequent; ++id) {
    shard.insert(id);
    for (int i = 0; i < 50; ++i) shard.hit(id);
  }
  for (EntryId id = 0; id < 5 * kCapacity; ++id) shard.access(1'000'000 + id, kCapacity);
  EXPECT_EQ(shard.size(), kCapacity);
  EXPECT_EQ(shard.lies, 0);
  std::uint64_t kept = 0;
  for (EntryId id = 0; id < kFrequent; ++id) kept += shard.contains(id);
  EXPECT_EQ(kept, kFrequent);  // sixteen drawn, half of them of the scan
}

TEST(Lfu, EvictsTheLeastUsedTenthMostly) {
  Lfu policy(4);
  int least = 0;
  constexpr int kRounds = 2'000;
  for (int round = 0; round < kRounds; ++round) {
    FakeResidents shard(policy);
    for (EntryId id = 0; id < 100; ++id) {
      shard.insert(id);
      shard.at(id).counter = static_cast<std::uint8_t>(50 + id);
    }
    ASSERT_TRUE(shard.evict());
    least += shard.evicted[0] < 10;
  }
  EXPECT_NEAR(least, kRounds * 81 / 100, 110);  // six standard deviations
}

TEST(Lfu, NewEntriesBeginAtFive) {
  Lfu policy(5);
  FakeResidents shard(policy);
  shard.insert(1);
  EXPECT_EQ(shard.at(1).counter, 5);
  Resident back{2, 1, 0, 77, 0};
  policy.on_insert(back, shard);  // it came back, for the engine had to keep it
  EXPECT_EQ(back.counter, 77);
}

TEST(Lfu, ForgetsWhatWasOncePopular) {
  Lfu policy(6);
  FakeResidents shard(policy);
  constexpr std::uint64_t kCapacity = 200;
  for (EntryId id = 0; id < 50; ++id) {
    shard.insert(id);
    for (int i = 0; i < 10; ++i) shard.hit(id);
  }
  // A point for each time that the cache is replaced, so 15 points are gone long before a hundred times.
  for (EntryId id = 0; id < 100 * kCapacity; ++id) shard.access(1'000'000 + id, kCapacity);
  std::uint64_t kept = 0;
  for (EntryId id = 0; id < 50; ++id) kept += shard.contains(id);
  EXPECT_LE(kept, 10u);
}

TEST(Lfu, NothingToEvict) {
  Lfu policy(7);
  FakeResidents shard(policy);
  EXPECT_FALSE(policy.evict(shard));
  shard.insert(1);
  EXPECT_TRUE(shard.evict());
  EXPECT_FALSE(policy.evict(shard));
}

}  // namespace
}  // namespace larder::eviction
