// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/sieve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <vector>

#include "base/random.h"
#include "eviction/fake_residents.h"

namespace larder::eviction {
namespace {

// As the paper has it: one queue, and a hand in it.
class NaiveSieve {
 public:
  void insert(EntryId id) { queue_.push_back({id, false}); }
  void hit(EntryId id) { find(id)->used = true; }
  void remove(EntryId id) {
    const auto entry = find(id);
    if (hand_ == entry) ++hand_;
    queue_.erase(entry);
  }
  EntryId evict() {
    for (;; ++hand_) {
      if (hand_ == queue_.end()) hand_ = queue_.begin();
      if (!hand_->used) break;
      hand_->used = false;
    }
    const EntryId id = hand_->id;
    hand_ = queue_.erase(hand_);
    return id;
  }
  bool contains(EntryId id) { return find(id) != queue_.end(); }
  std::size_t size() const { return queue_.size(); }

 private:
  struct Entry {
    EntryId id;
    bool used;
  };
  std::list<Entry>::iterator find(EntryId id) {
    return std::find_if(queue_.begin(), queue_.end(), [&](const Entry& entry) { return entry.id == id; });
  }
  std::list<Entry> queue_;  // oldest first
  std::list<Entry>::iterator hand_ = queue_.end();
};

TEST(Sieve, IsOneQueueAndAHand) {
  Sieve policy;
  FakeResidents shard(policy);
  NaiveSieve naive;
  base::Random random(1);
  EntryId fresh = 1'000;  // what has left by itself does not come back: its old place would be as good as its new one
  std::vector<EntryId> present;
  for (int step = 0; step < 60'000; ++step) {
    const std::uint64_t what = random.below(16);
    if (present.empty() || what < 5) {
      shard.insert(fresh);
      naive.insert(fresh);
      present.push_back(fresh++);
    } else if (what < 11) {
      const EntryId id = present[random.below(present.size())];
      shard.hit(id);
      naive.hit(id);
    } else if (what < 13) {
      const auto at = present.begin() + static_cast<std::ptrdiff_t>(random.below(present.size()));
      shard.remove(*at);
      naive.remove(*at);
      present.erase(at);
    } else {
      ASSERT_TRUE(shard.evict());
      ASSERT_EQ(shard.evicted.back(), naive.evict()) << "step " << step;
      present.erase(std::find(present.begin(), present.end(), shard.evicted.back()));
    }
  }
  while (shard.evict()) ASSERT_EQ(shard.evicted.back(), naive.evict());
  EXPECT_EQ(naive.size(), 0u);
  EXPECT_FALSE(policy.evict(shard));
  EXPECT_EQ(shard.lies, 0);
  policy.clear(shard);
  EXPECT_EQ(shard.live_bytes, 0u);
}

TEST(Sieve, WhatWasUsedStaysOnce) {
  Sieve policy;
  FakeResidents shard(policy);
  for (EntryId id = 1; id <= 4; ++id) shard.insert(id);
  shard.hit(1);
  shard.hit(1);
  shard.hit(3);
  while (shard.evict()) {
  }
  EXPECT_EQ(shard.evicted, (std::vector<EntryId>{2, 4, 1, 3}));
  policy.clear(shard);
}

}  // namespace
}  // namespace larder::eviction
