// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Clients that wait, beyond what blocking_wire_test compares with a real redis-server: their coming and going, the
// program's own threads, a store behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "endpoint/endpoint_fixture.h"
#include "support/scripted_store.h"
#include "support/wait_until.h"

namespace larder::endpoint {
namespace {

using testing::HasSubstr;

std::string popped(std::string_view key, std::string_view element) { return "*2\r\n" + bulk(key) + bulk(element); }

class BlockingClients : public EndpointFixture {
 protected:
  // When this returns, it waits.
  WireClient waiting(const Words& words) {
    const std::uint64_t before = cache_->stats().waiting_for_items;
    WireClient one = client();
    EXPECT_TRUE(one.send(request(words)));
    EXPECT_TRUE(support::wait_until([&] { return cache_->stats().waiting_for_items > before; }));
    return one;
  }
  // Of the client in whose line of CLIENT LIST this stands.
  std::string field(const std::string& name, const std::string& mark) {
    const std::string list = "\n " + call({"CLIENT", "LIST"});
    std::string line = list.substr(0, list.find('\n', list.find(mark)));
    line = " " + line.substr(line.rfind('\n') + 1);
    const std::size_t at = line.find(" " + name + "=") + name.size() + 2;
    return line.substr(at, line.find(' ', at) - at);
  }
  void expect_none_waits() {
    EXPECT_TRUE(support::wait_until([&] { return cache_->stats().waiting_for_items == 0; }));
  }
};

TEST_F(BlockingClients, TheProgramAndItsClientsWakeEachOther) {
  start();
  WireClient one = waiting({"BLPOP", "a", "0"});
  ASSERT_TRUE(cache_->rpush("a", "x").ok());
  EXPECT_EQ(one.reply(), popped("a", "x"));
  auto call = std::async(std::launch::async, [&] { return cache_->blpop({"a"}); });
  ASSERT_TRUE(support::wait_until([&] { return cache_->stats().waiting_for_items == 1; }));
  WireClient behind = waiting({"BLPOP", "a", "0"});
  EXPECT_EQ(one.call({"RPUSH", "a", "y"}), ":1\r\n");
  EXPECT_EQ(call.get()->element, "y");
  EXPECT_EQ(one.call({"RPUSH", "a", "z"}), ":1\r\n");
  EXPECT_EQ(behind.reply(), popped("a", "z"));
}

TEST_F(BlockingClients, WhoGoesAwayTakesNothingWithHim) {
  start();
  {
    WireClient gone = waiting({"BLPOP", "a", "0"});
    WireClient killed = waiting({"BZPOPMIN", "a", "0"});
    EXPECT_EQ(field("flags", "cmd=blpop"), "bU");
    EXPECT_EQ(info("blocked_clients"), 2u);
    EXPECT_EQ(info("larder_waiting_for_items"), 2u);
    EXPECT_EQ(call({"CLIENT", "KILL", "ID", field("id", "cmd=bzpopmin")}), ":1\r\n");
    EXPECT_TRUE(killed.is_closed());
  }
  expect_none_waits();
  EXPECT_EQ(call({"RPUSH", "a", "x"}), ":1\r\n");
  EXPECT_EQ(call({"LLEN", "a"}), ":1\r\n");
}

TEST_F(BlockingClients, StoppingEndsThem) {
  start();
  WireClient one = waiting({"BLPOP", "a", "0"});
  WireClient other = waiting({"BLMOVE", "a", "b", "LEFT", "LEFT", "0.5"});
  endpoint_->stop();
  EXPECT_TRUE(one.is_closed());
  EXPECT_TRUE(other.is_closed());
  EXPECT_EQ(cache_->stats().waiting_for_items, 0u);
  ASSERT_TRUE(cache_->rpush("a", "x").ok());
  EXPECT_EQ(cache_->llen("a").value_or(0), 1u);
}

TEST_F(BlockingClients, ClosingTheCacheEndsThem) {
  start();
  WireClient one = waiting({"BLPOP", "a", "0"});
  cache_->close();
  EXPECT_THAT(one.reply(), HasSubstr("-ERR closed"));
}

TEST_F(BlockingClients, AreNotIdle) {
  EndpointOptions options = open_options();
  options.limits.idle_max = Milliseconds(200);
  start(options);
  WireClient one = waiting({"BLPOP", "a", "0"});
  WireClient idle = client();
  EXPECT_EQ(idle.call({"PING"}), kPong);
  EXPECT_TRUE(idle.is_closed());
  EXPECT_EQ(call({"RPUSH", "a", "x"}), ":1\r\n");
  EXPECT_EQ(one.reply(), popped("a", "x"));
}

// What they say meanwhile is read, so that it is seen if they go, and is bounded.
TEST_F(BlockingClients, WhatTheySayMeanwhileIsReadUpToTheLimitOfARequest) {
  EndpointOptions options = open_options();
  options.limits.bulk_bytes_max = 16 << 10;
  options.limits.request_bytes_max = 256 << 10;
  start(options);
  const std::string piece = request({"SET", "k", std::string(10'000, 'x')});
  {
    WireClient gone = waiting({"BLPOP", "a", "0"});
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(gone.send(piece));
  }
  expect_none_waits();
  WireClient talker = waiting({"BLPOP", "a", "0"});
  while (talker.send(piece)) {  // until it is cut off
  }
  EXPECT_TRUE(talker.is_closed());
  expect_none_waits();
  WireClient one = waiting({"BLPOP", "a", "0"});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(one.send(piece));
  EXPECT_EQ(call({"RPUSH", "a", "x"}), ":1\r\n");
  EXPECT_EQ(one.reply(), popped("a", "x"));
  EXPECT_EQ(one.reply(), kOk);
}

TEST_F(BlockingClients, WhatTheyWaitForIsCounted) {
  EndpointOptions options = open_options();
  options.limits.buffers_bytes_max = 4 << 20;
  start(options);
  std::vector<WireClient> clients;
  for (int i = 0; i < 8; ++i) {
    Words words{"BLPOP"};
    for (int k = 0; k < 20; ++k) words.push_back(std::to_string(k) + std::string(60'000, 'k'));
    words.push_back("0");
    clients.push_back(client());
    (void)clients.back().send(request(words));  // it may be cut off before it has said all
  }
  ASSERT_TRUE(support::wait_until([&] { return info("evicted_clients") >= 6; }));
  EXPECT_LE(cache_->stats().waiting_for_items, 2u);
}

TEST_F(BlockingClients, AKeyNamedManyTimesIsWaitedForOnce) {
  start();
  Words words{"BLPOP"};
  words.insert(words.end(), 1'024, "k");
  words.push_back("0");
  std::vector<WireClient> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(waiting(words));
  EXPECT_EQ(call({"RPUSH", "k", "x"}), ":1\r\n");
  EXPECT_EQ(clients[0].reply(), popped("k", "x"));
  clients.clear();
  expect_none_waits();
}

TEST_F(BlockingClients, ManyAreServedInTheOrderOfTheirComing) {
  start();
  std::vector<WireClient> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(waiting({"BLPOP", "a", "b", "0"}));
  Words push{"RPUSH", "a"};
  for (int i = 0; i < 50; ++i) push.push_back(std::to_string(i));
  EXPECT_EQ(call(push), ":50\r\n");
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(clients[i].reply(), popped("a", std::to_string(i)));
  expect_none_waits();
}

TEST_F(BlockingClients, AnEndpointThatOnlyReadsRefusesThem) {
  EndpointOptions options = open_options();
  options.read_only = true;
  start(options);
  EXPECT_THAT(call({"BLPOP", "a", "0"}), HasSubstr("-READONLY"));
}

TEST_F(BlockingClients, MoreKeysThanMayBeWaitedFor) {
  start();
  Words words{"BLPOP"};
  for (int i = 0; i < 1'025; ++i) words.push_back("k" + std::to_string(i));
  words.push_back("0");
  EXPECT_EQ(call(words), "-ERR a command may wait for 1,024 keys at most\r\n");
}

TEST_F(BlockingClients, AfterItsTimeAClientGoesOn) {
  start();
  WireClient one = client();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(one.call({"BLPOP", "a", "b", "0.001"}), "*-1\r\n");
  expect_none_waits();
  EXPECT_EQ(one.call({"RPUSH", "a", "x"}), ":1\r\n");
  EXPECT_EQ(one.call({"BLPOP", "a", "b", "0.001"}), popped("a", "x"));
}

// --- With a store behind: tried on another thread ---------------------------------------------------------------------

class StoredBlockingClients : public BlockingClients {
 protected:
  void begin() {
    Options cache_options;
    cache_options.store.backing = store_;
    start(open_options(), cache_options);
  }
  std::shared_ptr<support::ScriptedStore> store_ = std::make_shared<support::ScriptedStore>();
};

TEST_F(StoredBlockingClients, AreServedInTheOrderOfTheirComing) {
  begin();
  std::vector<WireClient> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(waiting({"BLPOP", "a", "b", "0"}));
  EXPECT_EQ(call({"RPUSH", "a", "0", "1", "2", "3"}), ":4\r\n");
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(clients[i].reply(), popped("a", std::to_string(i)));
  ASSERT_TRUE(cache_->rpush("b", {"4", "5", "6", "7", "8", "9"}).ok());
  for (std::size_t i = 4; i < 10; ++i) EXPECT_EQ(clients[i].reply(), popped("b", std::to_string(i)));
  expect_none_waits();
  EXPECT_TRUE(store_->rows().empty());
}

TEST_F(StoredBlockingClients, TakeWhatIsLoaded) {
  begin();
  ASSERT_TRUE(cache_->rpush("a", {"x", "y"}).ok());
  ASSERT_TRUE(cache_->invalidate("a").ok());
  EXPECT_EQ(call({"BLPOP", "a", "0"}), popped("a", "x"));
  EXPECT_EQ(call({"BRPOPLPUSH", "a", "b", "0"}), bulk("y"));
  EXPECT_EQ(store_->rows().size(), 1u);
}

TEST_F(StoredBlockingClients, GoAwayWhileTheyAreTried) {
  begin();
  std::promise<void> gate;
  std::atomic<int> waits{0};
  WireClient other = client();
  {
    WireClient gone = waiting({"BLPOP", "a", "0"});
    store_->before_write = [&](auto) {
      if (++waits == 2) gate.get_future().wait();  // the client's own, behind that of the push
    };
    EXPECT_EQ(other.call({"RPUSH", "a", "x", "y"}), ":2\r\n");
    ASSERT_TRUE(support::wait_until([&] { return waits == 2; }));
  }
  gate.set_value();
  expect_none_waits();
  EXPECT_EQ(other.call({"LRANGE", "a", "0", "-1"}), "*1\r\n" + bulk("y")) << "it was on its way";
}

}  // namespace
}  // namespace larder::endpoint
