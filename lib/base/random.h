// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Random numbers for eviction, jitter and sampling: SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014). Eight bytes
// of state, about a nanosecond a number. Not for secrets.
#pragma once

#include <cstdint>

namespace larder::base {

constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

__extension__ using Wide = unsigned __int128;

class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}
  constexpr std::uint64_t next() noexcept { return mix64(state_ += 0x9e3779b97f4a7c15ULL); }
  // 0 to n - 1. REQUIRES: n > 0. The bias is below n / 2^64.
  constexpr std::uint64_t below(std::uint64_t n) noexcept {
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64);
  }

 private:
  std::uint64_t state_;
};

// From the operating system: for seeds that nobody can guess.
std::uint64_t unpredictable_seed();

}  // namespace larder::base
