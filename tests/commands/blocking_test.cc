// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Calls that wait for something to take: blpop and its kin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>

#include "support/cache_fixture.h"
#include "support/scripted_store.h"
#include "support/wait_until.h"

namespace larder {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class Blocking : public support::CacheFixture {
 protected:
  // A call in a thread of its own, which waits when this returns.
  template <typename Call>
  auto waiting(Call call) {
    const std::uint64_t before = cache_.stats().waiting_for_items;
    auto result = std::async(std::launch::async, std::move(call));
    EXPECT_TRUE(support::wait_until([&] { return cache_.stats().waiting_for_items > before; }));
    return result;
  }
  auto pop(std::vector<std::string> keys, BlockOptions options = {}) {
    return waiting([this, keys = std::move(keys), options] { return cache_.blpop(keys, options); });
  }
  static std::string text(const Lookup<PoppedElement>& popped) {
    return popped ? popped->key + "/" + popped->element : popped.missing() ? "nothing" : popped.status().to_string();
  }
};

TEST_F(Blocking, WhatIsThereIsTakenAtOnceFromTheFirstKeyThatHasSomething) {
  ASSERT_TRUE(cache_.rpush("b", {"1", "2", "3"}).ok());
  EXPECT_EQ(text(cache_.blpop({"a", "b"})), "b/1");
  EXPECT_EQ(text(cache_.brpop({"a", "b"})), "b/3");
  EXPECT_EQ(cache_.blmove("b", "a", ListEnd::kLeft, ListEnd::kLeft).value_or(""), "2");
  ASSERT_TRUE(cache_.zadd("z", {{"m", 1}, {"n", 2}, {"o", 3}, {"p", 4}}).ok());
  EXPECT_EQ(cache_.bzpop_min({"y", "z"})->member.member, "m");
  EXPECT_EQ(cache_.bzpop_max({"y", "z"})->member.score, 4);
  EXPECT_EQ(cache_.bzmpop_min({"y", "z"}, 7)->members.size(), 2u);
  EXPECT_EQ(cache_.dbsize().value_or(0), 1u);
}

TEST_F(Blocking, TheTimeIsThatOfTheCachesClock) {
  auto call = pop({"a"}, {.at_most = 5s});
  advance(4'999ms);
  EXPECT_EQ(call.wait_for(30ms), std::future_status::timeout);
  advance(1ms);
  EXPECT_EQ(text(call.get()), "nothing");
  EXPECT_EQ(cache_.stats().waiting_for_items, 0u);
}

TEST_F(Blocking, WhatIsLeftOfATimeMayBeLessThanNothing) {
  EXPECT_EQ(text(cache_.blpop("a", {.at_most = -5ms})), "nothing");
  ASSERT_TRUE(cache_.rpush("a", {"1", "2"}).ok());
  EXPECT_EQ(text(cache_.blpop("a", {.at_most = -5ms})), "a/1");
  EXPECT_EQ(text(cache_.brpop("a")), "a/2");
  EXPECT_TRUE(cache_.bzpop_min("z", {.at_most = -5ms}).missing());
  EXPECT_TRUE(cache_.bzpop_max("z", {.at_most = -5ms}).missing());
}

TEST_F(Blocking, AnyWriterWakesThem) {
  const std::vector<std::string> two = {"other", "list"};
  ASSERT_TRUE(cache_.rpush("source", {"x", "x", "x", "x", "x"}).ok());
  const std::vector<std::function<void()>> writers = {
      [&] { (void)cache_.rpush("list", "x"); },
      [&] { (void)cache_.lpush("list", "x"); },
      [&] { (void)cache_.lmove("source", "list", ListEnd::kLeft, ListEnd::kLeft); },
      [&] { (void)cache_.copy("source", "list"); },
      [&] { (void)cache_.rename("source", "list"); },
      [&] {
        (void)cache_.atomically({"list", "elsewhere"}, [](Transaction& t) {
          EXPECT_TRUE(t.set("elsewhere", "1").ok());
          return t.rpush("list", "x").status();
        });
      },
      [&] {  // made by many edits, aside
        std::vector<std::string> many(300, "x");
        (void)cache_.rpush("list", many);
      },
  };
  for (std::size_t i = 0; i < writers.size(); ++i) {
    SCOPED_TRACE(i);
    auto call = pop(two);
    writers[i]();
    EXPECT_EQ(text(call.get()), "list/x");
    ASSERT_TRUE(cache_.del("list").ok());
  }
  auto highest = waiting([&] { return cache_.bzpop_max({"zset"}); });
  ASSERT_TRUE(cache_.sadd("set", {"a", "b"}).ok());
  ASSERT_TRUE(cache_.zunion_store("zset", {"set"}).ok());
  EXPECT_EQ(highest.get()->member.member, "b");
}

TEST_F(Blocking, FirstComeFirstServed) {
  std::vector<std::future<Lookup<PoppedElement>>> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(pop({"list"}));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(cache_.rpush("list", std::to_string(i)).ok());
    EXPECT_EQ(text(calls[static_cast<std::size_t>(i)].get()), "list/" + std::to_string(i));
  }
  // What one has left the next finds; and who comes later stands behind them, though there is something.
  ASSERT_TRUE(cache_.rpush("list", {"3", "4", "5"}).ok());
  EXPECT_EQ(text(cache_.blpop({"list"})), "list/5");
  EXPECT_THAT((std::vector<std::string>{text(calls[3].get()), text(calls[4].get())}),
              testing::UnorderedElementsAre("list/3", "list/4"));
}

TEST_F(Blocking, WhoGivesUpLetsTheNextGo) {
  Interrupt stop;
  auto first = pop({"list"}, {.interrupt = &stop});
  auto second = pop({"list"});
  stop.interrupt();
  EXPECT_EQ(first.get().status().code(), ErrorCode::kInterrupted);
  ASSERT_TRUE(cache_.rpush("list", "x").ok());
  EXPECT_EQ(text(second.get()), "list/x");
  EXPECT_EQ(cache_.blpop({"list"}, {.interrupt = &stop}).status().code(), ErrorCode::kInterrupted) << "from now on";
  ASSERT_TRUE(cache_.rpush("list", "x").ok());
  EXPECT_EQ(text(cache_.blpop({"list"}, {.interrupt = &stop})), "list/x") << "but what is there is taken";
}

TEST_F(Blocking, CloseWakesThemAll) {
  auto first = pop({"a", "b"});
  auto second = pop({"a"});
  auto third = waiting([&] { return cache_.bzpop_min({"c"}); });
  cache_.close();
  EXPECT_EQ(first.get().status().code(), ErrorCode::kClosed);
  EXPECT_EQ(second.get().status().code(), ErrorCode::kClosed);
  EXPECT_EQ(third.get().status().code(), ErrorCode::kClosed);
  EXPECT_EQ(cache_.blpop({"a"}).status().code(), ErrorCode::kClosed);
}

TEST_F(Blocking, OtherTypes) {
  ASSERT_TRUE(cache_.set("string", "x").ok());
  EXPECT_EQ(cache_.blpop({"a", "string"}).status().code(), ErrorCode::kWrongType);
  EXPECT_EQ(cache_.blmove("string", "a", ListEnd::kLeft, ListEnd::kLeft).status().code(), ErrorCode::kWrongType);
  // Later they are passed by.
  auto call = pop({"a", "b"});
  ASSERT_TRUE(cache_.set("a", "x").ok());
  ASSERT_TRUE(cache_.rpush("b", "x").ok());
  EXPECT_EQ(text(call.get()), "b/x");
  // A target of another type is the answer, and nothing has moved.
  auto move = waiting([&] { return cache_.blmove("from", "string", ListEnd::kLeft, ListEnd::kLeft); });
  auto next = pop({"from"});
  ASSERT_TRUE(cache_.rpush("from", "x").ok());
  EXPECT_EQ(move.get().status().code(), ErrorCode::kWrongType);
  EXPECT_EQ(text(next.get()), "from/x");
}

TEST_F(Blocking, WhatMakesNoSense) {
  EXPECT_EQ(cache_.blpop(KeyList(std::vector<std::string>())).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(cache_.blmpop({"a"}, ListEnd::kLeft, 0).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(cache_.blpop(std::vector<std::string>(1'025, "a")).status().code(), ErrorCode::kTooManyKeys);
  EXPECT_EQ(cache_.blpop({"a", std::string(70'000, 'x')}).status().code(), ErrorCode::kKeyTooLong);
}

TEST_F(Blocking, AKeyNamedTwice) {
  auto call = pop({"a", "a"});
  ASSERT_TRUE(cache_.rpush("a", {"x", "y"}).ok());
  EXPECT_EQ(text(call.get()), "a/x");
  EXPECT_EQ(text(cache_.blpop({"a"})), "a/y");
}

TEST_F(Blocking, ATransactionDoesNotWait) {
  EXPECT_TRUE(cache_
                  .atomically({"a", "b"},
                              [](Transaction& t) {
                                EXPECT_TRUE(t.blpop({"a"}).missing());
                                EXPECT_TRUE(t.blmove("a", "b", ListEnd::kLeft, ListEnd::kLeft).missing());
                                EXPECT_TRUE(t.bzpop_min({"a"}).missing());
                                EXPECT_TRUE(t.rpush("a", "x").ok());
                                EXPECT_EQ(t.blpop({"a"})->element, "x");
                                return Status();
                              })
                  .ok());
}

// What comes and is gone again before anybody looks does not end the waiting.
TEST_F(Blocking, WhatIsTakenByOthersLeavesThemWaiting) {
  auto call = pop({"a"}, {.at_most = 5s});
  EXPECT_TRUE(cache_
                  .atomically({"a"},
                              [](Transaction& t) {
                                EXPECT_TRUE(t.rpush("a", "x").ok());
                                EXPECT_TRUE(t.lpop("a"));
                                return Status();
                              })
                  .ok());
  ASSERT_TRUE(cache_.hset("b", "f", "v").ok());
  advance(5s);
  EXPECT_EQ(text(call.get()), "nothing");
}

}  // namespace
}  // namespace larder
