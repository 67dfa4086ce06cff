// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The naive model against the real redis-server: what the model says is what Redis 7.0 does. No Larder in it.
#include <gtest/gtest.h>

#include "differential/redis_comparison.h"
#include "model/naive_model.h"
#include "support/depth.h"
#include "support/is_well.h"

namespace larder::differential {
namespace {

TEST(RedisModel, AgreesWithRedis) {
  EXPECT_TRUE(support::is_well(compare_random_runs_with_redis({}, support::count(60, 3'000), 1'000)));
}

TEST(RedisModel, RedisIsTheReferenceVersion) {
  const RedisServer& server = RedisServer::instance();
  ASSERT_EQ(server.failure(), "");
  RedisSubject redis(server);
  const Reply info = redis.call({"INFO", "server"});
  EXPECT_NE(info.text.find("redis_version:7.0."), std::string::npos) << info.text.substr(0, 100);
}

}  // namespace
}  // namespace larder::differential
