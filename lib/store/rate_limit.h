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
  explicit RateLimit(std::uint64_t per_second) noexcept
      : per_second_(static_cast<std::int64_t>(per_second)), tokens_(full()) {}

  // How many of `wanted` may go now; they count as gone.
  std::uint64_t take(std::uint64_t wanted, std::uint64_t now_ms) noexcept {
    if (per_second_ == 0) return wanted;
    fill(now_ms);
    const std::int64_t granted = std::clamp<std::int64_t>(tokens_ / 1'000, 0, static_cast<std::int64_t>(wanted));
    tokens_ -= granted * 1'000;
    return static_cast<std::uint64_t>(granted);
  }
  // So many were taken, and so many went: fewer, or more, which the next have to wait for.
  void correct(std::uint64_t taken, std::uint64_t went) noexcept {
    if (per_second_ == 0) return;
    tokens_ = std::min(tokens_ + 1'000 * (static_cast<std::int64_t>(taken) - static_cast<std::int64_t>(went)), full());
  }

 private:
  std::int64_t full() const noexcept { return per_second_ * 1'000; }
  void fill(std::uint64_t now_ms) noexcept {
    const std::uint64_t passed =
        std::min<std::uint64_t>(now_ms > filled_at_ms_ ? now_ms - filled_at_ms_ : 0, 3'600'000);
    filled_at_ms_ = std::max(filled_at_ms_, now_ms);
    tokens_ = std::min(tokens_ + static_cast<std::int64_t>(passed) * per_second_, full());
  }

  const std::int64_t per_second_;
  std::int64_t tokens_;  // thousandths; below zero: a debt
  std::uint64_t filled_at_ms_ = 0;
};

}  // namespace larder::store
