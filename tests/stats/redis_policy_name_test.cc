// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "stats/redis_policy_name.h"

#include <gtest/gtest.h>

#include "larder/eviction.h"

namespace larder::stats {
namespace {

TEST(RedisPolicyName, IsAsRedisWouldNameIt) {
  for (const auto& [policy, name] : {std::pair{"adaptive", "allkeys-adaptive"},
                                     {"lru-ttl", "volatile-lru"},
                                     {"s3-fifo-ttl:ghost=0.9", "volatile-s3-fifo:ghost=0.9"},
                                     {"none", "noeviction"}}) {
    EXPECT_EQ(redis_policy_name(policy), name);
    EXPECT_EQ(Eviction::named(name)->name(), policy) << "and that is understood";
  }
  EXPECT_EQ(redis_policy_name("of-my-own"), "of-my-own");
}

}  // namespace
}  // namespace larder::stats
