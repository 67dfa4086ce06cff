// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/integers.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace larder::base {
namespace {

using namespace std::string_view_literals;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

TEST(ParseInteger, TakesTheOneCanonicalForm) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("7"), 7);
  EXPECT_EQ(parse_integer("-1"), -1);
  EXPECT_EQ(parse_integer("1000"), 1'000);
  EXPECT_EQ(parse_integer("9223372036854775807"), kMax);
  EXPECT_EQ(parse_integer("-9223372036854775808"), kMin);
}

TEST(ParseInteger, RefusesEverythingElse) {
  for (const std::string_view text : {""sv,
                                      "-"sv,
                                      "+1"sv,
                                      "-0"sv,
                                      "00"sv,
                                      "01"sv,
                                      "-01"sv,
                                      "1 "sv,
                                      " 1"sv,
                                      "1\n"sv,
                                      "1\0"sv,
                                      "\0"sv,
                                      "--1"sv,
                                      "1-"sv,
                                      "1.0"sv,
                                      "1e3"sv,
                                      "0x1"sv,
                                      "a"sv,
                                      "1a"sv,
                                      "\xd9\xa1"sv,
                                      "9223372036854775808"sv,
                                      "-9223372036854775809"sv,
                                      "99999999999999999999"sv,
                                      "111111111111111111111"sv,
                                      "-1111111111111111111111111"sv}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << "'" << text << "'";
  }
  EXPECT_EQ(parse_integer(std::string(70'000, '1')), std::nullopt);
}

}  // namespace
}  // namespace larder::base
