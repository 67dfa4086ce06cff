// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What holds for every policy that has a name, whatever happens to its entries.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "eviction/fake_residents.h"

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
  std::uint32_t some_weight() { return 1 + static_cast<std::uint32_t>(random_.below(100)); }
  // One thing that an engine does.
  void do_something(std::uint64_t weight_max) {
    const auto id = static_cast<EntryId>(random_.below(kIds));
    if (!shard_.contains(id)) {
      if (random_.below(4) != 0) policy_->expect(id);
      for (int attempt = 0; attempt < 100 && shard_.weight() >= weight_max; ++attempt) policy_->evict(shard_);
      shard_.insert(id, some_weight());
    } else if (const std::uint64_t what = random_.below(10); what == 0) {
      shard_.remove(id);
    } else if (what == 1) {
      shard_.resize(id, some_weight());
    } else {
      shard_.hit(id);
    }
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
  // In the end each entry is evicted, and once.
  void expect_all_go_once() {
    const std::uint64_t left = shard_.size();
    shard_.evicted.clear();
    while (shard_.evict()) {
    }
    EXPECT_EQ(shard_.size(), 0u);
    EXPECT_EQ(std::set<EntryId>(shard_.evicted.begin(), shard_.evicted.end()).size(), left);
    EXPECT_EQ(shard_.evicted.size(), left);
    EXPECT_FALSE(policy_->evict(shard_));
  }

  const std::unique_ptr<EvictionPolicy> policy_ = Eviction::named(GetParam())->factory()(1);
  FakeResidents shard_{*policy_};
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
  expect_all_go_once();
}

TEST_P(EveryPolicy, LosesNoEntryWhenMemoryIsRefused) {
  for (int step = 0; step < 40'000; ++step) {
    shard_.refuses = random_.below(3) == 0;
    do_something(8'000);
  }
  shard_.refuses = false;
  expect_all_go_once();
}

TEST_P(EveryPolicy, WorksWithoutAnyMemory) {
  shard_.refuses = true;
  for (int step = 0; step < 5'000; ++step) do_something(4'000);
  expect_all_go_once();
}

// Others go at once where one or a few must stay for now.
TEST_P(EveryPolicy, EvictsOthersThanThoseThatTheEngineKeeps) {
  for (int step = 0; step < 40'000; ++step) {
    if (step % 100 == 0) shard_.kept = {static_cast<EntryId>(random_.below(kIds)), 1, 2};
    do_something(8'000);
    EXPECT_LE(shard_.weight(), 8'500u);
  }
  shard_.kept.clear();
  expect_all_go_once();
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
