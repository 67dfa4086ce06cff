// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A cache on a clock that stands still until told to move, checked when the test ends; and bytes to put into it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "larder/cache.h"

namespace larder::support {

// Bytes of every kind, zero first: the values of `first` give values that differ everywhere.
inline std::string binary(std::size_t size, unsigned first = 0) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(first + i * 37 + i / 251);
  return bytes;
}

// Around what is stored in the entry itself (1,024 bytes), and beyond.
inline constexpr std::size_t kValueSizes[] = {0, 1, 255, 1'023, 1'024, 1'025, 5'000, 70'000};
// Around where a key's length takes more bytes to write down, and the longest.
inline constexpr std::size_t kKeySizes[] = {0, 1, 127, 128, 254, 255, 256, 1'024, 65'535};

class CacheFixture : public testing::Test {
 protected:
  CacheFixture() : cache_(make({})) {}

  // One more cache, on the same clock.
  Cache& make(Options options) {
    options.clock = &clock_;
    options.seed = 1;
    return *caches_.emplace_back(std::make_unique<Cache>(options));
  }
  void advance(Milliseconds by) { clock_.advance(by); }
  void TearDown() override {
    for (const auto& cache : caches_) EXPECT_EQ(cache->check_invariants().to_string(), "ok");
  }

  ManualClock clock_;

 private:
  std::vector<std::unique_ptr<Cache>> caches_;

 protected:
  Cache& cache_;
};

}  // namespace larder::support
