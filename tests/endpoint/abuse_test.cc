// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Clients that behave badly: the endpoint lives, others are answered within half a second, and memory stays bounded.
#include <gtest/gtest.h>
#include <malloc.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <thread>

#include "endpoint/endpoint_fixture.h"
#include "support/depth.h"
#include "support/wait_until.h"

namespace larder::endpoint {
namespace {

using namespace std::chrono_literals;

// A sanitizer keeps what is freed for a while, and makes all slower.
#ifdef LARDER_TESTS_ARE_SLOW
constexpr std::uint64_t kGrowthMax = 256_MiB;
constexpr auto kAnswerMax = 10s;
#else
constexpr std::uint64_t kGrowthMax = 16_MiB;
constexpr auto kAnswerMax = 500ms;
#endif

std::uint64_t resident_bytes() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm").ignore(100, ' ') >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

class Abuse : public EndpointFixture {
 protected:
  void begin(const EndpointOptions& options = open_options()) {
    start(options);
    good_ = std::make_unique<WireClient>(path_);
    ASSERT_EQ(good_->call({"SET", "good", "value"}), kOk);
    malloc_trim(0);
    before_ = resident_bytes();
  }
  // Somebody who behaves well, and was there before.
  void expect_all_is_well() {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(good_->call({"GET", "good"}), bulk("value"));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
    EXPECT_LT(took, kAnswerMax);
    const std::uint64_t now = resident_bytes();
    const std::uint64_t growth = now - std::min(now, before_);
    EXPECT_LT(growth, kGrowthMax);
    std::printf("another client was answered in %.2f ms; %.2f MiB more\n", took.count(),
                static_cast<double>(growth) / (1 << 20));
  }

  std::unique_ptr<WireClient> good_;
  std::uint64_t before_ = 0;
};

TEST_F(Abuse, ConnectionsThatSendNothing) {
  begin();
  std::vector<WireClient> silent;
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(silent.emplace_back(client()).connected());
    if (i % 2 == 0) silent.back().send("*2\r\n$3\r\nGE");  // or half a command
  }
  expect_all_is_well();
  EXPECT_GE(info("connected_clients"), 401u);
}

TEST_F(Abuse, ConnectionsThatSendNothingGo) {
  EndpointOptions options = open_options();
  options.limits.idle_max = 200ms;
  begin(options);
  WireClient silent = client();
  WireClient half = client();
  half.send("*2\r\n$3\r\nGE");
  EXPECT_TRUE(silent.is_closed());
  EXPECT_TRUE(half.is_closed());
}

TEST_F(Abuse, MoreConnectionsThanAllowed) {
  EndpointOptions options = open_options();
  options.limits.connections_max = 10;
  begin(options);
  std::vector<WireClient> clients;
  for (int i = 0; i < 9; ++i) EXPECT_EQ(clients.emplace_back(client()).call({"PING"}), kPong);
  for (int i = 0; i < 20; ++i) {
    WireClient one_more = client();
    EXPECT_EQ(one_more.reply(), "-ERR max number of clients reached\r\n");
    EXPECT_TRUE(one_more.is_closed());
  }
  expect_all_is_well();
  clients.pop_back();
  EXPECT_TRUE(support::wait_until([&] { return call({"PING"}) == kPong; }));
}

TEST_F(Abuse, AHundredThousandCommandsInOnePipeline) {
  begin();
  WireClient one = client();
  constexpr int kCommands = 100'000;
  std::thread sender([&] {
    std::string some;
    for (int i = 0; i < 1'000; ++i) some += request({"INCR", "counter"});
    for (int i = 0; i < kCommands / 1'000; ++i) one.send(some);
  });
  expect_all_is_well();
  for (int i = 1; i <= kCommands; ++i) {
    ASSERT_EQ(one.reply(), ":" + std::to_string(i) + "\r\n");
    if (i % 20'000 == 0) expect_all_is_well();
  }
  sender.join();
}

TEST_F(Abuse, ClaimsOfHugeLengths) {
  begin();
  std::vector<WireClient> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(client());
    clients.back().send(i % 2 == 0 ? "*1\r\n$67108864\r\nab" : "*1048576\r\n$1\r\na\r\n");
  }
  for (const char* claim : {"*1\r\n$9223372036854775807\r\n", "*2147483647\r\n", "*1\r\n$-5\r\n", "*1048577\r\n"}) {
    WireClient one = client();
    one.send(claim);
    EXPECT_TRUE(one.reply().starts_with("-ERR Protocol error: invalid ")) << claim;
    EXPECT_TRUE(one.is_closed()) << claim;
  }
  expect_all_is_well();
}

TEST_F(Abuse, RequestsWithoutEnd) {
  EndpointOptions options = open_options();
  options.limits.bulk_bytes_max = 1_MiB;
  options.limits.request_bytes_max = 2_MiB;
  begin(options);
  WireClient one = client();
  ASSERT_TRUE(one.send("*1000\r\n"));
  const std::string argument = "$65536\r\n" + std::string(65'536, 'x') + "\r\n";
  std::size_t sent = 0;
  while (sent < 1'000 && one.send(argument)) ++sent;
  EXPECT_LT(sent, 1'000u) << "it is cut off";
  WireClient line = client();
  const std::string no_end(1 << 20, 'x');
  line.send(no_end);
  EXPECT_EQ(line.reply(), "-ERR Protocol error: too big inline request\r\n");
  expect_all_is_well();
}

TEST_F(Abuse, AllBuffersTogether) {
  EndpointOptions options = open_options();
  options.limits.buffers_bytes_max = 4_MiB;
  begin(options);
  const std::string half = "*2\r\n$3\r\nGET\r\n$1000000\r\n" + std::string(900'000, 'x');
  std::vector<WireClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(client());
    clients.back().send(half);
  }
  EXPECT_TRUE(support::wait_until([&] { return info("evicted_clients") >= 10; }));
  expect_all_is_well();
}

TEST_F(Abuse, BinaryJunk) {
  begin();
  std::mt19937_64 random(support::seed(1));
  for (int i = 0; i < 200; ++i) {
    std::string junk(random() % 5'000, '\0');
    for (char& c : junk) c = static_cast<char>(random());
    if (i % 3 == 0) junk = "*3\r\n$3\r\nSET\r\n" + junk;
    if (i % 5 == 0) junk = "*" + junk;
    client().send(junk);
  }
  expect_all_is_well();
}

TEST_F(Abuse, ClientsThatNeverRead) {
  EndpointOptions options = open_options();
  options.limits.stall_max = 300ms;
  begin(options);
  ASSERT_TRUE(cache_->set("ten_kb", std::string(10'000, 'x')).ok());
  ASSERT_TRUE(cache_->set("megabyte", std::string(1'000'000, 'x')).ok());
  std::string gets;
  for (int i = 0; i < 1'000; ++i) gets += request({"GET", i % 100 == 0 ? "megabyte" : "ten_kb"});
  std::vector<WireClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(client());
    clients.back().take_little();
    for (int n = 0; n < 20; ++n) clients.back().send_some(gets);  // answers of 400 MB, if anybody took them
  }
  expect_all_is_well();
  EXPECT_TRUE(support::wait_until([&] { return info("evicted_clients") >= 20; }));
  expect_all_is_well();
  EXPECT_EQ(cache_->stats().bytes_pinned, 0u);
}

TEST_F(Abuse, ASlowReaderIsServed) {
  begin();
  ASSERT_TRUE(cache_->set("k", std::string(10'000, 'x')).ok());
  const std::string expected = bulk(std::string(10'000, 'x'));
  WireClient slow = client();
  std::string gets;
  for (int i = 0; i < 2'000; ++i) gets += request({"GET", "k"});
  ASSERT_TRUE(slow.send(gets));
  for (int i = 0; i < 2'000; ++i) ASSERT_EQ(slow.reply(), expected);
  expect_all_is_well();
}

TEST_F(Abuse, KeysOverMillionsIsBounded) {
  Options big;
  big.max_memory = 0;
  start(open_options(), big);
  good_ = std::make_unique<WireClient>(path_);
  ASSERT_EQ(good_->call({"SET", "good", "value"}), kOk);
  const std::string padding(2'000, 'k');
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(cache_->set(padding + std::to_string(i), "v").ok());
  WireClient one = client();
  one.send(request({"KEYS", "*"}));
  EXPECT_EQ(good_->call({"GET", "good"}), bulk("value"));
  EXPECT_TRUE(one.reply().starts_with("-ERR too many keys for one reply"));
  EXPECT_EQ(one.call({"KEYS", "goo?"}), "*1\r\n" + bulk("good"));
}

// UndefinedBehaviorSanitizer looks at objects through a pipe, and takes them for none where it cannot have one.
#if !defined(__SANITIZE_ADDRESS__)
TEST_F(Abuse, NoDescriptorIsLeft) {
  begin();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  std::vector<int> taken;
  const rlimit low{256, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  // Both ends are in this program. Clients come until it has no descriptor left, and some more wait.
  std::vector<WireClient> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(client());
    if (!clients.back().connected()) break;
  }
  for (int spare = dup(0); spare >= 0; spare = dup(0)) taken.push_back(spare);
  for (int i = 0; i < 20; ++i) expect_all_is_well();
  // Who waits to be accepted does not make the loop spin.
  rusage before{};
  rusage after{};
  getrusage(RUSAGE_SELF, &before);
  poll(nullptr, 0, 400);
  getrusage(RUSAGE_SELF, &after);
  const auto us = [](const rusage& usage) {
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
  };
  EXPECT_LT(us(after) - us(before), 200'000);
  for (const int descriptor : taken) close(descriptor);
  clients.clear();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_TRUE(support::wait_until([&] { return client().call({"PING"}) == kPong; }));
}
#endif

TEST_F(Abuse, WhoCannotBeAcceptedIsClosed) {
  begin();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  WireClient waits = client();  // connected; the endpoint's end is made when it is accepted
  ASSERT_EQ(waits.call({"PING"}), kPong);
  const rlimit low{64, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  std::vector<int> taken;
  for (int spare = dup(0); spare >= 0; spare = dup(0)) taken.push_back(spare);
  ASSERT_FALSE(taken.empty());
  close(taken.back());  // for one end of one connection; there is none for the other
  taken.pop_back();
  WireClient rejected = client();
  EXPECT_TRUE(rejected.is_closed());
  EXPECT_EQ(waits.call({"PING"}), kPong);
  for (const int descriptor : taken) close(descriptor);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_GE(info("rejected_connections"), 1u);
  expect_all_is_well();
}

}  // namespace
}  // namespace larder::endpoint
