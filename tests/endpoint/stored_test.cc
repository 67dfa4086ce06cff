// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// An endpoint around a cache with a store behind: who looks does not load, and a slow store holds up nobody but who
// waits for it.
#include <gtest/gtest.h>

#include <future>

#include "endpoint/endpoint_fixture.h"
#include "support/scripted_store.h"
#include "support/wait_until.h"

namespace larder::endpoint {
namespace {

class StoredEndpoint : public EndpointFixture {
 protected:
  void begin(EndpointOptions::Reads reads) {
    EndpointOptions options = open_options();
    options.reads = reads;
    Options cache_options;
    cache_options.store.backing = store_;
    start(options, cache_options);
  }
  // From now on, writes to the store wait until `let_go`.
  void hold_writes() {
    store_->before_write = [this](auto) {
      ++waiting_;
      gate_.get_future().wait();
    };
  }
  void let_go() { gate_.set_value(); }

  std::shared_ptr<support::ScriptedStore> store_ = std::make_shared<support::ScriptedStore>();
  std::promise<void> gate_;
  std::atomic<int> waiting_{0};
};

TEST_F(StoredEndpoint, ALookDoesNotLoad) {
  store_->put("k", {.bytes = "from the store"});
  begin(EndpointOptions::Reads::kLook);
  for (const Words& words : std::vector<Words>{{"GET", "k"},
                                               {"MGET", "k"},
                                               {"STRLEN", "k"},
                                               {"GETRANGE", "k", "0", "-1"},
                                               {"EXISTS", "k"},
                                               {"TOUCH", "k"},
                                               {"TYPE", "k"},
                                               {"TTL", "k"},
                                               {"PEXPIRETIME", "k"},
                                               {"GETBIT", "k", "1"},
                                               {"BITCOUNT", "k"},
                                               {"BITPOS", "k", "1"},
                                               {"BITFIELD_RO", "k", "GET", "u8", "0"},
                                               {"LCS", "k", "k"},
                                               {"OBJECT", "ENCODING", "k"},
                                               {"MEMORY", "USAGE", "k"},
                                               {"KEYS", "*"},
                                               {"SCAN", "0"},
                                               {"RANDOMKEY"},
                                               {"DBSIZE"}}) {
    EXPECT_FALSE(call(words).starts_with("-")) << words[0];
  }
  EXPECT_TRUE(store_->loaded().empty()) << "somebody asked for " << store_->loaded().front();
  EXPECT_EQ(call({"GET", "k"}), kNil);
}

TEST_F(StoredEndpoint, WhoAsksForItLoads) {
  store_->put("k", {.bytes = "from the store"});
  begin(EndpointOptions::Reads::kMark);
  EXPECT_EQ(call({"GET", "k"}), bulk("from the store"));
  EXPECT_EQ(store_->loaded().size(), 1u);
  EXPECT_EQ(call({"GET", "k"}), bulk("from the store"));
  EXPECT_EQ(store_->loaded().size(), 1u);
}

TEST_F(StoredEndpoint, WritesGoToTheStoreAndLoadBeforeTheyDecide) {
  store_->put("n", {.bytes = "41"});
  begin(EndpointOptions::Reads::kLook);
  EXPECT_EQ(call({"INCR", "n"}), ":42\r\n");
  EXPECT_EQ(store_->rows().at("n").bytes, "42");
  EXPECT_EQ(call({"SET", "k", "v"}), kOk);
  EXPECT_EQ(store_->rows().at("k").bytes, "v");
  EXPECT_EQ(call({"DEL", "k", "absent"}), ":1\r\n");
  EXPECT_FALSE(store_->rows().contains("k"));
  EXPECT_EQ(call({"FLUSHALL"}), kOk);
  EXPECT_EQ(store_->rows().at("n").bytes, "42") << "the store is not told";
}

TEST_F(StoredEndpoint, ASlowStoreHoldsUpOnlyWhoWritesToIt) {
  begin(EndpointOptions::Reads::kLook);
  hold_writes();
  WireClient writer = client();
  // What comes behind the write waits for it.
  ASSERT_TRUE(writer.send(request({"PING"}) + request({"SET", "k", "v"}) + request({"GET", "k"}) + "PING\r\n"));
  EXPECT_EQ(writer.reply(), kPong);
  ASSERT_TRUE(support::wait_until([&] { return waiting_ == 1; }));
  WireClient other = client();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(other.call({"GET", "k"}), kNil);
  let_go();
  EXPECT_EQ(writer.reply(), kOk);
  EXPECT_EQ(writer.reply(), bulk("v"));
  EXPECT_EQ(writer.reply(), kPong);
  EXPECT_EQ(other.call({"GET", "k"}), bulk("v"));
}

TEST_F(StoredEndpoint, WhoHasGoneMeanwhileIsForgotten) {
  begin(EndpointOptions::Reads::kLook);
  hold_writes();
  {
    WireClient writer = client();
    ASSERT_TRUE(writer.send(request({"SET", "k", "v"}) + request({"SET", "k", "w"})));
    ASSERT_TRUE(support::wait_until([&] { return waiting_ == 1; }));
  }
  WireClient other = client();
  EXPECT_EQ(other.call({"CLIENT", "KILL", "SKIPME", "YES"}).substr(0, 1), ":");
  let_go();
  EXPECT_TRUE(support::wait_until([&] { return other.call({"GET", "k"}) == bulk("v"); }));
  EXPECT_TRUE(support::wait_until([&] { return info("connected_clients") == 2; }));
}

TEST_F(StoredEndpoint, StopWaitsForWhatIsUnderWay) {
  begin(EndpointOptions::Reads::kLook);
  hold_writes();
  WireClient writer = client();
  ASSERT_TRUE(writer.send(request({"SET", "k", "v"})));
  ASSERT_TRUE(support::wait_until([&] { return waiting_ == 1; }));
  std::thread stopper([&] { endpoint_->stop(); });
  EXPECT_TRUE(writer.is_closed());
  let_go();
  stopper.join();
  EXPECT_EQ(store_->rows().at("k").bytes, "v");
}

TEST_F(StoredEndpoint, MayBeStoppedByItsOwnStore) {
  begin(EndpointOptions::Reads::kLook);
  Endpoint* const endpoint = endpoint_.get();  // the pointer itself is this thread's
  store_->before_write = [endpoint](auto) { endpoint->stop(); };
  WireClient writer = client();
  ASSERT_TRUE(writer.send(request({"SET", "k", "v"})));
  EXPECT_TRUE(writer.is_closed());
  endpoint_.reset();
  EXPECT_EQ(store_->rows().at("k").bytes, "v");
}

TEST_F(StoredEndpoint, WhatTheStoreSaysIsPassedOn) {
  begin(EndpointOptions::Reads::kMark);
  store_->fail_writes({support::Fault::kNever});
  EXPECT_TRUE(call({"SET", "k", "v"}).starts_with("-ERR store_refused"));
  store_->fail_loads({support::Fault::kRetry});
  EXPECT_TRUE(call({"GET", "k"}).starts_with("-ERR store_failed"));
  EXPECT_EQ(call({"SET", "k", "v"}), kOk);
}

}  // namespace
}  // namespace larder::endpoint
