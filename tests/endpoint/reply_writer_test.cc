// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/reply_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "larder/cache.h"

namespace larder::endpoint {
namespace {

template <typename Write>
std::string written(int protocol, Write&& write, std::int64_t replies = 1) {
  Output output;
  ReplyWriter reply(output, protocol);
  write(reply);
  EXPECT_EQ(reply.replies(), replies);
  return output.str();
}

template <typename Write>
void expect(std::string_view in_resp2, std::string_view in_resp3, Write&& write) {
  EXPECT_EQ(written(2, write), in_resp2);
  EXPECT_EQ(written(3, write), in_resp3);
}

TEST(ReplyWriter, SaysWhatBothProtocolsSayAlike) {
  const auto both = [](std::string_view text, auto&& write) { expect(text, text, write); };
  both("+OK\r\n", [](ReplyWriter& reply) { reply.ok(); });
  both(":-9223372036854775808\r\n",
       [](ReplyWriter& reply) { reply.integer(std::numeric_limits<std::int64_t>::min()); });
  both(":1\r\n", [](ReplyWriter& reply) { reply.integer(true); });
  both("$0\r\n\r\n", [](ReplyWriter& reply) { reply.bulk(""); });
  both("$4\r\na\r\nb\r\n", [](ReplyWriter& reply) { reply.bulk("a\r\nb"); });
  both("*0\r\n", [](ReplyWriter& reply) { reply.array(0); });
}

TEST(ReplyWriter, SaysTheRestInTheProtocolOfTheClient) {
  expect("$-1\r\n", "_\r\n", [](ReplyWriter& reply) { reply.null(); });
  expect("*-1\r\n", "_\r\n", [](ReplyWriter& reply) { reply.null_array(); });
  expect(":0\r\n", "#f\r\n", [](ReplyWriter& reply) { reply.boolean(false); });
  expect("$3\r\n1.5\r\n", ",1.5\r\n", [](ReplyWriter& reply) { reply.real(1.5); });
  expect("$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n", [](ReplyWriter& reply) { reply.verbatim("hi"); });
  expect("*2\r\n:1\r\n:2\r\n", "%1\r\n:1\r\n:2\r\n", [](ReplyWriter& reply) {
    reply.map(1);
    reply.integer(std::int64_t{1});
    reply.integer(std::int64_t{2});
  });
  expect("*1\r\n+a\r\n", "~1\r\n+a\r\n", [](ReplyWriter& reply) {
    reply.set(1);
    reply.status("a");
  });
}

TEST(ReplyWriter, APushIsNoReply) {
  const auto push = [](ReplyWriter& reply) {
    reply.push(1);
    reply.bulk("news");
  };
  EXPECT_EQ(written(3, push, 0), ">1\r\n$4\r\nnews\r\n");
}

TEST(ReplyWriter, TakesWhatWasWrittenElsewhere) {
  const auto set = [](ReplyWriter& reply) {
    Output elsewhere;
    ReplyWriter writer(elsewhere, 3);
    writer.integer(std::int64_t{1});
    writer.integer(std::int64_t{2});
    reply.set(2, std::move(elsewhere));
  };
  EXPECT_EQ(written(2, set), "*2\r\n:1\r\n:2\r\n");
  EXPECT_EQ(written(3, set), "~2\r\n:1\r\n:2\r\n");
}

TEST(ReplyWriter, RealNumbersAreTheShortestTextThatReadsBack) {
  EXPECT_EQ(format_real(0.1), "0.1");
  EXPECT_EQ(format_real(3), "3");
  EXPECT_EQ(format_real(1e17), "1e+17");
  EXPECT_EQ(format_real(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(ReplyWriter, AnErrorIsOneLine) {
  EXPECT_EQ(written(2, [](ReplyWriter& reply) { reply.error("ERR two\r\nlines"); }), "-ERR two  lines\r\n");
  Output output;
  ReplyWriter reply(output, 2);
  reply.error("WRONGTYPE of course");
  EXPECT_EQ(reply.errors(), 1u);
  EXPECT_EQ(reply.error_word(), "WRONGTYPE");
}

TEST(ReplyWriter, KnowsWhetherAReplyIsWhole) {
  Output output;
  ReplyWriter reply(output, 3);
  reply.array(2);
  reply.map(1);
  reply.bulk("a");
  EXPECT_EQ(reply.replies(), -1);
  reply.array(0);
  EXPECT_EQ(reply.replies(), -1);
  reply.null();
  EXPECT_EQ(reply.replies(), 1);
}

TEST(Output, KeepsLargePiecesAndHandlesWhereTheyAre) {
  Cache cache;
  const std::string large(100'000, 'x');
  cache.set("large", large);
  Output output;
  output.append("head ");
  output.append(*cache.pin("large"));
  output.append(std::string(50'000, 'y'));
  output.append("tail");
  EXPECT_EQ(output.size(), 150'009u);
  EXPECT_EQ(output.copied(), 50'009u);
  EXPECT_EQ(output.str(), "head " + large + std::string(50'000, 'y') + "tail");
  EXPECT_GE(cache.stats().bytes_pinned, 100'000u);
  output.clear();
  EXPECT_EQ(cache.stats().bytes_pinned, 0u);
  EXPECT_TRUE(output.empty());
}

TEST(Output, GathersSmallPieces) {
  Output output;
  for (int i = 0; i < 10'000; ++i) output.append("0123456789");
  EXPECT_EQ(output.size(), 100'000u);
  EXPECT_LE(output.chunks(), 2u);
  Output all;
  all.append("first ");
  all.append(std::move(output));
  EXPECT_EQ(all.size(), 100'006u);
  EXPECT_EQ(all.str().substr(0, 10), "first 0123");
}

}  // namespace
}  // namespace larder::endpoint
