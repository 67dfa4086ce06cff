// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "larder/stats.h"

namespace larder {
namespace {

LatencyHistogram histogram_of(const std::vector<std::uint64_t>& latencies) {
  LatencyHistogram histogram;
  for (const std::uint64_t us : latencies) {
    ++histogram.buckets[static_cast<std::size_t>(std::bit_width(us))];
    ++histogram.count;
    histogram.sum_us += us;
    histogram.max_us = std::max(histogram.max_us, us);
  }
  return histogram;
}

TEST(LatencyHistogram, OfNothingIsZero) {
  for (const double share : {0.0, 0.5, 1.0}) EXPECT_EQ(LatencyHistogram().quantile_us(share), 0u);
}

TEST(LatencyHistogram, OfOneLatencyIsThatOne) {
  for (const std::uint64_t us : {0u, 1u, 2u, 3u, 4u, 1'000u, 1'024u, 1'000'000u}) {
    for (const double share : {0.0, 0.01, 0.5, 1.0}) EXPECT_EQ(histogram_of({us}).quantile_us(share), us);
  }
}

TEST(LatencyHistogram, IsTheEndOfABucketButForTheLongest) {
  const struct {
    std::uint64_t us, bound;
  } cases[] = {{0, 1}, {1, 2}, {2, 4}, {3, 4}, {4, 8}, {1'000, 1'024}, {1'024, 2'048}, {1'000'000, 1 << 20}};
  for (const auto& one : cases) {
    const LatencyHistogram histogram = histogram_of({one.us, 100'000'000});
    for (const double share : {0.0, 0.01, 0.5}) EXPECT_EQ(histogram.quantile_us(share), one.bound) << one.us << " us";
    EXPECT_EQ(histogram.quantile_us(1.0), 100'000'000u);
  }
}

TEST(LatencyHistogram, QuantilesDivideTheLatencies) {
  const LatencyHistogram histogram = histogram_of({1, 3, 3, 3, 100, 100, 100, 100, 100, 5'000});
  const struct {
    double share;
    std::uint64_t bound;
  } cases[] = {{0.0, 2}, {0.1, 2}, {0.11, 4}, {0.4, 4}, {0.41, 128}, {0.9, 128}, {0.91, 5'000}, {1.0, 5'000}};
  for (const auto& one : cases) EXPECT_EQ(histogram.quantile_us(one.share), one.bound) << one.share;
}

TEST(LatencyHistogram, AQuantileIsAnUpperBoundAndAtMostTwiceAsMuch) {
  base::Random random(11);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::uint64_t> latencies;
    for (std::uint64_t i = 0; i < 1 + random.below(300); ++i)
      latencies.push_back(random.below(1ULL << random.below(30)));
    const LatencyHistogram histogram = histogram_of(latencies);
    std::sort(latencies.begin(), latencies.end());
    std::uint64_t before = 0;
    for (int percent = 1; percent <= 100; ++percent) {
      const std::size_t rank = (latencies.size() * static_cast<std::size_t>(percent) + 99) / 100;
      const std::uint64_t bound = histogram.quantile_us(percent / 100.0);
      ASSERT_GE(bound, latencies[rank - 1]) << percent << " % of " << latencies.size();
      ASSERT_GE(bound, before);
      before = bound;
    }
    ASSERT_EQ(histogram.quantile_us(1.0), latencies.back());
  }
}

}  // namespace
}  // namespace larder
