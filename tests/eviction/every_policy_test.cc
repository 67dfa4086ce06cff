// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What holds for every policy that has a name, whatever happens to its entries.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "eviction/fake_residents.h"
#include "eviction/policy_life.h"

namespace larder::eviction {
namespace {

constexpr EntryId kIds = 600;

class EveryPolicy : public testing::TestWithParam<std::string_view> {
 protected:
  void TearDown() override {
    EXPECT_EQ(shard_.lies, 0);
    policy_->clear(shard_);
    EXPECT_EQ(shard_.live_bytes, 0u);
  }
  void do_something(std::uint64_t weight_max) {
    life_.do_something(kIds, weight_max, [&](std::uint64_t n) { return random_.below(n); });
  }
  // 20'000 entries, some of which were used, and others have gone.
  void fill_with_churn() {
    for (EntryId id = 0; id < 60'000; ++id) {
      policy_->expect(id);
      while (shard_.size() >= 20'000) ASSERT_TRUE(shard_.evict());
      shard_.insert(id);
      if (id % 3 == 0) shard_.hit(id);
    }
  }
  const std::unique_ptr<EvictionPolicy> policy_ = Eviction::named(GetParam())->factory()(1);
  FakeResidents shard_{*policy_};
  PolicyLife life_{*policy_, shard_};
  base::Random random_{2};
};

TEST_P(EveryPolicy, NothingToEvict) {
  EXPECT_FALSE(policy_->evict(shard_));
  shard_.insert(1);
  shard_.remove(1);
  EXPECT_FALSE(policy_->evict(shard_));
}

TEST_P(EveryPolicy, LosesNoEntryWhateverComes) {
  for (const std::uint64_t weight_max : {10'000u, 2'000u, 60u, 20'000u}) {
    for (int step = 0; step < 10'000; ++step) do_something(weight_max);
    EXPECT_LE(shard_.weight(), weight_max + 500);
  }
  EXPECT_EQ(life_.evict_all(), "");
}

TEST_P(EveryPolicy, LosesNoEntryWhenMemoryIsRefused) {
  for (int step = 0; step < 40'000; ++step) {
    shard_.refuses = random_.below(3) == 0;
    do_something(8'000);
  }
  shard_.refuses = false;
  EXPECT_EQ(life_.evict_all(), "");
}

TEST_P(EveryPolicy, WorksWithoutAnyMemory) {
  shard_.refuses = true;
  for (int step = 0; step < 5'000; ++step) do_something(4'000);
  EXPECT_EQ(life_.evict_all(), "");
}

// Others go at once where one or a few must stay for now.
TEST_P(EveryPolicy, EvictsOthersThanThoseThatTheEngineKeeps) {
  for (int step = 0; step < 40'000; ++step) {
    if (step % 100 == 0) shard_.kept = {static_cast<EntryId>(random_.below(kIds)), 1, 2};
    do_something(8'000);
    EXPECT_LE(shard_.weight(), 8'500u);
  }
  shard_.kept.clear();
  EXPECT_EQ(life_.evict_all(), "");
}

TEST_P(EveryPolicy, GivesMemoryBackAsEntriesGo) {
  fill_with_churn();
  EXPECT_LE(shard_.live_bytes, 20'000u * 100);
  for (EntryId id = 0; id < 60'000; ++id) {
    if (shard_.contains(id)) shard_.remove(id);
  }
  EXPECT_EQ(shard_.size(), 0u);
  EXPECT_LE(shard_.live_bytes, 64u << 10);
}

TEST_P(EveryPolicy, GivesMemoryBackAsEntriesAreEvicted) {
  fill_with_churn();
  while (shard_.size() > 100) ASSERT_TRUE(shard_.evict());
  EXPECT_LE(shard_.live_bytes, 64u << 10);
}

INSTANTIATE_TEST_SUITE_P(Policies, EveryPolicy, testing::ValuesIn(Eviction::names()), [](const auto& its) {
  std::string name(its.param);
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace larder::eviction
