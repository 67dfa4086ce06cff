// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Runs one sequence of commands on redis-server, on the naive model, and on a third if there is one, and says where
// they part.
//
// Redis's clock is the machine's. So the other two stand still at the time of the beginning, the times to live that are
// generated are hours and more, and what Redis says of them may differ by a minute.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "differential/redis_subject.h"
#include "model/answer.h"
#include "model/shrink.h"

namespace larder::differential {

class Third {
 public:
  virtual ~Third() = default;
  virtual model::Answer run(const model::Command& command) = 0;
};
// Makes one whose unix time stands still at `now_ms`. May be empty.
using MakeThird = std::function<std::unique_ptr<Third>(std::int64_t now_ms)>;

std::int64_t unix_now_ms();

std::optional<model::Failure> compare_with_redis(RedisSubject& redis, const MakeThird& make_third, std::int64_t now_ms,
                                                 const std::vector<model::Command>& commands);

// Many sequences. The first failure, with how to repeat it; empty if there is none.
std::string compare_random_runs_with_redis(const MakeThird& make_third, std::uint64_t sequences, std::size_t commands);

}  // namespace larder::differential
