// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "memory/id_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <utility>
#include <vector>

#include "base/random.h"

namespace larder::memory {
namespace {

struct CountedMemory {
  void* allocate(std::size_t bytes) {
    if (refuses) return nullptr;
    live += bytes;
    most = std::max(most, live);
    largest = std::max(largest, bytes);
    return std::malloc(bytes);
  }
  void deallocate(void* block, std::size_t bytes) {
    live -= bytes;
    std::free(block);
  }
  std::size_t live = 0;
  std::size_t most = 0;
  std::size_t largest = 0;
  bool refuses = false;
};

std::vector<std::uint32_t> ids_of(const IdList& list) {
  std::vector<std::uint32_t> ids;
  list.for_each([&](std::uint32_t id) { ids.push_back(id); });
  return ids;
}

TEST(IdList, EmptyTakesEightBytesAndNoBlock) {
  CountedMemory memory;
  IdList list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(sizeof list, 8u);
  EXPECT_TRUE(ids_of(list).empty());
  list.clear(memory);
  EXPECT_EQ(memory.most, 0u);
}

TEST(IdList, GivesIdsInTheOrderTheyCame) {
  CountedMemory memory;
  IdList list;
  std::deque<std::uint32_t> model;
  base::Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    // Grows for a while, then shrinks, and empties now and then.
    const bool grows = i / 1'000 % 2 == 0;
    if (model.empty() || random.below(10) < (grows ? 7u : 3u)) {
      const auto id = static_cast<std::uint32_t>(random.next());
      ASSERT_TRUE(list.push_back(memory, id));
      model.push_back(id);
    } else {
      ASSERT_EQ(list.pop_front(memory), model.front());
      model.pop_front();
    }
    ASSERT_EQ(list.empty(), model.empty());
    if (i % 500 == 0) {
      ASSERT_EQ(ids_of(list), std::vector<std::uint32_t>(model.begin(), model.end()));
    }
  }
  while (!model.empty()) {
    ASSERT_EQ(list.pop_front(memory), model.front());
    model.pop_front();
  }
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(memory.live, 0u);
}

TEST(IdList, PeekNeverLies) {
  CountedMemory memory;
  IdList list;
  for (std::uint32_t id = 0; id < 300; ++id) ASSERT_TRUE(list.push_back(memory, id));
  int seen = 0;
  for (std::uint32_t first = 0; first < 300; ++first) {
    std::uint32_t id = 0;
    ASSERT_TRUE(list.peek(0, &id));  // the first is always there
    ASSERT_EQ(id, first);
    for (std::uint16_t ahead = 1; ahead < 10; ++ahead) {
      if (!list.peek(ahead, &id)) continue;
      ASSERT_EQ(id, first + ahead);
      ++seen;
    }
    list.pop_front(memory);
  }
  EXPECT_GT(seen, 2'000);  // of 2,700: it stands in another block rarely
}

TEST(IdList, LongListTakesLittleMoreThanFourBytesAnId) {
  CountedMemory memory;
  IdList list;
  constexpr std::uint32_t kIds = 100'000;
  for (std::uint32_t id = 0; id < kIds; ++id) ASSERT_TRUE(list.push_back(memory, id));
  EXPECT_LE(static_cast<double>(memory.live), 4.2 * kIds);
  EXPECT_EQ(memory.largest, IdList::kBlockBytesMax);
  list.clear(memory);
  EXPECT_EQ(memory.live, 0u);
}

TEST(IdList, ShortListTakesASmallBlock) {
  CountedMemory memory;
  IdList list;
  for (std::uint32_t id = 0; id < 4; ++id) ASSERT_TRUE(list.push_back(memory, id));
  EXPECT_EQ(memory.live, 32u);
  list.clear(memory);
}

TEST(IdList, QueueOfConstantLengthTakesConstantMemory) {
  CountedMemory memory;
  IdList list;
  for (std::uint32_t id = 0; id < 100'000; ++id) {
    ASSERT_TRUE(list.push_back(memory, id));
    if (id >= 200) {
      ASSERT_EQ(list.pop_front(memory), id - 200);
    }
  }
  EXPECT_LE(memory.most, 4 * IdList::kBlockBytesMax);
  list.clear(memory);
}

TEST(IdList, RefusedBlockLeavesTheListAsItWas) {
  CountedMemory memory;
  IdList list;
  memory.refuses = true;
  EXPECT_FALSE(list.push_back(memory, 1));
  EXPECT_TRUE(list.empty());
  memory.refuses = false;
  for (std::uint32_t id = 0; id < 4; ++id) ASSERT_TRUE(list.push_back(memory, id));
  memory.refuses = true;
  EXPECT_FALSE(list.push_back(memory, 4));
  EXPECT_EQ(ids_of(list), (std::vector<std::uint32_t>{0, 1, 2, 3}));
  memory.refuses = false;
  EXPECT_TRUE(list.push_back(memory, 5));
  EXPECT_EQ(ids_of(list), (std::vector<std::uint32_t>{0, 1, 2, 3, 5}));
  list.clear(memory);
  EXPECT_EQ(memory.live, 0u);
}

TEST(IdList, SwapsInAnyState) {
  CountedMemory memory;
  IdList one;
  IdList other;
  ASSERT_TRUE(one.push_back(memory, 1));
  one.swap(other);
  EXPECT_TRUE(one.empty());
  EXPECT_EQ(ids_of(other), std::vector<std::uint32_t>{1});
  ASSERT_TRUE(one.push_back(memory, 2));
  one.swap(other);
  EXPECT_EQ(ids_of(one), std::vector<std::uint32_t>{1});
  EXPECT_EQ(ids_of(other), std::vector<std::uint32_t>{2});
  one.clear(memory);
  other.clear(memory);
}

}  // namespace
}  // namespace larder::memory
