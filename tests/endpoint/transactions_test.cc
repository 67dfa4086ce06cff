// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// MULTI, EXEC and WATCH beyond what wire_test compares with a real redis-server: limits, other clients, a store behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "endpoint/endpoint_fixture.h"
#include "support/scripted_store.h"
#include "support/wait_until.h"

namespace larder::endpoint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kQueued = "+QUEUED\r\n";
const std::string kAborted = "-EXECABORT Transaction discarded because of previous errors.\r\n";

class Transactions : public EndpointFixture {
 protected:
  static std::vector<std::string> calls(WireClient& client, const std::vector<Words>& lines) {
    std::vector<std::string> replies;
    for (const Words& words : lines) replies.push_back(client.call(words));
    return replies;
  }
};

TEST_F(Transactions, NothingIsSeenBeforeExecAndAllAfterIt) {
  start();
  WireClient one = client();
  EXPECT_THAT(calls(one, {{"MULTI"}, {"SET", "a", "1"}, {"RPUSH", "l", "x", "y"}, {"LRANGE", "l", "0", "-1"}}),
              ElementsAre(kOk, kQueued, kQueued, kQueued));
  EXPECT_EQ(call({"GET", "a"}), kNil);
  EXPECT_EQ(one.call({"EXEC"}), "*3\r\n+OK\r\n:2\r\n*2\r\n$1\r\nx\r\n$1\r\ny\r\n");
  EXPECT_EQ(call({"GET", "a"}), bulk("1"));
}

TEST_F(Transactions, WhatNamesNoKeyRunsBehindTheOthers) {
  start();
  WireClient one = client();
  calls(one, {{"MULTI"}, {"DBSIZE"}, {"CLIENT", "SETNAME", "me"}, {"SET", "a", "1"}, {"KEYS", "*"}});
  EXPECT_EQ(one.call({"EXEC"}), "*4\r\n:1\r\n+OK\r\n+OK\r\n*1\r\n$1\r\na\r\n");
  EXPECT_EQ(one.call({"CLIENT", "GETNAME"}), bulk("me"));
}

TEST_F(Transactions, FlushallIsRefused) {
  start();
  WireClient one = client();
  EXPECT_THAT(calls(one, {{"SET", "a", "1"}, {"MULTI"}, {"FLUSHALL"}, {"EXEC"}, {"GET", "a"}}),
              ElementsAre(kOk, kOk, "-ERR Command not allowed inside a transaction\r\n", kAborted, bulk("1")));
}

TEST_F(Transactions, AnEndpointThatOnlyReadsRefusesToQueueWrites) {
  EndpointOptions options = open_options();
  options.read_only = true;
  start(options);
  cache_->set("a", "1");
  WireClient one = client();
  const auto replies = calls(one, {{"MULTI"}, {"GET", "a"}, {"EXEC"}, {"MULTI"}, {"SET", "a", "2"}, {"EXEC"}});
  EXPECT_EQ(replies[2], "*1\r\n" + bulk("1"));
  EXPECT_THAT(replies[4], HasSubstr("READONLY"));
  EXPECT_EQ(replies[5], kAborted);
}

TEST_F(Transactions, WhatIsQueuedIsBoundedAndShownByClientList) {
  EndpointOptions options = open_options();
  options.limits.bulk_bytes_max = 16 << 10;
  options.limits.request_bytes_max = 64 << 10;
  start(options);
  WireClient one = client();
  one.call({"MULTI"});
  int taken = 0;
  while (one.call({"SET", "k", std::string(10'000, 'x')}) == kQueued) ++taken;
  EXPECT_EQ(taken, 6);
  EXPECT_THAT(call({"CLIENT", "LIST"}), HasSubstr("flags=xU db=0 sub=0 psub=0 ssub=0 multi=6"));
  EXPECT_EQ(one.call({"EXEC"}), kAborted);
  EXPECT_THAT(call({"CLIENT", "LIST"}), testing::Not(HasSubstr("multi=6")));
}

TEST_F(Transactions, RepliesBeyondWhatMayWaitForAClientUndoThem) {
  EndpointOptions options = open_options();
  options.limits.output_bytes_max = 1 << 20;
  start(options);
  WireClient one = client();
  one.call({"SET", "k", std::string(15'000, 'x')});
  calls(one, {{"MULTI"}, {"INCR", "n"}});
  for (int i = 0; i < 100; ++i) one.call({"GET", "k"});
  EXPECT_THAT(one.call({"EXEC"}), HasSubstr("more than may wait for a client"));
  EXPECT_EQ(one.call({"GET", "n"}), kNil);
}

TEST_F(Transactions, WhatIsWatchedIsCounted) {
  EndpointOptions options = open_options();
  options.limits.buffers_bytes_max = 4 << 20;
  start(options);
  WireClient one = client();
  int taken = 0;
  while (taken < 200 && one.call({"WATCH", std::to_string(taken) + std::string(60'000, 'k')}) == kOk) ++taken;
  EXPECT_THAT(taken, testing::AllOf(testing::Gt(50), testing::Lt(80)));
}

TEST_F(Transactions, WhatChangesHowRepliesAreSentIsRefused) {
  start();
  WireClient one = client();
  const std::string refused = "-ERR Command not allowed inside a transaction\r\n";
  EXPECT_THAT(calls(one, {{"MULTI"}, {"HELLO", "3"}, {"CLIENT", "REPLY", "SKIP"}, {"EXEC"}, {"PING"}}),
              ElementsAre(kOk, refused, refused, kAborted, kPong));
}

TEST_F(Transactions, MoreKeysThanAreAtomic) {
  start();
  WireClient one = client();
  one.call({"MULTI"});
  for (int i = 0; i < 1'025; ++i) one.call({"SET", "k" + std::to_string(i), "v"});
  EXPECT_EQ(one.call({"EXEC"}), "-ERR an atomic command may name at most 1,024 keys\r\n");
  EXPECT_EQ(call({"DBSIZE"}), ":0\r\n");
  Words watch{"WATCH"};
  for (int i = 0; i < 1'025; ++i) watch.push_back("k" + std::to_string(i));
  EXPECT_EQ(one.call(watch), "-ERR at most 1,024 keys may be watched\r\n");
}

TEST_F(Transactions, ResetAndGoingAwayForgetThem) {
  start();
  WireClient one = client();
  EXPECT_THAT(calls(one, {{"WATCH", "a"}, {"MULTI"}, {"SET", "a", "1"}, {"RESET"}, {"EXEC"}, {"GET", "a"}}),
              ElementsAre(kOk, kOk, kQueued, "+RESET\r\n", "-ERR EXEC without MULTI\r\n", kNil));
  {
    WireClient other = client();
    calls(other, {{"MULTI"}, {"SET", "a", "1"}});
  }
  EXPECT_EQ(call({"GET", "a"}), kNil);
}

// Pitfall 16 of Redis's: a watched key that ends before EXEC aborts it.
TEST_F(Transactions, AWatchedKeyThatEnds) {
  ManualClock clock;
  Options options;
  options.clock = &clock;
  start(open_options(), options);
  WireClient one = client();
  calls(one, {{"SET", "a", "1", "PX", "1000"}, {"WATCH", "a"}, {"MULTI"}, {"SET", "b", "1"}});
  clock.advance(std::chrono::milliseconds(1'000));
  EXPECT_EQ(one.call({"EXEC"}), "*-1\r\n");
  calls(one, {{"SET", "a", "1", "PX", "1000"}});
  clock.advance(std::chrono::milliseconds(1'000));
  calls(one, {{"WATCH", "a"}, {"MULTI"}, {"SET", "b", "1"}});
  EXPECT_EQ(one.call({"EXEC"}), "*1\r\n+OK\r\n") << "it had ended before";
  endpoint_.reset();
  cache_.reset();
}

TEST_F(Transactions, CountersOfManyClientsLoseNothing) {
  start();
  constexpr int kClients = 4;
  constexpr int kEach = 50;
  std::atomic<int> conflicts{0};
  std::vector<std::future<void>> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::async(std::launch::async, [&] {
      WireClient one = client();
      for (int done = 0; done < kEach;) {
        one.call({"WATCH", "n"});
        const std::string now = one.call({"GET", "n"});
        const int value = now == kNil ? 0 : std::stoi(now.substr(now.find('\n') + 1));
        calls(one, {{"MULTI"}, {"SET", "n", std::to_string(value + 1)}, {"INCR", "m"}});
        one.call({"EXEC"}).starts_with("*2") ? ++done : ++conflicts;
      }
    }));
  }
  // And from within the program.
  for (int i = 0; i < kEach; ++i) ASSERT_TRUE(cache_->incr("n").ok());
  for (auto& one : clients) one.get();
  EXPECT_EQ(call({"GET", "n"}), bulk(std::to_string((kClients + 1) * kEach)));
  EXPECT_EQ(call({"GET", "m"}), bulk(std::to_string(kClients * kEach))) << conflicts << " conflicts";
}

// --- With a store behind ------------------------------------------------------------------------------------------------

class StoredTransactions : public Transactions {
 protected:
  void begin(EndpointOptions::Reads reads) {
    EndpointOptions options = open_options();
    options.reads = reads;
    Options cache_options;
    cache_options.store.backing = store_;
    start(options, cache_options);
  }
  std::shared_ptr<support::ScriptedStore> store_ = std::make_shared<support::ScriptedStore>();
};

TEST_F(StoredTransactions, AreOneBatchOfTheStore) {
  store_->put("n", {.bytes = "41"});
  begin(EndpointOptions::Reads::kLook);
  WireClient one = client();
  calls(one, {{"MULTI"}, {"INCR", "n"}, {"SET", "a", "1"}, {"GET", "n"}});
  EXPECT_EQ(one.call({"EXEC"}), "*3\r\n:42\r\n+OK\r\n$2\r\n42\r\n");
  ASSERT_THAT(store_->written(), SizeIs(2));
  EXPECT_NE(store_->written()[0].group, 0u);
  EXPECT_EQ(store_->written()[0].group, store_->written()[1].group);
  store_->fail_writes({support::Fault::kRetry});
  calls(one, {{"MULTI"}, {"INCR", "n"}, {"INCR", "a"}});
  EXPECT_THAT(one.call({"EXEC"}), HasSubstr("-ERR store_failed"));
  EXPECT_EQ(one.call({"GET", "n"}), bulk("42"));
}

TEST_F(StoredTransactions, CarryCollections) {
  begin(EndpointOptions::Reads::kMark);
  WireClient one = client();
  calls(one, {{"MULTI"}, {"RPUSH", "l", "x", "y"}, {"SADD", "s", "m"}, {"HINCRBY", "h", "f", "2"}, {"LPOP", "l"}});
  EXPECT_EQ(one.call({"EXEC"}), "*4\r\n:2\r\n:1\r\n:2\r\n" + bulk("x"));
  EXPECT_THAT(store_->rows(), SizeIs(3));
  ASSERT_TRUE(cache_->clear().ok());
  calls(one, {{"WATCH", "l"}, {"MULTI"}, {"LRANGE", "l", "0", "-1"}, {"ZADD", "z", "1", "m"}});
  EXPECT_EQ(one.call({"EXEC"}), "*2\r\n*1\r\n" + bulk("y") + ":1\r\n");
}

TEST_F(StoredTransactions, ThatOnlyLookLoadNothing) {
  store_->put("a", {.bytes = "1"});
  begin(EndpointOptions::Reads::kLook);
  WireClient one = client();
  calls(one, {{"WATCH", "a"}, {"MULTI"}, {"GET", "a"}});
  EXPECT_EQ(one.call({"EXEC"}), "*1\r\n" + kNil);
  EXPECT_THAT(store_->loaded(), IsEmpty());
}

TEST_F(StoredTransactions, WhatIsLoadedForThemIsNoChange) {
  store_->put("a", {.bytes = "1"});
  begin(EndpointOptions::Reads::kLook);
  WireClient one = client();
  calls(one, {{"WATCH", "a"}, {"MULTI"}, {"INCR", "a"}});
  EXPECT_EQ(one.call({"EXEC"}), "*1\r\n:2\r\n");
  calls(one, {{"WATCH", "a"}});
  call({"SET", "a", "7"});
  calls(one, {{"MULTI"}, {"INCR", "a"}});
  EXPECT_EQ(one.call({"EXEC"}), "*-1\r\n");
}

TEST_F(StoredTransactions, DoNotHoldUpOthers) {
  begin(EndpointOptions::Reads::kLook);
  std::promise<void> gate;
  std::atomic<int> waiting{0};
  store_->before_write = [&](auto) {
    ++waiting;
    gate.get_future().wait();
  };
  WireClient one = client();
  calls(one, {{"MULTI"}, {"SET", "a", "1"}, {"CLIENT", "SETNAME", "me"}});
  ASSERT_TRUE(one.send(request({"EXEC"})));
  ASSERT_TRUE(support::wait_until([&] { return waiting == 1; }));
  EXPECT_EQ(call({"PING"}), kPong);
  EXPECT_THAT(call({"CLIENT", "LIST"}), HasSubstr("multi=2"));
  gate.set_value();
  EXPECT_EQ(one.reply(), "*2\r\n+OK\r\n+OK\r\n");
  EXPECT_EQ(one.call({"CLIENT", "GETNAME"}), bulk("me"));
}

}  // namespace
}  // namespace larder::endpoint
