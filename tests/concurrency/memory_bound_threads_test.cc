// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The bound holds at every moment: eight threads churn, the allocator looks at each allocation, one thread samples what
// the cache says of itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"
#include "support/counting_allocator.h"
#include "support/depth.h"

namespace larder::concurrency {
namespace {

constexpr int kThreads = 8;

struct Parameter {
  const char* policy;
  std::uint64_t max_memory;
  std::uint64_t max_entries;
  std::uint32_t shards;
};

class Churn {
 public:
  Churn(const Parameter& parameter, support::CountingAllocator& allocator) {
    Options options;
    options.max_memory = parameter.max_memory;
    options.max_entries = parameter.max_entries;
    options.eviction = Eviction::named(parameter.policy).value();
    options.shards = parameter.shards;
    options.allocator = &allocator;
    options.clock = &clock_;
    options.on_removal = [this](std::string_view, std::string_view, RemovalCause) { ++removals_; };
    cache_ = std::make_unique<Cache>(options);
  }

  void run(std::uint64_t operations, std::uint64_t seed) {
    working_ = kThreads;
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([this, operations, seed, i] {
        work(operations, seed * 100 + static_cast<std::uint64_t>(i));
        --working_;
      });
    }
    do {
      sample();
    } while (working_.load() > 0);
  }

  void sample() {
    const Stats stats = cache_->stats();
    if (stats.max_memory != 0 && stats.bytes_used > stats.max_memory) {
      excess_ = std::max(excess_, stats.bytes_used - stats.max_memory);
    }
    ++samples_;
    std::this_thread::yield();
  }

  Cache& cache() { return *cache_; }
  void destroy() { cache_.reset(); }
  std::uint64_t excess() const { return excess_; }
  std::uint64_t samples() const { return samples_; }
  std::uint64_t stored() const { return stored_.load(); }
  std::uint64_t removals() const { return removals_.load(); }

 private:
  void work(std::uint64_t operations, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Pinned> held;
    for (std::uint64_t i = 0; i < operations; ++i) {
      const std::string key = "k" + std::to_string(random() % 3'000);
      switch (random() % 16) {
        case 0: held.size() < 4 ? hold(key, held) : held.clear(); break;
        case 1: cache_->append(key, std::string(random() % 500, 'a')); break;
        case 2: cache_->del(key); break;
        case 3: cache_->incr("n" + key); break;
        case 4: cache_->rename(key, "k" + std::to_string(random() % 3'000)); break;
        case 5: cache_->expire(key, Milliseconds(random() % 50)); break;
        case 6: clock_.advance(Milliseconds(random() % 3)); break;
        case 7: (void)cache_->get(key); break;
        case 8: cache_->set_range(key, random() % 3'000, "xyz"); break;
        case 9: cache_->copy(key, "k" + std::to_string(random() % 3'000), true); break;
        case 10: cache_->tick({.steps_max = 100}); break;
        case 11: mset(random); break;
        default: {
          const std::size_t size = random() % 8 == 0 ? random() % 20'000 : random() % 300;
          SetOptions options;
          if (random() % 3 == 0) options.ttl = Milliseconds(1 + random() % 100);
          stored_ += cache_->set(key, std::string(size, 'v'), options).ok();
        }
      }
    }
  }

  void hold(const std::string& key, std::vector<Pinned>& held) {
    auto pinned = cache_->pin(key);
    if (pinned) held.push_back(*std::move(pinned));
  }

  void mset(std::mt19937_64& random) {
    const std::string a = "k" + std::to_string(random() % 3'000);
    const std::string b = "k" + std::to_string(random() % 3'000);
    const std::string value(random() % 3'000, 'm');
    const KeyValue pairs[] = {{a, value}, {b, value}};
    cache_->mset(pairs);
  }

  ManualClock clock_;
  std::atomic<std::uint64_t> removals_{0};
  std::unique_ptr<Cache> cache_;
  std::atomic<int> working_{0};
  std::atomic<std::uint64_t> stored_{0};
  std::uint64_t samples_ = 0;
  std::uint64_t excess_ = 0;
};

class MemoryBound : public testing::TestWithParam<Parameter> {};

TEST_P(MemoryBound, IsNeverExceeded) {
  const Parameter& parameter = GetParam();
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  support::CountingAllocator allocator(parameter.max_memory == 0 ? support::CountingAllocator::kNoCeiling
                                                                 : parameter.max_memory);
  Churn churn(parameter, allocator);
  churn.run(support::count(15'000, 2'000'000), seed);
  EXPECT_EQ(allocator.worst_excess(), 0u);
  EXPECT_EQ(churn.excess(), 0u);
  EXPECT_GT(churn.samples(), 0u);
  EXPECT_GT(churn.stored(), 0u);
  EXPECT_EQ(churn.cache().check_invariants().to_string(), "ok");
  const Stats stats = churn.cache().stats();
  EXPECT_EQ(stats.bytes_pinned, 0u);
  EXPECT_LE(allocator.live(), stats.bytes_used);
  std::uint64_t removed = 0;
  for (const std::uint64_t count : stats.removals) removed += count;
  EXPECT_EQ(churn.removals(), removed);  // the listener heard of each
  if (parameter.max_entries != 0) {
    EXPECT_LE(stats.entries, parameter.max_entries);
  }
  churn.destroy();
  EXPECT_EQ(allocator.complaints(true), "");
}

INSTANTIATE_TEST_SUITE_P(Bounds, MemoryBound,
                         testing::Values(Parameter{"s3-fifo", 1 << 20, 0, 1}, Parameter{"s3-fifo", 1 << 20, 0, 8},
                                         Parameter{"s3-fifo", 8 << 20, 0, 64}, Parameter{"lru", 1 << 20, 0, 4},
                                         Parameter{"lfu", 1 << 20, 0, 4}, Parameter{"random", 256 << 10, 0, 2},
                                         Parameter{"none", 1 << 20, 0, 4}, Parameter{"lru-ttl", 1 << 20, 0, 4},
                                         Parameter{"s3-fifo", 0, 100, 4}, Parameter{"lru", 2 << 20, 500, 4}),
                         [](const auto& parameter) {
                           std::string name = parameter.param.policy;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + "_" + std::to_string(parameter.param.max_memory >> 10) + "KiB_" +
                                  std::to_string(parameter.param.max_entries) + "_entries_" +
                                  std::to_string(parameter.param.shards) + "_shards";
                         });

// Limits and policies change while the others churn. Lowering a limit that succeeds means: from then on it holds.
TEST(MemoryBoundThatMoves, IsNeverExceeded) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  support::CountingAllocator allocator(4 << 20);
  Churn churn({"s3-fifo", 4 << 20, 0, 8}, allocator);
  std::atomic<bool> running{true};
  std::uint64_t changes = 0;
  std::uint64_t lowered = 0;
  std::jthread changer([&] {
    std::mt19937_64 random(seed);
    const char* policies[] = {"s3-fifo", "lru", "lfu", "random", "sieve", "fifo", "s3-fifo-ttl", "none"};
    do {
      if (random() % 3 == 0) {
        EXPECT_TRUE(churn.cache().set_eviction(Eviction::named(policies[random() % std::size(policies)]).value()).ok());
      }
      // The ceiling is set before the limit is raised, and after it was lowered.
      const std::uint64_t limit = (1 + random() % 4) << 20;
      const std::uint64_t before = churn.cache().stats().max_memory;
      if (limit > before) allocator.set_ceiling(limit);
      const Status status = churn.cache().set_max_memory(limit);
      if (limit < before && status.ok()) {
        allocator.set_ceiling(limit);
        ++lowered;
      }
      if (!status.ok()) {
        EXPECT_EQ(status.code(), ErrorCode::kOutOfMemory);
        // Nothing may go (policy, handles): back to a limit that fits.
        EXPECT_TRUE(churn.cache().set_max_memory(before).ok());
      }
      ++changes;
      std::this_thread::yield();
    } while (running.load());
  });
  churn.run(support::count(15'000, 2'000'000), seed);
  running = false;
  changer.join();
  EXPECT_GT(changes, 0u);
  EXPECT_EQ(allocator.worst_excess(), 0u);
  EXPECT_EQ(churn.cache().check_invariants().to_string(), "ok");
  churn.destroy();
  EXPECT_EQ(allocator.complaints(true), "");
}

// An allocator that runs dry: writes are refused, nothing else happens.
TEST(MemoryThatRunsDry, RefusesWritesAndLosesNothing) {
  support::CountingAllocator allocator;
  Options options;
  options.max_memory = 0;
  options.allocator = &allocator;
  options.shards = 2;
  auto cache = std::make_unique<Cache>(options);
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(cache->set("k" + std::to_string(i), std::to_string(i)).ok());
  allocator.refuse(true);
  std::uint64_t refused = 0;
  for (int i = 1'000; i < 3'000; ++i) {
    const auto stored = cache->set("k" + std::to_string(i), std::string(2'000, 'x'));
    refused += !stored.ok();
    if (!stored.ok()) {
      ASSERT_EQ(stored.status().code(), ErrorCode::kOutOfMemory);
    }
    const auto appended = cache->append("k" + std::to_string(i % 1'000), std::string(3'000, 'y'));
    if (!appended.ok()) {
      ASSERT_EQ(appended.status().code(), ErrorCode::kOutOfMemory);
    }
  }
  EXPECT_EQ(refused, 2'000u);
  allocator.refuse(false);
  std::uint64_t there = 0;
  for (int i = 0; i < 1'000; ++i) there += cache->get("k" + std::to_string(i)).value_or("") == std::to_string(i);
  EXPECT_EQ(there, 1'000u);
  EXPECT_EQ(cache->check_invariants().to_string(), "ok");
  cache.reset();
  EXPECT_EQ(allocator.complaints(true), "");
}

}  // namespace
}  // namespace larder::concurrency
