// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace larder::endpoint {
namespace {

using Step = RequestParser::Step;
using Words = std::vector<std::string>;
using Requests = std::vector<Words>;

struct Parsed {
  Requests requests = {};
  std::string error = {};
  std::size_t left = 0;  // bytes of a request that is not whole
};

// Shows it the bytes in pieces of that size.
Parsed parse(std::string_view bytes, std::size_t piece, const RequestParser::Limits& limits = {}) {
  RequestParser parser;
  Parsed parsed;
  std::size_t from = 0;
  for (std::size_t to = 0; to < bytes.size();) {
    to = std::min(to + piece, bytes.size());
    for (;;) {
      const Step step = parser.next(bytes.substr(from, to - from), limits);
      if (step == Step::kMore) break;
      if (step == Step::kBroken) {
        parsed.error = parser.error();
        return parsed;
      }
      parsed.requests.emplace_back(parser.arguments().begin(), parser.arguments().end());
      from += parser.size();
    }
  }
  parsed.left = bytes.size() - from;
  return parsed;
}

// However the bytes come, the requests are the same.
Parsed parse_in_all_ways(std::string_view bytes, const RequestParser::Limits& limits = {}) {
  const Parsed whole = parse(bytes, bytes.size(), limits);
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 64u}) {
    const Parsed other = parse(bytes, piece, limits);
    EXPECT_EQ(other.requests, whole.requests) << "in pieces of " << piece;
    EXPECT_EQ(other.error, whole.error) << "in pieces of " << piece;
  }
  return whole;
}

std::string error_of(std::string_view bytes, const RequestParser::Limits& limits = {}) {
  const Parsed parsed = parse_in_all_ways(bytes, limits);
  constexpr std::string_view kPrefix = "ERR Protocol error: ";
  EXPECT_TRUE(parsed.error.empty() || parsed.error.starts_with(kPrefix)) << parsed.error;
  return parsed.error.empty() ? "" : parsed.error.substr(kPrefix.size());
}

TEST(RequestParser, ReadsArraysOfBulkStrings) {
  const std::string zero(1, '\0');
  EXPECT_EQ(parse_in_all_ways("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n").requests, (Requests{{"GET", "k"}}));
  EXPECT_EQ(parse_in_all_ways("*1\r\n$0\r\n\r\n").requests, (Requests{{""}}));
  EXPECT_EQ(parse_in_all_ways("*2\r\n$4\r\n\r\n$1\r\n$1\r\n" + zero + "\r\n").requests, (Requests{{"\r\n$1", zero}}));
}

TEST(RequestParser, ReadsPipelines) {
  std::string bytes;
  Requests expected;
  for (int i = 0; i < 100; ++i) {
    const std::string word(static_cast<std::size_t>(i), 'x');
    bytes += "*2\r\n$3\r\nSET\r\n$" + std::to_string(i) + "\r\n" + word + "\r\nPING " + std::to_string(i) + "\n";
    expected.push_back({"SET", word});
    expected.push_back({"PING", std::to_string(i)});
  }
  EXPECT_EQ(parse_in_all_ways(bytes).requests, expected);
}

TEST(RequestParser, EmptyRequestsHaveNoArguments) {
  EXPECT_EQ(parse_in_all_ways("*0\r\n*-1\r\n\r\n\n  \r\nPING\r\n").requests, (Requests{{}, {}, {}, {}, {}, {"PING"}}));
}

TEST(RequestParser, KeepsWhatIsNotWhole) {
  EXPECT_EQ(parse("*2\r\n$3\r\nGET\r\n$5\r\nab", 100).left, 19u);
  EXPECT_EQ(parse("PING", 100).left, 4u);
  EXPECT_EQ(parse("PING\r\nPI", 100).left, 2u);
}

TEST(RequestParser, ReadsLinesOfWords) {
  EXPECT_EQ(parse_in_all_ways("SET key value\r\n").requests, (Requests{{"SET", "key", "value"}}));
  EXPECT_EQ(parse_in_all_ways("  SET\tkey   value  \n").requests, (Requests{{"SET", "key", "value"}}));
  EXPECT_EQ(parse_in_all_ways("SET k \"a b\" 'c d' \"\" ''\n").requests,
            (Requests{{"SET", "k", "a b", "c d", "", ""}}));
  EXPECT_EQ(parse_in_all_ways("\"\\x41\\n\\r\\t\\b\\a\\\\\\\"\\q\\xzz\"\n").requests,
            (Requests{{"A\n\r\t\b\a\\\"qxzz"}}));
  EXPECT_EQ(parse_in_all_ways("'it\\'s' '\\n'\n").requests, (Requests{{"it's", "\\n"}}));
  EXPECT_EQ(parse_in_all_ways("a\"b c\"\n").requests, (Requests{{"ab c"}}));
}

TEST(RequestParser, QuotesThatDoNotCloseAreAnError) {
  EXPECT_EQ(error_of("SET \"k\r\n"), "unbalanced quotes in request");
  EXPECT_EQ(error_of("SET 'k\r\n"), "unbalanced quotes in request");
  EXPECT_EQ(error_of("SET \"k\"x\r\n"), "unbalanced quotes in request");
}

TEST(RequestParser, RefusesWhatIsNoLength) {
  for (const char* header : {"*a\r\n", "*\r\n", "* 1\r\n", "*01\r\n", "*1.0\r\n", "*2147483648\r\n"}) {
    EXPECT_EQ(error_of(header), "invalid multibulk length") << header;
  }
  for (const char* header : {"$a\r\n", "$\r\n", "$-1\r\n", "$ 1\r\n", "$99999999999\r\n", "$536870913\r\n"}) {
    EXPECT_EQ(error_of("*1\r\n" + std::string(header)), "invalid bulk length") << header;
  }
  EXPECT_EQ(error_of("*1\r\n:1\r\n"), "expected '$', got ':'");
  EXPECT_EQ(error_of("*1\r\n$1\r\nabc\r\n"), "no CRLF behind a bulk string");
}

TEST(RequestParser, RefusesLinesWithoutEnd) {
  const std::string long_line(RequestParser::kLineBytesMax + 1, '1');
  EXPECT_EQ(error_of(long_line), "too big inline request");
  EXPECT_EQ(error_of("*" + long_line), "too big mbulk count string");
  EXPECT_EQ(error_of("*1\r\n$" + long_line), "too big bulk count string");
}

TEST(RequestParser, KeepsToItsLimits) {
  const RequestParser::Limits low{.bulk_bytes_max = 4, .arguments_max = 2, .authenticated = false};
  EXPECT_EQ(error_of("*2\r\n$4\r\nabcd\r\n$0\r\n\r\n", low), "");
  EXPECT_EQ(error_of("*3\r\n", low), "unauthenticated multibulk length");
  EXPECT_EQ(error_of("*1\r\n$5\r\n", low), "unauthenticated bulk length");
}

TEST(RequestParser, AClaimCostsNothing) {
  RequestParser parser;
  const std::string claim = "*1048576\r\n$536870912\r\n";
  EXPECT_EQ(parser.next(claim, {}), Step::kMore);
  EXPECT_LT(parser.memory(), 1'000u);
  // And what was taken for a long request is given back with the next.
  std::string many = "*100000\r\n";
  for (int i = 0; i < 100'000; ++i) many += "$0\r\n\r\n";
  RequestParser other;
  ASSERT_EQ(other.next(many, {}), Step::kRequest);
  EXPECT_EQ(other.arguments().size(), 100'000u);
  EXPECT_LT(other.memory(), 8 * many.size());
  ASSERT_EQ(other.next("*1\r\n$4\r\nPING\r\n", {}), Step::kRequest);
  EXPECT_LT(other.memory(), 10'000u);
}

}  // namespace
}  // namespace larder::endpoint
