// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/linear_hashing.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <vector>

#include "base/random.h"
#include "support/depth.h"

namespace larder::base {
namespace {

LinearHashing with(std::uint64_t buckets) {
  LinearHashing numbers;
  numbers.set_buckets(buckets);
  return numbers;
}

// As it is defined: by one bit more than all buckets have, if there is such a bucket.
std::uint64_t expected_bucket(std::uint64_t bits, std::uint64_t buckets) {
  std::uint64_t power = 1;
  while (power * 2 <= buckets) power *= 2;
  return bits % (power * 2) < buckets ? bits % (power * 2) : bits % power;
}

TEST(LinearHashing, FindsTheBucketOfTheDefinition) {
  for (std::uint64_t buckets = 1; buckets <= 600; ++buckets) {
    const LinearHashing numbers = with(buckets);
    ASSERT_EQ(numbers.buckets(), buckets);
    for (std::uint64_t bits = 0; bits < 2'100; ++bits) {
      ASSERT_EQ(numbers.bucket_of(bits), expected_bucket(bits, buckets)) << bits << " of " << buckets;
    }
    ASSERT_EQ(numbers.bucket_of(~std::uint64_t{0}), expected_bucket(~std::uint64_t{0}, buckets));
  }
}

TEST(LinearHashing, FindsBucketsAtTheEdgesOfPowersOfTwo) {
  Random random(1);
  for (int log = 1; log < 40; ++log) {
    for (const std::uint64_t buckets :
         {(std::uint64_t{1} << log) - 1, std::uint64_t{1} << log, (std::uint64_t{1} << log) + 1}) {
      for (int i = 0; i < 50; ++i) {
        const std::uint64_t bits = random.next();
        ASSERT_EQ(with(buckets).bucket_of(bits), expected_bucket(bits, buckets)) << bits << " of " << buckets;
      }
    }
  }
}

// What one bucket more takes, it takes from its partner; all else stays where it is.
TEST(LinearHashing, OneBucketMorePartsItsPartner) {
  for (std::uint64_t buckets = 1; buckets < 600; ++buckets) {
    const std::uint64_t partner = LinearHashing::partner_of(buckets);
    ASSERT_LT(partner, buckets);
    for (std::uint64_t bits = 0; bits < 2'100; ++bits) {
      const std::uint64_t before = with(buckets).bucket_of(bits);
      const std::uint64_t after = with(buckets + 1).bucket_of(bits);
      ASSERT_TRUE(after == before || (before == partner && after == buckets)) << bits << " of " << buckets;
    }
  }
}

TEST(LinearHashing, ReversesTheLowBits) {
  EXPECT_EQ(LinearHashing::reversed(0), 0u);
  for (int bit = 0; bit < LinearHashing::kCursorBits; ++bit) {
    EXPECT_EQ(LinearHashing::reversed(std::uint64_t{1} << bit), std::uint64_t{1} << (31 - bit));
  }
  EXPECT_EQ(LinearHashing::reversed(0x12345678), 0x1e6a2c48u);
}

TEST(LinearHashing, AWalkVisitsEachBucketOnce) {
  for (std::uint64_t buckets = 1; buckets <= 600; ++buckets) {
    const LinearHashing numbers = with(buckets);
    std::vector<int> visits(buckets);
    std::uint64_t cursor = 0;
    do {
      ++visits[numbers.bucket_of_cursor(cursor)];
      const std::uint64_t next = numbers.next_cursor(cursor);
      ASSERT_TRUE(next > cursor || next == 0);
      cursor = next;
    } while (cursor != 0);
    for (std::uint64_t i = 0; i < buckets; ++i) ASSERT_EQ(visits[i], 1) << i << " of " << buckets;
  }
}

// From a cursor that no walk gave, too.
TEST(LinearHashing, AWalkEndsWhereverItBegins) {
  Random random(2);
  for (int i = 0; i < 1'000; ++i) {
    const LinearHashing numbers = with(1 + random.below(300));
    std::uint64_t cursor = random.next() >> random.below(64);
    std::uint64_t steps = 0;
    do {
      cursor = numbers.next_cursor(cursor);
      ASSERT_LE(++steps, numbers.buckets());
    } while (cursor != 0);
  }
}

// Every hash is in a bucket that is visited, however the number of buckets changes in between.
TEST(LinearHashing, AWalkMissesNothingWhileBucketsComeAndGo) {
  const std::uint64_t first = support::seed(3);
  for (std::uint64_t seed = first; seed < first + support::count(600, 20'000); ++seed) {
    Random random(seed);
    LinearHashing numbers = with(1 + random.below(200));
    std::set<std::uint64_t> missing;
    for (std::uint64_t bits = 0; bits < 1'024; ++bits) missing.insert(bits);
    std::uint64_t cursor = 0;
    do {
      const std::uint64_t bucket = numbers.bucket_of_cursor(cursor);
      std::erase_if(missing, [&](std::uint64_t bits) { return numbers.bucket_of(bits) == bucket; });
      cursor = numbers.next_cursor(cursor);
      numbers.set_buckets(random.below(3) == 0 ? 1 + random.below(200) : numbers.buckets() + random.below(3));
    } while (cursor != 0);
    ASSERT_TRUE(missing.empty()) << missing.size() << " are missing. " << support::how_to_repeat(seed);
  }
}

}  // namespace
}  // namespace larder::base
