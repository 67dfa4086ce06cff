// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/stores/redis_store.h"

#include <hiredis/hiredis.h>

#include "servers/redis_server.h"
#include "servers/slow_link.h"
#include "stores/every_server.h"

namespace larder::stores {
namespace {

using servers::RedisServer;

class RedisStoreTest : public ServerTest<RedisStore, RedisStoreOptions, RedisServer> {
 protected:
  RedisStoreTest() : ServerTest(RedisServer::Keeps::kEachWrite) {}
  ~RedisStoreTest() override {
    if (other_ != nullptr) redisFree(other_);
  }

  RedisStoreOptions options() const override { return {.unix_path = server_.socket_path()}; }
  RedisStoreOptions elsewhere() const override {
    return {.unix_path = server_.socket_path(), .key_prefix = "other:", .connections_max = 1};
  }
  std::string count_elsewhere() override { return call({"DBSIZE"}); }
  RedisStoreOptions hasty() const override {
    return {.unix_path = server_.socket_path(), .connect_timeout = 100ms, .command_timeout = 100ms};
  }
  void end_connections() override { call({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}); }
  void halt() override { server_.process().send(SIGSTOP); }
  void go_on() override { server_.process().send(SIGCONT); }
  std::string theirs(const std::string& key) override { return call({"GET", key}); }
  // Another client's command, as text.
  std::string call(const std::vector<std::string>& words) {
    if (other_ == nullptr) other_ = redisConnectUnix(server_.socket_path().c_str());
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    auto* reply =
        static_cast<redisReply*>(redisCommandArgv(other_, static_cast<int>(words.size()), texts.data(), sizes.data()));
    if (reply == nullptr) return "(broken)";
    std::string text = reply->type == REDIS_REPLY_INTEGER ? std::to_string(reply->integer)
                       : reply->type == REDIS_REPLY_NIL   ? "(nil)"
                       : reply->str == nullptr            ? ""
                                                          : std::string(reply->str, reply->len);
    freeReplyObject(reply);
    return text;
  }

  redisContext* other_ = nullptr;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Redis, EveryStore, RedisStoreTest);
INSTANTIATE_TYPED_TEST_SUITE_P(Redis, EveryServer, RedisStoreTest);

TEST_F(RedisStoreTest, OtherClientsReadAndWriteTheSameStrings) {
  const auto store = open([](auto& options) { options.key_prefix = "p:"; });
  Mutation ends = put("k", "value");
  ends.expires_at = UnixTime(4'102'444'800'123ms);  // in the year 2100
  EXPECT_EQ(write_one(*store, ends).outcome, Outcome::kDone);
  EXPECT_EQ(call({"GET", "p:k"}), "value");
  EXPECT_EQ(call({"PEXPIRETIME", "p:k"}), "4102444800123");
  call({"SET", "p:k", "theirs"});
  EXPECT_EQ(read(*store, "k"), "theirs");
  EXPECT_FALSE(store->load("k")->expires_at.has_value());
  ends.expires_at = UnixTime(-5ms);  // Redis knows no such time
  EXPECT_EQ(write_one(*store, ends).outcome, Outcome::kDone);
  EXPECT_EQ(read(*store, "k"), "(none)");
}

TEST_F(RedisStoreTest, CollectionsAreHashesOfTwoFields) {
  const auto store = open();
  Mutation set = put("set", "\1\1\1x");
  set.type = ValueType::kSet;
  set.expires_at = UnixTime(4'102'444'800'123ms);
  EXPECT_EQ(write_one(*store, set).outcome, Outcome::kDone);
  EXPECT_EQ(call({"TYPE", "set"}), "hash");
  EXPECT_EQ(call({"HGET", "set", "larder.type"}), "4");
  EXPECT_EQ(call({"HGET", "set", "larder.bytes"}), "\1\1\1x");
  EXPECT_EQ(call({"PEXPIRETIME", "set"}), "4102444800123");
  EXPECT_EQ(store->load("set")->type, ValueType::kSet);
  call({"HSET", "set", "larder.type", "42"});
  EXPECT_EQ(store->load("set").status().code(), ErrorCode::kStoreFailed);
  call({"HDEL", "set", "larder.bytes"});
  EXPECT_NE(store->load("set").status().message().find("WRONGTYPE"), std::string::npos) << "a hash of others";
  EXPECT_EQ(write_one(*store, set).outcome, Outcome::kDone) << "whatever it was";
  write_one(*store, put("k", "v"));
  call({"CONFIG", "SET", "maxmemory", "1"});
  const WriteResult full = write_one(*store, set);
  EXPECT_EQ(full.outcome, Outcome::kRetry);
  EXPECT_NE(full.error.message().find("OOM"), std::string::npos) << full.error.to_string();
  call({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(store->load("set")->bytes, "\1\1\1x");
}

TEST_F(RedisStoreTest, WhatIsNoStringIsAnErrorOfItsKeyAlone) {
  const auto store = open();
  call({"RPUSH", "list", "x"});
  call({"SET", "k", "v"});
  const std::string_view keys[] = {"k", "list", "absent"};
  std::vector<Lookup<StoredValue>> found(3);
  store->load_many(keys, found);
  EXPECT_EQ(found[0]->bytes, "v");
  EXPECT_EQ(found[1].status().code(), ErrorCode::kStoreFailed);
  EXPECT_NE(found[1].status().message().find("WRONGTYPE"), std::string::npos);
  EXPECT_TRUE(found[2].missing());
}

TEST(RedisStoreOptionsTest, AllThatMakeNoSenseAreNamedAtOnce) {
  const Status status = RedisStore::open({.host = "",
                                          .username = "larder",
                                          .connections_max = 0,
                                          .connect_timeout = 0ms,
                                          .command_timeout = 0ms,
                                          .value_bytes_max = 0})
                            .status();
  EXPECT_EQ(status.code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "options: neither host nor unix_path is set; "
            "username is set, and password is not; "
            "connections_max is 0; "
            "connect_timeout is not from 1 ms to 24 days; "
            "command_timeout is not from 1 ms to 24 days; "
            "value_bytes_max is 0");
}

TEST_F(RedisStoreTest, ServersThatCannotBeUsedAreSaidAtOpen) {
  EXPECT_EQ(why_not([](auto& options) { options.unix_path += ".no"; }).code(), ErrorCode::kStoreFailed);
  EXPECT_EQ(why_not([](auto& options) { options.database = 99; }).code(), ErrorCode::kStoreFailed);
  call({"ACL", "SETUSER", "larder", "on", ">secret", "~*", "+@all"});
  call({"ACL", "SETUSER", "weak", "on", ">secret", "~*", "+@all", "-client|kill"});
  const auto why_not_as = [&](const char* user, const char* password) {
    return why_not([&](auto& options) {
      options.username = user;
      options.password = password;
    });
  };
  EXPECT_TRUE(why_not_as("larder", "secret").ok());
  EXPECT_EQ(why_not_as("larder", "guess").code(), ErrorCode::kStoreFailed);
  const Status weak = why_not_as("weak", "secret");
  EXPECT_NE(weak.message().find("CLIENT KILL"), std::string_view::npos) << weak.to_string();
}

TEST_F(RedisStoreTest, WhatTheServerRefusesIsToBeRetried) {
  const auto store = open();
  write_one(*store, put("k", "old"));
  call({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(write_one(*store, put("k", "new")).outcome, Outcome::kRetry);
  for (const auto& result : write(*store, {put("a", "1", 7), put("b", "2", 7), put("c", "3")})) {
    EXPECT_EQ(result.outcome, Outcome::kRetry);
    EXPECT_NE(result.error.message().find("OOM"), std::string::npos) << result.error.to_string();
  }
  EXPECT_EQ(read(*store, "k"), "old");
  call({"CONFIG", "SET", "maxmemory", "0"});
  call({"CONFIG", "SET", "min-replicas-to-write", "1"});
  EXPECT_EQ(write_one(*store, put("k", "new")).outcome, Outcome::kRetry);
  call({"CONFIG", "SET", "min-replicas-to-write", "0"});
  EXPECT_EQ(write_one(*store, put("k", "new")).outcome, Outcome::kDone);
}

TEST_F(RedisStoreTest, ALongValueAboveTheServersLimitIsNeverWritten) {
  const auto store = open();
  call({"CONFIG", "SET", "proto-max-bulk-len", "1mb"});
  const std::string large(2 << 20, 'x');
  EXPECT_NE(write_one(*store, put("k", large)).outcome, Outcome::kDone);
  EXPECT_EQ(read(*store, "k"), "(none)");
  EXPECT_EQ(write_one(*store, put("k", "small")).outcome, Outcome::kDone);
}

// What was sent is delivered long after it was given up.
TEST_F(RedisStoreTest, AWriteThatTimedOutNeverComesLater) {
  servers::SlowLink link(server_.socket_path() + ".link", server_.socket_path());
  const auto store = open([&](auto& options) {
    options.unix_path = link.path();
    options.command_timeout = 100ms;
  });
  EXPECT_EQ(write_one(*store, put("k", "old")).outcome, Outcome::kDone);
  link.hold();
  EXPECT_EQ(outcomes(write(*store, {put("k", "given up", 5), put("l", "given up", 5)})), "unknown unknown");
  EXPECT_EQ(read(*store, "k"), "old");
  EXPECT_EQ(write_one(*store, put("k", "later")).outcome, Outcome::kDone);
  link.release();
  EXPECT_EQ(call({"GET", "k"}), "later") << "a write was carried out after it was reported";
  EXPECT_EQ(call({"GET", "l"}), "(nil)");
}

}  // namespace
}  // namespace larder::stores
