// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/eviction.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "eviction/adaptive.h"
#include "eviction/arc.h"
#include "eviction/fake_residents.h"
#include "eviction/fifo.h"
#include "eviction/gdsf.h"
#include "eviction/lirs.h"
#include "eviction/lru.h"
#include "eviction/redis_sampled.h"
#include "eviction/s3_fifo.h"
#include "eviction/sampled.h"
#include "eviction/sieve.h"
#include "eviction/w_tinylfu.h"

namespace larder {
namespace {

using Scope = Eviction::Scope;

std::string kind_of(const Eviction& eviction) {
  if (!eviction.factory()) return "none";
  const std::unique_ptr<EvictionPolicy> policy = eviction.factory()(1);
  if (dynamic_cast<eviction::S3Fifo*>(policy.get()) != nullptr) return "s3-fifo";
  if (dynamic_cast<eviction::Adaptive*>(policy.get()) != nullptr) return "adaptive";
  if (dynamic_cast<eviction::Lru*>(policy.get()) != nullptr) return "lru";
  if (dynamic_cast<eviction::Lfu*>(policy.get()) != nullptr) return "lfu";
  if (dynamic_cast<eviction::Random*>(policy.get()) != nullptr) return "random";
  if (dynamic_cast<eviction::Sieve*>(policy.get()) != nullptr) return "sieve";
  if (dynamic_cast<eviction::Fifo*>(policy.get()) != nullptr) return "fifo";
  if (dynamic_cast<eviction::WTinyLfu*>(policy.get()) != nullptr) return "w-tinylfu";
  if (dynamic_cast<eviction::Arc*>(policy.get()) != nullptr) return "arc";
  if (dynamic_cast<eviction::Lirs*>(policy.get()) != nullptr) return "lirs";
  if (dynamic_cast<eviction::Gdsf*>(policy.get()) != nullptr) return "gdsf";
  if (dynamic_cast<eviction::RedisLru*>(policy.get()) != nullptr) return "redis-lru";
  if (dynamic_cast<eviction::RedisLfu*>(policy.get()) != nullptr) return "redis-lfu";
  return "another";
}

TEST(Eviction, EachPolicyHasItsNameInBothScopes) {
  for (const std::string_view one : Eviction::names()) {
    const std::string name(one);
    const Result<Eviction> all = Eviction::named(name);
    ASSERT_TRUE(all.ok()) << name;
    EXPECT_EQ(all->name(), name);
    EXPECT_EQ(all->scope(), Scope::kAllKeys);
    EXPECT_EQ(kind_of(*all), name);

    const Result<Eviction> ttl = Eviction::named(name + "-ttl");
    ASSERT_TRUE(ttl.ok()) << name;
    EXPECT_EQ(ttl->name(), name + "-ttl");
    EXPECT_EQ(ttl->scope(), Scope::kKeysWithTtl);
    EXPECT_EQ(kind_of(*ttl), name);
  }
}

// What one shard learns of the cache's size, another knows: where both belong to one cache, and only there.
TEST(Eviction, PoliciesOfOneCacheShareWhatTheyShare) {
  for (const bool one_cache : {false, true}) {
    const Eviction eviction = one_cache ? Eviction::adaptive().for_one_cache(1 << 20) : Eviction::adaptive();
    const std::unique_ptr<EvictionPolicy> policies[] = {eviction.factory()(1), eviction.factory()(2)};
    eviction::FakeResidents large(*policies[0]);
    eviction::FakeResidents small(*policies[1]);
    for (EntryId id = 0; id < 10'000; ++id) large.insert(id * 0x9e3779b1u);
    small.insert(1);
    EXPECT_EQ(small.unsampled, one_cache ? large.unsampled : 0);
    EXPECT_GT(large.unsampled, 0);
    policies[0]->clear(large);
    policies[1]->clear(small);
  }
}

// Of what comes once, more small ones are held than large ones where requests count.
TEST(Eviction, WhatAdaptiveOptimisesReachesThePoliciesOfACache) {
  const auto entries_held = [](std::string_view name) {
    const std::unique_ptr<EvictionPolicy> policy = Eviction::named(name)->for_one_cache(1 << 20).factory()(1);
    eviction::FakeResidents shard(*policy);
    for (EntryId i = 0; i < 20'000; ++i) {
      while (shard.weight() > 64'000) EXPECT_TRUE(shard.evict());
      shard.insert(i * 0x9e3779b1u, i % 2 != 0 ? 640 : 10);
    }
    policy->clear(shard);
    return shard.size();
  };
  EXPECT_GT(entries_held("adaptive"), 400u);
  EXPECT_LT(entries_held("adaptive:bytes=1"), 250u);
  EXPECT_EQ(entries_held("adaptive:bytes=0"), entries_held("adaptive"));
  EXPECT_FALSE(Eviction::named("adaptive:bytes=2").ok());
}

TEST(Eviction, RedisNamesMeanTheSame) {
  for (const std::string name : {"lru", "lfu", "random"}) {
    const Result<Eviction> all = Eviction::named("allkeys-" + name);
    ASSERT_TRUE(all.ok()) << name;
    EXPECT_EQ(all->name(), name);
    EXPECT_EQ(all->scope(), Scope::kAllKeys);
    EXPECT_EQ(kind_of(*all), name);

    const Result<Eviction> ttl = Eviction::named("volatile-" + name);
    ASSERT_TRUE(ttl.ok()) << name;
    EXPECT_EQ(ttl->name(), name + "-ttl");
    EXPECT_EQ(ttl->scope(), Scope::kKeysWithTtl);
    EXPECT_EQ(kind_of(*ttl), name);
  }
}

TEST(Eviction, NoneHasNoPolicy) {
  for (const char* name : {"none", "noeviction"}) {
    const Result<Eviction> none = Eviction::named(name);
    ASSERT_TRUE(none.ok()) << name;
    EXPECT_EQ(none->name(), "none");
    EXPECT_EQ(kind_of(*none), "none");
  }
}

TEST(Eviction, UnknownNamesHaveNoValue) {
  for (const char* name : {"", "-ttl", "LRU", "lru ", " lru", "lru-tt", "lru-ttl-ttl", "fifo2", "s3_fifo", "allkeys-",
                           "volatile-", "allkeys-none", "volatile-lru-ttl", "allkeys", "lru\n", "volatile-ttl-lru"}) {
    const Result<Eviction> none = Eviction::named(name);
    EXPECT_EQ(none.status().code(), ErrorCode::kInvalidArgument) << name;
    EXPECT_NE(none.status().message().find("s3-fifo"), std::string_view::npos);
  }
}

TEST(Eviction, ParametersStandBehindAColon) {
  for (const char* name : {"s3-fifo:ghost=0.9", "s3-fifo:ghost=2,small=0.1,promote=1", "s3-fifo:promote=3,ghost=0",
                           "w-tinylfu:window=0.3", "w-tinylfu-ttl:window=0.2", "lirs:hir=0.01", "redis-lru:samples=10",
                           "redis-lfu-ttl:minute=1000000,samples=64"}) {
    const Result<Eviction> found = Eviction::named(name);
    ASSERT_TRUE(found.ok()) << name << ": " << found.status().message();
    EXPECT_EQ(found->name(), name);
    EXPECT_EQ(found->scope() == Scope::kKeysWithTtl, found->name().find("-ttl:") != std::string::npos);
    EXPECT_EQ(kind_of(*found), found->name().substr(0, found->name().find_first_of(":") -
                                                           (found->scope() == Scope::kKeysWithTtl ? 4 : 0)));
  }
  const Result<Eviction> redis_name = Eviction::named("volatile-w-tinylfu:window=0.1");
  ASSERT_TRUE(redis_name.ok());
  EXPECT_EQ(redis_name->name(), "w-tinylfu-ttl:window=0.1");
}

TEST(Eviction, ParametersThatAPolicyDoesNotTakeAreNamed) {
  for (const char* name : {"w-tinylfu:",
                           "w-tinylfu:window",
                           "w-tinylfu:window=",
                           "w-tinylfu:window=0.2,",
                           "w-tinylfu:,",
                           "w-tinylfu:=0.2",
                           "w-tinylfu:window=0.2,window=0.2",
                           "w-tinylfu:window=0.2x",
                           "w-tinylfu:window= 0.2",
                           "w-tinylfu:window=+0.2",
                           "w-tinylfu:window=0",
                           "w-tinylfu:window=1",
                           "w-tinylfu:window=-0.2",
                           "w-tinylfu:window=nan",
                           "w-tinylfu:window=inf",
                           "w-tinylfu:window=1e999",
                           "w-tinylfu:window=2e-1",
                           "w-tinylfu:window=.2",
                           "w-tinylfu:Window=0.2",
                           "w-tinylfu:ghost=0.2",
                           "w-tinylfu:window=0.2:window=0.2"}) {
    const Status status = Eviction::named(name).status();
    EXPECT_EQ(status.code(), ErrorCode::kInvalidArgument) << name;
    EXPECT_NE(status.message().find("window=0.2 (0.001 to 0.999)"), std::string_view::npos) << status.message();
  }
  for (const char* name : {"redis-lru:samples=0", "redis-lru:samples=65", "redis-lru:samples=2.5",
                           "redis-lru:samples=2.0", "redis-lru:samples=1e1"}) {
    const Status status = Eviction::named(name).status();
    EXPECT_NE(status.message().find("samples=5 (1 to 64, whole)"), std::string_view::npos) << status.message();
  }
  const Status none = Eviction::named("arc:window=0.2").status();
  EXPECT_EQ(none.code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(none.message().find("no parameters"), std::string_view::npos) << none.message();
  EXPECT_EQ(Eviction::named("none:window=0.2").status().code(), ErrorCode::kInvalidArgument);
}

TEST(Eviction, AParameterReachesItsPolicy) {
  for (const bool promotes : {false, true}) {
    const std::unique_ptr<EvictionPolicy> policy =
        Eviction::named(promotes ? "s3-fifo:promote=1" : "s3-fifo:promote=2")->factory()(1);
    eviction::FakeResidents shard(*policy);
    for (EntryId id = 1; id <= 3; ++id) shard.insert(id);
    shard.hit(1);
    ASSERT_TRUE(shard.evict());
    EXPECT_EQ(shard.evicted.back(), promotes ? 2u : 1u);
    policy->clear(shard);
  }
}

TEST(Eviction, WhatTheMakersMakeIsFoundByItsName) {
  for (const Scope scope : {Scope::kAllKeys, Scope::kKeysWithTtl}) {
    for (const Eviction& made : {Eviction::s3_fifo(scope), Eviction::lru(scope), Eviction::lfu(scope),
                                 Eviction::random(scope), Eviction::sieve(scope), Eviction::fifo(scope)}) {
      const Result<Eviction> found = Eviction::named(made.name());
      ASSERT_TRUE(found.ok()) << made.name();
      EXPECT_EQ(made.scope(), scope);
      EXPECT_EQ(found->scope(), scope);
      EXPECT_EQ(kind_of(*found), kind_of(made));
    }
  }
  EXPECT_EQ(kind_of(Eviction::s3_fifo()), "s3-fifo");
  EXPECT_EQ(kind_of(Eviction::lru()), "lru");
  EXPECT_EQ(kind_of(Eviction::lfu()), "lfu");
  EXPECT_EQ(kind_of(Eviction::random()), "random");
  EXPECT_EQ(kind_of(Eviction::sieve()), "sieve");
  EXPECT_EQ(kind_of(Eviction::fifo()), "fifo");
  EXPECT_EQ(kind_of(Eviction::none()), "none");
}

TEST(Eviction, EveryCallOfAFactoryMakesAPolicyOfItsOwn) {
  const Eviction eviction = Eviction::s3_fifo();
  EXPECT_NE(eviction.factory()(1), eviction.factory()(1));
}

TEST(Eviction, CustomKeepsNameScopeAndSeed) {
  std::uint64_t seed_given = 0;
  const PolicyFactory factory = [&](std::uint64_t seed) -> std::unique_ptr<EvictionPolicy> {
    seed_given = seed;
    return std::make_unique<eviction::Lru>();
  };
  const Eviction mine = Eviction::custom("mine", factory, Scope::kKeysWithTtl);
  EXPECT_EQ(mine.name(), "mine");
  EXPECT_EQ(mine.scope(), Scope::kKeysWithTtl);
  EXPECT_EQ(kind_of(mine), "lru");
  EXPECT_EQ(seed_given, 1u);
}

TEST(EvictionDeathTest, CustomNeedsAFactory) { EXPECT_DEATH(Eviction::custom("mine", nullptr), "needs a factory"); }

}  // namespace
}  // namespace larder
