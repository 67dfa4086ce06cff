// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Many threads over one store: one load for all (L1), writes in the order in which the cache applies them (T3), and
// after failures of every kind, cache and store agree, or the cache has nothing (T1, T2).
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/random.h"
#include "larder/cache.h"
#include "support/depth.h"
#include "support/run_threads.h"
#include "support/scripted_store.h"

namespace larder::store {
namespace {

using support::Fault;
using support::ScriptedStore;

constexpr int kThreads = 8;

struct StoreThreads : testing::Test {
  StoreThreads() {
    Options options;
    options.shards = 4;
    options.store.backing = store;
    cache = std::make_unique<Cache>(options);
  }
  ~StoreThreads() override { EXPECT_EQ(cache->check_invariants().to_string(), "ok"); }

  std::shared_ptr<ScriptedStore> store = std::make_shared<ScriptedStore>();
  std::unique_ptr<Cache> cache;
};

TEST_F(StoreThreads, L1OneLoadForAllWhoAsk) {
  store->before_load = [](std::string_view) { std::this_thread::yield(); };
  const std::uint64_t rounds = support::count(300, 20'000);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::string key = std::to_string(round);
    store->put(key, {.bytes = key});
  }
  std::atomic<std::uint64_t> wrong{0};
  support::run_threads(kThreads, [&](int thread) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
      const std::string key = std::to_string(round);
      const auto value = thread % 2 == 0 ? cache->get(key) : cache->mget({"0", key})[1];
      wrong += !value || *value != key;
    }
  });
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(store->loaded().size(), rounds);
}

// The count above can fail: two caches over one store load twice.
TEST_F(StoreThreads, L1ADoubleLoadIsSeen) {
  Options options;
  options.store.backing = store;
  Cache other(options);
  store->put("k", {.bytes = "v"});
  support::run_threads(kThreads, [&](int thread) { EXPECT_EQ(*(thread % 2 == 0 ? *cache : other).get("k"), "v"); });
  EXPECT_EQ(store->loaded().size(), 2u);
}

TEST_F(StoreThreads, T3TheStoreGetsTheWritesInTheirOrder) {
  store->before_write = [](auto) { std::this_thread::yield(); };
  const std::uint64_t each = support::count(200, 10'000);
  support::run_threads(kThreads, [&](int) {
    for (std::uint64_t i = 0; i < each; ++i) {
      ASSERT_TRUE(cache->incr("n").ok());
      if (i % 16 == 0) {
        ASSERT_TRUE(cache->invalidate("n").ok());
      }
    }
  });
  const auto written = store->written();
  ASSERT_EQ(written.size(), each * kThreads);
  for (std::size_t i = 0; i < written.size(); ++i) ASSERT_EQ(written[i].bytes, std::to_string(i + 1));
  EXPECT_EQ(cache->get("n").value(), store->row("n"));
}

TEST_F(StoreThreads, T3OfCollections) {
  store->before_write = [](auto) { std::this_thread::yield(); };
  const std::uint64_t each = support::count(40, 400);
  support::run_threads(kThreads, [&](int) {
    for (std::uint64_t i = 0; i < each; ++i) {
      ASSERT_TRUE(cache->rpush("l", "element").ok());
      if (i % 16 == 0) {
        ASSERT_TRUE(cache->invalidate("l").ok());
      }
    }
  });
  const auto written = store->written();
  ASSERT_EQ(written.size(), each * kThreads);
  for (std::size_t i = 1; i < written.size(); ++i) ASSERT_GT(written[i].bytes.size(), written[i - 1].bytes.size());
  ASSERT_TRUE(cache->clear().ok());
  EXPECT_EQ(*cache->llen("l"), each * kThreads);
}

// A set, as text.
std::string set_text(Cache& cache, const std::string& key) {
  const auto members = cache.smembers(key);
  if (!members.ok()) return members.status().to_string();
  const std::set<std::string> sorted(members->begin(), members->end());
  std::string text;
  for (const std::string& member : sorted) text += member + " ";
  return text;
}

// What a cache holds of sets is what the store has.
std::string disagreement_of_sets(Cache& cache, const ScriptedStore& store, const std::vector<std::string>& keys) {
  auto copy = std::make_shared<ScriptedStore>();
  for (const auto& [key, row] : store.rows()) copy->put(key, row);
  Options options;
  options.store.backing = copy;
  Cache other(options);
  for (const std::string& key : keys) {
    if (!cache.inspect(key)) continue;
    const std::string one = set_text(cache, key), two = set_text(other, key);
    if (one != two) return key + ": cache " + one + ", store " + two;
  }
  return "";
}

TEST_F(StoreThreads, T1T2OfCollections) {
  constexpr Fault kFaults[] = {Fault::kNone,       Fault::kNone,     Fault::kNone,   Fault::kRetry,
                               Fault::kLost,       Fault::kLate,     Fault::kThrows, Fault::kWritesAndThrows,
                               Fault::kFailsWhole, Fault::kFirstOnly};
  std::vector<std::string> members;
  for (int i = 0; i < 300; ++i) members.push_back("member" + std::to_string(i));
  const std::vector<std::string_view> names(members.begin(), members.end());
  const std::vector<std::string> keys = {"a", "b", "c"};
  const std::uint64_t first = support::seed(1);
  const std::uint64_t rounds = support::seed_is_given() ? 1 : support::count(40, 3'000);
  for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
    SCOPED_TRACE(support::how_to_repeat(seed));
    base::Random faults(seed);
    for (int i = 0; i < 100; ++i) store->fail_writes({kFaults[faults.below(std::size(kFaults))]});
    for (int i = 0; i < 30; ++i) store->fail_loads({faults.below(5) == 0 ? Fault::kThrows : Fault::kNone});
    support::run_threads(kThreads, [&](int thread) {
      base::Random random(seed * 64 + static_cast<std::uint64_t>(thread));
      for (int i = 0; i < 20; ++i) {
        const std::string& key = keys[random.below(keys.size())];
        const std::string& other = keys[random.below(keys.size())];
        const std::string& member = members[random.below(40)];
        switch (random.below(9)) {
          case 0:
          case 1: (void)cache->sadd(key, member); break;
          case 2: (void)cache->srem(key, member); break;
          case 3: (void)cache->smove(key, other, member); break;
          case 4: (void)cache->sadd(key, names); break;
          case 5: (void)cache->sdiff_store(key, {other, "a"}); break;
          case 6: (void)cache->invalidate(key); break;
          case 7:
            (void)cache->atomically({key, other}, [&](Transaction& t) { return t.smove(key, other, member).status(); });
            break;
          default: (void)cache->scard(key); break;
        }
      }
    });
    store->fail_no_loads();
    ASSERT_EQ(disagreement_of_sets(*cache, *store, keys), "");
  }
}

// What a cache holds is what the store has.
std::string disagreement(Cache& cache, const ScriptedStore& store, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const auto value = cache.peek(key);
    if (value && *value != store.row(key)) return key + ": cache " + *value + ", store " + store.row(key);
  }
  return "";
}

TEST_F(StoreThreads, T1T2AfterEveryScheduleOfFailuresTheyAgreeOrTheCacheHasNothing) {
  constexpr Fault kFaults[] = {Fault::kNone,       Fault::kNone,     Fault::kRetry,  Fault::kNever,
                               Fault::kLost,       Fault::kLate,     Fault::kThrows, Fault::kWritesAndThrows,
                               Fault::kFailsWhole, Fault::kFirstOnly};
  const std::vector<std::string> keys = {"a", "b", "c"};
  const std::uint64_t first = support::seed(1);
  const std::uint64_t rounds = support::seed_is_given() ? 1 : support::count(150, 10'000);
  for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
    SCOPED_TRACE(support::how_to_repeat(seed));
    base::Random faults(seed);
    for (int i = 0; i < 100; ++i) store->fail_writes({kFaults[faults.below(std::size(kFaults))]});
    for (int i = 0; i < 30; ++i) store->fail_loads({faults.below(5) == 0 ? Fault::kThrows : Fault::kNone});
    support::run_threads(kThreads, [&](int thread) {
      base::Random random(seed * 64 + static_cast<std::uint64_t>(thread));
      for (int i = 0; i < 20; ++i) {
        const std::string& key = keys[random.below(keys.size())];
        const std::string& other = keys[random.below(keys.size())];
        switch (random.below(9)) {
          case 0:
          case 1: (void)cache->set(key, std::to_string(random.below(1'000))); break;
          case 2: (void)cache->incr(key); break;
          case 3: (void)cache->del(key); break;
          case 4: (void)cache->mset({{"a", "1"}, {"b", "2"}, {"c", "3"}}); break;
          case 5: (void)cache->rename(key, other); break;
          case 6: (void)cache->invalidate(key); break;
          case 7: (void)cache->append(key, "0"); break;
          default: (void)cache->get(key); break;
        }
      }
    });
    ASSERT_EQ(disagreement(*cache, *store, keys), "");
  }
}

// Two who want the same keys in another order, and readers of both.
TEST_F(StoreThreads, NobodyWaitsForEver) {
  const std::uint64_t each = support::count(400, 20'000);
  std::atomic<std::uint64_t> failed{0};
  support::run_threads(kThreads, [&](int thread) {
    for (std::uint64_t i = 0; i < each; ++i) {
      if (i % 8 == 0) (void)cache->clear();
      bool ok = true;
      switch (thread % 4) {
        case 0: ok = cache->rename("a", "b").ok() || true; break;
        case 1: ok = cache->mset_nx({{"b", "1"}, {"a", "2"}}).ok(); break;
        case 2: ok = cache->mget({"a", "b"})[0].status().ok(); break;
        default: ok = cache->mget({"b", "a"})[0].status().ok() && cache->copy("b", "a", true).ok(); break;
      }
      failed += !ok;
    }
  });
  EXPECT_EQ(failed, 0u);
}

// A call hangs in the store; others wait for it as long as wait_max says, and have changed nothing.
TEST(StoreThatHangs, WhoWaitsForAnothersCallGetsATimeout) {
  ManualClock clock;
  auto store = std::make_shared<ScriptedStore>();
  Options options;
  options.clock = &clock;
  options.store = {.backing = store, .wait_max = Milliseconds(500)};
  Cache cache(options);
  store->put("k", {.bytes = "1"});
  std::atomic<int> inside{0};
  std::atomic<bool> go{false};
  const auto hang = [&](auto) {
    ++inside;
    while (!go) std::this_thread::yield();
  };
  store->before_load = hang;
  store->before_write = hang;
  const auto waits_in_vain = [&](auto call) {
    std::atomic<bool> ended{false};
    std::jthread waiting([&] {
      EXPECT_EQ(call().code(), ErrorCode::kTimeout);
      ended = true;
    });
    while (!ended) {
      clock.advance(Milliseconds(500));
      std::this_thread::yield();
    }
  };
  {
    std::jthread reader([&] { EXPECT_EQ(cache.get("k").value(), "1"); });
    while (inside != 1) std::this_thread::yield();
    waits_in_vain([&] { return cache.get("k").status(); });
    waits_in_vain([&] { return cache.incr("k").status(); });
    go = true;
  }
  go = false;
  {
    std::jthread writer([&] { EXPECT_TRUE(*cache.set("k", "2")); });
    while (inside != 2) std::this_thread::yield();
    EXPECT_EQ(cache.get("k").value(), "1") << "who finds the key does not wait";
    waits_in_vain([&] { return cache.set("k", "3").status(); });
    waits_in_vain([&] { return cache.mset({{"j", "3"}, {"k", "3"}}); });
    waits_in_vain([&] { return cache.rename("k", "j"); });
    go = true;
  }
  EXPECT_EQ(cache.get("k").value(), "2");
  EXPECT_EQ(store->row("j"), "(none)");
}

// The store asks the cache for b while it loads a, and the other way round.
TEST(StoreThatCallsBack, ACircleIsFound) {
  auto store = std::make_shared<ScriptedStore>();
  Options options;
  options.store.backing = store;
  Cache cache(options);
  std::atomic<int> inside{0};
  std::atomic<int> found{0};
  store->before_load = [&](std::string_view key) {
    if (++inside > 2) return;
    while (inside < 2) std::this_thread::yield();
    const Status status = cache.get(key == "a" ? "b" : "a").status();
    found += status.code() == ErrorCode::kLoadDeadlock;
    EXPECT_TRUE(status.ok() || status.code() == ErrorCode::kLoadDeadlock) << status.to_string();
  };
  {
    std::jthread one([&] { EXPECT_TRUE(cache.get("a").missing()); });
    std::jthread other([&] { EXPECT_TRUE(cache.get("b").missing()); });
  }
  EXPECT_GE(found, 1);
}

TEST_F(StoreThreads, CloseDuringWritesLetsEveryoneGo) {
  for (std::uint64_t round = 0; round < support::count(20, 500); ++round) {
    Options options;
    options.store.backing = store;
    Cache closing(options);
    std::atomic<bool> begun{false};
    store->before_write = [&](auto) { begun = true; };
    std::jthread closer([&] {
      while (!begun) std::this_thread::yield();
      closing.close();
    });
    support::run_threads(kThreads, [&](int) {
      for (;;) {
        const auto stored = closing.set("k", "v");
        if (!stored.ok()) {
          EXPECT_EQ(stored.status().code(), ErrorCode::kClosed);
          return;
        }
      }
    });
    closer.join();
  }
}

}  // namespace
}  // namespace larder::store
