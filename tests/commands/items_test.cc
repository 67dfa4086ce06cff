// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/items.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "larder/key_list.h"
#include "larder/sorted_sets.h"

namespace larder {
namespace {

TEST(ItemList, HoldsAnyBytes) {
  const std::vector<std::string> items = {"", "a", std::string("\0\r\n\xff", 4), "", std::string(100'000, 'x'), ""};
  ItemList list;
  for (const std::string& item : items) list.push_back(item);
  ASSERT_EQ(list.size(), items.size());
  for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(list[i], items[i]);
  EXPECT_EQ(list.front(), "");
  EXPECT_EQ(list.back(), "");
  EXPECT_EQ(std::vector<std::string>(list.begin(), list.end()), items);
  EXPECT_TRUE(ItemList().empty());
  EXPECT_EQ(ItemList().begin(), ItemList().end());
}

TEST(ItemList, IsWalkedInAnyOrder) {
  static_assert(std::random_access_iterator<ItemList::const_iterator>);
  ItemList list = ItemList{"c", "a", "bb"};
  EXPECT_EQ(*std::max_element(list.begin(), list.end()), "c");
  EXPECT_EQ(*(list.end() - 1), "bb");
  EXPECT_EQ(list.begin()[1], "a");
  EXPECT_EQ(std::distance(list.begin(), list.end()), 3);
  auto at = list.begin();
  EXPECT_EQ(*at++, "c");
  EXPECT_EQ(*++at, "bb");
  EXPECT_EQ(*--at, "a");
  EXPECT_LT(at, list.end());
  EXPECT_EQ(1 + list.begin(), at);
  std::string all;
  for (const std::string_view item : list) all += item;
  EXPECT_EQ(all, "cabb");
}

TEST(ItemList, TakesPartsOfABlockInAnyOrder) {
  ItemList list = ItemList{"first"};
  list.append("gamma-beta-alpha", 3, [](std::size_t i) {
    constexpr ItemList::Place kPlaces[] = {{11, 5}, {6, 4}, {0, 5}};
    return kPlaces[i];
  });
  list.append("", 0, [](std::size_t) { return ItemList::Place{}; });
  list.push_back("last");
  EXPECT_EQ(list, ItemList({"first", "alpha", "beta", "gamma", "last"}));
}

TEST(ScoredMembers, AreWhatASortedSetAnswers) {
  ScoredMembers members = {{"ann", 42}, {"bob", 17.5}};
  members.push_back({"cy", -1});
  members.append(
      "evedan", 2,
      [](std::size_t i) {
        return ItemList::Place{i == 0 ? 3u : 0u, 3};
      },
      [](std::size_t i) { return static_cast<double>(i); });
  ASSERT_EQ(members.size(), 5u);
  EXPECT_EQ(members.front(), (MemberScore{"ann", 42}));
  EXPECT_EQ(members[3], (MemberScore{"dan", 0}));
  EXPECT_EQ(members.back(), (MemberScore{"eve", 1}));
  EXPECT_EQ(members.begin()->member, "ann");
  EXPECT_EQ(members.members(), ItemList({"ann", "bob", "cy", "dan", "eve"}));
  double sum = 0;
  for (const auto [member, score] : members) sum += score;
  EXPECT_EQ(sum, 59.5);
  const ScoredMembers copy = members;
  EXPECT_EQ(copy, members);
  members.clear();
  EXPECT_TRUE(members.empty());
  EXPECT_NE(copy, members);
  EXPECT_EQ(members, ScoredMembers());
  const ScoredMember owned{"fay", 3};
  members.push_back(owned);
  EXPECT_EQ(*members.begin(), MemberScore(owned));
}

TEST(ItemList, IsComparedAndCopied) {
  ItemList list = ItemList{"ab", "c"};
  EXPECT_EQ(list, ItemList({"ab", "c"}));
  EXPECT_NE(list, ItemList({"a", "bc"}));
  const ItemList copy = list;
  list.clear();
  EXPECT_EQ(list, ItemList());
  list.push_back("new");
  EXPECT_EQ(list[0], "new");
  EXPECT_EQ(copy[0], "ab");
  const ItemList moved = std::move(list);
  EXPECT_EQ(moved.back(), "new");
}

TEST(ItemList, KeepsItsItemsAsItGrowsIsCopiedAndMoves) {
  std::vector<std::string> items;
  ItemList list;
  for (std::size_t i = 0; i < 300; ++i) {
    items.push_back(std::string(i % 7 == 0 ? 0 : i % 50, static_cast<char>('a' + i % 26)));
    list.push_back(items.back());
    if (i % 60 == 0) list.reserve(i + 9, 40);  // room for less than it has does no harm
    ItemList copy = list;
    copy.push_back("of the copy");
    ASSERT_TRUE(std::equal(list.begin(), list.end(), items.begin(), items.end()));
    const ItemList moved = std::move(copy);
    ASSERT_EQ(moved.size(), i + 2);
    ASSERT_EQ(moved.back(), "of the copy");
    copy = list;  // NOLINT: what was moved from may be assigned to
    ASSERT_EQ(copy, list);
  }
}

TEST(FieldValues, AreWhatAHashAnswers) {
  static_assert(std::random_access_iterator<FieldValues::const_iterator>);
  FieldValues fields;
  EXPECT_TRUE(fields.empty());
  for (const char* name : {"a", "", "long"}) fields.push_back(name, std::string("value of ") + name);
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields.front().second, "value of a");
  EXPECT_EQ(fields[1].first, "");
  EXPECT_EQ(fields.back().second, "value of long");
  EXPECT_EQ(fields.begin()->first, "a");
  std::string all;
  for (const auto& [field, value] : fields) all += std::string(field) + "=" + std::string(value) + ";";
  EXPECT_EQ(all, "a=value of a;=value of ;long=value of long;");
  EXPECT_EQ((std::map<std::string, std::string>(fields.begin(), fields.end()).at("long")), "value of long");
  const PairList pairs(fields);
  EXPECT_EQ(std::span<const KeyValue>(pairs).size(), 3u);
  const FieldValues copy = fields;
  EXPECT_EQ(copy, fields);
  fields.clear();
  EXPECT_EQ(fields, FieldValues());
  EXPECT_NE(copy, fields);
}

TEST(ItemList, MayBeAKeyList) {
  const ItemList list = ItemList{"a", "", "b"};
  const KeyList keys(list);
  EXPECT_EQ(std::vector<std::string_view>(keys.begin(), keys.end()), (std::vector<std::string_view>{"a", "", "b"}));
}

}  // namespace
}  // namespace larder
