// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "commands/numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace larder::commands {
namespace {

using namespace std::string_view_literals;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

TEST(FormatInteger, IsReadBackAsTheSame) {
  EXPECT_EQ(format_integer(0).view(), "0");
  EXPECT_EQ(format_integer(kMin).view(), "-9223372036854775808");
  EXPECT_EQ(format_integer(kMax).view(), "9223372036854775807");
  std::int64_t power = 1;
  for (int digits = 1; digits <= 18; ++digits, power *= 10) {
    for (const std::int64_t number : {power - 1, power, power + 1, -power + 1, -power, -power - 1}) {
      EXPECT_EQ(parse_integer(format_integer(number).view()), number);
    }
  }
}

TEST(ParseFloat, TakesWhatStrtoldTakes) {
  const struct {
    std::string_view text;
    long double number;
  } cases[] = {{"0", 0},
               {"-0", 0},
               {"1.5", 1.5L},
               {"+1.5", 1.5L},
               {".5", 0.5L},
               {"5.", 5},
               {"1e3", 1'000},
               {"1E-2", 0.01L},
               {"0x10", 16},
               {"0x1p-1", 0.5L},
               {"007", 7},
               {"-2.5e+2", -250},
               {"9007199254740993", 9007199254740993.0L}};
  for (const auto& one : cases) EXPECT_EQ(parse_float(one.text), one.number) << one.text;
  EXPECT_TRUE(std::isinf(parse_float("inf").value_or(0)));
  EXPECT_TRUE(std::isinf(parse_float("-Infinity").value_or(0)));
  EXPECT_GT(parse_float("1e4932").value_or(0), 0);   // beyond any double
  EXPECT_GT(parse_float("1e-4940").value_or(0), 0);  // below the smallest normal number
}

TEST(ParseFloat, RefusesEverythingElse) {
  for (const std::string_view text :
       {""sv,      " 1"sv,   "\t1"sv,    "\n1"sv, "1 "sv,     "1\n"sv,     "1\0"sv,    "\0"sv, "1\0002"sv,
        "nan"sv,   "-NaN"sv, "nan(1)"sv, "1e"sv,  "1e+"sv,    "e5"sv,      "."sv,      "-"sv,  "--1"sv,
        "1.2.3"sv, "1,5"sv,  "0x"sv,     "abc"sv, "1e4933"sv, "-1e5000"sv, "1e-5000"sv}) {
    EXPECT_EQ(parse_float(text), std::nullopt) << "'" << text << "'";
  }
}

// Longer than any number that means something, and never a write beyond a buffer.
TEST(ParseFloat, RefusesTextsOfFiveKibibytes) {
  EXPECT_EQ(parse_float("1." + std::string(5 * 1024 - 3, '0')), 1);
  EXPECT_EQ(parse_float("1." + std::string(5 * 1024 - 2, '0')), std::nullopt);
  EXPECT_EQ(parse_float(std::string(100'000, '0')), std::nullopt);
}

TEST(ParseDouble, TakesWhatStrtodTakes) {
  const struct {
    std::string_view text;
    double number;
  } cases[] = {{"0", 0},
               {"-0", 0},
               {"+1.5", 1.5},
               {".5", 0.5},
               {"5.", 5},
               {"0x10", 16},
               {"007", 7},
               {"0.1", 0.1},
               {"1e17", 1e17},
               {"4.9e-324", 4.9e-324},
               {"1.7976931348623157e308", 1.7976931348623157e308},
               {"9007199254740993", 9007199254740992.0}};  // the nearest
  for (const auto& one : cases) {
    EXPECT_EQ(parse_double(one.text), one.number) << one.text;
    EXPECT_EQ(parse_bound(one.text), one.number) << one.text;
  }
  for (const std::string_view text : {"inf", "+inf", "Infinity", "INF"}) {
    EXPECT_TRUE(std::isinf(parse_double(text).value_or(0))) << text;
    EXPECT_TRUE(std::isinf(parse_bound(text).value_or(0))) << text;
  }
  EXPECT_EQ(parse_double("-inf"), -HUGE_VAL);
  EXPECT_EQ(parse_bound("-inf"), -HUGE_VAL);
}

TEST(ParseDouble, RefusesEverythingElse) {
  for (const std::string_view text : {""sv, " 1"sv, "1 "sv, "1\0"sv, "nan"sv, "-nan"sv, "1e"sv, "."sv, "--1"sv, "1,5"sv,
                                      "0x"sv, "1e400"sv, "-1e400"sv, "1e-400"sv, "abc"sv}) {
    EXPECT_EQ(parse_double(text), std::nullopt) << "'" << text << "'";
  }
  EXPECT_EQ(parse_double("+" + std::string(100'000, '0')), std::nullopt);
}

TEST(ParseBound, IsLessStrict) {
  EXPECT_EQ(parse_bound(""), 0);
  EXPECT_EQ(parse_bound(" 1"), 1);
  EXPECT_EQ(parse_bound("1\0002"sv), 1);
  EXPECT_EQ(parse_bound("1e400"), HUGE_VAL);
  EXPECT_EQ(parse_bound("1e-400"), 0);
  for (const std::string_view text : {"1 "sv, "nan"sv, "1x"sv, "abc"sv, "("sv, "."sv}) {
    EXPECT_EQ(parse_bound(text), std::nullopt) << "'" << text << "'";
  }
  EXPECT_EQ(parse_bound(std::string(100'000, '0')), std::nullopt);
}

TEST(FormatFloat, IsFixedNotationWithoutZerosAtTheEnd) {
  const struct {
    long double number;
    const char* text;
  } cases[] = {{0.0L, "0"},
               {-0.0L, "0"},
               {1.0L, "1"},
               {-1.0L, "-1"},
               {100.0L, "100"},
               {0.5L, "0.5"},
               {-2.25L, "-2.25"},
               {0.1L, "0.1"},
               {1e-17L, "0.00000000000000001"},
               {1e-18L, "0"},
               {-1e-18L, "0"},
               {123456789.125L, "123456789.125"},
               {1e20L, "100000000000000000000"},
               {9223372036854775807.0L, "9223372036854775807"}};
  for (const auto& one : cases) EXPECT_EQ(format_float(one.number), one.text);
}

TEST(FormatFloat, WritesTheLargestOutInFull) {
  const std::string text = format_float(std::numeric_limits<long double>::max());
  EXPECT_EQ(text.size(), 4'933u);
  EXPECT_EQ(text.find_first_not_of("0123456789"), std::string::npos);
  EXPECT_EQ(parse_float(text), std::numeric_limits<long double>::max());
  EXPECT_EQ(format_float(std::numeric_limits<long double>::lowest()), "-" + text);
}

}  // namespace
}  // namespace larder::commands
