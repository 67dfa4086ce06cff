// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/gdsf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "base/random.h"
#include "eviction/policy_fixture.h"

namespace larder::eviction {
namespace {

using GdsfTest = PolicyFixture<Gdsf>;

TEST_F(GdsfTest, OfEqualOnesTheOneUsedLongestAgoGoes) {
  for (EntryId id = 1; id <= 4; ++id) shard_.insert(id, 10);
  for (const EntryId id : {2u, 1u, 4u}) shard_.hit(id);
  EXPECT_EQ(evict_all(), (std::vector<EntryId>{3, 2, 1, 4}));
}

TEST_F(GdsfTest, ALargeOneGoesBeforeSmallOnesUnlessItIsUsedMore) {
  shard_.insert(1, 100);
  shard_.insert(2, 30);
  shard_.insert(3, 10);
  for (int i = 0; i < 4; ++i) shard_.hit(1);  // 5 / 100 lies between 1 / 30 and 1 / 10
  EXPECT_EQ(evict_all(), (std::vector<EntryId>{2, 1, 3}));
}

TEST_F(GdsfTest, WhatIsNotUsedAnyMoreFallsBehind) {
  shard_.insert(1, 10);
  for (int i = 0; i < 9; ++i) shard_.hit(1);
  for (EntryId id = 10; id < 100 && shard_.contains(1); ++id) {
    shard_.insert(id, 10);
    shard_.insert(id + 1'000, 10);
    shard_.evict();
    shard_.evict();
  }
  EXPECT_FALSE(shard_.contains(1));
}

// Against priorities in a map, of which the lowest is looked for.
TEST_F(GdsfTest, EvictsTheLowestPriority) {
  struct Its {
    double priority;
    int used_at;
    std::uint32_t uses, weight;
  };
  base::Random random(1);
  std::map<EntryId, Its> model;
  double clock = 0;
  for (int step = 0; step < 30'000; ++step) {
    const auto id = static_cast<EntryId>(random.below(300));
    const auto weight = 1 + static_cast<std::uint32_t>(random.below(1'000));
    const std::uint64_t what = random.below(10);
    Its& its = model[id];
    if (its.uses == 0) {
      shard_.insert(id, weight);
      its = {0, 0, 1, weight};
    } else if (what == 0) {
      shard_.remove(id);
      model.erase(id);
      continue;
    } else if (what == 1) {
      shard_.resize(id, weight == its.weight ? weight + 1 : weight);
      its.weight = weight == its.weight ? weight + 1 : weight;
    } else {
      shard_.hit(id);
      ++its.uses;
    }
    its.used_at = step;
    its.priority = clock + static_cast<double>(its.uses) / its.weight;
    if (random.below(6) != 0) continue;
    const auto lowest = std::min_element(model.begin(), model.end(), [](const auto& a, const auto& b) {
      return std::tie(a.second.priority, a.second.used_at) < std::tie(b.second.priority, b.second.used_at);
    });
    ASSERT_TRUE(shard_.evict());
    ASSERT_EQ(shard_.evicted.back(), lowest->first) << "step " << step;
    clock = lowest->second.priority;
    model.erase(lowest);
  }
}

TEST_F(GdsfTest, TakesTwentyEightBytesAnEntryAndGivesThemBack) {
  for (EntryId id = 0; id < 10'000; ++id) shard_.insert(id, 1 + id % 100);
  for (EntryId id = 0; id < 50'000; ++id) shard_.hit(id % 10'000);
  EXPECT_LE(shard_.live_bytes, 10'000u * 29 + 8'192);
  for (EntryId id = 0; id < 9'990; ++id) shard_.remove(id);
  EXPECT_LE(shard_.live_bytes, 8'192u);
}

TEST_F(GdsfTest, WhatTheEngineKeepsIsBehindTheOthers) {
  for (EntryId id = 1; id <= 5; ++id) shard_.insert(id, id == 3 ? 1'000 : 10);
  shard_.kept = {3};
  ASSERT_TRUE(shard_.evict());
  EXPECT_EQ(shard_.evicted.back(), 1u);
  shard_.kept.clear();
  EXPECT_EQ(evict_all(), (std::vector<EntryId>{1, 2, 4, 5, 3}));
}

}  // namespace
}  // namespace larder::eviction
