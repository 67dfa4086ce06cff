// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Two programs share a Redis; each keeps what it reads, and sees what the other writes. Here both are in one.
// usage: example_near_redis [host [port] | /path/of/a/unix/socket]
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include "larder/near_cache.h"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  larder::NearCacheOptions options;
  if (argc > 1) (*argv[1] == '/' ? options.unix_path : options.host) = argv[1];
  if (argc > 2) options.port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  const auto ours = larder::NearCache::open(options);
  const auto theirs = larder::NearCache::open(options);
  if (!ours || !theirs) {
    std::cerr << (ours ? theirs : ours).status().to_string()
              << "\nStart one: redis-server, or name its host and port.\n";
    return 1;
  }
  (*theirs)->set("example:greeting", "good morning", {.ttl = 1min}).status();
  for (int i = 0; i < 1'000; ++i) (*ours)->get("example:greeting").status();
  std::cout << *(*ours)->get("example:greeting") << ", after 1001 reads and " << (*ours)->stats().misses
            << " round trip\n";
  (*theirs)->set("example:greeting", "good evening", {.ttl = 1min}).status();
  while ((*ours)->get("example:greeting").value_or("") != "good evening") std::this_thread::yield();  // well below 1 ms
  std::cout << "good evening, as soon as Redis has said so\n";
  return 0;
}
