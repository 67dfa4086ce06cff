// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A near cache converges whatever dies and when. LARDER_FULL=1: 20 runs of each fault, and the times that are promised.
#include <csignal>
#include <iostream>

#include "larder/near_cache.h"
#include "near/chaos.h"
#include "near/naive_near.h"
#include "near/near_fixture.h"
#include "support/depth.h"

namespace larder::near {
namespace {

class NearReader final : public Reader {
 public:
  explicit NearReader(NearCache& near) : near_(near) {}
  Lookup<std::string> get(const std::string& key) override { return near_.get(key); }
  bool connected() override { return near_.stats().connected; }

 private:
  NearCache& near_;
};

// What goes wrong, by another client of the server or a signal.
struct Fault {
  const char* name;
  servers::RedisServer::Keeps keeps;
  void (*happen)(servers::RedisServer& server, Chaos& chaos);
  std::chrono::milliseconds heartbeat = 500ms;
};

void call(servers::RedisServer& server, const std::vector<std::string>& words) {
  servers::WireClient client(server.socket_path());
  client.call(words);
}

using Keeps = servers::RedisServer::Keeps;
const Fault kFaults[] = {
    {"nothing", Keeps::kNothing, [](servers::RedisServer&, Chaos&) { std::this_thread::sleep_for(200ms); }},
    {"kill_pubsub", Keeps::kNothing,
     [](servers::RedisServer& server, Chaos&) {
       for (int i = 0; i < 5; ++i) {
         call(server, {"CLIENT", "KILL", "TYPE", "pubsub"});
         std::this_thread::sleep_for(30ms);
       }
     }},
    {"kill_normal", Keeps::kNothing,
     [](servers::RedisServer& server, Chaos&) {
       for (int i = 0; i < 5; ++i) {
         call(server, {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
         std::this_thread::sleep_for(30ms);
       }
     }},
    {"kill_normal_unnoticed", Keeps::kNothing,
     [](servers::RedisServer& server, Chaos& chaos) {
       chaos.pause_writing();
       call(server, {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
       chaos.go_on_writing();
       std::this_thread::sleep_for(100ms);
     }},
    {"idle_timeout", Keeps::kNothing,
     [](servers::RedisServer& server, Chaos&) {
       call(server, {"CONFIG", "SET", "timeout", "1"});
       std::this_thread::sleep_for(2500ms);
       call(server, {"CONFIG", "SET", "timeout", "0"});
     },
     10s},  // which would keep them from being idle
    {"freeze", Keeps::kNothing,
     [](servers::RedisServer& server, Chaos&) {
       server.process().send(SIGSTOP);
       std::this_thread::sleep_for(1500ms);
       server.process().send(SIGCONT);
     }},
    {"pause", Keeps::kNothing,
     [](servers::RedisServer& server, Chaos&) {
       call(server, {"CLIENT", "PAUSE", "300", "ALL"});
       std::this_thread::sleep_for(300ms);
     }},
    {"flush", Keeps::kNothing, [](servers::RedisServer& server, Chaos&) { call(server, {"FLUSHALL"}); }},
    {"kill_9", Keeps::kNothing,
     [](servers::RedisServer& server, Chaos&) {
       server.process().stop(SIGKILL);
       std::this_thread::sleep_for(100ms);
       server.start();
     }},
    {"kill_9_keeping_data", Keeps::kEachWrite,
     [](servers::RedisServer& server, Chaos&) {
       server.process().stop(SIGKILL);
       std::this_thread::sleep_for(100ms);
       server.start();
     }},
};

class NearChaos : public testing::TestWithParam<Fault> {};

TEST_P(NearChaos, CopiesConverge) {
  const Fault& fault = GetParam();
  const bool full = support::full_depth();
  const std::uint64_t runs = support::count(2, 20);
  ChaosReport worst;
  for (std::uint64_t run = 0; run < runs; ++run) {
    servers::RedisServer server(fault.keeps);
    ASSERT_EQ(server.failure(), "");
    const auto near = NearCache::open({.unix_path = server.socket_path(),
                                       .heartbeat = fault.heartbeat,
                                       .max_age = 1h,
                                       .cache = {.max_memory = 16_MiB}});
    ASSERT_TRUE(near.ok()) << near.status().to_string();
    NearReader reader(**near);
    Chaos chaos(server, reader, run);
    const ChaosReport report = chaos.run([&] { fault.happen(server, chaos); });
    EXPECT_GT(report.writes, 0u);
    EXPECT_EQ(report.never_written, 0u);
    EXPECT_EQ(report.back, 0u);
    EXPECT_EQ(report.stale_at_the_end, 0u);
    if (full) {
      EXPECT_LE(report.stalest, 1'100ms);
      EXPECT_LE(report.slowest, 600ms);
      EXPECT_LE(report.until_served, 1'000ms);
    }
    worst.reads += report.reads;
    worst.writes += report.writes;
    worst.errors += report.errors;
    worst.stalest = std::max(worst.stalest, report.stalest);
    worst.slowest = std::max(worst.slowest, report.slowest);
    worst.until_served = std::max(worst.until_served, report.until_served);
  }
  std::cout << fault.name << ": " << runs << " runs, " << worst.reads << " reads, " << worst.writes << " writes, "
            << worst.errors << " errors; stale for " << worst.stalest.count() << " ms at most, a call took "
            << worst.slowest.count() << " ms at most, served again after " << worst.until_served.count() << " ms\n";
}

INSTANTIATE_TEST_SUITE_P(Faults, NearChaos, testing::ValuesIn(kFaults),
                         [](const auto& test) { return std::string(test.param.name); });

// What is missing of one that is written by hand is found, and nothing where nothing is missing.
struct Naive {
  const char* name;
  NaiveHas has;
  bool is_right;
};

class NaiveChaos : public testing::TestWithParam<Naive> {};

TEST_P(NaiveChaos, IsFoundOut) {
  constexpr int kRuns = 10;
  bool found = false;
  for (int run = 0; run < kRuns && !found; ++run) {
    servers::RedisServer server;
    ASSERT_EQ(server.failure(), "");
    NaiveNear naive(server.socket_path(), GetParam().has);
    Chaos chaos(server, naive, static_cast<std::uint64_t>(run));
    const ChaosReport report = chaos.run([&] {
      chaos.pause_writing();
      call(server, {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
      chaos.go_on_writing();
      std::this_thread::sleep_for(100ms);
    });
    found = report.stale_at_the_end != 0;
    std::cout << GetParam().name << ": " << report.stale_at_the_end << " stale at the end, " << report.reads
              << " reads\n";
    if (GetParam().is_right && run == 1) break;
  }
  EXPECT_EQ(found, !GetParam().is_right);
}

INSTANTIATE_TEST_SUITE_P(Flaws, NaiveChaos,
                         testing::Values(Naive{"has_all", {}, true}, Naive{"no_leases", {.leases = false}, false},
                                         Naive{"data_deaths_ignored", {.data_deaths = false}, false},
                                         Naive{"no_heartbeats", {.heartbeats = false}, false}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace larder::near
