// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Whole curves: one pass of LRU is what LRU does at each size, and a sample is close to the whole.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bench/workload/zipf.h"
#include "simulator/random_trace.h"
#include "simulator/sampling.h"
#include "simulator/simulated_cache.h"
#include "simulator/simulation.h"
#include "simulator/stack_distances.h"
#include "support/depth.h"

namespace larder::simulator {
namespace {

constexpr auto kGoOn = [](std::uint64_t) { return true; };
constexpr auto kTellNobody = [](double) {};

TEST(StackDistancesTest, OnePassIsWhatLruDoesAtEachSize) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  std::mt19937_64 random(seed);
  for (std::uint64_t round = support::count(60, 1'000); round > 0; --round) {
    const Trace trace = make({.requests = 1 + random() % 2'000,
                              .objects = 1 + static_cast<std::uint32_t>(random() % 400),
                              .size_max = random() % 2 == 0 ? 0u : 30u},
                             random);
    for (const Weights weights : {Weights::kOnes, Weights::kSizes}) {
      if (weights == Weights::kSizes && trace.sizes.empty()) continue;
      const std::uint64_t least = weights == Weights::kSizes ? 30 : 1;
      ASSERT_TRUE(one_pass_is_exact(trace, weights, least));
      std::vector<std::uint64_t> capacities{least + 7, least, least + 7};
      for (int i = 0; i < 10; ++i) capacities.push_back(least + random() % 500);
      const std::vector<Counts> curve = lru_curve(trace, weights, capacities, kGoOn);
      for (std::size_t i = 0; i < capacities.size(); ++i) {
        SimulatedCache cache(Eviction::lru().factory()(1), trace.objects, capacities[i]);
        const Counts counts = replay(cache, trace, weights, kGoOn);
        ASSERT_EQ(curve[i].requests, counts.requests);
        ASSERT_EQ(curve[i].misses, counts.misses) << capacities[i];
        ASSERT_EQ(curve[i].bytes, counts.bytes);
        ASSERT_EQ(curve[i].missed_bytes, counts.missed_bytes) << capacities[i];
      }
    }
  }
}

TEST(StackDistancesTest, SaysWhereOnePassIsNotExact) {
  Trace trace;
  trace.objects = 2;
  trace.ids = {0, 1, 0};
  trace.sizes = {5, 9, 5};
  EXPECT_TRUE(one_pass_is_exact(trace, Weights::kSizes, 9));
  EXPECT_FALSE(one_pass_is_exact(trace, Weights::kSizes, 8));
  trace.sizes = {5, 9, 6};
  EXPECT_FALSE(one_pass_is_exact(trace, Weights::kSizes, 100));
  EXPECT_TRUE(one_pass_is_exact(trace, Weights::kOnes, 1));
  trace.ops = {Trace::Op::kGet, Trace::Op::kSet, Trace::Op::kGet};
  EXPECT_FALSE(one_pass_is_exact(trace, Weights::kOnes, 1));
}

Trace zipf_trace(std::size_t requests, std::uint64_t objects) {
  Trace trace;
  bench::Zipf zipf(objects);
  std::vector<std::uint32_t> number(objects, UINT32_MAX);
  for (std::size_t i = 0; i < requests; ++i) {
    std::uint32_t& one = number[zipf.next()];
    if (one == UINT32_MAX) one = trace.objects++;
    trace.ids.push_back(one);
  }
  return trace;
}

TEST(SamplingTest, ASampleOfATenthIsCloseToTheWhole) {
  const Trace trace = zipf_trace(400'000, 60'000);
  SimulationPlan plan;
  ASSERT_EQ(parse_policies("lru,s3-fifo,belady", plan.policies), "");
  ASSERT_EQ(parse_sizes("2%,5%,10%,20%", plan.sizes), "");
  const SimulationResult whole = simulate(trace, plan, kTellNobody);
  plan.sample = 0.1;
  const SimulationResult sample = simulate(trace, plan, kTellNobody);
  ASSERT_EQ(whole.rows.size(), sample.rows.size());
  EXPECT_NEAR(static_cast<double>(sample.sampled_objects), trace.objects * 0.1, trace.objects * 0.01);
  double error = 0;
  for (std::size_t i = 0; i < whole.rows.size(); ++i) {
    EXPECT_EQ(sample.rows[i].counts.requests, whole.rows[i].counts.requests);
    const double off = std::abs(sample.rows[i].counts.miss_ratio() - whole.rows[i].counts.miss_ratio());
    EXPECT_LT(off, 0.03) << whole.rows[i].policy << ", " << whole.rows[i].capacity.text();
    error += off / static_cast<double>(whole.rows.size());
  }
  EXPECT_LT(error, 0.015);
}

TEST(SamplingTest, KeepsAllRequestsOfAnObjectOrNone) {
  std::mt19937_64 random(support::seed(3));
  const Trace trace = make({.requests = 5'000, .objects = 500, .size_max = 9, .ops = true, .ttls = true}, random);
  const Trace sample = sampled(trace, 0.3);
  std::vector<std::uint64_t> uses(trace.objects);
  std::vector<std::uint64_t> sampled_uses(sample.objects);
  for (const std::uint32_t id : trace.ids) ++uses[id];
  for (const std::uint32_t id : sample.ids) ++sampled_uses[id];
  EXPECT_NEAR(sample.objects, trace.objects * 0.3, 50);
  EXPECT_EQ(sample.sizes.size(), sample.ids.size());
  EXPECT_EQ(sample.ops.size(), sample.ids.size());
  EXPECT_EQ(sample.moments.size(), sample.ids.size());
  for (const std::uint64_t count : sampled_uses) EXPECT_NE(std::find(uses.begin(), uses.end(), count), uses.end());
  EXPECT_EQ(sampled(trace, 1).ids, trace.ids);
}

TEST(SimulationTest, CutsTracesAndLeavesSizesOut) {
  std::mt19937_64 random(support::seed(5));
  const Trace trace = make({.requests = 1'000, .objects = 200, .size_max = 100}, random);
  SimulationPlan plan;
  ASSERT_EQ(parse_policies("lru", plan.policies), "");
  ASSERT_EQ(parse_sizes("10%", plan.sizes), "");
  plan.requests = 300;
  EXPECT_EQ(simulate(trace, plan, kTellNobody).rows[0].counts.requests, 300u);
  EXPECT_TRUE(simulate(trace, plan, kTellNobody).capacities[0].in_bytes);
  plan.unit_sizes = true;
  const SimulationResult result = simulate(trace, plan, kTellNobody);
  EXPECT_FALSE(result.capacities[0].in_bytes);
  EXPECT_FALSE(result.footprint.bytes);
  plan.sizes.clear();
  ASSERT_EQ(parse_sizes("1KB", plan.sizes), "");
  EXPECT_NE(simulate(trace, plan, kTellNobody).error.find("no cache in bytes"), std::string::npos);
  plan.sizes.clear();
  ASSERT_EQ(parse_sizes("5", plan.sizes), "");
  plan.sample = 0.01;
  EXPECT_NE(simulate(trace, plan, kTellNobody).error.find("a sample too small"), std::string::npos);
}

}  // namespace
}  // namespace larder::simulator
