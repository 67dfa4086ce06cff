// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Redis as one that runs commands, with its replies read as answers of Larder's API.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "differential/resp_client.h"
#include "model/answer.h"
#include "model/command.h"
#include "servers/redis_server.h"

namespace larder::differential {

using servers::RedisServer;

// Which of Larder's errors one of Redis's is; kOk for one that is not known here.
ErrorCode class_of(std::string_view redis_error);

class RedisSubject {
 public:
  explicit RedisSubject(const RedisServer& server);

  // Empties the server.
  void clear();
  model::Answer run(const model::Command& command);
  Reply call(const std::vector<std::string>& words) { return client_.call(words); }

 private:
  model::Answer scan_all(const model::Command& command);
  // A version is a watch: a connection a slot (RULINGS 5).
  model::Answer get_versioned(const model::Command& command);
  model::Answer compare_and_set(const model::Command& command);

  const RedisServer& server_;
  RespClient client_;
  struct Watch {
    std::unique_ptr<RespClient> client = {};
    std::string key = {};
    bool broken = false;
  };
  std::map<std::int64_t, Watch> watches_;
};

// What Redis says with other words than Larder: STRLEN of a missing key is 0, and a few more. Brings Larder's or the
// model's answer into the form in which RedisSubject reads Redis's.
model::Answer as_redis_says(const model::Command& command, const model::Answer& answer);

}  // namespace larder::differential
