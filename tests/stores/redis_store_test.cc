// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/stores/redis_store.h"

#include <hiredis/hiredis.h>

#include "servers/redis_server.h"
#include "servers/slow_link.h"
#include "stores/trying.h"

namespace larder::stores {
namespace {

using namespace std::chrono_literals;
using servers::RedisServer;

class RedisStoreTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(server_.failure(), ""); }
  ~RedisStoreTest() override { disconnect(); }

  void disconnect() {
    if (other_ != nullptr) redisFree(other_);
    other_ = nullptr;
  }
  RedisStoreOptions options() const { return {.unix_path = server_.socket_path()}; }
  std::shared_ptr<RedisStore> open(const RedisStoreOptions& options) {
    auto store = RedisStore::open(options);
    EXPECT_TRUE(store.ok()) << store.status().to_string();
    return store.ok() ? *store : nullptr;
  }
  std::shared_ptr<RedisStore> open() { return open(options()); }
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

  RedisServer server_{RedisServer::Keeps::kEachWrite};
  redisContext* other_ = nullptr;
};

TEST_F(RedisStoreTest, Conforms) {
  expect_conforms({.open = [&] { return open(); },
                   .stop = [&] { server_.process().stop(SIGKILL); },
                   .start = [&] { server_.start(); }});
  RedisStoreOptions other = options();
  other.key_prefix = "other:";
  other.connections_max = 1;
  expect_conforms({.open = [&] { return open(other); }, .key_prefix = ""});
  EXPECT_EQ(call({"DBSIZE"}), "0");
}

TEST_F(RedisStoreTest, ServesACache) { expect_serves_a_cache(open()); }

TEST_F(RedisStoreTest, OtherClientsReadAndWriteTheSameStrings) {
  RedisStoreOptions prefixed = options();
  prefixed.key_prefix = "p:";
  const auto store = open(prefixed);
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
  Mutation list = put("k", "x");
  list.type = ValueType::kNone;
  EXPECT_EQ(write_one(*store, list).outcome, Outcome::kNever);
}

TEST_F(RedisStoreTest, OptionsAndServersThatCannotBeUsedAreSaidAtOpen) {
  RedisStoreOptions wrong = options();
  wrong.connections_max = 0;
  EXPECT_EQ(RedisStore::open(wrong).status().code(), ErrorCode::kInvalidArgument);
  wrong = options();
  wrong.command_timeout = 0ms;
  EXPECT_EQ(RedisStore::open(wrong).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(RedisStore::open({.host = ""}).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(RedisStore::open({.unix_path = server_.socket_path() + ".no"}).status().code(), ErrorCode::kStoreFailed);
  wrong = options();
  wrong.database = 99;
  EXPECT_EQ(RedisStore::open(wrong).status().code(), ErrorCode::kStoreFailed);
  call({"ACL", "SETUSER", "larder", "on", ">secret", "~*", "+@all"});
  call({"ACL", "SETUSER", "weak", "on", ">secret", "~*", "+@all", "-client|kill"});
  RedisStoreOptions user = options();
  user.username = "larder";
  user.password = "secret";
  EXPECT_TRUE(RedisStore::open(user).ok());
  user.password = "guess";
  EXPECT_EQ(RedisStore::open(user).status().code(), ErrorCode::kStoreFailed);
  user.password = "secret";
  user.username = "weak";
  const Status weak = RedisStore::open(user).status();
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

TEST_F(RedisStoreTest, AConnectionThatEndedWhileIdleIsReplaced) {
  const auto store = open();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(write_one(*store, put("k", std::to_string(i))).outcome, Outcome::kDone);
    call({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
    EXPECT_EQ(read(*store, "k"), std::to_string(i));
    call({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  }
}

// What was sent is delivered long after it was given up.
TEST_F(RedisStoreTest, AWriteThatTimedOutNeverComesLater) {
  servers::SlowLink link(server_.socket_path() + ".link", server_.socket_path());
  RedisStoreOptions hasty = options();
  hasty.unix_path = link.path();
  hasty.command_timeout = 100ms;
  const auto store = open(hasty);
  EXPECT_EQ(write_one(*store, put("k", "old")).outcome, Outcome::kDone);
  link.hold();
  for (const auto& result : write(*store, {put("k", "given up", 5), put("l", "given up", 5)})) {
    EXPECT_EQ(result.outcome, Outcome::kUnknown);
  }
  EXPECT_EQ(read(*store, "k"), "old");
  EXPECT_EQ(write_one(*store, put("k", "later")).outcome, Outcome::kDone);
  link.release();
  EXPECT_EQ(call({"GET", "k"}), "later") << "a write was carried out after it was reported";
  EXPECT_EQ(call({"GET", "l"}), "(nil)");
}

TEST_F(RedisStoreTest, NothingIsReadOrWrittenBeforeAWriteInDoubtHasEnded) {
  RedisStoreOptions hasty = options();
  hasty.command_timeout = 100ms;
  hasty.connect_timeout = 100ms;
  const auto store = open(hasty);
  for (int i = 0; i < 3; ++i) {
    write_one(*store, put("k", "old"));
    server_.process().send(SIGSTOP);
    EXPECT_EQ(write_one(*store, put("k", "in doubt")).outcome, Outcome::kUnknown);
    EXPECT_EQ(write_one(*store, put("k", "too early")).outcome, Outcome::kRetry);
    EXPECT_EQ(read(*store, "k"), "(failed)");
    server_.process().send(SIGCONT);
    ASSERT_TRUE(support::wait_until([&] { return write_one(*store, put("k", "later")).outcome == Outcome::kDone; }));
    EXPECT_EQ(call({"GET", "k"}), "later");
    EXPECT_EQ(call({"GET", "k"}), "later");
  }
}

TEST_F(RedisStoreTest, WhatIsAcknowledgedSurvivesKills) {
  const auto store = open();
  expect_survives_kills(
      *store, [&] { server_.process().stop(SIGKILL); }, [&] { server_.start(); });
}

}  // namespace
}  // namespace larder::stores
