// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A cache that is advised, and others of the sizes that it is advised on: all are told of the same.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "advice/size_advisor.h"
#include "base/random.h"
#include "simulator/simulated_cache.h"

namespace larder::advice {

class AdvisedCaches {
 public:
  static constexpr double kFactors[] = {0.5, 1, 2, 4};

  AdvisedCaches(const std::string& policy, std::uint32_t objects, std::uint64_t its_capacity)
      : capacity(its_capacity), advisor(*Eviction::named(policy)) {
    const Eviction eviction = *Eviction::named(policy);
    for (const double factor : kFactors) {
      caches_.push_back(std::make_unique<simulator::SimulatedCache>(
          eviction.for_one_cache().factory()(1), objects,
          static_cast<std::uint64_t>(static_cast<double>(capacity) * factor)));
    }
  }

  // A look-up, and what is missed is stored.
  void use(std::uint32_t number, std::uint32_t weight = 1) {
    bool found = false;
    for (std::size_t i = 0; i < caches_.size(); ++i) {
      const bool hit = caches_[i]->access(number, weight);
      hits_[i] += hit;
      if (i == 1) found = hit;
    }
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
    counts_.entries = caches_[1]->size();
    counts_.weight = caches_[1]->weight();
    const double fill = static_cast<double>(counts_.weight) / static_cast<double>(capacity);
    advisor.count(before_, counts_, std::max(1e-9, fill));
    before_ = counts_;
  }
  // What the four have really hit, since the start or since the last call of `forget`.
  std::array<double, 4> hit_ratios() const {
    std::array<double, 4> ratios{};
    for (std::size_t i = 0; i < 4; ++i) ratios[i] = static_cast<double>(hits_[i]) / static_cast<double>(uses);
    return ratios;
  }
  void forget() {
    hits_ = {};
    uses = 0;
  }

  const std::uint64_t capacity;
  SizeAdvisor advisor;
  std::uint64_t uses = 0;
  std::uint64_t told = 0;  // the advisor

 private:
  std::vector<std::unique_ptr<simulator::SimulatedCache>> caches_;
  std::array<std::uint64_t, 4> hits_{};
  Counts before_;
  Counts counts_;
};

// As the four of AdvisedCaches::hit_ratios.
inline std::array<double, 4> ratios_of(const SizeAdvice& advice) {
  return {advice.at_half, advice.hit_ratio, advice.at_double, advice.at_fourfold};
}

}  // namespace larder::advice
