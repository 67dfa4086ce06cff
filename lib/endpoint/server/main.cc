// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-server: a cache of its own with an endpoint, until it is told to end.
#include <signal.h>

#include <iostream>
#include <memory>
#include <vector>

#include "endpoint/server/server_options.h"

namespace {

int fail(const std::string& what, int status) {
  std::cerr << "larder-server: " << what << "\n";
  return status;
}

int run(const larder::endpoint::ServerOptions& options) {
  // Before any thread is made, so that none of them gets the signals for which `sigwait` waits.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  const auto cache = larder::Cache::open(options.cache);
  if (!cache) return fail(cache.status().to_string(), 2);
  const auto endpoint = larder::Endpoint::start(**cache, options.endpoint);
  if (!endpoint) return fail(endpoint.status().to_string(), 2);
  if (options.endpoint.port) {
    std::cout << "listening at " << options.endpoint.bind << ":" << (*endpoint)->port() << "\n";
  }
  if (!options.endpoint.unix_socket.empty()) std::cout << "listening at " << options.endpoint.unix_socket << "\n";
  std::cout << "ready to accept connections" << std::endl;
  int signal = 0;
  sigwait(&ends, &signal);
  (*endpoint)->stop();
  return 0;
}

}  // namespace

int main(int count, char** words) {
  larder::endpoint::ServerOptions options;
  const std::vector<std::string_view> arguments(words + 1, words + count);
  const std::string wrong = larder::endpoint::read_command_line(arguments, &options);
  if (!wrong.empty()) return fail(wrong + "\nTry larder-server --help", 2);
  if (options.help) {
    std::cout << larder::endpoint::help_text();
    return 0;
  }
  if (options.version) {
    std::cout << larder::endpoint::version_text();
    return 0;
  }
  return run(options);
}
