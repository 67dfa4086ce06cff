// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// At most so many a second, by a token bucket that holds a second's worth.
//
// Thread safety: none.
#pragma once

#include <algorithm>
#include <cstdint>

namespace larder::store {

class RateLimit {
 public:
  // 0: no limit.
  explicit RateLimit(std::uint64_t per_second) noexcept : per_second_(per_second), tokens_(per_second * 1'000) {}

  // How many of `wanted` may go now; they count as gone.
  std::uint64_t take(std::uint64_t wanted, std::uint64_t now_ms) noexcept {
    if (per_second_ == 0) return wanted;
    fill(now_ms);
    const std::uint64_t granted = std::min(wanted, tokens_ / 1'000);
    tokens_ -= granted * 1'000;
    return granted;
  }
  // Gives back what was taken and not used.
  void give_back(std::uint64_t count) noexcept {
    if (per_second_ != 0) tokens_ = std::min(tokens_ + count * 1'000, per_second_ * 1'000);
  }
  // How long until the next may go.
  std::uint64_t wait_ms(std::uint64_t now_ms) noexcept {
    if (per_second_ == 0) return 0;
    fill(now_ms);
    return tokens_ >= 1'000 ? 0 : (1'000 - tokens_ + per_second_ - 1) / per_second_;
  }

 private:
  void fill(std::uint64_t now_ms) noexcept {
    const std::uint64_t passed = std::min<std::uint64_t>(now_ms > filled_at_ms_ ? now_ms - filled_at_ms_ : 0, 1'000);
    filled_at_ms_ = std::max(filled_at_ms_, now_ms);
    tokens_ = std::min(tokens_ + passed * per_second_, per_second_ * 1'000);
  }

  const std::uint64_t per_second_;
  std::uint64_t tokens_;  // thousandths
  std::uint64_t filled_at_ms_ = 0;
};

}  // namespace larder::store
