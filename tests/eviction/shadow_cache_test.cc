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
