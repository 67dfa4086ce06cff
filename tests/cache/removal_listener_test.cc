// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Listeners that use the cache they are told about, as real ones do: to count, to log, to keep a copy elsewhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/cache_fixture.h"
#include "support/counting_allocator.h"
#include "support/watchdog.h"

namespace larder {
namespace {

using namespace std::chrono_literals;

// A cache whose listener may call it, and which notices when it is called from within itself.
class ListenedTo {
 public:
  using Listener = std::function<void(Cache&, std::string_view, std::string_view, RemovalCause)>;

  ListenedTo(Options options, Listener listener) : listener_(std::move(listener)) {
    options.seed = 1;
    options.allocator = &allocator_;
    options.on_removal = [this](std::string_view key, std::string_view value, RemovalCause cause) {
      deepest_ = std::max(deepest_, ++depth_);
      ++told_[static_cast<std::size_t>(cause)];
      listener_(*cache_, key, value, cause);
      --depth_;
    };
    cache_ = std::make_unique<Cache>(options);
  }
  ~ListenedTo() {
    EXPECT_LE(deepest_, 1);
    EXPECT_EQ(cache_->check_invariants().to_string(), "ok");
    const Stats stats = cache_->stats();
    for (std::size_t cause = 0; cause < kRemovalCauses; ++cause) EXPECT_EQ(told_[cause], stats.removals[cause]);
    EXPECT_LE(stats.bytes_used, stats.max_memory);
    EXPECT_LE(allocator_.live(), stats.max_memory);
    cache_.reset();
    EXPECT_EQ(allocator_.complaints(true), "");
  }
  Cache& operator*() { return *cache_; }
  Cache* operator->() { return cache_.get(); }

 private:
  const support::Watchdog watchdog_{std::chrono::seconds(100), [] { return std::string("a listener"); }};
  Listener listener_;
  support::CountingAllocator allocator_;
  std::unique_ptr<Cache> cache_;
  int depth_ = 0;
  int deepest_ = 0;
  std::uint64_t told_[kRemovalCauses] = {};
};

TEST(RemovalListener, ThatWritesIsNotCalledFromWithinItself) {
  ListenedTo cache({.max_memory = 1_MiB}, [](Cache& self, std::string_view, std::string_view, RemovalCause cause) {
    if (cause != RemovalCause::kEvicted) return;
    ASSERT_TRUE(self.incr("evictions").ok());
  });
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(cache->set("k" + std::to_string(i), std::string(100, 'x')).ok());
  EXPECT_GT(cache->dbsize().value_or(0), 4'000u);
}

// Whatever the listener's writes need is found at once, though what they evict is only told, and freed, afterwards: so
// no more is evicted than must be.
TEST(RemovalListener, ThatKeepsACopyFindsRoom) {
  for (const std::size_t size : {std::size_t{1'000}, std::size_t{60'000}}) {
    ListenedTo cache({.max_memory = 4_MiB, .shards = 1},
                     [](Cache& self, std::string_view key, std::string_view value, RemovalCause cause) {
                       if (cause != RemovalCause::kEvicted || key.starts_with("copy")) return;
                       ASSERT_TRUE(self.set("copy of " + std::string(key), value).ok());
                     });
    const std::string value(size, 'x');
    const std::uint64_t full = 4_MiB / size * 3 / 4;
    for (std::uint64_t i = 0; i < 5 * full; ++i) {
      ASSERT_TRUE(cache->set("k" + std::to_string(i), value).ok());
      if (i >= full) {
        ASSERT_GE(cache->dbsize().value_or(0), full) << i;
      }
    }
  }
}

// The log is a large value, so appending holds its key's latch now and then.
TEST(RemovalListener, ThatAppendsToALogWaitsForNobody) {
  ListenedTo cache({.max_memory = 256_KiB, .shards = 1},
                   [](Cache& self, std::string_view key, std::string_view, RemovalCause cause) {
                     if (cause != RemovalCause::kEvicted || key == "log") return;
                     ASSERT_TRUE(self.append("log", std::string(key) + "\n").ok());
                   });
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(cache->append("log", "tick\n").ok());
    if (cache->strlen("log").value_or(0) > 20'000) {
      ASSERT_TRUE(*cache->del("log"));
    }
    ASSERT_TRUE(cache->set("k" + std::to_string(i), std::string(100, 'x')).ok());
  }
}

TEST(RemovalListener, MayAskForStatisticsAndChangeThePolicyWhileItChanges) {
  ListenedTo cache({.max_memory = 256_KiB, .eviction = Eviction::none(), .shards = 1},
                   [](Cache& self, std::string_view, std::string_view, RemovalCause) {
                     EXPECT_EQ(self.stats().policy, "lru");
                     ASSERT_TRUE(self.set_eviction(Eviction::lru()).ok());
                   });
  for (int i = 0; i < 20'000; ++i)
    cache->set("k" + std::to_string(i), std::string(static_cast<std::size_t>(i % 64), 'x'));
  ASSERT_TRUE(cache->set_eviction(Eviction::lru()).ok());
  EXPECT_GT(cache->stats().removed(RemovalCause::kEvicted), 0u);
}

TEST(RemovalListener, MayLoadTheKeyWhoseEntryHadExpired) {
  ManualClock clock;
  int loads = 0;
  ListenedTo cache({.clock = &clock}, [&](Cache& self, std::string_view key, std::string_view, RemovalCause cause) {
    if (cause != RemovalCause::kExpired) return;
    EXPECT_EQ(self.get_or_load(key, [&] { return Loaded("loaded " + std::to_string(++loads)); }).value_or(""),
              "loaded 1");
  });
  cache->set("k", "v", {.ttl = 10ms});
  clock.advance(10ms);
  EXPECT_EQ(cache->get_or_load("k", [&] { return Loaded("loaded " + std::to_string(++loads)); }).value_or(""),
            "loaded 1");
}

TEST(RemovalListener, MayClearTheCache) {
  ListenedTo cache({.max_memory = 1_MiB}, [](Cache& self, std::string_view key, std::string_view, RemovalCause) {
    if (key != "last") return;
    ASSERT_TRUE(self.clear().ok());
  });
  for (int i = 0; i < 1'000; ++i) cache->set("k" + std::to_string(i), "v");
  cache->set("last", "v");
  EXPECT_TRUE(*cache->del("last"));
  EXPECT_EQ(cache->dbsize().value_or(1), 0u);
}

// What a call of another cache removes is told when that call returns, as ever.
TEST(RemovalListener, OfOneCacheMayUseAnother) {
  ListenedTo outer({}, [](Cache&, std::string_view, std::string_view, RemovalCause) {});
  std::string heard;
  ListenedTo second({}, [&](Cache&, std::string_view key, std::string_view, RemovalCause) {
    heard += "second lost " + std::string(key) + "; ";
    EXPECT_TRUE(*outer->del("b"));  // in the listener of `first`, below
  });
  ListenedTo first({}, [&](Cache&, std::string_view key, std::string_view, RemovalCause) {
    heard += "first lost " + std::string(key) + "; ";
    EXPECT_TRUE(*second->del(key));
    heard += "and returned; ";
  });
  outer->set("b", "v");
  second->set("a", "v");
  first->set("a", "v");
  EXPECT_TRUE(*first->del("a"));
  EXPECT_EQ(heard, "first lost a; second lost a; and returned; ");
}

}  // namespace
}  // namespace larder
