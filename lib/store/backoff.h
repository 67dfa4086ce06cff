// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How long to wait before something is tried again: exponential, with full jitter, so that what failed together is not
// tried again together. Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
//
// Thread safety: none.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/random.h"

namespace larder::store {

struct Backoff {
  std::uint64_t first_ms = 50;  // the longest wait after the first failure; doubled with each
  std::uint64_t most_ms = 30'000;

  // `failures`: so many in sequence, at least 1. From 1 to the longest wait, each equally likely.
  std::uint64_t wait_ms(std::uint32_t failures, base::Random& random) const noexcept {
    return 1 + random.below(longest_ms(failures));
  }
  std::uint64_t longest_ms(std::uint32_t failures) const noexcept {
    const std::uint32_t doublings = std::min(failures, 64u) - 1;
    if (doublings >= static_cast<std::uint32_t>(std::countl_zero(first_ms))) return most_ms;
    return std::clamp<std::uint64_t>(first_ms << doublings, 1, most_ms);
  }
};

}  // namespace larder::store
