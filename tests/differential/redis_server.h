// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A redis-server of our own: on a unix socket in a folder of its own, with no port and nothing on disk; stopped,
// exactly that process, when this object goes, and by the kernel when the test dies before that.
#pragma once

#include <sys/types.h>

#include <string>

namespace larder::differential {

class RedisServer {
 public:
  RedisServer();
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Empty if it runs; otherwise what went wrong, with what to do about it.
  const std::string& failure() const { return failure_; }
  const std::string& socket_path() const { return socket_path_; }

  // One for the whole program.
  static RedisServer& instance();

 private:
  void start();
  // Reads what the server logs until it says that it is ready.
  bool wait_until_ready(int log);

  std::string folder_;
  std::string socket_path_;
  std::string failure_;
  pid_t process_ = -1;
  int log_ = -1;
};

}  // namespace larder::differential
