// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The parts of the demo on which its figures and its verdict stand: histogram, row, ledger of freshness, figures as
// text.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "examples/demo/figures.h"
#include "examples/demo/freshness.h"
#include "examples/demo/histogram.h"
#include "examples/demo/row.h"

namespace demo {
namespace {

using std::chrono::nanoseconds;

TEST(HistogramTest, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.quantile(0.5).count(), 0);
  EXPECT_EQ(histogram.max().count(), 0);
}

TEST(HistogramTest, QuantilesAreAtMostThreePercentTooHigh) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::vector<std::int64_t> latencies;
  Histogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    // Over ten powers of ten.
    latencies.push_back(static_cast<std::int64_t>(std::pow(10.0, static_cast<double>(random() % 10'000) / 1'000)));
    histogram.add(nanoseconds(latencies.back()));
  }
  std::sort(latencies.begin(), latencies.end());
  for (const double share : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const std::int64_t exact = latencies[static_cast<std::size_t>(share * 20'000)];
    const std::int64_t given = histogram.quantile(share).count();
    EXPECT_GE(given, exact) << share;
    EXPECT_LE(static_cast<double>(given), static_cast<double>(exact) * (1 + 1.0 / 32) + 1) << share;
  }
  EXPECT_EQ(histogram.max().count(), latencies.back());
  EXPECT_EQ(histogram.quantile(1), histogram.max());
}

TEST(HistogramTest, TakesTheWholeRange) {
  Histogram histogram;
  histogram.add(nanoseconds(-5));  // a clock that went back
  histogram.add(nanoseconds(0));
  histogram.add(nanoseconds::max());
  EXPECT_EQ(histogram.quantile(0).count(), 0);
  EXPECT_EQ(histogram.quantile(0.99), nanoseconds::max());
}

TEST(HistogramTest, AddsAnotherHistogram) {
  Histogram one;
  Histogram other;
  one.add(nanoseconds(10));
  other.add(nanoseconds(20));
  other.add(nanoseconds(30));
  one.add(other);
  EXPECT_EQ(one.count(), 3u);
  EXPECT_EQ(one.quantile(0.5).count(), 20);
  EXPECT_EQ(one.max().count(), 30);
}

TEST(RowTest, AValueShowsItsVersion) {
  std::string payload;
  for (const std::size_t bytes : {kPayloadBytesMin, std::size_t{100}}) {
    make_payload(7, 12'345, bytes, payload);
    EXPECT_EQ(payload.size(), bytes);
    EXPECT_EQ(version_of(make_value(3, payload), 7, bytes), 3u);
  }
}

TEST(RowTest, AnotherRowOrATornValueIsNoValue) {
  std::string before;
  std::string after;
  make_payload(7, 1, 64, before);
  make_payload(7, 2, 64, after);
  const std::string torn = before.substr(0, 32) + after.substr(32);
  EXPECT_FALSE(version_of(make_value(3, before), 8, 64));
  EXPECT_FALSE(version_of(make_value(3, before), 7, 65));
  EXPECT_FALSE(version_of(make_value(3, torn), 7, 64));
  EXPECT_FALSE(version_of("", 7, 64));
}

TEST(FreshnessLedgerTest, KeepsTheNewestCompletedVersion) {
  FreshnessLedger ledger(2);
  EXPECT_EQ(ledger.floor_of(1), 0u);
  ledger.complete(1, 5);
  ledger.complete(1, 4);  // came later, is older
  EXPECT_EQ(ledger.floor_of(1), 5u);
  EXPECT_EQ(ledger.floor_of(0), 0u);
}

TEST(FiguresTest, AreReadable) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'234'567), "1,234,567");
  EXPECT_EQ(bytes_text(512), "512 B");
  EXPECT_EQ(bytes_text(65'536), "64 KiB");
  EXPECT_EQ(bytes_text(1'000), "0.98 KiB");
  EXPECT_EQ(bytes_text(10'244'444), "9.77 MiB");
  EXPECT_EQ(duration_text(nanoseconds(783)), "783 ns");
  EXPECT_EQ(duration_text(nanoseconds(8'124)), "8.12 us");
  EXPECT_EQ(duration_text(std::chrono::seconds(75)), "75.0 s");
  EXPECT_EQ(percent_text(0.653), "65.3 %");
  EXPECT_EQ(rate_text(221'000.7), "221,000/s");
}

}  // namespace
}  // namespace demo
