// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// CONTRACTS L5 for what a store behind the cache has: max_age, refreshing ahead, stale values, versions.
#include <gmock/gmock.h>

#include <thread>

#include "store/store_fixture.h"

namespace larder::store {
namespace {

using testing::ElementsAre;

// Counts how often it was asked whether something has changed, and how often it had.
class VersionedStore final : public ScriptedStore {
 public:
  StoreCapabilities capabilities() const override { return {.versions = true}; }
  Lookup<StoredValue> load_if_changed(std::string_view key, std::uint64_t version) override {
    ++asked;
    Lookup<StoredValue> found = load(key);
    if (!found || found->version != version) return found;
    ++unchanged;
    return StoredValue{.bytes = "not to be looked at", .version = version};
  }
  int asked = 0;
  int unchanged = 0;
};

class FreshnessOfAStore : public StoreFixture {
 protected:
  Cache& aged(Staleness staleness = {}, Options all = {}) {
    all.store = {.backing = store_, .max_age = 10s, .staleness = staleness};
    return make(all);
  }
  std::size_t loads() const { return store_->loaded().size(); }
};

TEST_F(FreshnessOfAStore, L5WhatIsTooOldIsLoadedAgain) {
  Cache& cache = aged();
  store_->put("k", {.bytes = "1"});
  EXPECT_EQ(*cache.get("k"), "1");
  store_->put("k", {.bytes = "2"});
  advance(9'999ms);
  EXPECT_EQ(*cache.get("k"), "1");
  EXPECT_FALSE(cache.ttl("k")->left) << "the key's own time is another matter";
  advance(1ms);
  EXPECT_FALSE(cache.peek("k"));
  EXPECT_EQ(*cache.get("k"), "2");
  EXPECT_EQ(loads(), 2u);
  EXPECT_EQ(cache.stats().removed(RemovalCause::kExpired), 1u);
}

TEST_F(FreshnessOfAStore, L5WritesDecideOnWhatTheStoreHas) {
  Cache& cache = aged({.stale_for = 60s});
  store_->put("n", {.bytes = "1"});
  EXPECT_EQ(*cache.incr("n"), 2);
  store_->put("n", {.bytes = "10"});
  advance(10s);
  EXPECT_EQ(*cache.incr("n"), 11) << "not on the stale value";
  advance(9s);
  EXPECT_EQ(*cache.get("n"), "11") << "fresh since it was written";
  store_->put("n", {.bytes = "20"});
  advance(1s);
  EXPECT_EQ(*cache.append("n", "0"), 3u);
  EXPECT_EQ(store_->row("n"), "200");
}

TEST_F(FreshnessOfAStore, L5TheKeysOwnEndIsKept) {
  Cache& cache = aged({.stale_for = 60s});
  store_->put("k", {.bytes = "1", .expires_at = in(15s)});
  EXPECT_EQ(*cache.get("k"), "1");
  EXPECT_EQ(cache.ttl("k")->left, 15s);
  advance(10s);
  EXPECT_EQ(*cache.get("k"), "1");
  EXPECT_EQ(cache.ttl("k")->left, 5s);
  store_->fail_loads({Fault::kRetry, Fault::kRetry});
  advance(5s);
  EXPECT_FALSE(cache.get("k")) << "what has ended is not served, stale or not";
}

TEST_F(FreshnessOfAStore, L5AStaleValueIsServedWhereTheLoadFails) {
  Cache& cache = aged({.stale_for = 60s, .retry_after = 2s});
  store_->put("k", {.bytes = "1"});
  EXPECT_EQ(*cache.get("k"), "1");
  advance(10s);
  store_->fail_loads({Fault::kRetry, Fault::kThrows});
  EXPECT_EQ(*cache.get("k"), "1");
  advance(1'999ms);
  EXPECT_EQ(*cache.get("k"), "1");
  EXPECT_EQ(loads(), 2u) << "not tried again so soon";
  EXPECT_FALSE(cache.peek("k"));
  EXPECT_EQ(*cache.dbsize(), 0u) << "it is not there, but for who asks for it";
  advance(1ms);
  EXPECT_EQ(*cache.get("k"), "1");
  EXPECT_EQ(loads(), 3u);
  EXPECT_EQ(cache.stats().served_stale, 3u);
  advance(2s);
  EXPECT_EQ(*cache.get("k"), "1");
  EXPECT_EQ(loads(), 4u);
  EXPECT_EQ(*cache.dbsize(), 1u);
  advance(70s);
  store_->fail_loads({Fault::kRetry});
  EXPECT_EQ(cache.get("k").status().code(), ErrorCode::kStoreFailed) << "it is too old even for that";
}

TEST_F(FreshnessOfAStore, L5WithoutStalenessAFailureIsAFailure) {
  Cache& cache = aged();
  store_->put("k", {.bytes = "1"});
  EXPECT_EQ(*cache.get("k"), "1");
  advance(10s);
  store_->fail_loads({Fault::kRetry});
  EXPECT_EQ(cache.get("k").status().code(), ErrorCode::kStoreFailed);
  EXPECT_EQ(*cache.get("k"), "1");
}

TEST_F(FreshnessOfAStore, L5AStaleValueIsServedWhileAnotherCallLoads) {
  Cache& cache = aged({.stale_for = 60s});
  store_->put("k", {.bytes = "1"});
  EXPECT_EQ(*cache.get("k"), "1");
  store_->put("k", {.bytes = "2"});
  advance(10s);
  std::string meanwhile;
  store_->after_load = [&](auto) { std::jthread([&] { meanwhile = cache.get("k").value_or("(none)"); }).join(); };
  EXPECT_EQ(*cache.get("k"), "2");
  EXPECT_EQ(meanwhile, "1");
  EXPECT_EQ(loads(), 2u);
}

TEST_F(FreshnessOfAStore, L5WhatIsGoneFromTheStoreIsGone) {
  Cache& cache = aged({.stale_for = 60s});
  store_->put("k", {.bytes = "1"});
  EXPECT_EQ(*cache.get("k"), "1");
  store_->remove("k");
  advance(10s);
  EXPECT_FALSE(cache.get("k"));
  store_->fail_loads({Fault::kRetry});
  EXPECT_EQ(cache.get("k").status().code(), ErrorCode::kStoreFailed) << "there is nothing to be served";
}

TEST_F(FreshnessOfAStore, L5InvalidationAndWritesEndAStaleValue) {
  Cache& cache = aged({.stale_for = 60s});
  for (const auto& end_it : std::vector<std::function<void()>>{
           [&] { (void)cache.invalidate("k"); }, [&] { (void)cache.clear(); },
           [&] { (void)cache.invalidate_prefix("k"); }, [&] { EXPECT_TRUE(*cache.del("k")); }}) {
    store_->put("k", {.bytes = "1"});
    EXPECT_EQ(*cache.get("k"), "1");
    advance(10s);
    EXPECT_FALSE(cache.peek("k"));
    end_it();
    store_->fail_loads({Fault::kRetry});
    EXPECT_EQ(cache.get("k").status().code(), ErrorCode::kStoreFailed);
  }
}

TEST_F(FreshnessOfAStore, L5WhatIsAskedForIsRefreshedAheadOfItsTime) {
  Cache& cache = aged({.refresh_ahead = 2s});
  for (const char* key : {"hot", "cold"}) {
    store_->put(key, {.bytes = "1"});
    EXPECT_EQ(*cache.get(key), "1");
  }
  advance(7s);
  EXPECT_EQ(*cache.get("hot"), "1");
  cache.tick();
  EXPECT_EQ(loads(), 2u);
  advance(1s);
  store_->put("hot", {.bytes = "2"});
  EXPECT_EQ(*cache.get("hot"), "1") << "nobody waits";
  EXPECT_EQ(*cache.get("hot"), "1");
  cache.tick();
  EXPECT_THAT(store_->loaded(), ElementsAre("hot", "cold", "hot"));
  EXPECT_EQ(cache.stats().refreshes, 1u);
  advance(9s);
  EXPECT_EQ(*cache.peek("hot"), "2");
  EXPECT_FALSE(cache.peek("cold"));
}

TEST_F(FreshnessOfAStore, L5ARefreshThatFailsLeavesTheValue) {
  Cache& cache = aged({.refresh_ahead = 2s});
  store_->put("k", {.bytes = "1"});
  EXPECT_EQ(*cache.get("k"), "1");
  advance(9s);
  store_->fail_loads({Fault::kRetry});
  EXPECT_EQ(*cache.get("k"), "1");
  cache.tick();
  EXPECT_EQ(*cache.get("k"), "1");
  cache.tick();
  EXPECT_EQ(loads(), 2u) << "tried once";
  advance(1s);
  EXPECT_EQ(*cache.get("k"), "1") << "loaded";
  EXPECT_EQ(loads(), 3u);
}

TEST_F(FreshnessOfAStore, L5AWriteDuringARefreshWins) {
  Cache& cache = aged({.refresh_ahead = 2s});
  store_->put("k", {.bytes = "1"});
  EXPECT_EQ(*cache.get("k"), "1");
  advance(9s);
  EXPECT_EQ(*cache.get("k"), "1");
  bool written = false;
  store_->after_load = [&](auto) {
    if (std::exchange(written, true)) return;
    std::jthread([&] { EXPECT_TRUE(*cache.set("k", "new")); }).join();
  };
  cache.tick();
  EXPECT_TRUE(written);
  EXPECT_EQ(*cache.peek("k"), "new");
}

TEST_F(FreshnessOfAStore, L5JitterSpreadsWhatWasLoadedTogether) {
  Options all;
  all.expiry.ttl_jitter = 0.5;
  Cache& cache = aged({}, all);
  std::vector<std::string> keys;
  for (int i = 0; i < 200; ++i) {
    keys.push_back(std::to_string(i));
    store_->put(keys.back(), {.bytes = "1"});
  }
  cache.mget(keys);
  advance(7'500ms);
  int there = 0;
  for (const std::string& key : keys) there += cache.peek(key).has_value();
  EXPECT_GT(there, 60);
  EXPECT_LT(there, 140);
}

TEST_F(FreshnessOfAStore, L5WorksBesideIdleExpiry) {
  Options all;
  all.expiry.idle = 4s;
  Cache& cache = aged({.stale_for = 60s}, all);
  store_->put("k", {.bytes = "1"});
  EXPECT_EQ(*cache.get("k"), "1");
  for (int i = 0; i < 3; ++i) {
    advance(3s);
    EXPECT_EQ(*cache.get("k"), "1");
  }
  EXPECT_EQ(loads(), 1u);
  advance(1s);
  store_->fail_loads({Fault::kRetry});
  EXPECT_EQ(*cache.get("k"), "1") << "too old, and stale";
  EXPECT_EQ(*cache.get("k"), "1");
  advance(2s);
  EXPECT_EQ(*cache.get("k"), "1");
  EXPECT_EQ(loads(), 3u);
  advance(4s);
  store_->fail_loads({Fault::kRetry});
  EXPECT_EQ(cache.get("k").status().code(), ErrorCode::kStoreFailed) << "idle, which makes nothing stale";
}

TEST_F(FreshnessOfAStore, L5TheWheelKeepsAndEndsStaleValues) {
  Cache& cache = aged({.stale_for = 60s});
  for (int i = 0; i < 1'000; ++i) {
    const std::string key = std::to_string(i);
    store_->put(key, {.bytes = "1"});
    EXPECT_TRUE(cache.get(key));
  }
  advance(11s);
  cache.tick();
  EXPECT_EQ(cache.stats().entries, 0u);
  EXPECT_EQ(cache.stats().entries_negative, 1'000u);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  EXPECT_TRUE(cache.get("7"));
  EXPECT_EQ(cache.stats().entries, 1u);
  advance(61s);
  cache.tick();
  EXPECT_EQ(cache.stats().entries_negative, 1u);
  EXPECT_EQ(cache.stats().removed(RemovalCause::kExpired), 1'000u);
}

TEST_F(FreshnessOfAStore, L5AStaleValueOfALoaderIsForGetOrLoadAlone) {
  const LoadOptions stale = {.ttl = 10s, .staleness = {.stale_for = 60s}};
  EXPECT_EQ(*stored_.get_or_load(
                "k", [] { return std::string("loaded"); }, stale),
            "loaded");
  advance(11s);
  store_->fail_loads({Fault::kRetry, Fault::kRetry});
  EXPECT_EQ(stored_.get("k").status().code(), ErrorCode::kStoreFailed);
  EXPECT_EQ(*stored_.get_or_load(
                "k", [] { return std::string("not asked"); }, stale),
            "loaded");
}

class Versioned : public FreshnessOfAStore {
 protected:
  Versioned() {
    versioned_ = std::make_shared<VersionedStore>();
    store_ = versioned_;
  }
  std::shared_ptr<VersionedStore> versioned_;
};

TEST_F(Versioned, L5WhatHasNotChangedIsNotReadAgain) {
  Cache& cache = aged({.refresh_ahead = 2s});
  store_->put("k", {.bytes = "1", .version = 5});
  EXPECT_EQ(*cache.get("k"), "1");
  advance(10s);
  EXPECT_EQ(*cache.get("k"), "1");
  EXPECT_EQ(versioned_->unchanged, 0) << "it was not kept: nothing may be stale";
  advance(9s);
  EXPECT_EQ(*cache.get("k"), "1");
  cache.tick();
  EXPECT_EQ(versioned_->unchanged, 1);
  advance(9s);
  EXPECT_EQ(*cache.peek("k"), "1") << "fresh again";
  store_->put("k", {.bytes = "2", .version = 6});
  EXPECT_EQ(*cache.get("k"), "1");
  cache.tick();
  EXPECT_EQ(*cache.peek("k"), "2");
  EXPECT_EQ(versioned_->asked, 2);
}

TEST_F(Versioned, L5AStaleValueThatHasNotChangedIsFreshAgain) {
  Cache& cache = aged({.stale_for = 60s});
  store_->put("k", {.bytes = "1", .version = 5});
  EXPECT_EQ(*cache.get("k"), "1");
  advance(10s);
  EXPECT_EQ(*cache.get("k"), "1");
  EXPECT_EQ(versioned_->unchanged, 1);
  EXPECT_EQ(*cache.peek("k"), "1");
  EXPECT_EQ(cache.stats().entries, 1u);
  EXPECT_EQ(cache.stats().entries_negative, 0u);
  EXPECT_EQ(cache.stats().served_stale, 0u);
}

}  // namespace
}  // namespace larder::store
