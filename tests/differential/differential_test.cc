// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The same random commands to Larder, to the naive model and to a real redis-server.
//
// What the generator leaves out or the comparison forgives, because the two differ on purpose or where Redis has no
// answer:
//
//   - keys above 65,535 bytes, more than 1,024 pairs, values above value_bytes_max: Larder's limits are its own
//   - lcs of more than 2 M cells: the limits differ (and the model is slow)
//   - times to live beyond 4,000 years, and of seconds to minutes: the clocks differ; exactness is model_test's
//   - EXAT and PXAT of zero and less in SET: an error in Redis, a key that has ended in Larder
//   - DBSIZE right after SET with a PXAT in the past: Redis counts the key until somebody looks at it
//   - an invalid time in GETEX of a missing key: Redis looks for the key first
//   - bit counts and positions with one end and a unit: Redis's syntax wants both ends
//   - BITFIELD OVERFLOW SAT SET of numbers below -2^62: Redis saturates at the wrong end
//   - BITFIELD all of whose writes were refused: Redis makes the value longer and does not break a watch on it
//   - the empty key and patterns but "*": to Redis even "**" does not match it
//   - bytes above 127 in the ranges of patterns: Redis orders them as the machine's char does
//   - STRLEN of a missing key is 0 in Redis and a miss in Larder; SET ... GET does not say whether it stored
//   - a false conflict of compare_and_set
#include <gtest/gtest.h>

#include <memory>

#include "differential/frozen_clock.h"
#include "differential/redis_comparison.h"
#include "larder/cache.h"
#include "model/larder_subject.h"
#include "support/depth.h"
#include "support/is_well.h"

namespace larder::differential {
namespace {

Options options_for(std::uint32_t shards, Clock& clock) {
  Options options;
  options.max_memory = 0;
  options.shards = shards;
  options.clock = &clock;
  options.seed = 1;
  return options;
}

class LarderThird final : public Third {
 public:
  LarderThird(std::int64_t now_ms, std::uint32_t shards)
      : clock_(now_ms), cache_(options_for(shards, clock_)), driver_(cache_) {}
  ~LarderThird() override { EXPECT_TRUE(cache_.check_invariants().ok()) << cache_.check_invariants().to_string(); }

  model::Answer run(const model::Command& command) override { return driver_.run(command); }

 private:
  FrozenClock clock_;
  Cache cache_;
  model::CacheDriver driver_;
};

class Differential : public testing::TestWithParam<std::uint32_t> {};

TEST_P(Differential, LarderAnswersAsRedisDoes) {
  const MakeThird make = [](std::int64_t now_ms) { return std::make_unique<LarderThird>(now_ms, GetParam()); };
  EXPECT_TRUE(support::is_well(compare_random_runs_with_redis(make, support::count(60, 3'000), 1'000)));
}

INSTANTIATE_TEST_SUITE_P(Shards, Differential, testing::Values(1u, 16u));

}  // namespace
}  // namespace larder::differential
