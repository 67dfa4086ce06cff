// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A command that is printed can be read again: what a failure prints can be replayed.
#include <gtest/gtest.h>

#include "model/answer.h"
#include "model/command_generator.h"
#include "model/command_parser.h"
#include "support/depth.h"

namespace larder::model {
namespace {

TEST(Command, PrintedLinesAreReadAgain) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  RandomChoices choices(seed);
  CommandGenerator generator(choices, {.limits_change = true});
  std::uint64_t read = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Command command = generator.next();
    const std::string line = printable(command);
    if (line.find(" bytes from ") != std::string::npos || command.keys.size() > 1'000) continue;
    const auto again = parse(line);
    ASSERT_TRUE(again) << line;
    ASSERT_EQ(printable(*again), line);
    ASSERT_EQ(words_of(*again), words_of(command)) << line;
    ++read;
  }
  EXPECT_GT(read, 18'000u);
}

TEST(Command, ALineThatIsNoneIsRefused) {
  for (const char* line :
       {"", "GOT a", "GET", "SET a", "GET a b", "GETRANGE a 1", "INCRBY a x", "SET \"a b", "PEXPIRE a"}) {
    EXPECT_FALSE(parse(line)) << line;
  }
}

TEST(Command, LongValuesArePrintedAsWhatTheyRepeat) {
  EXPECT_EQ(printable(std::string(70'000, 'a')), "<70000 bytes of \"a\">");
  EXPECT_EQ(split_line("<5 bytes of \"ab\"> \"\\x00\\\"\""),
            (std::vector<std::string>{"ababa", std::string("\0\"", 2)}));
}

}  // namespace
}  // namespace larder::model
