// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Advice while threads use the cache, and others ask, and change policy and bound.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "larder/cache.h"
#include "support/depth.h"

namespace larder {
namespace {

TEST(AdviceThreads, ManyUseAndAskAndChange) {
  Options options;
  options.max_memory = 16_MiB;
  options.size_advice = true;
  options.policy_advice = true;
  options.shards = 8;
  Cache cache(options);
  const std::uint64_t uses = support::count(60'000, 1'000'000);
  std::atomic<int> working{3};
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      threads.emplace_back([&, seed] {
        base::Random random(seed);
        for (std::uint64_t i = 0; i < uses; ++i) {
          const std::string key = std::to_string(random.below(1 + random.below(5'000)));
          if (i % 50 == 0) {
            cache.del(key);
          } else if (!cache.get(key)) {
            (void)cache.set(key, std::string(random.below(20'000), 'x'));
          }
        }
        --working;
      });
    }
    threads.emplace_back([&] {
      const Eviction policies[] = {Eviction::lru(), Eviction::adaptive(), Eviction::none(), Eviction::s3_fifo()};
      for (std::uint64_t i = 0; working != 0; ++i) {
        const Stats stats = cache.stats();
        EXPECT_LE(stats.size_advice.at_double, 1.0);
        for (const auto& other : stats.policy_advice.others) EXPECT_LE(other.hit_ratio, 1.0);
        EXPECT_TRUE(cache.set_eviction(policies[i % 4]).ok());
        EXPECT_TRUE(cache.set_max_memory(i % 2 == 0 ? 24_MiB : 16_MiB).ok());
        cache.tick();
      }
    });
  }
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

}  // namespace
}  // namespace larder
