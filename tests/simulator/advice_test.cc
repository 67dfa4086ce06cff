// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Advice against caches of the sizes and policies that it is on, on public traces.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

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
constexpr std::uint64_t kLarge = 1'000;
constexpr double kMuch = 0.02;

// Until its end, or until the advisor sleeps: the hit ratios are of what it has seen then.
void replay(const Trace& trace, advice::AdvisedCaches& caches) {
  for (const std::uint32_t number : trace.ids) {
    caches.use(number);
    if (caches.advisor.unsampled() == Residents::kNoSample) return;
  }
}

// What all compared figures were off by.
struct Errors {
  double sum = 0;
  double worst = 0;
  int compared = 0;
  int beyond = 0;  // 2 points

  void add(double error) {
    sum += error;
    worst = std::max(worst, error);
    ++compared;
    beyond += error > kMuch;
  }
  std::string text() const {
    std::ostringstream text;
    text << compared << " figures, off by " << 100 * sum / compared << " points on average, " << 100 * worst
         << " at worst, " << beyond << " by more than 2";
    return text.str();
  }
};

// By policy of what was advised on, for sizes of 100 objects and more, and with " (large)" of 1,000 and more.
std::map<std::string, Errors> errors_of(advice::Questions asked, const std::string& policy) {
  const std::uint64_t requests_max = support::count(100'000, 50'000'000);
  std::map<std::string, Errors> errors;
  for (const char* name : kTraces) {
    const auto trace = workload::public_trace(name);
    if (!trace) return errors;
    if (trace->ids.size() > requests_max) continue;
    for (const double share : kShares) {
      const auto capacity = static_cast<std::uint64_t>(share * trace->objects);
      if (capacity < kCapacityMin) continue;
      advice::AdvisedCaches caches(asked, policy, trace->objects, capacity);
      replay(*trace, caches);
      for (const auto& one : caches.compare()) {
        errors[one.policy].add(one.error());
        if (capacity >= kLarge) errors[one.policy + " (large)"].add(one.error());
        if (one.error() <= kMuch) continue;
        std::cout << policy << ", " << name << ", " << capacity << " entries: " << one.policy << " at " << one.factor
                  << " of that " << one.estimate << ", really " << one.really << std::endl;
      }
    }
  }
  EXPECT_FALSE(errors.empty());
  for (const auto& [what_if, its] : errors)
    std::cout << policy << ", on " << what_if << ": " << its.text() << std::endl;
  return errors;
}

TEST(SizeAdvice, IsCloseToTheTruthOnPublicTraces) {
  for (const char* policy : {"s3-fifo", "adaptive", "lru", "w-tinylfu"}) {
    for (const auto& [what_if, errors] : errors_of(advice::kSizes, policy)) {
      if (what_if != policy) continue;  // the large ones are among them
      if (errors.compared >= 50) {      // of a few, the mean says little
        EXPECT_LT(errors.sum / errors.compared, 0.003);
      }
      EXPECT_LE(errors.beyond, errors.compared / 50);
      // w-tinylfu begins to hold a loop at one use or another (mix_corda_loop with 457 objects).
      EXPECT_LT(errors.worst, std::string_view(policy) == "w-tinylfu" ? 0.042 : 0.035);
    }
  }
}

// `beyond` of the 70 are off by more than 2 points. A miniature of adaptive learns a loop about as long as the cache
// later than the cache does (mix_corda_loop with 914 objects).
struct Bound {
  double worst;
  int beyond;
};
Bound bound_of(std::string_view what_if) {
  if (what_if == "adaptive") return {0.11, 2};
  if (what_if == "adaptive (large)") return {0.024, 1};
  return {what_if.starts_with("lirs") ? 0.045 : 0.022, 1};
}

TEST(PolicyAdvice, IsCloseToTheTruthOnPublicTraces) {
  for (const char* policy : {"s3-fifo", "lru"}) {
    for (const auto& [what_if, errors] : errors_of(advice::kPolicies, policy)) {
      if (errors.compared >= 20) {
        EXPECT_LT(errors.sum / errors.compared, what_if == "adaptive" ? 0.004 : 0.003) << what_if;
      }
      const Bound bound = bound_of(what_if);
      EXPECT_LE(errors.beyond, bound.beyond) << what_if;
      EXPECT_LT(errors.worst, bound.worst) << what_if;
    }
  }
}

}  // namespace
}  // namespace larder::simulator
