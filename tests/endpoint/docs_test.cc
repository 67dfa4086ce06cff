// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The table of commands in docs/endpoint.md is that of the endpoint. With LARDER_WRITE_DOCS it is written there.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "endpoint/command_table.h"

namespace larder::endpoint {
namespace {

TEST(EndpointDocs, TheTableOfCommandsIsUpToDate) {
  const std::string begin = "<!-- commands -->\n";
  const std::string end = "<!-- end of commands -->\n";
  std::ifstream in(LARDER_ENDPOINT_DOCS);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t from = text.find(begin);
  const std::size_t to = text.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  const std::string wanted = commands_as_markdown() + "\n";
  const std::string found = text.substr(from + begin.size(), to - from - begin.size());
  if (std::getenv("LARDER_WRITE_DOCS") != nullptr) {
    text.replace(from + begin.size(), found.size(), wanted);
    std::ofstream(LARDER_ENDPOINT_DOCS) << text;
    return;
  }
  EXPECT_EQ(found, wanted) << "to write it: LARDER_WRITE_DOCS=1 with this test";
}

}  // namespace
}  // namespace larder::endpoint
