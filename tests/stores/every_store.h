// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What every store must do. A fixture, which derives from StoreTest, says where its store keeps things:
//
//     INSTANTIATE_TYPED_TEST_SUITE_P(Redis, EveryStore, RedisStoreTest);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"
#include "larder/store_conformance.h"
#include "stores/trying.h"

namespace larder::stores {

using namespace std::chrono_literals;

template <typename Store, typename Options>
class StoreTest : public testing::Test {
 protected:
  using Change = std::function<void(Options&)>;

  virtual Options options() const = 0;
  // Another table, or prefix, of the same database; one connection.
  virtual Options elsewhere() const = 0;
  // How many keys are there.
  virtual std::string count_elsewhere() = 0;
  virtual ConformanceOptions conformance() {
    return {.open = [this] { return open(); }};
  }

  std::shared_ptr<Store> open(const Options& options) {
    auto store = Store::open(options);
    EXPECT_TRUE(store.ok()) << store.status().to_string();
    return store.ok() ? *store : nullptr;
  }
  std::shared_ptr<Store> open(const Change& change) { return open(changed(change)); }
  std::shared_ptr<Store> open() { return open(options()); }
  Status why_not(const Change& change) { return Store::open(changed(change)).status(); }

 private:
  Options changed(const Change& change) const {
    Options options = this->options();
    change(options);
    return options;
  }
};

template <typename Fixture>
class EveryStore : public Fixture {};
TYPED_TEST_SUITE_P(EveryStore);

TYPED_TEST_P(EveryStore, Conforms) {
  const ConformanceOptions there{.open = [this] { return this->open(this->elsewhere()); }, .key_prefix = ""};
  for (const ConformanceOptions& options : {this->conformance(), there}) {
    for (const ConformanceFailure& failure : check_store(options)) ADD_FAILURE() << failure.to_string();
  }
  EXPECT_EQ(this->count_elsewhere(), "0");
}

// In front of it, a cache that forgets all it has time and again.
TYPED_TEST_P(EveryStore, ServesACache) {
  Cache cache({.store = {.backing = this->open()}});
  const auto forgotten = [&]() -> Cache& {
    EXPECT_TRUE(cache.clear().ok());
    return cache;
  };
  EXPECT_TRUE(cache.get("smoke:a").missing());
  ASSERT_TRUE(cache.set("smoke:a", "Ada").ok());
  EXPECT_EQ(forgotten().get("smoke:a").value_or(""), "Ada");
  EXPECT_EQ(cache.incr_by("smoke:n", 41).value_or(0), 41);
  EXPECT_EQ(forgotten().incr_by("smoke:n", 1).value_or(0), 42);
  EXPECT_TRUE(cache.append("smoke:a", std::string(5'000, 'x')).ok());
  EXPECT_EQ(forgotten().strlen("smoke:a").value_or(0), 5'003u);
  EXPECT_TRUE(*cache.expire("smoke:a", 1h));
  const auto end = cache.expire_time("smoke:a");
  EXPECT_TRUE(end && *end && *forgotten().expire_time("smoke:a") == *end);
  EXPECT_TRUE(*cache.persist("smoke:a"));
  EXPECT_FALSE(forgotten().ttl("smoke:a")->left.has_value());
  EXPECT_TRUE(cache.mset({{"smoke:b", "1"}, {"smoke:c", "2"}, {"smoke:n", "3"}}).ok());
  EXPECT_EQ(forgotten().get("smoke:b").value_or("") + *cache.get("smoke:c") + *cache.get("smoke:n"), "123");
  EXPECT_TRUE(cache.rename("smoke:b", "smoke:d").ok());
  EXPECT_TRUE(forgotten().get("smoke:b").missing());
  EXPECT_EQ(*cache.del({"smoke:a", "smoke:b", "smoke:c", "smoke:d", "smoke:n"}), 4u);
  EXPECT_EQ(*forgotten().exists({"smoke:a", "smoke:b", "smoke:c", "smoke:d", "smoke:n"}), 0u);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

TYPED_TEST_P(EveryStore, T4ServesCollections) {
  Cache cache({.store = {.backing = this->open()}});
  const auto forgotten = [&]() -> Cache& {
    EXPECT_TRUE(cache.clear().ok());
    return cache;
  };
  EXPECT_EQ(cache.hset("t4:h", {{"f", "v"}, {"", std::string("\0\xff", 2)}}).value_or(0), 2u);
  EXPECT_EQ(forgotten().hget("t4:h", "").value_or(""), std::string("\0\xff", 2));
  EXPECT_TRUE(*cache.expire("t4:h", 1h));
  EXPECT_TRUE(*forgotten().hset("t4:h", "g", "w"));
  EXPECT_TRUE(forgotten().ttl("t4:h")->left.has_value());
  EXPECT_EQ(*cache.hlen("t4:h"), 3u);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(cache.rpush("t4:l", std::to_string(i)).ok());
    ASSERT_TRUE(cache.zadd("t4:z", std::to_string(i), i % 7 - 3.5).ok());
  }
  EXPECT_EQ(forgotten().lindex("t4:l", 123).value_or(""), "123");
  EXPECT_EQ(*cache.zcount("t4:z", ScoreRange{.min = -3.5, .max = -3.5}), 29u);
  EXPECT_EQ(*cache.sadd("t4:s", {"a", "b"}), 2u);
  EXPECT_TRUE(*forgotten().smove("t4:s", "t4:s2", "b"));
  EXPECT_TRUE(*forgotten().sis_member("t4:s2", "b"));
  EXPECT_TRUE(*cache.set("t4:s", "a string"));
  EXPECT_EQ(forgotten().get("t4:s").value_or(""), "a string");
  EXPECT_EQ(forgotten().lpop("t4:l", 200)->size(), 200u);
  EXPECT_FALSE(*forgotten().exists("t4:l"));
  EXPECT_EQ(*cache.del({"t4:h", "t4:z", "t4:s", "t4:s2"}), 4u);
}

TYPED_TEST_P(EveryStore, LiesBesideOthers) {
  const auto one = this->open(), two = this->open(this->elsewhere());
  write_one(*one, put("k", "1"));
  write_one(*two, put("k", "2"));
  EXPECT_EQ(read(*one, "k") + read(*two, "k"), "12");
}

TYPED_TEST_P(EveryStore, IsSharedByTwo) {
  const auto one = this->open(), two = this->open();
  std::vector<std::thread> threads;
  for (const auto& store : {one, two}) {
    for (const char* name : {"a", "b"}) {
      threads.emplace_back([store = store.get(), name] {
        for (int i = 0; i < 20; ++i) EXPECT_EQ(write_one(*store, put(name, std::to_string(i))).outcome, Outcome::kDone);
      });
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read(*one, "a") + read(*two, "b"), "1919");
}

TYPED_TEST_P(EveryStore, NeverWritesWhatIsAboveTheLimitOrOfNoType) {
  const auto store = this->open([](auto& options) { options.value_bytes_max = 10; });
  EXPECT_EQ(write_one(*store, put("k", std::string(10, 'x'))).outcome, Outcome::kDone);
  EXPECT_EQ(write_one(*store, put("k", std::string(11, 'y'))).outcome, Outcome::kNever);
  EXPECT_EQ(outcomes(write(*store, {put("a", "1", 3), put("b", std::string(11, 'y'), 3), put("c", "3")})),
            "never never done");
  EXPECT_EQ(read(*store, "a"), "(none)");
  Mutation nothing = put("k", "x");
  nothing.type = ValueType::kNone;
  EXPECT_EQ(write_one(*store, nothing).outcome, Outcome::kNever);
}

REGISTER_TYPED_TEST_SUITE_P(EveryStore, Conforms, ServesACache, T4ServesCollections, LiesBesideOthers, IsSharedByTwo,
                            NeverWritesWhatIsAboveTheLimitOrOfNoType);

}  // namespace larder::stores
