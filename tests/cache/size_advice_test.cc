// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a cache says of other sizes, against caches of these sizes that do the same.
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "cache/several_caches.h"

namespace larder {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

// Half, one, two and four times a size.
class SizeAdviceTest : public SeveralCaches {
 protected:
  void make_all(const Options& options) {
    for (const std::uint64_t parts : {2u, 4u, 8u, 16u}) {
      Options its = options;
      its.max_entries = options.max_entries * parts / 4;
      its.max_memory = options.max_memory * parts / 4;
      its.size_advice = parts == 4;
      caches_.push_back(&make(its));
    }
  }
  Cache& advised() { return *caches_[1]; }
  void expect_close(double most) {
    const SizeAdvice advice = advised().stats().size_advice;
    EXPECT_GT(advice.samples, 4'000u);
    EXPECT_NEAR(advice.at_half, caches_[0]->stats().hit_ratio(), most);
    EXPECT_NEAR(advice.hit_ratio, caches_[1]->stats().hit_ratio(), 0.01);
    EXPECT_NEAR(advice.at_double, caches_[2]->stats().hit_ratio(), most);
    EXPECT_NEAR(advice.at_fourfold, caches_[3]->stats().hit_ratio(), most);
  }
};

TEST_F(SizeAdviceTest, ByEntries) {
  make_all({.max_memory = 0, .max_entries = 2'000, .shards = 4});
  for (int i = 0; i < 100'000; ++i) use("k" + std::to_string(skewed(20'000)), 5);
  expect_close(0.015);
  EXPECT_THAT(advised().stats().size_advice.sentence, HasSubstr("+2000 entries would lift the hit ratio from"));
  EXPECT_EQ(caches_[0]->stats().size_advice.samples, 0u) << "it was not asked";
}

TEST_F(SizeAdviceTest, ByBytes) {
  make_all({.max_memory = 64_MiB, .shards = 4});
  for (int i = 0; i < 60'000; ++i) {
    const std::uint64_t number = skewed(30'000);
    use("k" + std::to_string(number), 1'000 + base::mix64(number) % 40'000);
  }
  expect_close(0.025);
  EXPECT_THAT(advised().stats().size_advice.sentence, HasSubstr("MiB"));
}

// A larger cache keeps for longer what then has expired: it does not hit it.
TEST_F(SizeAdviceTest, WithTimesToLive) {
  make_all({.max_memory = 0, .max_entries = 1'000, .shards = 1});
  for (int i = 0; i < 100'000; ++i) {
    use("k" + std::to_string(skewed(20'000)), 5, 60s);
    if (i % 8 == 0) advance(100ms);
  }
  expect_close(0.015);
  EXPECT_LT(caches_[3]->stats().hit_ratio(), 0.9) << "what expires makes no difference here";
}

// Whoever is used in time stays in a cache of any size.
TEST_F(SizeAdviceTest, WithIdleTimes) {
  make_all({.max_memory = 0, .max_entries = 1'000, .expiry = {.idle = 30s}, .shards = 1});
  for (int i = 0; i < 100'000; ++i) {
    use("k" + std::to_string(skewed(20'000)), 5);
    if (i % 8 == 0) advance(100ms);
  }
  expect_close(0.02);
  EXPECT_LT(caches_[3]->stats().hit_ratio(), 0.9) << "idle times make no difference here";
}

// A write that nobody has looked before gives a new end in caches of all sizes.
TEST_F(SizeAdviceTest, WithWritesThatNobodyHasLookedBefore) {
  make_all({.max_memory = 0, .max_entries = 1'000, .shards = 1});
  for (int i = 0; i < 100'000; ++i) {
    const std::string key = "k" + std::to_string(skewed(20'000));
    for (Cache* cache : caches_) {
      if (i % 2 == 0) {
        (void)cache->get(key);
      } else {
        ASSERT_TRUE(cache->set(key, "v", {.ttl = 60s}).ok());
      }
    }
    if (i % 8 == 0) advance(100ms);
  }
  expect_close(0.02);
}

TEST_F(SizeAdviceTest, WithValuesThatChangeTheirSize) {
  make_all({.max_memory = 16_MiB, .eviction = Eviction::s3_fifo(), .shards = 1});
  for (int i = 0; i < 40'000; ++i) {
    const std::string key = "k" + std::to_string(skewed(6'000));
    use(key, 1'000 + random_.below(20'000));
    if (i % 3 != 0) continue;
    const std::string value(1'000 + random_.below(20'000), 'y');
    for (Cache* cache : caches_) ASSERT_TRUE(cache->set(key, value).ok());
  }
  expect_close(0.03);
}

// Remembered absences are entries, and take the room of others.
TEST_F(SizeAdviceTest, WithAbsencesThatAreRemembered) {
  make_all({.max_memory = 0, .max_entries = 1'000, .shards = 1});
  LoadOptions options;
  options.negative_ttl = 1h;
  for (int i = 0; i < 60'000; ++i) {
    const std::uint64_t number = skewed(20'000);
    const auto load = [&] { return number % 10 < 7 ? std::nullopt : std::optional<std::string>("v"); };
    for (Cache* cache : caches_) (void)cache->get_or_load("k" + std::to_string(number), load, options);
  }
  expect_close(0.02);
}

TEST_F(SizeAdviceTest, WhatIsDeletedIsInNoCache) {
  make_all({.max_memory = 0, .max_entries = 1'000, .shards = 2});
  for (int i = 0; i < 50'000; ++i) {
    const std::string key = "k" + std::to_string(skewed(20'000));
    use(key, 5);
    if (random_.below(3) != 0) continue;
    for (Cache* cache : caches_) cache->del(key);
  }
  expect_close(0.015);
}

TEST_F(SizeAdviceTest, IsOfThePolicyThatTheCacheHas) {
  make_all({.max_memory = 0, .max_entries = 1'000, .eviction = Eviction::lru(), .shards = 1});
  const auto loop = [&](int rounds) {
    for (int i = 0; i < rounds * 1'500; ++i) use(std::to_string(i % 1'500), 5);
  };
  loop(10);
  EXPECT_LT(advised().stats().size_advice.hit_ratio, 0.01);
  EXPECT_GT(advised().stats().size_advice.at_double, 0.8);
  for (Cache* cache : caches_) ASSERT_TRUE(cache->set_eviction(Eviction::random()).ok());
  EXPECT_EQ(advised().stats().size_advice.samples, 0u);
  loop(20);
  EXPECT_GT(advised().stats().size_advice.hit_ratio, 0.3);
  EXPECT_NEAR(advised().stats().size_advice.at_half, 0.1, 0.08);
}

TEST_F(SizeAdviceTest, ANewBoundIsWhatIsAdvisedOn) {
  make_all({.max_memory = 16_MiB, .shards = 1});
  const auto all = [&](int times) {
    for (int i = 0; i < times; ++i) use(std::to_string(random_.below(1'000)), 20'000);
  };
  all(10'000);
  EXPECT_GT(advised().stats().size_advice.at_double, advised().stats().size_advice.hit_ratio + 0.03);
  ASSERT_TRUE(advised().set_max_memory(64_MiB).ok());
  all(30'000);
  EXPECT_THAT(advised().stats().size_advice.sentence, HasSubstr("32 MiB less would do"));
}

TEST_F(SizeAdviceTest, IsInBothTexts) {
  make_all({.max_memory = 0, .max_entries = 100, .shards = 1});
  EXPECT_THAT(caches_[0]->stats().to_redis_info(), Not(HasSubstr("advice"))) << "it was not asked";
  EXPECT_THAT(caches_[0]->stats().to_prometheus(), Not(HasSubstr("advice")));
  EXPECT_THAT(advised().stats().to_redis_info(), HasSubstr("\r\nlarder_size_advice_samples:0\r\n"));
  EXPECT_THAT(advised().stats().to_redis_info(), HasSubstr("\r\nlarder_size_advice:not known yet: 0 of 4096 "));
  EXPECT_THAT(advised().stats().to_prometheus("c"), HasSubstr("\nlarder_size_advice_samples{cache=\"c\"} 0\n"));
  EXPECT_THAT(advised().stats().to_prometheus("c"), Not(HasSubstr("advice_hit_ratio")));
  for (int i = 0; i < 10'000; ++i) use(std::to_string(random_.below(200)), 5);
  const Stats stats = advised().stats();
  EXPECT_THAT(stats.to_redis_info(), HasSubstr("\r\nlarder_size_advice_hit_ratio_double:0."));
  EXPECT_THAT(stats.to_redis_info(), HasSubstr("\r\nlarder_size_advice:" + stats.size_advice.sentence + "\r\n"));
  EXPECT_THAT(stats.to_prometheus("c"), HasSubstr("\nlarder_size_advice_hit_ratio{cache=\"c\",size=\"0.5\"} 0."));
}

TEST_F(SizeAdviceTest, ItsMemoryIsCharged) {
  for (const Eviction& eviction : {Eviction::lru(), Eviction::adaptive()}) {
    const Cache& with = make({.max_memory = 16_MiB, .eviction = eviction, .size_advice = true, .shards = 1});
    const Cache& without = make({.max_memory = 16_MiB, .eviction = eviction, .shards = 1});
    EXPECT_EQ(with.stats().bytes_fixed - without.stats().bytes_fixed, 1_MiB + 4 * eviction.shared_bytes(1_MiB));
  }
}

TEST_F(SizeAdviceTest, IsOnTheBoundThatIsNearer) {
  Cache& cache = make({.max_memory = 1_GiB, .max_entries = 100, .size_advice = true, .shards = 1});
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = std::to_string(random_.below(300));
    if (!cache.get(key)) {
      ASSERT_TRUE(cache.set(key, "v").ok());
    }
  }
  EXPECT_THAT(cache.stats().size_advice.sentence, HasSubstr("+100 entries"));
}

TEST_F(SizeAdviceTest, WithoutABoundThereIsNone) {
  Cache& cache = make({.max_memory = 16_MiB, .size_advice = true, .shards = 1});
  for (int i = 0; i < 10'000; ++i) (void)cache.get(std::to_string(i % 10));
  EXPECT_TRUE(cache.stats().size_advice.known);
  EXPECT_EQ(cache.set_max_memory(1_MiB).code(), ErrorCode::kInvalidArgument) << "it takes that itself";
  ASSERT_TRUE(cache.set_max_memory(0).ok());
  for (int i = 0; i < 10'000; ++i) (void)cache.get(std::to_string(i % 10));
  EXPECT_EQ(cache.stats().size_advice.samples, 0u);
  EXPECT_EQ(cache.stats().size_advice.sentence, "");
}

// It is as if the call had not been made.
TEST_F(SizeAdviceTest, APolicyThatCannotBeMadeChangesNothing) {
  make_all({.max_memory = 0, .max_entries = 100, .shards = 1});
  int left = 0;
  const auto factory = [&](std::uint64_t seed) -> std::unique_ptr<EvictionPolicy> {
    if (left-- == 0) throw std::bad_alloc();
    return Eviction::lru().factory()(seed);
  };
  for (const int fails_at : {0, 1, 3, 4}) {
    left = fails_at;
    EXPECT_THROW((void)advised().set_eviction(Eviction::custom("own", factory)), std::bad_alloc);
    for (int i = 0; i < 1'000; ++i) use(std::to_string(random_.below(200)), 5);
  }
  left = 5;
  EXPECT_TRUE(advised().set_eviction(Eviction::custom("own", factory)).ok());
  for (int i = 0; i < 10'000; ++i) use(std::to_string(random_.below(200)), 5);
  EXPECT_TRUE(advised().stats().size_advice.known);
}

TEST_F(SizeAdviceTest, NeedsABoundAndRoom) {
  const auto message = [](const Options& options) { return std::string(options.validate().message()); };
  EXPECT_THAT(message({.max_memory = 0, .size_advice = true}), HasSubstr("there is nothing to advise on"));
  EXPECT_THAT(message({.max_memory = 15_MiB, .size_advice = true}), HasSubstr("16 MiB"));
  EXPECT_EQ(message({.max_memory = 16_MiB, .size_advice = true}), "");
  EXPECT_EQ(message({.max_memory = 0, .max_entries = 10, .size_advice = true}), "");
}

// It has nothing to choose from, and the cache is as it would be.
TEST_F(SizeAdviceTest, WithoutEvictionThereIsNone) {
  make_all({.max_memory = 0, .max_entries = 100, .eviction = Eviction::none(), .shards = 1});
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = std::to_string(i % 50);
    if (!advised().get(key)) {
      ASSERT_TRUE(advised().set(key, "v").ok());
    }
  }
  EXPECT_EQ(advised().stats().size_advice.samples, 0u);
}

}  // namespace
}  // namespace larder
