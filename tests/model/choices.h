// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Where a generator's decisions come from: a seeded generator of random numbers, or the bytes of a fuzzer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace larder::model {

class Choices {
 public:
  virtual ~Choices() = default;
  // 0 to n - 1. REQUIRES: n > 0.
  virtual std::uint64_t below(std::uint64_t n) = 0;
  bool one_in(std::uint64_t n) { return below(n) == 0; }
};

class RandomChoices final : public Choices {
 public:
  explicit RandomChoices(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t n) override { return random_() % n; }

 private:
  std::mt19937_64 random_;
};

// Takes as many bytes as a choice needs; 0 for ever when they are used up.
class ByteChoices final : public Choices {
 public:
  explicit ByteChoices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::uint64_t below(std::uint64_t n) override {
    std::uint64_t number = 0;
    for (std::uint64_t range = n - 1; range != 0; range >>= 8) number = number << 8 | take();
    return number % n;
  }
  bool used_up() const { return bytes_.empty(); }

 private:
  std::uint8_t take() {
    if (bytes_.empty()) return 0;
    const std::uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }
  std::span<const std::uint8_t> bytes_;
};

}  // namespace larder::model
