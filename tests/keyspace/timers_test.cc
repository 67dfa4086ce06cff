// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Timers name entries by 32 bits of a hash, of which a small index can tell apart only some.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "keyspace/index.h"
#include "support/cache_fixture.h"

namespace larder {
namespace {

using TimersTest = support::CacheFixture;

// Keys that stand in one bucket under one tag, for as long as there are no more than 64 buckets, and have different
// ids.
std::vector<std::string> keys_that_look_alike(std::uint64_t seed, std::size_t count) {
  const base::KeyHash hash(seed);
  const auto looks = [&](const std::string& key) { return (hash(key) & 0x3fffff) | 1; };
  std::vector<std::string> keys = {"first"};
  const std::uint64_t look = looks(keys[0]);
  for (std::uint64_t i = 0; keys.size() < count; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (looks(key) == look && keyspace::id_of(hash(key)) != keyspace::id_of(hash(keys[0]))) {
      keys.push_back(key);
    }
  }
  return keys;
}

// When one is used, and the other's time comes, each keeps a timer of its own; and finds it when the bucket is split.
TEST_F(TimersTest, EntriesThatLookAlikeHaveTimersOfTheirOwn) {
  Cache& cache = make({.expiry = {.idle = Milliseconds(50)}, .shards = 1});
  const std::vector<std::string> keys = keys_that_look_alike(1, 2);
  for (int round = 0; round < 40; ++round) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if ((round + static_cast<int>(i)) % 4 != 0) cache.set(keys[i], "value");
      static_cast<void>(cache.get(keys[i]));
    }
    advance(Milliseconds(7 + round % 13));
    while (cache.tick().more) {
    }
    ASSERT_EQ(cache.check_invariants().to_string(), "ok") << "round " << round;
  }
  for (const std::string& key : keys) cache.set(key, "value");
  advance(Milliseconds(25));
  for (const std::string& key : keys) static_cast<void>(cache.get(key));
  advance(Milliseconds(25));
  cache.tick();  // the first timers have fired
  for (int i = 0; i < 2'000; ++i) cache.set("other" + std::to_string(i), "value");
  ASSERT_EQ(cache.check_invariants().to_string(), "ok");
  advance(Milliseconds(60));
  while (cache.tick().more) {
  }
  EXPECT_EQ(cache.stats().entries, 0u);  // not one was forgotten
}

// A cache that is full has no memory for the timers of entries that are used again and again. They are found all the
// same when their time comes, and looking for them comes to an end.
class FullCacheTimersTest : public TimersTest, public testing::WithParamInterface<std::string> {};

TEST_P(FullCacheTimersTest, IdleEntriesEndThoughThereIsNoMemoryForTheirTimers) {
  for (const unsigned shards : {1u, 2u, 8u}) {
    SCOPED_TRACE(shards);
    Cache& cache = make({.max_memory = 256_KiB,
                         .eviction = *Eviction::named(GetParam()),
                         .expiry = {.idle = Milliseconds(1'000)},
                         .shards = shards});
    const auto tick_to_the_end = [&] {
      std::uint64_t steps = 0;
      for (bool more = true; more; more = cache.tick().more) {
        steps += cache.tick({.steps_max = 10'000}).steps;
        if (steps > 1'000'000) return false;
      }
      return true;
    };
    std::vector<std::string> keys;
    for (int i = 0; i < 8'000; ++i) {
      std::string key = "key" + std::to_string(i);
      if (cache.set(key, "value").ok()) keys.push_back(std::move(key));
      if (i % 10 == 0) advance(Milliseconds(1));
      if (i % 500 == 0) {
        for (const std::string& old : keys) static_cast<void>(cache.get(old));
      }
    }
    for (int round = 0; round < 10; ++round) {
      advance(Milliseconds(600));
      for (const std::string& key : keys) static_cast<void>(cache.get(key));
      ASSERT_TRUE(tick_to_the_end()) << "round " << round;
      ASSERT_EQ(cache.check_invariants().to_string(), "ok") << "round " << round;
      ASSERT_NE(cache.stats().entries, 0u);
    }
    advance(Milliseconds(1'001));
    ASSERT_TRUE(tick_to_the_end());
    EXPECT_EQ(cache.stats().entries, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, FullCacheTimersTest,
                         testing::Values("none", "adaptive", "s3-fifo", "lru-ttl", "random"), [](const auto& policy) {
                           std::string name = policy.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace larder
