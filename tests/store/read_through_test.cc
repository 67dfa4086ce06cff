// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "store/store_fixture.h"

namespace larder::store {
namespace {

class ReadThrough : public StoreFixture {};

TEST_F(ReadThrough, AMissLoadsOnceAndTheValueStays) {
  store_->put("user:1", {.bytes = "Ada"});
  EXPECT_EQ(stored_.get("user:1").value(), "Ada");
  EXPECT_EQ(stored_.get("user:1").value(), "Ada");
  EXPECT_EQ(store_->loaded(), std::vector<std::string>{"user:1"});
  EXPECT_EQ(stored_.stats().hits, 1u);
  EXPECT_EQ(stored_.stats().misses, 1u);
  EXPECT_EQ(stored_.stats().store_loads, 1u);
}

TEST_F(ReadThrough, WhatTheStoreHasNotIsAMissAndIsAskedForAgain) {
  EXPECT_TRUE(stored_.get("none").missing());
  store_->put("none", {.bytes = "now"});
  EXPECT_EQ(stored_.get("none").value(), "now");
}

TEST_F(ReadThrough, NegativeTtlRemembersThatThereIsNone) {
  Cache& cache = make(with_store({.negative_ttl = 100ms}));
  EXPECT_TRUE(cache.get("none").missing());
  store_->put("none", {.bytes = "now"});
  EXPECT_TRUE(cache.get("none").missing());
  EXPECT_FALSE(*cache.exists("none"));
  EXPECT_EQ(store_->loaded().size(), 1u);
  EXPECT_EQ(cache.stats().entries_negative, 1u);
  advance(100ms);
  EXPECT_EQ(cache.get("none").value(), "now");
}

TEST_F(ReadThrough, TheStoresEndIsTheKeysEnd) {
  store_->put("session", {.bytes = "s", .expires_at = in(5s)});
  store_->put("over", {.bytes = "o", .expires_at = in(0ms)});
  EXPECT_EQ(stored_.ttl("session")->left, 5s);
  EXPECT_TRUE(stored_.get("over").missing());
  advance(5s);
  EXPECT_TRUE(stored_.get("session").missing()) << "whether or not the store has removed it";
}

TEST_F(ReadThrough, AFailureReachesTheCallerAndLeavesNoTrace) {  // L4
  store_->put("k", {.bytes = "v"});
  store_->fail_loads({Fault::kRetry, Fault::kThrows});
  EXPECT_EQ(stored_.get("k").status().code(), ErrorCode::kStoreFailed);
  EXPECT_EQ(stored_.strlen("k").status().code(), ErrorCode::kStoreThrew);
  EXPECT_EQ(stored_.get("k").value(), "v");
  EXPECT_EQ(stored_.stats().store_loads_failed, 2u);
}

TEST_F(ReadThrough, PeekAndWalksDoNotAsk) {
  store_->put("k", {.bytes = "v"});
  EXPECT_TRUE(stored_.peek("k").missing());
  EXPECT_EQ(*stored_.dbsize(), 0u);
  EXPECT_TRUE(stored_.keys()->empty());
  EXPECT_TRUE(stored_.random_key().missing());
  EXPECT_TRUE(store_->loaded().empty());
}

TEST_F(ReadThrough, ManyKeysAreLoadedInOneCall) {
  for (const char* key : {"a", "b", "c"}) store_->put(key, {.bytes = key});
  EXPECT_EQ(stored_.get("b").value(), "b");
  const auto values = stored_.mget({"a", "b", "none", "c", "a"});
  EXPECT_EQ(values[0].value(), "a");
  EXPECT_EQ(values[1].value(), "b");
  EXPECT_TRUE(values[2].missing());
  EXPECT_EQ(values[3].value(), "c");
  EXPECT_EQ(values[4].value(), "a");
  EXPECT_EQ(store_->bulk_loads(), 1u);
  EXPECT_EQ(store_->loaded(), (std::vector<std::string>{"b", "a", "none", "c"}));
  EXPECT_EQ(*stored_.exists({"a", "none", "b"}), 2u);
}

TEST_F(ReadThrough, AFailedKeyOfManyFailsAlone) {
  for (const char* key : {"a", "b"}) store_->put(key, {.bytes = key});
  store_->fail_loads({Fault::kNone, Fault::kRetry});
  const auto values = stored_.mget({"a", "b"});
  EXPECT_EQ(values[0].value(), "a");
  EXPECT_EQ(values[1].status().code(), ErrorCode::kStoreFailed);
  EXPECT_EQ(stored_.mget({"b"})[0].value(), "b");
}

TEST_F(ReadThrough, WhatIsTooLargeForTheCacheIsReadAllTheSame) {
  Options options = with_store();
  options.max_memory = 1_MiB;
  Cache& cache = make(options);
  const std::string large = support::binary(300'000);
  store_->put("large", {.bytes = large, .expires_at = in(1min)});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(cache.get("large").value(), large);
    EXPECT_EQ(cache.pin("large")->view(), large);
    EXPECT_EQ(*cache.strlen("large"), large.size());
    EXPECT_EQ(cache.get_range("large", -10, -1).value(), large.substr(large.size() - 10));
    EXPECT_EQ(cache.ttl("large")->left, 1min);
    EXPECT_EQ(cache.mget({"large", "none"})[0].value(), large);
  }
  EXPECT_EQ(*cache.dbsize(), 0u);
  EXPECT_TRUE(*cache.persist("large"));
  EXPECT_FALSE(store_->rows()["large"].expires_at);
  EXPECT_TRUE(*cache.copy("large", "again"));
  EXPECT_EQ(store_->row("again"), large);
  EXPECT_TRUE(*cache.del("large"));
  EXPECT_EQ(store_->row("large"), "(none)");
  EXPECT_EQ(cache.append("again", "x").status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(store_->row("again"), large);
}

TEST_F(ReadThrough, AStoreMayCallTheCacheForOtherKeys) {
  store_->put("a", {.bytes = "1"});
  store_->put("b", {.bytes = "2"});
  store_->before_load = [&](std::string_view key) {
    if (key == "a") {
      EXPECT_EQ(stored_.get("b").value(), "2");
    }
  };
  EXPECT_EQ(stored_.get("a").value(), "1");
}

TEST_F(ReadThrough, AStoreThatAsksForTheKeyItLoadsGetsAnError) {  // L2
  store_->put("a", {.bytes = "1"});
  store_->before_load = [&](std::string_view) {
    EXPECT_EQ(stored_.get("a").status().code(), ErrorCode::kReentrantLoad);
  };
  EXPECT_EQ(stored_.get("a").value(), "1");
}

TEST_F(ReadThrough, AWriteDuringTheLoadWins) {  // L3
  store_->put("k", {.bytes = "old"});
  bool once = true;
  store_->after_load = [&](std::string_view) {
    if (std::exchange(once, false)) {
      EXPECT_TRUE(*stored_.set("k", "new"));
    }
  };
  EXPECT_EQ(stored_.get("k").value(), "new");
  EXPECT_EQ(stored_.peek("k").value(), "new");
  EXPECT_EQ(store_->row("k"), "new");
}

TEST_F(ReadThrough, AnInvalidationDuringTheLoadWins) {  // L3
  store_->put("k", {.bytes = "old"});
  bool once = true;
  store_->after_load = [&](std::string_view) {
    if (!std::exchange(once, false)) return;
    store_->put("k", {.bytes = "new"});
    (void)stored_.invalidate("k");
  };
  EXPECT_EQ(stored_.get("k").value(), "new");
}

TEST_F(ReadThrough, OneWhoIsOvertakenForEverGetsAnAnswer) {
  store_->put("k", {.bytes = "v"});
  store_->after_load = [&](std::string_view) { (void)stored_.invalidate("k"); };
  EXPECT_EQ(stored_.get("k").value(), "v");
  EXPECT_LE(store_->loaded().size(), 5u);
}

TEST_F(ReadThrough, LoadersAreAskedForWhatTheStoreHasNot) {
  store_->put("k", {.bytes = "of the store"});
  const auto loader = [] { return std::string("of the loader"); };
  EXPECT_EQ(stored_.get_or_load("k", loader).value(), "of the store");
  EXPECT_EQ(stored_.get_or_load("other", loader).value(), "of the loader");
  EXPECT_EQ(stored_.peek("other").value(), "of the loader");
  EXPECT_EQ(store_->row("other"), "(none)") << "what a loader gives is no write";
}

TEST_F(ReadThrough, OneWhoThrowsOfManyFailsAlone) {
  store_->put("a", {.bytes = "a"});
  store_->fail_loads({Fault::kNone, Fault::kThrows});
  const auto values = stored_.mget({"a", "b"});
  EXPECT_EQ(values[0].value(), "a");
  EXPECT_EQ(values[1].status().code(), ErrorCode::kStoreThrew);
}

TEST_F(ReadThrough, AnEndBeyondAllTimeIsNone) {
  store_->put("k", {.bytes = "1", .expires_at = UnixTime::max()});
  EXPECT_EQ(stored_.get("k").value(), "1");
  EXPECT_FALSE(stored_.ttl("k")->left);
  EXPECT_EQ(*stored_.incr("k"), 2);
}

TEST_F(ReadThrough, WhatALoaderHasNotIsNotRememberedOfTheStore) {
  const auto nothing = [] { return Loaded(std::nullopt); };
  EXPECT_TRUE(stored_.get_or_load("k", nothing, {.negative_ttl = 1min}).missing());
  store_->put("k", {.bytes = "row"});
  EXPECT_EQ(stored_.get("k").value(), "row");
  EXPECT_FALSE(*stored_.set("k", "other", {.condition = SetOptions::If::kAbsent}));
}

TEST_F(ReadThrough, L5GetOrLoadRemembersThatNeitherHasIt) {
  int asked = 0;
  const auto nothing = [&] { return ++asked, Loaded(std::nullopt); };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(stored_.get_or_load("k", nothing, {.negative_ttl = 100ms}).missing());
  const auto many =
      stored_.get_or_load_many({"k"}, [&](auto) { return ++asked, std::vector<Loaded>(1, std::nullopt); });
  EXPECT_TRUE(many[0].missing());
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(store_->loaded().size(), 1u);
  advance(100ms);
  EXPECT_TRUE(stored_.get_or_load("k", nothing).missing());
  EXPECT_EQ(asked, 2);
}

TEST_F(ReadThrough, L5GetOrLoadSparesAStoreThatIsKnownNotToHaveIt) {
  Cache& cache = make(with_store({.negative_ttl = 100ms}));
  int asked = 0;
  const auto nothing = [&] { return ++asked, Loaded(std::nullopt); };
  EXPECT_TRUE(cache.get("seen by get").missing());
  for (const char* key : {"seen by get", "not seen"}) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(cache.get_or_load(key, nothing).missing());
  }
  EXPECT_EQ(asked, 6);
  EXPECT_EQ(store_->loaded().size(), 2u);
  EXPECT_EQ(cache.get_or_load("not seen", [] { return "of the loader"; }).value(), "of the loader");
  EXPECT_EQ(store_->loaded().size(), 2u);
}

TEST_F(ReadThrough, L5GetOrLoadRemembersThatTheStoreFailed) {
  store_->fail_loads({Fault::kRetry});
  const auto loader = [] { return "of the loader"; };
  EXPECT_EQ(stored_.get_or_load("k", loader, {.error_ttl = 100ms}).status().code(), ErrorCode::kStoreFailed);
  EXPECT_EQ(stored_.get_or_load("k", loader).status().code(), ErrorCode::kLoadFailed);
  EXPECT_TRUE(stored_.get("k").missing()) << "others do ask";
  advance(100ms);
  EXPECT_EQ(stored_.get_or_load("k", loader).value(), "of the loader");
}

TEST_F(ReadThrough, ALoaderIsNotAskedForWhatWasWrittenMeanwhile) {
  bool once = true;
  store_->after_load = [&](std::string_view) {
    if (!std::exchange(once, false)) return;
    EXPECT_TRUE(*stored_.set("k", "written"));
    EXPECT_TRUE(*stored_.invalidate("k"));
  };
  store_->put("k", {.bytes = "old"});
  const auto loader = [] { return std::string("of the loader"); };
  EXPECT_EQ(stored_.get_or_load("k", loader).value(), "written");
  EXPECT_EQ(stored_.peek("k").value(), "written");
}

TEST_F(ReadThrough, GetOrLoadThatIsOvertakenForEverGetsAnAnswer) {
  store_->put("k", {.bytes = "v"});
  store_->after_load = [&](std::string_view) { (void)stored_.invalidate("k"); };
  EXPECT_EQ(stored_.get_or_load("k", [] { return std::string(); }).value(), "v");
}

TEST_F(ReadThrough, WithRefusedWritesTheStoreIsReadOnly) {
  Cache& cache = make(with_store({.writes = StoreOptions::Writes::kRefuse}));
  store_->put("k", {.bytes = "1"});
  EXPECT_EQ(cache.get("k").value(), "1");
  EXPECT_EQ(cache.set("k", "2").status().code(), ErrorCode::kReadOnly);
  EXPECT_EQ(cache.incr("k").status().code(), ErrorCode::kReadOnly);
  EXPECT_EQ(cache.del("k").status().code(), ErrorCode::kReadOnly);
  EXPECT_EQ(cache.mset({{"a", "1"}, {"b", "2"}}).code(), ErrorCode::kReadOnly);
  EXPECT_EQ(cache.rename("k", "l").code(), ErrorCode::kReadOnly);
  EXPECT_TRUE(store_->written().empty());
  EXPECT_EQ(store_->loaded().size(), 1u) << "what is refused loads nothing";
  store_->put("k", {.bytes = "9"});
  EXPECT_TRUE(*cache.invalidate("k"));
  EXPECT_EQ(cache.get("k").value(), "9");
}

}  // namespace
}  // namespace larder::store
