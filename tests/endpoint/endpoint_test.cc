// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// An endpoint as its host program and its clients see it.
#include "larder/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "endpoint/endpoint_fixture.h"

namespace larder::endpoint {
namespace {

using namespace std::chrono_literals;

class EndpointTest : public EndpointFixture {};

std::string why_not(const EndpointOptions& options) { return std::string(options.validate().message()); }

// --- Options --------------------------------------------------------------------------------------------------------

TEST(EndpointOptionsTest, AllThatIsWrongIsSaidAtOnce) {
  EXPECT_EQ(why_not({}), "endpoint: neither port nor unix_socket is set: where to listen?");
  EndpointOptions options;
  options.port = 0;
  EXPECT_EQ(why_not(options), "");
  options.bind = "elsewhere";
  options.limits.connections_max = 0;
  options.limits.bulk_bytes_max = 512_MiB;
  const std::string text = why_not(options);
  for (const char* part : {"bind is no IPv4 or IPv6 address", "limits.connections_max is not from 1 to 1000000",
                           "limits.request_bytes_max is below limits.bulk_bytes_max"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in: " << text;
  }
}

TEST(EndpointOptionsTest, OtherMachinesComeInOnlyByOptionAndPassword) {
  for (const char* address : {"0.0.0.0", "192.0.2.1", "::", "2001:db8::1"}) {
    EndpointOptions options;
    options.port = 0;
    options.bind = address;
    EXPECT_NE(why_not(options).find("allow_remote (--allow-remote) is not set"), std::string::npos) << address;
    EXPECT_NE(why_not(options).find("password (--requirepass) is not set"), std::string::npos) << address;
    options.allow_remote = true;
    EXPECT_NE(why_not(options).find("password (--requirepass) is not set"), std::string::npos) << address;
    options.password = "secret";
    EXPECT_EQ(why_not(options), "") << address;
  }
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "localhost"}) {
    EndpointOptions options;
    options.port = 0;
    options.bind = address;
    EXPECT_EQ(why_not(options), "") << address;
  }
}

// --- Life -----------------------------------------------------------------------------------------------------------

TEST_F(EndpointTest, ListensAtAFreePortAndAtASocketOfMode0600) {
  start();
  ASSERT_NE(endpoint_->port(), 0);
  EXPECT_EQ(WireClient(endpoint_->port()).call({"PING"}), kPong);
  EXPECT_EQ(WireClient(path_).call({"PING"}), kPong);
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(EndpointTest, StopClosesAndMayBeCalledTwice) {
  start();
  WireClient one = client();
  EXPECT_EQ(one.call({"PING"}), kPong);
  endpoint_->stop();
  EXPECT_TRUE(one.is_closed());
  EXPECT_FALSE(client().connected());
  EXPECT_NE(access(path_.c_str(), F_OK), 0) << "the socket is left";
  endpoint_->stop();
}

TEST_F(EndpointTest, APortOrPathThatIsTakenIsAnError) {
  start();
  EndpointOptions options = open_options();
  options.port = endpoint_->port();
  auto second = Endpoint::start(*cache_, options);
  EXPECT_EQ(second.status().code(), ErrorCode::kInvalidArgument) << second.status().to_string();
  options.port = {};
  options.unix_socket = path_;
  second = Endpoint::start(*cache_, options);
  EXPECT_EQ(second.status().code(), ErrorCode::kInvalidArgument) << second.status().to_string();
  EXPECT_EQ(call({"PING"}), kPong) << "the first one is not disturbed";
  options.unix_socket = folder_.path() + "/a_file";
  std::ofstream(options.unix_socket) << "not a socket";
  second = Endpoint::start(*cache_, options);
  EXPECT_THAT(second.status().to_string(), testing::HasSubstr("is no socket")) << "a file is not replaced";
}

TEST_F(EndpointTest, SeveralEndpointsMayStandAroundOneCache) {
  start();
  EndpointOptions options;
  options.port = 0;
  const auto second = Endpoint::start(*cache_, options);
  ASSERT_TRUE(second);
  EXPECT_EQ(call({"SET", "k", "v"}), kOk);
  EXPECT_EQ(WireClient((*second)->port()).call({"GET", "k"}), bulk("v"));
  EXPECT_TRUE(WireClient((*second)->port()).call({"SET", "k", "w"}).starts_with("-READONLY"));
}

TEST_F(EndpointTest, AClosedCacheIsAnError) {
  start();
  cache_->close();
  EXPECT_TRUE(call({"GET", "k"}).starts_with("-ERR closed"));
  EXPECT_TRUE(call({"SET", "k", "v"}).starts_with("-ERR closed"));
  EXPECT_EQ(call({"PING"}), kPong);
}

// A removal listener that runs in the endpoint's own thread stops it.
TEST_F(EndpointTest, MayBeStoppedFromWithin) {
  Options options;
  options.on_removal = [&](std::string_view, std::string_view, RemovalCause) { endpoint_->stop(); };
  start(open_options(), options);
  WireClient one = client();
  EXPECT_EQ(one.call({"SET", "k", "v"}), kOk);
  one.send(request({"DEL", "k"}));
  EXPECT_TRUE(one.is_closed());
  endpoint_.reset();
  EXPECT_EQ(*cache_->exists("k"), false);
}

// --- Protocols ------------------------------------------------------------------------------------------------------

TEST_F(EndpointTest, SpeaksBothProtocols) {
  start();
  WireClient one = client();
  EXPECT_EQ(one.call({"GET", "absent"}), kNil);
  EXPECT_TRUE(one.call({"HELLO"}).starts_with("*14\r\n$6\r\nserver\r\n"));
  EXPECT_TRUE(one.call({"HELLO", "3"}).starts_with("%7\r\n$6\r\nserver\r\n"));
  EXPECT_EQ(one.call({"GET", "absent"}), "_\r\n");
  EXPECT_EQ(one.call({"CONFIG", "GET", "appendonly"}), "%1\r\n" + bulk("appendonly") + bulk("no"));
  EXPECT_TRUE(one.call({"INFO", "server"}).starts_with("="));
  EXPECT_EQ(one.call({"HELLO", "4"}), "-NOPROTO unsupported protocol version\r\n");
  EXPECT_EQ(one.call({"RESET"}), "+RESET\r\n");
  EXPECT_EQ(one.call({"GET", "absent"}), kNil);
}

TEST_F(EndpointTest, TakesLinesOfWords) {
  start();
  WireClient one = client();
  ASSERT_TRUE(one.send("SET k \"a b\"\r\nGET k\nPING\r\n\r\n"));
  EXPECT_EQ(one.reply(), kOk);
  EXPECT_EQ(one.reply(), bulk("a b"));
  EXPECT_EQ(one.reply(), kPong);
}

TEST_F(EndpointTest, AnswersAPipelineInOrder) {
  start();
  WireClient one = client();
  std::string pipeline;
  constexpr int kCommands = 5'000;  // more than have their turn at once
  for (int i = 0; i < kCommands; ++i) {
    pipeline += request({"SET", "k", std::to_string(i)}) + request({"GET", "k"});
    // One that runs on another thread, while what comes after it waits.
    if (i % 1000 == 0) pipeline += request({"KEYS", "*"});
  }
  ASSERT_TRUE(one.send(pipeline));
  for (int i = 0; i < kCommands; ++i) {
    ASSERT_EQ(one.reply(), kOk) << i;
    ASSERT_EQ(one.reply(), bulk(std::to_string(i)));
    if (i % 1000 == 0) {
      ASSERT_EQ(one.reply(), "*1\r\n" + bulk("k"));
    }
  }
}

TEST_F(EndpointTest, QuitAnswersAndCloses) {
  start();
  WireClient one = client();
  ASSERT_TRUE(one.send("SET k v\r\nQUIT\r\nSET k w\r\n"));
  EXPECT_EQ(one.reply(), kOk);
  EXPECT_EQ(one.reply(), kOk);
  EXPECT_TRUE(one.is_closed());
  EXPECT_EQ(call({"GET", "k"}), bulk("v"));
}

TEST_F(EndpointTest, WhatIsNoProtocolIsAnsweredAndClosed) {
  start();
  WireClient one = client();
  ASSERT_TRUE(one.send("*1\r\n:4\r\n"));
  EXPECT_EQ(one.reply(), "-ERR Protocol error: expected '$', got ':'\r\n");
  EXPECT_TRUE(one.is_closed());
  WireClient browser = client();
  ASSERT_TRUE(browser.send("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET k evil\r\n"));
  EXPECT_EQ(browser.reply(), "");
  EXPECT_EQ(call({"GET", "k"}), kNil);
}

TEST_F(EndpointTest, WhoHasSentAllGetsAllReplies) {
  start();
  const std::string value(3'000'000, 'x');
  ASSERT_TRUE(cache_->set("k", value).ok());
  WireClient one = client();
  one.take_little();
  ASSERT_TRUE(one.send("GET k\r\nPING\r\nGET k\r\n"));
  one.finish_sending();
  EXPECT_EQ(one.reply(), bulk(value));
  EXPECT_EQ(one.reply(), kPong);
  EXPECT_EQ(one.reply(), bulk(value));
  EXPECT_TRUE(one.is_closed());
}

TEST_F(EndpointTest, LargeValuesAreNotCopied) {
  start();
  const std::string large(10'000'000, 'x');
  ASSERT_TRUE(cache_->set("large", large).ok());
  WireClient one = client();
  EXPECT_EQ(one.call({"GET", "large"}), bulk(large));
  EXPECT_EQ(one.call({"SET", "large", large + "y"}), kOk);
  EXPECT_EQ(one.call({"STRLEN", "large"}), ":10000001\r\n");
  EXPECT_EQ(one.call({"GETRANGE", "large", "0", "1000000"}), bulk(large.substr(0, 1'000'001)));
}

TEST_F(EndpointTest, RepliesMayBeOffOrSkipped) {
  start();
  WireClient one = client();
  ASSERT_TRUE(one.send("CLIENT REPLY OFF\r\nPING\r\nSET k v\r\nCLIENT REPLY ON\r\nGET k\r\n"));
  EXPECT_EQ(one.reply(), kOk);
  EXPECT_EQ(one.reply(), bulk("v"));
  ASSERT_TRUE(one.send("CLIENT REPLY SKIP\r\nKEYS *\r\nGET k\r\n"));
  EXPECT_EQ(one.reply(), bulk("v"));
}

// --- Who may do what ------------------------------------------------------------------------------------------------

TEST_F(EndpointTest, OnlyReadsUnlessAsked) {
  EndpointOptions options;
  options.port = 0;
  start(options);
  cache_->set("k", "v");
  WireClient one = client();
  EXPECT_EQ(one.call({"GET", "k"}), bulk("v"));
  for (const Words& words : std::vector<Words>{{"SET", "k", "w"},
                                               {"DEL", "k"},
                                               {"FLUSHALL"},
                                               {"EXPIRE", "k", "1"},
                                               {"GETEX", "k"},
                                               {"CONFIG", "SET", "maxmemory", "1mb"}}) {
    EXPECT_TRUE(one.call(words).starts_with("-READONLY ")) << words[0];
  }
  EXPECT_EQ(*cache_->get("k"), "v");
}

TEST_F(EndpointTest, AsksForThePassword) {
  EndpointOptions options = open_options();
  options.password = "open sesame";
  start(options);
  WireClient one = client();
  EXPECT_EQ(one.call({"PING"}), "-NOAUTH Authentication required.\r\n");
  EXPECT_TRUE(one.call({"HELLO", "3"}).starts_with("-NOAUTH HELLO must be called"));
  for (const char* wrong : {"", "open", "open sesamE", "open sesame!", "open sesameopen sesame"}) {
    EXPECT_TRUE(one.call({"AUTH", wrong}).starts_with("-WRONGPASS")) << wrong;
  }
  EXPECT_TRUE(one.call({"AUTH", "somebody", "open sesame"}).starts_with("-WRONGPASS"));
  EXPECT_EQ(one.call({"AUTH", "open sesame"}), kOk);
  EXPECT_EQ(one.call({"PING"}), kPong);
  EXPECT_EQ(one.call({"RESET"}), "+RESET\r\n");
  EXPECT_TRUE(one.call({"PING"}).starts_with("-NOAUTH"));
  EXPECT_TRUE(one.call({"HELLO", "3", "AUTH", "default", "open sesame", "SETNAME", "me"}).starts_with("%7"));
  EXPECT_EQ(one.call({"CLIENT", "GETNAME"}), bulk("me"));
  EXPECT_EQ(one.call({"CONFIG", "GET", "requirepass"}), "%1\r\n" + bulk("requirepass") + bulk(""));
  // Nor does the slow log tell it.
  EXPECT_EQ(one.call({"CONFIG", "SET", "slowlog-log-slower-than", "0"}), kOk);
  EXPECT_EQ(one.call({"AUTH", "open sesame"}), kOk);
  EXPECT_EQ(one.call({"SLOWLOG", "GET"}).find("sesame"), std::string::npos);
}

TEST_F(EndpointTest, BeforeThePasswordLittleIsTaken) {
  EndpointOptions options = open_options();
  options.password = "secret";
  options.limits.authentication_max = 100ms;
  start(options);
  WireClient many = client();
  ASSERT_TRUE(many.send("*11\r\n"));
  EXPECT_EQ(many.reply(), "-ERR Protocol error: unauthenticated multibulk length\r\n");
  WireClient large = client();
  ASSERT_TRUE(large.send("*1\r\n$16385\r\n"));
  EXPECT_EQ(large.reply(), "-ERR Protocol error: unauthenticated bulk length\r\n");
  WireClient silent = client();
  EXPECT_TRUE(silent.is_closed());
}

TEST_F(EndpointTest, DebugIsForThoseWhoAskForIt) {
  start();
  EXPECT_TRUE(call({"DEBUG", "SLEEP", "0"}).starts_with("-ERR DEBUG command not allowed"));
  EndpointOptions options = open_options();
  options.debug_commands = true;
  start(options);
  EXPECT_EQ(call({"DEBUG", "SLEEP", "0"}), kOk);
  EXPECT_EQ(call({"DEBUG", "SET-ACTIVE-EXPIRE", "0"}), kOk);
  EXPECT_EQ(call({"SET", "k", "12"}), kOk);
  EXPECT_NE(call({"DEBUG", "OBJECT", "k"}).find("encoding:int"), std::string::npos);
}

TEST_F(EndpointTest, ALookLeavesNoTrace) {
  EndpointOptions options = open_options();
  options.reads = EndpointOptions::Reads::kLook;
  start(options);
  cache_->set("k", "v");
  const std::uint64_t hits = cache_->stats().hits;
  EXPECT_EQ(call({"GET", "k"}), bulk("v"));
  EXPECT_EQ(call({"MGET", "k", "absent"}), "*2\r\n" + bulk("v") + kNil);
  EXPECT_EQ(call({"STRLEN", "k"}), ":1\r\n");
  EXPECT_EQ(cache_->stats().hits, hits);
  start();
  cache_->set("k", "v");
  EXPECT_EQ(call({"GET", "k"}), bulk("v"));
  EXPECT_EQ(cache_->stats().hits, 1u);
}

}  // namespace
}  // namespace larder::endpoint
