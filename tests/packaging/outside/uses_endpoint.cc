// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A program of somebody else's that lets others look into its cache.
#include <larder/cache.h>
#include <larder/endpoint.h>

#include <iostream>

int main() {
  larder::Cache cache;
  const auto window = larder::Endpoint::start(cache, {.port = 0});
  if (!window) {
    std::cerr << window.status().to_string() << "\n";
    return 1;
  }
  std::cout << "a window at a port: " << ((*window)->port() != 0) << "\n";
  return (*window)->port() != 0 ? 0 : 1;
}
