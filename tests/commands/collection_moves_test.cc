// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands that edit collections of several keys: that they are of one instant, though time goes on while they run, and
// give back all that they took.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/hold_work.h"
#include "larder/cache.h"
#include "support/cache_fixture.h"
#include "support/counting_allocator.h"

namespace larder {
namespace {

using namespace std::chrono_literals;

// Time goes on by a millisecond each time somebody asks for it, once it is told to.
class SteppingClock final : public Clock {
 public:
  std::chrono::nanoseconds monotonic() override {
    if (steps) now_ += 1ms;
    return now_;
  }
  std::chrono::milliseconds unix_time() override { return 1'700'000'000'000ms; }
  bool steps = false;

 private:
  std::chrono::nanoseconds now_ = 1h;
};

std::vector<std::pair<std::string, double>> scores(int count) {
  std::vector<std::pair<std::string, double>> made;
  for (int i = 0; i < count; ++i) made.emplace_back("member" + std::to_string(i), i);
  return made;
}

// The source or the target ends at each step that a command takes: what is moved was there, and is not there twice.
TEST(CollectionMoves, AreOfOneInstant) {
  for (int ms = 1; ms < 15; ++ms) {
    for (const char* ends : {"from", "to"}) {
      SCOPED_TRACE(std::string(ends) + " ends after " + std::to_string(ms) + " ms");
      SteppingClock clock;
      Cache cache({.shards = 1, .clock = &clock, .seed = 1});
      ASSERT_TRUE(cache.rpush("from", {"a", "b"}).ok());
      ASSERT_TRUE(cache.rpush("to", {"c"}).ok());
      ASSERT_TRUE(*cache.expire(ends, Milliseconds(ms)));
      clock.steps = true;
      const Lookup<std::string> moved = cache.lmove("from", "to", ListEnd::kLeft, ListEnd::kRight);
      clock.steps = false;
      ASSERT_TRUE(moved.status().ok());
      if (moved) {
        EXPECT_EQ(*moved, "a");
      }
      if (std::string(ends) == "from") {
        EXPECT_EQ(*cache.llen("to"), moved ? 2u : 1u);
      } else {
        EXPECT_EQ(*cache.llen("from"), 1u);
      }
      EXPECT_EQ(cache.check_invariants().to_string(), "ok");
    }
  }
}

TEST(CollectionMoves, GiveBackAllThatTheyTook) {
  support::CountingAllocator allocator;
  auto cache = std::make_unique<Cache>(Options{.shards = 1, .allocator = &allocator, .seed = 1});
  ASSERT_TRUE(cache->zadd("z", scores(300)).ok());
  EXPECT_EQ(cache->zmpop_max({"none", "z"}, 200)->members.size(), 200u);
  EXPECT_EQ(cache->zmpop_max({"none", "z"}, 1'000)->members.size(), 100u);
  EXPECT_FALSE(*cache->exists("z"));
  ASSERT_TRUE(cache->zadd("z", scores(300)).ok());
  EXPECT_EQ(cache->zrange_store("z", "z", RankRange{500, 600}).value_or(9), 0u);
  EXPECT_FALSE(*cache->exists("z"));
  cache.reset();
  EXPECT_EQ(allocator.live(), 0u);
}

class CollectionWeights : public support::CacheFixture {};

// What a list of large elements weighs is about what it has, however many have come and gone.
TEST_F(CollectionWeights, FollowWhatGoesByWholePages) {
  const std::vector<std::string> elements(1'000, std::string(1'000, 'x'));
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(cache_.rpush("l", elements).ok());
    ASSERT_TRUE(cache_.ltrim("l", -1'000, -1).ok());
  }
  const std::uint64_t bytes = cache_.inspect("l")->bytes;
  EXPECT_GT(bytes, 1'000'000u);
  EXPECT_LT(bytes, 1'500'000u);
}

// Two small sets need no room for pages.
TEST_F(CollectionWeights, SmallOnesAreMovedWhereThereIsLittleRoom) {
  Cache& cache = make({.max_memory = 256_KiB, .eviction = Eviction::none(), .shards = 1});
  ASSERT_TRUE(cache.sadd("from", {"a", "b"}).ok());
  ASSERT_TRUE(cache.sadd("to", {"c"}).ok());
  int n = 0;
  while (cache.set("filler" + std::to_string(n++), std::string(500, 'f')).ok()) {
  }
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(*cache.del("filler" + std::to_string(i)));
  const Result<bool> moved = cache.smove("from", "to", "a");
  ASSERT_TRUE(moved.ok()) << moved.status().to_string();
  EXPECT_TRUE(*moved);
}

// Long elements and members are moved with no lock held.
TEST_F(CollectionWeights, LongItemsAreMovedAside) {
  const std::string item(1'000'000, 'x');
  ASSERT_TRUE(cache_.rpush("l", {item, "a"}).ok());
#if defined(LARDER_CHECKS)
  base::take_most_work();
#endif
  EXPECT_EQ(cache_.lmove("l", "l", ListEnd::kLeft, ListEnd::kRight).value_or(""), item);
  EXPECT_EQ(*cache_.lindex("l", 0), "a");
  EXPECT_EQ(cache_.lmove("l", "m", ListEnd::kRight, ListEnd::kLeft).value_or(""), item);
  EXPECT_EQ(*cache_.llen("l"), 1u);
  EXPECT_EQ(cache_.lmove("m", "l", ListEnd::kRight, ListEnd::kLeft).value_or(""), item);
  EXPECT_FALSE(*cache_.exists("m"));
  EXPECT_EQ(cache_.lrange("l", 0, -1)->size(), 2u);

  ASSERT_TRUE(cache_.sadd("s", {item, "a"}).ok());
  ASSERT_TRUE(*cache_.expire("s", 1h));
  EXPECT_TRUE(*cache_.smove("s", "t", item));
  EXPECT_FALSE(*cache_.smove("s", "t", item));
  EXPECT_THAT(*cache_.smembers("s"), testing::ElementsAre("a"));
  EXPECT_TRUE(cache_.ttl("s")->left.has_value());
  EXPECT_TRUE(*cache_.smove("t", "t", item));
  EXPECT_TRUE(*cache_.smove("t", "s", item));
  EXPECT_FALSE(*cache_.exists("t"));
  EXPECT_TRUE(*cache_.sis_member("s", item));
  EXPECT_EQ(cache_.smove("s", "l", item).status().code(), ErrorCode::kWrongType);

  ASSERT_TRUE(cache_.zadd("z", {{item, 1}, {"a", 2}}).ok());
  EXPECT_EQ(cache_.zmpop_min({"none", "z"})->members[0].member, item);
  EXPECT_EQ(cache_.zmpop_min({"none", "z"})->members[0].member, "a");
  EXPECT_FALSE(*cache_.exists("z"));
#if defined(LARDER_CHECKS)
  EXPECT_LE(base::take_most_work().bytes, 100u << 10);
#endif
}

// Nothing is lost, or there twice, where one thread moves what others add to.
TEST_F(CollectionWeights, WhatIsMovedAsideIsThereOnce) {
  const std::string item(100'000, 'x');
  ASSERT_TRUE(cache_.rpush("a", item).ok());
  std::thread other([&] {
    for (int i = 0; i < 200; ++i) {
      EXPECT_TRUE(cache_.rpush(i % 2 == 0 ? "a" : "b", "y").ok());
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(cache_.lmove(i % 2 == 0 ? "a" : "b", i % 2 == 0 ? "b" : "a", ListEnd::kLeft, ListEnd::kLeft).value_or(""),
              item);
  }
  other.join();
  EXPECT_EQ(*cache_.llen("a") + *cache_.llen("b"), 201u);
  EXPECT_EQ(cache_.lindex("a", 0).value_or(""), item);
}

}  // namespace
}  // namespace larder
