// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/shadow_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "base/random.h"
#include "eviction/fake_residents.h"
#include "eviction/fifo.h"
#include "eviction/gated_fifo.h"

namespace larder::eviction {
namespace {

constexpr std::uint64_t kUnbounded = UINT64_MAX;

// Whatever it is told, it does as any other shard of this policy: of those that draw nothing at random.
TEST(ShadowCacheTest, DoesAsAShardWould) {
  for (const std::string name : {"s3-fifo", "sieve", "fifo", "lru", "arc", "lirs", "gdsf"}) {
    SCOPED_TRACE(name);
    base::Random random(1);
    const Eviction eviction = *Eviction::named(name);
    const std::unique_ptr<EvictionPolicy> policy = eviction.factory()(1);
    const std::unique_ptr<EvictionPolicy> shadow_policy = eviction.factory()(1);
    FakeResidents shard(*policy);
    ShadowCache shadow(*shadow_policy, {});
    constexpr std::uint64_t kCapacity = 300;
    int hits = 0;
    for (int i = 0; i < 30'000; ++i) {
      const auto number = static_cast<std::uint32_t>(random.below(1 + random.below(2'000)));
      const auto id = static_cast<EntryId>(base::mix64(number));
      if (random.below(50) == 0) {
        if (shard.contains(id)) shard.remove(id);
        shadow.remove(id);
      }
      const bool hit = shadow.access({id, 0, 1}, kCapacity);
      ASSERT_EQ(hit, shard.access(id, kCapacity)) << i;
      ASSERT_EQ(shadow.size(), shard.size());
      hits += hit;
    }
    EXPECT_GT(hits, 5'000);
    policy->clear(shard);
  }
}

// Each resident as often as any other, where entries that stood together are gone.
TEST(ShadowCacheTest, SamplesEachAsOften) {
  const std::unique_ptr<EvictionPolicy> policy = Eviction::random().factory()(1);
  ShadowCache shadow(*policy, {});
  for (EntryId id = 0; id < 600; ++id) shadow.access({id, 0, 1}, kUnbounded);
  for (EntryId id = 300; id < 600; ++id) shadow.remove(id);
  std::map<EntryId, int> evicted;
  for (int i = 0; i < 30'000; ++i) {
    for (EntryId id = 0; id < 300; ++id) {
      if (!shadow.contains(id)) shadow.insert({id, 0, 1}, kUnbounded);
    }
    shadow.insert({10'000, 0, 1}, 300);  // for which one goes
    for (EntryId id = 0; id < 300; ++id) evicted[id] += !shadow.contains(id);
    shadow.remove(10'000);
  }
  for (EntryId id = 0; id < 300; ++id) EXPECT_NEAR(evicted[id], 100, 60) << id;
}

TEST(ShadowCacheTest, WhatHasEndedIsGone) {
  GatedFifo policy;
  ShadowCache shadow(policy, {});
  for (EntryId id = 0; id < 100; ++id) shadow.insert({id, 0, 1, id < 50 ? 10u : 0u}, kUnbounded);
  EXPECT_TRUE(shadow.hit(0, 9));
  EXPECT_FALSE(shadow.hit(0, 10));
  EXPECT_EQ(shadow.size(), 99u);
  shadow.change({1, 0, 1, 20}, kUnbounded);
  shadow.change({2, 0, 7}, kUnbounded);
  shadow.change({1'000, 0, 1}, kUnbounded);  // which is not there
  EXPECT_EQ(shadow.weight(), 99u + 6);
  for (int i = 0; i < 100; ++i) shadow.expire(10, 8);
  EXPECT_EQ(shadow.size(), 52u);
  EXPECT_TRUE(shadow.hit(1, 19));
  EXPECT_TRUE(shadow.hit(2, 1'000'000));
}

// Keys that are deleted and come back, while there is room for all, and then not.
TEST(ShadowCacheTest, KnowsWhereEachIsHoweverOftenItComesBack) {
  base::Random random(2);
  GatedFifo policy;
  ShadowCache shadow(policy, {});
  for (int i = 0; i < 300'000; ++i) {
    const auto id = static_cast<EntryId>(base::mix64(random.below(200)));
    if (random.below(2) == 0) {
      shadow.remove(id);
    } else {
      shadow.access({id, 0, 1}, i % 3'000 < 2'500 ? 300 : 50);
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
  ShadowCache shadow(policy, {});
  for (EntryId id = 1; id < 100'000; ++id) shadow.access({static_cast<EntryId>(base::mix64(id)), 0, 1}, kUnbounded);
  EXPECT_LE(shadow.size(), 1'024u);
  EXPECT_LT(shadow.bytes(), 100'000u);
  const std::uint64_t before = shadow.size();
  shadow.access({1, 0, 500}, 1'000);  // for which 500 would have to go
  EXPECT_GE(shadow.size() + 16, before);
}

TEST(ShadowCacheTest, HoldsWhatItHasRoomFor) {
  GatedFifo policy;
  ShadowCache shadow(policy, {});
  EXPECT_FALSE(shadow.access({1, 0, 60}, 100));
  EXPECT_FALSE(shadow.access({2, 0, 101}, 100));  // never
  EXPECT_TRUE(shadow.access({1, 0, 60}, 100));
  EXPECT_FALSE(shadow.access({3, 0, 60}, 100));
  EXPECT_EQ(shadow.size(), 1u);
  EXPECT_EQ(shadow.weight(), 60u);
}

TEST(ShadowCacheTest, DropsWhatIsTagged) {
  Fifo policy;
  ShadowCache shadow(policy, {});
  for (EntryId id = 0; id < 1'000; ++id) shadow.access({id, static_cast<std::uint16_t>(id % 4), 2}, kUnbounded);
  const std::size_t before = shadow.bytes();
  shadow.remove_tagged(3);
  EXPECT_EQ(shadow.size(), 250u);
  EXPECT_LT(shadow.bytes(), before / 3);
  EXPECT_EQ(shadow.weight(), 500u);
  for (EntryId id = 0; id < 1'000; ++id) EXPECT_EQ(shadow.access({id, 0, 2}, kUnbounded), id % 4 == 0);
}

}  // namespace
}  // namespace larder::eviction
