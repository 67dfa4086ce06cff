// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A policy's own memory comes out of the same bound, and it gets it in a cache
// that is full, too.
#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <string>
#include <utility>

#include "larder/cache.h"
#include "support/depth.h"

namespace larder {
namespace {

constexpr std::size_t kWanted = 8'192;

struct Tally {
  std::uint64_t asked = 0;
  bool given = false;
};

// Evicts at random, and wants one large block as soon as it has to.
class Greedy final : public EvictionPolicy {
 public:
  Greedy(std::uint64_t seed, Tally& tally) : random_(seed), tally_(tally) {}
  Traits traits() const override { return {}; }
  bool on_insert(Resident&, Residents&) override { return true; }
  void on_remove(Resident&, Residents&) override {}
  bool evict(Residents& residents) override {
    if (block_ == nullptr) {
      ++tally_.asked;
      block_ = residents.allocate(kWanted);
      tally_.given = block_ != nullptr;
    }
    random_ = random_ * 6364136223846793005u + 1442695040888963407u;
    return residents.sample(random_, [](Resident&) { return Verdict::kEvict; }) == Verdict::kEvict;
  }
  void clear(Residents& residents) override {
    if (block_ != nullptr) residents.deallocate(block_, kWanted);
    block_ = nullptr;
  }

 private:
  std::uint64_t random_;
  Tally& tally_;
  void* block_ = nullptr;
};

TEST(PolicyMemory, IsMadeRoomForInAFullCache) {
  Tally tally;
  Options options;
  options.max_memory = 1_MiB;
  options.shards = 1;
  options.seed = 1;
  options.eviction =
      Eviction::custom("greedy", [&](std::uint64_t seed) { return std::make_unique<Greedy>(seed, tally); });
  Cache cache(options);
  for (int i = 0; i < 60'000; ++i) {
    ASSERT_TRUE(cache.set("key" + std::to_string(i), "a value").ok());
    ASSERT_LE(cache.stats().bytes_used, 1_MiB);
  }
  EXPECT_TRUE(tally.given);
  EXPECT_LT(tally.asked, 500u);  // soon
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

// What S3-FIFO knows of entries that have gone brings one back into its main
// queue: a loop a little longer than the cache has hits. Without that memory it
// has none.
TEST(PolicyMemory, GhostsWorkInAFullCache) {
  Options options;
  options.max_memory = 4_MiB;
  options.shards = 1;
  options.seed = 1;
  Cache cache(options);
  std::uint64_t keys = 0;
  while (cache.stats().removed(RemovalCause::kEvicted) == 0) cache.set("key" + std::to_string(keys++), "a value");
  keys += keys / 4;
  std::uint64_t hits = 0;
  for (int round = 0; round < 6; ++round) {
    for (std::uint64_t i = 0; i < keys; ++i) {
      const std::string key = "key" + std::to_string(i);
      if (cache.get(key)) {
        ++hits;
      } else {
        cache.set(key, "a value");
      }
    }
  }
  EXPECT_GT(hits, keys);
}

// What a policy remembers of entries that were deleted must not stand in the way of a lower bound.
TEST(PolicyMemory, IsGivenBackWhenTheBoundIsLowered) {
  const auto many = static_cast<int>(support::count(400'000, 400'000));
  for (const std::string_view policy : Eviction::names()) {
    for (const int left : {0, 500, 30'000}) {
      SCOPED_TRACE(std::string(policy) + ", left " + std::to_string(left));
      Cache cache({.max_memory = static_cast<std::uint64_t>(many) * 42,
                   .eviction = *Eviction::named(policy),
                   .shards = 4,
                   .seed = 1});
      for (int i = 0; i < many; ++i) ASSERT_TRUE(cache.set("key" + std::to_string(i), "a value").ok());
      for (int i = 0; i < many - left; ++i) ASSERT_TRUE(cache.del("key" + std::to_string(i)).ok());
      while (cache.tick().more) {
      }
      ASSERT_TRUE(cache.set_max_memory(1_MiB).ok());
      for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(cache.set("new" + std::to_string(i), "a value").ok());
      EXPECT_GT(cache.stats().entries, 900u);
      EXPECT_LE(cache.stats().bytes_used, 1_MiB);
      EXPECT_EQ(cache.check_invariants().to_string(), "ok");
    }
  }
}

TEST(PolicyMemory, WhatIsSharedIsChargedAsLongAsItIsThere) {
  const std::uint64_t shared = Eviction::adaptive().shared_bytes(1_MiB);
  ASSERT_GT(shared, 200_KiB);
  Cache cache({.max_memory = 8_MiB, .eviction = Eviction::none(), .shards = 1, .seed = 1});
  const std::uint64_t before = cache.stats().bytes_fixed;
  for (int i = 0; cache.set("key" + std::to_string(i), "a value").ok(); ++i) {
  }
  EXPECT_EQ(cache.stats().bytes_fixed, before);
  EXPECT_LT(cache.stats().max_memory - cache.stats().bytes_used, shared);  // room has to be made
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(cache.set_eviction(Eviction::adaptive()).ok());
    EXPECT_EQ(cache.stats().bytes_fixed, before + shared);
    ASSERT_TRUE(cache.set_eviction(*Eviction::named("adaptive-ttl")).ok());
    EXPECT_EQ(cache.stats().bytes_fixed, before + shared);
    ASSERT_TRUE(cache.set("key", "a value").ok());
    EXPECT_LE(cache.stats().bytes_used, 8_MiB);
    ASSERT_TRUE(cache.set_eviction(Eviction::lru()).ok());
    EXPECT_EQ(cache.stats().bytes_fixed, before);
  }
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

TEST(PolicyMemory, NothingIsSharedWhereItWouldBeTooMuchOfIt) {
  const auto fixed = [](const Eviction& eviction, std::uint64_t max_memory) {
    return Cache({.max_memory = max_memory, .eviction = eviction, .shards = 1, .seed = 1}).stats().bytes_fixed;
  };
  EXPECT_EQ(fixed(Eviction::adaptive(), 1_MiB), fixed(Eviction::lru(), 1_MiB));
  EXPECT_EQ(fixed(Eviction::adaptive(), 4_MiB), fixed(Eviction::lru(), 4_MiB) + 256_KiB);
  EXPECT_EQ(fixed(Eviction::adaptive(), 64_MiB), fixed(Eviction::adaptive(), 0));
}

TEST(PolicyMemory, WhatIsSharedFollowsTheBound) {
  Cache cache({.max_memory = 64_MiB, .eviction = Eviction::adaptive(), .shards = 1, .seed = 1});
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(cache.set("key" + std::to_string(i), "a value").ok());
  const std::uint64_t large = cache.stats().bytes_fixed;
  ASSERT_TRUE(cache.set_max_memory(64_KiB).ok());
  EXPECT_LE(cache.stats().bytes_used, 64_KiB);
  EXPECT_EQ(cache.stats().bytes_fixed, large - Eviction::adaptive().shared_bytes(1_MiB));
  EXPECT_GT(cache.stats().entries, 100u);
  ASSERT_TRUE(cache.set_max_memory(64_MiB).ok());
  EXPECT_EQ(cache.stats().bytes_fixed, large);
  EXPECT_EQ(cache.stats().policy, "adaptive");
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

// Who is told of what is evicted for a lower bound may set another policy, and the other way round: both count.
TEST(PolicyMemory, PolicyAndBoundMayBeSetAtTheSameTime) {
  for (const bool lowers_first : {true, false}) {
    SCOPED_TRACE(lowers_first);
    const Eviction first = lowers_first ? Eviction::adaptive() : Eviction::lru();
    const Eviction then = lowers_first ? Eviction::lru() : Eviction::adaptive();
    std::function<void()> meanwhile;
    Options options{.max_memory = 16_MiB, .eviction = first, .shards = 1, .seed = 1};
    options.on_removal = [&](std::string_view, std::string_view, RemovalCause) {
      if (meanwhile) std::exchange(meanwhile, nullptr)();
    };
    Cache cache(options);
    for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(cache.set("key" + std::to_string(i), std::string(1'000, 'x')).ok());
    const auto lower = [&] { EXPECT_TRUE(cache.set_max_memory(4_MiB).ok()); };
    const auto exchange = [&] { EXPECT_TRUE(cache.set_eviction(then).ok()); };
    if (lowers_first) {
      meanwhile = exchange;
      lower();
    } else {
      meanwhile = lower;
      exchange();
    }
    EXPECT_FALSE(meanwhile);
    EXPECT_EQ(cache.stats().policy, then.name());
    EXPECT_EQ(cache.stats().bytes_fixed,
              Cache({.max_memory = 4_MiB, .eviction = then, .shards = 1, .seed = 1}).stats().bytes_fixed);
    EXPECT_LE(cache.stats().bytes_used, 4_MiB);
    EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  }
}

TEST(PolicyMemory, AFactoryThatThrowsChangesNothing) {
  Cache cache({.max_memory = 16_MiB, .eviction = Eviction::adaptive(), .shards = 4, .seed = 1});
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(cache.set("key" + std::to_string(i), "a value").ok());
  const std::uint64_t fixed = cache.stats().bytes_fixed;
  int made = 0;
  const Eviction third_throws = Eviction::custom("lru", [&](std::uint64_t seed) {
    if (++made == 3) throw std::bad_alloc();
    return Eviction::lru().factory()(seed);
  });
  EXPECT_THROW((void)cache.set_eviction(third_throws), std::bad_alloc);
  EXPECT_EQ(cache.stats().policy, "adaptive");
  EXPECT_EQ(cache.stats().bytes_fixed, fixed);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  EXPECT_TRUE(cache.set_eviction(third_throws).ok());
  EXPECT_EQ(cache.stats().policy, "lru");
  EXPECT_LT(cache.stats().bytes_fixed, fixed);
}

// A policy finds out that entries have gone; it need not see others come.
TEST(PolicyMemory, GoesWithTheEntries) {
  const auto many = static_cast<int>(support::count(200'000, 200'000));
  for (const char* policy : {"s3-fifo", "lru", "lfu"}) {
    SCOPED_TRACE(policy);
    Cache cache({.max_memory = 16_MiB, .eviction = *Eviction::named(policy), .shards = 1, .seed = 1});
    const std::uint64_t empty = cache.stats().bytes_used;
    const auto fill = [&] {
      for (int i = 0; i < many; ++i) ASSERT_TRUE(cache.set("key" + std::to_string(i), "a value").ok());
    };
    fill();
    for (int i = 0; i < many; ++i) ASSERT_TRUE(cache.del("key" + std::to_string(i)).ok());
    while (cache.tick().more) {
    }
    EXPECT_LT(cache.stats().bytes_used, 256_KiB);
    fill();
    cache.clear();
    EXPECT_LT(cache.stats().bytes_used, empty + 64_KiB);
    EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  }
}

}  // namespace
}  // namespace larder
