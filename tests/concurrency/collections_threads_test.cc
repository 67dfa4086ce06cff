// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Collections that several threads read, edit, copy and delete at once, in every form and in every way in which they
// are edited (keyspace/collection_change.cc).
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <vector>

#include "larder/cache.h"
#include "support/depth.h"
#include "support/run_threads.h"

namespace larder {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// Each write gives all its fields the same value: so must every version show them, which nobody changes any more.
TEST(CollectionThreads, EveryVersionIsWhole) {
  constexpr int kThreads = 4;
  const auto rounds = static_cast<int>(support::count(2'000, 20'000));
  for (const int fields : {4, 40, 200}) {  // small; several edits under the lock; many, aside
    Cache cache({.max_memory = 0, .shards = 2});
    std::atomic<std::uint64_t> looked = 0;
    support::run_threads(kThreads, [&](int thread) {
      std::mt19937 random(static_cast<unsigned>(thread));
      for (int round = 0; round < rounds; ++round) {
        const std::string key = "h" + std::to_string(random() % 2);
        const std::string value = std::to_string(thread) + "/" + std::to_string(round);
        switch (random() % 8) {
          case 0: EXPECT_TRUE(cache.del(key).ok()); break;
          case 1: EXPECT_TRUE(cache.copy(key, "h" + std::to_string(random() % 2) + "c", true).ok()); break;
          case 2: (void)cache.rename(key + "c", key); break;
          case 3: EXPECT_TRUE(cache.expire(key, Milliseconds(random() % 3)).ok()); break;
          case 4:
          case 5: {
            Fields all;
            for (int i = 0; i < fields; ++i) all.emplace_back("field" + std::to_string(i), value);
            EXPECT_TRUE(cache.hset(key, all).ok());
            break;
          }
          default: {
            const Lookup<HashSnapshot> version = cache.hsnapshot(key);
            if (!version) break;
            const std::string first(version->get("field0").value_or("none"));
            std::uint64_t shown = 0;
            version->for_each([&](std::string_view, std::string_view its) {
              EXPECT_EQ(its, first);
              ++shown;
              return true;
            });
            EXPECT_EQ(shown, version->size());
            EXPECT_EQ(shown, static_cast<std::uint64_t>(fields));
            looked += shown;
          }
        }
      }
    });
    EXPECT_GT(looked, 0u);
    EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  }
}

// No edit is lost, in place or beside a version, whoever else works on the key.
TEST(CollectionThreads, NoEditIsLost) {
  constexpr int kThreads = 4;
  const auto rounds = static_cast<int>(support::count(10'000, 100'000));
  for (const int others : {0, 300}) {
    Cache cache({.max_memory = 0, .shards = 2});
    for (int i = 0; i < others; ++i) ASSERT_TRUE(cache.hset("h", "other" + std::to_string(i), "x").ok());
    support::run_threads(kThreads, [&](int thread) {
      for (int round = 0; round < rounds; ++round) {
        EXPECT_TRUE(cache.hincr_by("h", "all", 1).ok());
        EXPECT_TRUE(cache.hincr_by("h", "of " + std::to_string(thread), 1).ok());
        if (round % 16 == 0) {
          EXPECT_TRUE(cache.hget_all("h").ok());
        }
        if (round % 128 == 0) {
          Fields many;
          for (int i = 0; i < 100; ++i) many.emplace_back("many" + std::to_string(i), std::to_string(round));
          EXPECT_TRUE(cache.hset("h", many).ok());
        }
      }
    });
    EXPECT_EQ(cache.hget("h", "all").value_or(""), std::to_string(kThreads * rounds));
    for (int thread = 0; thread < kThreads; ++thread) {
      EXPECT_EQ(cache.hget("h", "of " + std::to_string(thread)).value_or(""), std::to_string(rounds));
    }
    EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  }
}

// Where memory is short, entries are evicted while others edit them, and what is held stays.
TEST(CollectionThreads, EvictedWhileTheyAreEdited) {
  constexpr int kThreads = 4;
  const auto rounds = static_cast<int>(support::count(20'000, 200'000));
  Cache cache({.max_memory = 1_MiB, .shards = 2});
  support::run_threads(kThreads, [&](int thread) {
    std::mt19937 random(static_cast<unsigned>(thread));
    for (int round = 0; round < rounds; ++round) {
      const std::string key = "h" + std::to_string(random() % 60);
      const std::string field = "field" + std::to_string(random() % 500);
      switch (random() % 5) {
        case 0: {
          const auto all = cache.hsnapshot(key);
          if (!all) break;
          all->for_each([](std::string_view name, std::string_view value) {
            EXPECT_TRUE(name.starts_with("field") && value.starts_with("value"));
            return true;
          });
          break;
        }
        case 1: EXPECT_TRUE(cache.hdel(key, field).ok()); break;
        case 2: {
          Fields many;
          for (int i = 0; i < 70; ++i) many.emplace_back("field" + std::to_string(random() % 500), "value");
          (void)cache.hset(key, many);
          break;
        }
        default: (void)cache.hset(key, field, "value" + std::string(random() % 100, 'v'));
      }
      if (round % 64 == 0) {
        EXPECT_LE(cache.stats().bytes_used, 1_MiB);
      }
    }
  });
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

}  // namespace
}  // namespace larder
