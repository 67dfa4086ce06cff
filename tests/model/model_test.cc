// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Random commands on Larder and on the naive model, with time standing still between them and memory without end: every
// answer, every removal told, and the whole state must agree. With one shard and with several, for each policy.
#include <gtest/gtest.h>

#include <string>

#include "model/random_runs.h"
#include "support/is_well.h"

namespace larder::model {
namespace {

constexpr std::size_t kCommands = 1'500;

class Model : public testing::TestWithParam<std::tuple<const char*, std::uint32_t>> {};

TEST_P(Model, AgreesWithLarder) {
  RunSetup setup;
  setup.policy = std::get<0>(GetParam());
  setup.shards = std::get<1>(GetParam());
  Tally tally;
  ASSERT_TRUE(support::is_well(compare_random_runs(setup, {}, support::count(20, 1'000), kCommands, tally)));
  EXPECT_GT(tally.compared_and_set, 0u);
  EXPECT_LE(tally.false_conflicts, tally.compared_and_set / 4 + 5);
}

std::string name_of_parameter(const testing::TestParamInfo<std::tuple<const char*, std::uint32_t>>& parameter) {
  std::string name = std::get<0>(parameter.param);
  for (char& c : name) c = c == '-' ? '_' : c;
  return name + "_" + std::to_string(std::get<1>(parameter.param)) + "_shards";
}

INSTANTIATE_TEST_SUITE_P(Policies, Model,
                         testing::Combine(testing::Values("adaptive", "s3-fifo", "lru", "lfu", "random", "sieve",
                                                          "fifo", "none", "lru-ttl"),
                                          testing::Values(1u, 8u)),
                         name_of_parameter);

TEST_P(Model, AgreesWithLarderThatTellsNobody) {
  RunSetup setup;
  setup.policy = std::get<0>(GetParam());
  setup.shards = std::get<1>(GetParam());
  setup.listens = false;
  Tally tally;
  ASSERT_TRUE(support::is_well(compare_random_runs(setup, {}, support::count(10, 1'000), kCommands, tally)));
}

TEST(ModelOf, ManyKeysAgreesWithLarder) {
  Tally tally;
  ASSERT_TRUE(support::is_well(compare_random_runs({.shards = 2}, {.keys = 2'000, .big_values = false},
                                                   support::count(5, 300), kCommands, tally)));
}

TEST(ModelOf, VeryFewKeysAgreesWithLarder) {
  Tally tally;
  ASSERT_TRUE(support::is_well(compare_random_runs({}, {.keys = 2}, support::count(20, 1'000), kCommands, tally)));
}

TEST(ModelOf, IdleExpiryAgreesWithLarder) {
  RunSetup setup;
  setup.idle = Milliseconds(100);
  Tally tally;
  ASSERT_TRUE(
      support::is_well(compare_random_runs(setup, {.idle = true}, support::count(20, 1'000), kCommands, tally)));
  setup.shards = 4;
  ASSERT_TRUE(
      support::is_well(compare_random_runs(setup, {.idle = true}, support::count(20, 1'000), kCommands, tally)));
}

}  // namespace
}  // namespace larder::model
