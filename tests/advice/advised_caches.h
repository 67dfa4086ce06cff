// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A cache that is advised, and others that are as it is advised on: all are told of the same.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "advice/advisor.h"
#include "base/random.h"
#include "simulator/simulated_cache.h"

namespace larder::advice {

inline constexpr Questions kSizes{.sizes = true, .policies = false};
inline constexpr Questions kPolicies{.sizes = false, .policies = true};

class AdvisedCaches {
 public:
  AdvisedCaches(Questions asked, const std::string& policy, std::uint32_t objects, std::uint64_t its_capacity)
      : capacity(its_capacity),
        advisor(*Eviction::named(policy), Eviction::named(policy)->shared_bytes(std::size_t{1} << 20), asked) {
    const auto add = [&](const std::string& its_policy, double factor) {
      caches_.push_back({its_policy, factor,
                         std::make_unique<simulator::SimulatedCache>(
                             Eviction::named(its_policy)->factory()(1), objects,
                             static_cast<std::uint64_t>(static_cast<double>(capacity) * factor))});
    };
    add(policy, 1);
    for (const double factor : {0.5, 2.0, 4.0}) {
      if (asked.sizes) add(policy, factor);
    }
    for (const char* other : {"s3-fifo", "adaptive", "lru", "lfu", "random", "w-tinylfu", "arc", "lirs", "gdsf"}) {
      if (asked.policies && other != policy) add(other, 1);
    }
  }

  // A look-up, and what is missed is stored.
  void use(std::uint32_t number, std::uint32_t weight = 1) {
    for (Cache& cache : caches_) {
      cache.hit = cache.simulated->access(number, weight);
      cache.hits += cache.hit;
    }
    const bool found = caches_[0].hit;
    ++uses;
    ++(found ? counts_.hits : counts_.misses);
    const Key key{static_cast<EntryId>(base::mix64(number + 1)), 7};
    if ((key.id & advisor.unsampled()) != 0) return;
    ++told;
    tell();
    if (found) {
      advisor.found(key, weight, 0, 1);
    } else {
      advisor.missed(key, 1);
      advisor.came(key, weight, 0, 1);
    }
  }
  void tell() {
    counts_.entries = caches_[0].simulated->size();
    counts_.weight = caches_[0].simulated->weight();
    const double fill = static_cast<double>(counts_.weight) / static_cast<double>(capacity);
    advisor.count(before_, counts_, std::max(1e-9, fill));
    before_ = counts_;
  }
  void forget() {
    for (Cache& cache : caches_) cache.hits = 0;
    uses = 0;
  }

  // What was advised of one of the caches, and what it has really hit since the start, or since `forget`. The first is
  // the one that is advised.
  struct Compared {
    std::string policy;
    double factor;
    double estimate;
    double really;
    double error() const { return std::abs(estimate - really); }
  };
  std::vector<Compared> compare() {
    std::vector<Compared> all;
    const SizeAdvice sizes = advisor.size_advice();
    const PolicyAdvice policies = advisor.policy_advice();
    for (const Cache& cache : caches_) {
      double estimate = std::max(sizes.hit_ratio, policies.hit_ratio);
      if (cache.factor == 0.5) estimate = sizes.at_half;
      if (cache.factor == 2) estimate = sizes.at_double;
      if (cache.factor == 4) estimate = sizes.at_fourfold;
      for (const PolicyAdvice::Other& other : policies.others) {
        if (cache.policy == other.name && cache.factor == 1) estimate = other.hit_ratio;
      }
      all.push_back(
          {cache.policy, cache.factor, estimate, static_cast<double>(cache.hits) / static_cast<double>(uses)});
    }
    return all;
  }

  const std::uint64_t capacity;
  Advisor advisor;
  std::uint64_t uses = 0;
  std::uint64_t told = 0;  // the advisor

 private:
  struct Cache {
    std::string policy;
    double factor;
    std::unique_ptr<simulator::SimulatedCache> simulated;
    std::uint64_t hits = 0;
    bool hit = false;
  };
  std::vector<Cache> caches_;
  Counts before_;
  Counts counts_;
};

}  // namespace larder::advice
