// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A deadline holds to the millisecond, however far the coarse clock lags behind.
#include <gtest/gtest.h>

#include <string>

#include "larder/cache.h"

namespace larder {
namespace {

class LaggingClock final : public Clock {
 public:
  explicit LaggingClock(std::chrono::nanoseconds lag) : lag_(lag) {}
  std::chrono::nanoseconds monotonic() override {
    ++precise_readings;
    return exact_.monotonic();
  }
  std::chrono::nanoseconds monotonic_coarse() override { return exact_.monotonic() - lag_; }
  std::chrono::milliseconds unix_time() override { return exact_.unix_time(); }
  void advance(Milliseconds by) { exact_.advance(by); }

  int precise_readings = 0;

 private:
  ManualClock exact_;
  const std::chrono::nanoseconds lag_;
};

class Lag : public testing::TestWithParam<int> {};

TEST_P(Lag, ServesNothingBeyondItsDeadline) {
  for (const Milliseconds ttl : {Milliseconds(1), Milliseconds(500), Milliseconds(1'000), Milliseconds(1'001),
                                 Milliseconds(60'000), Milliseconds(86'400'000)}) {
    LaggingClock clock{Milliseconds(GetParam())};
    Options options;
    options.clock = &clock;
    Cache cache(options);
    ASSERT_TRUE(cache.set("k", "v", {.ttl = ttl}).ok());
    clock.advance(ttl - Milliseconds(1));
    EXPECT_EQ(cache.get("k").value_or(""), "v") << ttl.count();
    EXPECT_EQ(cache.ttl("k")->left, Milliseconds(1)) << ttl.count();
    clock.advance(Milliseconds(1));
    EXPECT_TRUE(cache.get("k").missing()) << ttl.count();
  }
}

TEST_P(Lag, AFarDeadlineReadsNoPreciseClock) {
  LaggingClock clock{Milliseconds(GetParam())};
  Options options;
  options.clock = &clock;
  Cache cache(options);
  ASSERT_TRUE(cache.set("k", "v", {.ttl = Milliseconds(60'000)}).ok());
  const int before = clock.precise_readings;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(cache.get("k").has_value());
  EXPECT_EQ(clock.precise_readings, before);
}

INSTANTIATE_TEST_SUITE_P(Milliseconds, Lag, testing::Values(0, 1, 10, 999));

}  // namespace
}  // namespace larder
