// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Loads by many threads (CONTRACTS L1 to L4): one load a miss, every caller gets its outcome, a write meanwhile wins,
// loaders run under no lock and can neither deadlock nor hang those who do not want to wait. Each interleaving is made
// with latches; who has joined a load is seen in the statistics.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"
#include "support/run_threads.h"
#include "support/wait_until.h"

namespace larder::concurrency {
namespace {

using Text = Lookup<std::string>;

class LoadingThreads : public testing::Test {
 protected:
  static Options options_for(Clock* clock) {
    Options options;
    options.shards = 4;
    options.clock = clock;
    return options;
  }
  LoadingThreads() : cache_(options_for(&clock_)) {}
  void TearDown() override {
    EXPECT_EQ(cache_.check_invariants().to_string(), "ok");
    EXPECT_EQ(cache_.stats().loads_in_flight, 0u);
  }

  bool wait_for_joined(std::uint64_t callers) {
    return support::wait_until([&] { return cache_.stats().loads_joined >= callers; });
  }

  // One thread begins to load `key`, `meanwhile` is done while its loader runs and `followers` wait for it; then the
  // loader ends with `outcome`. What all callers got, the leader first.
  std::vector<Text> load_with(const std::string& key, int followers, const std::function<Loaded()>& outcome,
                              const std::function<void()>& meanwhile, const LoadOptions& options = {}) {
    std::latch loading(1);
    std::latch may_end(1);
    std::vector<Text> got(static_cast<std::size_t>(followers) + 1);
    const std::uint64_t joined_before = cache_.stats().loads_joined;
    std::vector<std::jthread> threads;
    threads.emplace_back([&] {
      const auto load = [&]() -> Loaded {
        loading.count_down();
        may_end.wait();
        return outcome();
      };
      got[0] = cache_.get_or_load(key, load, options);
    });
    loading.wait();
    for (std::size_t i = 1; i < got.size(); ++i) {
      threads.emplace_back([&, i] {
        got[i] = cache_.get_or_load(
            key, [&]() -> Loaded { return ++second_loads_, "a second load"; }, options);
      });
    }
    EXPECT_TRUE(wait_for_joined(joined_before + static_cast<std::uint64_t>(followers)));
    meanwhile();
    may_end.count_down();
    threads.clear();
    return got;
  }

  ManualClock clock_;
  Cache cache_;
  std::atomic<int> second_loads_{0};
};

void nothing() {}

// --- L1 --------------------------------------------------------------------------------------------------------------
TEST_F(LoadingThreads, L1OneLoadForSixteenCallers) {
  const auto got = load_with(
      "k", 15, [] { return Loaded("loaded"); }, nothing);
  for (const Text& one : got) EXPECT_EQ(*one, "loaded");
  EXPECT_EQ(second_loads_.load(), 0);
  EXPECT_EQ(cache_.stats().loads, 1u);
  EXPECT_EQ(*cache_.get("k"), "loaded");
}

TEST_F(LoadingThreads, L1OneLoadForThreadsThatComeAsTheyLike) {
  for (int round = 0; round < 200; ++round) {
    const std::string key = "k" + std::to_string(round);
    std::atomic<int> loads{0};
    std::atomic<int> right{0};
    support::run_threads(16, [&](int) {
      const Text got = cache_.get_or_load(key, [&]() -> Loaded { return std::to_string(++loads); });
      right += got.has_value() && *got == "1";
    });
    ASSERT_EQ(loads.load(), 1);
    ASSERT_EQ(right.load(), 16);
  }
}

TEST_F(LoadingThreads, LoadsOfDifferentKeysDoNotWaitForEachOther) {
  std::latch all_loading(8);  // opens only if all eight loaders run at once
  std::atomic<int> right{0};
  support::run_threads(8, [&](int i) {
    const auto load = [&]() -> Loaded {
      all_loading.arrive_and_wait();
      return std::to_string(i);
    };
    right += *cache_.get_or_load("k" + std::to_string(i), load) == std::to_string(i);
  });
  EXPECT_EQ(right.load(), 8);
}

TEST_F(LoadingThreads, OtherCommandsDoNotWaitForALoader) {
  const auto got = load_with(
      "k", 1, [] { return Loaded("loaded"); },
      [&] {
        EXPECT_TRUE(cache_.get("k").missing());  // every key of the shard, and the key itself
        EXPECT_FALSE(*cache_.exists("k"));
        for (int i = 0; i < 1'000; ++i) cache_.set("other" + std::to_string(i), "x");
        EXPECT_EQ(cache_.keys()->size(), 1'000u);
        EXPECT_EQ(*cache_.dbsize(), 1'000u);
        cache_.tick();
        EXPECT_EQ(cache_.check_invariants().to_string(), "ok");
      });
  EXPECT_EQ(*got[1], "loaded");
}

// --- L2 --------------------------------------------------------------------------------------------------------------
TEST_F(LoadingThreads, L2ALoaderThatLoadsItsOwnKeyIsToldSo) {
  Text inner;
  const Text outer = cache_.get_or_load("k", [&]() -> Loaded {
    inner = cache_.get_or_load("k", [] { return "inner"; });
    return "outer";
  });
  EXPECT_EQ(inner.status().code(), ErrorCode::kReentrantLoad);
  EXPECT_EQ(*outer, "outer");
  EXPECT_EQ(*cache_.get("k"), "outer");
}

TEST_F(LoadingThreads, ALoaderThatLoadsItsOwnKeyThroughAnotherIsToldSo) {
  Text inner;
  const Text outer = cache_.get_or_load("a", [&]() -> Loaded {
    return cache_.get_or_load("b", [&]() -> Loaded {
      inner = cache_.get_or_load("a", [] { return "never"; });
      return "b";
    });
  });
  EXPECT_EQ(inner.status().code(), ErrorCode::kReentrantLoad);
  EXPECT_EQ(*outer, "b");
}

TEST_F(LoadingThreads, L2ALoaderMayUseOtherKeys) {
  const Text got = cache_.get_or_load("k", [&]() -> Loaded {
    cache_.set("other", "1");
    EXPECT_EQ(*cache_.incr("other"), 2);
    EXPECT_EQ(cache_.keys()->size(), 1u);
    return cache_.get_or_load("third", [] { return "3"; });
  });
  EXPECT_EQ(*got, "3");
  EXPECT_EQ(*cache_.dbsize(), 3u);
}

// Two and three threads whose loaders wait for each other's keys in a circle.
void load_in_a_circle(Cache& cache, int threads_count) {
  std::latch all_loading(threads_count);
  std::atomic<int> deadlocks{0};
  std::atomic<int> finished{0};
  support::run_threads(threads_count, [&](int i) {
    const std::string own = "circle" + std::to_string(i);
    const std::string next = "circle" + std::to_string((i + 1) % threads_count);
    const Text got = cache.get_or_load(own, [&]() -> Loaded {
      all_loading.arrive_and_wait();
      const Text inner = cache.get_or_load(next, [] { return "not needed"; });
      deadlocks += inner.status().code() == ErrorCode::kLoadDeadlock;
      return inner ? Loaded(*inner) : Loaded("fallback");
    });
    finished += got.has_value();
  });
  EXPECT_GE(deadlocks.load(), 1);
  EXPECT_EQ(finished.load(), threads_count);
}

TEST_F(LoadingThreads, TwoLoadersThatWaitForEachOtherAreParted) { load_in_a_circle(cache_, 2); }
TEST_F(LoadingThreads, ThreeLoadersThatWaitInACircleAreParted) { load_in_a_circle(cache_, 3); }
TEST_F(LoadingThreads, EightLoadersThatWaitInACircleAreParted) { load_in_a_circle(cache_, 8); }

TEST_F(LoadingThreads, AChainOfLoadersIsNoCircle) {
  std::latch loading_b(1);
  std::latch b_may_end(1);
  Text a, b;
  std::jthread first([&] {
    b = cache_.get_or_load("b", [&]() -> Loaded {
      loading_b.count_down();
      b_may_end.wait();
      return "b";
    });
  });
  loading_b.wait();
  std::jthread second([&] {
    a = cache_.get_or_load("a", [&]() -> Loaded { return cache_.get_or_load("b", [] { return "never"; }); });
  });
  EXPECT_TRUE(wait_for_joined(1));
  b_may_end.count_down();
  first.join();
  second.join();
  EXPECT_EQ(*a, "b");
  EXPECT_EQ(*b, "b");
}

// --- L3: a write during the load wins ----------------------------------------------------------------------------------
struct Meanwhile {
  const char* name;
  std::function<void(Cache&)> act;
  const char* left;  // what the key holds afterwards; null: nothing
};

const std::vector<Meanwhile>& writes_meanwhile() {
  static const std::vector<Meanwhile> all = {
      {"Set", [](Cache& cache) { cache.set("k", "written"); }, "written"},
      {"SetIfAbsent", [](Cache& cache) { cache.set("k", "written", {.condition = SetOptions::If::kAbsent}); },
       "written"},
      {"GetSet", [](Cache& cache) { (void)cache.get_set("k", "written"); }, "written"},
      {"Mset",
       [](Cache& cache) {
         const KeyValue pair[] = {{"k", "written"}};
         cache.mset(pair);
       },
       "written"},
      {"MsetNx",
       [](Cache& cache) {
         const KeyValue pair[] = {{"k", "written"}};
         cache.mset_nx(pair);
       },
       "written"},
      {"Append", [](Cache& cache) { cache.append("k", "written"); }, "written"},
      {"Incr", [](Cache& cache) { cache.incr("k"); }, "1"},
      {"SetRange", [](Cache& cache) { cache.set_range("k", 0, "written"); }, "written"},
      {"SetBit", [](Cache& cache) { cache.set_bit("k", 2, true); }, " "},
      {"Rename", [](Cache& cache) { cache.set("other", "written"), cache.rename("other", "k"); }, "written"},
      {"Copy", [](Cache& cache) { cache.set("other", "written"), cache.copy("other", "k"); }, "written"},
      {"CompareAndSet", [](Cache& cache) { cache.compare_and_set("k", cache.get_versioned("k")->version, "written"); },
       "written"},
      {"SetAndDelete", [](Cache& cache) { cache.set("k", "written"), cache.del("k"); }, nullptr},
      {"DeleteOfAMissingKey", [](Cache& cache) { EXPECT_FALSE(*cache.del("k")); }, nullptr},
      {"GetDelOfAMissingKey", [](Cache& cache) { EXPECT_TRUE(cache.get_del("k").missing()); }, nullptr},
      {"Invalidate", [](Cache& cache) { cache.invalidate("k"); }, nullptr},
      {"InvalidatePrefix", [](Cache& cache) { cache.invalidate_prefix("k"); }, nullptr},
      {"Clear", [](Cache& cache) { cache.clear(); }, nullptr},
      {"SetInThePast", [](Cache& cache) { cache.set("k", "x", {.expires_at = UnixTime(Milliseconds(1))}); }, nullptr},
  };
  return all;
}

class WriteDuringLoad : public LoadingThreads, public testing::WithParamInterface<std::size_t> {};

TEST_P(WriteDuringLoad, L3Wins) {
  const Meanwhile& meanwhile = writes_meanwhile()[GetParam()];
  const auto got = load_with(
      "k", 3, [] { return Loaded("loaded"); }, [&] { meanwhile.act(cache_); });
  for (const Text& one : got) {
    ASSERT_TRUE(one.has_value()) << one.status().to_string();
    EXPECT_EQ(*one, "loaded");  // who waited gets what was loaded
  }
  const Text left = cache_.get("k");
  EXPECT_EQ(left.value_or("(missing)"), std::string(meanwhile.left == nullptr ? "(missing)" : meanwhile.left));
  EXPECT_EQ(cache_.stats().loads_discarded, 1u);
  EXPECT_EQ(second_loads_.load(), 0);
}

TEST_P(WriteDuringLoad, WinsOverOneThatFindsNothingToo) {
  const Meanwhile& meanwhile = writes_meanwhile()[GetParam()];
  load_with(
      "k", 1, [] { return Loaded(std::nullopt); }, [&] { meanwhile.act(cache_); },
      {.negative_ttl = Milliseconds(1000)});
  const Text left = cache_.get("k");
  EXPECT_EQ(left.value_or("(missing)"), std::string(meanwhile.left == nullptr ? "(missing)" : meanwhile.left));
  const Text again = cache_.get_or_load("k", [] { return "loaded again"; });
  EXPECT_EQ(again.value_or("(missing)"), std::string(meanwhile.left == nullptr ? "loaded again" : meanwhile.left));
}

TEST_P(WriteDuringLoad, ByTheLoaderItselfWins) {
  const Meanwhile& meanwhile = writes_meanwhile()[GetParam()];
  const Text got = cache_.get_or_load("k", [&]() -> Loaded {
    meanwhile.act(cache_);
    return "loaded";
  });
  EXPECT_EQ(*got, "loaded");
  EXPECT_EQ(cache_.get("k").value_or("(missing)"),
            std::string(meanwhile.left == nullptr ? "(missing)" : meanwhile.left));
}

INSTANTIATE_TEST_SUITE_P(Writes, WriteDuringLoad, testing::Range(std::size_t{0}, writes_meanwhile().size()),
                         [](const auto& parameter) { return std::string(writes_meanwhile()[parameter.param].name); });

TEST_F(LoadingThreads, AReadOrAWriteOfAnotherKeyDoesNotDisturbALoad) {
  load_with(
      "k", 1, [] { return Loaded("loaded"); },
      [&] {
        EXPECT_TRUE(cache_.get("k").missing());
        EXPECT_FALSE(*cache_.expire("k", Milliseconds(5)));
        EXPECT_FALSE(*cache_.persist("k"));
        EXPECT_FALSE(*cache_.set("k", "x", {.condition = SetOptions::If::kPresent}));
        cache_.set("other", "x");
        cache_.del("another");
        cache_.invalidate_prefix("z");
      });
  EXPECT_EQ(*cache_.get("k"), "loaded");
  EXPECT_EQ(cache_.stats().loads_discarded, 0u);
}

// Who comes after an invalidation must not get what was read before it.
TEST_F(LoadingThreads, ACallerAfterAnInvalidationDoesNotGetTheOldLoad) {
  Text late;
  std::atomic<bool> done{false};
  std::jthread follower;
  const auto got = load_with(
      "k", 1, [] { return Loaded("old"); },
      [&] {
        cache_.invalidate("k");
        follower = std::jthread([&] {
          late = cache_.get_or_load("k", [] { return "new"; });
          done = true;
        });
        // It either loads by itself, or waits until the old load has ended and loads then.
        const std::uint64_t joined = cache_.stats().loads_joined;
        support::wait_until(
            [&] { return done.load() || cache_.stats().loads_joined > joined || cache_.stats().loads > 1; });
      });
  follower.join();
  EXPECT_EQ(*got[0], "old");
  EXPECT_EQ(*got[1], "old");
  EXPECT_EQ(*late, "new");
  EXPECT_EQ(cache_.get("k").value_or("(missing)"), "new");
}

// --- L4: failures ----------------------------------------------------------------------------------------------------
TEST_F(LoadingThreads, L4AFailureReachesEveryCallerAndLeavesNothing) {
  const auto got = load_with(
      "k", 7, [] { return Loaded(Status(ErrorCode::kLoadFailed, "no database")); }, nothing);
  for (const Text& one : got) {
    EXPECT_EQ(one.status().code(), ErrorCode::kLoadFailed);
    EXPECT_NE(one.status().message().find("no database"), std::string_view::npos) << one.status().message();
  }
  EXPECT_EQ(*cache_.get_or_load("k", [] { return "now"; }), "now");
  EXPECT_EQ(cache_.stats().loads_failed, 1u);
}

TEST_F(LoadingThreads, WhatALoaderThrowsReachesEveryCallerAndLeavesNothing) {
  for (const bool standard : {true, false}) {
    const auto got = load_with(
        "k", 3,
        [&]() -> Loaded {
          if (standard) throw std::runtime_error("broken");
          throw 42;
        },
        nothing);
    for (const Text& one : got) EXPECT_EQ(one.status().code(), ErrorCode::kLoaderThrew);
  }
  EXPECT_EQ(*cache_.get_or_load("k", [] { return "now"; }), "now");
}

TEST_F(LoadingThreads, NothingFoundIsAMissForEveryCallerAndIsNotStored) {
  const auto got = load_with(
      "k", 3, [] { return Loaded(std::nullopt); }, nothing);
  for (const Text& one : got) EXPECT_TRUE(one.missing());
  EXPECT_FALSE(*cache_.exists("k"));
  EXPECT_EQ(*cache_.get_or_load("k", [] { return "now"; }), "now");
}

TEST_F(LoadingThreads, NothingFoundIsRememberedForNegativeTtl) {
  int loads = 0;
  const LoadOptions options{.negative_ttl = Milliseconds(10)};
  const auto load = [&]() -> Loaded { return ++loads, std::nullopt; };
  EXPECT_TRUE(cache_.get_or_load("k", load, options).missing());
  clock_.advance(Milliseconds(9));
  EXPECT_TRUE(cache_.get_or_load("k", load, options).missing());
  EXPECT_EQ(loads, 1);
  EXPECT_FALSE(*cache_.exists("k"));  // remembered for loads only
  EXPECT_EQ(*cache_.dbsize(), 0u);
  EXPECT_TRUE(cache_.keys()->empty());
  clock_.advance(Milliseconds(1));
  EXPECT_TRUE(cache_.get_or_load("k", load, options).missing());
  EXPECT_EQ(loads, 2);
  cache_.set("k", "written");
  EXPECT_EQ(*cache_.get_or_load("k", load, options), "written");
}

TEST_F(LoadingThreads, AFailureIsRememberedForErrorTtl) {
  int loads = 0;
  const LoadOptions options{.error_ttl = Milliseconds(10)};
  const auto load = [&]() -> Loaded { return ++loads, Status(ErrorCode::kLoadFailed, "no database"); };
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(cache_.get_or_load("k", load, options).status().code(), ErrorCode::kLoadFailed);
    clock_.advance(Milliseconds(1));
  }
  EXPECT_EQ(loads, 1);
  EXPECT_FALSE(*cache_.exists("k"));
  EXPECT_EQ(*cache_.set("k", "x", {.condition = SetOptions::If::kAbsent}), true);
  EXPECT_EQ(*cache_.get_or_load("k", load, options), "x");
  cache_.del("k");
  EXPECT_EQ(cache_.get_or_load("k", load, options).status().code(), ErrorCode::kLoadFailed);
  EXPECT_EQ(loads, 2);
  clock_.advance(Milliseconds(10));
  EXPECT_EQ(*cache_.get_or_load("k", [] { return "now"; }), "now");
}

TEST_F(LoadingThreads, AnInvalidationForgetsWhatIsRemembered) {
  const LoadOptions options{.negative_ttl = Milliseconds(1'000'000)};
  EXPECT_TRUE(cache_
                  .get_or_load(
                      "k", [] { return Loaded(std::nullopt); }, options)
                  .missing());
  cache_.invalidate("k");
  EXPECT_EQ(*cache_.get_or_load(
                "k", [] { return "there is one now"; }, options),
            "there is one now");
}

TEST_F(LoadingThreads, ALoadedValueEndsWithItsTimeToLive) {
  EXPECT_EQ(*cache_.get_or_load("k", [] { return "loaded"; }, {.ttl = Milliseconds(10)}), "loaded");
  clock_.advance(Milliseconds(9));
  EXPECT_EQ(*cache_.get("k"), "loaded");
  clock_.advance(Milliseconds(1));
  EXPECT_TRUE(cache_.get("k").missing());
  const auto load = []() -> Loaded {
    Loaded loaded("short");
    loaded.ttl = Milliseconds(3);
    return loaded;
  };
  EXPECT_EQ(*cache_.get_or_load("k", load, {.ttl = Milliseconds(10)}), "short");
  EXPECT_EQ(cache_.ttl("k")->left, Milliseconds(3));  // the loader's wins
}

TEST_F(LoadingThreads, AValueThatCannotBeStoredIsReturnedAllTheSame) {
  Options options;
  options.max_memory = 1 << 20;
  Cache small(options);
  const std::string large(500'000, 'x');
  EXPECT_EQ(small.get_or_load("k", [&] { return large; })->size(), large.size());
  EXPECT_FALSE(*small.exists("k"));
  EXPECT_EQ(small.check_invariants().to_string(), "ok");
}

// --- Time-outs and the end ---------------------------------------------------------------------------------------------
TEST_F(LoadingThreads, WhoDoesNotWantToWaitLongGetsATimeout) {
  Options options;
  Cache cache(options);  // with the machine's clock: this waits in earnest
  std::latch loading(1);
  std::latch may_end(1);
  Text slow;
  std::jthread leader([&] {
    slow = cache.get_or_load("k", [&]() -> Loaded {
      loading.count_down();
      may_end.wait();
      return "slow";
    });
  });
  loading.wait();
  const Text hasty = cache.get_or_load("k", [] { return "never"; }, {.wait_max = Milliseconds(1)});
  EXPECT_EQ(hasty.status().code(), ErrorCode::kTimeout);
  may_end.count_down();
  leader.join();
  EXPECT_EQ(*slow, "slow");
  EXPECT_EQ(*cache.get("k"), "slow");  // the load went on
}

TEST_F(LoadingThreads, ClosingReleasesThoseWhoWaitAndLetsTheLoaderEnd) {
  std::latch loading(1);
  std::latch may_end(1);
  Text led;
  std::jthread leader([&] {
    led = cache_.get_or_load("k", [&]() -> Loaded {
      loading.count_down();
      may_end.wait();
      return "loaded";
    });
  });
  loading.wait();
  std::vector<Text> got(5);
  std::vector<std::jthread> followers;
  for (Text& one : got) {
    followers.emplace_back([&] { one = cache_.get_or_load("k", [] { return "never"; }); });
  }
  EXPECT_TRUE(wait_for_joined(got.size()));
  cache_.close();
  followers.clear();  // they return while the loader still runs
  for (const Text& one : got) EXPECT_EQ(one.status().code(), ErrorCode::kClosed);
  may_end.count_down();
  leader.join();
  EXPECT_TRUE(led.has_value() ? *led == "loaded" : led.status().code() == ErrorCode::kClosed);
  EXPECT_EQ(cache_.get("k").status().code(), ErrorCode::kClosed);
  EXPECT_EQ(cache_.get_or_load("k", [] { return "never"; }).status().code(), ErrorCode::kClosed);
}

TEST_F(LoadingThreads, EveryPublicCallFromALoaderReturns) {
  const Text got = cache_.get_or_load("k", [&]() -> Loaded {
    cache_.clear();
    cache_.tick();
    (void)cache_.stats();
    EXPECT_TRUE(cache_.set_eviction(Eviction::lru()).ok());
    EXPECT_TRUE(cache_.set_max_memory(100_MiB).ok());
    EXPECT_TRUE(cache_.check_invariants().ok());
    (void)cache_.random_key();
    cache_.for_each([](const EntryView&) { return true; });
    return "loaded";
  });
  EXPECT_EQ(*got, "loaded");
}

}  // namespace
}  // namespace larder::concurrency
