// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A fuzz target as a unit test: on inputs worth keeping, and on random ones.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "support/depth.h"
#include "support/is_well.h"

namespace larder::fuzz {

using Bytes = std::vector<std::uint8_t>;

inline Bytes random_bytes(std::mt19937_64& random, std::size_t size_max) {
  Bytes bytes(random() % size_max);
  // Few different bytes in some inputs: they repeat themselves, and meet themselves.
  const std::uint64_t different = random() % 3 == 0 ? 1 + random() % 8 : 256;
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() % different * 37);
  return bytes;
}

// Every byte value alone, and runs of it.
inline std::vector<Bytes> seed_corpus() {
  std::vector<Bytes> corpus = {{}};
  for (int byte = 0; byte < 256; ++byte) {
    corpus.push_back({static_cast<std::uint8_t>(byte)});
    corpus.push_back(Bytes(300, static_cast<std::uint8_t>(byte)));
  }
  Bytes rising;
  for (int i = 0; i < 2'000; ++i) rising.push_back(static_cast<std::uint8_t>(i * 7 + i / 256));
  corpus.push_back(rising);
  return corpus;
}

template <typename Target>
void run_all(const Target& target, std::uint64_t count, std::size_t size_max) {
  for (const Bytes& bytes : seed_corpus()) ASSERT_TRUE(support::is_well(target(bytes)));
  const std::uint64_t first = support::seed(1);
  for (std::uint64_t seed = first; seed < first + (support::seed_is_given() ? 1 : count); ++seed) {
    std::mt19937_64 random(seed);
    ASSERT_TRUE(support::is_well(target(random_bytes(random, size_max)))) << support::how_to_repeat(seed);
  }
}

}  // namespace larder::fuzz
