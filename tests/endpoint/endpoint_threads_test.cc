// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Many clients at a time, while the program uses its cache, and while the endpoint is stopped.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "endpoint/endpoint_fixture.h"
#include "support/depth.h"
#include "support/run_threads.h"
#include "support/scripted_store.h"

namespace larder::endpoint {
namespace {

class EndpointThreads : public EndpointFixture {};

// Each client sees its own writes, in order.
void write_and_read(WireClient& client, const std::string& key, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_EQ(client.call({"SET", key, number}), kOk);
    ASSERT_EQ(client.call({"GET", key}), bulk(number));
    if (i % 16 == 0) {
      ASSERT_TRUE(client.call({"KEYS", key}).starts_with("*1\r\n"));
    }
    if (i % 32 == 0) {
      ASSERT_TRUE(client.call({"INFO", "everything"}).starts_with("$"));
    }
  }
}

TEST_F(EndpointThreads, EachClientSeesItsOwnWrites) {
  start();
  std::atomic<bool> done{false};
  std::thread program([&] {
    for (int i = 0; !done; ++i) {
      cache_->set("program", std::to_string(i));
      (void)cache_->get("program");
    }
  });
  support::run_threads(6, [&](int thread) {
    WireClient own = client();
    write_and_read(own, "key" + std::to_string(thread), static_cast<int>(support::count(300, 10'000)));
  });
  done = true;
  program.join();
}

TEST_F(EndpointThreads, SoItIsWithAStoreBehind) {
  const auto store = std::make_shared<support::ScriptedStore>();
  Options options;
  options.store.backing = store;
  start(open_options(), options);
  support::run_threads(6, [&](int thread) {
    WireClient own = client();
    write_and_read(own, "key" + std::to_string(thread), static_cast<int>(support::count(100, 3'000)));
  });
  EXPECT_EQ(store->rows().size(), 6u);
}

TEST_F(EndpointThreads, StopsUnderLoad) {
  for (int round = 0; round < 10; ++round) {
    start();
    std::atomic<int> working{0};
    std::thread stopper([&] {
      while (working < 4) std::this_thread::yield();
      endpoint_->stop();
    });
    support::run_threads(5, [&](int thread) {
      if (thread == 4) return endpoint_->stop();  // and another one
      WireClient own = client();
      ++working;
      for (int i = 0; i < 100'000; ++i) {
        if (own.call({"SET", "k", "v"}).empty() || own.call({"KEYS", "*"}).empty()) return;
      }
      ADD_FAILURE() << "it was never stopped";
    });
    stopper.join();
  }
}

}  // namespace
}  // namespace larder::endpoint
