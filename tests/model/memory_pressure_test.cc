// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Random commands on a cache that is too small for them. What was evicted may be missing, if the listener was told; it
// may never be wrong. Usage never exceeds the bound, and neither does what the allocator has handed out, at any moment.
// Bounds and policies change while it runs.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "model/random_runs.h"
#include "support/is_well.h"

namespace larder::model {
namespace {

constexpr std::size_t kCommands = 1'500;

struct Parameter {
  const char* policy;
  std::uint64_t max_memory;
  std::uint64_t max_entries;
  std::uint32_t shards;
};

class Pressure : public testing::TestWithParam<Parameter> {};

TEST_P(Pressure, EvictsAndIsNeverWrong) {
  const Parameter& parameter = GetParam();
  RunSetup setup;
  setup.policy = parameter.policy;
  setup.max_memory = parameter.max_memory;
  setup.max_entries = parameter.max_entries;
  setup.shards = parameter.shards;
  Tally tally;
  ASSERT_TRUE(support::is_well(compare_random_runs(setup, {.keys = 60}, support::count(8, 500), kCommands, tally)));
  if (!support::seed_is_given()) {
    EXPECT_GT(tally.evictions + tally.refusals, 0u);
  }
}

TEST_P(Pressure, EvictsSmallEntriesToo) {
  const Parameter& parameter = GetParam();
  RunSetup setup;
  setup.policy = parameter.policy;
  setup.max_memory = parameter.max_memory == 0 ? 0 : parameter.shards * (64 << 10);
  setup.max_entries = parameter.max_entries * 4;
  setup.shards = parameter.shards;
  Tally tally;
  ASSERT_TRUE(support::is_well(compare_random_runs(setup, {.keys = 3'000, .big_values = false, .holds = false},
                                                   support::count(8, 300), kCommands, tally)));
}

std::string name_of_parameter(const testing::TestParamInfo<Parameter>& info) {
  std::string name = std::string(info.param.policy) + "_" + std::to_string(info.param.max_memory >> 10) + "KiB_" +
                     std::to_string(info.param.max_entries) + "_entries_" + std::to_string(info.param.shards) +
                     "_shards";
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Bounds, Pressure,
                         testing::Values(Parameter{"s3-fifo", 200 << 10, 0, 1}, Parameter{"lru", 200 << 10, 0, 1},
                                         Parameter{"lfu", 200 << 10, 0, 1}, Parameter{"random", 200 << 10, 0, 1},
                                         Parameter{"sieve", 200 << 10, 0, 1}, Parameter{"fifo", 200 << 10, 0, 1},
                                         Parameter{"none", 200 << 10, 0, 1}, Parameter{"s3-fifo-ttl", 200 << 10, 0, 1},
                                         Parameter{"lru-ttl", 200 << 10, 0, 1}, Parameter{"lfu-ttl", 200 << 10, 0, 1},
                                         Parameter{"random-ttl", 200 << 10, 0, 1}, Parameter{"s3-fifo", 1 << 20, 0, 8},
                                         Parameter{"lru", 1 << 20, 0, 8}, Parameter{"s3-fifo", 0, 20, 1},
                                         Parameter{"adaptive", 0, 20, 1}, Parameter{"adaptive", 200 << 10, 0, 1},
                                         Parameter{"adaptive", 1 << 20, 0, 8},
                                         Parameter{"adaptive-ttl", 200 << 10, 0, 1}, Parameter{"lru", 0, 20, 4},
                                         Parameter{"lfu", 0, 20, 1}, Parameter{"random", 0, 20, 1},
                                         Parameter{"none", 0, 20, 1}, Parameter{"lru-ttl", 0, 20, 1},
                                         Parameter{"s3-fifo", 300 << 10, 30, 1}, Parameter{"s3-fifo", 0, 1, 1},
                                         Parameter{"s3-fifo", 64 << 10, 0, 1}),
                         name_of_parameter);

// Memory is full, so that timers cannot be moved about; nothing may be evicted, so that only time can help.
TEST(ExpiryUnderPressure, GivesEverythingBack) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  std::mt19937_64 random(seed);
  ManualClock clock;
  std::uint64_t expired = 0;
  std::uint64_t stored = 0;
  Options options;
  options.max_memory = 1_MiB;
  options.shards = 1;
  options.seed = 1;
  options.eviction = Eviction::none();
  options.clock = &clock;
  options.on_removal = [&](std::string_view, std::string_view, RemovalCause cause) {
    expired += cause == RemovalCause::kExpired;
  };
  Cache cache(options);
  for (int i = 0; i < 200'000; ++i) {
    const SetOptions short_lived{.ttl = Milliseconds(1 + static_cast<std::int64_t>(random() % 100'000))};
    stored += cache.set("k" + std::to_string(i), std::string(random() % 60, 'v'), short_lived).ok();
    if (i % 2'000 == 0) clock.advance(Milliseconds(random() % 1'000));
  }
  ASSERT_LT(stored, 200'000u);  // it was full
  clock.advance(Milliseconds(1'000'000));
  while (cache.tick().more) {
  }
  EXPECT_EQ(cache.stats().entries, 0u);
  EXPECT_EQ(*cache.dbsize(), 0u);
  EXPECT_EQ(expired, stored);
  EXPECT_TRUE(cache.set("k", "there is room again").ok());
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

class FailingAllocator : public testing::TestWithParam<std::uint64_t> {};

// Whatever cannot be had: the write is refused, and has changed nothing.
TEST_P(FailingAllocator, RefusesWritesAndIsNeverWrong) {
  RunSetup setup;
  setup.allocations_fail_one_in = GetParam();
  Tally tally;
  for (const std::uint32_t shards : {1u, 4u}) {
    setup.shards = shards;
    ASSERT_TRUE(support::is_well(compare_random_runs(setup, {}, support::count(15, 1'000), kCommands, tally)));
  }
  EXPECT_GT(tally.refusals, 0u);
}

INSTANTIATE_TEST_SUITE_P(OneIn, FailingAllocator, testing::Values(3u, 20u, 200u));

class ChangingLimits : public testing::TestWithParam<std::uint32_t> {};

TEST_P(ChangingLimits, EvictsAndIsNeverWrong) {
  RunSetup setup;
  setup.max_memory = 500 << 10;
  setup.shards = GetParam();
  Tally tally;
  ASSERT_TRUE(support::is_well(
      compare_random_runs(setup, {.keys = 200, .limits_change = true}, support::count(15, 1'500), kCommands, tally)));
  ASSERT_TRUE(support::is_well(compare_random_runs(setup, {.keys = 2'000, .big_values = false, .limits_change = true},
                                                   support::count(10, 500), kCommands, tally)));
}

INSTANTIATE_TEST_SUITE_P(Shards, ChangingLimits, testing::Values(1u, 4u));

}  // namespace
}  // namespace larder::model
