// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/ghost_queue.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "eviction/fake_residents.h"

namespace larder::eviction {
namespace {

class GhostQueueTest : public testing::Test {
 protected:
  void TearDown() override {
    ghosts_.clear(memory_);
    EXPECT_EQ(memory_.live_bytes, 0u);
  }
  void insert(EntryId id, std::uint64_t capacity, unsigned count = 0) {
    ghosts_.fit(memory_, capacity);
    ghosts_.insert(memory_, id, count);
  }
  std::uint64_t take(EntryId first, EntryId count) {
    std::uint64_t found = 0;
    for (EntryId id = first; id < first + count; ++id) found += ghosts_.take(id) >= 0;
    return found;
  }

  FakeResidents memory_;
  GhostQueue ghosts_;
};

TEST_F(GhostQueueTest, RemembersNothingAtFirst) {
  ghosts_.prefetch(1);
  EXPECT_EQ(ghosts_.take(1), -1);
  EXPECT_EQ(take(0, 1'000), 0u);
}

TEST_F(GhostQueueTest, RemembersOnceAndIsForgottenWhenTaken) {
  insert(42, 1'000);
  ghosts_.prefetch(42);
  EXPECT_EQ(ghosts_.take(42), 0);
  EXPECT_EQ(ghosts_.take(42), -1);
}

TEST_F(GhostQueueTest, RemembersAboutAsManyAsItsCapacity) {
  constexpr EntryId kCapacity = 10'000;
  for (EntryId id = 0; id < 5 * kCapacity; ++id) insert(id, kCapacity);
  EXPECT_GE(take(5 * kCapacity - kCapacity / 2, kCapacity / 2), kCapacity / 2 * 98 / 100);  // the younger half
  EXPECT_LE(take(0, 3 * kCapacity), 3 * kCapacity / 150);                                   // long gone: by mistake
}

TEST_F(GhostQueueTest, MistakesOneForAnotherRarely) {
  constexpr EntryId kCapacity = 10'000;
  for (EntryId id = 0; id < 2 * kCapacity; ++id) insert(id, kCapacity);
  // 17 in 4,096 of 20,000 are 83; what is taken by mistake is gone, and makes it less.
  const std::uint64_t mistaken = take(1'000'000, 20'000);
  EXPECT_LE(mistaken, 83u + 40u);
}

// In a small one the order is exact, and what is taken makes room.
TEST_F(GhostQueueTest, ForgetsTheOldestWhenThereAreMoreThanItsCapacity) {
  constexpr EntryId kCapacity = 60;
  for (EntryId id = 0; id < 200; ++id) insert(id, kCapacity);
  EXPECT_LE(take(0, 140), 3u);  // by mistake, or none
  EXPECT_GE(take(150, 30), 28u);
  for (EntryId id = 200; id < 225; ++id) insert(id, kCapacity);
  EXPECT_GE(take(141, 9), 7u);  // no more than the capacity came since
}

TEST_F(GhostQueueTest, CountsAreKeptAndHalved) {
  insert(1, 100, 15);
  insert(2, 100, 9);
  insert(3, 100, 1);
  EXPECT_EQ(ghosts_.take(1), 15);
  ghosts_.halve_counts();
  insert(4, 100, 8);
  EXPECT_EQ(ghosts_.take(2), 4);
  ghosts_.halve_counts();
  EXPECT_EQ(ghosts_.take(3), 0);
  EXPECT_EQ(ghosts_.take(4), 4);
}

TEST_F(GhostQueueTest, WhatIsForgottenStaysSoHoweverOftenCountsAreHalved) {
  constexpr EntryId kCapacity = 1'000;
  for (EntryId id = 0; id < 3 * kCapacity; ++id) insert(id, kCapacity);
  for (int i = 0; i < 2'000; ++i) ghosts_.halve_counts();
  EXPECT_LE(take(0, kCapacity), 25u);  // 17 in 4,096, by mistake
}

TEST_F(GhostQueueTest, AfterBecomingSmallItRemembersAgain) {
  for (EntryId id = 0; id < 20'000; ++id) insert(id, 20'000);
  for (int i = 0; i < 200; ++i) ghosts_.fit(memory_, 100);
  for (EntryId id = 30'000; id < 31'000; ++id) insert(id, 100);
  EXPECT_GE(take(30'920, 80), 75u);
  EXPECT_LE(take(30'000, 800), 12u);
}

TEST_F(GhostQueueTest, GrowsAndForgetsNothingByThat) {
  for (EntryId id = 0; id < 900; ++id) insert(id, 1'000);
  insert(900, 10'000);
  EXPECT_GE(take(0, 900), 850u);  // in the table that is replaced
  EXPECT_EQ(ghosts_.take(900), 0);
}

TEST_F(GhostQueueTest, ReplacedTableGoesWhenTheNewOneHasFilled) {
  for (EntryId id = 0; id < 20'000; ++id) insert(id, 20'000);
  for (EntryId id = 20'000; id < 50'100; ++id) insert(id, 30'000);
  for (int i = 0; i < 100; ++i) ghosts_.fit(memory_, 30'000);
  EXPECT_LT(memory_.live_bytes, 4.1 * 30'000);
  // Nothing of the old table is asked any more; 17 in 4,096 are found by mistake.
  EXPECT_LE(take(0, 18'000), 75u + 40u);
}

// It need not remember anything new for that.
TEST_F(GhostQueueTest, ATableThatIsFarTooLargeGoesPieceByPiece) {
  for (EntryId id = 0; id < 20'000; ++id) insert(id, 20'000);
  for (EntryId id = 20'000; id < 20'100; ++id) insert(id, 30'000);  // there are two now
  for (std::uint64_t capacity = 14'000; capacity > 0; capacity /= 2) {
    for (int i = 0; i < 20; ++i) {
      const std::size_t before = memory_.live_bytes;
      ghosts_.fit(memory_, capacity);
      ASSERT_LE(before - std::min(before, memory_.live_bytes), 5u * 4'096);
    }
    EXPECT_LT(memory_.live_bytes, 3 * 4.0 * static_cast<double>(capacity) + 2 * 8'192);
  }
  EXPECT_LE(take(0, 20'100), 85u + 40u);
}

TEST_F(GhostQueueTest, TakesFourBytesAGhost) {
  constexpr EntryId kCapacity = 100'000;
  for (EntryId id = 0; id < 3 * kCapacity; ++id) insert(id, kCapacity);
  EXPECT_LE(static_cast<double>(memory_.live_bytes), 3.9 * kCapacity);
}

TEST_F(GhostQueueTest, AllocatesLinesWhenTheyAreFirstUsed) {
  insert(1, 1'000'000);
  EXPECT_LE(memory_.live_bytes, 4'096u + 1'024u + 1'000'000u / 17 / 63 * 8 + 64);
}

TEST_F(GhostQueueTest, WithoutMemoryItRemembersNothingAndGoesOn) {
  memory_.refuses = true;
  insert(1, 1'000);
  EXPECT_EQ(ghosts_.take(1), -1);
  memory_.refuses = false;
  insert(1, 1'000);
  EXPECT_EQ(ghosts_.take(1), 0);
}

TEST_F(GhostQueueTest, NoCapacityNoGhosts) {
  insert(1, 0);
  EXPECT_EQ(ghosts_.take(1), -1);
  EXPECT_EQ(memory_.live_bytes, 0u);
}

TEST_F(GhostQueueTest, ClearForgetsAllAndCanBeUsedAgain) {
  for (EntryId id = 0; id < 500; ++id) insert(id, 1'000);
  ghosts_.clear(memory_);
  EXPECT_EQ(memory_.live_bytes, 0u);
  EXPECT_EQ(take(0, 500), 0u);
  insert(7, 1'000);
  EXPECT_EQ(ghosts_.take(7), 0);
}

}  // namespace
}  // namespace larder::eviction
