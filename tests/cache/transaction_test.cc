// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// atomically: all or nothing, on the keys that were declared.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "larder/read_view.h"
#include "support/cache_fixture.h"

namespace larder {
namespace {

using support::binary;
using namespace std::chrono_literals;

class TransactionTest : public support::CacheFixture {
 protected:
  std::string value(std::string_view key) { return cache_.peek(key).value_or("(missing)"); }
};

TEST_F(TransactionTest, WhatItDoesIsSeenWhenItHasReturned) {
  ASSERT_TRUE(cache_.set("a", "10").ok());
  const Status status = cache_.atomically({"a", "b"}, [&](Transaction& t) -> Status {
    EXPECT_EQ(t.decr_by("a", 3).value_or(0), 7);
    EXPECT_EQ(t.incr_by("b", 3).value_or(0), 3);
    EXPECT_EQ(t.get("a").value_or(""), "7");  // it sees what it has done
    EXPECT_EQ(value("a"), "10");              // others do not
    EXPECT_EQ(value("b"), "(missing)");
    return {};
  });
  EXPECT_TRUE(status.ok()) << status.to_string();
  EXPECT_EQ(value("a"), "7");
  EXPECT_EQ(value("b"), "3");
  EXPECT_EQ(cache_.dbsize().value_or(0), 2u);
}

TEST_F(TransactionTest, WhatItRefusesOrThrowsLeavesEveryKeyAsItWas) {
  ASSERT_TRUE(cache_.set("s", binary(5'000), {.ttl = 1h}).ok());
  ASSERT_TRUE(cache_.hset("h", "f", "v").ok());
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(cache_.sadd("set", "m" + std::to_string(i)).ok());
  const auto all = [&](Transaction& t) {
    EXPECT_TRUE(t.append("s", "more").ok());
    EXPECT_TRUE(t.persist("s").ok());
    EXPECT_TRUE(t.hset("h", "f", "other").ok());
    EXPECT_TRUE(*t.srem("set", "m7"));
    EXPECT_TRUE(*t.del("h"));
    EXPECT_TRUE(t.rpush("new", "x").ok());
  };
  const auto expect_as_before = [&] {
    EXPECT_EQ(value("s"), binary(5'000));
    EXPECT_EQ(cache_.ttl("s")->left->count(), 3'600'000);
    EXPECT_EQ(cache_.hget("h", "f").value_or(""), "v");
    EXPECT_TRUE(*cache_.sis_member("set", "m7"));
    EXPECT_FALSE(*cache_.exists("new"));
    EXPECT_EQ(cache_.check_invariants().to_string(), "ok");
  };
  const std::vector<std::string> keys = {"s", "h", "set", "new"};
  const Status refused = cache_.atomically(keys, [&](Transaction& t) -> Status {
    all(t);
    return {ErrorCode::kOutOfRange, "no"};
  });
  EXPECT_EQ(refused.to_string(), "out_of_range: no");
  expect_as_before();
  const Status threw = cache_.atomically(keys, [&](Transaction& t) -> Status {
    all(t);
    throw std::runtime_error("broken");
  });
  EXPECT_EQ(threw.to_string(), "callback_threw: broken");
  expect_as_before();
  const Status done = cache_.atomically(keys, [&](Transaction& t) -> Status {
    all(t);
    return {};
  });
  EXPECT_TRUE(done.ok()) << done.to_string();
  EXPECT_EQ(value("s"), binary(5'000) + "more");
  EXPECT_FALSE(cache_.ttl("s")->left.has_value());
  EXPECT_FALSE(*cache_.exists("h"));
  EXPECT_FALSE(*cache_.sis_member("set", "m7"));
  EXPECT_EQ(cache_.llen("new").value_or(0), 1u);
}

TEST_F(TransactionTest, OtherKeysAreRefused) {
  ASSERT_TRUE(cache_.set("other", "1").ok());
  const Status status = cache_.atomically({"a"}, [&](Transaction& t) -> Status {
    const auto refused = [](const Status& one) { EXPECT_EQ(one.code(), ErrorCode::kUndeclaredKey); };
    refused(t.get("other").status());
    refused(t.peek("other").status());
    refused(t.set("other", "2").status());
    refused(t.incr("other").status());
    refused(t.del("other").status());
    refused(t.exists("other").status());
    refused(t.expire("other", 1s).status());
    refused(t.rename("a", "other"));
    refused(t.hset("other", "f", "v").status());
    refused(t.hget("other", "f").status());
    refused(t.lpush("other", "x").status());
    refused(t.sinter({"a", "other"}).status());
    refused(t.zadd("other", "m", 1).status());
    refused(t.mset({{"a", "1"}, {"other", "2"}}));
    return {};
  });
  EXPECT_TRUE(status.ok()) << status.to_string();
  EXPECT_EQ(value("other"), "1");
  EXPECT_FALSE(*cache_.exists("a"));
}

TEST_F(TransactionTest, ItMayReadTheCacheAndNotWriteItsOwnKeysThere) {
  ASSERT_TRUE(cache_.set("a", "1").ok());
  const Status status = cache_.atomically({"a", "b"}, [&](Transaction&) -> Status {
    EXPECT_EQ(cache_.get("a").value_or(""), "1");
    EXPECT_TRUE(cache_.set("other", "2").ok());
    EXPECT_EQ(cache_.set("a", "2").status().code(), ErrorCode::kUndeclaredKey);
    EXPECT_EQ(cache_.hset("b", "f", "v").status().code(), ErrorCode::kUndeclaredKey);
    EXPECT_EQ(cache_.mset({{"a", "2"}}).code(), ErrorCode::kUndeclaredKey);
    EXPECT_EQ(cache_.del("a").status().code(), ErrorCode::kUndeclaredKey);
    EXPECT_EQ(cache_.invalidate("a").status().code(), ErrorCode::kUndeclaredKey);
    EXPECT_EQ(cache_.clear().code(), ErrorCode::kUndeclaredKey);
    EXPECT_EQ(cache_.atomically({"a"}, [](Transaction&) -> Status { return {}; }).code(), ErrorCode::kUndeclaredKey);
    return {};
  });
  EXPECT_TRUE(status.ok()) << status.to_string();
  EXPECT_EQ(value("a"), "1");
  EXPECT_TRUE(cache_.set("a", "2").ok());
}

TEST_F(TransactionTest, EndsAreKept) {
  ASSERT_TRUE(cache_.set("a", "1", {.ttl = 10s}).ok());
  EXPECT_TRUE(cache_
                  .atomically({"a", "b", "c"},
                              [&](Transaction& t) -> Status {
                                EXPECT_EQ(t.ttl("a")->left->count(), 10'000);
                                EXPECT_TRUE(t.incr("a").ok());
                                EXPECT_TRUE(t.set("b", "x", {.ttl = 5s}).ok());
                                EXPECT_TRUE(t.rename("b", "c").ok());
                                return {};
                              })
                  .ok());
  EXPECT_EQ(cache_.ttl("a")->left->count(), 10'000);
  EXPECT_EQ(cache_.ttl("c")->left->count(), 5'000);
  advance(6s);
  EXPECT_FALSE(*cache_.exists("c"));
  advance(4s);
  EXPECT_FALSE(*cache_.exists("a"));
}

TEST_F(TransactionTest, NoKeysManyKeysTheSameKeyTwice) {
  EXPECT_TRUE(cache_.atomically(std::vector<std::string>(), [](Transaction&) -> Status { return {}; }).ok());
  EXPECT_TRUE(cache_.atomically({"a", "a"}, [](Transaction& t) { return t.set("a", "1"); }).ok());
  EXPECT_EQ(value("a"), "1");
  std::vector<std::string> keys;
  for (int i = 0; i < 1'024; ++i) keys.push_back("k" + std::to_string(i));
  EXPECT_TRUE(cache_
                  .atomically(keys,
                              [&](Transaction& t) -> Status {
                                for (const std::string& key : keys) {
                                  if (Status status = t.set(key, "x").status(); !status.ok()) return status;
                                }
                                return {};
                              })
                  .ok());
  EXPECT_EQ(cache_.dbsize().value_or(0), 1'025u);
  keys.emplace_back("one more");
  EXPECT_EQ(cache_.atomically(keys, [](Transaction&) -> Status { return {}; }).code(), ErrorCode::kTooManyKeys);
  EXPECT_EQ(cache_.atomically({std::string(70'000, 'k')}, [](Transaction&) -> Status { return {}; }).code(),
            ErrorCode::kKeyTooLong);
}

// What it did is charged to the cache and comes back; where there is no room, nothing has changed.
TEST_F(TransactionTest, TheMemoryBoundHolds) {
  Cache& cache = make({.max_memory = 256 << 10, .eviction = Eviction::none(), .shards = 1});
  ASSERT_TRUE(cache.set("a", binary(10'000)).ok());
  for (int round = 0; round < 200; ++round) {
    const Status status = cache.atomically({"a", "b"}, [&](Transaction& t) -> Status {
      EXPECT_LE(cache.stats().bytes_used, 256u << 10);
      if (Status one = t.set("b", binary(20'000)).status(); !one.ok()) return one;
      return round % 2 == 0 ? Status(ErrorCode::kConflict, "not now") : t.del("b").status();
    });
    EXPECT_TRUE(status.ok() || status.code() == ErrorCode::kConflict) << status.to_string();
  }
  EXPECT_EQ(cache.peek("a").value_or(""), binary(10'000));
  const Status full = cache.atomically({"a"}, [&](Transaction& t) -> Status {
    for (int i = 0; i < 100; ++i) {
      if (Status status = t.append("a", binary(5'000)).status(); !status.ok()) return status;
    }
    return {};
  });
  EXPECT_FALSE(full.ok());
  EXPECT_EQ(cache.peek("a").value_or(""), binary(10'000));
  EXPECT_TRUE(cache.set("c", binary(20'000)).ok());
}

// Nothing is thrown for it, and the key is nobody's.
TEST_F(TransactionTest, WhereThereIsNoRoomForItAtAllItSaysSo) {
  Cache& cache = make({.max_memory = 1_MiB, .eviction = Eviction::none(), .shards = 1});
  ASSERT_TRUE(cache.set("a", "1").ok());
  for (int i = 0; cache.set(std::to_string(i), binary(1'000)).ok(); ++i) {
  }
  ASSERT_EQ(cache.set_max_memory(64_KiB).code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(cache.atomically({"a"}, [](Transaction&) { return Status(); }).code(), ErrorCode::kOutOfMemory);
  EXPECT_TRUE(*cache.del("a"));
}

// Nothing stays charged for a transaction that has ended, whatever it did.
TEST_F(TransactionTest, AllThatItTookComesBack) {
  Cache& cache = make({.max_memory = 1_MiB, .shards = 1});
  const auto run_some = [&] {
    for (int round = 0; round < 100; ++round) {
      (void)cache.atomically({"a", "b"}, [&](Transaction& t) -> Status {
        EXPECT_TRUE(t.set("a", binary(2'000), {.ttl = 1h}).ok());
        EXPECT_TRUE(t.hset("b", "f", "v").ok());
        EXPECT_TRUE(t.get_versioned("a").ok());
        return round % 2 == 0 ? Status(ErrorCode::kConflict, "not now") : Status();
      });
    }
    EXPECT_TRUE(cache.clear().ok());
    return cache.stats().bytes_used;
  };
  const std::uint64_t after_some = run_some();
  EXPECT_EQ(run_some(), after_some);
}

TEST_F(TransactionTest, ListenersHearAfterwards) {
  std::vector<std::string> heard;
  Options options;
  options.on_removal = [&](std::string_view key, std::string_view, RemovalCause cause) {
    heard.push_back(std::string(key) + " " + std::string(to_string(cause)));
  };
  Cache& cache = make(options);
  ASSERT_TRUE(cache.set("a", "1").ok());
  ASSERT_TRUE(cache.set("b", "1").ok());
  EXPECT_TRUE(cache
                  .atomically({"a", "b", "c"},
                              [&](Transaction& t) -> Status {
                                EXPECT_TRUE(t.set("a", "2").ok());
                                EXPECT_TRUE(t.set("a", "3").ok());
                                EXPECT_TRUE(*t.del("b"));
                                EXPECT_TRUE(t.set("c", "1").ok());
                                EXPECT_TRUE(*t.del("c"));
                                EXPECT_EQ(heard.size(), 0u);
                                return {};
                              })
                  .ok());
  std::sort(heard.begin(), heard.end());
  EXPECT_EQ(heard, (std::vector<std::string>{"a replaced", "b deleted"}));
}

// --- If nothing has changed -----------------------------------------------------------------------------------------

class UnchangedTest : public TransactionTest {
 protected:
  // What `change` does between the reading of a version and the transaction.
  Status run_after(std::string_view key, FunctionRef<void()> change) {
    const Version version = *cache_.version(key);
    change();
    return cache_.atomically({"result"}, {{key, version}}, [](Transaction& t) { return t.incr("result"); });
  }
};

TEST_F(UnchangedTest, RunsIfNothingHas) {
  const auto nothing = [] {};
  ASSERT_TRUE(cache_.rpush("l", "x").ok());
  EXPECT_TRUE(run_after("l", nothing).ok());
  EXPECT_TRUE(run_after("nobody", nothing).ok());
  EXPECT_TRUE(run_after("nobody", nothing).ok()) << "the transaction before has changed nothing of it";
  EXPECT_TRUE(run_after("l", [&] {
                EXPECT_EQ(*cache_.llen("l"), 1u);
                EXPECT_EQ(*cache_.lrem("l", 0, "other"), 0u);
                EXPECT_TRUE(cache_.ttl("l"));
              }).ok());
  EXPECT_EQ(value("result"), "4");
}

TEST_F(UnchangedTest, ConflictsAfterEveryKindOfChange) {
  const std::string large(5'000, 'x');
  const auto refill = [&] {
    ASSERT_TRUE(cache_.clear().ok());
    ASSERT_TRUE(cache_.set("string", "1").ok());
    ASSERT_TRUE(cache_.hset("hash", "f", "1").ok());
    ASSERT_TRUE(cache_.sadd("set", "m").ok());
    ASSERT_TRUE(cache_.rpush("list", "x").ok());
    ASSERT_TRUE(cache_.zadd("zset", "m", 1).ok());
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(cache_.sadd("large", "m" + std::to_string(i)).ok());
  };
  const std::vector<std::pair<std::string_view, std::function<void()>>> changes = {
      {"string", [&] { (void)cache_.incr("string"); }},
      {"string", [&] { (void)cache_.set("string", large); }},
      {"hash", [&] { (void)cache_.hset("hash", "f", "2"); }},
      {"set", [&] { (void)cache_.sadd("set", "n"); }},
      {"list", [&] { (void)cache_.rpush("list", "y"); }},
      {"zset", [&] { (void)cache_.zincr_by("zset", "m", 1); }},
      {"large", [&] { (void)cache_.sadd("large", "n"); }},  // in place
      {"large", [&] { (void)cache_.srem("large", "m7"); }},
      {"set", [&] { (void)cache_.srem("set", "m"); }},  // which removes the key
      {"list", [&] { (void)cache_.del("list"); }},
      {"set", [&] { (void)cache_.rename("set", "elsewhere"); }},
      {"zset", [&] { (void)cache_.sunion_store("zset", {"large"}); }},
      {"hash", [&] { (void)cache_.expire("hash", 1h); }},
      {"hash",
       [&] {
         (void)cache_.expire("hash", 1ms);
         clock_.advance(1ms);
       }},
      {"list", [&] { (void)cache_.clear(); }},
      {"large",
       [&] { (void)cache_.atomically({"large"}, [](Transaction& t) { return t.sadd("large", "o").status(); }); }},
      {"nobody", [&] { (void)cache_.set("nobody", "1"); }},
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    refill();
    const auto& [key, change] = changes[i];
    EXPECT_EQ(run_after(key, change).code(), ErrorCode::kConflict) << key << ", the change at " << i;
  }
  EXPECT_EQ(value("result"), "(missing)");
}

TEST_F(UnchangedTest, AVersionThatNobodyHasReadIsAConflict) {
  const Unchanged never[] = {{"k", Version()}};
  EXPECT_EQ(cache_.atomically(KeyList({"k"}), never, [](Transaction&) { return Status(); }).code(),
            ErrorCode::kConflict);
}

// What is written for Commands works in both.
Status award(Commands& commands, std::string_view player) {
  if (Status status = commands.hset("last", "player", player).status(); !status.ok()) return status;
  return commands.zincr_by("board", player, 1).status();
}

TEST_F(TransactionTest, AFunctionOnCommandsWorksOnBoth) {
  EXPECT_TRUE(award(cache_, "ada").ok());
  EXPECT_TRUE(cache_.atomically({"last", "board"}, [](Transaction& t) { return award(t, "ada"); }).ok());
  EXPECT_EQ(cache_.zscore("board", "ada").value_or(0), 2);
}

TEST_F(TransactionTest, AViewOfIt) {
  ASSERT_TRUE(cache_.set("a", "1").ok());
  EXPECT_TRUE(cache_
                  .atomically({"a"},
                              [](Transaction& t) {
                                EXPECT_EQ(t.incr("a").value_or(0), 2);
                                ReadView view(t);
                                EXPECT_EQ(view.get("a").value_or(""), "2");
                                EXPECT_EQ(view.get("b").status().code(), ErrorCode::kUndeclaredKey);
                                return Status();
                              })
                  .ok());
}

}  // namespace
}  // namespace larder
