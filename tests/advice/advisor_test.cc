// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "advice/advisor.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "advice/advised_caches.h"
#include "base/random.h"

namespace larder::advice {
namespace {

constexpr std::uint32_t kObjects = 60'000;

// Popularity as it often is: the number drawn is skewed twice.
std::uint32_t skewed(base::Random& random, std::uint32_t most) {
  return static_cast<std::uint32_t>(random.below(1 + random.below(1 + random.below(most))));
}

std::string name_of(const testing::TestParamInfo<std::string>& policy) {
  std::string name = policy.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class AdvisorTest : public testing::TestWithParam<std::string> {
 protected:
  void make(std::uint64_t capacity, Questions asked = kSizes) {
    caches_ = std::make_unique<AdvisedCaches>(asked, GetParam(), kObjects, capacity);
    advisor_ = &caches_->advisor;
  }
  void use(std::uint32_t number, std::uint32_t weight = 1) { caches_->use(number, weight); }
  // `by_size`: the most for policies that look at it; where sizes differ much, they depend on the few objects that are
  // small and popular.
  void expect_close(double most, double by_size) {
    caches_->tell();
    for (const AdvisedCaches::Compared& one : caches_->compare()) {
      const bool is_itself = one.policy == GetParam() && one.factor == 1;
      const bool looks_at_size = one.policy == "gdsf" || one.policy == "adaptive";
      EXPECT_NEAR(one.estimate, one.really,
                  is_itself       ? 0.01
                  : looks_at_size ? by_size
                                  : most)
          << one.policy << ", " << one.factor << " of the size";
    }
    EXPECT_LE(advisor_->bytes(), advisor_->bytes_max());
  }
  void expect_close(double most) { expect_close(most, most); }
  // Over three orders of magnitude.
  void use_of_many_weights() {
    const auto weight = [](std::uint32_t number) {
      const double share = static_cast<double>(base::mix64(number + 9) % 1'000) / 1'000;
      return static_cast<std::uint32_t>(10 * std::exp2(10 * share));
    };
    for (int i = 0; i < 150'000; ++i) {
      const std::uint32_t number = skewed(random_, kObjects);
      use(number, weight(number));
    }
  }

  std::unique_ptr<AdvisedCaches> caches_;
  Advisor* advisor_ = nullptr;
  base::Random random_{1};
};

TEST_P(AdvisorTest, IsCloseToWhatCachesOfTheseSizesDo) {
  make(5'000);
  for (int i = 0; i < 200'000; ++i) use(skewed(random_, kObjects));
  expect_close(0.015);
  EXPECT_LT(caches_->told, 140'000u);
}

TEST_P(AdvisorTest, IsCloseWhereNearlyEveryUseIsOfTheSample) {
  make(300);
  for (int i = 0; i < 100'000; ++i) use(skewed(random_, 3'000));
  expect_close(0.01);
}

// A few objects have most of the weight, and chance decides how many of them are
// of the sample.
TEST_P(AdvisorTest, CountsByWeight) {
  make(2'000'000);
  use_of_many_weights();
  expect_close(0.02, 0.045);
}

INSTANTIATE_TEST_SUITE_P(Policies, AdvisorTest,
                         testing::Values("s3-fifo", "lru", "lfu", "random", "fifo", "sieve", "w-tinylfu", "arc", "lirs",
                                         "gdsf", "redis-lru", "redis-lfu", "adaptive"),
                         name_of);

class AdvisorOfPolicies : public AdvisorTest {};
INSTANTIATE_TEST_SUITE_P(Policies, AdvisorOfPolicies, testing::Values("s3-fifo", "fifo", "adaptive"), name_of);

// Also where it is asked for both, and the miniatures share the room.
TEST_P(AdvisorOfPolicies, IsCloseToWhatCachesOfOtherPoliciesDo) {
  for (const bool sizes : {false, true}) {
    make(5'000, {.sizes = sizes, .policies = true});
    for (int i = 0; i < 100'000; ++i) use(skewed(random_, kObjects));
    expect_close(0.015);
  }
}

class AdvisorOfS3Fifo : public AdvisorTest {};
INSTANTIATE_TEST_SUITE_P(Policy, AdvisorOfS3Fifo, testing::Values("s3-fifo"));

TEST_P(AdvisorOfS3Fifo, PoliciesByWeight) {
  make(2'000'000, kPolicies);
  use_of_many_weights();
  expect_close(0.03, 0.065);
}

TEST_P(AdvisorOfS3Fifo, SaysNothingBeforeItKnows) {
  make(1'000);
  EXPECT_EQ(advisor_->size_advice().sentence, "not known yet: 0 of 4096 sampled uses");
  for (int i = 0; i < 4'000; ++i) use(skewed(random_, kObjects));
  EXPECT_FALSE(advisor_->size_advice().known);
  EXPECT_EQ(advisor_->size_advice().hit_ratio, 0);
  EXPECT_EQ(advisor_->size_advice().sentence, "not known yet: 4000 of 4096 sampled uses");
  EXPECT_EQ(advisor_->policy_advice().sentence, "") << "it was not asked";
}

// In the long run it is told of one use in 256.
TEST_P(AdvisorOfS3Fifo, CostsLittleWhereTheCacheIsSmall) {
  make(100);
  for (int i = 0; i < 200'000; ++i) use(skewed(random_, 1'000));
  EXPECT_NEAR(static_cast<double>(caches_->told), 131'072 * (1 + 1.0 / 255), 2);
  const auto elsewhere = [&](std::uint64_t hits) { advisor_->count({}, {.hits = hits}, 1); };
  elsewhere(4'000'000);
  EXPECT_EQ(advisor_->unsampled(), Residents::kNoSample);
  elsewhere(5'000'000);
  EXPECT_EQ(advisor_->unsampled(), 0);
  const std::uint64_t before = caches_->told;
  for (int i = 0; i < 200'000; ++i) use(skewed(random_, 1'000));
  EXPECT_NEAR(static_cast<double>(caches_->told - before), 9'000'000.0 / 256, 2'000);
  expect_close(0.02);
}

// Of fewer, where more shadows are told: of one in 64 + 8 * 256.
TEST_P(AdvisorOfS3Fifo, MoreWhatIfsCostNoMore) {
  make(100, kPolicies);
  for (int i = 0; i < 200'000; ++i) use(skewed(random_, 1'000));
  EXPECT_NEAR(static_cast<double>(caches_->told), 131'072 * (1 + 1.0 / 2'111), 2);
  const auto elsewhere = [&](std::uint64_t hits) { advisor_->count({}, {.hits = hits}, 1); };
  elsewhere(32'768 * 2'112 - 100'000);
  EXPECT_EQ(advisor_->unsampled(), Residents::kNoSample);
  elsewhere(100'000 + 2'112);
  EXPECT_EQ(advisor_->unsampled(), 0);
}

TEST_P(AdvisorOfS3Fifo, FollowsTheTraffic) {
  for (const Questions asked : {kSizes, kPolicies}) {
    make(1'000, asked);
    for (int i = 0; i < 100'000; ++i) use(skewed(random_, 900));
    EXPECT_GT(caches_->compare()[1].estimate, 0.85);
    caches_->forget();
    while (caches_->told < 500'000) {
      use(skewed(random_, 10'000));
      if (advisor_->unsampled() == Residents::kNoSample)
        advisor_->count({}, {.hits = 100'000'000}, 1);  // of other shards
    }
    expect_close(0.02);
  }
}

// A shadow holds what the cache has no more, and what was deleted or has expired is no hit of it.
TEST_P(AdvisorOfS3Fifo, WhatIsGoneIsNoHit) {
  for (const bool expires : {false, true}) {
    make(1'000);
    Counts before;
    std::uint32_t now = 1;
    for (EntryId round = 0; round < 20; ++round) {
      for (EntryId i = 0; i < 500; ++i) {
        const Key key{i * 0x9e37'79b1u, 1};
        const Counts counts{0, before.misses + 1, 500, 500};
        advisor_->count(before, counts, 0.5);
        before = counts;
        advisor_->missed(key, now);
        advisor_->came(key, 1, expires ? now + 1 : 0, now);
        if (!expires) advisor_->removed(key);
      }
      ++now;
    }
    const SizeAdvice advice = advisor_->size_advice();
    EXPECT_GT(advice.samples, 4'096u);
    EXPECT_EQ(advice.at_fourfold, 0);
  }
}

// What it is told of while it is filled is no more than a sample, either.
TEST_P(AdvisorOfS3Fifo, AFullCacheIsNoMoreThanASample) {
  constexpr std::uint64_t kCapacity = 32'000;
  const auto unsampled_of = [&](Questions asked) -> int {
    make(kCapacity, asked);
    Counts before;
    for (EntryId i = 0; i < 200'000; ++i) {
      const std::uint64_t held = std::min<std::uint64_t>(i + 1, kCapacity);
      advisor_->count(before, {0, 0, held, held}, static_cast<double>(held) / kCapacity);
      before = {0, 0, held, held};
      const Key key{static_cast<EntryId>(base::mix64(i)), 1};
      if ((key.id & advisor_->unsampled()) == 0) advisor_->came(key, 1, 0, 1);
      EXPECT_LT(advisor_->bytes(), 2 * advisor_->bytes_max());
    }
    EXPECT_LE(advisor_->bytes(), advisor_->bytes_max());
    return advisor_->unsampled();
  };
  EXPECT_EQ(unsampled_of(kSizes), 31) << "with 48 bytes of ghosts each, 32'000 / 16 would be too many";
  EXPECT_EQ(unsampled_of(kPolicies), 31) << "nine policies take more than four sizes";
  EXPECT_LE(unsampled_of({.sizes = true, .policies = true}), 31) << "both have twice the room";
}

// The nine are the same, whichever of them the cache has; what it does not have counts with its chooser.
TEST(PolicyAdvice, TheChooserOfAnotherPolicyCounts) {
  const auto bytes_for = [](const std::string& policy) {
    AdvisedCaches caches(kPolicies, policy, 3'000, 1'000);
    base::Random random(1);
    for (int i = 0; i < 20'000; ++i) caches.use(skewed(random, 3'000));
    EXPECT_EQ(caches.advisor.unsampled(), 0);
    return caches.advisor.bytes();
  };
  EXPECT_GT(bytes_for("s3-fifo"), bytes_for("adaptive") + 100'000);
}

// It misses nothing, and half of it would.
TEST_P(AdvisorOfS3Fifo, KnowsWhatALessOneWouldMiss) {
  make(1'000);
  for (int i = 0; i < 40'000; ++i) use(static_cast<std::uint32_t>(random_.below(900)));
  advisor_->begin_anew();
  for (int i = 0; i < 40'000; ++i) use(static_cast<std::uint32_t>(random_.below(900)));
  EXPECT_EQ(advisor_->size_advice().hit_ratio, 1);
  EXPECT_NEAR(advisor_->size_advice().at_half, 500.0 / 900, 0.05);
}

TEST_P(AdvisorOfS3Fifo, AnotherPolicyBeginsAnew) {
  make(1'000);
  for (int i = 0; i < 50'000; ++i) use(skewed(random_, kObjects));
  EXPECT_TRUE(advisor_->size_advice().known);
  advisor_->set_eviction(Eviction::none(), 0);
  EXPECT_EQ(advisor_->size_advice().samples, 0u);
  EXPECT_EQ(advisor_->size_advice().sentence, "") << "nothing is evicted";
  EXPECT_EQ(advisor_->unsampled(), Residents::kNoSample);
  for (int i = 0; i < 50'000; ++i) use(skewed(random_, kObjects));
  EXPECT_EQ(advisor_->size_advice().samples, 0u);
  advisor_->set_eviction(Eviction::lru(), 0);
  for (int i = 0; i < 50'000; ++i) use(skewed(random_, kObjects));
  EXPECT_TRUE(advisor_->size_advice().known);
}

// Those that suit the traffic first.
// As it is for a moment where the bound of a large cache was taken away.
TEST(SizeAdvice, AnyFillWillDo) {
  Advisor advisor(Eviction::lru(), 0, {.sizes = true});
  advisor.count({}, {.entries = 1'000'000, .weight = std::uint64_t{8} << 30}, 1e-9);
  for (EntryId id = 0; id < 1'000; ++id) advisor.found({id, 1}, 100, 0, 1);
  for (EntryId id = 0; id < 1'000; ++id) advisor.found({id, 1}, 100, 0, 1);
  EXPECT_LT(advisor.bytes(), 1u << 20);
}

TEST(PolicyAdvice, NamesAllThatOneMayChoose) {
  const auto names = [](const std::string& policy) {
    AdvisedCaches caches(kPolicies, policy, 1'500, 1'000);
    for (std::uint32_t i = 0; i < 15'000; ++i) caches.use(i % 1'500);
    const std::vector<PolicyAdvice::Other> others = caches.advisor.policy_advice().others;
    std::vector<std::string> all;
    for (std::size_t i = 0; i < others.size(); ++i) {
      all.push_back(others[i].name);
      if (i != 0) {
        EXPECT_LE(others[i].hit_ratio, others[i - 1].hit_ratio);
      }
    }
    return all;
  };
  using testing::UnorderedElementsAre;
  const std::vector<std::string> of_lru = names("lru");
  EXPECT_THAT(of_lru, UnorderedElementsAre("s3-fifo", "adaptive", "lfu", "random", "w-tinylfu", "arc", "lirs", "gdsf"));
  EXPECT_EQ(of_lru.front(), "lirs") << "this is a loop";
  EXPECT_THAT(names("fifo"), testing::SizeIs(9)) << "which is not advised, but may be what there is";
  EXPECT_THAT(names("lru-ttl"), testing::Contains("lfu-ttl"));
  EXPECT_THAT(names("w-tinylfu:window=0.01"), testing::Contains("w-tinylfu"));
}

}  // namespace
}  // namespace larder::advice
