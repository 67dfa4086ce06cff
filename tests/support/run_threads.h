// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Several threads that do the same thing, and begin at once.
#pragma once

#include <barrier>
#include <functional>
#include <thread>
#include <vector>

namespace larder::support {

// body(0), body(1), ..., each in a thread of its own; returns when all have.
inline void run_threads(int threads, const std::function<void(int)>& body) {
  std::barrier start(threads);
  std::vector<std::jthread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
}

}  // namespace larder::support
