// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A redis-server of our own: on a unix socket in a folder of its own, with no port.
#pragma once

#include <cstdint>
#include <string>

#include "servers/server_process.h"

namespace larder::servers {

class RedisServer {
 public:
  enum class Keeps : std::uint8_t {
    kNothing,    // nothing on disk
    kEachWrite,  // each command is on disk before it is answered
  };

  explicit RedisServer(Keeps keeps = Keeps::kNothing, int databases = 1);

  // Empty if it runs; otherwise what went wrong, with what to do about it.
  const std::string& failure() const { return failure_; }
  const std::string& socket_path() const { return socket_path_; }
  // Again, after process().stop(), with what it keeps.
  void start();
  ServerProcess& process() { return process_; }

  // One for the whole program.
  static RedisServer& instance();

 private:
  const Keeps keeps_;
  const int databases_;
  TemporaryFolder folder_;
  std::string socket_path_;
  std::string failure_;
  ServerProcess process_;
};

}  // namespace larder::servers
