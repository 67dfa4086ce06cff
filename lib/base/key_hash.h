// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The one hash of a key: computed once per call, and everything else is taken from its 64 bits.
//
// Reads 16 bytes at a time and folds 64 x 64 -> 128 bit products of the input mixed with secret words, as wyhash and
// its kin do (Wang Yi, "wyhash", 2019). Why this: 4 to 11 ns for 20 bytes where SipHash takes 20 and more, inline, and
// good in all bits. All four secret words are drawn from the operating system per cache, so that nobody outside can
// choose keys that collide. It is no cryptographic hash: an attacker who can read memory or time single look-ups
// precisely is not kept out; what such keys could do is bounded by the shard they hit
// (docs/decisions/0003-key-hash.md).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/random.h"

namespace larder::base {

class KeyHash {
 public:
  explicit KeyHash(std::uint64_t seed) noexcept {
    Random random(seed);
    for (auto& word : secret_) word = random.next() | 1;
  }
  // With secrets that no 64-bit seed determines.
  static KeyHash unpredictable() {
    KeyHash hash(0);
    for (auto& word : hash.secret_) word = unpredictable_seed() | 1;
    return hash;
  }

  std::uint64_t operator()(std::string_view key) const noexcept {
    const char* at = key.data();
    const std::size_t size = key.size();
    std::uint64_t state = secret_[0] ^ size;
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    if (size > 16) {
      const char* const last = at + size - 16;  // the last 16 bytes may overlap those before
      do {
        state = fold(load64(at) ^ secret_[1], load64(at + 8) ^ state);
        at += 16;
      } while (at < last);
      a = load64(last);
      b = load64(last + 8);
    } else if (size >= 8) {
      a = load64(at);
      b = load64(at + size - 8);
    } else if (size >= 4) {
      a = load32(at);
      b = load32(at + size - 4);
    } else if (size > 0) {
      a = static_cast<unsigned char>(at[0]);
      b = static_cast<std::uint64_t>(static_cast<unsigned char>(at[size / 2])) << 8 |
          static_cast<unsigned char>(at[size - 1]);
    }
    return fold(fold(a ^ secret_[2], b ^ state) ^ secret_[3], secret_[1] ^ size);
  }

 private:
  static std::uint64_t load64(const char* at) noexcept {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
  }
  static std::uint64_t load32(const char* at) noexcept {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
  }
  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

  std::array<std::uint64_t, 4> secret_;
};

}  // namespace larder::base
