// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Several threads find what one does.
#include <gtest/gtest.h>

#include <random>

#include "simulator/random_trace.h"
#include "simulator/simulation.h"
#include "support/depth.h"

namespace larder::simulator {
namespace {

constexpr auto kTellNobody = [](double) {};

TEST(SimulationTest, SeveralThreadsFindWhatOneDoes) {
  std::mt19937_64 random(support::seed(4));
  const Trace trace = make({.requests = 20'000, .objects = 2'000, .size_max = 100}, random);
  SimulationPlan plan;
  ASSERT_EQ(parse_policies("lru,s3-fifo,lfu,random,sieve,belady,belady-size", plan.policies), "");
  ASSERT_EQ(parse_sizes("1%..50%,100,1000", plan.sizes), "");
  const SimulationResult one = simulate(trace, plan, kTellNobody);
  plan.jobs = 5;
  double share = 0;
  const SimulationResult several = simulate(trace, plan, [&](double done) { share = done; });
  EXPECT_LE(share, 1);
  ASSERT_EQ(one.rows.size(), 7u * 14);
  ASSERT_EQ(several.rows.size(), one.rows.size());
  for (std::size_t i = 0; i < one.rows.size(); ++i) {
    EXPECT_EQ(several.rows[i].policy, one.rows[i].policy);
    EXPECT_EQ(several.rows[i].capacity, one.rows[i].capacity);
    EXPECT_EQ(several.rows[i].counts.misses, one.rows[i].counts.misses) << one.rows[i].policy;
    EXPECT_EQ(several.rows[i].counts.missed_bytes, one.rows[i].counts.missed_bytes) << one.rows[i].policy;
  }
}

}  // namespace
}  // namespace larder::simulator
