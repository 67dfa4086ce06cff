// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A million keys, fewer under a sanitizer, that come and expire in the same millisecond. Nobody who calls the cache
// pays for it: work is counted at the allocator, call by call, and no call does more than a small constant of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "larder/cache.h"
#include "support/depth.h"

namespace larder {
namespace {

using namespace std::chrono_literals;

const std::uint64_t kKeys = support::count(1'000'000, 1'000'000);
constexpr std::uint64_t kBlockMax = 1_MiB;
constexpr std::uint64_t kCallsMax = 100;
// tick looks at a shard in holds of its lock of so many entries and so many dead names; the last may begin just before
// the budget ends.
constexpr std::uint64_t kHold = 160;  // entries looked at in one go, and the rest of the last bucket

// Counts what goes through it. For one thread.
class CallCounter final : public Allocator {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) noexcept override {
    ++allocations;
    ++live;
    largest = std::max<std::uint64_t>(largest, bytes);
    return standard().allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept override {
    ++deallocations;
    --live;
    standard().deallocate(block, bytes, alignment);
  }
  std::size_t charge(std::size_t bytes, std::size_t alignment) const noexcept override {
    return standard().charge(bytes, alignment);
  }
  std::uint64_t calls() const { return allocations + deallocations; }

  std::uint64_t allocations = 0;
  std::uint64_t deallocations = 0;
  std::uint64_t live = 0;
  std::uint64_t largest = 0;
};

// How many calls and frees the most expensive one of many steps made.
struct Worst {
  std::uint64_t calls = 0;
  std::uint64_t frees = 0;
};
template <typename Step>
void measure(const CallCounter& counter, Worst& worst, Step step) {
  const std::uint64_t calls = counter.calls();
  const std::uint64_t frees = counter.deallocations;
  step();
  worst.calls = std::max(worst.calls, counter.calls() - calls);
  worst.frees = std::max(worst.frees, counter.deallocations - frees);
}

std::string key(std::uint64_t i) { return "key:" + std::to_string(i); }

class ExpiryStorm : public testing::TestWithParam<std::uint32_t> {
 protected:
  ExpiryStorm() {
    options_.clock = &clock_;
    options_.allocator = &counter_;
    options_.seed = 1;
    options_.shards = GetParam();
    options_.max_memory = 1_GiB;
  }
  void fill(Cache& cache, Milliseconds ttl) {
    const SetOptions ends{.ttl = ttl};
    for (std::uint64_t i = 0; i < kKeys; ++i)
      measure(counter_, growth_, [&] { ASSERT_TRUE(cache.set(key(i), "value", ends).ok()); });
  }

  ManualClock clock_;
  CallCounter counter_;
  Options options_;
  Worst growth_;
};

TEST_P(ExpiryStorm, TicksFreeAMillionKeysInSlicesOfTheirBudget) {
  Cache cache(options_);
  fill(cache, 60s);
  ASSERT_EQ(cache.stats().entries, kKeys);
  clock_.advance(59'999ms);
  cache.tick();
  ASSERT_EQ(cache.stats().entries, kKeys);
  ASSERT_EQ(cache.get(key(0)).value_or(""), "value");

  clock_.advance(1ms);
  EXPECT_TRUE(cache.get(key(0)).missing());  // it is gone though nobody has taken it away
  EXPECT_TRUE(cache.get(key(kKeys - 1)).missing());
  EXPECT_GE(cache.stats().entries, kKeys - 2);

  constexpr std::uint32_t kBudget = 1'000;
  std::uint64_t expired = 0;
  std::uint64_t ticks = 0;
  for (bool more = true; more; ++ticks) {
    ASSERT_LT(ticks, 10 * kKeys / kBudget) << "no end is in sight";
    const std::uint64_t frees_before = counter_.deallocations;
    const std::uint64_t allocations_before = counter_.allocations;
    const std::uint64_t entries_before = cache.stats().entries;
    const TickReport report = cache.tick({.steps_max = kBudget});
    const std::uint64_t freed = entries_before - cache.stats().entries;
    ASSERT_EQ(report.expired, freed);
    ASSERT_LE(freed, report.steps);
    ASSERT_LE(report.steps, kBudget + kHold);
    // Entries, and now and then a piece of the index or of a timer that held many of them.
    ASSERT_LE(counter_.deallocations - frees_before, freed + report.steps / 8 + kCallsMax);
    ASSERT_LE(counter_.allocations - allocations_before, report.steps / 8 + kCallsMax);
    expired += report.expired;
    more = report.more;
  }
  EXPECT_GE(ticks, kKeys / (kBudget + kHold));
  const Stats stats = cache.stats();
  EXPECT_EQ(stats.entries, 0u);
  EXPECT_EQ(stats.entries_with_ttl, 0u);
  EXPECT_EQ(stats.bytes_data, 0u);
  EXPECT_EQ(stats.removed(RemovalCause::kExpired), kKeys);
  EXPECT_GE(expired, kKeys - 2);
  EXPECT_EQ(stats.removed(RemovalCause::kEvicted), 0u);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

TEST_P(ExpiryStorm, ACallAfterItPaysForAFewOfTheDeadOnly) {
  Cache cache(options_);
  fill(cache, 60s);
  clock_.advance(60s);
  // A key that was there: its dead entry must go, and nothing else need.
  Worst overwrites;
  for (std::uint64_t i = 0; i < 1'000; ++i)
    measure(counter_, overwrites, [&] { ASSERT_TRUE(cache.set(key(i), "again").ok()); });
  EXPECT_LE(overwrites.calls, kCallsMax);
  Worst reads;
  for (std::uint64_t i = 1'000; i < 2'000; ++i)
    measure(counter_, reads, [&] { ASSERT_TRUE(cache.get(key(i)).missing()); });
  EXPECT_LE(reads.calls, kCallsMax);
  EXPECT_GE(cache.stats().entries, kKeys / 2);
  // Writes take some of the dead along, or nothing but tick ever would, and so all are gone in the end.
  Worst writes;
  for (std::uint64_t i = 0; i < kKeys; ++i)
    measure(counter_, writes, [&] { ASSERT_TRUE(cache.set("new:" + std::to_string(i % 2'000), "value").ok()); });
  EXPECT_LE(writes.frees, kCallsMax);
  EXPECT_LE(writes.calls, kCallsMax);
  EXPECT_EQ(cache.stats().entries, 3'000u);
  EXPECT_EQ(cache.stats().removed(RemovalCause::kExpired), kKeys);
  EXPECT_EQ(cache.get("new:7").value_or(""), "value");
  EXPECT_EQ(cache.get(key(7)).value_or(""), "again");
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

TEST_P(ExpiryStorm, GrowthToAMillionKeysNeverStopsForARehash) {
  auto cache = std::make_unique<Cache>(options_);
  counter_.largest = 0;  // the cache itself may be larger
  const std::uint64_t live_before = counter_.live;
  fill(*cache, 60s);
  EXPECT_LE(growth_.calls, kCallsMax);
  EXPECT_LE(counter_.largest, kBlockMax);
  EXPECT_GT(counter_.live, live_before + kKeys / 2);  // the entries do go through this allocator
  // Nor does it for reads, and nothing is allocated for them.
  const std::uint64_t calls = counter_.calls();
  std::string value;
  for (std::uint64_t i = 0; i < kKeys; i += 10) ASSERT_TRUE(cache->get(key(i), value).has_value());
  EXPECT_EQ(counter_.calls(), calls);

  // And down again, key by key.
  Worst deletions;
  for (std::uint64_t i = 0; i < kKeys; ++i) measure(counter_, deletions, [&] { ASSERT_TRUE(*cache->del(key(i))); });
  EXPECT_LE(deletions.calls, kCallsMax);
  EXPECT_LE(counter_.largest, kBlockMax);
  EXPECT_EQ(cache->stats().entries, 0u);
  cache.reset();
  EXPECT_EQ(counter_.live, 0u);
}

INSTANTIATE_TEST_SUITE_P(Shards, ExpiryStorm, testing::Values(1u, 64u));

}  // namespace
}  // namespace larder
