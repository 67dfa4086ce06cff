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
  for (std::uint64_t i = 1'000; i < 100'000; ++i) shard_.remove(id_of(i));
  for (std::uint64_t i = 100'000; i < 110'000; ++i) access(i);
  EXPECT_LT(chooser_->unsampled(), 15);
}

// Also of entries that weigh much less than others, of which a shadow would hold many.
TEST(SharesChooserMemory, TakesNoMoreMemoryThanItMay) {
  for (const std::size_t bytes_max : {SharesChooser::kBytesMin, std::size_t{220} << 10, SharesChooser::kBytesMax}) {
    const auto chooser = std::make_shared<SharesChooser>(GatedFifo::Objective::kRequests, bytes_max);
    Adaptive policy(chooser, 1);
    FakeResidents shard(policy);
    base::Random random(3);
    std::size_t most = 0;
    for (std::uint64_t i = 0; i < 200'000; ++i) {
      const auto id = static_cast<EntryId>(base::mix64(random.below(i % 50'000 < 25'000 ? 2'000 : 100'000)));
      const std::uint64_t capacity = i < 100'000 ? 3'000'000 : 100'000;
      if (!shard.access(id, capacity))
        shard.resize(id, static_cast<std::uint32_t>(1 + random.below(random.below(2'000) + 1)));
      most = std::max(most, chooser->bytes());
    }
    EXPECT_LE(most, bytes_max);
    EXPECT_GT(most, bytes_max / 4);
    EXPECT_NE(chooser->shares().small, 0.1);
    policy.clear(shard);
  }
}

// Nor is there anything to choose by: the shares stay as published.
TEST(SharesChooserMemory, WithoutItThereIsNone) {
  const std::unique_ptr<EvictionPolicy> policy = Eviction::adaptive().for_one_cache(0).factory()(1);
  FakeResidents shard(*policy);
  for (std::uint64_t i = 0; i < 100'000; ++i) shard.access(static_cast<EntryId>(base::mix64(i % 2'000)), 1'000);
  EXPECT_EQ(shard.unsampled, Residents::kNoSample);
  EXPECT_LT(shard.live_bytes, 24u << 10);
  policy->clear(shard);
  EXPECT_EQ(shard.live_bytes, 0u);
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

TEST_F(AdaptiveTest, AShardThatIsGivenUpIsOfNoAccount) {
  Adaptive other(chooser_, 2);
  FakeResidents its_shard(other);
  for (std::uint64_t i = 0; i < 100'000; ++i) its_shard.insert(id_of(i));
  EXPECT_EQ(chooser_->unsampled(), 255);
  other.clear(its_shard);
  for (std::uint64_t i = 100'000; i < 110'000; ++i) access(i);
  EXPECT_LT(chooser_->unsampled(), 15);
}

// How many keys the shadows hold is seen in what they take.
class SharesChooserTest : public testing::Test {
 protected:
  SharesChooserTest() { chooser_.resize(10, 10, 10'000); }
  std::size_t use(EntryId first, EntryId end, std::uint64_t salt, bool full) {
    for (EntryId i = first; i < end; ++i) chooser_.access(i, salt, 1, full);
    return chooser_.bytes();
  }
  SharesChooser chooser_;
};

TEST_F(SharesChooserTest, EvictsWhereTheShardIsFullOnly) {
  const std::size_t ten = use(0, 400, 0, true);
  EXPECT_GT(use(400, 800, 0, false), 3 * ten);
}

TEST_F(SharesChooserTest, TellsTheKeysOfShardsApart) {
  const std::size_t one = use(0, 100, 0, false);
  EXPECT_EQ(use(0, 100, 0, false), one);
  for (std::uint64_t salt = 1; salt < 4; ++salt) use(0, 100, salt << 32, false);
  EXPECT_GT(chooser_.bytes(), 2 * one);
}

TEST_F(SharesChooserTest, ForgetsWhatWasDeleted) {
  const std::size_t before = use(0, 700, 0, false);
  for (EntryId i = 0; i < 700; ++i) chooser_.remove(i, 0);
  EXPECT_LE(use(1'000, 1'700, 0, false), before * 5 / 4);
}

}  // namespace
}  // namespace larder::eviction
