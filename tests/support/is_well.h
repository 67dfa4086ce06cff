// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// For checks that answer with what is wrong, over several lines, and with nothing if nothing is.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace larder::support {

// EXPECT_TRUE(support::is_well(check()));
inline testing::AssertionResult is_well(const std::string& what_is_wrong) {
  if (what_is_wrong.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\n" << what_is_wrong;
}

}  // namespace larder::support
