// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/fifo.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "base/random.h"
#include "eviction/fake_residents.h"

namespace larder::eviction {
namespace {

// Against a list of who came when, with so many that leave by themselves that the queue is swept over and over. What
// has left does not come back: its old place would be as good as its new one.
TEST(Fifo, EvictsWhoCameFirst) {
  Fifo policy;
  FakeResidents shard(policy);
  base::Random random(1);
  std::vector<EntryId> model;  // oldest first
  for (EntryId fresh = 1'000; fresh < 31'000;) {
    const std::uint64_t what = random.below(8);
    if (model.empty() || what < 4) {
      shard.insert(fresh, 1 + static_cast<std::uint32_t>(random.below(9)));
      model.push_back(fresh++);
      continue;
    }
    const auto one = model.begin() + static_cast<std::ptrdiff_t>(random.below(model.size()));
    if (what == 4) {
      shard.hit(*one);
    } else if (what == 5) {
      shard.resize(*one, 1 + static_cast<std::uint32_t>(random.below(9)));
    } else if (what == 6) {
      shard.remove(*one);
      model.erase(one);
    } else {
      ASSERT_TRUE(shard.evict());
      ASSERT_EQ(shard.evicted.back(), model.front());
      model.erase(model.begin());
    }
  }
  shard.evicted.clear();
  while (shard.evict()) {
  }
  EXPECT_EQ(shard.evicted, model);
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
