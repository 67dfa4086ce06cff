// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/shadow_cache.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "eviction/fake_residents.h"
#include "eviction/gated_fifo.h"

namespace larder::eviction {
namespace {

constexpr std::uint64_t kUnbounded = UINT64_MAX;

// Whatever it is told, it does as any other shard of this policy.
TEST(ShadowCacheTest, DoesAsAShardWould) {
  base::Random random(1);
  GatedFifo policy;
  FakeResidents shard(policy);
  GatedFifo shadow_policy;
  ShadowCache shadow(shadow_policy);
  constexpr std::uint64_t kCapacity = 300;
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto number = static_cast<std::uint32_t>(random.below(1 + random.below(2'000)));
    const auto id = static_cast<EntryId>(base::mix64(number));
    if (random.below(50) == 0) {
      if (shard.contains(id)) shard.remove(id);
      shadow.remove(id);
    }
    const bool hit = shadow.access(id, 0, 1, kCapacity);
    ASSERT_EQ(hit, shard.access(id, kCapacity)) << i;
    ASSERT_EQ(shadow.size(), shard.size());
    hits += hit;
  }
  EXPECT_GT(hits, 20'000);
  policy.clear(shard);
}

// Keys that are deleted and come back, while there is room for all, and then not.
TEST(ShadowCacheTest, KnowsWhereEachIsHoweverOftenItComesBack) {
  base::Random random(2);
  GatedFifo policy;
  ShadowCache shadow(policy);
  for (int i = 0; i < 300'000; ++i) {
    const auto id = static_cast<EntryId>(base::mix64(random.below(200)));
    if (random.below(2) == 0) {
      shadow.remove(id);
    } else {
      shadow.access(id, 0, 1, i % 3'000 < 2'500 ? 300 : 50);
    }
    ASSERT_EQ(policy.entries(), shadow.size());
    ASSERT_EQ(policy.weight(), shadow.weight());
    if (i % 3'000 == 2'999) {
      ASSERT_LE(shadow.size(), 50u);
    }
  }
}

TEST(ShadowCacheTest, HoldsNoMoreThanItsShareOfMemoryAndDoesNoMoreThanItsShareOfWork) {
  GatedFifo policy;
  ShadowCache shadow(policy);
  for (EntryId id = 1; id < 100'000; ++id) shadow.access(static_cast<EntryId>(base::mix64(id)), 0, 1, kUnbounded);
  EXPECT_LE(shadow.size(), ShadowCache::kEntriesMax);
  EXPECT_LT(shadow.bytes(), 100'000u);
  const std::uint64_t before = shadow.size();
  shadow.access(1, 0, 500, 1'000);  // for which 500 would have to go
  EXPECT_GE(shadow.size() + 16, before);
}

TEST(ShadowCacheTest, HoldsWhatItHasRoomFor) {
  GatedFifo policy;
  ShadowCache shadow(policy);
  EXPECT_FALSE(shadow.access(1, 0, 60, 100));
  EXPECT_FALSE(shadow.access(2, 0, 101, 100));  // never
  EXPECT_TRUE(shadow.access(1, 0, 60, 100));
  EXPECT_FALSE(shadow.access(3, 0, 60, 100));
  EXPECT_EQ(shadow.size(), 1u);
  EXPECT_EQ(shadow.weight(), 60u);
}

TEST(ShadowCacheTest, DropsWhatIsTagged) {
  GatedFifo policy;
  ShadowCache shadow(policy);
  for (EntryId id = 0; id < 1'000; ++id) shadow.access(id, id % 4, 2, kUnbounded);
  shadow.remove_tagged(3);
  EXPECT_EQ(shadow.size(), 250u);
  EXPECT_EQ(shadow.weight(), 500u);
  for (EntryId id = 0; id < 1'000; ++id) EXPECT_EQ(shadow.access(id, 0, 2, kUnbounded), id % 4 == 0);
}

}  // namespace
}  // namespace larder::eviction
