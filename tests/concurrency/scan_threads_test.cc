// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// SCAN's guarantee while others insert and delete, so that the index grows and shrinks: what is there from the first
// step to the last is shown. The same for keys and for_each, and what is shown is whole.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"
#include "support/depth.h"

namespace larder::concurrency {
namespace {

constexpr int kStable = 500;

// Threads that let the number of entries rise and fall by tens of thousands, and rename, expire and evict nothing.
class Tide {
 public:
  explicit Tide(Cache& cache, int threads) : cache_(cache) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, i] { run(i); });
    }
  }
  ~Tide() { stop_ = true; }
  std::uint64_t turns() const { return turns_.load(); }

 private:
  void run(int thread) {
    constexpr int kPassing = 8'000;
    const std::string prefix = "passing" + std::to_string(thread) + ":";
    while (!stop_.load()) {
      for (int i = 0; i < kPassing && !stop_.load(); ++i) cache_.set(prefix + std::to_string(i), "x");
      for (int i = 0; i < kPassing && !stop_.load(); ++i) {
        cache_.del(prefix + std::to_string(i));
        if (i % 64 == 0) cache_.tick();
      }
      ++turns_;
    }
  }

  Cache& cache_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> turns_{0};
  std::vector<std::jthread> threads_;
};

std::string stable_key(int i) { return "stable:" + std::to_string(i); }

class ScanThreads : public testing::TestWithParam<std::uint32_t> {
 protected:
  ScanThreads() {
    Options options;
    options.max_memory = 0;
    options.shards = GetParam();
    cache_ = std::make_unique<Cache>(options);
    for (int i = 0; i < kStable; ++i) cache_->set(stable_key(i), std::to_string(i));
  }
  void TearDown() override { EXPECT_EQ(cache_->check_invariants().to_string(), "ok"); }

  static void expect_all_stable(const std::set<std::string>& shown) {
    for (int i = 0; i < kStable; ++i) ASSERT_TRUE(shown.contains(stable_key(i))) << stable_key(i);
  }
  std::unique_ptr<Cache> cache_;
};

TEST_P(ScanThreads, ScanShowsWhatIsThereAllTheTime) {
  Tide tide(*cache_, 2);
  std::mt19937_64 random(support::seed(1));
  SCOPED_TRACE(support::how_to_repeat(support::seed(1)));
  const std::uint64_t scans = support::count(30, 1'000);
  for (std::uint64_t i = 0; i < scans || tide.turns() < 2; ++i) {
    std::set<std::string> shown;
    std::uint64_t cursor = 0;
    const std::uint32_t count = 1 + static_cast<std::uint32_t>(random() % 50);
    do {
      const auto page = cache_->scan(cursor, {.count = count});
      ASSERT_TRUE(page.ok()) << page.status().to_string();
      shown.insert(page->keys.begin(), page->keys.end());
      cursor = page->cursor;
    } while (cursor != 0);
    expect_all_stable(shown);
    if (HasFatalFailure()) return;
  }
}

TEST_P(ScanThreads, ScanWithAPatternShowsWhatMatchesAndNothingElse) {
  Tide tide(*cache_, 2);
  const std::uint64_t scans = support::count(20, 1'000);
  for (std::uint64_t i = 0; i < scans; ++i) {
    std::set<std::string> shown;
    std::uint64_t cursor = 0;
    do {
      const auto page = cache_->scan(cursor, {.match = "stable:*", .count = 30});
      ASSERT_TRUE(page.ok());
      shown.insert(page->keys.begin(), page->keys.end());
      cursor = page->cursor;
    } while (cursor != 0);
    ASSERT_EQ(shown.size(), static_cast<std::size_t>(kStable));
    expect_all_stable(shown);
    if (HasFatalFailure()) return;
  }
}

TEST_P(ScanThreads, KeysAndForEachShowWhatIsThereAllTheTime) {
  Tide tide(*cache_, 2);
  const std::uint64_t rounds = support::count(20, 500);
  for (std::uint64_t i = 0; i < rounds; ++i) {
    const auto keys = cache_->keys("stable:*");
    ASSERT_TRUE(keys.ok());
    expect_all_stable({keys->begin(), keys->end()});
    std::set<std::string> shown;
    bool whole = true;
    const Status status = cache_->for_each([&](const EntryView& entry) {
      shown.emplace(entry.key);
      whole &= !entry.key.starts_with("stable:") || entry.key.substr(7) == entry.value;
      return true;
    });
    ASSERT_TRUE(status.ok());
    ASSERT_TRUE(whole) << "an entry was shown with another's value";
    expect_all_stable(shown);
    if (HasFatalFailure()) return;
  }
}

TEST_P(ScanThreads, AVisitorMayCallTheCache) {
  Tide tide(*cache_, 1);
  std::uint64_t visited = 0;
  const Status status = cache_->for_each([&](const EntryView& entry) {
    if (entry.key.starts_with("stable:")) {
      EXPECT_EQ(*cache_->get(entry.key), entry.value);
      cache_->set("seen:" + std::string(entry.key), "x");
      ++visited;
    }
    return visited < 300;
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(visited, 300u);
}

// Removing by prefix while others insert under another.
TEST_P(ScanThreads, InvalidatePrefixRemovesWhatWasThereAndNothingElse) {
  Tide tide(*cache_, 1);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 200; ++i) cache_->set("doomed:" + std::to_string(i), "x");
    const auto removed = cache_->invalidate_prefix("doomed:");
    ASSERT_TRUE(removed.ok());
    ASSERT_EQ(*removed, 200u);
    ASSERT_TRUE(cache_->keys("doomed:*")->empty());
  }
  EXPECT_EQ(cache_->keys("stable:*")->size(), static_cast<std::size_t>(kStable));
}

INSTANTIATE_TEST_SUITE_P(Shards, ScanThreads, testing::Values(1u, 8u));

}  // namespace
}  // namespace larder::concurrency
