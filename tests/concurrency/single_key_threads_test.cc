// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on one key are linearizable: threads run random ones on few keys, and what they were answered must be
// explained by an order. With room for all; then with too little, where a key may vanish at any time and must not come
// back.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "concurrency/linearizability.h"
#include "concurrency/recorder.h"
#include "support/depth.h"
#include "support/run_threads.h"
#include "support/scripted_store.h"

namespace larder::concurrency {
namespace {

struct Tally {
  std::uint64_t histories = 0;
  std::uint64_t operations = 0;
  std::uint64_t undecided = 0;
  std::uint64_t lost = 0;  // linearizable only if the key may vanish
};

using Histories = std::map<std::string, std::vector<Operation>>;

// All threads begin at once and do `operations_each` on these keys.
Histories run_round(Cache& cache, const std::vector<std::string>& keys, int threads, int operations_each,
                    std::uint64_t seed, bool peeks = true) {
  Order order;
  std::vector<std::unique_ptr<Recorder>> recorders;
  for (int i = 0; i < threads; ++i) {
    recorders.push_back(std::make_unique<Recorder>(cache, order, i, seed * 64 + static_cast<std::uint64_t>(i), peeks));
  }
  support::run_threads(threads, [&](int i) {
    std::mt19937_64 random(seed + static_cast<std::uint64_t>(i));
    for (int j = 0; j < operations_each; ++j) recorders[static_cast<std::size_t>(i)]->act(keys[random() % keys.size()]);
  });
  Histories all;
  for (const auto& recorder : recorders) {
    for (const auto& [key, history] : recorder->histories()) {
      all[key].insert(all[key].end(), history.begin(), history.end());
    }
  }
  return all;
}

void check_round(const Histories& histories, Loss loss, Tally& tally) {
  for (const auto& [key, history] : histories) {
    const Judgement judgement = judge(history, loss);
    ++tally.histories;
    tally.operations += history.size();
    tally.undecided += judgement.verdict == Verdict::kUndecided;
    ASSERT_NE(judgement.verdict, Verdict::kNot) << "key " << key << "\n"
                                                << judgement.explanation << "the history:\n"
                                                << printable(history);
    if (loss != Loss::kNone) tally.lost += judge(history, Loss::kNone).verdict == Verdict::kNot;
  }
}

class SingleKey : public testing::TestWithParam<int> {
 protected:
  // Rounds on new keys, so many at a time, which are missing at first; `histories_of` runs one.
  using Round = std::function<Histories(const std::vector<std::string>& keys, std::uint64_t seed)>;
  void check_rounds(Cache& cache, std::uint64_t rounds, int keys_a_round, Loss loss, const Round& histories_of) {
    const std::uint64_t first = support::seed(1);
    for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
      SCOPED_TRACE(support::how_to_repeat(seed));
      std::vector<std::string> keys;
      for (int i = 0; i < keys_a_round; ++i) keys.push_back(std::to_string(i) + "." + std::to_string(seed));
      check_round(histories_of(keys, seed), loss, tally_);
      if (HasFatalFailure()) return;
      for (const std::string& key : keys) ASSERT_TRUE(cache.del(key).ok());
    }
    EXPECT_LE(tally_.undecided, tally_.histories / 50);
    EXPECT_EQ(cache.check_invariants().to_string(), "ok");
    EXPECT_EQ(*cache.dbsize(), 0u);
  }
  static int operations_each() { return 320 / GetParam(); }

  Tally tally_;
};

TEST_P(SingleKey, CommandsAreLinearizable) {
  Options options;
  options.max_memory = 0;
  options.shards = 2;
  Cache cache(options);
  check_rounds(cache, support::count(60, 5'000), 3, Loss::kNone, [&](const auto& keys, std::uint64_t seed) {
    return run_round(cache, keys, GetParam(), operations_each(), seed);
  });
}

TEST_P(SingleKey, CommandsAreLinearizableUnderEviction) {
  Options options;
  options.max_memory = 0;
  options.max_entries = 6;
  options.shards = 1;
  options.eviction = Eviction::random();
  Cache cache(options);
  check_rounds(cache, support::count(40, 3'000), 12, Loss::kAnyTime, [&](const auto& keys, std::uint64_t seed) {
    return run_round(cache, keys, GetParam(), operations_each(), seed);
  });
  EXPECT_GT(tally_.lost, 0u) << "nothing was evicted that was missed";
}

// Keys are evicted and forgotten all the time, and nothing is lost: the store has it, or will have it.
class SingleKeyOverAStore : public SingleKey {
 protected:
  void check_over(StoreOptions store) {
    Options options;
    options.max_memory = 0;
    options.max_entries = 4;
    options.shards = 2;
    options.eviction = Eviction::random();
    options.store = std::move(store);
    options.store.backing = std::make_shared<support::ScriptedStore>();
    Cache cache(options);
    check_rounds(cache, support::count(40, 3'000), 6, Loss::kNone, [&](const auto& keys, std::uint64_t seed) {
      const std::jthread forgetful([&](const std::stop_token& stop) {
        std::mt19937_64 random(seed);
        while (!stop.stop_requested()) {
          if (random() % 4 == 0) static_cast<void>(cache.clear());
          static_cast<void>(cache.invalidate(keys[random() % keys.size()]));
          std::this_thread::yield();
        }
      });
      return run_round(cache, keys, GetParam(), operations_each(), seed, false);
    });
    loads_ = cache.stats().store_loads;
    writes_ = cache.stats().store_writes;
  }
  std::uint64_t loads_ = 0;
  std::uint64_t writes_ = 0;
};

TEST_P(SingleKeyOverAStore, CommandsThatWriteThroughAreLinearizable) {
  check_over({});
  EXPECT_GT(loads_, writes_ / 10) << "next to nothing was forgotten";
}

TEST_P(SingleKeyOverAStore, CommandsThatWriteBackAreLinearizable) {
  StoreOptions store{.writes = StoreOptions::Writes::kBack};
  store.write_back.dead_letters = [](const DeadLetter&) {};
  store.write_back.delay = Milliseconds(0);
  store.write_back.items_max = 4;
  store.write_back.threads = 2;
  check_over(store);
  EXPECT_GT(loads_, 0u);
  EXPECT_GT(writes_, 0u);
}

INSTANTIATE_TEST_SUITE_P(Threads, SingleKeyOverAStore, testing::Values(2, 4, 8, 16));
INSTANTIATE_TEST_SUITE_P(Threads, SingleKey, testing::Values(2, 4, 8, 16));

// Writers give each value a number, a short life, and move the clock; readers note when they saw it last.
class ExpiryRace {
 public:
  explicit ExpiryRace(std::uint64_t writes)
      : writes_(writes),
        ends_by_(writes * kWriters, 0),
        seen_at_(kReaders, std::vector<std::int64_t>(writes * kWriters, 0)) {
    Options options;
    options.max_memory = 0;
    options.clock = &clock_;
    options.shards = 1;
    cache_ = std::make_unique<Cache>(options);
  }

  void run() {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < kWriters; ++i) threads.emplace_back([this, i] { write(i); });
    for (std::uint64_t i = 0; i < kReaders; ++i) threads.emplace_back([this, i] { read(i); });
  }

  std::uint64_t served() const {
    std::uint64_t count = 0;
    for (const auto& seen : seen_at_)
      count += static_cast<std::uint64_t>(std::count_if(seen.begin(), seen.end(), [](auto at) { return at != 0; }));
    return count;
  }
  // How many were seen by a call made after their end.
  std::uint64_t served_late() const {
    std::uint64_t count = 0;
    for (const auto& seen : seen_at_) {
      for (std::size_t i = 0; i < seen.size(); ++i) count += seen[i] != 0 && seen[i] >= ends_by_[i];
    }
    return count;
  }
  Cache& cache() { return *cache_; }

 private:
  static constexpr std::uint64_t kKeys = 4;
  static constexpr std::uint64_t kWriters = 2;
  static constexpr std::uint64_t kReaders = 2;

  std::int64_t now_ms() { return clock_.monotonic().count() / 1'000'000; }

  void write(std::uint64_t writer) {
    std::mt19937_64 random(support::seed(1) + writer);
    for (std::uint64_t i = writer * writes_; i < (writer + 1) * writes_; ++i) {
      const auto ttl = static_cast<std::int64_t>(1 + random() % 3);
      cache_->set("k" + std::to_string(random() % kKeys), std::to_string(i), {.ttl = Milliseconds(ttl)});
      ends_by_[i] = now_ms() + ttl;
      if (random() % 4 == 0) clock_.advance(std::chrono::milliseconds(1));
      // However the threads are scheduled: somebody reads between any hundred writes.
      if (i % 100 != 0) continue;
      const std::uint64_t reads = reads_.load();
      while (reads_.load() == reads) std::this_thread::yield();
    }
    --writing_;
  }

  void read(std::uint64_t reader) {
    std::mt19937_64 random(support::seed(1) + 100 + reader);
    while (writing_.load() > 0) {
      const std::int64_t before = now_ms();
      const auto value = cache_->get("k" + std::to_string(random() % kKeys));
      if (value) seen_at_[reader][std::stoull(*value)] = before;
      ++reads_;
    }
  }

  const std::uint64_t writes_;
  ManualClock clock_;
  std::unique_ptr<Cache> cache_;
  std::atomic<std::uint64_t> writing_{kWriters};
  std::atomic<std::uint64_t> reads_{0};
  std::vector<std::int64_t> ends_by_;               // at the latest; of each value, written by its writer
  std::vector<std::vector<std::int64_t>> seen_at_;  // at the latest; a list a reader. 0: never
};

TEST(SingleKeyExpiry, AnExpiredValueIsNeverServed) {
  SCOPED_TRACE(support::how_to_repeat(support::seed(1)));
  ExpiryRace race(support::count(20'000, 1'000'000));
  race.run();
  EXPECT_EQ(race.served_late(), 0u);
  EXPECT_GT(race.served(), 0u);
  EXPECT_EQ(race.cache().check_invariants().to_string(), "ok");
}

}  // namespace
}  // namespace larder::concurrency
