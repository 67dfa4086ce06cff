// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A PostgreSQL cluster of our own: on a unix socket in a folder of its own, with no port. It refuses to run as root:
// then it runs as the user postgres, or nobody.
#pragma once

#include <optional>
#include <string>

#include "servers/server_process.h"

namespace larder::servers {

class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer() { process_.stop(SIGQUIT); }

  // Empty if it runs; otherwise what went wrong, with what to do about it.
  const std::string& failure() const { return failure_; }
  // For libpq. Every user is let in.
  std::string conninfo() const { return "host=" + folder_.path() + " dbname=postgres user=larder"; }
  // Again, after process().stop().
  void start();
  ServerProcess& process() { return process_; }

  // One for the whole program.
  static PostgresServer& instance();

 private:
  TemporaryFolder folder_;
  std::string programs_;  // the folder they are in
  std::optional<Account> account_;
  std::string failure_;
  ServerProcess process_;
};

}  // namespace larder::servers
