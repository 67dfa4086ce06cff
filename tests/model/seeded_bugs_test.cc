// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Proves the comparison: each defect on purpose is found, no defect is found where there is none, and what it prints is
// short.
#include <gtest/gtest.h>

#include <algorithm>

#include "model/command_generator.h"
#include "model/comparison.h"
#include "model/defective_subject.h"
#include "support/depth.h"
#include "support/is_well.h"

namespace larder::model {
namespace {

constexpr int kSequencesMax = 40;
constexpr std::size_t kCommands = 600;

bool is_about_memory(Defect defect) {
  return defect == Defect::kEvictionNotReported || defect == Defect::kEvictedValueWrong ||
         defect == Defect::kMemoryOverTheBound || defect == Defect::kRefusalChangesValue;
}

RunSetup setup_for(bool bounded) {
  RunSetup setup;
  if (!bounded) return setup;
  setup.max_memory = 100'000;
  setup.policy = "none";  // so that refusals are allowed
  return setup;
}

std::vector<Command> sequence(std::uint64_t seed) {
  RandomChoices choices(seed);
  return CommandGenerator(choices, {}).sequence(kCommands);
}

class SeededBugs : public testing::TestWithParam<int> {};

TEST_P(SeededBugs, IsFound) {
  const auto defect = static_cast<Defect>(GetParam());
  const RunSetup setup = setup_for(is_about_memory(defect));
  const SubjectFactory make = [&](const RunSetup& from) { return make_defective(from, defect); };
  for (int i = 0; i < kSequencesMax; ++i) {
    Tally tally;
    const auto failure = compare(setup, make, sequence(support::seed(1) + static_cast<std::uint64_t>(i)), tally);
    if (failure) return;
  }
  FAIL() << "the defect " << name_of(defect) << " was not found; " << support::how_to_repeat(support::seed(1));
}

INSTANTIATE_TEST_SUITE_P(Defects, SeededBugs, testing::Range(1, kDefects), [](const auto& parameter) {
  return std::string(name_of(static_cast<Defect>(parameter.param)));
});

class NoBug : public testing::TestWithParam<bool> {};

TEST_P(NoBug, IsFoundWhereThereIsNone) {
  const RunSetup setup = setup_for(GetParam());
  const SubjectFactory make = [](const RunSetup& from) { return make_defective(from, Defect::kNone); };
  Tally tally;
  for (int i = 0; i < kSequencesMax; ++i) {
    const std::uint64_t seed = support::seed(1) + static_cast<std::uint64_t>(i);
    ASSERT_TRUE(support::is_well(compare_and_explain(setup, make, sequence(seed), tally))
                << support::how_to_repeat(seed));
  }
  EXPECT_GT(tally.expirations, 0u);
  EXPECT_GT(tally.compared_and_set, 0u);
  if (GetParam()) {
    EXPECT_GT(tally.evictions, 0u);
    EXPECT_GT(tally.refusals, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Bounds, NoBug, testing::Bool(),
                         [](const auto& parameter) { return std::string(parameter.param ? "Bounded" : "Unbounded"); });

TEST(Shrinking, LeavesAShortSequence) {
  const SubjectFactory make = [](const RunSetup& from) { return make_defective(from, Defect::kSetKeepsTtl); };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const std::vector<Command> commands = sequence(seed);
    Tally tally;
    const Runner run = [&](const std::vector<Command>& some) { return compare({}, make, some, tally); };
    if (!run(commands)) continue;
    const std::vector<Command> brief = shrink(run, commands);
    EXPECT_LE(brief.size(), 4u);  // one that sets a time to live, a plain set, and one that looks
    return;
  }
  FAIL() << "no sequence failed";
}

}  // namespace
}  // namespace larder::model
