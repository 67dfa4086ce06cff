// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Keeps calls from a store that fails as a whole: it would only be slower to come back, and attempts would be used up.
//
//   closed     calls go through. After so many that failed as a whole, one after the other: open
//   open       none goes through, until its time has come: half open
//   half open  one goes through, a probe. Done: closed. Failed: open, for longer
//
// Source: M. Nygard, "Release It!", 2007. Thread safety: none.
#pragma once

#include <cstdint>

#include "store/backoff.h"

namespace larder::store {

class CircuitBreaker {
 public:
  // `failures_max`: 0: it never opens.
  CircuitBreaker(std::uint32_t failures_max, Backoff backoff, std::uint64_t seed) noexcept
      : failures_max_(failures_max), backoff_(backoff), random_(seed) {}

  enum class May : std::uint8_t { kCall, kProbe, kNotYet };
  // Whoever is told kCall or kProbe calls, and says how it went.
  May ask(std::uint64_t now_ms) noexcept {
    if (!open_) return May::kCall;
    if (probing_ || now_ms < open_until_ms_) return May::kNotYet;
    probing_ = true;
    return May::kProbe;
  }
  // There was nothing to call for, or what came of it says nothing of the store.
  void not_called() noexcept { probing_ = false; }
  // A call in which at least one item was done, or refused for ever: the store answers.
  void succeeded() noexcept {
    open_ = probing_ = false;
    failures_ = 0;
  }
  void failed(std::uint64_t now_ms) noexcept {
    probing_ = false;
    ++failures_;
    if (failures_max_ == 0 || failures_ < failures_max_) return;
    open_ = true;
    open_until_ms_ = now_ms + backoff_.wait_ms(failures_ - failures_max_ + 1, random_);
  }

  bool open() const noexcept { return open_; }
  // When it may be asked again. REQUIRES: open().
  std::uint64_t open_until_ms() const noexcept { return open_until_ms_; }

 private:
  const std::uint32_t failures_max_;
  const Backoff backoff_;
  base::Random random_;
  std::uint32_t failures_ = 0;
  bool open_ = false;
  bool probing_ = false;
  std::uint64_t open_until_ms_ = 0;
};

}  // namespace larder::store
