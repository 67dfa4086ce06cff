// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Intersections, unions and differences, through the cache, against those of the standard library.
#include "commands/set_algebra.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/cache_fixture.h"
#include "support/depth.h"

namespace larder::commands {
namespace {

using Members = std::set<std::string>;

// Each member once.
Members as_set(const Result<ItemList>& members) {
  EXPECT_TRUE(members.ok()) << members.status().to_string();
  if (!members) return {};
  Members set(members->begin(), members->end());
  EXPECT_EQ(set.size(), members->size()) << "some twice";
  return set;
}

Members intersection(Members a, const Members& b) {
  std::erase_if(a, [&](const std::string& member) { return !b.contains(member); });
  return a;
}
Members difference(Members a, const Members& b) {
  std::erase_if(a, [&](const std::string& member) { return b.contains(member); });
  return a;
}

class SetAlgebra : public support::CacheFixture {};

TEST_F(SetAlgebra, IsThatOfTheStandardLibrary) {
  std::mt19937_64 random(support::seed(1));
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const std::uint64_t rounds = support::count(300, 5'000);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    ASSERT_TRUE(cache_.clear().ok());
    const std::size_t count = 1 + below(below(4) == 0 ? 40 : 4);
    const std::uint64_t universe = 1 + below(below(2) == 0 ? 20 : 3'000);
    std::vector<std::string> keys;
    std::vector<Members> sets(count);
    for (std::size_t i = 0; i < count; ++i) {
      keys.push_back("k" + std::to_string(i));
      const std::uint64_t size = below(8) == 0 ? 0 : below(universe * (below(4) == 0 ? 8 : 1)) + 1;
      for (std::uint64_t n = 0; n < size; ++n) sets[i].insert("member" + std::to_string(below(universe)));
      if (!sets[i].empty()) {
        ASSERT_TRUE(cache_.sadd(keys[i], sets[i]).ok());
      }
    }
    if (below(4) == 0) {  // one of them twice
      keys.push_back(keys.back());
      sets.push_back(sets.back());
    }
    Members all = sets[0];
    Members in_all = sets[0];
    Members in_first = sets[0];
    for (std::size_t i = 1; i < sets.size(); ++i) {
      all.insert(sets[i].begin(), sets[i].end());
      in_all = intersection(std::move(in_all), sets[i]);
      in_first = difference(std::move(in_first), sets[i]);
    }
    ASSERT_EQ(as_set(cache_.sunion(keys)), all) << round;
    ASSERT_EQ(as_set(cache_.sinter(keys)), in_all) << round;
    ASSERT_EQ(as_set(cache_.sdiff(keys)), in_first) << round;
    ASSERT_EQ(cache_.sinter_card(keys).value_or(0), in_all.size()) << round;
    const std::uint64_t limit = below(in_all.size() + 2);
    ASSERT_EQ(cache_.sinter_card(keys, limit).value_or(0), limit == 0 ? in_all.size() : std::min(limit, in_all.size()));
  }
}

// Differences are made in two ways, by what is less work.
TEST_F(SetAlgebra, BothWaysOfSubtractingAgree) {
  Members large;
  for (int i = 0; i < 2'000; ++i) large.insert("member" + std::to_string(i));
  ASSERT_TRUE(cache_.sadd("large", large).ok());
  std::vector<std::string> keys{"large"};
  for (int i = 0; i < 20; ++i) {  // of few members: it pays to take them from a table of the first
    keys.push_back("small" + std::to_string(i));
    const std::string gone = "member" + std::to_string(i * 7);
    large.erase(gone);
    ASSERT_TRUE(cache_.sadd(keys.back(), {gone, "other"}).ok());
  }
  EXPECT_EQ(as_set(cache_.sdiff(keys)), large);
  EXPECT_EQ(as_set(cache_.sdiff({"small0", "large"})), (Members{"other"}));
  EXPECT_EQ(as_set(cache_.sdiff({"large", "large"})), Members());
  EXPECT_EQ(as_set(cache_.sdiff({"large", "none"})).size(), 2'000u);
}

TEST_F(SetAlgebra, StopsWhenToldTo) {
  std::vector<std::string> keys;
  for (int k = 0; k < 12; ++k) {
    keys.push_back("k" + std::to_string(k));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(cache_.sadd(keys.back(), std::to_string(k * 5 + i)).ok());
  }
  for (const int most : {1, 44, 45, 99, 100, 101, 150}) {
    for (const std::size_t count : {1u, 2u, 3u, 12u}) {
      const std::span<const std::string> some(keys.data(), count);
      const auto stop = [most](int* shown) { return [most, shown](std::string_view) { return ++*shown < most; }; };
      int united = 0;
      int common = 0;
      int left = 0;
      ASSERT_TRUE(cache_.sunion(some, stop(&united)).ok());
      ASSERT_TRUE(cache_.sinter(some, stop(&common)).ok());
      ASSERT_TRUE(cache_.sdiff(some, stop(&left)).ok());
      EXPECT_EQ(united, std::min<int>(most, 95 + 5 * static_cast<int>(count)));
      EXPECT_EQ(common, std::min<int>(most, 105 - 5 * static_cast<int>(count)));
      EXPECT_EQ(left, count == 1 ? std::min(most, 100) : std::min(most, 5));
    }
  }
}

TEST_F(SetAlgebra, KeysHaveALimit) {
  std::vector<std::string> keys;
  for (int k = 0; k < 1'025; ++k) {
    keys.push_back("k" + std::to_string(k));
    ASSERT_TRUE(cache_.sadd(keys.back(), {"all", keys.back()}).ok());
  }
  EXPECT_EQ(cache_.sinter(keys).status().code(), ErrorCode::kTooManyKeys);
  EXPECT_EQ(cache_.sunion(keys).status().code(), ErrorCode::kTooManyKeys);
  keys.pop_back();
  EXPECT_EQ(as_set(cache_.sinter(keys)), (Members{"all"}));
  EXPECT_EQ(as_set(cache_.sunion(keys)).size(), 1'025u);
  EXPECT_EQ(as_set(cache_.sdiff(keys)), (Members{"k0"}));
  EXPECT_EQ(*cache_.sinter_card(keys), 1u);
}

}  // namespace
}  // namespace larder::commands
