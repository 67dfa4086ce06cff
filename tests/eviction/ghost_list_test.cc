// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/ghost_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <utility>

#include "base/random.h"
#include "eviction/fake_residents.h"

namespace larder::eviction {
namespace {

TEST(GhostList, AnEmptyOneHasNothing) {
  FakeResidents shard;
  GhostList list;
  EXPECT_EQ(list.size(), 0u);
  EXPECT_EQ(list.find(1), nullptr);
  EXPECT_FALSE(list.take(shard, 1));
  EXPECT_FALSE(list.take_oldest(shard));
  EXPECT_EQ(shard.live_bytes, 0u);
}

// Against a list of ids and numbers, while it grows and shrinks.
TEST(GhostList, KeepsTheExactOrder) {
  FakeResidents shard;
  GhostList list;
  base::Random random(1);
  std::list<std::pair<EntryId, std::uint32_t>> model;  // oldest first
  for (std::uint32_t step = 0; step < 30'000; ++step) {
    const bool grows = step / 5'000 % 2 == 0;
    const auto id = static_cast<EntryId>(random.below(1'000)) << 20;  // no hash: the low bits are all the same
    const auto found = std::find_if(model.begin(), model.end(), [&](const auto& one) { return one.first == id; });
    ASSERT_EQ(list.find(id) != nullptr, found != model.end());
    if (found != model.end()) {
      ASSERT_EQ(*list.find(id), found->second);
    }
    const std::uint64_t what = random.below(10);
    if (what < (grows ? 7u : 3u)) {
      ASSERT_TRUE(list.insert(shard, id, step));
      if (found != model.end()) model.erase(found);
      model.emplace_back(id, step);
    } else if (what < 9) {
      ASSERT_EQ(list.take_oldest(shard), !model.empty());
      if (!model.empty()) model.pop_front();
    } else {
      ASSERT_EQ(list.take(shard, id), found != model.end());
      if (found != model.end()) model.erase(found);
    }
    ASSERT_EQ(list.size(), model.size());
    if (!model.empty()) {
      ASSERT_NE(list.find(model.front().first), nullptr);
    }
  }
  list.clear(shard);
  EXPECT_EQ(list.find(model.front().first), nullptr);
  EXPECT_EQ(shard.live_bytes, 0u);
}

TEST(GhostList, TakesTwentyFourBytesAnIdAndGivesThemBack) {
  FakeResidents shard;
  GhostList list;
  for (EntryId id = 0; id < 10'000; ++id) ASSERT_TRUE(list.insert(shard, id * 7'919));
  EXPECT_LE(shard.live_bytes, 10'000u * 25 + 4'096);
  while (list.size() > 10) ASSERT_TRUE(list.take_oldest(shard));
  EXPECT_LE(shard.live_bytes, 2'304u);
  EXPECT_NE(list.find(9'999u * 7'919), nullptr);
  while (list.take_oldest(shard)) {
  }
  EXPECT_EQ(shard.live_bytes, 0u);
}

TEST(GhostList, WithoutMemoryItRemembersNoMore) {
  FakeResidents shard;
  GhostList list;
  shard.refuses = true;
  EXPECT_FALSE(list.insert(shard, 1));
  shard.refuses = false;
  EntryId id = 0;
  for (; id < 100; ++id) ASSERT_TRUE(list.insert(shard, id));
  shard.refuses = true;
  while (list.insert(shard, id)) ++id;
  EXPECT_EQ(list.find(id), nullptr);
  EXPECT_EQ(list.size(), id);
  for (EntryId one = 0; one < id; ++one) EXPECT_NE(list.find(one), nullptr);
  list.clear(shard);
  EXPECT_EQ(shard.live_bytes, 0u);
}

}  // namespace
}  // namespace larder::eviction
