// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "commands/glob.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace larder::commands {
namespace {

struct Case {
  std::string_view pattern;
  std::string_view text;
  bool matches;
};

void expect(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    EXPECT_EQ(glob_matches(one.pattern, one.text), one.matches) << one.pattern << " on " << one.text;
  }
}

using namespace std::string_view_literals;

TEST(Glob, WithoutSpecialBytesIsEquality) {
  expect({{"", "", true},
          {"", "a", false},
          {"a", "", false},
          {"abc", "abc", true},
          {"abc", "ab", false},
          {"ab", "abc", false},
          {"abc", "abd", false},
          {"abc", "ABC", false},
          {"a]-^b", "a]-^b", true},
          {"a\0b"sv, "a\0b"sv, true},
          {"a\0b"sv, "a\0c"sv, false}});
}

TEST(Glob, AQuestionMarkIsOneByte) {
  expect({{"?", "a", true},
          {"?", "", false},
          {"?", "ab", false},
          {"a?c", "a?c", true},
          {"a?c", "a\0c"sv, true},
          {"?", "\xff", true},
          {"?", "\xc3\xa9", false},  // a letter of two bytes
          {"??", "\xc3\xa9", true}});
}

TEST(Glob, ASetIsOneByteOfSeveral) {
  expect({{"[abc]", "b", true},
          {"[abc]", "d", false},
          {"[abc]", "", false},
          {"[abc]", "ab", false},
          {"[a-c]", "b", true},
          {"[a-c]", "d", false},
          {"[c-a]", "b", true},
          {"[a-cx-z]", "y", true},
          {"[^a-c]", "d", true},
          {"[^a-c]", "b", false},
          {"[^]", "a", true},
          {"[]", "]", false},
          {"[a^]", "^", true},
          {"[-a]", "-", true},
          {"[*?]", "*", true},
          {"[*?]", "x", false},
          {"[[]", "[", true},
          {"[\\]]", "]", true},
          {"[\\^a]", "^", true},
          {"[a\\-c]", "b", false},
          {"[a\\-c]", "-", true},
          {"[\\\\]", "\\", true},
          {"[\x80-\x8f]", "\x85", true},
          {"[\x80-\x8f]", "\x90", false},
          {"[\x80-\x8f]", "a", false},
          {"x[ab]y", "xby", true}});
}

// As Redis has it: a minus between two bytes is a range, even if the second is a bracket; and a set that is not closed
// ends with the pattern.
TEST(Glob, OddSetsAreReadAsRedisReadsThem) {
  expect({{"[a-]", "a", true},
          {"[a-]", "_", true},
          {"[a-]", "-", false},
          {"[a-]x]", "`", true},
          {"[ab", "b", true},
          {"[ab", "c", false},
          {"[^ab", "c", true},
          {"[", "a", false},
          {"[^", "a", true},
          {"[a-", "-", true},
          {"[\\", "\\", true}});
}

TEST(Glob, ABackslashTakesTheNextByteAsItIs) {
  expect({{"\\*", "*", true},
          {"\\*", "a", false},
          {"\\?", "?", true},
          {"\\[a]", "[a]", true},
          {"\\a", "a", true},
          {"\\\\", "\\", true},
          {"a\\", "a\\", true},
          {"a\\", "a", false},
          {"*\\*", "ab*", true},
          {"*\\*", "ab", false}});
}

TEST(Glob, AStarTriesEveryLength) {
  expect({{"*", "", true},
          {"*", "anything \0 at all"sv, true},
          {"a*", "a", true},
          {"*a", "ba", true},
          {"*a", "ab", false},
          {"a**b", "ab", true},
          {"*ab*ab*", "abab", true},
          {"*ab*ab*", "aba", false},
          {"*[0-9]", "a1b22", true},
          {"*[0-9]x", "1x2y3x", true},
          {"user:*:name", "user:42:name", true},
          {"user:*:name", "user:42:name:", false}});
}

// The definition, as short as can be.
bool by_definition(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return by_definition(pattern.substr(1), text) || (!text.empty() && by_definition(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         by_definition(pattern.substr(1), text.substr(1));
}

std::vector<std::string> all_words(std::string_view letters, std::size_t length_max) {
  std::vector<std::string> words{""};
  for (std::size_t i = 0; i < words.size() && words[i].size() < length_max; ++i) {
    for (const char letter : letters) words.push_back(words[i] + letter);
  }
  return words;
}

TEST(Glob, AgreesWithTheDefinitionOnEveryShortPatternAndText) {
  const std::vector<std::string> texts = all_words("ab", 6);
  for (const std::string& pattern : all_words("ab*?", 5)) {
    for (const std::string& text : texts) {
      ASSERT_EQ(glob_matches(pattern, text), by_definition(pattern, text)) << pattern << " on " << text;
    }
  }
}

TEST(Glob, TakesItsTimeButNotForever) {
  std::string stars;
  for (int i = 0; i < 1'000; ++i) stars += "*a";
  EXPECT_FALSE(glob_matches(stars + "b", std::string(10'000, 'a')));
  EXPECT_TRUE(glob_matches(stars, std::string(10'000, 'a')));
}

}  // namespace
}  // namespace larder::commands
