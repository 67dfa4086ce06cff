// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How much is done under a shard's lock for a list of very many elements, counted. In builds with LARDER_CHECKS;
// elsewhere nothing is counted.
#include "base/hold_work.h"

#if defined(LARDER_CHECKS)

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "larder/cache.h"

namespace larder {
namespace {

// What one hold may come to: some edits of leaves of 4 KiB, each written a few times, or 16 KiB of elements.
constexpr std::uint64_t kEntries = 500;
constexpr std::uint64_t kBytes = 100 << 10;
constexpr std::uint64_t kAllocations = 100;
constexpr int kElements = 100'000;

class ListWorkTest : public testing::Test {
 protected:
  ListWorkTest() {
    base::take_most_work();
    for (int i = 0; i < kElements; ++i) elements_.push_back("element " + std::to_string(i));
    EXPECT_TRUE(cache_.rpush("l", elements_).ok());
    expect_bounded("pushing all of them at once");
  }
  ~ListWorkTest() override {
    expect_bounded("in the end");
    EXPECT_EQ(cache_.check_invariants().to_string(), "ok");
  }
  static void expect_bounded(const char* when) {
    const base::HoldWork most = base::take_most_work();
    EXPECT_LE(most.entries, kEntries) << when;
    EXPECT_LE(most.bytes, kBytes) << when;
    EXPECT_LE(most.allocations, kAllocations) << when;
  }

  ManualClock clock_;
  Cache cache_{{.max_memory = 256_MiB, .shards = 1, .clock = &clock_, .seed = 5}};
  std::vector<std::string> elements_;
};

TEST_F(ListWorkTest, Trimming) {
  EXPECT_TRUE(cache_.ltrim("l", 10, -11).ok());
  expect_bounded("a few");
  EXPECT_TRUE(cache_.ltrim("l", 30'000, -30'001).ok());
  expect_bounded("most of them");
  EXPECT_TRUE(cache_.ltrim("l", 1, 0).ok());
  expect_bounded("all");
  EXPECT_FALSE(*cache_.exists("l"));
}

TEST_F(ListWorkTest, TrimmingBesideAVersion) {
  const ListSnapshot held = *cache_.lsnapshot("l");
  EXPECT_TRUE(cache_.ltrim("l", 30'000, 30'100).ok());
  expect_bounded("most of them");
  EXPECT_TRUE(cache_.ltrim("l", 1, -1).ok());
  expect_bounded("one");
  EXPECT_EQ(*cache_.llen("l"), 100u);
  EXPECT_EQ(held.size(), 100'000u);
}

TEST_F(ListWorkTest, PoppingByThousands) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(cache_.lpop("l", 3'000)->size(), 3'000u);
  expect_bounded("from the left");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(cache_.rpop("l", 3'000)->size(), 3'000u);
  expect_bounded("from the right");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(cache_.lpop("l", 64)->size(), 64u);
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(cache_.rpop("l").has_value());
  expect_bounded("a few");
  EXPECT_EQ(cache_.lpop("l", 1'000'000)->size(), 2'600u);
  EXPECT_FALSE(*cache_.exists("l"));
}

TEST_F(ListWorkTest, Reading) {
  EXPECT_EQ(cache_.lrange("l", 0, -1)->size(), elements_.size());
  expect_bounded("all");
  EXPECT_EQ(cache_.lrange("l", 50'000, 50'063)->size(), 64u);
  EXPECT_EQ(cache_.lindex("l", 77'777), elements_[77'777]);
  EXPECT_EQ(cache_.lpos("l", elements_.back()), elements_.size() - 1);
  EXPECT_TRUE(cache_.lpos_all("l", "none", 0, {.rank = -1})->empty());
  expect_bounded("a few of them, and searching");
}

TEST_F(ListWorkTest, SearchingToWrite) {
  EXPECT_EQ(*cache_.linsert("l", ListPlace::kAfter, elements_.back(), "same"), kElements + 1);
  EXPECT_EQ(*cache_.lrem("l", -1, elements_.front()), 1u);
  expect_bounded("one");
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(cache_.lset("l", i * 90, "same").ok());
  EXPECT_EQ(*cache_.lrem("l", 500, "same"), 500u);
  EXPECT_EQ(*cache_.lrem("l", 0, "same"), 501u);
  expect_bounded("many");
}

TEST_F(ListWorkTest, LongElements) {
  const std::string megabyte(1 << 20, 'v');
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(cache_.rpush("long", megabyte).ok());
  EXPECT_EQ(cache_.lindex("long", 3)->size(), megabyte.size());
  EXPECT_EQ(cache_.lrange("long", 1, 5)->size(), 5u);
  EXPECT_TRUE(cache_.lset("long", 2, megabyte).ok());
  EXPECT_EQ(*cache_.linsert("long", ListPlace::kBefore, megabyte, "v"), 21);
  EXPECT_EQ(cache_.lpos("long", megabyte, {.rank = -1}), 20u);
  EXPECT_EQ(cache_.lpop("long"), "v");
  EXPECT_EQ(cache_.lpop("long")->size(), megabyte.size());
  EXPECT_EQ(cache_.rpop("long", 5)->size(), 5u);
  EXPECT_EQ(*cache_.lrem("long", 3, megabyte), 3u);
  EXPECT_TRUE(cache_.ltrim("long", 1, -2).ok());
  EXPECT_EQ(*cache_.llen("long"), 9u);
}

TEST_F(ListWorkTest, Deleting) {
  EXPECT_TRUE(cache_.copy("l", "m").ok());
  EXPECT_TRUE(cache_.rpush("m", "more").ok());
  EXPECT_TRUE(*cache_.del("l"));
  expect_bounded("while another has most of its pages");
  EXPECT_TRUE(cache_.set("m", "text").ok());
  expect_bounded("by another value");
}

}  // namespace
}  // namespace larder

#endif
