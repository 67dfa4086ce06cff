// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How much is done while a shard's lock is held, counted. In
// builds with LARDER_CHECKS; elsewhere nothing is counted.
#include "base/hold_work.h"

#if defined(LARDER_CHECKS)

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "larder/cache.h"
#include "support/depth.h"

namespace larder {
namespace {

// What one hold may come to. Looking at an entry takes 10 to 100 ns, copying 16 KiB about a microsecond, a call of the
// allocator 20 to 100 ns: so the longest hold is some tens of microseconds.
constexpr std::uint64_t kEntries = 510;  // 504 measured: clearing with adaptive
constexpr std::uint64_t kBytes = 18 << 10;
constexpr std::uint64_t kAllocations = 160;

class HoldWorkTest : public testing::Test {
 protected:
  void SetUp() override { base::take_most_work(); }
  void TearDown() override {
    expect_bounded("in the end");
    EXPECT_EQ(cache_.check_invariants().to_string(), "ok");
  }

  static Options options(ManualClock* clock) {
    Options options;
    options.max_memory = 64_MiB;
    options.shards = 2;  // many entries in each: what is done for all of them at once would show
    options.seed = 5;
    options.clock = clock;
    return options;
  }
  static void use_up(const Lookup<std::string>&) {}
  static std::string key(int i) { return "key:" + std::to_string(i); }
  void fill(int count, const SetOptions& how = {}) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(cache_.set(key(i), "value", how).ok());
  }
  static void expect_bounded(const char* when) {
    const base::HoldWork most = base::take_most_work();
    EXPECT_LE(most.entries, kEntries) << when;
    EXPECT_LE(most.bytes, kBytes) << when;
    EXPECT_LE(most.allocations, kAllocations) << when;
  }

  ManualClock clock_;
  Cache cache_{options(&clock_)};
};

// The counters themselves: a test that cannot fail would be none.
TEST_F(HoldWorkTest, IsCounted) {
  fill(100);
  EXPECT_TRUE(cache_.get(key(1)).has_value());
  const base::HoldWork most = base::take_most_work();
  EXPECT_GE(most.entries, 1u);
  EXPECT_GE(most.bytes, 5u);
  EXPECT_GE(most.allocations, 1u);
  EXPECT_EQ(base::take_most_work().entries, 0u);
}

TEST_F(HoldWorkTest, GrowingAndShrinking) {
  fill(200'000);
  expect_bounded("growing");
  for (int i = 0; i < 199'000; ++i) cache_.del(key(i));
  expect_bounded("shrinking");
  while (cache_.tick().more) {
  }
}

TEST_F(HoldWorkTest, ManyDueAtOnce) {
  fill(100'000, {.ttl = Milliseconds(1'000)});
  clock_.advance(std::chrono::seconds(2));
  cache_.set("another", "value");
  expect_bounded("a write that finds them");
  while (cache_.tick({.steps_max = 1'000'000}).more) {
  }
  EXPECT_EQ(cache_.stats().entries, 1u);
}

TEST_F(HoldWorkTest, ManyFarTimersToFile) {
  fill(100'000, {.ttl = std::chrono::hours(1)});
  clock_.advance(std::chrono::minutes(59) + std::chrono::seconds(58));
  while (cache_.tick({.steps_max = 1'000'000}).more) {
  }
  expect_bounded("filing");
  EXPECT_EQ(cache_.stats().entries, 100'000u);
  clock_.advance(std::chrono::seconds(2));
  while (cache_.tick({.steps_max = 1'000'000}).more) {
  }
  EXPECT_EQ(cache_.stats().entries, 0u);
}

// Every entry was used, so the policy goes round all of them before the first one goes.
TEST_F(HoldWorkTest, EvictionWhereEverythingWasUsed) {
  ASSERT_TRUE(cache_.set_max_memory(4_MiB).ok());
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 120'000; ++i) {
      cache_.set(key(i), "value");
      for (int use = 0; use < 4; ++use) use_up(cache_.get(key(i)));
    }
  }
  expect_bounded("small values");
  ASSERT_TRUE(cache_.set("large", std::string(500'000, 'v')).ok());
  expect_bounded("a large value that throws out thousands");
  EXPECT_GT(cache_.stats().removed(RemovalCause::kEvicted), 10'000u);
}

TEST_F(HoldWorkTest, EvictionByEachPolicy) {
  for (const char* policy : {"adaptive", "s3-fifo", "lru", "lfu", "random", "sieve", "fifo", "lru-ttl", "none"}) {
    SCOPED_TRACE(policy);
    ASSERT_TRUE(cache_.set_max_memory(64_MiB).ok());
    ASSERT_TRUE(cache_.set_eviction(*Eviction::named(policy)).ok());
    fill(100'000);
    expect_bounded("adopting and filling");
    cache_.set_max_memory(4_MiB);
    expect_bounded("lowering the bound");
    cache_.clear();
    expect_bounded("clearing");
  }
}

// What a policy remembered of many small entries is too much for fewer large ones.
TEST_F(HoldWorkTest, SmallEntriesMakeWayForLargeOnes) {
  const auto many = static_cast<int>(support::count(1'500'000, 1'500'000));
  ASSERT_TRUE(cache_.set_max_memory(static_cast<std::uint64_t>(many) * 22).ok());
  for (int i = 0; i < many; ++i) ASSERT_TRUE(cache_.set(key(i), "value").ok());
  expect_bounded("small");
  const std::string large(1'000, 'v');
  for (int i = 0; i < many / 25; ++i) ASSERT_TRUE(cache_.set(key(-i), large).ok());
  expect_bounded("large");
}

// One in thousands has a time to live, and may go.
TEST_F(HoldWorkTest, FewThatMayBeEvicted) {
  for (const char* policy : {"lfu-ttl", "random-ttl", "lru-ttl", "s3-fifo-ttl"}) {
    SCOPED_TRACE(policy);
    Options rare = options(&clock_);
    rare.max_memory = 8_MiB;
    rare.eviction = *Eviction::named(policy);
    Cache cache(rare);
    for (int i = 0; i < 200'000; ++i) {
      const bool stored =
          cache.set(key(i), "value", i % 1'000 == 0 ? SetOptions{.ttl = std::chrono::hours(1)} : SetOptions{}).ok();
      if (!stored) break;
    }
    expect_bounded("filling");
    EXPECT_GT(cache.stats().removed(RemovalCause::kEvicted), 0u);
  }
}

TEST_F(HoldWorkTest, LargeValues) {
  const std::string megabyte(1 << 20, 'v');
  ASSERT_TRUE(cache_.set("large", megabyte).ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(cache_.append("large", megabyte).ok());
  ASSERT_TRUE(cache_.set_range("large", 100, megabyte).ok());
  ASSERT_TRUE(cache_.set_range("sparse", 3 << 20, "end").ok());
  ASSERT_TRUE(cache_.set_bit("large", 8'000'000, true).ok());
  ASSERT_TRUE(cache_.bit_count("large").ok());
  const std::vector<std::string_view> sources = {"large", "sparse"};
  ASSERT_TRUE(cache_.bit_op(BitOperation::kOr, "both", sources).ok());
  ASSERT_TRUE(cache_.get("large").has_value());
  ASSERT_TRUE(cache_.pin("large").has_value());
  ASSERT_TRUE(cache_.copy("large", "copied").ok());
  ASSERT_TRUE(cache_.rename("copied", "renamed").ok());
  ASSERT_TRUE(cache_.get_del("renamed").has_value());
}

TEST_F(HoldWorkTest, LookingAtAll) {
  fill(100'000);
  base::take_most_work();
  EXPECT_EQ(cache_.keys("*")->size(), 100'000u);
  expect_bounded("keys");
  EXPECT_TRUE(cache_.scan(0, {.match = {}, .count = 100'000}).ok());
  expect_bounded("scan");
  EXPECT_TRUE(cache_.for_each([](const EntryView&) { return true; }).ok());
  expect_bounded("for_each");
  EXPECT_EQ(cache_.random_key().missing(), false);
  expect_bounded("random_key");
  EXPECT_EQ(*cache_.invalidate_prefix("key:1"), 11'111u);
  expect_bounded("invalidate_prefix");
  EXPECT_GT(*cache_.dbsize(), 0u);
  cache_.close();
  expect_bounded("close");
}

// All keys of one call at once, so its keys count, which are bounded: 1,024.
TEST_F(HoldWorkTest, ManyKeysAtOnce) {
  std::vector<std::string> names;
  std::vector<KeyValue> pairs;
  for (int i = 0; i < 1'024; ++i) names.push_back(key(i));
  for (const std::string& name : names) pairs.push_back({name, "value"});
  ASSERT_TRUE(cache_.mset(pairs).ok());
  const base::HoldWork most = base::take_most_work();
  EXPECT_LE(most.entries, 20u * 1'024);
  EXPECT_LE(most.allocations, 8u * 1'024);
}

}  // namespace
}  // namespace larder

#endif
