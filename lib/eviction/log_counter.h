// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The counter of EvictionPolicy::Hit::kLogCounter.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace larder::eviction {

// What it is after one more hit: one more, with a probability of one in ten for each point above the first five
// (Redis's lfu-log-factor 10).
inline std::uint8_t log_counter_after_hit(std::uint8_t counter, base::Random& random) noexcept {
  const std::uint64_t above = counter > 5 ? counter - 5u : 0u;
  return counter < 255 && random.below(above * 10 + 1) == 0 ? static_cast<std::uint8_t>(counter + 1) : counter;
}

}  // namespace larder::eviction
