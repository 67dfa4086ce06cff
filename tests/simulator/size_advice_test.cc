// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Advice on the size against caches of these sizes, on public traces.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "advice/advised_caches.h"
#include "support/depth.h"
#include "workload/traces.h"

namespace larder::simulator {
namespace {

constexpr const char* kTraces[] = {"c2k_web12",    "cdn_adaptsize", "lirs_sprite",    "addr_gcc", "llmkv_conv",
                                   "arc_oltp",     "corda_vault",   "lirs_2pools",    "lirs_gli", "lirs_multi2",
                                   "c2k_orm_busy", "cp_w106",       "mix_corda_loop", "arc_p3",   "scarab_recs"};
constexpr double kShares[] = {0.01, 0.02, 0.05, 0.1, 0.2};  // of the objects
constexpr std::uint64_t kCapacityMin = 100;

// Until its end, or until the advisor sleeps: the hit ratios are of what it has seen then.
void replay(const Trace& trace, advice::AdvisedCaches& caches) {
  for (const std::uint32_t number : trace.ids) {
    caches.use(number);
    if (caches.advisor.unsampled() == Residents::kNoSample) return;
  }
}

TEST(SizeAdvice, IsCloseToTheTruthOnPublicTraces) {
  const std::uint64_t requests_max = support::count(100'000, 50'000'000);
  for (const char* policy : {"s3-fifo", "adaptive", "lru", "w-tinylfu"}) {
    double sum = 0, worst = 0;
    int compared = 0, beyond = 0;
    for (const char* name : kTraces) {
      const auto trace = workload::public_trace(name);
      if (!trace) return;
      if (trace->ids.size() > requests_max) continue;
      for (const double share : kShares) {
        const auto capacity = static_cast<std::uint64_t>(share * trace->objects);
        if (capacity < kCapacityMin) continue;
        advice::AdvisedCaches caches(policy, trace->objects, capacity);
        replay(*trace, caches);
        const SizeAdvice advice = caches.advisor.advice();
        EXPECT_NE(advice.samples, 0u) << name << ", " << capacity;
        for (std::size_t i = 0; i < 4; ++i) {
          const double error = std::abs(advice::ratios_of(advice)[i] - caches.hit_ratios()[i]);
          sum += error;
          worst = std::max(worst, error);
          ++compared;
          if (error <= 0.02) continue;
          ++beyond;
          std::cout << policy << ", " << name << ", " << capacity << " entries, at "
                    << advice::AdvisedCaches::kFactors[i] << " of that: " << advice::ratios_of(advice)[i] << ", really "
                    << caches.hit_ratios()[i] << '\n';
        }
      }
    }
    ASSERT_GT(compared, 0);
    std::cout << policy << ": " << compared << " figures, off by " << 100 * sum / compared << " points on average, "
              << 100 * worst << " at worst, " << beyond << " by more than 2\n";
    if (compared >= 50) {  // of a few, the mean says little
      EXPECT_LT(sum / compared, 0.003);
    }
    EXPECT_LE(beyond, compared / 50);
    EXPECT_LT(worst, 0.04);
  }
}

}  // namespace
}  // namespace larder::simulator
