// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace larder::base {
namespace {

// The reference implementation's first numbers for this seed (S. Vigna, splitmix64.c).
TEST(Random, GivesTheNumbersOfSplitMix64) {
  Random random(1234567);
  for (const std::uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                       4593380528125082431u, 16408922859458223821u}) {
    EXPECT_EQ(random.next(), expected);
  }
}

TEST(Random, BelowStaysBelow) {
  Random random(1);
  for (const std::uint64_t n : {1ull, 2ull, 3ull, 1000ull, 1ull << 32, ~0ull}) {
    for (int i = 0; i < 1'000; ++i) ASSERT_LT(random.below(n), n);
  }
}

TEST(Random, BelowIsEven) {
  Random random(2);
  std::array<int, 7> seen{};
  for (int i = 0; i < 70'000; ++i) ++seen[random.below(7)];
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 600);  // six standard deviations
}

TEST(Random, BelowReachesTheTopOfAWideRange) {
  Random random(3);
  std::uint64_t most = 0;
  for (int i = 0; i < 100; ++i) most = std::max(most, random.below(1ull << 63));
  EXPECT_GT(most, 1ull << 62);
}

TEST(Random, UnpredictableSeedsDiffer) {
  const std::uint64_t one = unpredictable_seed();
  EXPECT_NE(one, unpredictable_seed());
  // Both halves are drawn: they are equal, or zero, once in four thousand million times.
  EXPECT_NE(one >> 32, one & 0xffffffff);
}

}  // namespace
}  // namespace larder::base
