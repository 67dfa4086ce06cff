// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/fifo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "eviction/fake_residents.h"

namespace larder::eviction {
namespace {

// Against a list of who came when, with so many that leave by themselves that the queue is swept over and over.
TEST(Fifo, EvictsWhoCameFirst) {
  Fifo policy;
  FakeResidents shard(policy);
  base::Random random(1);
  std::vector<EntryId> model;
  for (int step = 0; step < 30'000; ++step) {
    const auto id = static_cast<EntryId>(random.below(300));
    const auto found = std::find(model.begin(), model.end(), id);
    if (found == model.end()) {
      shard.insert(id, 1 + static_cast<std::uint32_t>(random.below(9)));
      model.push_back(id);
    } else if (random.below(4) == 0) {
      shard.remove(id);
      model.erase(found);
    } else if (random.below(4) == 0) {
      shard.resize(id, 1 + static_cast<std::uint32_t>(random.below(9)));
    } else {
      shard.hit(id);
    }
    if (random.below(8) != 0 || model.empty()) continue;
    ASSERT_TRUE(shard.evict());
    // One that went and came back stands where it stood before, if its old id was not swept out yet.
    const auto gone = std::find(model.begin(), model.end(), shard.evicted.back());
    ASSERT_NE(gone, model.end());
    model.erase(gone);
  }
  while (shard.evict()) {
  }
  EXPECT_FALSE(policy.evict(shard));
  EXPECT_EQ(shard.lies, 0);
  policy.clear(shard);
  EXPECT_EQ(shard.live_bytes, 0u);
}

TEST(Fifo, PaysNoHeedToUse) {
  Fifo policy;
  FakeResidents shard(policy);
  for (EntryId id = 1; id <= 4; ++id) shard.insert(id);
  shard.hit(1);
  shard.remove(2);
  while (shard.evict()) {
  }
  EXPECT_EQ(shard.evicted, (std::vector<EntryId>{1, 3, 4}));
  policy.clear(shard);
}

}  // namespace
}  // namespace larder::eviction
