// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A collection of very many members (10^7 with LARDER_FULL) is filled, read, copied, combined, renamed over, cut down,
// expired, evicted and freed; the work under each hold of a shard's lock is counted, and must not depend on how many
// there are. In builds with LARDER_CHECKS; elsewhere nothing is counted.
#include "base/hold_work.h"

#if defined(LARDER_CHECKS)

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "larder/cache.h"
#include "support/depth.h"

namespace larder {
namespace {

// As in hold_work_test.cc. With 10^7 members it comes to 4, 13,618 and 12.
constexpr std::uint64_t kEntries = 500;
constexpr std::uint64_t kBytes = 18 << 10;
constexpr std::uint64_t kAllocations = 160;
constexpr std::size_t kAtOnce = 1'000;

class HugeCollections : public testing::Test {
 protected:
  void SetUp() override { base::take_most_work(); }
  void TearDown() override {
    expect_bounded("in the end");
    std::printf("most under one lock: %llu entries, %llu bytes, %llu allocator calls (%zu members)\n",
                static_cast<unsigned long long>(most_.entries), static_cast<unsigned long long>(most_.bytes),
                static_cast<unsigned long long>(most_.allocations), members_);
  }

  void expect_bounded(const char* when) {
    const base::HoldWork most = base::take_most_work();
    EXPECT_LE(most.entries, kEntries) << when;
    EXPECT_LE(most.bytes, kBytes) << when;
    EXPECT_LE(most.allocations, kAllocations) << when;
    most_.entries = std::max(most_.entries, most.entries);
    most_.bytes = std::max(most_.bytes, most.bytes);
    most_.allocations = std::max(most_.allocations, most.allocations);
  }
  // add(names): many times, until all are there.
  template <typename Add>
  void fill(Add&& add) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < members_;) {
      names.clear();
      for (; names.size() < kAtOnce && i < members_; ++i) names.push_back("member:" + std::to_string(i));
      ASSERT_TRUE(add(names).ok());
    }
    expect_bounded("filling it");
  }
  // What every type goes through at its end, with two keys that hold it.
  void expire_evict_and_free(std::string_view one, std::string_view other) {
    ASSERT_TRUE(*cache_.copy(one, "third"));
    ASSERT_TRUE(cache_.rename("third", other).ok());
    expect_bounded("copying, and renaming over another");
    ASSERT_TRUE(*cache_.expire(other, Milliseconds(1'000)));
    clock_.advance(std::chrono::seconds(2));
    while (cache_.tick().more) {
    }
    EXPECT_FALSE(*cache_.exists(other));
    expect_bounded("expiring");
    ASSERT_TRUE(*cache_.copy(one, other));
    ASSERT_TRUE(*cache_.del(other));
    expect_bounded("deleting");
    const std::uint64_t less = cache_.stats().bytes_used / 4;
    ASSERT_TRUE(cache_.set_max_memory(less).ok());
    EXPECT_FALSE(*cache_.exists(one));
    expect_bounded("evicting");
    EXPECT_LE(cache_.stats().bytes_used, less);
    EXPECT_EQ(cache_.check_invariants().to_string(), "ok");
  }

  const std::size_t members_ = support::count(200'000, 10'000'000);
  ManualClock clock_;
  Cache cache_{Options{.max_memory = 0, .shards = 2, .clock = &clock_, .seed = 5}};

 private:
  base::HoldWork most_;
};

TEST_F(HugeCollections, Hash) {
  std::vector<KeyValue> pairs;
  fill([&](const std::vector<std::string>& names) {
    pairs.clear();
    for (const std::string& name : names) pairs.push_back({name, name});
    return cache_.hset("h", pairs);
  });
  std::uint64_t seen = 0;
  Lookup<HashSnapshot> snapshot = cache_.hsnapshot("h");
  snapshot->for_each([&](std::string_view, std::string_view) { return ++seen != 0; });
  EXPECT_EQ(seen, members_);
  EXPECT_EQ(cache_.hget("h", "member:7").value_or(""), "member:7");
  EXPECT_EQ(cache_.hrand_fields("h", 1'000)->size(), 1'000u);
  EXPECT_TRUE(cache_.hscan("h", 0, {.count = 10'000}).ok());
  expect_bounded("reading");
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(cache_.hset("h", "member:" + std::to_string(i), "x").ok());
  expect_bounded("editing beside a snapshot");
  snapshot = {};  // what it holds is not given back
  expire_evict_and_free("h", "g");
}

TEST_F(HugeCollections, Set) {
  fill([&](const std::vector<std::string>& names) { return cache_.sadd("s", names); });
  ASSERT_TRUE(*cache_.copy("s", "t"));
  ASSERT_TRUE(cache_.srem("t", "member:7").ok());
  EXPECT_EQ(*cache_.sinter_store("u", {"s", "t"}), members_ - 1);
  EXPECT_EQ(*cache_.sunion_store("u", {"s", "t", "u"}), members_);
  EXPECT_EQ(*cache_.sdiff_store("u", {"s", "t"}), 1u);
  EXPECT_EQ(*cache_.sinter_card({"s", "t"}), members_ - 1);
  expect_bounded("combining");
  EXPECT_EQ(cache_.spop("t", 5'000)->size(), 5'000u);
  EXPECT_TRUE(*cache_.smove("s", "u", "member:9"));
  EXPECT_TRUE(cache_.sscan("s", 0, {.count = 10'000}).ok());
  expect_bounded("taking some away");
  expire_evict_and_free("s", "t");
}

TEST_F(HugeCollections, SortedSet) {
  std::vector<ScoredMember> members;
  double score = 0;
  fill([&](const std::vector<std::string>& names) {
    members.clear();
    for (const std::string& name : names) members.push_back({name, score++});
    return cache_.zadd("z", members);
  });
  EXPECT_EQ(cache_.zrank("z", "member:5000").value_or(0), 5'000u);
  EXPECT_EQ(cache_.zrange("z", 10'000, 10'099)->size(), 100u);
  EXPECT_EQ(*cache_.zcount("z", ScoreRange{.min = 0, .max = 1e9}), members_);
  expect_bounded("reading");
  EXPECT_EQ(*cache_.zunion_store("y", {"z", "z"}), members_);
  EXPECT_EQ(*cache_.zinter_store("y", {"z", "y"}), members_);
  EXPECT_EQ(*cache_.zrange_store("y", "z", RankRange{10, -11}), members_ - 20);
  expect_bounded("combining");
  EXPECT_EQ(*cache_.zrem_range("y", ScoreRange{.min = 1'000, .max = 20'000}), 19'001u);
  EXPECT_EQ(cache_.zpop_min("y", 5'000)->size(), 5'000u);
  expect_bounded("taking some away");
  expire_evict_and_free("z", "y");
}

TEST_F(HugeCollections, List) {
  fill([&](const std::vector<std::string>& names) { return cache_.rpush("l", names); });
  EXPECT_EQ(cache_.lindex("l", static_cast<std::int64_t>(members_ / 2)).value_or("").substr(0, 7), "member:");
  EXPECT_EQ(cache_.lrange("l", 10'000, 19'999)->size(), 10'000u);
  EXPECT_EQ(cache_.lpos("l", "member:20000").value_or(0), 20'000u);
  expect_bounded("reading");
  ASSERT_TRUE(*cache_.copy("l", "m"));
  EXPECT_GT(*cache_.linsert("m", ListPlace::kBefore, "member:20000", "new"), 0);
  EXPECT_EQ(*cache_.lrem("m", 0, "member:20001"), 1u);
  EXPECT_TRUE(cache_.lset("m", 20'000, "other").ok());
  EXPECT_TRUE(cache_.lmove("m", "l", ListEnd::kLeft, ListEnd::kRight));
  EXPECT_EQ(cache_.lpop("m", 5'000)->size(), 5'000u);
  EXPECT_TRUE(cache_.ltrim("m", 1'000, -1'001).ok());
  expect_bounded("editing");
  expire_evict_and_free("l", "m");
}

}  // namespace
}  // namespace larder

#endif  // LARDER_CHECKS
