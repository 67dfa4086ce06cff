// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "memory/limit.h"

#include <gtest/gtest.h>

namespace larder::memory {
namespace {

TEST(Limit, LeasesUpToTheLastUnitAndNoFurther) {
  Limit limit(100);
  EXPECT_TRUE(limit.lease(60));
  EXPECT_FALSE(limit.lease(41));
  EXPECT_EQ(limit.used(), 60);  // a refusal takes nothing
  EXPECT_TRUE(limit.lease(40));
  EXPECT_EQ(limit.left(), 0);
  EXPECT_FALSE(limit.lease(1));
  limit.give_back(1);
  EXPECT_TRUE(limit.lease(1));
}

TEST(Limit, LoweringBelowUsageRefusesUntilEnoughCameBack) {
  Limit limit(100);
  ASSERT_TRUE(limit.lease(80));
  limit.set_max(50);
  EXPECT_EQ(limit.max(), 50);
  EXPECT_EQ(limit.left(), -30);
  EXPECT_EQ(limit.used(), 80);
  EXPECT_FALSE(limit.lease(1));
  limit.give_back(30);
  EXPECT_FALSE(limit.lease(1));
  limit.give_back(1);
  EXPECT_TRUE(limit.lease(1));
  limit.set_max(60);
  EXPECT_EQ(limit.left(), 10);
  EXPECT_EQ(limit.used(), 50);
}

TEST(Limit, KnowsWhetherItBounds) {
  EXPECT_TRUE(Limit(1).bounded());
  Limit limit(Limit::kUnbounded);
  EXPECT_FALSE(limit.bounded());
  EXPECT_TRUE(limit.lease(std::int64_t{1} << 50));
  limit.set_max(5);
  EXPECT_TRUE(limit.bounded());
}

TEST(Lease, TakesASliceAtATimeWhileThereIsOne) {
  Limit limit(100);
  Lease lease(limit, 10);
  EXPECT_TRUE(lease.ensure(3));
  EXPECT_EQ(limit.used(), 10);
  lease.spend(3);
  EXPECT_EQ(lease.available(), 7);
  EXPECT_TRUE(lease.ensure(7));
  EXPECT_EQ(limit.used(), 10);  // nothing more is taken than is missing
  EXPECT_TRUE(lease.ensure(40));
  EXPECT_EQ(limit.used(), 43);  // 40 less the 7 that are here
}

TEST(Lease, TakesWhatIsMissingWhenNoSliceIsLeft) {
  Limit limit(15);
  Lease lease(limit, 10);
  ASSERT_TRUE(lease.ensure(10));
  lease.spend(10);
  EXPECT_TRUE(lease.ensure(5));
  EXPECT_EQ(limit.left(), 0);
  EXPECT_FALSE(lease.ensure(6));
  EXPECT_EQ(lease.available(), 5);  // a refusal changes nothing
}

TEST(Lease, WhatIsReturnedLaterIsSpentAgainBeforeMoreIsLeased) {
  Limit limit(10);
  Lease lease(limit, 10);
  ASSERT_TRUE(lease.ensure(10));
  lease.spend(10);
  lease.return_later(4);
  EXPECT_EQ(lease.available(), 4);
  EXPECT_EQ(limit.used(), 10);
  EXPECT_TRUE(lease.ensure(4));
  EXPECT_FALSE(lease.ensure(5));
  lease.spend(4);
  EXPECT_EQ(lease.available(), 0);  // counted once
}

TEST(Lease, GivesBackTheSurplusAndKeepsASlice) {
  Limit limit(100);
  Lease lease(limit, 10);
  ASSERT_TRUE(lease.ensure(50));
  lease.spend(50);
  lease.earn(20);
  lease.give_back_surplus();
  EXPECT_EQ(lease.available(), 20);  // two slices are no surplus yet
  lease.return_later(1);
  lease.give_back_surplus();
  EXPECT_EQ(lease.available(), 10);
  EXPECT_EQ(limit.used(), 39);  // 29 spent, and the slice
}

TEST(Lease, GivesBackAllWhenAsked) {
  Limit limit(100);
  Lease lease(limit, 10);
  ASSERT_TRUE(lease.ensure(5));
  lease.spend(5);
  lease.return_later(5);
  lease.give_back_surplus(true);
  EXPECT_EQ(lease.available(), 0);
  EXPECT_EQ(limit.used(), 0);
}

}  // namespace
}  // namespace larder::memory
