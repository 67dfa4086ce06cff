// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/gated_fifo.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace larder::eviction
