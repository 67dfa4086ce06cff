// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "servers/redis_server.h"

namespace larder::servers {

RedisServer::RedisServer(Keeps keeps, int databases)
    : keeps_(keeps), databases_(databases), folder_("redis"), socket_path_(folder_.path() + "/redis.sock") {
  start();
}

void RedisServer::start() {
  const bool on_disk = keeps_ == Keeps::kEachWrite;
  failure_ = process_.start({.words = {"redis-server",
                                       "--port",
                                       "0",
                                       "--unixsocket",
                                       socket_path_,
                                       "--save",
                                       "",
                                       "--appendonly",
                                       on_disk ? "yes" : "no",
                                       "--appendfsync",
                                       "always",
                                       "--dir",
                                       folder_.path(),
                                       "--daemonize",
                                       "no",
                                       "--loglevel",
                                       "notice",
                                       "--logfile",
                                       "",
                                       "--databases",
                                       std::to_string(databases_)},
                             .ready = "ready to accept connections"});
  if (failure_.empty()) return;
  failure_ =
      "redis-server did not start. These tests need the real one: install the package redis-server (7.0). " + failure_;
}

RedisServer& RedisServer::instance() {
  static RedisServer server;
  return server;
}

}  // namespace larder::servers
