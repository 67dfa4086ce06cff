// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/id_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "base/random.h"
#include "eviction/fake_residents.h"

namespace larder::eviction {
namespace {

class IdQueueTest : public testing::Test {
 protected:
  void TearDown() override {
    queue_.clear(memory_);
    EXPECT_EQ(queue_.size(), 0u);
    EXPECT_EQ(memory_.live_bytes, 0u);
  }
  std::uint32_t push(EntryId id) {
    std::uint32_t position = 0;
    EXPECT_TRUE(queue_.push(memory_, id, &position));
    return position;
  }

  FakeResidents memory_;
  IdQueue queue_;
};

TEST_F(IdQueueTest, GivesIdsAndPositionsInOrder) {
  std::vector<std::uint32_t> positions;
  for (EntryId id = 0; id < 1'000; ++id) positions.push_back(push(id * 3));
  EXPECT_EQ(queue_.size(), 1'000u);
  EXPECT_EQ(std::set<std::uint32_t>(positions.begin(), positions.end()).size(), 1'000u);
  IdQueue::Item item;
  for (EntryId id = 0; id < 1'000; ++id) {
    ASSERT_TRUE(queue_.pop(memory_, &item));
    ASSERT_EQ(item.id, id * 3);
    ASSERT_EQ(item.position, positions[id]);
  }
  EXPECT_FALSE(queue_.pop(memory_, &item));
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(IdQueueTest, PrefetchSaysWhoIsNext) {
  EntryId first = 0;
  EXPECT_FALSE(queue_.prefetch(memory_, &first));
  push(5);
  push(6);
  EXPECT_TRUE(queue_.prefetch(memory_, &first));
  EXPECT_EQ(first, 5u);
  IdQueue::Item item;
  ASSERT_TRUE(queue_.pop(memory_, &item));
  EXPECT_TRUE(queue_.prefetch(memory_, &first));
  EXPECT_EQ(first, 6u);
}

TEST_F(IdQueueTest, NoSweepWhileHalfOfItLives) {
  for (EntryId id = 0; id < 200; ++id) push(id);
  int asked = 0;
  queue_.sweep(memory_, 100, [&](const IdQueue::Item&, std::uint32_t) { return ++asked != 0; });
  EXPECT_EQ(asked, 0);
  EXPECT_FALSE(queue_.sweeping());
}

TEST_F(IdQueueTest, SweepTakesAFewStepsAtATimeAndDropsTheDead) {
  for (EntryId id = 0; id < 1'000; ++id) push(id);
  int calls = 0;
  std::vector<EntryId> kept;
  do {
    int asked = 0;
    queue_.sweep(memory_, 10, [&](const IdQueue::Item& item, std::uint32_t) {
      ++asked;
      if (item.id % 100 != 0) return false;
      kept.push_back(item.id);
      return true;
    });
    ASSERT_LE(asked, 4);
    ++calls;
  } while (queue_.sweeping() && calls < 10'000);
  EXPECT_GE(calls, 250);
  EXPECT_EQ(queue_.size(), 10u);
  IdQueue::Item item;
  for (const EntryId id : kept) {
    ASSERT_TRUE(queue_.pop(memory_, &item));
    EXPECT_EQ(item.id, id);
  }
  EXPECT_EQ(kept.size(), 10u);
}

// Pushes, moves to the end, pops, and sweeps at any moment: by positions, the order is that of the last pushes.
TEST_F(IdQueueTest, PositionsKeepTheExactOrderThroughSweeps) {
  base::Random random(1);
  std::map<EntryId, std::uint32_t> positions;  // of the living
  std::vector<EntryId> order;
  int sweeps = 0;
  for (int step = 0; step < 20'000; ++step) {
    const bool was_sweeping = queue_.sweeping();
    queue_.sweep(memory_, positions.size(), [&](const IdQueue::Item& item, std::uint32_t position) {
      const auto found = positions.find(item.id);
      if (found == positions.end() || found->second != item.position) return false;
      found->second = position;
      return true;
    });
    sweeps += was_sweeping && !queue_.sweeping();
    const auto id = static_cast<EntryId>(random.below(100));
    std::erase(order, id);
    positions[id] = push(id);
    order.push_back(id);
    if (random.below(10) != 0) continue;
    IdQueue::Item item;
    do {
      ASSERT_TRUE(queue_.pop(memory_, &item));
    } while (!positions.contains(item.id) || positions[item.id] != item.position);
    ASSERT_EQ(item.id, order.front()) << "step " << step;
    positions.erase(item.id);
    order.erase(order.begin());
    ASSERT_LE(queue_.size(), 4 * 100u + 64);
  }
  EXPECT_GT(sweeps, 10);
}

TEST_F(IdQueueTest, MarksTellWhoWasSeen) {
  EXPECT_EQ(queue_.fresh_mark(), queue_.seen_mark());  // the next sweep's mark will be the other one
  const bool before = queue_.seen_mark();
  for (EntryId id = 0; id < 200; ++id) push(id);
  queue_.sweep(memory_, 0, [](const IdQueue::Item&, std::uint32_t) { return true; });
  ASSERT_TRUE(queue_.sweeping());
  EXPECT_NE(queue_.seen_mark(), before);
  EXPECT_NE(queue_.fresh_mark(), queue_.seen_mark());  // what comes now is still to be seen
}

TEST_F(IdQueueTest, PushWithoutMemoryChangesNothing) {
  memory_.refuses = true;
  std::uint32_t position = 77;
  EXPECT_FALSE(queue_.push(memory_, 1, &position));
  EXPECT_EQ(position, 77u);
  EXPECT_EQ(queue_.size(), 0u);
  memory_.refuses = false;
  push(2);
  IdQueue::Item item;
  ASSERT_TRUE(queue_.pop(memory_, &item));
  EXPECT_EQ(item.id, 2u);
}

TEST_F(IdQueueTest, ClearEndsASweep) {
  for (EntryId id = 0; id < 200; ++id) push(id);
  queue_.sweep(memory_, 0, [](const IdQueue::Item&, std::uint32_t) { return true; });
  ASSERT_TRUE(queue_.sweeping());
  queue_.clear(memory_);
  EXPECT_FALSE(queue_.sweeping());
  EXPECT_EQ(queue_.size(), 0u);
  IdQueue::Item item;
  EXPECT_FALSE(queue_.pop(memory_, &item));
  push(9);
  ASSERT_TRUE(queue_.pop(memory_, &item));
  EXPECT_EQ(item.id, 9u);
}

}  // namespace
}  // namespace larder::eviction
