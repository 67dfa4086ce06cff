// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on several keys are atomic, as far as other commands can tell; and they never deadlock, however their keys
// are ordered.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"
#include "support/depth.h"
#include "support/run_threads.h"

namespace larder::concurrency {
namespace {

Options unbounded(std::uint32_t shards) {
  Options options;
  options.max_memory = 0;
  options.shards = shards;
  return options;
}

class MultiKeyThreads : public testing::TestWithParam<std::uint32_t> {
 protected:
  MultiKeyThreads()
      : cache_(unbounded(GetParam())), trace_(__FILE__, __LINE__, support::how_to_repeat(support::seed(1))) {}
  void TearDown() override { EXPECT_EQ(cache_.check_invariants().to_string(), "ok"); }

  void mset(const std::vector<std::string>& keys, const std::string& value) {
    std::vector<KeyValue> pairs;
    for (const std::string& key : keys) pairs.push_back({key, value});
    EXPECT_TRUE(cache_.mset(pairs).ok());
  }
  Cache cache_;
  testing::ScopedTrace trace_;
};

// Who reads one key and then another must not see the second older than the first: both are written at once, with
// numbers that only rise.
TEST_P(MultiKeyThreads, MsetIsSeenAsAWhole) {
  const std::vector<std::string> keys = {"a", "b", "c", "d"};
  mset(keys, "0");
  std::atomic<bool> running{true};
  std::atomic<std::uint64_t> torn{0};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      std::mt19937_64 random(static_cast<std::uint64_t>(i));
      while (running.load()) {
        const auto& first = keys[random() % keys.size()];
        const auto& second = keys[random() % keys.size()];
        const std::string before = *cache_.get(first);
        const std::string after = *cache_.get(second);
        torn += std::stoull(after) < std::stoull(before);
      }
    });
  }
  const std::uint64_t writes = support::count(20'000, 1'000'000);
  for (std::uint64_t i = 1; i <= writes; ++i) mset(keys, std::to_string(i));
  running = false;
  readers.clear();
  EXPECT_EQ(torn.load(), 0u);
}

// The same with large values, which take another way through the engine.
TEST_P(MultiKeyThreads, MsetOfLargeValuesIsSeenAsAWhole) {
  const std::vector<std::string> keys = {"a", "b", "c"};
  const auto value = [](std::uint64_t i) {
    std::string text = std::to_string(i) + " ";
    text.resize(3'000, 'x');
    return text;
  };
  mset(keys, value(0));
  std::atomic<bool> running{true};
  std::atomic<std::uint64_t> torn{0};
  std::jthread reader([&] {
    while (running.load()) {
      const auto before = cache_.pin("a");
      const auto after = cache_.pin("c");
      torn += std::stoull(std::string(after->view().substr(0, 20))) <
              std::stoull(std::string(before->view().substr(0, 20)));
    }
  });
  const std::uint64_t writes = support::count(5'000, 200'000);
  for (std::uint64_t i = 1; i <= writes; ++i) mset(keys, value(i));
  running = false;
  reader.join();
  EXPECT_EQ(torn.load(), 0u);
}

// Sets of keys that overlap in a ring: of two neighbours at most one may win, and a loser leaves nothing.
TEST_P(MultiKeyThreads, MsetNxStoresAllOrNothing) {
  constexpr int kThreads = 5;
  const std::uint64_t rounds = support::count(600, 30'000);
  std::vector<std::atomic<int>> won(kThreads);
  std::barrier phase(kThreads + 1);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (std::uint64_t round = 0; round < rounds; ++round) {
        const std::string own = std::to_string(i);
        const std::string next = std::to_string((i + 1) % kThreads);
        const KeyValue pairs[] = {{own, own}, {next, own}};
        phase.arrive_and_wait();
        won[static_cast<std::size_t>(i)] = *cache_.mset_nx(pairs);
        phase.arrive_and_wait();
      }
    });
  }
  for (std::uint64_t round = 0; round < rounds; ++round) {
    ASSERT_TRUE(cache_.clear().ok());
    phase.arrive_and_wait();
    phase.arrive_and_wait();
    int winners = 0;
    std::vector<std::string> expected(kThreads, "(missing)");
    for (std::size_t i = 0; i < kThreads; ++i) {
      if (won[i] == 0) continue;
      ++winners;
      EXPECT_EQ(won[(i + 1) % kThreads].load(), 0) << "two winners share a key";
      expected[i] = expected[(i + 1) % kThreads] = std::to_string(i);
    }
    EXPECT_GE(winners, 1);
    for (std::size_t i = 0; i < kThreads; ++i) {
      EXPECT_EQ(cache_.get(std::to_string(i)).value_or("(missing)"), expected[i]) << "round " << round;
    }
  }
}

// A value is renamed to and fro. It is always under one of two names: then mset_nx of both must fail, and rename_nx and
// copy onto the other name must be consistent with that.
TEST_P(MultiKeyThreads, RenameNeverLosesTheValue) {
  cache_.set("a", "the value", {.ttl = std::chrono::hours(1)});
  std::atomic<bool> running{true};
  std::atomic<std::uint64_t> lost{0};
  std::vector<std::jthread> observers;
  for (int i = 0; i < 2; ++i) {
    observers.emplace_back([&] {
      const KeyValue both[] = {{"a", "intruder"}, {"b", "intruder"}};
      const KeyValue reversed[] = {{"b", "intruder"}, {"a", "intruder"}};
      while (running.load()) {
        lost += *cache_.mset_nx(both);
        lost += *cache_.mset_nx(reversed);
      }
    });
  }
  const std::uint64_t renames = support::count(30'000, 1'000'000);
  std::atomic<std::uint64_t> moved{0};
  support::run_threads(2, [&](int i) {
    for (std::uint64_t n = 0; n < renames; ++n) {
      moved += i == 0 ? cache_.rename("a", "b").ok() : cache_.rename("b", "a").ok();
      if (n % 16 == 0) std::this_thread::yield();
    }
  });
  running = false;
  observers.clear();
  EXPECT_EQ(lost.load(), 0u);
  EXPECT_GT(moved.load(), 0u);
  const bool at_a = cache_.get("a").value_or("") == "the value";
  const bool at_b = cache_.get("b").value_or("") == "the value";
  EXPECT_NE(at_a, at_b);
  EXPECT_TRUE(cache_.ttl(at_a ? "a" : "b")->left.has_value());
}

// Tokens wander among slots by rename_nx: none is lost, none doubled.
TEST_P(MultiKeyThreads, RenameNxKeepsEveryToken) {
  constexpr int kSlots = 12;
  constexpr int kTokens = 6;
  for (int i = 0; i < kTokens; ++i) cache_.set("slot" + std::to_string(i), "token" + std::to_string(i));
  support::run_threads(4, [&](int i) {
    std::mt19937_64 random(support::seed(1) + static_cast<std::uint64_t>(i));
    const std::uint64_t moves = support::count(20'000, 1'000'000);
    for (std::uint64_t n = 0; n < moves; ++n) {
      const std::string from = "slot" + std::to_string(random() % kSlots);
      const std::string to = "slot" + std::to_string(random() % kSlots);
      const auto moved = cache_.rename_nx(from, to);
      if (!moved.ok()) {
        ASSERT_EQ(moved.status().code(), ErrorCode::kNoSuchKey);
      }
    }
  });
  std::vector<std::string> tokens;
  for (int i = 0; i < kSlots; ++i) {
    if (const auto token = cache_.get("slot" + std::to_string(i))) tokens.push_back(*token);
  }
  std::sort(tokens.begin(), tokens.end());
  std::vector<std::string> expected;
  for (int i = 0; i < kTokens; ++i) expected.push_back("token" + std::to_string(i));
  EXPECT_EQ(tokens, expected);
}

// Every order of keys, every command on several keys, at once: it must end.
TEST_P(MultiKeyThreads, NoOrderOfKeysDeadlocks) {
  constexpr int kKeys = 10;
  support::run_threads(6, [&](int i) {
    std::mt19937_64 random(support::seed(1) + static_cast<std::uint64_t>(i));
    const auto key = [&] { return "k" + std::to_string(random() % kKeys); };
    const std::uint64_t turns = support::count(10'000, 500'000);
    for (std::uint64_t n = 0; n < turns; ++n) {
      const std::string a = key(), b = key(), c = key();
      const KeyValue pairs[] = {{a, "1"}, {b, "2"}, {c, "3"}, {a, "4"}};
      const std::string_view views[] = {b, c, a};
      switch (random() % 8) {
        case 0: cache_.mset(pairs); break;
        case 1: cache_.mset_nx(pairs); break;
        case 2: cache_.rename(a, b); break;
        case 3: cache_.rename_nx(a, b); break;
        case 4: cache_.copy(a, b, true); break;
        case 5: cache_.bit_op(BitOperation::kXor, a, views); break;
        case 6: cache_.del(views); break;
        default: (void)cache_.lcs(a, b); break;
      }
    }
  });
}

// A counter that is read, computed elsewhere, and stored if nothing has changed: no update is lost.
TEST_P(MultiKeyThreads, CompareAndSetLosesNoUpdate) {
  constexpr int kThreads = 4;
  const std::uint64_t each = support::count(3'000, 100'000);
  support::run_threads(kThreads, [&](int) {
    for (std::uint64_t n = 0; n < each;) {
      const auto read = cache_.get_versioned("counter");
      const std::uint64_t next = (read->value ? std::stoull(*read->value) : 0) + 1;
      const auto stored = cache_.compare_and_set("counter", read->version, std::to_string(next));
      if (stored.ok()) {
        ++n;
      } else {
        ASSERT_EQ(stored.status().code(), ErrorCode::kConflict);
      }
    }
  });
  EXPECT_EQ(*cache_.get("counter"), std::to_string(kThreads * each));
}

INSTANTIATE_TEST_SUITE_P(Shards, MultiKeyThreads, testing::Values(1u, 16u));

}  // namespace
}  // namespace larder::concurrency
