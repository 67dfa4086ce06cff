// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "advice/size_advisor.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "simulator/simulated_cache.h"

namespace larder::advice {
namespace {

constexpr std::uint32_t kObjects = 60'000;

// A cache as large as the advisor is to believe, and others of the sizes that it advises on; all are told of the same.
class SizeAdvisorTest : public testing::TestWithParam<std::string> {
 protected:
  static constexpr double kFactors[] = {0.5, 1, 2, 4};

  void make(std::uint64_t capacity, const std::string& policy) {
    const Eviction eviction = *Eviction::named(policy);
    capacity_ = capacity;
    advisor_ = std::make_unique<SizeAdvisor>(eviction);
    caches_.clear();
    for (const double factor : kFactors) {
      caches_.push_back(std::make_unique<simulator::SimulatedCache>(
          eviction.for_one_cache().factory()(1), kObjects,
          static_cast<std::uint64_t>(static_cast<double>(capacity) * factor)));
    }
  }
  // Until the advisor has seen enough for a while.
  void use(std::uint32_t number, std::uint32_t weight = 1) {
    bool found = false;
    for (std::size_t i = 0; i < caches_.size(); ++i) {
      const bool hit = caches_[i]->access(number, weight);
      hits_[i] += hit;
      if (i == 1) found = hit;
    }
    ++uses_;
    ++(found ? counts_.hits : counts_.misses);
    const Key key{static_cast<EntryId>(base::mix64(number + 1)), 7};
    if ((key.id & advisor_->unsampled()) != 0) return;
    ++told_;
    tell();
    if (found) {
      advisor_->found(key, weight, 0, 1);
    } else {
      advisor_->missed(key, 1);
      advisor_->came(key, weight, 0);
    }
  }
  void tell() {
    counts_.entries = caches_[1]->size();
    counts_.weight = caches_[1]->weight();
    advisor_->count(before_, counts_,
                    std::max(1e-9, static_cast<double>(counts_.weight) / static_cast<double>(capacity_)));
    before_ = counts_;
  }
  double true_ratio(std::size_t i) const { return static_cast<double>(hits_[i]) / static_cast<double>(uses_); }
  void expect_close(double most) {
    tell();
    const SizeAdvice advice = advisor_->advice();
    EXPECT_GT(advice.samples, 4'000u);
    EXPECT_NEAR(advice.at_half, true_ratio(0), most);
    EXPECT_NEAR(advice.hit_ratio, true_ratio(1), 0.01);
    EXPECT_NEAR(advice.at_double, true_ratio(2), most);
    EXPECT_NEAR(advice.at_fourfold, true_ratio(3), most);
    EXPECT_LE(advisor_->bytes(), SizeAdvisor::kBytesMax);
  }

  std::unique_ptr<SizeAdvisor> advisor_;
  std::vector<std::unique_ptr<simulator::SimulatedCache>> caches_;
  std::uint64_t capacity_ = 0;
  std::uint64_t hits_[4] = {};
  std::uint64_t uses_ = 0;
  std::uint64_t told_ = 0;
  Counts before_;
  Counts counts_;
  base::Random random_{1};
};

// Popularity as it often is: the number drawn is skewed twice.
std::uint32_t skewed(base::Random& random, std::uint32_t most) {
  return static_cast<std::uint32_t>(random.below(1 + random.below(1 + random.below(most))));
}

TEST_P(SizeAdvisorTest, IsCloseToWhatCachesOfTheseSizesDo) {
  make(5'000, GetParam());
  for (int i = 0; i < 200'000; ++i) use(skewed(random_, kObjects));
  expect_close(0.015);
  EXPECT_LT(told_, 140'000u);
}

TEST_P(SizeAdvisorTest, IsCloseWhereNearlyEveryUseIsOfTheSample) {
  make(300, GetParam());
  for (int i = 0; i < 100'000; ++i) use(skewed(random_, 3'000));
  expect_close(0.01);
}

// Sizes over three orders of magnitude: a few objects have most of the weight, and chance decides how many of them are
// of the sample.
TEST_P(SizeAdvisorTest, CountsByWeight) {
  make(2'000'000, GetParam());
  const auto weight = [](std::uint32_t number) {
    return static_cast<std::uint32_t>(10 *
                                      std::exp2(10.0 * static_cast<double>(base::mix64(number + 9) % 1'000) / 1'000));
  };
  for (int i = 0; i < 150'000; ++i) {
    const std::uint32_t number = skewed(random_, kObjects);
    use(number, weight(number));
  }
  expect_close(0.045);
}

INSTANTIATE_TEST_SUITE_P(Policies, SizeAdvisorTest,
                         testing::Values("s3-fifo", "lru", "lfu", "random", "fifo", "sieve", "w-tinylfu", "arc", "lirs",
                                         "gdsf", "redis-lru", "redis-lfu", "adaptive"),
                         [](const auto& policy) {
                           std::string name = policy.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

class SizeAdvisorOfS3Fifo : public SizeAdvisorTest {};
INSTANTIATE_TEST_SUITE_P(Policy, SizeAdvisorOfS3Fifo, testing::Values("s3-fifo"));

TEST_P(SizeAdvisorOfS3Fifo, SaysNothingBeforeItKnows) {
  make(1'000, GetParam());
  EXPECT_EQ(advisor_->advice().samples, 0u);
  for (int i = 0; i < 4'000; ++i) use(skewed(random_, kObjects));
  EXPECT_EQ(advisor_->advice().samples, 0u);
}

// In the long run it is told of one use in 256.
TEST_P(SizeAdvisorOfS3Fifo, CostsLittleWhereTheCacheIsSmall) {
  make(100, GetParam());
  for (int i = 0; i < 200'000; ++i) use(skewed(random_, 1'000));
  EXPECT_NEAR(static_cast<double>(told_), 131'072 * (1 + 1.0 / 255), 2);
  const auto elsewhere = [&](std::uint64_t hits) { advisor_->count({}, {.hits = hits}, 1); };
  elsewhere(4'000'000);
  EXPECT_EQ(advisor_->unsampled(), Residents::kNoSample);
  elsewhere(5'000'000);
  EXPECT_EQ(advisor_->unsampled(), 0);
  const std::uint64_t before = told_;
  for (int i = 0; i < 200'000; ++i) use(skewed(random_, 1'000));
  EXPECT_NEAR(static_cast<double>(told_ - before), 9'000'000 / 256, 2'000);
  expect_close(0.02);
}

TEST_P(SizeAdvisorOfS3Fifo, FollowsTheTraffic) {
  make(1'000, GetParam());
  for (int i = 0; i < 100'000; ++i) use(skewed(random_, 900));
  EXPECT_GT(advisor_->advice().at_half, 0.9);
  for (std::uint64_t& hits : hits_) hits = 0;
  uses_ = 0;
  while (told_ < 500'000) {
    use(skewed(random_, 10'000));
    if (advisor_->unsampled() == Residents::kNoSample)
      advisor_->count({}, {.hits = 100'000'000}, 1);  // of other shards
  }
  expect_close(0.02);
}

// A shadow holds what the cache has no more, and what was deleted or has expired is no hit of it.
TEST_P(SizeAdvisorOfS3Fifo, WhatIsGoneIsNoHit) {
  for (const bool expires : {false, true}) {
    make(1'000, GetParam());
    counts_ = before_ = {};
    std::uint32_t now = 1;
    for (EntryId round = 0; round < 20; ++round) {
      for (EntryId i = 0; i < 500; ++i) {
        const Key key{i * 0x9e37'79b1u, 1};
        counts_.misses += 1;
        counts_.entries = counts_.weight = 500;
        advisor_->count(before_, counts_, 0.5);
        before_ = counts_;
        advisor_->missed(key, now);
        advisor_->came(key, 1, expires ? now + 1 : 0);
        if (!expires) advisor_->removed(key);
      }
      ++now;
    }
    const SizeAdvice advice = advisor_->advice();
    EXPECT_GT(advice.samples, 4'096u);
    EXPECT_EQ(advice.at_fourfold, 0);
  }
}

// What it is told of while it is filled is no more than a sample, either.
TEST_P(SizeAdvisorOfS3Fifo, AFullCacheIsNoMoreThanASample) {
  make(20'000, GetParam());
  for (EntryId i = 0; i < 200'000; ++i) {
    counts_.entries = counts_.weight = std::min<std::uint64_t>(i, capacity_);
    advisor_->count(before_, counts_, static_cast<double>(counts_.weight + 1) / static_cast<double>(capacity_));
    before_ = counts_;
    const Key key{static_cast<EntryId>(base::mix64(i)), 1};
    if ((key.id & advisor_->unsampled()) == 0) advisor_->came(key, 1, 0);
    ASSERT_LT(advisor_->bytes(), 2 * SizeAdvisor::kBytesMax);
  }
  EXPECT_LE(advisor_->bytes(), SizeAdvisor::kBytesMax);
  EXPECT_EQ(advisor_->unsampled(), 15) << "20'000 / 16 are at most 2,048";
}

// It misses nothing, and half of it would.
TEST_P(SizeAdvisorOfS3Fifo, KnowsWhatALessOneWouldMiss) {
  make(1'000, GetParam());
  for (int i = 0; i < 40'000; ++i) use(static_cast<std::uint32_t>(random_.below(900)));
  advisor_->begin_anew();
  for (int i = 0; i < 40'000; ++i) use(static_cast<std::uint32_t>(random_.below(900)));
  EXPECT_EQ(advisor_->advice().hit_ratio, 1);
  EXPECT_NEAR(advisor_->advice().at_half, 500.0 / 900, 0.05);
}

TEST_P(SizeAdvisorOfS3Fifo, AnotherPolicyBeginsAnew) {
  make(1'000, GetParam());
  for (int i = 0; i < 50'000; ++i) use(skewed(random_, kObjects));
  EXPECT_NE(advisor_->advice().samples, 0u);
  advisor_->set_eviction(Eviction::none());
  EXPECT_EQ(advisor_->advice().samples, 0u);
  EXPECT_EQ(advisor_->unsampled(), Residents::kNoSample);
  for (int i = 0; i < 50'000; ++i) use(skewed(random_, kObjects));
  EXPECT_EQ(advisor_->advice().samples, 0u);
  advisor_->set_eviction(Eviction::lru());
  for (int i = 0; i < 50'000; ++i) use(skewed(random_, kObjects));
  EXPECT_NE(advisor_->advice().samples, 0u);
}

TEST(SizeAdviceInWords, SaysWhatIsWorthIt) {
  const auto say = [](double half, double now, double twice, double fourfold) {
    return sentence_of({1, now, half, twice, fourfold, {}}, 64 << 20, BoundOf::kBytes);
  };
  EXPECT_EQ(say(0.75, 0.81, 0.84, 0.845), "+64 MiB would lift the hit ratio from 81.0 % to 84.0 %");
  EXPECT_EQ(say(0.75, 0.81, 0.84, 0.88), "+64 MiB would lift the hit ratio from 81.0 % to 84.0 %, +192 MiB to 88.0 %");
  EXPECT_EQ(say(0.75, 0.81, 0.811, 0.88),
            "+192 MiB would lift the hit ratio from 81.0 % to 88.0 %, +64 MiB hardly at all");
  EXPECT_EQ(say(0.808, 0.81, 0.811, 0.812), "32 MiB less would do: the hit ratio would be 80.8 % instead of 81.0 %");
  EXPECT_EQ(
      say(0.75, 0.81, 0.811, 0.812),
      "the size is right: +64 MiB would bring next to nothing, 32 MiB less would lower the hit ratio from 81.0 % to "
      "75.0 %");
  EXPECT_EQ(sentence_of({1, 0.5, 0.4, 0.6, 0.6, {}}, 1'000, BoundOf::kEntries),
            "+1000 entries would lift the hit ratio from 50.0 % to 60.0 %");
  EXPECT_EQ(sentence_of({}, 1'000, BoundOf::kEntries), "");
}

}  // namespace
}  // namespace larder::advice
