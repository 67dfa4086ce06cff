// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What each option promises: which settings are refused, and what the others bring about.
#include "larder/options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "larder/cache.h"
#include "support/counting_allocator.h"

namespace larder {
namespace {

using namespace std::chrono_literals;

// --- Refused settings --------------------------------------------------------------------------------------------------
struct BadOptions {
  const char* name;
  std::vector<std::string> fields;  // what the message must name
  std::function<void(Options&)> spoil;
};

struct EmptyStore final : BackingStore {
  Lookup<StoredValue> load(std::string_view) override { return {}; }
  Status write(std::span<const Mutation>, std::span<WriteResult>) override { return {}; }
};

StoreOptions& behind(Options& options) {
  options.store.backing = std::make_shared<EmptyStore>();
  return options.store;
}

// Options of write-back that are in order.
WriteBackOptions& write_back(Options& options) {
  behind(options);
  options.store.writes = StoreOptions::Writes::kBack;
  options.store.write_back.dead_letters = [](const DeadLetter&) {};
  return options.store.write_back;
}

std::vector<BadOptions> bad_store_options() {
  return {
      {"WriteBackWithoutASink", {"dead_letters"}, [](Options& o) { write_back(o).dead_letters = {}; }},
      {"BufferAboveHalfOfMemory", {"bytes_max"}, [](Options& o) { write_back(o).bytes_max = o.max_memory / 2 + 1; }},
      {"BufferOfNoItems", {"items_max"}, [](Options& o) { write_back(o).items_max = 0; }},
      {"BatchesOfNone", {"batch_max"}, [](Options& o) { write_back(o).batch_max = 0; }},
      {"LargeBatches", {"batch_max"}, [](Options& o) { write_back(o).batch_max = 65'537; }},
      {"ManyThreads", {"threads"}, [](Options& o) { write_back(o).threads = 65; }},
      {"NoAttempts", {"attempts_max"}, [](Options& o) { write_back(o).attempts_max = 0; }},
      {"RateBeyondReason", {"rate_max"}, [](Options& o) { write_back(o).rate_max = 1'000'000'001; }},
      {"RetryAtOnce", {"retry_first"}, [](Options& o) { write_back(o).retry_first = 0ms; }},
      {"RetriesThatGetShorter", {"retry_most"}, [](Options& o) { write_back(o).retry_most = 49ms; }},
      {"NegativeDelay", {"write_back.delay"}, [](Options& o) { write_back(o).delay = -1ms; }},
      {"NegativeRetry", {"write_back.retry_first"}, [](Options& o) { write_back(o).retry_first = -1ms; }},
      {"NegativeCloseWait", {"write_back.close_wait"}, [](Options& o) { write_back(o).close_wait = -1ms; }},
      {"BufferOfNoBytes", {"write_back.bytes_max"}, [](Options& o) { write_back(o).bytes_max = 4'095; }},
      {"NegativeWait", {"store.wait_max"}, [](Options& o) { o.store.wait_max = -1ms; }},
      {"NegativeMaxAge", {"store.max_age"}, [](Options& o) { behind(o).max_age = -1ms; }},
      {"VersionsOfAStoreThatKeepsNone",
       {"check_versions", "keeps no versions"},
       [](Options& o) { behind(o).check_versions = true; }},
      {"StaleWithoutAnAge", {"store.max_age"}, [](Options& o) { behind(o).staleness.stale_for = 1s; }},
      {"RefreshedAllTheTime",
       {"store.staleness.refresh_ahead"},
       [](Options& o) { behind(o).max_age = 1s, o.store.staleness.refresh_ahead = 1s; }},
      {"NothingStaleToWaitFor",
       {"store.staleness.soft_wait", "stale_for"},
       [](Options& o) { behind(o).max_age = 1s, o.store.staleness.soft_wait = 1ms; }},
      {"NegativeStaleness",
       {"store.staleness.retry_after"},
       [](Options& o) { behind(o).staleness.retry_after = -1ms; }},
      {"ASettingOfNoStore",
       {"store.writes", "store.negative_ttl", "store.max_age", "store.check_versions", "store.staleness",
        "store.backing"},
       [](Options& o) {
         o.store = {.writes = StoreOptions::Writes::kRefuse, .negative_ttl = 1s, .max_age = 1s, .check_versions = true};
         o.store.staleness.stale_for = 1s;
       }},
  };
}

std::vector<BadOptions> bad_cache_options() {
  return {
      {"MemoryBelowTheLeast", {"max_memory"}, [](Options& o) { o.max_memory = kMaxMemoryMin - 1; }},
      {"OneByteOfMemory", {"max_memory"}, [](Options& o) { o.max_memory = 1; }},
      {"MemoryBeyondAll", {"max_memory"}, [](Options& o) { o.max_memory = ~std::uint64_t{0}; }},
      {"EntriesBeyondAll", {"max_entries"}, [](Options& o) { o.max_entries = ~std::uint64_t{0}; }},
      {"NoValues", {"value_bytes_max"}, [](Options& o) { o.value_bytes_max = 0; }},
      {"ValuesTooLarge", {"value_bytes_max"}, [](Options& o) { o.value_bytes_max = kValueBytesMax + 1; }},
      {"ThreeShards", {"shards"}, [](Options& o) { o.shards = 3; }},
      {"TooManyShards", {"shards"}, [](Options& o) { o.shards = 2'048; }},
      {"TooLittleMemoryAShard", {"max_memory", "shard"}, [](Options& o) { o.max_memory = 1_MiB, o.shards = 64; }},
      {"MoreShardsThanEntries", {"max_entries", "shard"}, [](Options& o) { o.max_entries = 7, o.shards = 8; }},
      {"AdviceWithoutABound",
       {"size_advice", "max_memory", "max_entries"},
       [](Options& o) { o.max_memory = 0, o.size_advice = true; }},
      {"AdviceInNoMemory", {"size_advice", "16 MiB"}, [](Options& o) { o.max_memory = 15_MiB, o.size_advice = true; }},
      {"TooManyHotKeys", {"hot_keys", "1,000"}, [](Options& o) { o.hot_keys = 1'001; }},
      {"HotKeysInNoMemory", {"max_memory", "hot_keys"}, [](Options& o) { o.max_memory = 4_MiB, o.hot_keys = 1; }},
      {"AdviceOnPoliciesWithoutABound",
       {"policy_advice", "max_memory", "max_entries"},
       [](Options& o) { o.max_memory = 0, o.policy_advice = true; }},
      {"AdviceOnPoliciesInNoMemory",
       {"policy_advice", "16 MiB"},
       [](Options& o) { o.max_memory = 15_MiB, o.policy_advice = true; }},
      {"NegativeIdle", {"expiry.idle"}, [](Options& o) { o.expiry.idle = -1ms; }},
      {"EndlessIdle", {"expiry.idle"}, [](Options& o) { o.expiry.idle = Milliseconds::max(); }},
      {"NegativeJitter", {"expiry.ttl_jitter"}, [](Options& o) { o.expiry.ttl_jitter = -0.01; }},
      {"JitterAboveOne", {"expiry.ttl_jitter"}, [](Options& o) { o.expiry.ttl_jitter = 1.01; }},
      {"JitterNotANumber",
       {"expiry.ttl_jitter"},
       [](Options& o) { o.expiry.ttl_jitter = std::numeric_limits<double>::quiet_NaN(); }},
      {"NoInterval",
       {"background_interval"},
       [](Options& o) { o.background_thread = true, o.background_interval = 0ms; }},
      {"NegativeInterval",
       {"background_interval"},
       [](Options& o) { o.background_thread = true, o.background_interval = -5ms; }},
      {"EndlessInterval",
       {"background_interval"},
       [](Options& o) { o.background_thread = true, o.background_interval = Milliseconds::max(); }},
      {"SeveralAtOnce",
       {"max_memory", "value_bytes_max", "shards", "expiry.idle", "expiry.ttl_jitter", "background_interval"},
       [](Options& o) {
         o.max_memory = 1, o.value_bytes_max = 0, o.shards = 5, o.expiry = {.idle = -1ms, .ttl_jitter = 2.0};
         o.background_thread = true, o.background_interval = 0ms;
       }},
  };
}

const std::vector<BadOptions>& bad_options() {
  static const std::vector<BadOptions> all = [] {
    std::vector<BadOptions> both = bad_cache_options();
    for (BadOptions& bad : bad_store_options()) both.push_back(std::move(bad));
    return both;
  }();
  return all;
}

class Bad : public testing::TestWithParam<std::size_t> {};

TEST_P(Bad, AreRefusedWithTheFieldsName) {
  const BadOptions& bad = bad_options()[GetParam()];
  Options options;
  ASSERT_TRUE(options.validate().ok());
  bad.spoil(options);
  const Status status = options.validate();
  EXPECT_EQ(status.code(), ErrorCode::kInvalidArgument);
  for (const std::string& field : bad.fields)
    EXPECT_NE(status.message().find(field), std::string_view::npos) << field << " in: " << status.message();
  const auto cache = Cache::open(options);
  ASSERT_FALSE(cache.ok());
  EXPECT_EQ(cache.status().to_string(), status.to_string());
}

INSTANTIATE_TEST_SUITE_P(Options, Bad, testing::Range(std::size_t{0}, bad_options().size()),
                         [](const auto& parameter) { return std::string(bad_options()[parameter.param].name); });

TEST(GoodOptions, WithoutMemoryForThemAreAnErrorToo) {
  support::CountingAllocator none;
  none.refuse(true);
  EXPECT_EQ(Cache::open({.allocator = &none}).status().code(), ErrorCode::kOutOfMemory);
  support::CountingAllocator dear(64_KiB, {.unit = 1, .times = 100});
  EXPECT_EQ(Cache::open({.max_memory = 64_KiB, .allocator = &dear}).status().code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(dear.complaints(true), "");
}

TEST(GoodOptions, AFactoryThatThrowsLeavesNothingBehind) {
  support::CountingAllocator allocator;
  int made = 0;
  const auto factory = [&](std::uint64_t seed) -> std::unique_ptr<EvictionPolicy> {
    if (++made > 3) throw std::bad_alloc();
    return Eviction::s3_fifo().factory()(seed);
  };
  EXPECT_EQ(Cache::open({.eviction = Eviction::custom("mine", factory), .shards = 8, .allocator = &allocator})
                .status()
                .code(),
            ErrorCode::kOutOfMemory);
  EXPECT_EQ(allocator.complaints(true), "");
}

TEST(GoodOptions, AtTheirBoundsAreAccepted) {
  const std::vector<std::function<void(Options&)>> good = {
      [](Options& o) { o.max_memory = kMaxMemoryMin; },
      [](Options& o) { o.max_memory = 0; },
      [](Options& o) { o.max_memory = 2_MiB, o.shards = 64; },
      [](Options& o) { o.max_entries = 1; },
      [](Options& o) { o.max_entries = 8, o.shards = 8; },
      [](Options& o) { o.value_bytes_max = 1; },
      [](Options& o) { o.value_bytes_max = kValueBytesMax; },
      [](Options& o) { o.shards = 1; },
      [](Options& o) { o.shards = 1'024; },
      [](Options& o) { o.max_memory = 5_MiB, o.hot_keys = 128; },
      [](Options& o) { o.max_memory = 0, o.hot_keys = 1'000; },
      [](Options& o) { o.expiry.idle = 1ms; },
      [](Options& o) { o.expiry.ttl_jitter = 1.0; },
      [](Options& o) { o.background_interval = 0ms; },  // there is no thread
      [](Options& o) { write_back(o); },
      [](Options& o) { write_back(o).threads = 0; },
      [](Options& o) { write_back(o).batch_max = 1; },
      [](Options& o) { write_back(o).retry_first = write_back(o).retry_most; },
  };
  for (std::size_t i = 0; i < good.size(); ++i) {
    Options options;
    good[i](options);
    EXPECT_EQ(options.validate().to_string(), "ok") << i;
    const auto cache = Cache::open(options);
    ASSERT_TRUE(cache.ok()) << i;
    EXPECT_TRUE((*cache)->set("k", "v").ok()) << i;
    EXPECT_EQ((*cache)->get("k").value_or(""), "v") << i;
  }
}

// --- Bounds, and what goes when they are reached -------------------------------------------------------------------------
class OptionsInUse : public testing::Test {
 protected:
  using Causes = std::map<RemovalCause, std::vector<std::string>>;

  OptionsInUse() {
    options_.clock = &clock_;
    options_.seed = 1;
    options_.shards = 1;
    options_.on_removal = [this](std::string_view key, std::string_view value, RemovalCause cause) {
      told_[cause].push_back(std::string(key) + "=" + std::string(value));
    };
  }
  void TearDown() override {
    if (!cache_) return;
    EXPECT_EQ(cache_->check_invariants().to_string(), "ok");
    // The listener was told of all that left, and of nothing else.
    const Stats stats = cache_->stats();
    for (std::size_t i = 0; i < kRemovalCauses; ++i) {
      const auto cause = static_cast<RemovalCause>(i);
      EXPECT_EQ(stats.removed(cause), told_[cause].size()) << to_string(cause);
    }
  }
  Cache& open() {
    auto opened = Cache::open(options_);
    EXPECT_TRUE(opened.ok()) << opened.status().to_string();
    cache_ = *std::move(opened);
    return *cache_;
  }
  static std::string key(int i) { return "key" + std::to_string(i); }
  std::size_t evicted() { return told_[RemovalCause::kEvicted].size(); }
  static void tick_all(Cache& cache) {
    while (cache.tick().more) {
    }
  }

  ManualClock clock_;
  Options options_;
  Causes told_;
  std::unique_ptr<Cache> cache_;
};

TEST_F(OptionsInUse, LoweringMaxMemoryEvictsBeforeItReturns) {
  options_.max_memory = 8_MiB;
  options_.shards = 4;
  Cache& cache = open();
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(cache.set(key(i), std::string(1'000, 'v')).ok());
  ASSERT_EQ(cache.stats().entries, 5'000u);
  ASSERT_GT(cache.stats().bytes_used, 5'000'000u);
  ASSERT_EQ(evicted(), 0u);
  for (const std::uint64_t bound : {4_MiB, 2_MiB, 1_MiB}) {
    ASSERT_TRUE(cache.set_max_memory(bound).ok());
    const Stats stats = cache.stats();
    EXPECT_LE(stats.bytes_used, bound);
    EXPECT_GT(stats.bytes_used, bound / 4) << "it evicted far too much";
    EXPECT_EQ(stats.max_memory, bound);
    EXPECT_EQ(stats.entries + evicted(), 5'000u);
  }
  const std::size_t evicted_before = evicted();
  ASSERT_TRUE(cache.set_max_memory(8_MiB).ok());  // there is room again
  for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(cache.set("new" + key(i), std::string(1'000, 'v')).ok());
  EXPECT_EQ(evicted(), evicted_before);
  ASSERT_TRUE(cache.set_max_memory(0).ok());
  EXPECT_EQ(cache.stats().max_memory, 0u);
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(cache.set("more" + key(i), std::string(1'000, 'v')).ok());
  EXPECT_EQ(evicted(), evicted_before);
}

// What a cache of many entries needs besides them goes with them: buckets and chained ones, queues, ghosts, timers.
class LoweringFarDown : public OptionsInUse, public testing::WithParamInterface<std::string_view> {};

TEST_P(LoweringFarDown, LeavesAsMuchForEntriesAsASmallCacheHas) {
  options_.max_memory = 64_MiB;
  options_.shards = 8;
  options_.eviction = *Eviction::named(GetParam());
  options_.on_removal = {};
  const auto fill = [](Cache& cache, const std::string& what, int entries) {
    for (int i = 0; i < entries; ++i) {
      ASSERT_TRUE(cache.set(what + key(i), std::string(150, 'v'), {.ttl = Milliseconds(1'000'000 + i)}).ok());
    }
  };
  Cache cache(options_);
  fill(cache, "first", 300'000);
  ASSERT_GT(cache.stats().bytes_used, 50_MiB);

  const std::uint64_t bound = 1_MiB;
  options_.max_memory = bound;
  Cache small(options_);
  fill(small, "first", 50'000);
  const Stats expected = small.stats();

  ASSERT_EQ(cache.set_max_memory(bound).to_string(), "ok");
  EXPECT_LE(cache.stats().bytes_used, bound);
  EXPECT_GT(cache.stats().entries, expected.entries * 3 / 4);
  fill(cache, "second", 50'000);
  tick_all(cache);
  EXPECT_LE(cache.stats().bytes_used, bound);
  EXPECT_GT(cache.stats().entries, expected.entries * 3 / 4);
  // An index that shrank stops at three entries a bucket, one that grew keeps six.
  EXPECT_LT(cache.stats().bytes_index, expected.bytes_index * 2);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

INSTANTIATE_TEST_SUITE_P(Policies, LoweringFarDown, testing::ValuesIn(Eviction::names()), [](const auto& policy) {
  std::string name(policy.param);
  std::erase(name, '-');
  return name;
});

TEST_F(OptionsInUse, LoweringMaxMemoryWhereNothingMayGoStopsGrowthUntilThereIsRoom) {
  options_.max_memory = 4_MiB;
  options_.eviction = Eviction::none();
  Cache& cache = open();
  for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(cache.set(key(i), std::string(1'000, 'v')).ok());
  EXPECT_EQ(cache.set_max_memory(1_MiB).code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(cache.stats().entries, 2'000u);
  EXPECT_EQ(cache.set("new", std::string(1'000, 'v')).status().code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(cache.get(key(0)).value_or("").size(), 1'000u);
  for (int i = 0; i < 1'900; ++i) ASSERT_TRUE(*cache.del(key(i)));
  tick_all(cache);
  EXPECT_TRUE(cache.set("new", std::string(1'000, 'v')).ok());
  EXPECT_LE(cache.stats().bytes_used, 1_MiB);
  EXPECT_EQ(evicted(), 0u);
}

TEST_F(OptionsInUse, AMaxMemoryThatIsTooSmallIsRefusedAndChangesNothing) {
  options_.max_memory = 4_MiB;
  options_.shards = 4;
  Cache& cache = open();
  const Status status = cache.set_max_memory(kMaxMemoryMin - 1);
  EXPECT_EQ(status.code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(status.message().find("max_memory"), std::string_view::npos);
  EXPECT_EQ(cache.stats().max_memory, 4_MiB);

  const std::uint64_t shards = cache.stats().shards;
  ASSERT_GT(shards, 2u);
  const Status for_the_shards = cache.set_max_memory(shards * kShardMemoryMin - 1);
  EXPECT_EQ(for_the_shards.code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(for_the_shards.message().find(std::to_string(shards * kShardMemoryMin)), std::string_view::npos);
  EXPECT_TRUE(cache.set_max_memory(shards * kShardMemoryMin).ok());
  EXPECT_EQ(cache.set_max_memory((std::uint64_t{1} << 60) + 1).code(), ErrorCode::kInvalidArgument);
}

TEST_F(OptionsInUse, ThePolicyChangesWithoutLosingAnything) {
  options_.max_memory = 1_MiB;
  options_.shards = 2;
  options_.eviction = Eviction::none();
  Cache& cache = open();
  int stored = 0;
  while (cache.set(key(stored), std::string(400, 'v')).ok()) ++stored;
  ASSERT_GT(stored, 1'000);
  ASSERT_LT(stored, 3'000);
  for (const std::string_view policy : Eviction::names()) {
    const std::uint64_t entries = cache.stats().entries;
    const std::size_t evicted_before = evicted();
    ASSERT_TRUE(cache.set_eviction(*Eviction::named(policy)).ok());
    EXPECT_EQ(cache.stats().policy, policy);
    EXPECT_LE(entries - cache.stats().entries, entries / 10) << policy;  // for its own place in them
    EXPECT_EQ(entries - cache.stats().entries, evicted() - evicted_before);
    for (int i = 0; i < 300; ++i)
      ASSERT_TRUE(cache.set(std::string(policy) + key(i), std::string(400, 'v')).ok()) << policy;
    EXPECT_GE(evicted(), evicted_before + 50) << policy;  // it can evict what came before it
    EXPECT_LE(cache.stats().bytes_used, 1_MiB);
  }
  ASSERT_TRUE(cache.set_eviction(Eviction::none()).ok());
  const std::size_t evicted_before = evicted();
  EXPECT_EQ(cache.set("new", std::string(50'000, 'v')).status().code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(evicted(), evicted_before);
}

// A policy that keeps positions in entries needs larger blocks for them, for which there is no room.
TEST_F(OptionsInUse, WhatHasExpiredIsNotEvictedByAChangeOfPolicy) {
  options_.max_memory = 64_KiB;
  options_.eviction = Eviction::none();
  Cache& cache = open();
  int stored = 0;
  while (cache.set(key(stored), "value", {.ttl = 1h}).ok()) ++stored;
  clock_.advance(2h);
  ASSERT_TRUE(cache.set_eviction(Eviction::lru()).ok());
  EXPECT_EQ(*cache.dbsize(), 0u);
  EXPECT_EQ(evicted(), 0u);
  EXPECT_EQ(cache.stats().removed(RemovalCause::kExpired), static_cast<std::uint64_t>(stored));
}

TEST_F(OptionsInUse, OnlyKeysWithATtlGoWhereThePolicySaysSo) {
  options_.max_memory = 1_MiB;
  options_.eviction = Eviction::lru(Eviction::Scope::kKeysWithTtl);
  Cache& cache = open();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(cache.set(key(i), std::string(400, 'v')).ok());
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(cache.set("timed" + key(i), std::string(400, 'v'), {.ttl = 1h}).ok());
  EXPECT_GT(evicted(), 1'000u);
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(*cache.exists(key(i))) << i;
}

TEST_F(OptionsInUse, AValueThatIsTooLargeIsRefusedAndNothingIsEvictedForIt) {
  options_.max_memory = 1_MiB;
  options_.value_bytes_max = 200'000;
  Cache& cache = open();
  ASSERT_TRUE(cache.set("old", "value").ok());
  for (int i = 0; i < 4'000; ++i) ASSERT_TRUE(cache.set(key(i), std::string(400, 'v')).ok());
  ASSERT_TRUE(cache.set("old", "value").ok());
  ASSERT_GT(evicted(), 0u);  // it is full
  const std::size_t evicted_before = evicted();
  const std::uint64_t entries = cache.stats().entries;
  const std::uint64_t used = cache.stats().bytes_used;
  // More than value_bytes_max, and more than an eighth of max_memory.
  for (const std::size_t bytes : {std::size_t{200'001}, std::size_t{10'000'000}, std::size_t{140'000}}) {
    for (const char* name : {"old", "new"})
      EXPECT_EQ(cache.set(name, std::string(bytes, 'x')).status().code(), ErrorCode::kValueTooLarge) << bytes;
  }
  EXPECT_EQ(evicted(), evicted_before);
  EXPECT_EQ(cache.stats().entries, entries);
  EXPECT_EQ(cache.stats().bytes_used, used);
  EXPECT_EQ(cache.get("old").value_or(""), "value");
  EXPECT_TRUE(cache.set("new", std::string(100'000, 'x')).ok());
}

TEST_F(OptionsInUse, ValueBytesMaxIsExact) {
  options_.value_bytes_max = 5'000;
  Cache& cache = open();
  EXPECT_TRUE(cache.set("k", std::string(5'000, 'x')).ok());
  EXPECT_EQ(cache.set("k", std::string(5'001, 'x')).status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(cache.append("k", "x").status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(*cache.strlen("k"), 5'000u);
}

class MaxEntries : public OptionsInUse, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(MaxEntries, AreNeverExceededAndAllUsed) {
  options_.shards = GetParam();
  options_.max_memory = 0;
  options_.max_entries = 100;
  Cache& cache = open();
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(cache.set(key(i), "v").ok()) << i;
    const std::uint64_t entries = cache.stats().entries;
    ASSERT_LE(entries, 100u);
    ASSERT_EQ(entries + evicted(), static_cast<std::uint64_t>(i) + 1);
    ASSERT_TRUE(i >= 100 || evicted() == 0) << i;
    ASSERT_GE(entries, std::min<std::uint64_t>(90, entries + evicted())) << i;  // not all gave way at once
  }
}

TEST_P(MaxEntries, AreExactWhereNothingMayGo) {
  options_.shards = GetParam();
  options_.max_entries = 100;
  options_.eviction = Eviction::none();
  Cache& cache = open();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(cache.set(key(i), "v").ok()) << i;
  EXPECT_EQ(cache.set("one too many", "v").status().code(), ErrorCode::kOutOfMemory);
  EXPECT_TRUE(cache.set(key(7), "replaced").ok());  // no new entry
  ASSERT_TRUE(*cache.del(key(8)));
  EXPECT_TRUE(cache.set("one too many", "v").ok());
  EXPECT_EQ(cache.set("two too many", "v").status().code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(cache.stats().entries, 100u);
}

INSTANTIATE_TEST_SUITE_P(Shards, MaxEntries, testing::Values(1u, 4u, 64u));

// --- Causes --------------------------------------------------------------------------------------------------------------
TEST_F(OptionsInUse, EachRemovalIsToldWithItsCause) {
  options_.expiry.idle = 10s;
  options_.max_entries = 6;
  Cache& cache = open();
  cache.set("deleted", "1");
  cache.set("taken", "2");
  cache.set("in the past", "3");
  cache.set("renamed", "4");
  EXPECT_TRUE(*cache.del("deleted"));
  EXPECT_EQ(*cache.get_del("taken"), "2");
  EXPECT_TRUE(*cache.expire("in the past", 0ms));
  EXPECT_TRUE(cache.rename("renamed", "by another name").ok());
  EXPECT_FALSE(*cache.del("deleted"));  // nobody is told of what is not there
  EXPECT_EQ(told_[RemovalCause::kDeleted],
            (std::vector<std::string>{"deleted=1", "taken=2", "in the past=3", "renamed=4"}));

  cache.set("by another name", "5");
  EXPECT_EQ(told_[RemovalCause::kReplaced], (std::vector<std::string>{"by another name=4"}));

  cache.set("a:1", "6");
  cache.set("a:2", "7");
  EXPECT_TRUE(*cache.invalidate("by another name"));
  EXPECT_EQ(*cache.invalidate_prefix("a:"), 2u);
  std::vector<std::string> invalidated = told_[RemovalCause::kInvalidated];
  std::sort(invalidated.begin(), invalidated.end());
  EXPECT_EQ(invalidated, (std::vector<std::string>{"a:1=6", "a:2=7", "by another name=5"}));

  cache.set("short", "8", {.ttl = 5s});
  cache.set("unused", "9");
  clock_.advance(9'999ms);
  tick_all(cache);
  EXPECT_EQ(told_[RemovalCause::kExpired], (std::vector<std::string>{"short=8"}));
  EXPECT_TRUE(told_[RemovalCause::kIdle].empty());
  clock_.advance(1ms);
  tick_all(cache);
  EXPECT_EQ(told_[RemovalCause::kIdle], (std::vector<std::string>{"unused=9"}));

  for (int i = 0; i < 7; ++i) cache.set(key(i), "x");
  EXPECT_EQ(evicted(), 1u);
  EXPECT_TRUE(cache.clear().ok());
  EXPECT_EQ(told_[RemovalCause::kCleared].size(), 6u);
  cache.set("at the end", "10");
  cache.close();
  EXPECT_EQ(told_[RemovalCause::kCleared].back(), "at the end=10");
}

TEST_F(OptionsInUse, WhatTheListenerThrowsIsCounted) {
  options_.on_removal = [](std::string_view, std::string_view, RemovalCause) { throw 42; };
  Cache cache(options_);
  cache.set("k", "v");
  EXPECT_TRUE(*cache.del("k"));
  EXPECT_EQ(cache.stats().listener_failures, 1u);
  EXPECT_FALSE(*cache.exists("k"));
}

TEST_F(OptionsInUse, TheListenerMayCallTheCache) {
  Cache* inside = nullptr;
  options_.on_removal = [&](std::string_view key, std::string_view value, RemovalCause cause) {
    if (cause == RemovalCause::kDeleted) inside->set("copy of " + std::string(key), value);
  };
  Cache cache(options_);
  inside = &cache;
  cache.set("k", "v");
  EXPECT_TRUE(*cache.del("k"));
  EXPECT_EQ(cache.get("copy of k").value_or(""), "v");
}

// --- Time ----------------------------------------------------------------------------------------------------------------
TEST_F(OptionsInUse, AnEntryThatIsNotUsedEndsAfterTheIdleTimeToTheMillisecond) {
  options_.expiry.idle = 1'000ms;
  Cache& cache = open();
  cache.set("k", "v");
  for (int i = 0; i < 5; ++i) {  // each use begins it anew
    clock_.advance(999ms);
    ASSERT_EQ(cache.get("k").value_or(""), "v") << i;
    tick_all(cache);
  }
  clock_.advance(999ms);
  ASSERT_EQ(*cache.strlen("k"), 1u);
  clock_.advance(999ms);
  EXPECT_EQ(cache.peek("k").value_or(""), "v");  // this is no use
  EXPECT_TRUE(*cache.exists("k"));               // neither is this
  clock_.advance(1ms);
  EXPECT_TRUE(cache.get("k").missing());
  EXPECT_FALSE(*cache.exists("k"));
  tick_all(cache);
  EXPECT_EQ(told_[RemovalCause::kIdle], (std::vector<std::string>{"k=v"}));
}

TEST_F(OptionsInUse, ATimeToLiveEndsAnEntryHoweverMuchItIsUsed) {
  options_.expiry.idle = 1'000ms;
  Cache& cache = open();
  cache.set("k", "v", {.ttl = 2'500ms});
  for (int i = 0; i < 24; ++i) {
    clock_.advance(100ms);
    ASSERT_TRUE(cache.get("k").has_value()) << i;
  }
  clock_.advance(99ms);
  EXPECT_TRUE(cache.get("k").has_value());
  clock_.advance(1ms);
  EXPECT_TRUE(cache.get("k").missing());
  tick_all(cache);
  EXPECT_EQ(told_[RemovalCause::kExpired], (std::vector<std::string>{"k=v"}));
}

TEST_F(OptionsInUse, JitterShortensByItsShareAtMostAndSpreads) {
  options_.expiry.ttl_jitter = 0.25;
  Cache& cache = open();
  Milliseconds least = 1h;
  Milliseconds most = 0ms;
  std::int64_t sum = 0;
  constexpr int kCount = 10'000;
  for (int i = 0; i < kCount; ++i) {
    ASSERT_TRUE(cache.set(key(i), "v", {.ttl = 1'000ms}).ok());
    const Milliseconds left = *cache.ttl(key(i))->left;
    least = std::min(least, left);
    most = std::max(most, left);
    sum += left.count();
  }
  EXPECT_GE(least, 750ms);
  EXPECT_LE(least, 752ms);
  EXPECT_LE(most, 1'000ms);
  EXPECT_GE(most, 998ms);
  EXPECT_NEAR(static_cast<double>(sum) / kCount, 875.0, 5.0);
}

TEST_F(OptionsInUse, JitterNeitherTouchesExpireNorEndsAnythingAtOnce) {
  options_.expiry.ttl_jitter = 1.0;
  Cache& cache = open();
  const UnixTime when{clock_.unix_time() + 1'000ms};
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(cache.set("k", "v", {.ttl = 2ms}).ok());
    ASSERT_TRUE(cache.get("k").has_value()) << i;
    ASSERT_TRUE(*cache.expire("k", 1'000ms));
    ASSERT_EQ(cache.ttl("k")->left, 1'000ms);
    ASSERT_TRUE(*cache.expire_at("k", when));
    ASSERT_EQ(cache.ttl("k")->left, 1'000ms);
    ASSERT_TRUE(cache.set("k", "v", {.expires_at = when}).ok());
    ASSERT_EQ(cache.ttl("k")->left, 1'000ms);
  }
}

// Every way to say when a key ends, and every way such an end travels: it holds to the millisecond.
TEST_F(OptionsInUse, ADeadlineHoldsToTheMillisecondHoweverItWasSet) {
  Cache& cache = open();
  for (const Milliseconds ttl : {1ms, 2ms, 63ms, 64ms, 65ms, 999ms, 4'096ms, 262'144ms, 86'400'000ms}) {
    const UnixTime when{clock_.unix_time() + ttl};
    const auto load = [] { return "v"; };
    cache.set("set", "v", {.ttl = ttl});
    cache.set("set at", "v", {.expires_at = when});
    cache.set("expire", "v");
    EXPECT_TRUE(*cache.expire("expire", ttl));
    cache.set("expire at", "v", {.ttl = 5h});
    EXPECT_TRUE(*cache.expire_at("expire at", when));
    cache.set("get ex", "v");
    EXPECT_EQ(*cache.get_ex("get ex", {.ttl = ttl}), "v");
    cache.set("kept", "x", {.ttl = ttl});
    cache.set("kept", "v", {.keep_ttl = true});
    cache.set("appended", "", {.ttl = ttl});
    cache.append("appended", "v");
    cache.set("old name", "v", {.ttl = ttl});
    EXPECT_TRUE(cache.copy("old name", "copy", true).ok());
    EXPECT_TRUE(cache.rename("old name", "renamed").ok());
    EXPECT_TRUE(cache.compare_and_set("compared", cache.get_versioned("compared")->version, "v", {.ttl = ttl}).ok());
    EXPECT_EQ(*cache.get_or_load("loaded", load, {.ttl = ttl}), "v");
    constexpr std::array kNames = {"set",      "set at", "expire",  "expire at", "get ex", "kept",
                                   "appended", "copy",   "renamed", "compared",  "loaded"};
    for (const char* name : kNames) {
      EXPECT_EQ(cache.ttl(name)->left, ttl) << name;
      EXPECT_EQ(*cache.expire_time(name), when) << name;
    }
    clock_.advance(ttl - 1ns);
    for (const char* name : kNames) EXPECT_EQ(cache.get(name).value_or(""), "v") << name << " " << ttl.count();
    clock_.advance(1ns);
    for (const char* name : kNames) EXPECT_TRUE(cache.get(name).missing()) << name << " " << ttl.count();
    tick_all(cache);
    EXPECT_EQ(cache.stats().entries, 0u) << ttl.count();
  }
}

TEST_F(OptionsInUse, PersistTakesTheEndAway) {
  Cache& cache = open();
  cache.set("k", "v", {.ttl = 10ms});
  cache.set("overwritten", "v", {.ttl = 10ms});
  EXPECT_TRUE(*cache.persist("k"));
  cache.set("overwritten", "w");
  clock_.advance(1h);
  tick_all(cache);
  EXPECT_EQ(cache.get("k").value_or(""), "v");
  EXPECT_EQ(cache.get("overwritten").value_or(""), "w");
}

}  // namespace
}  // namespace larder
