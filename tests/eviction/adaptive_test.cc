// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/adaptive.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/random.h"
#include "eviction/policy_fixture.h"

namespace larder::eviction {
namespace {

EntryId id_of(std::uint64_t number) { return static_cast<EntryId>(base::mix64(number + 1)); }

class AdaptiveTest : public PolicyFixture<Adaptive> {
 protected:
  static constexpr std::uint64_t kCapacity = 1'000;

  AdaptiveTest() : AdaptiveTest(std::make_shared<SharesChooser>()) {}
  bool access(std::uint64_t number) { return shard_.access(id_of(number), kCapacity); }
  void loop(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (std::uint64_t i = 0; i < kCapacity * 2; ++i) access(i);
    }
  }
  // Each key is used again once, soon: the nearer its use, the better its chance.
  void use_twice(std::uint64_t requests) {
    for (std::uint64_t i = 0; i < requests; ++i) {
      access(1'000'000 + i);
      if (i >= kCapacity) access(1'000'000 + i - random_.below(kCapacity * 7 / 10));
    }
  }

  base::Random random_{1};
  std::shared_ptr<SharesChooser> chooser_;

 private:
  explicit AdaptiveTest(const std::shared_ptr<SharesChooser>& chooser)
      : PolicyFixture(chooser, std::uint64_t{1}), chooser_(chooser) {}
};

TEST_F(AdaptiveTest, TheSmallQueueIsShortForALoopAndLongForWhatWasUsedLately) {
  EXPECT_DOUBLE_EQ(chooser_->shares().small, 0.1);
  loop(20);
  EXPECT_LT(chooser_->shares().small, 0.05);
  EXPECT_EQ(chooser_->shares().promote_at, 2);
  EXPECT_EQ(chooser_->shares().margin, 1);
  use_twice(40'000);
  EXPECT_GT(chooser_->shares().small, 0.4);
  EXPECT_EQ(chooser_->shares().promote_at, 1);
  EXPECT_EQ(chooser_->shares().margin, 0);
  loop(60);
  EXPECT_LT(chooser_->shares().small, 0.05);
}

TEST_F(AdaptiveTest, WhatMakesNoDifferenceMovesLittle) {
  for (std::uint64_t i = 0; i < 100 * kCapacity; ++i) access(i);  // nothing is ever used again
  EXPECT_GT(chooser_->shares().small, 0.05);
  EXPECT_LT(chooser_->shares().small, 0.2);
}

TEST_F(AdaptiveTest, TheSampleShrinksAsTheCacheGrowsAndGrowsAsItShrinks) {
  std::uint16_t before = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    shard_.insert(id_of(i));
    ASSERT_GE(chooser_->unsampled(), before);
    before = chooser_->unsampled();
  }
  EXPECT_EQ(before, 255);  // 100'000 / 256 is below 512
  EXPECT_LT(chooser_->bytes(), 180u * 1'024);
  for (std::uint64_t i = 1'000; i < 100'000; ++i) shard_.remove(id_of(i));
  for (std::uint64_t i = 100'000; i < 110'000; ++i) access(i);
  EXPECT_LT(chooser_->unsampled(), 15);
}

// Hits alone need no choice.
TEST_F(AdaptiveTest, TheSampleIsPaidForByWhatComes) {
  for (std::uint64_t i = 0; i < kCapacity; ++i) access(i);
  EXPECT_NE(chooser_->unsampled(), Residents::kNoSample);
  for (int round = 0; round < 300; ++round) {
    for (std::uint64_t i = 0; i < kCapacity; ++i) ASSERT_TRUE(access(i));
  }
  EXPECT_EQ(chooser_->unsampled(), Residents::kNoSample);
  bool woke = false;
  for (int round = 0; round < 100 && !woke; ++round) {
    loop(1);
    woke = chooser_->unsampled() != Residents::kNoSample;
  }
  EXPECT_TRUE(woke);
}

}  // namespace
}  // namespace larder::eviction
