// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Random commands on a cache that reads and writes through a store, and forgets at random, against the naive model,
// which knows of no store: every answer, and all that the store holds, must agree.
#include <gtest/gtest.h>

#include "model/random_runs.h"
#include "model/stored_subject.h"
#include "support/is_well.h"

namespace larder::model {
namespace {

constexpr std::size_t kCommands = 1'500;

class Stored : public testing::TestWithParam<std::tuple<const char*, std::uint32_t>> {
 protected:
  RunSetup setup() const {
    RunSetup setup;
    setup.policy = std::get<0>(GetParam());
    setup.shards = std::get<1>(GetParam());
    setup.listens = false;
    return setup;
  }
};

TEST_P(Stored, ReadsAndWritesThroughAsIfNothingWereForgotten) {
  Tally tally;
  ASSERT_TRUE(support::is_well(
      compare_random_runs(setup(), {.stored = true}, support::count(10, 500), kCommands, tally, make_stored)));
}

std::string name_of_parameter(const testing::TestParamInfo<std::tuple<const char*, std::uint32_t>>& parameter) {
  std::string name = std::get<0>(parameter.param);
  for (char& c : name) c = c == '-' ? '_' : c;
  return name + "_" + std::to_string(std::get<1>(parameter.param)) + "_shards";
}

INSTANTIATE_TEST_SUITE_P(Policies, Stored,
                         testing::Combine(testing::Values("s3-fifo", "lru", "none"), testing::Values(1u, 8u)),
                         name_of_parameter);

// Values that the cache has no room for are in the store, and are read from there.
TEST(StoredUnderPressure, AnswersAsIfThereWereMemoryWithoutEnd) {
  for (const char* policy : {"s3-fifo", "random", "lru-ttl"}) {
    RunSetup setup;
    setup.policy = policy;
    setup.listens = false;
    setup.max_memory = 256 << 10;
    setup.value_bytes_max = 16 << 10;
    Tally tally;
    ASSERT_TRUE(support::is_well(compare_random_runs(setup, {.keys = 60, .holds = false, .stored = true},
                                                     support::count(10, 500), kCommands, tally, make_stored)))
        << policy;
  }
}

// A comparison that finds no defect is none.
class StoreWithADefect : public testing::TestWithParam<StoreDefect> {};

TEST_P(StoreWithADefect, IsFound) {
  Tally tally;
  const auto make = [](const RunSetup& setup) { return std::make_unique<StoredSubject>(setup, GetParam()); };
  EXPECT_NE(compare_random_runs({.listens = false}, {.stored = true}, 10, kCommands, tally, make), "");
}

INSTANTIATE_TEST_SUITE_P(Defects, StoreWithADefect,
                         testing::Values(StoreDefect::kLosesAPut, StoreDefect::kLosesAnErase, StoreDefect::kLosesTheEnd,
                                         StoreDefect::kLoadsNoEnd, StoreDefect::kLoadsThePast,
                                         StoreDefect::kWritesToAnother));

}  // namespace
}  // namespace larder::model
