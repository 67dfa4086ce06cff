// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a cache says of other policies, against caches with these policies that do the same.
#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "cache/several_caches.h"

namespace larder {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

// The first is advised; the others have policies that it is advised on.
class PolicyAdviceTest : public SeveralCaches {
 protected:
  void make_all(const Options& options, const std::vector<std::string>& policies) {
    for (const std::string& policy : policies) {
      Options its = options;
      its.eviction = *Eviction::named(policy);
      its.policy_advice = caches_.empty();
      caches_.push_back(&make(its));
    }
  }
  Cache& advised() { return *caches_[0]; }
  PolicyAdvice advice() { return advised().stats().policy_advice; }
  void expect_close(double most) {
    const PolicyAdvice advice = this->advice();
    EXPECT_GT(advice.samples, 4'000u);
    EXPECT_NEAR(advice.hit_ratio, advised().stats().hit_ratio(), 0.01);
    std::size_t compared = 1;
    for (const PolicyAdvice::Other& other : advice.others) {
      for (Cache* cache : caches_) {
        if (cache->stats().policy != other.name) continue;
        EXPECT_NEAR(other.hit_ratio, cache->stats().hit_ratio(), most) << other.name;
        ++compared;
      }
    }
    EXPECT_EQ(compared, caches_.size());
  }
};

TEST_F(PolicyAdviceTest, ByEntries) {
  make_all({.max_memory = 0, .max_entries = 2'000, .shards = 4}, {"lru", "s3-fifo", "w-tinylfu", "random"});
  for (int i = 0; i < 100'000; ++i) use("k" + std::to_string(skewed(20'000)), 5);
  expect_close(0.015);
  EXPECT_THAT(advice().sentence, HasSubstr(advice().others.front().name + " would lift the hit ratio from"));
  EXPECT_EQ(caches_[1]->stats().policy_advice.samples, 0u) << "it was not asked";
  EXPECT_EQ(advised().stats().size_advice.samples, 0u) << "nor was that";
}

TEST_F(PolicyAdviceTest, ByBytes) {
  make_all({.max_memory = 64_MiB, .shards = 4}, {"s3-fifo", "lru", "gdsf"});
  for (int i = 0; i < 60'000; ++i) {
    const std::uint64_t number = skewed(30'000);
    use("k" + std::to_string(number), 1'000 + base::mix64(number) % 40'000);
  }
  expect_close(0.025);
}

TEST_F(PolicyAdviceTest, WithTimesToLive) {
  make_all({.max_memory = 0, .max_entries = 1'000, .shards = 1}, {"fifo", "lru", "arc", "adaptive"});
  for (int i = 0; i < 100'000; ++i) {
    use("k" + std::to_string(skewed(20'000)), 5, 60s);
    if (i % 8 == 0) advance(100ms);
  }
  expect_close(0.015);
}

// A loop that is longer than the cache: whoever takes the advice has what it promised.
TEST_F(PolicyAdviceTest, WhoTakesItHasWhatItPromised) {
  make_all({.max_memory = 0, .max_entries = 1'000, .shards = 1}, {"lru"});
  const auto loop = [&] {
    for (int i = 0; i < 20 * 1'500; ++i) use(std::to_string(i % 1'500), 5);
  };
  loop();
  const PolicyAdvice before = advice();
  EXPECT_LT(before.hit_ratio, 0.01);
  const PolicyAdvice::Other best = before.others.front();
  EXPECT_GT(best.hit_ratio, 0.5);
  ASSERT_TRUE(advised().set_eviction(*Eviction::named(best.name)).ok());
  EXPECT_EQ(advice().samples, 0u) << "what was said was of another policy";
  loop();
  EXPECT_NEAR(advice().hit_ratio, best.hit_ratio, 0.05);
  EXPECT_THAT(advice().sentence, HasSubstr("the policy is right"));
}

TEST_F(PolicyAdviceTest, IsInBothTexts) {
  make_all({.max_memory = 0, .max_entries = 100, .shards = 1}, {"w-tinylfu:window=0.3"});
  EXPECT_THAT(advised().stats().to_redis_info(), Not(HasSubstr("size_advice"))) << "it was not asked";
  EXPECT_THAT(advised().stats().to_redis_info(), HasSubstr("\r\nlarder_policy_advice_samples:0\r\n"));
  EXPECT_THAT(advised().stats().to_redis_info(), HasSubstr("\r\nlarder_policy_advice:not known yet: 0 of 4096 "));
  EXPECT_THAT(advised().stats().to_prometheus("c"), HasSubstr("\nlarder_policy_advice_samples{cache=\"c\"} 0\n"));
  EXPECT_THAT(advised().stats().to_redis_info() + advised().stats().to_prometheus(), Not(HasSubstr("hit_ratio")));
  for (int i = 0; i < 10'000; ++i) use(std::to_string(random_.below(200)), 5);
  const Stats stats = advised().stats();
  EXPECT_THAT(stats.to_redis_info(), HasSubstr("\r\nlarder_policy_advice_hit_ratio_now:0."));
  EXPECT_THAT(stats.to_redis_info(), HasSubstr("\r\nlarder_policy_advice_hit_ratio_w-tinylfu:0."));
  EXPECT_THAT(stats.to_redis_info(), HasSubstr("\r\nlarder_policy_advice:" + stats.policy_advice.sentence + "\r\n"));
  const std::string prometheus = stats.to_prometheus("c");
  EXPECT_THAT(prometheus,
              HasSubstr("\nlarder_policy_advice_hit_ratio{cache=\"c\",policy=\"w-tinylfu:window=0.3\"} 0."));
  EXPECT_THAT(prometheus, HasSubstr("\nlarder_policy_advice_hit_ratio{cache=\"c\",policy=\"lru\"} 0."));
}

TEST_F(PolicyAdviceTest, ItsMemoryIsCharged) {
  const auto fixed = [&](bool size, bool policy) {
    return make({.max_memory = 16_MiB,
                 .eviction = Eviction::lru(),
                 .size_advice = size,
                 .policy_advice = policy,
                 .shards = 1})
        .stats()
        .bytes_fixed;
  };
  EXPECT_EQ(fixed(false, true) - fixed(false, false), 1_MiB);
  EXPECT_EQ(fixed(true, true) - fixed(false, false), 2_MiB);
}

TEST_F(PolicyAdviceTest, WithSizeAdviceBothAreGiven) {
  Cache& cache = make({.max_memory = 0, .max_entries = 100, .size_advice = true, .policy_advice = true, .shards = 1});
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = std::to_string(random_.below(200));
    if (!cache.get(key)) {
      ASSERT_TRUE(cache.set(key, "v").ok());
    }
  }
  const Stats stats = cache.stats();
  EXPECT_TRUE(stats.size_advice.known);
  EXPECT_EQ(stats.policy_advice.samples, stats.size_advice.samples);
  EXPECT_GT(stats.size_advice.at_double, 0.9);
  EXPECT_EQ(stats.policy_advice.others.size(), 8u);
}

TEST_F(PolicyAdviceTest, NeedsABoundAndRoom) {
  Cache& cache = make({.max_memory = 16_MiB, .policy_advice = true, .shards = 1});
  EXPECT_THAT(std::string(cache.set_max_memory(15_MiB).message()), HasSubstr("policy_advice takes 1 MiB"));
  EXPECT_TRUE(cache.set_max_memory(0).ok());
  for (int i = 0; i < 10'000; ++i) (void)cache.get(std::to_string(i % 10));
  EXPECT_EQ(cache.stats().policy_advice.samples, 0u);
}

// Nothing is evicted: there is no policy to put another one in place of.
TEST_F(PolicyAdviceTest, WithoutEvictionThereIsNone) {
  make_all({.max_memory = 0, .max_entries = 100, .shards = 1}, {"none"});
  for (int i = 0; i < 10'000; ++i) use(std::to_string(i % 50), 5);
  EXPECT_EQ(advice().samples, 0u);
}

}  // namespace
}  // namespace larder
