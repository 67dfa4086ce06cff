// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "store/circuit_breaker.h"
#include "store/rate_limit.h"

namespace larder::store {
namespace {

TEST(Backoff, DoublesUpToTheMost) {
  const Backoff backoff{.first_ms = 50, .most_ms = 1'000};
  const std::uint64_t longest[] = {50, 100, 200, 400, 800, 1'000, 1'000};
  for (std::uint32_t i = 0; i < std::size(longest); ++i) EXPECT_EQ(backoff.longest_ms(i + 1), longest[i]);
  EXPECT_EQ(backoff.longest_ms(~0u), 1'000u);
}

TEST(Backoff, IsSpreadOverTheWholeWait) {
  const Backoff backoff{.first_ms = 8, .most_ms = 8};
  base::Random random(1);
  int seen[9] = {};
  for (int i = 0; i < 800; ++i) ++seen[backoff.wait_ms(1, random)];
  EXPECT_EQ(seen[0], 0);
  for (int i = 1; i <= 8; ++i) EXPECT_GT(seen[i], 50) << i;
}

TEST(CircuitBreaker, OpensAfterSoManyAndClosesByAProbe) {
  CircuitBreaker breaker(3, {.first_ms = 100, .most_ms = 100}, 1);
  for (int i = 0; i < 2; ++i) breaker.failed(0);
  breaker.succeeded();
  for (int i = 0; i < 2; ++i) breaker.failed(0);
  EXPECT_FALSE(breaker.open());
  breaker.failed(0);
  ASSERT_TRUE(breaker.open());
  EXPECT_EQ(breaker.ask(0), CircuitBreaker::May::kNotYet);
  EXPECT_LE(breaker.open_until_ms(), 100u);
  EXPECT_EQ(breaker.ask(100), CircuitBreaker::May::kProbe);
  EXPECT_EQ(breaker.ask(100), CircuitBreaker::May::kNotYet) << "one at a time";
  breaker.failed(100);
  EXPECT_EQ(breaker.ask(100), CircuitBreaker::May::kNotYet);
  EXPECT_EQ(breaker.ask(200), CircuitBreaker::May::kProbe);
  breaker.succeeded();
  EXPECT_EQ(breaker.ask(200), CircuitBreaker::May::kCall);
}

TEST(CircuitBreaker, WithoutALimitNeverOpens) {
  CircuitBreaker breaker(0, {}, 1);
  for (int i = 0; i < 1'000; ++i) breaker.failed(0);
  EXPECT_EQ(breaker.ask(0), CircuitBreaker::May::kCall);
}

TEST(RateLimit, LetsSoManyASecondThrough) {
  RateLimit limit(10);
  EXPECT_EQ(limit.take(25, 1'000), 10u);
  EXPECT_EQ(limit.take(1, 1'000), 0u);
  EXPECT_EQ(limit.take(1, 1'099), 0u);
  EXPECT_EQ(limit.take(5, 1'250), 2u);
  EXPECT_EQ(limit.take(5, 1'300), 1u);
  limit.correct(1, 0);
  EXPECT_EQ(limit.take(5, 1'300), 1u) << "it was not used";
  EXPECT_EQ(limit.take(100, 100'000), 10u) << "no more than a second's worth is saved up";
}

TEST(RateLimit, WhoGoesBeyondItIsInDebt) {
  RateLimit limit(10);
  EXPECT_EQ(limit.take(1, 1'000), 1u);
  limit.correct(1, 20);  // one command's, not to be parted
  EXPECT_EQ(limit.take(5, 2'000), 0u);
  EXPECT_EQ(limit.take(5, 2'100), 1u);
}

TEST(RateLimit, WithoutALimitLetsAllThrough) {
  RateLimit limit(0);
  EXPECT_EQ(limit.take(1'000'000, 0), 1'000'000u);
}

}  // namespace
}  // namespace larder::store
