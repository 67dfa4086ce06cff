// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Random commands on a cache over a store that it writes through or back, and that forgets at random, against the naive
// model, which knows of no store: every answer, and all that the store holds, must agree.
#include <gtest/gtest.h>

#include "model/random_runs.h"
#include "model/stored_subject.h"
#include "support/is_well.h"

namespace larder::model {
namespace {

constexpr std::size_t kCommands = 1'500;

using Writes = StoreOptions::Writes;

class Stored : public testing::TestWithParam<std::tuple<Writes, const char*, std::uint32_t>> {
 protected:
  Writes writes() const { return std::get<0>(GetParam()); }
  RunSetup setup() const {
    RunSetup setup;
    setup.policy = std::get<1>(GetParam());
    setup.shards = std::get<2>(GetParam());
    setup.listens = false;
    return setup;
  }
};

std::string name_of(Writes writes) { return writes == Writes::kBack ? "back" : "through"; }

TEST_P(Stored, ReadsAndWritesAsIfNothingWereForgotten) {
  Tally tally;
  ASSERT_TRUE(support::is_well(
      compare_random_runs(setup(), {.stored = true}, support::count(10, 500), kCommands, tally, stored(writes()))));
}

std::string name_of_parameter(const testing::TestParamInfo<std::tuple<Writes, const char*, std::uint32_t>>& parameter) {
  std::string name = std::get<1>(parameter.param);
  for (char& c : name) c = c == '-' ? '_' : c;
  return name_of(std::get<0>(parameter.param)) + "_" + name + "_" + std::to_string(std::get<2>(parameter.param)) +
         "_shards";
}

INSTANTIATE_TEST_SUITE_P(Policies, Stored,
                         testing::Combine(testing::Values(Writes::kThrough, Writes::kBack),
                                          testing::Values("adaptive", "lru", "none"), testing::Values(1u, 8u)),
                         name_of_parameter);

// Values that the cache has no room for are in the store, and are read from there.
class StoredUnderPressure : public testing::TestWithParam<Writes> {};

TEST_P(StoredUnderPressure, AnswersAsIfThereWereMemoryWithoutEnd) {
  for (const char* policy : {"adaptive", "random", "lru-ttl"}) {
    RunSetup setup;
    setup.policy = policy;
    setup.listens = false;
    setup.max_memory = 256 << 10;
    setup.value_bytes_max = 16 << 10;
    Tally tally;
    ASSERT_TRUE(support::is_well(compare_random_runs(setup, {.keys = 60, .holds = false, .stored = true},
                                                     support::count(10, 500), kCommands, tally, stored(GetParam()))))
        << policy;
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, StoredUnderPressure, testing::Values(Writes::kThrough, Writes::kBack),
                         [](const auto& parameter) { return name_of(parameter.param); });

// A comparison that finds no defect is none.
class StoreWithADefect : public testing::TestWithParam<std::tuple<Writes, StoreDefect>> {};

TEST_P(StoreWithADefect, IsFound) {
  Tally tally;
  const auto [writes, defect] = GetParam();
  EXPECT_NE(compare_random_runs({.listens = false}, {.stored = true}, 10, kCommands, tally, stored(writes, defect)),
            "");
}

constexpr StoreDefect kDefects[] = {StoreDefect::kLosesAPut,    StoreDefect::kLosesAnErase,
                                    StoreDefect::kLosesTheEnd,  StoreDefect::kLoadsNoEnd,
                                    StoreDefect::kLoadsThePast, StoreDefect::kWritesToAnother};
INSTANTIATE_TEST_SUITE_P(Defects, StoreWithADefect,
                         testing::Combine(testing::Values(Writes::kThrough, Writes::kBack),
                                          testing::ValuesIn(kDefects)));
INSTANTIATE_TEST_SUITE_P(DefectsOfWriteBack, StoreWithADefect,
                         testing::Combine(testing::Values(Writes::kBack),
                                          testing::Values(StoreDefect::kWritesAnotherLater, StoreDefect::kRepeatsABatch,
                                                          StoreDefect::kLosesWhatHasEnded)));

}  // namespace
}  // namespace larder::model
