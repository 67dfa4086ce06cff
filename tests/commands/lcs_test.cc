// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "base/random.h"
#include "commands/every_call.h"
#include "larder/strings.h"
#include "support/cache_fixture.h"

namespace larder {

static void PrintTo(const LcsMatch& match, std::ostream* out) {
  *out << match.a_first << "-" << match.a_last << "/" << match.b_first << "-" << match.b_last << ":" << match.length;
}
static bool operator==(const LcsMatch& x, const LcsMatch& y) {
  return std::tie(x.a_first, x.a_last, x.b_first, x.b_last, x.length) ==
         std::tie(y.a_first, y.a_last, y.b_first, y.b_last, y.length);
}

namespace commands {
namespace {

using support::binary;
using namespace std::chrono_literals;
using Matches = std::vector<LcsMatch>;

class Lcs : public support::CacheFixture {
 protected:
  LcsResult of(std::string_view a, std::string_view b, const LcsOptions& options = {}) {
    const KeyValue pairs[] = {{"a", a}, {"b", b}};
    EXPECT_TRUE(cache_.mset(pairs).ok());
    auto result = cache_.lcs("a", "b", options);
    EXPECT_TRUE(result.ok()) << result.status().to_string();
    return *std::move(result);
  }
};

TEST_F(Lcs, IsTheLongestSubsequenceOfBoth) {
  const struct {
    std::string_view a, b, subsequence;
  } cases[] = {{"", "", ""},
               {"", "abc", ""},
               {"abc", "", ""},
               {"abc", "xyz", ""},
               {"abc", "abc", "abc"},
               {"abc", "b", "b"},
               {"ohmytext", "mynewtext", "mytext"},
               {"AGGTAB", "GXTXAYB", "GTAB"},
               {"aaaa", "aa", "aa"}};
  for (const auto& one : cases) {
    const LcsResult result = of(one.a, one.b);
    EXPECT_EQ(result.subsequence, one.subsequence) << one.a << " and " << one.b;
    EXPECT_EQ(result.length, one.subsequence.size());
    EXPECT_TRUE(result.matches.empty());
  }
  const std::string bytes = binary(1'100);  // stored apart from the entry
  EXPECT_EQ(of(bytes, bytes).subsequence, bytes);
  EXPECT_EQ(of(bytes, bytes.substr(50)).length, 1'050u);
}

// All subsequences of a text of up to ten letters.
std::set<std::string> subsequences(std::string_view text) {
  std::set<std::string> all;
  for (unsigned chosen = 0; chosen < 1u << text.size(); ++chosen) {
    std::string one;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (chosen >> i & 1) one += text[i];
    }
    all.insert(one);
  }
  return all;
}

TEST_F(Lcs, NoCommonSubsequenceIsLonger) {
  base::Random random(3);
  for (int round = 0; round < 200; ++round) {
    std::string texts[2];
    for (std::string& text : texts) {
      const std::uint64_t size = random.below(9);
      for (std::uint64_t i = 0; i < size; ++i) text += static_cast<char>('a' + random.below(3));
    }
    const std::set<std::string> of_a = subsequences(texts[0]);
    const std::set<std::string> of_b = subsequences(texts[1]);
    std::size_t longest = 0;
    for (const std::string& one : of_a) {
      if (of_b.contains(one)) longest = std::max(longest, one.size());
    }
    const LcsResult result = of(texts[0], texts[1]);
    ASSERT_EQ(result.length, longest) << texts[0] << " and " << texts[1];
    ASSERT_TRUE(of_a.contains(result.subsequence) && of_b.contains(result.subsequence)) << result.subsequence;
  }
}

TEST_F(Lcs, ShowsWhereTheMatchesAreTheLastFirst) {
  const struct {
    std::string_view a, b;
    std::uint64_t length_min;
    Matches matches;
  } cases[] = {{"ohmytext", "mynewtext", 0, {{4, 7, 5, 8, 4}, {2, 3, 0, 1, 2}}},
               {"ohmytext", "mynewtext", 2, {{4, 7, 5, 8, 4}, {2, 3, 0, 1, 2}}},
               {"ohmytext", "mynewtext", 3, {{4, 7, 5, 8, 4}}},
               {"ohmytext", "mynewtext", 5, {}},
               {"abc", "abc", 0, {{0, 2, 0, 2, 3}}},
               {"axbxc", "abc", 0, {{4, 4, 2, 2, 1}, {2, 2, 1, 1, 1}, {0, 0, 0, 0, 1}}},
               {"abc", "xyz", 0, {}},
               {"", "abc", 0, {}}};
  for (const auto& one : cases) {
    const LcsResult result = of(one.a, one.b, {.with_matches = true, .match_bytes_min = one.length_min});
    EXPECT_EQ(result.matches, one.matches) << one.a << " and " << one.b << ", at least " << one.length_min;
    EXPECT_EQ(result.length, of(one.a, one.b).length);  // whatever is left out
    EXPECT_EQ(result.subsequence, "");
  }
}

TEST_F(Lcs, AMissingKeyIsAnEmptyString) {
  cache_.set("a", "abc", {.ttl = 10ms});
  EXPECT_EQ(cache_.lcs("a", "missing")->length, 0u);
  EXPECT_EQ(cache_.lcs("missing", "missing")->length, 0u);
  EXPECT_EQ(cache_.lcs("a", "a")->subsequence, "abc");
  advance(10ms);
  EXPECT_EQ(cache_.lcs("a", "a")->subsequence, "");
}

TEST_F(Lcs, RefusesWhatWouldTakeTooMuchMemory) {
  cache_.set("a", std::string(1 << 20, 'a'));
  cache_.set("b", std::string(300, 'b'));
  EXPECT_EQ(cache_.lcs("a", "b").status().code(), ErrorCode::kOutOfRange);
  EXPECT_EQ(cache_.lcs("b", "a").status().code(), ErrorCode::kOutOfRange);
  EXPECT_EQ(cache_.lcs("a", "a").status().code(), ErrorCode::kOutOfRange);
  EXPECT_EQ(cache_.lcs("a", "missing")->length, 0u);
}

TEST_F(Lcs, ObeysTheLimitsOfKeys) {
  const Call calls[] = {
      {"the first", [](Cache& cache, std::string_view key) { return code_of(cache.lcs(key, "b")); }},
      {"the second", [](Cache& cache, std::string_view key) { return code_of(cache.lcs("a", key)); }},
  };
  expect_key_limit(cache_, calls);
  expect_closed(cache_, calls);
}

}  // namespace
}  // namespace commands
}  // namespace larder
