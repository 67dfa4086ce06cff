// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Several keys, in the ways in which people have them.
#include "larder/key_list.h"

#include <gtest/gtest.h>

#include <array>
#include <list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/cache_fixture.h"

namespace larder {
namespace {

// "It worked" must not be taken for "yes".
static_assert(!std::is_constructible_v<bool, Result<bool>>);
static_assert(std::is_constructible_v<bool, Result<std::uint64_t>>);
static_assert(!std::is_convertible_v<std::string, KeyList> && !std::is_convertible_v<const char*, KeyList>);

using KeyListTest = support::CacheFixture;
using Views = std::vector<std::string_view>;

Views views(const KeyList& list) {
  const std::span<const std::string_view> keys = list;
  return {keys.begin(), keys.end()};
}

TEST(KeyList, IsMadeOfWhatHoldsKeys) {
  const Views expected = {"a", "bc", ""};
  EXPECT_EQ(views({"a", "bc", ""}), expected);
  EXPECT_EQ(views(expected), expected);
  EXPECT_EQ(views(std::span(expected)), expected);
  EXPECT_EQ(views(std::array<std::string_view, 3>{"a", "bc", ""}), expected);
  EXPECT_EQ(views(std::vector<std::string>{"a", "bc", ""}), expected);
  EXPECT_EQ(views(std::list<std::string>{"a", "bc", ""}), expected);
  const char* array[] = {"a", "bc", ""};
  EXPECT_EQ(views(array), expected);
  EXPECT_EQ(views(std::set<std::string>{"b", "a"}), (Views{"a", "b"}));
  EXPECT_TRUE(views({}).empty());
  EXPECT_TRUE(views(std::vector<std::string>()).empty());
}

TEST(KeyList, CopiesNoViewsThatStandInARow) {
  const Views keys = {"a", "b"};
  const KeyList list(keys);
  EXPECT_EQ(std::span<const std::string_view>(list).data(), keys.data());
}

TEST(PairList, IsMadeOfWhatHoldsKeysWithValues) {
  const auto pairs = [](const PairList& list) {
    std::map<std::string, std::string> shown;
    for (const KeyValue& pair : std::span<const KeyValue>(list)) shown.emplace(pair.key, pair.value);
    return shown;
  };
  const std::map<std::string, std::string> expected = {{"a", "1"}, {"", "2"}};
  EXPECT_EQ(pairs({{"a", "1"}, {"", "2"}}), expected);
  EXPECT_EQ(pairs(expected), expected);
  EXPECT_EQ(pairs(std::vector<std::pair<std::string_view, const char*>>{{"a", "1"}, {"", "2"}}), expected);
  const KeyValue array[] = {{"a", "1"}, {"", "2"}};
  EXPECT_EQ(pairs(array), expected);
  const std::vector<KeyValue> in_a_row(std::begin(array), std::end(array));
  EXPECT_EQ(pairs(in_a_row), expected);
  EXPECT_EQ(std::span<const KeyValue>(PairList(in_a_row)).data(), in_a_row.data());
  EXPECT_EQ(pairs(std::span(in_a_row)), expected);
  EXPECT_TRUE(pairs({}).empty());
}

TEST_F(KeyListTest, ServesEveryCommandOnSeveralKeys) {
  cache_.mset({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  EXPECT_FALSE(*cache_.mset_nx({{"c", "4"}, {"d", "5"}}));
  EXPECT_EQ(*cache_.exists({"a", "b", "z"}), 2u);  // not a string_view from one pointer to another
  EXPECT_EQ(*cache_.exists({"a"}), 1u);
  EXPECT_TRUE(*cache_.exists("a"));
  EXPECT_EQ(*cache_.touch({"a", "b", "z"}), 2u);
  EXPECT_TRUE(*cache_.touch("a"));
  EXPECT_FALSE(*cache_.touch("z"));
  EXPECT_EQ(cache_.mget({"a", "z"}).size(), 2u);
  std::string all;
  EXPECT_EQ(*cache_.mget({"a", "b"}, [&](std::size_t, std::string_view value) { all += value; }), 2u);
  EXPECT_EQ(all, "12");
  EXPECT_EQ(*cache_.bit_op(BitOperation::kOr, "or", {"a", "b"}), 1u);
  EXPECT_EQ(*cache_.get("or"), "3");
  EXPECT_EQ(cache_.bit_field("n", {{.action = BitFieldStep::Action::kIncrBy, .operand = 5}})->size(), 1u);
  const std::vector<std::string> owned = {"a", "b"};
  EXPECT_EQ(*cache_.exists(owned), 2u);
  EXPECT_EQ(*cache_.del(owned), 2u);
  EXPECT_EQ(*cache_.del({"c", "or", "z"}), 2u);
  EXPECT_EQ(*cache_.del({}), 0u);
}

}  // namespace
}  // namespace larder
