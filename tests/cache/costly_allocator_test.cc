// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// An allocator says what a block costs. Whatever it says, a full cache makes room for the next write: what the write
// needs beside its entry costs as much more.
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "support/cache_fixture.h"
#include "support/counting_allocator.h"
#include "support/depth.h"

namespace larder {
namespace {

using support::CountingAllocator;
using Price = CountingAllocator::Price;
using Parameter = std::tuple<std::string_view, Price, unsigned>;

class CostlyAllocator : public testing::TestWithParam<Parameter> {
 protected:
  void fill(std::uint64_t seed);
};

void CostlyAllocator::fill(std::uint64_t seed) {
  const auto& [policy, price, shards] = GetParam();
  const std::uint64_t max_memory = shards * 512_KiB;
  CountingAllocator allocator(max_memory, price);
  ManualClock clock;
  {
    Cache cache({.max_memory = max_memory,
                 .eviction = *Eviction::named(policy),
                 .expiry = {.idle = Milliseconds(60'000)},
                 .shards = shards,
                 .clock = &clock,
                 .allocator = &allocator,
                 .seed = seed});
    for (int i = 0; i < 20'000; ++i) {
      const std::string key = "key:" + std::to_string(i);
      ASSERT_TRUE(
          cache.set(key, std::string(static_cast<std::size_t>(i) % 150, 'x'), {.ttl = Milliseconds(1 + i)}).ok())
          << "write " << i;
      if (i % 10 == 0) {
        ASSERT_TRUE(cache.append("text" + std::to_string(i / 2'000), key).ok()) << "write " << i;
        ASSERT_TRUE(cache.incr("counter").ok()) << "write " << i;
        ASSERT_TRUE(cache.mset({{key, "1"}, {key + "'", "2"}, {"third", key}}).ok()) << "write " << i;
        ASSERT_NE(cache.rename(key, "renamed").code(), ErrorCode::kOutOfMemory) << "write " << i;
        ASSERT_TRUE(cache.set("large", std::string(2'000, 'x')).ok()) << "write " << i;
        clock.advance(Milliseconds(7));
      }
      if (i % 1'000 == 0) {
        ASSERT_EQ(cache.check_invariants().to_string(), "ok") << "write " << i;
      }
    }
    EXPECT_GT(cache.stats().entries, 8u * shards);
  }
  EXPECT_EQ(allocator.complaints(true), "");
}

TEST_P(CostlyAllocator, AFullCacheTakesEveryWrite) {
  const std::uint64_t seeds = support::count(1, 50);
  for (std::uint64_t seed = 1; seed <= seeds && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE(seed);
    fill(seed);
  }
}

std::string name_of(const testing::TestParamInfo<Parameter>& info) {
  const auto& [policy, price, shards] = info.param;
  std::string name(policy);
  std::erase(name, '-');
  return name + "_unit" + std::to_string(price.unit) + "_times" + std::to_string(price.times) + "_" +
         std::to_string(shards) + "_shards";
}

INSTANTIATE_TEST_SUITE_P(Policies, CostlyAllocator,
                         testing::Combine(testing::ValuesIn(Eviction::names()),
                                          testing::Values(Price{1, 1}, Price{1, 4}, Price{1, 8}, Price{512, 1},
                                                          Price{4'096, 1}),
                                          testing::Values(1u, 4u)),
                         name_of);

}  // namespace
}  // namespace larder
