// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/near_cache.h"

#include <atomic>
#include <cmath>
#include <csignal>

#include "near/near_fixture.h"
#include "support/run_threads.h"

namespace larder {
namespace {

class NearCacheTest : public NearFixture {
 protected:
  // Whether a read is answered without the server, the second time, and again asks it after a change.
  template <typename Read>
  void expect_kept(NearCache& near, const Read& read, const std::vector<std::string>& change) {
    const auto first = read();
    const std::uint64_t asked = near.stats().round_trips;
    EXPECT_EQ(read(), first);
    EXPECT_EQ(near.stats().round_trips, asked) << "asked the server again";
    call(change);
    EXPECT_TRUE(wait_until([&] { return read() != first; })) << change[0];
  }
};

TEST_F(NearCacheTest, AValueIsKeptUntilTheServerSaysThatItHasChanged) {
  const auto near = open();
  call({"SET", "user:42", "Ada"});
  expect_kept(*near, [&] { return near->get("user:42").value_or("none"); }, {"SET", "user:42", "Grace"});
  expect_kept(*near, [&] { return near->get("user:42").value_or("none"); }, {"DEL", "user:42"});
  expect_kept(*near, [&] { return near->get("user:42").value_or("none"); }, {"APPEND", "user:42", "Barbara"});
  EXPECT_GE(near->stats().invalidations, 2u);
}

TEST_F(NearCacheTest, WhatCommandsAnswerIsKeptUnderTheirKey) {
  const auto near = open();
  call({"HSET", "h", "a", "1", "b", "2"});
  call({"RPUSH", "l", "x", "y", "z"});
  call({"SADD", "s", "m", "n"});
  call({"ZADD", "z", "1", "one", "2.5", "two", "inf", "top"});
  call({"SET", "t", "text", "PX", "100000000"});
  const auto h = [&](auto read) { return [&near, read] { return read(*near); }; };
  expect_kept(*near, h([](NearCache& n) { return n.hget("h", "a").value_or("none"); }), {"HSET", "h", "a", "7"});
  expect_kept(*near, h([](NearCache& n) { return n.hget("h", "none").missing(); }), {"HSET", "h", "none", "7"});
  expect_kept(*near, h([](NearCache& n) { return *n.hmget("h", {"b", "none2"}); }), {"HSET", "h", "b", "7"});
  expect_kept(*near, h([](NearCache& n) { return *n.hget_all("h"); }), {"HDEL", "h", "b"});
  expect_kept(*near, h([](NearCache& n) { return *n.hlen("h"); }), {"HDEL", "h", "a"});
  expect_kept(*near, h([](NearCache& n) { return *n.lrange("l", 0, -1); }), {"LPUSH", "l", "w"});
  expect_kept(*near, h([](NearCache& n) { return *n.llen("l"); }), {"LPOP", "l"});
  expect_kept(*near, h([](NearCache& n) { return n.smembers("s")->size(); }), {"SADD", "s", "o"});
  expect_kept(*near, h([](NearCache& n) { return n.sis_member("s", "m").value_or(false); }), {"SREM", "s", "m"});
  expect_kept(*near, h([](NearCache& n) { return *n.scard("s"); }), {"SREM", "s", "n"});
  expect_kept(*near, h([](NearCache& n) { return *n.zrange("z", 0, -1); }), {"ZADD", "z", "3", "three"});
  expect_kept(*near, h([](NearCache& n) { return *n.zscore("z", "two"); }), {"ZADD", "z", "9", "two"});
  expect_kept(*near, h([](NearCache& n) { return *n.zrank("z", "two"); }), {"ZREM", "z", "one"});
  expect_kept(*near, h([](NearCache& n) { return *n.zcard("z"); }), {"DEL", "z"});
  expect_kept(*near, h([](NearCache& n) { return *n.strlen("t"); }), {"APPEND", "t", "s"});
  expect_kept(*near, h([](NearCache& n) { return n.ttl("t")->left.has_value(); }), {"PERSIST", "t"});
  expect_kept(*near, h([](NearCache& n) { return n.exists("t").value_or(false); }), {"DEL", "t"});
}

TEST_F(NearCacheTest, ZRangeHasAllItsForms) {
  const auto near = open();
  call({"ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d"});
  call({"ZADD", "names", "0", "ant", "0", "bee", "0", "cat", "0", "dog"});
  const auto members = [](const Result<ScoredMembers>& found) {
    std::string text;
    for (const auto& [member, score] : *found)
      text += std::string(member) + std::to_string(static_cast<int>(score)) + " ";
    return text;
  };
  EXPECT_EQ(members(near->zrange("z", 1, 2)), "b2 c3 ");
  EXPECT_EQ(members(near->zrange("z", 0, 1, {.rev = true})), "d4 c3 ");
  EXPECT_EQ(members(near->zrange("z", 0, -1, {.offset = 1, .limit = 2})), "b2 c3 ");
  EXPECT_EQ(members(near->zrange("z", ScoreRange{.min = 2, .max = 4, .max_open = true})), "b2 c3 ");
  EXPECT_EQ(members(near->zrange("z", ScoreRange{.max = 3}, {.rev = true, .offset = 1, .limit = 1})), "b2 ");
  EXPECT_EQ(members(near->zrange("names", NameRange{.min = "bee"})), "bee0 cat0 dog0 ");
  EXPECT_EQ(members(near->zrange("names", NameRange{.min = "ant", .max = "dog", .min_open = true}, {.rev = true})),
            "dog0 cat0 bee0 ");
  EXPECT_EQ(near->zrange("z", ScoreRange{.min = std::nan("")}).status().code(), ErrorCode::kNotAFloat);
}

TEST_F(NearCacheTest, WhatIsNotThereIsKeptToo) {
  const auto near = open();
  expect_kept(*near, [&] { return near->get("k").missing(); }, {"SET", "k", "v"});
  EXPECT_EQ(*near->get("k"), "v");
}

TEST_F(NearCacheTest, AKeyOfAnotherTypeIsAnErrorAndInMgetAMiss) {
  const auto near = open();
  call({"RPUSH", "list", "x"});
  EXPECT_EQ(near->get("list").status().code(), ErrorCode::kWrongType);
  EXPECT_TRUE(near->mget({"list"})[0].missing());
  EXPECT_EQ(near->get("list").status().code(), ErrorCode::kWrongType) << "mget left it as missing";
  EXPECT_EQ(near->hget("list", "x").status().code(), ErrorCode::kWrongType);
  EXPECT_EQ(near->incr("list").status().code(), ErrorCode::kWrongType);
  call({"SET", "text", "x"});
  EXPECT_EQ(near->incr("text").status().code(), ErrorCode::kNotAnInteger);
}

TEST_F(NearCacheTest, MgetAsksOnceForAllThatIsMissing) {
  const auto near = open();
  call({"MSET", "a", "1", "b", "2", "c", "3"});
  EXPECT_EQ(*near->get("b"), "2");
  const std::uint64_t asked = near->stats().round_trips;
  auto values = near->mget({"a", "b", "none", "c", "a"});
  EXPECT_EQ(near->stats().round_trips, asked + 1);
  EXPECT_EQ(*values[0], "1");
  EXPECT_EQ(*values[1], "2");
  EXPECT_TRUE(values[2].missing());
  EXPECT_EQ(*values[3], "3");
  EXPECT_EQ(*values[4], "1");
  values = near->mget({"a", "b", "none", "c"});
  EXPECT_EQ(near->stats().round_trips, asked + 1);
  call({"SET", "none", "some"});
  EXPECT_TRUE(wait_until([&] { return near->mget({"none"})[0].has_value(); }));
}

TEST_F(NearCacheTest, KeysMayHaveAnyBytes) {
  const auto near = open();
  for (const std::string& key : {std::string("\0", 1), std::string("\0s", 2), std::string("\0gk", 3), std::string(),
                                 std::string("k\r\n$0\r\n"), std::string(70'000, 'k')}) {
    EXPECT_TRUE(near->set(key, "v" + key).value_or(false));
    EXPECT_EQ(*near->get(key), "v" + key);
    EXPECT_EQ(*near->get(key), "v" + key);
    EXPECT_EQ(*near->strlen(key), key.size() + 1);
    EXPECT_EQ(*near->mget({key})[0], "v" + key);
    EXPECT_TRUE(near->del(key).value_or(false));
    EXPECT_TRUE(near->get(key).missing());
  }
}

// R6.
TEST_F(NearCacheTest, OwnWritesAreSeenAtOnce) {
  const auto near = open();
  for (int i = 0; i < 300; ++i) {
    EXPECT_TRUE(near->set("k", std::to_string(i)).value_or(false));
    ASSERT_EQ(*near->get("k"), std::to_string(i));
    ASSERT_EQ(*near->hset("h", {{"n", std::to_string(i)}}), i == 0 ? 1u : 0u);
    ASSERT_EQ(*near->hget("h", "n"), std::to_string(i));
  }
  EXPECT_FALSE(near->set("k", "x", {.condition = SetOptions::If::kAbsent}).value_or(true));
  EXPECT_TRUE(near->set("k", "1", {.ttl = 1h}).value_or(false));
  EXPECT_EQ(near->ttl("k")->left.has_value(), true);
  EXPECT_EQ(*near->incr("k"), 2);
  EXPECT_EQ(*near->get("k"), "2");
  EXPECT_EQ(*near->rpush("l", {"a", "b"}), 2u);
  EXPECT_EQ(*near->lpop("l"), "a");
  EXPECT_EQ(*near->llen("l"), 1u);
  EXPECT_EQ(*near->sadd("s", {"m"}), 1u);
  EXPECT_TRUE(near->sis_member("s", "m").value_or(false));
  EXPECT_EQ(*near->zadd("z", {{"m", 0.1}}), 1u);
  EXPECT_EQ(*near->zscore("z", "m"), 0.1);
  EXPECT_EQ(*near->zincr_by("z", "m", 0.2), 0.1 + 0.2);
  EXPECT_TRUE(near->mset({{"k", "9"}, {"k2", "8"}}).ok());
  EXPECT_EQ(*near->get("k2"), "8");
  EXPECT_EQ(*near->del({"k", "k2", "none"}), 2u);
  EXPECT_TRUE(near->get("k2").missing());
}

// R7.
TEST_F(NearCacheTest, NoCopyOutlivesTheKeyOrTheMaximum) {
  ManualClock clock;
  const auto near = open([&](NearCacheOptions& o) {
    o.max_age = 60s;
    o.cache.clock = &clock;
  });
  call({"SET", "long", "v"});
  call({"SET", "short", "v", "PX", "30000"});
  call({"HSET", "hash", "f", "v"});
  call({"PEXPIRE", "hash", "30000"});
  const auto asks = [&](auto read) {
    const std::uint64_t asked = near->stats().round_trips;
    read();
    return near->stats().round_trips != asked;
  };
  const auto get_long = [&] { EXPECT_EQ(*near->get("long"), "v"); };
  const auto get_short = [&] { EXPECT_EQ(*near->get("short"), "v"); };
  const auto get_field = [&] { EXPECT_EQ(*near->hget("hash", "f"), "v"); };
  get_long();
  get_short();
  get_field();
  EXPECT_FALSE(asks(get_long) || asks(get_short) || asks(get_field));
  const Milliseconds left = *near->ttl("short")->left;
  clock.advance(10s);
  EXPECT_EQ(*near->ttl("short")->left, left - 10s);
  clock.advance(20s + 1ms);
  EXPECT_TRUE(asks(get_short));
  EXPECT_TRUE(asks(get_field));
  EXPECT_FALSE(asks(get_long));
  clock.advance(30s);
  EXPECT_TRUE(asks(get_long));
}

// R12.
TEST_F(NearCacheTest, AWriteInAnotherDatabaseIsReportedToo) {
  const auto near = open();
  call({"SET", "k", "v"});
  EXPECT_EQ(*near->get("k"), "v");
  const std::uint64_t asked = near->stats().round_trips;
  call({"SELECT", "1"});
  call({"SET", "k", "w"});
  EXPECT_TRUE(wait_until([&] { return near->stats().invalidations == 1; }));
  EXPECT_EQ(*near->get("k"), "v") << "of its own database";
  EXPECT_EQ(near->stats().round_trips, asked + 1);
  const auto there = open([](NearCacheOptions& o) { o.database = 1; });
  EXPECT_EQ(*there->get("k"), "w");
}

TEST_F(NearCacheTest, AnyCommandIsKeptOrDropsItsKeys) {
  const auto near = open();
  call({"GEOADD", "places", "13.36", "38.11", "a", "15.08", "37.50", "b"});
  expect_kept(*near,
              [&] {
                return near->command({"geodist", "places", "a", "b"})->text;
              },
              {"GEOADD", "places", "14", "38", "a"});
  EXPECT_TRUE(near->set("k", "v").value_or(false));
  EXPECT_EQ(near->get("k").value_or(""), "v");
  EXPECT_EQ(near->command({"SETRANGE", "k", "1", "w"})->integer, 2);
  EXPECT_EQ(near->get("k").value_or(""), "vw");
  EXPECT_EQ(near->command({"EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", "1", "k", "script"})->text, "OK");
  EXPECT_EQ(near->get("k").value_or(""), "script");
  EXPECT_EQ(near->command({"OBJECT", "ENCODING", "k"})->text, "embstr");
  EXPECT_EQ(near->command({"NOSUCH", "k"}).status().code(), ErrorCode::kServerError);
  EXPECT_EQ(near->command({"GET"}).status().code(), ErrorCode::kInvalidArgument);
  for (const char* refused : {"BLPOP", "subscribe", "MULTI", "SELECT", "CLIENT", "AUTH", "WAIT"}) {
    EXPECT_EQ(near->command({refused, "x", "0"}).status().code(), ErrorCode::kInvalidArgument) << refused;
  }
  const std::uint64_t asked = near->stats().round_trips;
  near->command({"SRANDMEMBER", "none"}).status();
  near->command({"SRANDMEMBER", "none"}).status();
  EXPECT_GE(near->stats().round_trips, asked + 2) << "what is drawn is not kept";
}

// R11.
TEST_F(NearCacheTest, CopiesStayWithinTheBound) {
  const auto near = open([](NearCacheOptions& o) { o.cache.max_memory = 1_MiB; });
  const std::string value(1'000, 'v');
  for (int i = 0; i < 3'000; ++i) {
    const std::string key = "k" + std::to_string(i);
    EXPECT_TRUE(near->set(key, value).value_or(false));
    EXPECT_EQ(*near->get(key), value);
    EXPECT_EQ(*near->strlen(key), 1'000u);
  }
  EXPECT_LE(near->stats().cache.bytes_used, 1_MiB);
  EXPECT_GT(near->stats().cache.removed(RemovalCause::kEvicted), 1'000u);
}

TEST_F(NearCacheTest, OptionsThatMakeNoSenseAreNamedAndNoServerIsAnError) {
  NearCacheOptions wrong = options();
  wrong.connections = 0;
  wrong.heartbeat = 0ms;
  const Status status = NearCache::open(wrong).status();
  EXPECT_EQ(status.code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(status.message().find("connections"), std::string_view::npos);
  EXPECT_NE(status.message().find("heartbeat"), std::string_view::npos);
  NearCacheOptions nobody = options();
  nobody.unix_path += ".none";
  EXPECT_EQ(NearCache::open(nobody).status().code(), ErrorCode::kDisconnected);
  NearCacheOptions stranger = options();
  stranger.username = "nobody";
  stranger.password = "x";
  const Status refused = NearCache::open(stranger).status();
  EXPECT_EQ(refused.code(), ErrorCode::kDisconnected);
  EXPECT_NE(refused.message().find("WRONGPASS"), std::string_view::npos) << refused.message();
}

TEST_F(NearCacheTest, WhatRedisHasNotIsLoadedOnceOverAllPrograms) {
  constexpr int kPrograms = 4;
  std::vector<std::unique_ptr<NearCache>> programs;
  for (int i = 0; i < kPrograms; ++i) programs.push_back(open());
  std::atomic<int> loads{0};
  support::run_threads(2 * kPrograms, [&](int i) {
    const auto loaded = programs[static_cast<std::size_t>(i / 2)]->get_or_load(
        "k",
        [&] {
          ++loads;
          wait_until([&] { return programs[0]->stats().cache.loads_in_flight != 0; });
          return std::string("value");
        },
        {.ttl = 1h});
    EXPECT_EQ(loaded.value_or("none"), "value");
  });
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(call({"GET", "k"}), "$5\r\nvalue\r\n");
  EXPECT_GT(std::stoll(call({"PTTL", "k"}).substr(1)), 3'500'000);
  EXPECT_EQ(call({"EXISTS", "larder:load:{k}"}), ":0\r\n");
  EXPECT_TRUE(wait_until([&] { return programs[1]->get("k").value_or("none") == "value"; }));
  const std::uint64_t asked = programs[1]->stats().round_trips;
  EXPECT_EQ(*programs[1]->get_or_load("k", [] { return larder::Loaded("loaded"); }), "value");
  EXPECT_EQ(programs[1]->stats().round_trips, asked);
}

TEST_F(NearCacheTest, AWriteWhileItIsLoadedWinsAndADeletionEndsTheLoad) {
  const auto near = open();
  const auto other = open();
  const auto load_while = [&](const std::string& key, auto happens) {
    return near->get_or_load(key, [&] {
      happens();
      return std::string("loaded");
    });
  };
  EXPECT_EQ(*load_while("k", [&] { call({"SET", "k", "written"}); }), "loaded");
  EXPECT_EQ(call({"GET", "k"}), "$7\r\nwritten\r\n");
  EXPECT_TRUE(wait_until([&] { return near->get("k").value_or("none") == "written"; }));
  EXPECT_EQ(*load_while("k2", [&] { EXPECT_FALSE(other->del("k2").value_or(true)); }), "loaded");
  EXPECT_EQ(call({"EXISTS", "k2"}), ":0\r\n") << "what was loaded before the deletion";
  EXPECT_TRUE(near->get("k2").missing());
  // What fails, or finds nothing, leaves nothing behind.
  EXPECT_EQ(near->get_or_load("k3", [] { return Status(ErrorCode::kLoadFailed, "no"); }).status().code(),
            ErrorCode::kLoadFailed);
  EXPECT_TRUE(near->get_or_load("k3", [] { return std::optional<std::string>(); }).missing());
  EXPECT_EQ(near->get_or_load("k3", []() -> std::string { throw 1; }).status().code(), ErrorCode::kLoaderThrew);
  EXPECT_EQ(call({"EXISTS", "larder:load:{k3}", "k3"}), ":0\r\n");
  EXPECT_EQ(near->get_or_load("k3", [] { return "v"; }, {.load_max = 0ms}).status().code(),
            ErrorCode::kInvalidArgument);
  // A program that died while it loaded is waited for as long as it asked for.
  call({"SET", "larder:load:{k4}", "somebody's", "PX", "100"});
  EXPECT_EQ(*near->get_or_load("k4", [] { return "v"; }), "v");
  EXPECT_EQ(call({"GET", "k4"}), "$1\r\nv\r\n");
  // Without Redis each loads for itself.
  server_.process().stop(SIGKILL);
  EXPECT_TRUE(wait_until([&] { return !near->stats().connected; }));
  EXPECT_EQ(*near->get_or_load("k5", [] { return "v"; }), "v");
}

TEST_F(NearCacheTest, StatisticsAreText) {
  const auto near = open();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(near->get("k").missing());
  call({"SET", "k", "v"});
  EXPECT_TRUE(wait_until([&] { return near->stats().invalidations == 1; }));
  const NearCacheStats stats = near->stats();
  EXPECT_EQ(stats.hits, 2u);
  EXPECT_EQ(stats.misses, 1u);
  EXPECT_EQ(stats.connections, 3u);
  EXPECT_EQ(stats.round_trip.count, 1u);
  const std::string info = stats.to_redis_info();
  for (const char* line : {"# Near\r\n", "\r\nlarder_near_connected:1\r\n", "\r\nlarder_near_misses:1\r\n",
                           "\r\nlarder_near_flushed_no_pong:0\r\n", "\r\nkeyspace_hits:2\r\n"}) {
    EXPECT_NE(info.find(line), std::string::npos) << line << " in " << info;
  }
  const std::string text = stats.to_prometheus("l1");
  for (const char* line : {"\nlarder_near_invalidations_total{cache=\"l1\"} 1\n",
                           "\nlarder_near_flushes_total{cache=\"l1\",cause=\"connection_lost\"} 0\n",
                           "\nlarder_near_round_trip_seconds_count{cache=\"l1\"} 1\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << " in " << text;
  }
}

TEST_F(NearCacheTest, AUserOfItsOwnNeedsFewRights) {
  call({"ACL", "SETUSER", "near", "on", ">secret", "~*", "&__redis__:invalidate", "-@all", "+get", "+set", "+mget",
        "+pttl", "+client", "+command", "+ping", "+select", "+subscribe"});
  const auto near = open([](NearCacheOptions& o) {
    o.username = "near";
    o.password = "secret";
  });
  EXPECT_TRUE(near->set("k", "v").value_or(false));
  EXPECT_EQ(*near->get("k"), "v");
  EXPECT_EQ(near->del("k").status().code(), ErrorCode::kServerError);
}

#ifdef LARDER_EXAMPLE
TEST_F(NearCacheTest, TheExampleAndTheDemonstrationRun) {
  EXPECT_EQ(servers::run_program({.words = {LARDER_EXAMPLE, server_.socket_path()}}), "");
  EXPECT_EQ(servers::run_program(
                {.words = {LARDER_NEAR, "--redis", server_.socket_path(), "--seconds", "1", "--keys", "100"}}),
            "");
  EXPECT_EQ(call({"DBSIZE"}), ":1\r\n") << "but for what the example wrote";
}
#endif

}  // namespace
}  // namespace larder
