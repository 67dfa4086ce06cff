// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The fuzz targets of the endpoint as unit tests.
#include <gtest/gtest.h>

#include "fuzz/requests_target.h"
#include "fuzz/run_all.h"

namespace larder::fuzz {
namespace {

TEST(FuzzEndpoint, Requests) {
  run_all([](const Bytes& bytes) { return run_requests(bytes); }, support::count(3'000, 300'000), 2'000);
}

// With what makes a request, so that more of them are whole.
TEST(FuzzEndpoint, RequestsOfParts) {
  const auto target = [](const Bytes& bytes) {
    static const char* const kParts[] = {"*1\r\n", "*2\r\n", "*-1\r\n", "$1\r\n", "$3\r\n", "$0\r\n",
                                         "\r\n",   "a",      "abc",     "\"",     "'",      " ",
                                         "\n",     "*0\r\n", "\\x41",   "$-1\r\n"};
    Bytes text = {0, 0};
    for (const std::uint8_t byte : bytes) {
      for (const char* c = kParts[byte % std::size(kParts)]; *c != '\0'; ++c) {
        text.push_back(static_cast<std::uint8_t>(*c));
      }
    }
    return run_requests(text);
  };
  run_all(target, support::count(3'000, 300'000), 300);
}

TEST(FuzzEndpoint, Replies) {
  run_all([](const Bytes& bytes) { return run_replies(bytes); }, support::count(300, 30'000), 4'000);
}

}  // namespace
}  // namespace larder::fuzz
