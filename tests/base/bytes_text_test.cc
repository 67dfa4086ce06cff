// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/bytes_text.h"

#include <gtest/gtest.h>

namespace larder::base {
namespace {

TEST(BytesText, HasThreeDigitsWhereItIsNoWholeNumber) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1'023), "1023 B");
  EXPECT_EQ(bytes_text(1'536), "1.50 KiB");
  EXPECT_EQ(bytes_text(64 << 20), "64 MiB");
  EXPECT_EQ(bytes_text((64 << 20) + (1 << 19)), "64.5 MiB");
  EXPECT_EQ(bytes_text((640ull << 20) + (1 << 19)), "640 MiB");
  EXPECT_EQ(bytes_text(std::uint64_t{5} << 60), "5 EiB");
  EXPECT_EQ(bytes_text(~std::uint64_t{0}), "16 EiB");
}

}  // namespace
}  // namespace larder::base
