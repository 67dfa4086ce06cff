// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Hot keys while threads use the cache, and others ask for them.
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

TEST(HotKeysThreads, ManyUseAndAsk) {
  Options options;
  options.max_memory = 16_MiB;
  options.hot_keys = 20;
  options.shards = 8;
  options.seed = 1;
  Cache cache(options);
  const std::uint64_t uses = support::count(200'000, 2'000'000);
  std::atomic<int> working{3};
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      threads.emplace_back([&, seed] {
        base::Random random(seed);
        for (std::uint64_t i = 0; i < uses; ++i) {
          const std::string key = i % 3 == 0 ? "hot" : std::to_string(random.below(5'000));
          if (i % 7 == 0) {
            (void)cache.set(key, key);
          } else {
            (void)cache.get(key);
          }
        }
        --working;
      });
    }
    threads.emplace_back([&] {
      while (working != 0) {
        double sum = 0;
        for (const HotKey& one : cache.stats().hot_keys) {
          EXPECT_FALSE(one.key.empty());
          sum += one.share;
        }
        EXPECT_LE(sum, 1 + 1e-9);
      }
    });
  }
  const auto top = cache.stats().hot_keys;
  ASSERT_FALSE(top.empty());
  EXPECT_EQ(top[0].key, "hot");
  EXPECT_NEAR(top[0].share, 1 / 3.0, 0.1);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

}  // namespace
}  // namespace larder
