// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/arc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <vector>

#include "base/random.h"
#include "eviction/policy_fixture.h"

namespace larder::eviction {
namespace {

// The paper's algorithm on lists, the least recently used first.
class Model {
 public:
  explicit Model(std::size_t capacity) : capacity_(capacity) {}

  // Whether it was a hit; what went is in `evicted`.
  bool access(EntryId id) {
    if (take(t1_, id) || take(t2_, id)) {
      t2_.push_back(id);
      return true;
    }
    const double b1 = static_cast<double>(b1_.size());
    const double b2 = static_cast<double>(b2_.size());
    if (take(b1_, id)) {
      p_ = std::min(p_ + std::max(1.0, b2 / b1), static_cast<double>(capacity_));
      replace(false);
      t2_.push_back(id);
    } else if (take(b2_, id)) {
      p_ = std::max(p_ - std::max(1.0, b1 / b2), 0.0);
      replace(true);
      t2_.push_back(id);
    } else {
      make_room();
      t1_.push_back(id);
    }
    return false;
  }
  std::vector<EntryId> evicted;

 private:
  using List = std::list<EntryId>;
  static bool take(List& list, EntryId id) {
    const auto found = std::find(list.begin(), list.end(), id);
    if (found == list.end()) return false;
    list.erase(found);
    return true;
  }
  void evict(List& from, List* to) {
    evicted.push_back(from.front());
    if (to != nullptr) to->push_back(from.front());
    from.pop_front();
  }
  void replace(bool in_b2) {
    const auto t1 = static_cast<double>(t1_.size());
    if (!t1_.empty() && (t1 > p_ || (in_b2 && t1 == p_) || t2_.empty())) {
      evict(t1_, &b1_);
    } else {
      evict(t2_, &b2_);
    }
  }
  void make_room() {
    const std::size_t all = t1_.size() + t2_.size() + b1_.size() + b2_.size();
    if (t1_.size() == capacity_) return evict(t1_, nullptr);
    if (t1_.size() + b1_.size() == capacity_) {
      b1_.pop_front();
      replace(false);
    } else if (all >= capacity_) {
      if (all == 2 * capacity_) b2_.pop_front();
      replace(false);
    }
  }

  const std::size_t capacity_;
  double p_ = 0;
  List t1_, t2_, b1_, b2_;
};

using ArcTest = PolicyFixture<Arc>;

// Some ids often, scans between them, and phases in which others are popular.
TEST_F(ArcTest, EvictsWhatThePaperSays) {
  constexpr std::size_t kCapacity = 100;
  Model model(kCapacity);
  base::Random random(1);
  for (EntryId step = 0; step < 40'000; ++step) {
    EntryId id = static_cast<EntryId>(random.below(random.below(300) + 1)) + step / 10'000 * 50;
    if (step / 500 % 3 == 0) id = 1'000 + step % 160;
    ASSERT_EQ(access(id, kCapacity), model.access(id)) << "step " << step;
    ASSERT_EQ(shard_.evicted, model.evicted) << "step " << step;
    shard_.evicted.clear();
    model.evicted.clear();
  }
}

TEST_F(ArcTest, AScanLeavesWhatWasUsedTwice) {
  for (EntryId id = 0; id < 100; ++id) access(id, 100);
  for (EntryId id = 0; id < 50; ++id) access(id, 100);
  for (EntryId id = 1'000; id < 3'000; ++id) access(id, 100);
  for (EntryId id = 0; id < 50; ++id) EXPECT_TRUE(shard_.contains(id));
}

// The target is one entry of a hundred, and so a hundredth of the weight.
TEST_F(ArcTest, TheBorderIsAShareOfTheWeight) {
  for (EntryId id = 0; id < 10; ++id) {
    shard_.insert(id, 10);
    if (id < 5) shard_.hit(id);
  }
  ASSERT_TRUE(shard_.evict());
  ASSERT_EQ(shard_.evicted.back(), 5u);
  policy_.expect(5);  // used once, and given up too early: one of nine may be like it
  ASSERT_TRUE(shard_.evict());
  ASSERT_EQ(shard_.evicted.back(), 6u);
  shard_.insert(5, 10);
  shard_.remove(8);
  shard_.remove(9);
  ASSERT_TRUE(shard_.evict());
  EXPECT_EQ(shard_.evicted.back(), 0u) << "the only one used once is not over its share";
  shard_.resize(7, 30);
  ASSERT_TRUE(shard_.evict());
  EXPECT_EQ(shard_.evicted.back(), 7u);
}

TEST_F(ArcTest, RemembersNoMoreIdsThanThereAreEntries) {
  base::Random random(2);
  for (int step = 0; step < 100'000; ++step) access(static_cast<EntryId>(random.below(5'000)), 1'000);
  EXPECT_LE(shard_.live_bytes, 1'000u * (25 + 2 * 8 + 4) + 8'192);
}

}  // namespace
}  // namespace larder::eviction
