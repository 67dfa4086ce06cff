// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Waits, without sleeping, for something that another thread brings about and that can only be asked for.
#pragma once

#include <chrono>
#include <thread>

namespace larder::support {

// False if it did not come true within a minute: then something hangs.
template <typename Condition>
bool wait_until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return condition();
    std::this_thread::yield();
  }
  return true;
}

}  // namespace larder::support
