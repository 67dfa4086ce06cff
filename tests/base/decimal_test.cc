// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/decimal.h"

#include <gtest/gtest.h>

#include <string>

namespace larder::base {
namespace {

TEST(ParseDecimal, TakesDigitsWithOrWithoutAPoint) {
  EXPECT_EQ(parse_decimal("0"), 0);
  EXPECT_EQ(parse_decimal("12"), 12);
  EXPECT_EQ(parse_decimal("0.1"), 0.1);
  EXPECT_EQ(parse_decimal("007.50"), 7.5);
  EXPECT_EQ(parse_decimal("1" + std::string(30, '0')), 1e30);
}

TEST(ParseDecimal, RefusesEverythingElse) {
  for (const std::string text : {"", ".", "1.", ".5", "1.2.3", "-1", "+1", " 1", "1 ", "1e3", "1.5e3", "0x10", "inf",
                                 "nan", "1,5", "1_000", "1.-5"}) {
    EXPECT_EQ(parse_decimal(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_decimal(std::string("1\0", 2)), std::nullopt);
  EXPECT_EQ(parse_decimal("1" + std::string(400, '0')), std::nullopt);
}

}  // namespace
}  // namespace larder::base
