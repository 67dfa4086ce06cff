// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Unions, intersections and differences: of sorted sets and of plain sets, whose members are put there by hand.
#include "commands/sorted_set_sources.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>

#include "keyspace/collection.h"

namespace larder::commands {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Members = ScoredMembers;
using Model = std::map<std::string, double>;

class SortedSetSources : public testing::Test, public SortedSets {
 protected:
  SortedSetSources() : SortedSets(&keyspace_) {}

  static Options options() {
    Options options;
    options.shards = 4;
    options.seed = 1;
    return options;
  }
  void add_set(std::string_view key, const std::vector<std::string>& members) {
    Status status = keyspace::change<keyspace::SetType>(keyspace_, key, members.size(),
                                                        [&](keyspace::SetType::Draft& draft) -> Status {
                                                          for (const std::string& member : members) draft.add(member);
                                                          return {};
                                                        });
    ASSERT_TRUE(status.ok());
  }
  static Members in_order(const Model& model) {
    std::vector<MemberScore> all;
    for (const auto& [member, score] : model) all.push_back({member, score});
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.score < b.score; });
    Members members;
    for (const MemberScore& one : all) members.push_back(one);
    return members;
  }

  keyspace::Keyspace keyspace_{options()};
};

TEST_F(SortedSetSources, AggregatesAndWeights) {
  ASSERT_TRUE(zadd("a", {{"x", 1}, {"y", 2}, {"z", 3}}).ok());
  ASSERT_TRUE(zadd("b", {{"y", 10}, {"z", -1}, {"q", 0.5}}).ok());
  EXPECT_EQ(*zunion({"a", "b"}), (Members{{"q", 0.5}, {"x", 1}, {"z", 2}, {"y", 12}}));
  EXPECT_EQ(*zunion({"a", "b"}, {.aggregate = Aggregate::kMin}), (Members{{"z", -1}, {"q", 0.5}, {"x", 1}, {"y", 2}}));
  EXPECT_EQ(*zinter({"a", "b"}, {.aggregate = Aggregate::kMax}), (Members{{"z", 3}, {"y", 10}}));
  const double weights[] = {2, -1};
  EXPECT_EQ(*zinter({"a", "b"}, {.weights = weights}), (Members{{"y", -6}, {"z", 7}}));
  EXPECT_EQ(*zdiff({"a", "b"}), (Members{{"x", 1}}));
  EXPECT_EQ(*zdiff({"b", "a", "nothing"}), (Members{{"q", 0.5}}));
  EXPECT_EQ(*zdiff({"nothing", "a"}), Members());
  EXPECT_EQ(*zinter({"a", "nothing"}), Members());
  EXPECT_EQ(zunion({"nothing", "a", "a"})->size(), 3u);
  EXPECT_EQ(*zdiff({"a", "a"}), Members());
  EXPECT_EQ(*zinter_card({"a", "b"}), 2u);
  EXPECT_EQ(*zinter_card({"a", "b"}, 1), 1u);
  EXPECT_EQ(*zinter_card({"a", "a", "a"}, 99), 3u);
  EXPECT_EQ(*zinter_card({"nothing", "a"}), 0u);
}

// Pitfall 3: what is no number becomes 0.
TEST_F(SortedSetSources, InfinitiesThatMeetAreZero) {
  ASSERT_TRUE(zadd("a", {{"m", kInfinity}}).ok());
  ASSERT_TRUE(zadd("b", {{"m", -kInfinity}, {"n", 1}}).ok());
  EXPECT_EQ(*zinter({"a", "b"}), (Members{{"m", 0}}));
  EXPECT_EQ(*zunion({"b", "a"}), (Members{{"m", 0}, {"n", 1}}));
  const double zeroes[] = {0, 0};
  EXPECT_EQ(*zunion({"a", "b"}, {.weights = zeroes}), (Members{{"m", 0}, {"n", 0}}));
  EXPECT_EQ(*zinter({"a", "b"}, {.weights = zeroes, .aggregate = Aggregate::kMax}), (Members{{"m", 0}}));
}

TEST_F(SortedSetSources, PlainSetsCountAsScoresOfOne) {
  ASSERT_TRUE(zadd("z", {{"a", 5}, {"b", 6}}).ok());
  std::vector<std::string> many{"a", "c"};
  for (const bool large : {false, true}) {
    if (large) {
      for (int i = 0; i < 1'000; ++i) many.push_back("more" + std::to_string(i));
    }
    add_set("s", many);
    EXPECT_EQ(*zinter({"z", "s"}), (Members{{"a", 6}}));
    EXPECT_EQ(zunion({"z", "s"})->size(), many.size() + 1);
    EXPECT_EQ(*zdiff({"z", "s"}), (Members{{"b", 6}}));
    EXPECT_EQ(zdiff({"s", "z"})->front(), (ScoredMember{"c", 1}));
    const double weights[] = {1, 3};
    EXPECT_EQ(*zinter({"z", "s"}, {.weights = weights}), (Members{{"a", 8}}));
    EXPECT_EQ(*zinter_card({"s", "z"}), 1u);
    EXPECT_EQ(*zinter_card({"s", "s"}), many.size());
  }
  EXPECT_EQ(zscore("s", "a").status().code(), ErrorCode::kWrongType);
}

TEST_F(SortedSetSources, WhatMakesNoSenseIsRefused) {
  ASSERT_TRUE(zadd("z", {{"a", 5}}).ok());
  ASSERT_TRUE(keyspace_.put("s", "text", keyspace::Entry::kNoDeadline));
  const double one[] = {1};
  const double no_number[] = {1, kNan};
  const std::vector<std::string> none;
  const std::vector<std::string> many(1'025, "z");
  const auto code = [](const auto& result) { return result.status().code(); };
  EXPECT_EQ(code(zunion({"z", "s"})), ErrorCode::kWrongType);
  EXPECT_EQ(code(zinter({"s"})), ErrorCode::kWrongType);
  EXPECT_EQ(code(zdiff({"z", "s"})), ErrorCode::kWrongType);
  EXPECT_EQ(code(zinter_card({"nothing", "s"})), ErrorCode::kWrongType);
  EXPECT_EQ(code(zunion({"z", "z"}, {.weights = one})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(zunion({"z", "z"}, {.weights = no_number})), ErrorCode::kNotAFloat);
  EXPECT_EQ(code(zunion(none)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(zinter_card(many)), ErrorCode::kTooManyKeys);
  EXPECT_EQ(zunion(std::vector<std::string>(1'024, "z"))->front().score, 5 * 1'024.0);
}

// Of every size, against maps.
TEST_F(SortedSetSources, AreThoseOfMaps) {
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    std::vector<Model> models(1 + random() % 4);
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < models.size(); ++i) {
      keys.push_back("r" + std::to_string(round) + "/" + std::to_string(i));
      const unsigned size = std::vector<unsigned>{0, 3, 40, 200, 2'000}[random() % 5];
      for (unsigned n = 0; n < size; ++n)
        models[i]["m" + std::to_string(random() % (size + 50))] = static_cast<double>(random() % 9);
      if (!models[i].empty()) {
        ASSERT_TRUE(zadd(keys[i], models[i]).ok());
      }
    }
    Model sum;
    Model common = models[0];
    Model rest = models[0];
    for (std::size_t i = 0; i < models.size(); ++i) {
      for (const auto& [member, score] : models[i]) sum[member] += score;
      if (i == 0) continue;
      std::erase_if(common, [&](const auto& one) { return !models[i].contains(one.first); });
      for (auto& [member, score] : common) score += models[i][member];
      std::erase_if(rest, [&](const auto& one) { return models[i].contains(one.first); });
    }
    EXPECT_EQ(*zunion(keys), in_order(sum));
    EXPECT_EQ(*zinter(keys), in_order(common));
    EXPECT_EQ(*zdiff(keys), in_order(rest));
    EXPECT_EQ(*zinter_card(keys), common.size());
    EXPECT_EQ(*zinter_card(keys, 5), std::min<std::size_t>(common.size(), 5));
  }
  EXPECT_EQ(keyspace_.check().to_string(), "ok");
}

}  // namespace
}  // namespace larder::commands
