// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/lists.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "commands/every_call.h"
#include "larder/read_view.h"
#include "support/cache_fixture.h"

namespace larder::commands {
namespace {

using support::binary;
using namespace std::chrono_literals;
using Model = std::vector<std::string>;
using Indices = std::vector<std::uint64_t>;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

// On both sides of what is done under a shard's lock, of what fits into an entry, and of what fits into a page.
constexpr int kSizes[] = {1, 2, 5, 63, 64, 65, 66, 120, 300, 1'000, 5'000};

Model strings(const ItemList& items) { return Model(items.begin(), items.end()); }
Model part(const Model& model, std::size_t from, std::size_t to) {
  return Model(model.begin() + static_cast<std::ptrdiff_t>(from), model.begin() + static_cast<std::ptrdiff_t>(to));
}

class ListsTest : public support::CacheFixture {
 protected:
  // Elements that differ: short ones, empty and binary ones, and one in a hundred long.
  static Model elements(int count) {
    Model made;
    for (int i = 0; i < count; ++i) {
      made.push_back(i % 100 == 99 ? binary(2'000, static_cast<unsigned>(i))
                     : i % 10 == 7 ? binary(static_cast<std::size_t>(i % 40), static_cast<unsigned>(i))
                                   : "e" + std::to_string(i));
    }
    return made;
  }
  // As they came, one behind the other.
  static void fill(Cache& cache, std::string_view key, const Model& model) {
    ASSERT_TRUE(cache.del(key).ok());
    for (const std::string& element : model) ASSERT_TRUE(cache.rpush(key, element).ok());
  }
  Model contents(std::string_view key) { return contents(cache_, key); }
  static Model contents(Cache& cache, std::string_view key) {
    const auto all = cache.lrange(key, 0, -1);
    EXPECT_TRUE(all.ok()) << all.status().to_string();
    return all ? strings(*all) : Model();
  }
  bool there(std::string_view key) { return cache_.exists(key).value_or(true); }
  std::string encoding(std::string_view key) {
    const auto report = cache_.inspect(key);
    return report ? std::string(report->encoding) : "(missing)";
  }
};

// --- Pushing and reading ----------------------------------------------------------------------------------------------

TEST_F(ListsTest, PushesAtBothEnds) {
  EXPECT_EQ(cache_.rpush("l", "c").value_or(0), 1u);
  EXPECT_EQ(cache_.lpush("l", {"b", "a"}).value_or(0), 3u);  // the last of them is the first
  EXPECT_EQ(cache_.rpush("l", {"d", "e"}).value_or(0), 5u);
  EXPECT_EQ(contents("l"), (Model{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(cache_.llen("l").value_or(0), 5u);
  EXPECT_EQ(cache_.llen("none").value_or(1), 0u);
  EXPECT_EQ(*cache_.type("l"), ValueType::kList);
  EXPECT_EQ(cache_.rpush("copy", *cache_.lrange("l", 1, 3)).value_or(0), 3u);
  EXPECT_EQ(contents("copy"), (Model{"b", "c", "d"}));
}

TEST_F(ListsTest, PushesManyAtOnceAsOneByOne) {
  for (const int count : kSizes) {
    const Model model = elements(count);
    fill(cache_, "one by one", model);
    ASSERT_TRUE(cache_.del({"right", "left"}).ok());
    EXPECT_EQ(cache_.rpush("right", model).value_or(0), model.size());
    EXPECT_EQ(cache_.lpush("left", Model(model.rbegin(), model.rend())).value_or(0), model.size());
    EXPECT_EQ(contents("one by one"), model) << count;
    EXPECT_EQ(contents("right"), model) << count;
    EXPECT_EQ(contents("left"), model) << count;
    EXPECT_EQ(encoding("right"), "quicklist");
  }
}

TEST_F(ListsTest, PushesToWhatIsThereOnly) {
  EXPECT_EQ(cache_.lpush_x("l", "a").value_or(9), 0u);
  EXPECT_EQ(cache_.rpush_x("l", {"a", "b"}).value_or(9), 0u);
  EXPECT_EQ(cache_.rpush_x("l", elements(100)).value_or(9), 0u);
  EXPECT_FALSE(there("l"));
  ASSERT_TRUE(cache_.rpush("l", "m").ok());
  EXPECT_EQ(cache_.lpush_x("l", {"b", "a"}).value_or(0), 3u);
  EXPECT_EQ(cache_.rpush_x("l", "z").value_or(0), 4u);
  EXPECT_EQ(contents("l"), (Model{"a", "b", "m", "z"}));
}

TEST_F(ListsTest, NothingToPushIsAnError) {
  EXPECT_EQ(cache_.lpush("l", Model()).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(cache_.rpush_x("l", Model()).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(there("l"));
}

TEST_F(ListsTest, ReadsByIndexFromEitherEnd) {
  for (const int count : kSizes) {
    const Model model = elements(count);
    fill(cache_, "l", model);
    for (std::int64_t i = 0; i < count; i += 1 + count / 150) {
      ASSERT_EQ(cache_.lindex("l", i), model[static_cast<std::size_t>(i)]) << i << " of " << count;
      ASSERT_EQ(cache_.lindex("l", i - count), model[static_cast<std::size_t>(i)]) << i << " of " << count;
    }
    for (const std::int64_t beyond : {std::int64_t{count}, std::int64_t{-count - 1}, kMax, kMin, -kMax}) {
      EXPECT_TRUE(cache_.lindex("l", beyond).missing()) << beyond;
    }
  }
  EXPECT_TRUE(cache_.lindex("none", 0).missing());
}

TEST_F(ListsTest, ReadsRanges) {
  for (const int count : kSizes) {
    const Model model = elements(count);
    fill(cache_, "l", model);
    const std::int64_t n = count;
    const std::int64_t ends[] = {0, 1, 2, 62, 63, 64, 65, n / 2, n - 1, n, n + 1, kMax, -1, -2, -n, -n - 1, kMin};
    for (const std::int64_t first : ends) {
      for (const std::int64_t last : ends) {
        const std::int64_t from = std::max<std::int64_t>(first < 0 ? std::max(first, -n) + n : first, 0);
        const std::int64_t to = last < 0 ? std::max(last, -n - 1) + n : std::min(last, n - 1);
        const Model wanted =
            from <= to ? part(model, static_cast<std::size_t>(from), static_cast<std::size_t>(to) + 1) : Model();
        ASSERT_EQ(strings(*cache_.lrange("l", first, last)), wanted) << first << ".." << last << " of " << count;
      }
    }
  }
  EXPECT_TRUE(cache_.lrange("none", 0, -1)->empty());
}

TEST_F(ListsTest, ElementsOfAnySize) {
  Model model;
  for (const std::size_t size : support::kValueSizes) model.push_back(binary(size));
  model.push_back(binary(300'000));
  for (int round = 0; round < 2; ++round) {
    for (const std::string& element : model) {
      ASSERT_TRUE(cache_.rpush("l", element).ok());
      ASSERT_EQ(cache_.lindex("l", -1), element);
      ASSERT_EQ(strings(*cache_.lrange("l", -1, -1)), Model{element});
      ASSERT_TRUE(cache_.rpush("single", element).ok());
      ASSERT_TRUE(cache_.lset("single", 0, "x").ok());
      ASSERT_TRUE(cache_.lset("single", 0, element).ok());
      ASSERT_EQ(cache_.lpos("l", element), std::uint64_t(&element - model.data())) << element.size();
      ASSERT_EQ(cache_.lpop("single"), element);
    }
  }
  for (int round = 0; round < 2; ++round) {
    for (const std::string& element : model) ASSERT_EQ(cache_.lpop("l"), element);
  }
  EXPECT_FALSE(there("l"));
}

// --- Removing from the ends -------------------------------------------------------------------------------------------

TEST_F(ListsTest, PopsOneByOne) {
  for (const int count : kSizes) {
    const Model model = elements(count);
    fill(cache_, "l", model);
    Model left;
    Model right;
    while (there("l")) {
      left.push_back(*cache_.lpop("l"));
      if (there("l")) right.push_back(*cache_.rpop("l"));
    }
    left.insert(left.end(), right.rbegin(), right.rend());
    EXPECT_EQ(left, model) << count;
  }
  EXPECT_TRUE(cache_.lpop("l").missing());
  EXPECT_TRUE(cache_.rpop("l").missing());
}

TEST_F(ListsTest, PopsSeveral) {
  for (const int count : kSizes) {
    const Model model = elements(count);
    for (const std::uint64_t pops : {1u, 2u, 63u, 64u, 65u, 1'000u, ~0u}) {
      const std::size_t gone = std::min<std::size_t>(pops, model.size());
      fill(cache_, "l", model);
      EXPECT_EQ(strings(*cache_.lpop("l", pops)), part(model, 0, gone)) << pops << " of " << count;
      EXPECT_EQ(contents("l"), part(model, gone, model.size())) << pops << " of " << count;
      EXPECT_EQ(there("l"), gone < model.size());
      fill(cache_, "l", model);
      Model last = part(model, model.size() - gone, model.size());
      std::reverse(last.begin(), last.end());
      EXPECT_EQ(strings(*cache_.rpop("l", pops)), last) << pops << " of " << count;
      EXPECT_EQ(contents("l"), part(model, 0, model.size() - gone)) << pops << " of " << count;
    }
  }
}

// Pitfall: none of a list that is there is not the same as none because there is no list.
TEST_F(ListsTest, PoppingNoneTellsWhetherThereIsAList) {
  ASSERT_TRUE(cache_.rpush("l", {"a", "b"}).ok());
  const auto none = cache_.lpop("l", 0);
  ASSERT_TRUE(none.has_value());
  EXPECT_TRUE(none->empty());
  EXPECT_TRUE(cache_.rpop("l", 0).has_value());
  EXPECT_TRUE(cache_.lpop("none", 0).missing());
  EXPECT_TRUE(cache_.lpop("none", 3).missing());
  EXPECT_TRUE(cache_.rpop("none", 100).missing());
  EXPECT_EQ(contents("l"), (Model{"a", "b"}));
}

// --- Changing in the middle -------------------------------------------------------------------------------------------

TEST_F(ListsTest, SetsElements) {
  for (const int count : kSizes) {
    Model model = elements(count);
    fill(cache_, "l", model);
    for (std::int64_t i = 0; i < count; i += 1 + count / 60) {
      const std::string element = i % 7 == 0 ? binary(900) : i % 3 == 0 ? "" : "set" + std::to_string(i);
      model[static_cast<std::size_t>(i)] = element;
      ASSERT_TRUE(cache_.lset("l", i % 2 == 0 ? i : i - count, element).ok());
    }
    EXPECT_EQ(contents("l"), model) << count;
    for (const std::int64_t beyond : {std::int64_t{count}, std::int64_t{-count - 1}, kMax, kMin}) {
      EXPECT_EQ(cache_.lset("l", beyond, "x").code(), ErrorCode::kOutOfRange) << beyond;
      EXPECT_EQ(cache_.lset("l", beyond, binary(50'000)).code(), ErrorCode::kOutOfRange) << beyond;
    }
    EXPECT_EQ(contents("l"), model) << count;
  }
  EXPECT_EQ(cache_.lset("none", 0, "x").code(), ErrorCode::kNoSuchKey);
  EXPECT_EQ(cache_.lset("none", 0, binary(50'000)).code(), ErrorCode::kNoSuchKey);
  EXPECT_FALSE(there("none"));
}

TEST_F(ListsTest, InsertsBesideTheFirstThatIsEqual) {
  for (const int count : kSizes) {
    Model model = elements(count);
    model.insert(model.end(), {"twice", "x", "twice"});
    fill(cache_, "l", model);
    std::size_t twice = model.size() - 3;
    const std::string kNew[] = {"", "new", binary(300), binary(20'000)};
    for (const std::string& element : kNew) {
      EXPECT_EQ(cache_.linsert("l", ListPlace::kBefore, "twice", element).value_or(0),
                static_cast<std::int64_t>(model.size()) + 1);
      model.insert(model.begin() + static_cast<std::ptrdiff_t>(twice++), element);
      EXPECT_EQ(cache_.linsert("l", ListPlace::kAfter, "twice", element).value_or(0),
                static_cast<std::int64_t>(model.size()) + 1);
      model.insert(model.begin() + static_cast<std::ptrdiff_t>(twice) + 1, element);
    }
    EXPECT_EQ(cache_.linsert("l", ListPlace::kBefore, "no such", "x").value_or(0), -1);
    EXPECT_EQ(cache_.linsert("l", ListPlace::kBefore, binary(20'001), "x").value_or(0), -1);
    EXPECT_EQ(contents("l"), model) << count;
  }
  EXPECT_EQ(cache_.linsert("none", ListPlace::kAfter, "a", "x").value_or(9), 0);
  EXPECT_EQ(cache_.linsert("none", ListPlace::kAfter, "a", binary(20'000)).value_or(9), 0);
  EXPECT_FALSE(there("none"));
}

TEST_F(ListsTest, RemovesByValue) {
  for (const int count : kSizes) {
    for (const std::string& gone : {std::string("x"), std::string(), binary(700)}) {
      // Alone, in runs, at both ends.
      Model model = {gone, gone};
      const Model others = elements(count);
      for (std::size_t i = 0; i < others.size(); ++i) {
        model.push_back(others[i] == gone ? "other" : others[i]);
        if (i % 3 == 0) model.push_back(gone);
        if (i % 12 == 0) model.push_back(gone);
      }
      model.push_back(gone);
      const auto all = static_cast<std::int64_t>(std::count(model.begin(), model.end(), gone));
      for (const std::int64_t how :
           {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{3}, std::int64_t{-3}, std::int64_t{17},
            std::int64_t{-17}, all / 2, -all / 2, all, -all, all - 1, kMax, kMin, -kMax}) {
        fill(cache_, "l", model);
        Model left = how < 0 ? Model(model.rbegin(), model.rend()) : model;
        std::uint64_t most = how == 0  ? ~std::uint64_t{0}
                             : how < 0 ? 0 - static_cast<std::uint64_t>(how)
                                       : static_cast<std::uint64_t>(how);
        std::erase_if(left, [&](const std::string& element) { return element == gone && most > 0 && most-- > 0; });
        if (how < 0) std::reverse(left.begin(), left.end());
        ASSERT_EQ(cache_.lrem("l", how, gone).value_or(0), model.size() - left.size()) << how << " of " << count;
        ASSERT_EQ(contents("l"), left) << how << " of " << count;
        EXPECT_EQ(cache_.lrem("l", how, "no such").value_or(9), 0u);
      }
    }
  }
  EXPECT_EQ(cache_.lrem("none", 0, "x").value_or(9), 0u);
}

TEST_F(ListsTest, RemovingAllByValueDeletesTheKey) {
  for (const int count : kSizes) {
    ASSERT_TRUE(cache_.rpush("l", Model(static_cast<std::size_t>(count), "same")).ok());
    EXPECT_EQ(cache_.lrem("l", 0, "same").value_or(0), static_cast<std::uint64_t>(count));
    EXPECT_FALSE(there("l"));
  }
}

TEST_F(ListsTest, Trims) {
  for (const int count : kSizes) {
    const Model model = elements(count);
    const std::int64_t n = count;
    const std::int64_t ends[] = {0, 1, 2, 65, n / 2, n - 2, n - 1, n, kMax, -1, -2, -n, -n - 1, kMin};
    for (const std::int64_t first : ends) {
      for (const std::int64_t last : ends) {
        ASSERT_TRUE(cache_.del("l").ok());
        ASSERT_TRUE(cache_.rpush("l", model).ok());
        const Model wanted = strings(*cache_.lrange("l", first, last));
        ASSERT_TRUE(cache_.ltrim("l", first, last).ok());
        ASSERT_EQ(contents("l"), wanted) << first << ".." << last << " of " << count;
        ASSERT_EQ(there("l"), !wanted.empty());
      }
    }
  }
  EXPECT_TRUE(cache_.ltrim("none", 0, 1).ok());
  EXPECT_FALSE(there("none"));
}

// What a list of the latest is kept as.
TEST_F(ListsTest, ACappedListKeepsItsSize) {
  for (const std::int64_t cap : {10, 1'000}) {
    Model model;
    for (int i = 0; i < 3'000; ++i) {
      const std::string element = "event " + std::to_string(i);
      ASSERT_TRUE(cache_.lpush("l", element).ok());
      ASSERT_TRUE(cache_.ltrim("l", 0, cap - 1).ok());
      model.insert(model.begin(), element);
      if (static_cast<std::int64_t>(model.size()) > cap) model.pop_back();
    }
    EXPECT_EQ(contents("l"), model);
    ASSERT_TRUE(*cache_.del("l"));
  }
}

// --- LPOS -------------------------------------------------------------------------------------------------------------

// Pitfalls: ranks from either end, 0 and the smallest number; as many as asked for; what MAXLEN counts.
TEST_F(ListsTest, FindsByRank) {
  ASSERT_TRUE(cache_.rpush("l", {"a", "b", "c", "1", "2", "3", "c", "c"}).ok());
  EXPECT_EQ(cache_.lpos("l", "c"), 2u);
  EXPECT_EQ(cache_.lpos("l", "c", {.rank = 2}), 6u);
  EXPECT_EQ(cache_.lpos("l", "c", {.rank = -1}), 7u);
  EXPECT_EQ(cache_.lpos("l", "c", {.rank = -3}), 2u);
  EXPECT_TRUE(cache_.lpos("l", "c", {.rank = 4}).missing());
  EXPECT_TRUE(cache_.lpos("l", "c", {.rank = kMax}).missing());
  EXPECT_TRUE(cache_.lpos("l", "c", {.rank = -kMax}).missing());
  EXPECT_TRUE(cache_.lpos("l", "none").missing());
  EXPECT_TRUE(cache_.lpos("none", "c").missing());
  EXPECT_EQ(cache_.lpos("l", "c", {.rank = 0}).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(cache_.lpos("l", "c", {.rank = kMin}).status().code(), ErrorCode::kOutOfRange);
  EXPECT_EQ(cache_.lpos_all("none", "c", 0, {.rank = 0}).status().code(), ErrorCode::kInvalidArgument);
}

TEST_F(ListsTest, FindsSeveral) {
  ASSERT_TRUE(cache_.rpush("l", {"a", "b", "c", "1", "2", "3", "c", "c"}).ok());
  EXPECT_EQ(*cache_.lpos_all("l", "c"), (Indices{2, 6, 7}));
  EXPECT_EQ(*cache_.lpos_all("l", "c", 2), (Indices{2, 6}));
  EXPECT_EQ(*cache_.lpos_all("l", "c", 2, {.rank = -1}), (Indices{7, 6}));
  EXPECT_EQ(*cache_.lpos_all("l", "c", 0, {.rank = -2}), (Indices{6, 2}));
  EXPECT_EQ(*cache_.lpos_all("l", "c", ~std::uint64_t{0}, {.rank = 3}), Indices{7});
  EXPECT_EQ(*cache_.lpos_all("l", "none", 0), Indices{});
  EXPECT_EQ(*cache_.lpos_all("none", "c", 1), Indices{});
  EXPECT_EQ(*cache_.lpos_all("l", "c", 0, {.compared_max = 2}), Indices{});
  EXPECT_EQ(*cache_.lpos_all("l", "c", 0, {.compared_max = 3}), Indices{2});
  EXPECT_EQ(*cache_.lpos_all("l", "c", 0, {.rank = -1, .compared_max = 1}), Indices{7});
  EXPECT_EQ(*cache_.lpos_all("l", "c", 0, {.rank = -2, .compared_max = 2}), Indices{6});
  EXPECT_EQ(*cache_.lpos_all("l", "c", 0, {.compared_max = ~std::uint64_t{0}}), (Indices{2, 6, 7}));
}

TEST_F(ListsTest, FindsInListsOfAnySize) {
  for (const int count : kSizes) {
    const Model model = elements(count);
    fill(cache_, "l", model);
    for (int i = 0; i < count; i += 1 + count / 40) {
      const std::string& element = model[static_cast<std::size_t>(i)];
      Indices wanted;
      for (std::size_t at = 0; at < model.size(); ++at) {
        if (model[at] == element) wanted.push_back(at);
      }
      EXPECT_EQ(*cache_.lpos_all("l", element), wanted) << count;
      EXPECT_EQ(cache_.lpos("l", element), wanted.front());
      EXPECT_EQ(cache_.lpos("l", element, {.rank = -1}), wanted.back());
    }
  }
}

// --- The key ----------------------------------------------------------------------------------------------------------

// Pitfall: a container that becomes empty is no more, and its time to live with it.
TEST_F(ListsTest, WhatBecomesEmptyIsGoneWithItsTimeToLive) {
  const std::pair<const char*, void (*)(Cache&)> emptied[] = {
      {"lpop",
       [](Cache& cache) {
         while (cache.lpop("l")) continue;
       }},
      {"rpop",
       [](Cache& cache) {
         while (cache.rpop("l")) continue;
       }},
      {"lpop many", [](Cache& cache) { (void)cache.lpop("l", 10'000); }},
      {"rpop many", [](Cache& cache) { (void)cache.rpop("l", 10'000); }},
      {"lrem", [](Cache& cache) { (void)cache.lrem("l", 0, "same"); }},
      {"lrem backwards", [](Cache& cache) { (void)cache.lrem("l", -10'000, "same"); }},
      {"ltrim", [](Cache& cache) { (void)cache.ltrim("l", 1, 0); }},
  };
  for (const auto& [name, empty] : emptied) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{10}, std::size_t{3'000}}) {
      ASSERT_TRUE(cache_.rpush("l", Model(count, "same")).ok());
      ASSERT_TRUE(*cache_.expire("l", 10s));
      empty(cache_);
      EXPECT_FALSE(there("l")) << name << ", " << count;
      EXPECT_EQ(cache_.dbsize().value_or(9), 0u) << name;
      EXPECT_EQ(cache_.llen("l").value_or(9), 0u) << name;
      ASSERT_TRUE(cache_.rpush("l", "new").ok());
      EXPECT_FALSE(cache_.ttl("l")->left.has_value()) << name;
      ASSERT_TRUE(*cache_.del("l"));
    }
  }
}

TEST_F(ListsTest, EditsKeepTheTimeToLive) {
  for (const int count : {3, 2'000}) {
    fill(cache_, "l", elements(count));
    ASSERT_TRUE(*cache_.expire("l", 10s));
    ASSERT_TRUE(cache_.lpush("l", elements(200)).ok());
    ASSERT_TRUE(cache_.lset("l", 1, "x").ok());
    ASSERT_TRUE(cache_.linsert("l", ListPlace::kAfter, "x", "y").ok());
    ASSERT_TRUE(cache_.lrem("l", 0, "y").ok());
    ASSERT_TRUE(cache_.lpop("l", 100).has_value());
    ASSERT_TRUE(cache_.ltrim("l", 1, -2).ok());
    EXPECT_EQ(cache_.ttl("l")->left->count(), 10'000);
    advance(10s);
    EXPECT_FALSE(there("l"));
    EXPECT_TRUE(cache_.lpop("l").missing());
    EXPECT_EQ(cache_.rpush_x("l", "a").value_or(9), 0u);
  }
}

TEST_F(ListsTest, OtherTypesAreLeftAlone) {
  ASSERT_TRUE(cache_.set("s", "text").ok());
  ASSERT_TRUE(cache_.hset("h", "f", "v").ok());
  for (const std::string key : {"s", "h"}) {
    for (const std::size_t count : {1u, 100u}) {
      EXPECT_EQ(code_of(cache_.lpush(key, Model(count, "x"))), ErrorCode::kWrongType);
      EXPECT_EQ(code_of(cache_.rpush_x(key, Model(count, "x"))), ErrorCode::kWrongType);
      EXPECT_EQ(code_of(cache_.lpop(key, count)), ErrorCode::kWrongType);
      EXPECT_EQ(code_of(cache_.rpop(key, count)), ErrorCode::kWrongType);
    }
    EXPECT_EQ(code_of(cache_.lpop(key)), ErrorCode::kWrongType);
    EXPECT_EQ(code_of(cache_.lpop(key, 0)), ErrorCode::kWrongType);
    EXPECT_EQ(code_of(cache_.llen(key)), ErrorCode::kWrongType);
    EXPECT_EQ(code_of(cache_.lindex(key, 0)), ErrorCode::kWrongType);
    EXPECT_EQ(code_of(cache_.lrange(key, 0, -1)), ErrorCode::kWrongType);
    EXPECT_EQ(code_of(cache_.lpos(key, "x")), ErrorCode::kWrongType);
    EXPECT_EQ(code_of(cache_.lpos_all(key, "x")), ErrorCode::kWrongType);
    EXPECT_EQ(code_of(cache_.lsnapshot(key)), ErrorCode::kWrongType);
    EXPECT_EQ(code_of(cache_.lset(key, 0, "x")), ErrorCode::kWrongType);
    EXPECT_EQ(code_of(cache_.linsert(key, ListPlace::kBefore, "x", "y")), ErrorCode::kWrongType);
    EXPECT_EQ(code_of(cache_.lrem(key, 0, "x")), ErrorCode::kWrongType);
    EXPECT_EQ(code_of(cache_.ltrim(key, 0, 0)), ErrorCode::kWrongType);
  }
  EXPECT_EQ(cache_.get("s"), "text");
  ASSERT_TRUE(cache_.rpush("l", "x").ok());
  EXPECT_EQ(code_of(cache_.get("l")), ErrorCode::kWrongType);
  EXPECT_EQ(code_of(cache_.hget("l", "f")), ErrorCode::kWrongType);
  EXPECT_EQ(contents("l"), Model{"x"});
}

TEST_F(ListsTest, ElementsThatAreTooLarge) {
  Cache& cache = make({.value_bytes_max = 1'000});
  ASSERT_TRUE(cache.rpush("l", {"a", binary(1'000)}).ok());
  const std::string large = binary(1'001);
  EXPECT_EQ(code_of(cache.lpush("l", large)), ErrorCode::kValueTooLarge);
  EXPECT_EQ(code_of(cache.rpush("l", {"b", large, "c"})), ErrorCode::kValueTooLarge);
  EXPECT_EQ(code_of(cache.rpush_x("none", large)), ErrorCode::kValueTooLarge);
  EXPECT_EQ(code_of(cache.lset("l", 0, large)), ErrorCode::kValueTooLarge);
  EXPECT_EQ(code_of(cache.linsert("l", ListPlace::kBefore, "a", large)), ErrorCode::kValueTooLarge);
  EXPECT_EQ(cache.lrem("l", 0, large).value_or(9), 0u);  // there can be none
  EXPECT_EQ(contents(cache, "l"), (Model{"a", binary(1'000)}));
}

const Call kReads[] = {
    {"llen", [](Cache& cache, std::string_view key) { return code_of(cache.llen(key)); }},
    {"lindex", [](Cache& cache, std::string_view key) { return code_of(cache.lindex(key, 0)); }},
    {"lrange", [](Cache& cache, std::string_view key) { return code_of(cache.lrange(key, 0, -1)); }},
    {"lpos", [](Cache& cache, std::string_view key) { return code_of(cache.lpos(key, "1")); }},
    {"lpos_all", [](Cache& cache, std::string_view key) { return code_of(cache.lpos_all(key, "1")); }},
    {"lsnapshot", [](Cache& cache, std::string_view key) { return code_of(cache.lsnapshot(key)); }},
};
const Call kEdits[] = {
    {"lpush_x", [](Cache& cache, std::string_view key) { return code_of(cache.lpush_x(key, "1")); }},
    {"rpush_x", [](Cache& cache, std::string_view key) { return code_of(cache.rpush_x(key, Model(100, "1"))); }},
    {"lpop", [](Cache& cache, std::string_view key) { return code_of(cache.lpop(key)); }},
    {"rpop", [](Cache& cache, std::string_view key) { return code_of(cache.rpop(key)); }},
    {"lpop n", [](Cache& cache, std::string_view key) { return code_of(cache.lpop(key, 100)); }},
    {"rpop n", [](Cache& cache, std::string_view key) { return code_of(cache.rpop(key, 2)); }},
    {"linsert",
     [](Cache& cache, std::string_view key) { return code_of(cache.linsert(key, ListPlace::kAfter, "1", "2")); }},
    {"lrem", [](Cache& cache, std::string_view key) { return code_of(cache.lrem(key, 0, "1")); }},
    {"ltrim", [](Cache& cache, std::string_view key) { return code_of(cache.ltrim(key, 0, 0)); }},
};
const Call kPushes[] = {
    {"lpush", [](Cache& cache, std::string_view key) { return code_of(cache.lpush(key, "1")); }},
    {"rpush",
     [](Cache& cache, std::string_view key) {
       return code_of(cache.rpush(key, {"1", "2"}));
     }},
    {"rpush many", [](Cache& cache, std::string_view key) { return code_of(cache.rpush(key, Model(1'000, "1"))); }},
    {"lpush large", [](Cache& cache, std::string_view key) { return code_of(cache.lpush(key, binary(30'000))); }},
};

TEST_F(ListsTest, KeysHaveTheirLimit) {
  expect_key_limit(cache_, kReads);
  expect_key_limit(cache_, kEdits);
  expect_key_limit(cache_, kPushes);
}

TEST_F(ListsTest, NothingWorksOnAClosedCache) {
  expect_closed(make({}), kReads);
  expect_closed(make({}), kEdits);
  expect_closed(make({}), kPushes);
}

TEST_F(ListsTest, WhatFindsNoRoomLeavesNothing) {
  expect_no_room(make(one_entry()), kPushes);
  expect_no_memory(kPushes);
}

// --- Memory -----------------------------------------------------------------------------------------------------------

// Whatever an edit is refused in the middle of: nothing has changed.
TEST_F(ListsTest, WhatFindsNoMemoryHasChangedNothing) {
  using Edit = Status (*)(Cache&);
  const Edit edits[] = {
      [](Cache& cache) { return cache.lpush("l", elements(500)).status(); },
      [](Cache& cache) {
        return cache.rpush("l", {"a", "b", binary(5'000)}).status();
      },
      [](Cache& cache) { return cache.rpush("l", binary(40'000)).status(); },
      [](Cache& cache) { return cache.lset("l", 2, binary(5'000)); },
      [](Cache& cache) { return cache.linsert("l", ListPlace::kBefore, "mark", binary(5'000)).status(); },
      [](Cache& cache) { return cache.lrem("l", 0, "mark").status(); },
      [](Cache& cache) { return cache.lpop("l", 7).status(); },
      [](Cache& cache) { return cache.rpop("l", 150).status(); },
      [](Cache& cache) { return cache.ltrim("l", 3, -4); },
  };
  for (const int count : {20, 200, 4'000}) {
    Model model = elements(count);
    for (std::size_t at = 3; at < model.size(); at += 90) model[at] = "mark";
    for (std::size_t which = 0; which < std::size(edits); ++which) {
      support::CountingAllocator allocator;
      {
        Cache cache({.shards = 1, .allocator = &allocator, .seed = 1});
        fill(cache, "l", model);
        const ListSnapshot held = *cache.lsnapshot("l");  // so that every edit needs pages
        int refused = 0;
        for (const std::uint64_t one_in : {1u, 2u, 3u, 5u, 9u}) {
          allocator.fail_one_in(one_in);
          const Status status = edits[which](cache);
          allocator.fail_one_in(0);
          if (!status.ok()) {
            ++refused;
            EXPECT_EQ(status.code(), ErrorCode::kOutOfMemory) << which;
            ASSERT_EQ(contents(cache, "l"), model) << which << " of " << count;
          }
          ASSERT_EQ(cache.check_invariants().to_string(), "ok") << which << " of " << count;
          if (!status.ok()) continue;
          ASSERT_TRUE(cache.del("l").ok());
          ASSERT_TRUE(cache.rpush("l", model).ok());
        }
        if (count > 1'000) {
          EXPECT_GT(refused, 0) << which;
        }
        EXPECT_EQ(held.size(), model.size());
      }
      EXPECT_EQ(allocator.complaints(true), "") << which << " of " << count;
    }
  }
}

TEST_F(ListsTest, WhatIsCountedIsGivenBack) {
  const std::uint64_t before = cache_.stats().bytes_used - cache_.stats().bytes_set_aside;
  for (int round = 0; round < 3; ++round) {
    fill(cache_, "l", elements(3'000));
    EXPECT_TRUE(cache_.rpush("l", binary(100'000)).ok());
    EXPECT_TRUE(cache_.copy("l", "m").ok());
    EXPECT_TRUE(cache_.ltrim("l", 1'000, -1).ok());
    EXPECT_EQ(cache_.lpop("l", 500)->size(), 500u);
    EXPECT_TRUE(cache_.ltrim("l", -1, -1).ok());
    EXPECT_EQ(contents("m").size(), 3'001u);
    EXPECT_TRUE(*cache_.del("m"));
    EXPECT_EQ(cache_.rpop("l"), binary(100'000));
  }
  while (cache_.tick().more) {
  }
  EXPECT_LE(cache_.stats().bytes_used - cache_.stats().bytes_set_aside, before + (64 << 10));
}

// --- Snapshots --------------------------------------------------------------------------------------------------------

TEST_F(ListsTest, ASnapshotIsReadFromAnywhere) {
  for (const int count : kSizes) {
    const Model model = elements(count);
    fill(cache_, "l", model);
    const ListSnapshot list = *cache_.lsnapshot("l");
    EXPECT_EQ(list.size(), model.size());
    EXPECT_EQ(list.get(0), model.front());
    EXPECT_EQ(list.get(-1), model.back());
    EXPECT_EQ(list.get(count / 2), model[static_cast<std::size_t>(count / 2)]);
    EXPECT_FALSE(list.get(count).has_value());
    EXPECT_FALSE(list.get(-count - 1).has_value());
    Model seen;
    list.for_each([&](std::string_view element) {
      seen.emplace_back(element);
      return true;
    });
    EXPECT_EQ(seen, model);
    seen.clear();
    list.for_each(-3, kMax, [&](std::string_view element) {
      seen.emplace_back(element);
      return seen.size() < 2;
    });
    const std::size_t from = model.size() < 3 ? 0 : model.size() - 3;
    EXPECT_EQ(seen, part(model, from, std::min(from + 2, model.size())));
    EXPECT_EQ(list.count(-3, kMax), model.size() - from);
    EXPECT_EQ(list.count(1, 0), 0u);
    EXPECT_EQ(list.count(kMin, -1), model.size());
  }
  EXPECT_TRUE(cache_.lsnapshot("none").missing());
}

TEST_F(ListsTest, ASnapshotOutlivesTheCache) {
  for (const int count : {5, 2'000}) {
    Cache& cache = make({});
    const Model model = elements(count);
    fill(cache, "l", model);
    const ListSnapshot list = *cache.lsnapshot("l");
    EXPECT_TRUE(cache.close().complete());
    EXPECT_EQ(list.get(-1), model.back());
  }
}

TEST_F(ListsTest, AViewReadsWithoutATrace) {
  fill(cache_, "l", elements(100));
  const Stats before = cache_.stats();
  ReadView view(cache_);
  EXPECT_EQ(view.llen("l").value_or(0), 100u);
  EXPECT_EQ(view.lindex("l", 0), "e0");
  EXPECT_EQ(view.lrange("l", 0, -1)->size(), 100u);
  EXPECT_EQ(view.lpos("l", "e5"), 5u);
  EXPECT_EQ(view.lpos_all("l", "e5")->size(), 1u);
  EXPECT_EQ(view.lsnapshot("l")->size(), 100u);
  EXPECT_TRUE(view.lindex("none", 0).missing());
  EXPECT_EQ(cache_.stats().hits, before.hits);
  EXPECT_EQ(cache_.stats().misses, before.misses);
}

}  // namespace
}  // namespace larder::commands
