// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What becomes of copies when connections end, and servers stop, freeze, and come back.
#include <poll.h>

#include <csignal>
#include <thread>

#include "near/near_fixture.h"
#include "support/run_threads.h"

namespace larder {
namespace {

class NearFaultsTest : public NearFixture {
 protected:
  // Wants to know soon.
  std::unique_ptr<NearCache> open_hasty(const std::function<void(NearCacheOptions&)>& change = {}) {
    return open([&](NearCacheOptions& o) {
      o.connect_timeout = o.command_timeout = 200ms;
      o.heartbeat = 50ms;
      if (change) change(o);
    });
  }
  static std::uint64_t flushes(const NearCache& near, FlushCause cause) {
    return near.stats().flushes[static_cast<std::size_t>(cause)];
  }
  // Written where the near cache cannot have been told.
  void expect_forgotten(NearCache& near, FlushCause cause, const std::function<void()>& fault) {
    call({"SET", "k", "old"});
    call({"HSET", "h", "f", "old"});
    ASSERT_EQ(near.get("k").value_or("none"), "old");
    ASSERT_EQ(near.hget("h", "f").value_or("none"), "old");
    const std::uint64_t sessions = near.stats().sessions;
    fault();
    call({"SET", "k", "new"});
    call({"HSET", "h", "f", "new"});
    EXPECT_TRUE(wait_until([&] { return near.stats().sessions > sessions && near.stats().connected; }));
    EXPECT_EQ(flushes(near, cause), 1u);
    EXPECT_EQ(near.get("k").value_or("none"), "new");
    EXPECT_EQ(near.hget("h", "f").value_or("none"), "new");
    const std::uint64_t asked = near.stats().round_trips;
    EXPECT_EQ(near.get("k").value_or("none"), "new");
    EXPECT_EQ(near.stats().round_trips, asked) << "is kept again";
    call({"SET", "k", "newer"});
    EXPECT_TRUE(wait_until([&] { return near.get("k").value_or("none") == "newer"; }));
  }
};

// R4.
TEST_F(NearFaultsTest, TheConnectionThatReportsChangesIsKilled) {
  const auto near = open();
  expect_forgotten(*near, FlushCause::kInvalidationsLost, [&] { call({"CLIENT", "KILL", "TYPE", "pubsub"}); });
}

// R5: Redis says nothing of what a client has read that is gone.
TEST_F(NearFaultsTest, AConnectionForCommandsIsKilled) {
  const auto near = open();
  expect_forgotten(*near, FlushCause::kConnectionLost, [&] {
    call({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  });
}

// R5, R8: also where no command is sent on it.
TEST_F(NearFaultsTest, AnIdleConnectionForCommandsTimesOut) {
  const auto near = open([](NearCacheOptions& o) { o.heartbeat = 1h; });
  expect_forgotten(*near, FlushCause::kConnectionLost, [&] {
    call({"CONFIG", "SET", "timeout", "1"});
    EXPECT_TRUE(wait_until([&] { return flushes(*near, FlushCause::kConnectionLost) == 1; }));
    other_.reset();
    call({"CONFIG", "SET", "timeout", "0"});
  });
}

// R8.
TEST_F(NearFaultsTest, AFrozenServerIsNoticedAndServesAgainWhenItGoesOn) {
  const auto near = open_hasty();
  call({"SET", "k", "old"});
  EXPECT_EQ(*near->get("k"), "old");
  server_.process().send(SIGSTOP);
  EXPECT_TRUE(wait_until([&] { return flushes(*near, FlushCause::kNoPong) == 1; }));
  const ErrorCode code = near->get("k").status().code();
  EXPECT_TRUE(code == ErrorCode::kDisconnected || code == ErrorCode::kTimeout) << to_string(code);
  EXPECT_FALSE(near->stats().connected);
  server_.process().send(SIGCONT);
  EXPECT_TRUE(wait_until([&] { return near->stats().connected; }));
  EXPECT_EQ(*near->get("k"), "old");
}

TEST_F(NearFaultsTest, AServerThatDiesAndComesBackWithoutItsDataIsBelieved) {
  const auto near = open_hasty();
  call({"SET", "k", "old"});
  EXPECT_EQ(*near->get("k"), "old");
  server_.process().stop(SIGKILL);
  EXPECT_TRUE(wait_until([&] { return !near->stats().connected; }));
  EXPECT_EQ(near->get("k").status().code(), ErrorCode::kDisconnected);
  EXPECT_EQ(near->set("k", "lost").status().code(), ErrorCode::kDisconnected) << "the read has seen it";
  EXPECT_NE(near->stats().last_error, "");
  server_.start();
  EXPECT_TRUE(wait_until([&] { return near->stats().connected; }));
  EXPECT_TRUE(near->get("k").missing());
}

// R3: a nil payload.
TEST_F(NearFaultsTest, AFlushOfTheServerDropsAll) {
  const auto near = open();
  call({"SET", "k", "old"});
  EXPECT_EQ(*near->get("k"), "old");
  EXPECT_TRUE(near->hget("none", "f").missing());
  call({"FLUSHALL"});
  EXPECT_TRUE(wait_until([&] { return near->get("k").missing(); }));
  EXPECT_GE(flushes(*near, FlushCause::kServerFlushed), 1u);
  EXPECT_TRUE(near->stats().connected);
  call({"SET", "k", "new"});
  EXPECT_TRUE(wait_until([&] { return near->get("k").value_or("") == "new"; }));
}

// R13.
TEST_F(NearFaultsTest, WhileDisconnectedReadsFailOrAnswerFromWhatWasKept) {
  using Disconnected = NearCacheOptions::Disconnected;
  const auto fails = open_hasty([](NearCacheOptions& o) { o.disconnected = Disconnected::kFail; });
  const auto stale = open_hasty([](NearCacheOptions& o) {
    o.disconnected = Disconnected::kStale;
    o.stale_for = 1h;
  });
  call({"SET", "k", "old"});
  call({"HSET", "h", "f", "old"});
  EXPECT_EQ(*fails->get("k"), "old");
  EXPECT_EQ(*stale->get("k"), "old");
  EXPECT_EQ(*stale->hget("h", "f"), "old");
  server_.process().stop(SIGKILL);
  EXPECT_TRUE(wait_until([&] { return !stale->stats().connected && !fails->stats().connected; }));
  EXPECT_EQ(fails->get("k").status().code(), ErrorCode::kDisconnected);
  EXPECT_EQ(fails->mget({"k"})[0].status().code(), ErrorCode::kDisconnected);
  EXPECT_EQ(*stale->get("k"), "old");
  EXPECT_EQ(*stale->hget("h", "f"), "old");
  EXPECT_EQ(stale->get("other").status().code(), ErrorCode::kDisconnected);
  server_.start();
  EXPECT_TRUE(wait_until([&] { return stale->stats().connected && fails->stats().connected; }));
  EXPECT_TRUE(stale->get("k").missing());
  EXPECT_TRUE(stale->hget("h", "f").missing());
  EXPECT_TRUE(fails->get("k").missing());
}

// R14.
TEST_F(NearFaultsTest, ByPrefixOnlyKeysThatBeginSoAreKept) {
  const auto near = open([](NearCacheOptions& o) { o.prefixes = {"user:", "item:"}; });
  call({"MSET", "user:1", "a", "other", "b"});
  EXPECT_TRUE(wait_until([&] { return near->stats().invalidations == 1; })) << "also of what nobody has read";
  EXPECT_EQ(*near->get("user:1"), "a");
  EXPECT_EQ(*near->get("other"), "b");
  const std::uint64_t asked = near->stats().round_trips;
  EXPECT_EQ(*near->get("user:1"), "a");
  EXPECT_EQ(near->stats().round_trips, asked);
  EXPECT_EQ(*near->get("other"), "b");
  EXPECT_EQ(near->stats().round_trips, asked + 1);
  EXPECT_GE(near->stats().bypassed, 2u);
  call({"SET", "user:1", "c"});
  EXPECT_TRUE(wait_until([&] { return near->get("user:1").value_or("") == "c"; }));
  call({"CLIENT", "KILL", "TYPE", "pubsub"});
  call({"SET", "user:1", "d"});
  EXPECT_TRUE(wait_until([&] { return near->get("user:1").value_or("") == "d"; }));
}

TEST_F(NearFaultsTest, ItRunsInTheEventLoopOfItsCaller) {
  const auto near = open([](NearCacheOptions& o) { o.own_thread = false; });
  const auto turn = [&] {
    pollfd events{near->descriptor(), POLLIN, 0};
    EXPECT_EQ(poll(&events, 1, 10'000), 1);
    near->process();
  };
  call({"SET", "k", "old"});
  EXPECT_EQ(*near->get("k"), "old");
  call({"SET", "k", "new"});
  while (near->stats().invalidations == 0) turn();
  EXPECT_EQ(*near->get("k"), "new");
  call({"CLIENT", "KILL", "TYPE", "pubsub"});
  while (near->stats().sessions == 1) turn();
  EXPECT_EQ(*near->get("k"), "new");
  // Who calls while there is no connection makes one.
  call({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  EXPECT_TRUE(wait_until([&] { return near->get("k2").status().ok(); }));
}

// R9: many at once, and keys that were forgotten by the server for lack of room.
TEST_F(NearFaultsTest, ABurstOfInvalidationsIsTakenAndATableThatOverflowsIsBorne) {
  const auto near = open([](NearCacheOptions& o) { o.cache.max_memory = 64_MiB; });
  constexpr int kKeys = 5'000;
  call({"CONFIG", "SET", "tracking-table-max-keys", "1000"});
  for (int i = 0; i < kKeys; ++i) EXPECT_TRUE(near->get("k" + std::to_string(i)).missing());
  for (int i = 0; i < kKeys; ++i) call({"SET", "k" + std::to_string(i), "v"});
  EXPECT_TRUE(wait_until([&] { return near->stats().invalidations >= kKeys; }));
  for (int i = 0; i < kKeys; ++i) ASSERT_EQ(near->get("k" + std::to_string(i)).value_or("none"), "v") << i;
}

TEST_F(NearFaultsTest, ThreadsShareConnectionsAndFetchOnce) {
  const auto near = open([](NearCacheOptions& o) { o.connections = 1; });
  for (int i = 0; i < 200; ++i) call({"SET", "k" + std::to_string(i), std::to_string(i)});
  support::run_threads(8, [&](int) {
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 200; ++i) {
        const std::string key = "k" + std::to_string(i);
        EXPECT_EQ(near->get(key).value_or("none"), std::to_string(i));
        EXPECT_EQ(near->strlen(key).value_or(0), std::to_string(i).size());
      }
    }
  });
  EXPECT_LE(near->stats().misses, 400u) << "one fetch for any number of callers";
}

TEST_F(NearFaultsTest, EndsWhileChangesCome) {
  for (int i = 0; i < 20; ++i) {
    const auto near = open();
    for (int k = 0; k < 20; ++k) EXPECT_TRUE(near->get("k" + std::to_string(k)).status().ok());
    for (int k = 0; k < 20; ++k) call({"INCR", "k" + std::to_string(k)});
  }
}

}  // namespace
}  // namespace larder
