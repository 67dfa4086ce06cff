// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/gated_fifo.h"

#include <gtest/gtest.h>

#include <array>
#include <tuple>

#include "base/random.h"
#include "eviction/policy_fixture.h"

namespace larder::eviction {
namespace {

// Ids are bits of a hash.
EntryId id_of(std::uint64_t number) { return static_cast<EntryId>(base::mix64(number + 1)); }

class GatedFifoTest : public PolicyFixture<GatedFifo> {
 protected:
  static constexpr std::uint64_t kCapacity = 500;

  bool access(std::uint64_t number) { return shard_.access(id_of(number), kCapacity); }
  double hits_of_loop(std::uint64_t length, int rounds) {
    int hits = 0;
    for (int round = 0; round < rounds; ++round) {
      for (std::uint64_t i = 0; i < length; ++i) hits += access(i);
    }
    return hits / (rounds * static_cast<double>(length));
  }
};

// Of a loop of twice the capacity half could hit; of S3-FIFO's nothing stays, or as much as ghosts bring back.
TEST_F(GatedFifoTest, ALoopDoesNotReplaceMain) {
  policy_.set_shares({0.02, 2, 1});
  hits_of_loop(2 * kCapacity, 10);
  EXPECT_GT(hits_of_loop(2 * kCapacity, 10), 0.45);
}

TEST_F(GatedFifoTest, WhileThereIsRoomMainFillsAsWell) {
  for (std::uint64_t i = 0; i < kCapacity; ++i) access(i);
  // The small queue has a tenth; all others are in main, and so outlive what comes once.
  for (std::uint64_t i = 0; i < kCapacity * 8 / 10; ++i) access(i);
  for (std::uint64_t i = 0; i < 3 * kCapacity; ++i) access(10'000 + i);
  std::uint64_t left = 0;
  for (std::uint64_t i = 0; i < kCapacity * 8 / 10; ++i) left += shard_.contains(id_of(i));
  EXPECT_GT(left, kCapacity * 7 / 10);
}

TEST_F(GatedFifoTest, WhatComesBackMoreOftenThanMainIsUsedEntersIt) {
  for (std::uint64_t i = 0; i < kCapacity; ++i) access(i);
  for (std::uint64_t round = 0; round < 6; ++round) {  // evicted each time, and remembered
    access(77'777);
    for (std::uint64_t i = 0; i < kCapacity / 4; ++i) access(100'000 * (round + 1) + i);
  }
  EXPECT_TRUE(shard_.contains(id_of(77'777)));
}

TEST_F(GatedFifoTest, WhatComesBackLessOftenThanThatStaysOut) {
  for (int round = 0; round < 4; ++round) {
    for (std::uint64_t i = 0; i < kCapacity; ++i) access(i);
  }
  for (std::uint64_t round = 0; round < 2; ++round) {
    access(77'777);
    for (std::uint64_t i = 0; i < kCapacity / 4; ++i) access(100'000 * (round + 1) + i);
  }
  EXPECT_FALSE(shard_.contains(id_of(77'777)));
}

// Or main would hold for ever what was popular once.
TEST_F(GatedFifoTest, CountsAreForgotten) {
  for (int round = 0; round < 60; ++round) {
    for (std::uint64_t i = 0; i < kCapacity; ++i) access(i);
    for (std::uint64_t i = 0; i < kCapacity / 10; ++i) access(1'000'000 + i);
  }
  for (int round = 0; round < 60; ++round) {
    for (std::uint64_t i = 0; i < kCapacity * 9 / 10; ++i) access(500'000 + i);
  }
  std::uint64_t left = 0;
  for (std::uint64_t i = 0; i < kCapacity; ++i) left += shard_.contains(id_of(i));
  EXPECT_LT(left, kCapacity / 4);
}

TEST_F(GatedFifoTest, ABorderThatMovesIsFollowed) {
  policy_.set_shares({0.6, 1, 0});
  for (std::uint64_t i = 0; i < 20 * kCapacity; ++i) access(i);
  for (std::uint64_t i = 20 * kCapacity - kCapacity * 55 / 100; i < 20 * kCapacity; ++i) EXPECT_TRUE(access(i)) << i;
  policy_.set_shares({0.02, 2, 1});
  hits_of_loop(2 * kCapacity, 30);
  EXPECT_GT(hits_of_loop(2 * kCapacity, 10), 0.45);
}

TEST_F(GatedFifoTest, FullIsNearTheWeightAtWhichItEvicted) {
  EXPECT_FALSE(policy_.is_full(kCapacity));
  for (std::uint64_t i = 0; i <= kCapacity; ++i) access(i);
  EXPECT_TRUE(policy_.is_full(kCapacity));
  EXPECT_FALSE(policy_.is_full(kCapacity * 8 / 10));
  EXPECT_FALSE(policy_.is_full(kCapacity * 12 / 10));
}

class SizedGatedFifoTest : public GatedFifoTest {
 protected:
  using Objective = GatedFifo::Objective;
  // Whether it was a hit.
  static bool access(FakeResidents& shard, EntryId id, std::uint32_t weight, std::uint64_t capacity) {
    if (shard.contains(id)) {
      shard.hit(id);
      return true;
    }
    while (shard.weight() + weight > capacity) EXPECT_TRUE(shard.evict());
    shard.insert(id, weight);
    return false;
  }
  // All but the first few are large then.
  static void fill_and_resize(FakeResidents& shard, std::uint64_t entries, std::uint64_t small_ones) {
    for (std::uint64_t i = 0; i < entries; ++i) shard.insert(id_of(i), 10);
    for (std::uint64_t i = small_ones; i < entries; ++i) shard.resize(id_of(i), 1'000'000);
  }
};

TEST_F(SizedGatedFifoTest, WhereAllWeighTheSameTheObjectiveMakesNoDifference) {
  GatedFifo for_requests({0.1, 2, 0}, Objective::kRequests);
  GatedFifo for_bytes({0.1, 2, 0}, Objective::kBytes);
  FakeResidents shards[] = {FakeResidents(for_requests), FakeResidents(for_bytes)};
  base::Random random(1);
  int hits = 0;
  for (int i = 0; i < 50'000; ++i) {
    const EntryId id = id_of(random.below(1 + random.below(2'000)));
    const bool hit = access(shards[0], id, 70, 70 * kCapacity);
    ASSERT_EQ(access(shards[1], id, 70, 70 * kCapacity), hit) << i;
    hits += hit;
  }
  EXPECT_GT(hits, 20'000);
  for_requests.clear(shards[0]);
  for_bytes.clear(shards[1]);
}

// Nothing is used again, and as many small ones come as large ones.
TEST_F(SizedGatedFifoTest, ForRequestsOneStaysAsMuchLongerAsItIsLighter) {
  for (const auto& [objective, least, most] :
       {std::tuple{Objective::kRequests, 50.0, 80.0}, {Objective::kBytes, 0.9, 1.1}}) {
    GatedFifo policy({0.99, 2, 0}, objective);
    FakeResidents shard(policy);
    for (std::uint64_t i = 0; i < 200'000; ++i) access(shard, id_of(i), i % 2 != 0 ? 640 : 10, 320'000);
    std::array<double, 2> count = {};
    for (std::uint64_t i = 0; i < 200'000; ++i) count[i % 2] += shard.contains(id_of(i));
    EXPECT_GT(count[0] / count[1], least);
    EXPECT_LT(count[0] / count[1], most);
    policy.clear(shard);
  }
}

// Their ids stand where those of small ones stand, of which there are few or none any more.
TEST_F(SizedGatedFifoTest, WhatWasGivenAnotherWeightLeavesAsOthersDo) {
  constexpr std::uint64_t kEntries = 5'000;
  for (const std::uint64_t small_ones : {0u, 1u, 60u}) {
    GatedFifo policy({0.99, 2, 0});
    FakeResidents shard(policy);
    fill_and_resize(shard, kEntries, small_ones);
    int refused = 0;
    for (std::uint64_t i = 0; i < 2 * kEntries; ++i) {
      while (shard.weight() + 1'000'000 > kEntries * 1'000'000) refused += !policy.evict(shard);
      shard.insert(id_of(kEntries + i), 1'000'000);
    }
    EXPECT_LT(refused, 10);
    std::uint64_t left = 0;
    for (std::uint64_t i = small_ones; i < kEntries; ++i) left += shard.contains(id_of(i));
    EXPECT_LE(left, kEntries / 50 + small_ones);  // in main
    policy.clear(shard);
  }
}

// The class of nearly all bytes has no ids.
TEST_F(SizedGatedFifoTest, WhereAllThatIsLargeHasGrownSomethingIsFoundAtOnce) {
  GatedFifo policy({0.99, 2, 0});
  FakeResidents shard(policy);
  fill_and_resize(shard, 5'000, 4'000);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(policy.evict(shard));
  policy.clear(shard);
}

}  // namespace
}  // namespace larder::eviction
