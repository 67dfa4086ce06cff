// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Replies of a length that a few bytes of a request choose, over the wire.
#include "endpoint/gathered_reply.h"

#include "endpoint/endpoint_fixture.h"

namespace larder::endpoint {
namespace {

constexpr const char* kTooLong = "-ERR the reply would have more than 64 MiB\r\n";

class GatheredReplies : public EndpointFixture {
 protected:
  void SetUp() override { start(); }
};

TEST_F(GatheredReplies, CountsOfDrawsHaveALimit) {
  WireClient one = client();
  one.call({"SADD", "s", "a"});
  one.call({"HSET", "h", "f", "v"});
  one.call({"ZADD", "z", "1", "a"});
  for (const std::string count : {"-4611686018427387903", "-1000000000", "-11184811"}) {
    EXPECT_EQ(one.call({"SRANDMEMBER", "s", count}), kTooLong);
    EXPECT_EQ(one.call({"HRANDFIELD", "h", count}), kTooLong);
    EXPECT_EQ(one.call({"HRANDFIELD", "h", count, "WITHVALUES"}), kTooLong);
    EXPECT_EQ(one.call({"ZRANDMEMBER", "z", count}), kTooLong);
    EXPECT_EQ(one.call({"ZRANDMEMBER", "z", count, "WITHSCORES"}), kTooLong);
    EXPECT_EQ(one.call({"ZRANDMEMBER", "none", count}), "*0\r\n");
    EXPECT_TRUE(one.call({"ZRANDMEMBER", "s", count}).starts_with("-WRONGTYPE"));
    EXPECT_EQ(one.call({"SRANDMEMBER", "none", count}), "*0\r\n");
    EXPECT_EQ(one.call({"HRANDFIELD", "none", count}), "*0\r\n");
    EXPECT_TRUE(one.call({"HRANDFIELD", "s", count}).starts_with("-WRONGTYPE"));
    EXPECT_TRUE(one.call({"SRANDMEMBER", "h", count}).starts_with("-WRONGTYPE"));
  }
  EXPECT_EQ(one.call({"SRANDMEMBER", "s", "-9223372036854775807"}), kTooLong);
  EXPECT_EQ(one.call({"SRANDMEMBER", "s", "-2"}), "*2\r\n" + bulk("a") + bulk("a"));
  EXPECT_EQ(one.call({"ZRANDMEMBER", "z", "-9223372036854775807"}), kTooLong);
  EXPECT_EQ(one.call({"ZRANDMEMBER", "z", "-2"}), "*2\r\n" + bulk("a") + bulk("a"));
  EXPECT_EQ(one.call({"ZRANDMEMBER", "z", "-2", "WITHSCORES"}),
            "*4\r\n" + bulk("a") + bulk("1") + bulk("a") + bulk("1"));
  EXPECT_EQ(one.call({"SRANDMEMBER", "s", "9223372036854775807"}), "*1\r\n" + bulk("a"));
  EXPECT_EQ(one.call({"HRANDFIELD", "h", "-2", "WITHVALUES"}),
            "*4\r\n" + bulk("f") + bulk("v") + bulk("f") + bulk("v"));
  one.call({"HELLO", "3"});
  EXPECT_EQ(one.call({"HRANDFIELD", "h", "-1", "WITHVALUES"}), "*1\r\n*2\r\n" + bulk("f") + bulk("v"));
  EXPECT_EQ(one.call({"ZRANDMEMBER", "z", "-1", "WITHSCORES"}), "*1\r\n*2\r\n" + bulk("a") + ",1\r\n");
}

TEST_F(GatheredReplies, AreRefusedWhereTheyGetTooLong) {
  WireClient one = client();
  const std::string long_member(1 << 20, 'x');
  one.call({"SADD", "s", long_member});
  EXPECT_EQ(one.call({"SRANDMEMBER", "s", "-100"}), kTooLong);
  EXPECT_EQ(one.call({"SRANDMEMBER", "s", "-2"}), "*2\r\n" + bulk(long_member) + bulk(long_member));
  for (int i = 0; i < 65; ++i) one.call({"SADD", "t", std::to_string(i) + long_member});
  EXPECT_EQ(one.call({"SUNION", "s", "t"}), kTooLong);
  EXPECT_EQ(one.call({"SDIFF", "t", "s"}), kTooLong);
  EXPECT_EQ(one.call({"SINTERCARD", "2", "t", "t"}), ":65\r\n");
  EXPECT_EQ(one.call({"PING"}), kPong);
}

// They run on another thread, and are answered in their order.
TEST_F(GatheredReplies, SetsOfSeveralKeysAnswerInOrder) {
  for (const bool resp3 : {false, true}) {
    WireClient one = client();
    if (resp3) one.call({"HELLO", "3"});
    const std::string set = resp3 ? "~" : "*";
    one.call({"SADD", "a", "1", "2"});
    one.call({"SADD", "b", "2"});
    ASSERT_TRUE(one.send(request({"SINTER", "a", "b"}) + request({"SDIFF", "a", "b"}) +
                         request({"SUNION", "b", "none"}) + request({"SINTER", "a", "none"}) +
                         request({"SINTERCARD", "2", "a", "b"}) + request({"PING"})));
    EXPECT_EQ(one.reply(), set + "1\r\n" + bulk("2"));
    EXPECT_EQ(one.reply(), set + "1\r\n" + bulk("1"));
    EXPECT_EQ(one.reply(), set + "1\r\n" + bulk("2"));
    EXPECT_EQ(one.reply(), set + "0\r\n");
    EXPECT_EQ(one.reply(), ":1\r\n");
    EXPECT_EQ(one.reply(), kPong);
  }
}

}  // namespace
}  // namespace larder::endpoint
