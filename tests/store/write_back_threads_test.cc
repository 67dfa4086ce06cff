// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Write-back under many threads and a store that fails at random: what is acknowledged arrives, in order, or is handed
// over as a dead letter (W1, W4-W9, W11).
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "base/random.h"
#include "larder/cache.h"
#include "support/depth.h"
#include "support/run_threads.h"
#include "support/scripted_store.h"
#include "support/unreliable_store.h"

namespace larder::store {
namespace {

using support::Letters;
using support::UnreliableStore;

constexpr int kThreads = 16;

struct Setup {
  bool coalesces;
  std::uint32_t threads;
  WriteBackOptions::WhenFull when_full;
};

class WriteBackThreads : public testing::TestWithParam<Setup> {
 protected:
  WriteBackThreads() {
    Options options;
    options.max_entries = 200;  // most keys are evicted all the time
    options.shards = 8;
    WriteBackOptions& back = options.store.write_back;
    back.dead_letters = letters_.sink();
    back.coalesce = GetParam().coalesces;
    back.threads = GetParam().threads;
    back.when_full = GetParam().when_full;
    back.items_max = 300;
    back.batch_max = 32;
    back.delay = Milliseconds(1);
    back.retry_first = Milliseconds(1);
    back.retry_most = Milliseconds(4);
    back.attempts_max = 1'000;
    options.store.wait_max = Milliseconds(0);
    options.store.writes = StoreOptions::Writes::kBack;
    options.store.backing = store_;
    cache_ = std::make_unique<Cache>(options);
  }

  std::shared_ptr<UnreliableStore> store_ = std::make_shared<UnreliableStore>(support::seed(1));
  Letters letters_;
  std::unique_ptr<Cache> cache_;
};

// Each thread has keys of its own, and knows what it last did to them; and all of them count together.
class Writer {
 public:
  Writer(Cache& cache, const Letters& letters, int thread)
      : cache_(cache),
        letters_(letters),
        thread_(thread),
        random_(support::seed(1) * 64 + static_cast<std::uint64_t>(thread)) {}

  static constexpr std::uint64_t kCounters = 10;

  void act(std::uint64_t i) {
    const std::string key = name();
    const std::string value = std::to_string(i);
    switch (random_.below(8)) {
      case 0: {
        const std::uint64_t counter = random_.below(kCounters);
        counted[counter] += cache_.incr("n" + std::to_string(counter)).ok();
        break;
      }
      case 1:
        insist([&] { return cache_.del(key).status(); });
        last[key] = "(none)";
        break;
      case 2: {
        const std::string other = name();
        insist([&] { return cache_.mset({{key, value}, {other, value}}); });
        last[key] = last[other] = value;
        break;
      }
      case 3: (void)cache_.invalidate(key); break;
      case 4: check(key); break;
      default: insist([&] { return cache_.set(key, value).status(); }); last[key] = value;
    }
    if (thread_ == 0 && i % 64 == 0) (void)cache_.clear();
    if (thread_ == 1 && i % 256 == 0) (void)cache_.flush(key, Milliseconds(5));
  }

  std::map<std::string, std::string> last;
  std::array<std::uint64_t, kCounters> counted{};
  std::uint64_t stale = 0;

 private:
  std::string name() { return "own" + std::to_string(thread_) + "." + std::to_string(random_.below(40)); }
  // Refused, or written through and failed: the thread does not know what the key is, so it says it again.
  template <typename Write>
  static void insist(Write&& write) {
    while (!write().ok()) std::this_thread::yield();
  }
  // After a dead letter the store's value is seen again.
  void check(const std::string& key) {
    const auto known = last.find(key);
    const auto value = cache_.get(key);
    if (!value.status().ok() || letters_.last(key) != "(no letter)") return;
    stale += value.value_or("(none)") != (known == last.end() ? "(none)" : known->second);
  }

  Cache& cache_;
  const Letters& letters_;
  const int thread_;
  base::Random random_;
};

TEST_P(WriteBackThreads, W1WhatIsAcknowledgedArrivesOrIsADeadLetter) {
  SCOPED_TRACE(support::how_to_repeat(support::seed(1)));
  const std::uint64_t each = support::count(1'500, 62'500);
  std::vector<Writer> writers;
  for (int thread = 0; thread < kThreads; ++thread) writers.emplace_back(*cache_, letters_, thread);
  support::run_threads(kThreads, [&](int thread) {
    for (std::uint64_t i = 0; i < each; ++i) writers[static_cast<std::size_t>(thread)].act(i);
  });
  store_->be_reliable();
  EXPECT_TRUE(cache_->flush(Milliseconds(60'000)).complete());
  EXPECT_EQ(cache_->check_invariants().to_string(), "ok");
  const Stats stats = cache_->stats();
  EXPECT_EQ(stats.dirty_items, 0u);
  EXPECT_EQ(stats.bytes_dirty, 0u);
  EXPECT_EQ(stats.dead_letters, letters_.count());
  EXPECT_GT(stats.write_retries, 0u);
  EXPECT_EQ(store_->went_back(), 0u);
  std::array<std::uint64_t, Writer::kCounters> counted{};
  for (const Writer& writer : writers) {
    EXPECT_EQ(writer.stale, 0u);
    for (std::size_t i = 0; i < counted.size(); ++i) counted[i] += writer.counted[i];
    for (const auto& [key, value] : writer.last) {
      const std::string row = store_->row(key);
      EXPECT_TRUE(row == value || letters_.last(key) == value)
          << key << " is " << row << " in the store, not " << value;
    }
  }
  // An increment that was written through may have failed and be in the store.
  if (GetParam().when_full == WriteBackOptions::WhenFull::kThrough) return;
  for (std::size_t i = 0; i < counted.size(); ++i) {
    EXPECT_EQ(store_->row("n" + std::to_string(i)), std::to_string(counted[i]));
  }
}

std::string name_of(const testing::TestParamInfo<Setup>& parameter) {
  const Setup& setup = parameter.param;
  using WhenFull = WriteBackOptions::WhenFull;
  return std::string(setup.coalesces ? "coalescing" : "each_write") + "_" + std::to_string(setup.threads) + "_" +
         (setup.when_full == WhenFull::kBlock    ? "blocks"
          : setup.when_full == WhenFull::kRefuse ? "refuses"
                                                 : "through");
}
// Of collections: each thread knows what it has done to its own.
TEST_P(WriteBackThreads, W1W2CollectionsArriveAsTheyWereLast) {
  const std::uint64_t each = support::count(300, 10'000);
  std::vector<std::set<std::string>> sets(kThreads);
  support::run_threads(kThreads, [&](int thread) {
    base::Random random(support::seed(1) * 64 + static_cast<std::uint64_t>(thread));
    const std::string key = "set" + std::to_string(thread);
    std::set<std::string>& mine = sets[static_cast<std::size_t>(thread)];
    const auto insist = [](auto write) {
      while (!write().ok()) std::this_thread::yield();
    };
    for (std::uint64_t i = 0; i < each; ++i) {
      const std::string member = "member" + std::to_string(random.below(150));
      if (random.below(3) != 0) {
        insist([&] { return cache_->sadd(key, member).status(); });
        mine.insert(member);
      } else {
        insist([&] { return cache_->srem(key, member).status(); });
        mine.erase(member);
      }
      insist([&] { return cache_->rpush("log", std::to_string(i)).status(); });
      if (i % 64 == 0) insist([&] { return cache_->del("log").status(); });
      if (thread == 0 && i % 64 == 0) (void)cache_->clear();
      const auto size = cache_->scard(key);
      if (size.ok()) {
        EXPECT_EQ(*size, mine.size());
      }
    }
  });
  store_->be_reliable();
  EXPECT_TRUE(cache_->flush(Milliseconds(60'000)).complete());
  EXPECT_EQ(letters_.count(), 0u);
  EXPECT_EQ(store_->went_back(), 0u);
  Options options;
  options.store.backing = store_;
  Cache other(options);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const auto members = other.smembers("set" + std::to_string(i));
    EXPECT_EQ(std::set<std::string>(members->begin(), members->end()), sets[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Setups, WriteBackThreads,
                         testing::Values(Setup{true, 1, WriteBackOptions::WhenFull::kBlock},
                                         Setup{true, 4, WriteBackOptions::WhenFull::kBlock},
                                         Setup{false, 2, WriteBackOptions::WhenFull::kBlock},
                                         Setup{true, 0, WriteBackOptions::WhenFull::kBlock},
                                         Setup{true, 2, WriteBackOptions::WhenFull::kRefuse},
                                         Setup{true, 2, WriteBackOptions::WhenFull::kThrough}),
                         name_of);

// Writers go on until the cache is closed under them: what was acknowledged is in the store, or a dead letter.
TEST(WriteBackClose, W11LosesNothing) {
  for (std::uint64_t round = 0; round < support::count(20, 400); ++round) {
    auto store = std::make_shared<UnreliableStore>(round);
    Letters letters;
    Options options;
    options.shards = 4;
    options.store = {.backing = store, .writes = StoreOptions::Writes::kBack};
    options.store.write_back.dead_letters = letters.sink();
    options.store.write_back.delay = Milliseconds(round % 3);
    options.store.write_back.threads = static_cast<std::uint32_t>(round % 3);
    options.store.write_back.retry_first = Milliseconds(1);
    options.store.write_back.retry_most = Milliseconds(2);
    std::vector<std::string> last(kThreads, "(none)");
    {
      Cache cache(options);
      std::atomic<int> writing{0};
      std::jthread closer([&] {
        while (writing.load() < kThreads) std::this_thread::yield();
        // Of each key one may be on its way, and one wait behind it.
        EXPECT_LE(cache.close(Milliseconds(round % 5)).items, 2u * kThreads);
      });
      support::run_threads(kThreads, [&](int thread) {
        const std::string key = "own" + std::to_string(thread);
        for (int i = 0;; ++i) {
          const std::string value = std::to_string(i);
          if (!cache.set(key, value).ok()) return;
          last[static_cast<std::size_t>(thread)] = value;
          if (i == 0) ++writing;
        }
      });
    }
    for (int thread = 0; thread < kThreads; ++thread) {
      const std::string key = "own" + std::to_string(thread);
      const std::string& value = last[static_cast<std::size_t>(thread)];
      if (store->row(key) != value) {
        EXPECT_EQ(letters.last(key), value) << key;
      }
    }
    EXPECT_EQ(store->went_back(), 0u);
  }
}

// The store hangs: close returns in its time, and the write that hangs is handed over when the store has answered.
TEST(WriteBackClose, W11DoesNotWaitForAStoreThatHangs) {
  auto store = std::make_shared<support::ScriptedStore>();
  Letters letters;
  std::atomic<bool> hangs{false}, go{false};
  store->before_write = [&](auto) {
    hangs = true;
    while (!go) std::this_thread::yield();
    throw std::runtime_error("a time-out at last");
  };
  Options options;
  options.store = {.backing = store, .writes = StoreOptions::Writes::kBack};
  options.store.write_back.dead_letters = letters.sink();
  options.store.write_back.delay = Milliseconds(0);
  {
    Cache cache(options);
    ASSERT_TRUE(cache.set("k", "v").ok());
    while (!hangs) std::this_thread::yield();
    ASSERT_TRUE(cache.set("l", "v").ok());
    EXPECT_EQ(cache.flush(Milliseconds(20)).items, 2u);
    EXPECT_EQ(cache.close(Milliseconds(20)).items, 1u);
    EXPECT_EQ(letters.last("k"), "(no letter)") << "nobody knows yet";
    EXPECT_EQ(letters.last("l"), "v");
    go = true;
  }
  EXPECT_EQ(letters.last("k"), "v");
}

// Dead letters are slow, and time is up meanwhile: what waits behind them is not forgotten.
TEST(WriteBackClose, W11WhatComesBackWhenTimeIsUpIsHandedOver) {
  auto store = std::make_shared<support::ScriptedStore>();
  Letters letters;
  std::atomic<bool> in_sink{false}, go{false};
  Options options;
  options.store = {.backing = store, .writes = StoreOptions::Writes::kBack};
  options.store.write_back.delay = Milliseconds(0);
  options.store.write_back.close_wait = Milliseconds(0);
  options.store.write_back.dead_letters = [&, sink = letters.sink()](const DeadLetter& letter) {
    in_sink = true;
    while (!go) std::this_thread::yield();
    sink(letter);
  };
  {
    Cache cache(options);
    store->fail_writes_of("a", {support::Fault::kRetry});
    store->fail_writes_of("b", {support::Fault::kNever});
    ASSERT_TRUE(cache.mset({{"a", "1"}, {"b", "1"}}).ok());
    while (!in_sink) std::this_thread::yield();
    const FlushReport report = cache.close(Milliseconds(1));
    EXPECT_EQ(report.items, 2u) << "both are in the hands of the thread";
    go = true;
  }
  EXPECT_EQ(letters.last("a"), "1");
  EXPECT_EQ(letters.last("b"), "1");
}

// With a background thread, and none to write: it ticks.
TEST(WriteBackTicks, TheBackgroundThreadWrites) {
  auto store = std::make_shared<support::ScriptedStore>();
  Options options;
  options.background_thread = true;
  options.store = {.backing = store, .writes = StoreOptions::Writes::kBack};
  options.store.write_back.threads = 0;
  options.store.write_back.delay = Milliseconds(1);
  options.store.write_back.dead_letters = [](const DeadLetter&) {};
  Cache cache(options);
  ASSERT_TRUE(cache.set("k", "v").ok());
  while (store->row("k") != "v") std::this_thread::yield();
}

// Full, and everybody needs somebody: nobody waits for ever, although there is no limit to waiting.
TEST(WriteBackFull, WhoIsWaitedForDoesNotWait) {
  for (const auto when_full : {WriteBackOptions::WhenFull::kBlock, WriteBackOptions::WhenFull::kThrough}) {
    auto store = std::make_shared<support::ScriptedStore>();
    Options options;
    options.max_entries = 4;
    options.shards = 1;
    options.store = {.backing = store, .writes = StoreOptions::Writes::kBack, .wait_max = Milliseconds(0)};
    options.store.write_back.items_max = 2;
    options.store.write_back.delay = Milliseconds(0);
    options.store.write_back.when_full = when_full;
    Cache* cache = nullptr;
    options.store.write_back.dead_letters = [&](const DeadLetter& letter) {
      (void)cache->set(letter.mutation.key, "again");
      (void)cache->set("other", "1");
    };
    options.on_removal = [&](std::string_view key, std::string_view, RemovalCause) {
      if (key.starts_with("k")) (void)cache->set("told", key);
    };
    store->before_write = [&](std::span<const Mutation> batch) {
      (void)cache->get("loading");
      (void)cache->set("from the store", batch[0].key);
    };
    Cache it(options);
    cache = &it;
    support::run_threads(kThreads, [&](int thread) {
      base::Random random(static_cast<std::uint64_t>(thread));
      for (std::uint64_t i = 0; i < support::count(100, 2'000); ++i) {
        const std::string key = "k" + std::to_string(random.below(6));
        if (random.below(20) == 0) store->fail_writes_of(key, {support::Fault::kNever});
        (void)it.set(key, std::to_string(i));
        if (random.below(10) == 0) (void)it.mset({{"k0", "1"}, {"k1", "2"}, {"k2", "3"}});
        if (random.below(10) != 0) continue;
        (void)it.get_or_load("loading", [&] {
          (void)it.set("from a loader", "1");
          return std::string("1");
        });
        (void)it.del("loading");
      }
    });
    EXPECT_TRUE(it.close(Milliseconds(60'000)).complete());
  }
}

}  // namespace
}  // namespace larder::store
