// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/lirs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <vector>

#include "base/random.h"
#include "eviction/policy_fixture.h"

namespace larder::eviction {
namespace {

// The paper's algorithm on lists, of which the first is the bottom and the next to go.
class Model {
 public:
  Model(std::size_t capacity, std::size_t high) : capacity_(capacity), low_max_(capacity - high) {}

  // Whether it was a hit; what went is in `evicted`.
  bool access(EntryId id) {
    const State state = state_of(id);
    const bool in_stack = take(stack_, id);
    if (state == State::kGone) {
      if (in_stack) --gone_;
      if (residents_ == capacity_) evict();
      ++residents_;
    } else if (state == State::kHigh) {
      take(queue_, id);
    }
    stack_.push_back(id);
    if (state == State::kLow) {
      prune();
    } else if (in_stack || low_ < low_max_) {
      states_[id] = State::kLow;
      if (++low_ > low_max_) lower();
    } else {
      states_[id] = State::kHigh;
      queue_.push_back(id);
    }
    return state != State::kGone;
  }
  std::vector<EntryId> evicted;

 private:
  enum class State { kGone, kLow, kHigh };
  using List = std::list<EntryId>;
  static bool take(List& list, EntryId id) {
    const auto found = std::find(list.begin(), list.end(), id);
    if (found == list.end()) return false;
    list.erase(found);
    return true;
  }
  State state_of(EntryId id) const {
    const auto found = states_.find(id);
    return found == states_.end() ? State::kGone : found->second;
  }
  void prune() {
    for (; state_of(stack_.front()) != State::kLow; stack_.pop_front()) {
      if (state_of(stack_.front()) == State::kGone) --gone_;
    }
  }
  void lower() {
    states_[stack_.front()] = State::kHigh;
    queue_.push_back(stack_.front());
    stack_.pop_front();
    --low_;
    prune();
  }
  void evict() {
    const EntryId id = queue_.front();
    queue_.pop_front();
    --residents_;
    evicted.push_back(id);
    states_.erase(id);
    if (std::find(stack_.begin(), stack_.end(), id) == stack_.end() || ++gone_ <= 2 * capacity_) return;
    stack_.erase(
        std::find_if(stack_.begin(), stack_.end(), [&](EntryId one) { return state_of(one) == State::kGone; }));
    --gone_;
  }

  const std::size_t capacity_, low_max_;
  std::size_t residents_ = 0, low_ = 0, gone_ = 0;
  std::map<EntryId, State> states_;
  List stack_, queue_;
};

class LirsTest : public PolicyFixture<Lirs> {
 protected:
  LirsTest() : PolicyFixture(Lirs::Parameters{.high_share = 0.1}) {}
};

TEST_F(LirsTest, EvictsWhatThePaperSays) {
  constexpr std::size_t kCapacity = 50;
  Model model(kCapacity, 5);
  base::Random random(1);
  for (EntryId step = 0; step < 30'000; ++step) {
    EntryId id = static_cast<EntryId>(random.below(random.below(200) + 1)) + step / 10'000 * 50;
    if (step < kCapacity || step / 300 % 3 == 0) id = 1'000 + step % 170;
    ASSERT_EQ(access(id, kCapacity), model.access(id)) << "step " << step;
    ASSERT_EQ(shard_.evicted, model.evicted) << "step " << step;
    shard_.evicted.clear();
    model.evicted.clear();
  }
}

TEST_F(LirsTest, ALoopLongerThanTheCacheHasHits) {
  int hits = 0;
  for (EntryId i = 0; i < 15'000; ++i) hits += access(i % 150, 100);
  EXPECT_GT(hits, 15'000 * 55 / 100);  // of at most 90 in 150
}

TEST_F(LirsTest, NewEntriesPassThroughATenth) {
  for (EntryId id = 0; id < 100; ++id) access(id, 100);
  for (EntryId id = 1'000; id < 5'000; ++id) access(id, 100);
  for (EntryId id = 0; id < 90; ++id) EXPECT_TRUE(shard_.contains(id)) << id;
}

TEST_F(LirsTest, WhatIsRemovedMakesRoomForOthersToBecomeLow) {
  for (EntryId id = 0; id < 100; ++id) access(id, 100);
  for (EntryId id = 100; id < 110; ++id) access(id, 100);
  for (EntryId id = 0; id < 80; ++id) shard_.remove(id);
  for (EntryId id = 1'000; id < 1'080; ++id) access(id, 100);
  for (EntryId id = 2'000; id < 3'000; ++id) access(id, 100);
  for (EntryId id = 1'000; id < 1'070; ++id) EXPECT_TRUE(shard_.contains(id)) << id;
}

// A tenth of 820 is 82: the twenty light ones, and seven of the heavy ones where six are not enough.
TEST_F(LirsTest, HighOnesAreMeasuredByWeight) {
  for (EntryId id = 0; id < 80; ++id) shard_.insert(id, 10);
  for (EntryId id = 100; id < 120; ++id) shard_.insert(id, 1);
  ASSERT_TRUE(shard_.evict());
  EXPECT_EQ(shard_.evicted.back(), 73u);
}

TEST_F(LirsTest, RemembersNoMoreThanTwiceAsManyAsThereAreEntries) {
  std::size_t most = 0;
  for (EntryId id = 0; id < 60'000; ++id) {
    access(id, 1'000);
    most = std::max(most, shard_.live_bytes);
  }
  EXPECT_LE(most, 1'000u * 84 + 8'192);
}

}  // namespace
}  // namespace larder::eviction
