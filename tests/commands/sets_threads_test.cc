// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Sets that several threads read, add to and pop from.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"
#include "support/depth.h"
#include "support/run_threads.h"

namespace larder::commands {
namespace {

class SetsThreads : public testing::TestWithParam<int> {
 protected:
  static Options unbounded() {
    Options options;
    options.max_memory = 0;
    options.shards = 8;
    options.seed = 1;
    return options;
  }
  void TearDown() override { EXPECT_EQ(cache_.check_invariants().to_string(), "ok"); }

  Cache cache_{unbounded()};
};

// A set moves between two keys: whoever looks at both sees it once, however many others are looked at between them.
TEST_P(SetsThreads, SeveralSetsAreReadAtOneInstant) {
  const auto size = static_cast<std::uint64_t>(GetParam());
  for (std::uint64_t i = 0; i < size; ++i) ASSERT_TRUE(cache_.sadd("a", std::to_string(i)).ok());
  std::vector<std::string> keys{"b"};
  for (int i = 0; i < 100; ++i) keys.push_back("none" + std::to_string(i));
  keys.push_back("a");
  std::atomic<bool> running{true};
  std::atomic<std::uint64_t> torn{0};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (running.load()) {
        torn += cache_.sunion(keys)->size() != size;
        torn += *cache_.sinter_card({"a", "b"}) != 0;
        torn += cache_.sdiff({"a", "b"})->size() % size != 0;
      }
    });
  }
  const std::uint64_t moves = support::count(30'000, 1'000'000);
  for (std::uint64_t i = 0; i < moves; ++i) {
    EXPECT_TRUE(cache_.rename("a", "b").ok());
    EXPECT_TRUE(cache_.rename("b", "a").ok());
  }
  running = false;
  readers.clear();
  EXPECT_EQ(torn.load(), 0u);
}

// Every member is popped once, by whom and in whatever number.
TEST_P(SetsThreads, EveryMemberIsPoppedOnce) {
  constexpr int kAdders = 2;
  constexpr int kThreads = 5;
  const std::uint64_t batches = support::count(60, 2'000);
  const auto batch_size = static_cast<std::uint64_t>(GetParam());
  std::atomic<int> adding{kAdders};
  std::vector<std::vector<std::string>> popped(kThreads);
  support::run_threads(kThreads, [&](int thread) {
    if (thread < kAdders) {
      for (std::uint64_t batch = 0; batch < batches; ++batch) {
        std::vector<std::string> members;
        for (std::uint64_t i = 0; i < batch_size; ++i) {
          members.push_back(std::to_string(thread) + "/" + std::to_string(batch) + "/" + std::to_string(i));
        }
        EXPECT_EQ(cache_.sadd("s", members).value_or(0), batch_size);
      }
      --adding;
      return;
    }
    auto& mine = popped[static_cast<std::size_t>(thread)];
    const std::uint64_t counts[] = {1, 7, 200};
    for (std::uint64_t round = 0;; ++round) {
      const bool last = adding.load() == 0;
      const auto some = cache_.spop("s", counts[round % 3]);
      ASSERT_TRUE(some.ok());
      if (last && some->empty()) return;
      mine.insert(mine.end(), some->begin(), some->end());
      if (const auto snapshot = cache_.ssnapshot("s")) {
        std::uint64_t shown = 0;
        snapshot->for_each([&](std::string_view) { return ++shown != 0; });
        EXPECT_EQ(shown, snapshot->size());
      }
    }
  });
  std::set<std::string> all;
  std::size_t count = 0;
  for (const auto& some : popped) {
    all.insert(some.begin(), some.end());
    count += some.size();
  }
  EXPECT_EQ(all.size(), kAdders * batches * batch_size);
  EXPECT_EQ(count, all.size());
  EXPECT_FALSE(*cache_.exists("s"));
}

INSTANTIATE_TEST_SUITE_P(Sizes, SetsThreads, testing::Values(5, 150));

}  // namespace
}  // namespace larder::commands
