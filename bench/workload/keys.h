// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Keys of 20 bytes made from numbers ("key:" and 16 hex digits), and sequences of them laid out in the order of use.
//
// A sequence holds the bytes of its keys one after the other, so that a loop over it reads memory straight on and waits
// for none of it: what a bench then measures is the cache, and neither the generator nor the fetching of keys. A
// program that calls a cache has its key at hand, too.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace larder::bench {

inline constexpr std::size_t kKeyBytes = 20;

// Writes the key of `id` to kKeyBytes bytes at `to`. Different ids have different keys, and neighbours look unlike.
inline void write_key(std::uint64_t id, char* to) {
  std::memcpy(to, "key:", 4);
  std::uint64_t mixed = base::mix64(id + 0x9e3779b97f4a7c15ULL);
  for (std::size_t i = kKeyBytes; i-- > 4; mixed >>= 4) to[i] = "0123456789abcdef"[mixed & 15];
}

// A value: what is in it does not matter to any peer.
inline std::string value_of(std::size_t bytes) {
  std::string value(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) value[i] = static_cast<char>('a' + i % 26);
  return value;
}

// Maps 0..n-1 onto itself, far apart and with no repetition, so that popular ranks become entries all over the place.
// Steps that can be undone on the next power of two, repeated until the result is below n: twice on average at the
// worst.
class Scramble {
 public:
  // REQUIRES: n > 0.
  explicit Scramble(std::uint64_t n)
      : n_(n),
        bits_(n > 1 ? static_cast<int>(std::bit_width(n - 1)) : 1),
        mask_(bits_ < 64 ? (std::uint64_t{1} << bits_) - 1 : ~0ULL) {}

  std::uint64_t operator()(std::uint64_t x) const {
    do {
      for (int round = 0; round < 3; ++round) {
        x = (x * 0xd1342543de82ef95ULL + 0x2545f4914f6cdd1dULL) & mask_;
        x ^= x >> ((bits_ + 1) / 2);
      }
    } while (x >= n_);
    return x;
  }

 private:
  std::uint64_t n_;
  int bits_;
  std::uint64_t mask_;
};

// Some keys in a row. Refers to the sequence.
struct KeySpan {
  const char* bytes = nullptr;
  std::size_t count = 0;

  std::string_view operator[](std::size_t i) const { return {bytes + i * kKeyBytes, kKeyBytes}; }
  KeySpan part(std::size_t first, std::size_t length) const { return {bytes + first * kKeyBytes, length}; }
};

class KeySequence {
 public:
  // The key of next_id() at each place.
  template <typename NextId>
  KeySequence(std::size_t count, NextId&& next_id) : bytes_(count * kKeyBytes) {
    for (std::size_t i = 0; i < count; ++i) write_key(next_id(), &bytes_[i * kKeyBytes]);
  }

  std::size_t size() const { return bytes_.size() / kKeyBytes; }
  KeySpan all() const { return {bytes_.data(), size()}; }
  // `count` keys from a place that goes round: where the rest is too short, from the beginning. REQUIRES: count <=
  // size().
  KeySpan take(std::size_t count) {
    if (at_ + count > size()) at_ = 0;
    at_ += count;
    return all().part(at_ - count, count);
  }

 private:
  std::vector<char> bytes_;
  std::size_t at_ = 0;
};

}  // namespace larder::bench
