// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/key_hash.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/random.h"

namespace larder::base {
namespace {

std::string random_text(Random& random, std::size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random.below(256));
  return text;
}

TEST(KeyHash, SameSeedSameHashWhereverTheKeyLies) {
  const KeyHash one(7);
  const KeyHash other(7);
  Random random(1);
  for (std::size_t size = 0; size < 100; ++size) {
    const std::string key = random_text(random, size);
    const std::string shifted = "x" + key;  // at another alignment
    EXPECT_EQ(one(key), other(std::string_view(shifted).substr(1))) << size;
  }
}

TEST(KeyHash, AnotherSeedGivesAnotherHash) {
  const KeyHash hashes[] = {KeyHash(1), KeyHash(2), KeyHash::unpredictable(), KeyHash::unpredictable()};
  for (const std::string_view key : {"", "a", "abcd", "a key of more than sixteen bytes"}) {
    std::unordered_set<std::uint64_t> seen;
    for (const KeyHash& hash : hashes) seen.insert(hash(key));
    EXPECT_EQ(seen.size(), 4u) << key;
  }
}

// Each byte of keys of all lengths around the ways they are read: 1-3, 4-7, 8-16, more.
TEST(KeyHash, EveryByteCounts) {
  const KeyHash hash(3);
  Random random(2);
  for (std::size_t size = 1; size <= 70; ++size) {
    std::string key = random_text(random, size);
    const std::uint64_t before = hash(key);
    for (std::size_t i = 0; i < size; ++i) {
      for (const unsigned flip : {0x01u, 0x80u}) {
        key[i] = static_cast<char>(static_cast<unsigned char>(key[i]) ^ flip);
        EXPECT_NE(hash(key), before) << "size " << size << ", byte " << i;
        key[i] = static_cast<char>(static_cast<unsigned char>(key[i]) ^ flip);
      }
    }
    EXPECT_EQ(hash(key), before);
  }
}

TEST(KeyHash, ZeroesOfAnyNumberDiffer) {
  const KeyHash hash(4);
  std::unordered_set<std::uint64_t> seen;
  for (std::size_t size = 0; size <= 300; ++size) seen.insert(hash(std::string(size, '\0')));
  EXPECT_EQ(seen.size(), 301u);
}

// AddressSanitizer would see it.
TEST(KeyHash, ReadsNothingOutsideTheKey) {
  const KeyHash hash(5);
  for (std::size_t size = 1; size <= 70; ++size) {
    const auto key = std::make_unique<char[]>(size);
    std::fill_n(key.get(), size, 'k');
    EXPECT_EQ(hash({key.get(), size}), hash(std::string(size, 'k')));
  }
}

TEST(KeyHash, OneBitOfTheKeyTurnsHalfTheBitsOfTheHash) {
  const KeyHash hash(6);
  Random random(3);
  for (const std::size_t size : {2u, 5u, 8u, 12u, 16u, 17u, 33u}) {
    std::array<int, 64> turned{};
    constexpr int kRounds = 4'000;
    for (int round = 0; round < kRounds; ++round) {
      std::string key = random_text(random, size);
      const std::uint64_t before = hash(key);
      const std::uint64_t bit = random.below(8 * size);
      key[bit / 8] = static_cast<char>(static_cast<unsigned char>(key[bit / 8]) ^ 1u << bit % 8);
      const std::uint64_t differs = hash(key) ^ before;
      for (std::size_t i = 0; i < 64; ++i) turned[i] += static_cast<int>(differs >> i & 1);
    }
    // Half of 4,000, give or take six standard deviations of 32.
    for (std::size_t i = 0; i < 64; ++i) EXPECT_NEAR(turned[i], kRounds / 2, 200) << "size " << size << ", bit " << i;
  }
}

// The shard comes from the top ten bits, the tag from the low sixteen; keys that count up must fill both evenly.
TEST(KeyHash, CountedKeysSpreadOverTopAndLowBits) {
  const KeyHash hash(8);
  constexpr int kEach = 1'000;
  std::array<int, 64> top{};
  std::array<int, 64> low{};
  for (int i = 0; i < 64 * kEach; ++i) {
    const std::uint64_t h = hash("user:" + std::to_string(i));
    ++top[h >> 58];
    ++low[h & 63];
  }
  // Six standard deviations of a binomial count: 6 * sqrt(1000).
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_NEAR(top[i], kEach, 190) << i;
    EXPECT_NEAR(low[i], kEach, 190) << i;
  }
}

}  // namespace
}  // namespace larder::base
