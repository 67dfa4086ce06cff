// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/eviction.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "eviction/fifo.h"
#include "eviction/lru.h"
#include "eviction/s3_fifo.h"
#include "eviction/sampled.h"
#include "eviction/sieve.h"

namespace larder {
namespace {

using Scope = Eviction::Scope;

std::string kind_of(const Eviction& eviction) {
  if (!eviction.factory()) return "none";
  const std::unique_ptr<EvictionPolicy> policy = eviction.factory()(1);
  if (dynamic_cast<eviction::S3Fifo*>(policy.get()) != nullptr) return "s3-fifo";
  if (dynamic_cast<eviction::Lru*>(policy.get()) != nullptr) return "lru";
  if (dynamic_cast<eviction::Lfu*>(policy.get()) != nullptr) return "lfu";
  if (dynamic_cast<eviction::Random*>(policy.get()) != nullptr) return "random";
  if (dynamic_cast<eviction::Sieve*>(policy.get()) != nullptr) return "sieve";
  if (dynamic_cast<eviction::Fifo*>(policy.get()) != nullptr) return "fifo";
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
