// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A list as a queue of several threads, with edits under the shard's lock and aside, and readers of versions.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "larder/cache.h"
#include "support/depth.h"

namespace larder::commands {
namespace {

// Each element is popped once, by somebody.
TEST(ListsThreads, AQueueLosesNothing) {
  const std::uint64_t each = support::count(6'000, 60'000);
  constexpr std::uint64_t kPushers = 2;
  Cache cache({.shards = 1, .seed = 1});
  std::atomic<std::uint64_t> pushers_left{kPushers};
  std::vector<std::vector<std::string>> popped(2);
  std::vector<std::thread> threads;
  for (std::uint64_t pusher = 0; pusher < kPushers; ++pusher) {
    threads.emplace_back([&, pusher] {
      base::Random random(pusher);
      for (std::uint64_t pushed = 0; pushed < each;) {
        std::vector<std::string> more;
        const std::uint64_t count = 1 + random.below(random.below(8) == 0 ? 200 : 4);
        while (more.size() < count && pushed < each) more.push_back(std::to_string(pusher * each + pushed++));
        EXPECT_TRUE((random.below(2) == 0 ? cache.rpush("q", more) : cache.lpush("q", more)).ok());
        // Puts in and takes out again what no other thread wants.
        if (random.below(16) == 0 && *cache.linsert("q", ListPlace::kAfter, more.back(), "mine") > 0) {
          EXPECT_TRUE(cache.lrem("q", 0, "mine").ok());
        }
      }
      --pushers_left;
    });
  }
  for (std::size_t popper = 0; popper < popped.size(); ++popper) {
    threads.emplace_back([&, popper] {
      base::Random random(100 + popper);
      for (bool last = false;;) {
        const std::uint64_t count = 1 + random.below(random.below(8) == 0 ? 300 : 5);
        const auto some = random.below(2) == 0 ? cache.lpop("q", count) : cache.rpop("q", count);
        if (some) popped[popper].insert(popped[popper].end(), some->begin(), some->end());
        if (some.missing() && last) return;
        last = some.missing() && pushers_left.load() == 0;
      }
    });
  }
  threads.emplace_back([&] {
    while (pushers_left.load() != 0) {
      const auto list = cache.lsnapshot("q");
      if (!list) continue;
      std::uint64_t seen = 0;
      list->for_each([&](std::string_view element) { return !element.empty() && ++seen != 0; });
      EXPECT_EQ(seen, list->size());
    }
  });
  for (std::thread& thread : threads) thread.join();

  std::vector<bool> found(kPushers * each);
  std::uint64_t all = 0;
  for (const auto& some : popped) {
    for (const std::string& element : some) {
      if (element == "mine") continue;
      const std::uint64_t number = std::stoull(element);
      ASSERT_LT(number, found.size());
      EXPECT_FALSE(found[number]) << number;
      found[number] = true;
      ++all;
    }
  }
  EXPECT_EQ(all, kPushers * each);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

}  // namespace
}  // namespace larder::commands
