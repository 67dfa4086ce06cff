// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Threads that wait for what other threads push: everything is taken once, nobody sleeps beside something to take, and
// who gives up takes nothing with him.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"
#include "support/depth.h"
#include "support/run_threads.h"
#include "support/wait_until.h"
#include "support/watchdog.h"

namespace larder {
namespace {

using namespace std::chrono_literals;

constexpr int kLists = 3;
constexpr int kThreads = 4;  // of each kind

std::string list(std::size_t i) { return "list" + std::to_string(i % kLists); }

class Exchange {
 public:
  explicit Exchange(int each) : each_(each), taken_(static_cast<std::size_t>(kThreads * each)) {}

  void run() {
    support::Watchdog dog(120s, [this] {
      return std::to_string(count_.load()) + " of " + std::to_string(taken_.size()) + " were taken, " +
             std::to_string(cache_.stats().waiting_for_items) + " wait";
    });
    support::run_threads(2 * kThreads, [this](int i) { i < kThreads ? produce(i) : consume(i); });
    for (const auto& times : taken_) EXPECT_EQ(times.load(), 1);
    for (std::size_t i = 0; i < kLists; ++i) EXPECT_EQ(cache_.llen(list(i)).value_or(9), 0u);
    EXPECT_EQ(cache_.stats().waiting_for_items, 0u);
    EXPECT_EQ(cache_.check_invariants().to_string(), "ok");
  }

 private:
  void produce(int thread) {
    std::mt19937 random(static_cast<unsigned>(thread) + 1);
    for (int i = 0; i < each_; ++i) {
      const std::string item = std::to_string(thread * each_ + i);
      const std::string to = list(random());
      switch (random() % 4) {
        case 0: ASSERT_TRUE(cache_.zadd("zset", item, 1).ok()); break;
        case 1:
          ASSERT_TRUE(cache_.atomically({to}, [&](Transaction& t) { return t.lpush(to, item).status(); }).ok());
          break;
        default: ASSERT_TRUE(cache_.rpush(to, item).ok());
      }
    }
  }

  // Half of them take from the sorted set, half from the lists: those that wait without an end wait for all of these,
  // so that a wake-up that is lost shows.
  void consume(int thread) {
    std::mt19937 random(static_cast<unsigned>(thread) + 1);
    while (count_ < taken_.size()) {
      const std::size_t first = random();
      const BlockOptions no_end{.interrupt = &done_};
      const BlockOptions short_while{.at_most = 1ms, .interrupt = &done_};
      Lookup<std::string> item;
      if (thread % 2 == 0) {
        item = only(cache_.bzmpop_min({"zset"}, 1, random() % 8 == 0 ? short_while : no_end));
      } else if (random() % 4 == 0) {
        item = cache_.blmove(list(first), "own" + std::to_string(thread), ListEnd::kLeft, ListEnd::kLeft, short_while);
      } else {
        item = only(cache_.blpop({list(first), list(first + 1), list(first + 2)}, no_end));
      }
      if (!item) continue;
      ++taken_.at(std::stoul(*item));
      if (++count_ == taken_.size()) done_.interrupt();
    }
  }
  static Lookup<std::string> only(Lookup<PoppedElement>&& popped) {
    return popped ? Lookup<std::string>(std::move(popped->element)) : popped.status();
  }
  static Lookup<std::string> only(Lookup<PoppedMembers>&& popped) {
    return popped ? Lookup<std::string>(std::string(popped->members[0].member)) : popped.status();
  }

  const int each_;
  Cache cache_{Options{.max_memory = 0, .shards = 4}};
  Interrupt done_;
  std::vector<std::atomic<int>> taken_;
  std::atomic<std::size_t> count_{0};
};

TEST(BlockingThreads, EverythingIsTakenOnce) { Exchange(static_cast<int>(support::count(2'000, 100'000))).run(); }

TEST(BlockingThreads, CloseEndsThem) {
  for (int i = 0; i < 50; ++i) {
    Cache cache;
    support::run_threads(4, [&](int thread) {
      if (thread == 0) {
        cache.close();
      } else {
        EXPECT_EQ(cache.blpop({"a", "b"}).status().code(), ErrorCode::kClosed);
      }
    });
  }
}

}  // namespace
}  // namespace larder
