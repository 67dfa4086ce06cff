// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A near cache in front of a redis-server of its own, and another client.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "larder/near_cache.h"
#include "servers/redis_server.h"
#include "servers/wire_client.h"
#include "support/wait_until.h"

namespace larder {

using namespace std::chrono_literals;
using support::wait_until;

class NearFixture : public testing::Test {
 protected:
  NearFixture() { EXPECT_EQ(server_.failure(), ""); }

  NearCacheOptions options() const {
    // Patient: a test machine may be busy.
    return {.unix_path = server_.socket_path(),
            .connect_timeout = 10s,
            .command_timeout = 10s,
            .cache = {.max_memory = 8_MiB}};
  }
  std::unique_ptr<NearCache> open(const std::function<void(NearCacheOptions&)>& change = {}) {
    NearCacheOptions chosen = options();
    if (change) change(chosen);
    auto near = NearCache::open(chosen);
    EXPECT_TRUE(near.ok()) << near.status().to_string();
    return near.ok() ? *std::move(near) : nullptr;
  }
  // Another client's command; what it answers, as it comes over the wire.
  std::string call(const std::vector<std::string>& words) {
    if (!other_ || !other_->connected()) other_.emplace(server_.socket_path());
    return other_->call(words);
  }

  servers::RedisServer server_{servers::RedisServer::Keeps::kNothing, 2};
  std::optional<servers::WireClient> other_;
};

}  // namespace larder
