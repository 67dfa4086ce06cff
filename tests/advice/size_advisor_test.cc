// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "advice/size_advisor.h"

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

class SizeAdvisorTest : public testing::TestWithParam<std::string> {
 protected:
  void make(std::uint64_t capacity) {
    caches_ = std::make_unique<AdvisedCaches>(GetParam(), kObjects, capacity);
    advisor_ = &caches_->advisor;
  }
  void use(std::uint32_t number, std::uint32_t weight = 1) { caches_->use(number, weight); }
  void expect_close(double most) {
    caches_->tell();
    const SizeAdvice advice = advisor_->advice();
    EXPECT_GT(advice.samples, 4'000u);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(ratios_of(advice)[i], caches_->hit_ratios()[i], i == 1 ? 0.01 : most)
          << AdvisedCaches::kFactors[i] << " of the size";
    }
    EXPECT_LE(advisor_->bytes(), SizeAdvisor::kBytesMax);
  }

  std::unique_ptr<AdvisedCaches> caches_;
  SizeAdvisor* advisor_ = nullptr;
  base::Random random_{1};
};

// Popularity as it often is: the number drawn is skewed twice.
std::uint32_t skewed(base::Random& random, std::uint32_t most) {
  return static_cast<std::uint32_t>(random.below(1 + random.below(1 + random.below(most))));
}

TEST_P(SizeAdvisorTest, IsCloseToWhatCachesOfTheseSizesDo) {
  make(5'000);
  for (int i = 0; i < 200'000; ++i) use(skewed(random_, kObjects));
  expect_close(0.015);
  EXPECT_LT(caches_->told, 140'000u);
}

TEST_P(SizeAdvisorTest, IsCloseWhereNearlyEveryUseIsOfTheSample) {
  make(300);
  for (int i = 0; i < 100'000; ++i) use(skewed(random_, 3'000));
  expect_close(0.01);
}

// Sizes over three orders of magnitude: a few objects have most of the weight, and chance decides how many of them are
// of the sample.
TEST_P(SizeAdvisorTest, CountsByWeight) {
  make(2'000'000);
  const auto weight = [](std::uint32_t number) {
    return static_cast<std::uint32_t>(10 *
                                      std::exp2(10.0 * static_cast<double>(base::mix64(number + 9) % 1'000) / 1'000));
  };
  for (int i = 0; i < 150'000; ++i) {
    const std::uint32_t number = skewed(random_, kObjects);
    use(number, weight(number));
  }
  expect_close(GetParam() == "gdsf" ? 0.045 : 0.02);
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
  make(1'000);
  EXPECT_EQ(advisor_->advice().samples, 0u);
  for (int i = 0; i < 4'000; ++i) use(skewed(random_, kObjects));
  EXPECT_EQ(advisor_->advice().samples, 0u);
}

// In the long run it is told of one use in 256.
TEST_P(SizeAdvisorOfS3Fifo, CostsLittleWhereTheCacheIsSmall) {
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

TEST_P(SizeAdvisorOfS3Fifo, FollowsTheTraffic) {
  make(1'000);
  for (int i = 0; i < 100'000; ++i) use(skewed(random_, 900));
  EXPECT_GT(advisor_->advice().at_half, 0.9);
  caches_->forget();
  while (caches_->told < 500'000) {
    use(skewed(random_, 10'000));
    if (advisor_->unsampled() == Residents::kNoSample)
      advisor_->count({}, {.hits = 100'000'000}, 1);  // of other shards
  }
  expect_close(0.02);
}

// A shadow holds what the cache has no more, and what was deleted or has expired is no hit of it.
TEST_P(SizeAdvisorOfS3Fifo, WhatIsGoneIsNoHit) {
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
    const SizeAdvice advice = advisor_->advice();
    EXPECT_GT(advice.samples, 4'096u);
    EXPECT_EQ(advice.at_fourfold, 0);
  }
}

// What it is told of while it is filled is no more than a sample, either.
TEST_P(SizeAdvisorOfS3Fifo, AFullCacheIsNoMoreThanASample) {
  constexpr std::uint64_t kCapacity = 20'000;
  make(kCapacity);
  Counts before;
  for (EntryId i = 0; i < 200'000; ++i) {
    const std::uint64_t held = std::min<std::uint64_t>(i + 1, kCapacity);
    advisor_->count(before, {0, 0, held, held}, static_cast<double>(held) / kCapacity);
    before = {0, 0, held, held};
    const Key key{static_cast<EntryId>(base::mix64(i)), 1};
    if ((key.id & advisor_->unsampled()) == 0) advisor_->came(key, 1, 0, 1);
    ASSERT_LT(advisor_->bytes(), 2 * SizeAdvisor::kBytesMax);
  }
  EXPECT_LE(advisor_->bytes(), SizeAdvisor::kBytesMax);
  EXPECT_EQ(advisor_->unsampled(), 15) << "20'000 / 16 are at most 2,048";
}

// It misses nothing, and half of it would.
TEST_P(SizeAdvisorOfS3Fifo, KnowsWhatALessOneWouldMiss) {
  make(1'000);
  for (int i = 0; i < 40'000; ++i) use(static_cast<std::uint32_t>(random_.below(900)));
  advisor_->begin_anew();
  for (int i = 0; i < 40'000; ++i) use(static_cast<std::uint32_t>(random_.below(900)));
  EXPECT_EQ(advisor_->advice().hit_ratio, 1);
  EXPECT_NEAR(advisor_->advice().at_half, 500.0 / 900, 0.05);
}

TEST_P(SizeAdvisorOfS3Fifo, AnotherPolicyBeginsAnew) {
  make(1'000);
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
