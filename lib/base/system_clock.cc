// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/clock.h"

namespace larder {
namespace {

class SystemClock final : public Clock {
 public:
  std::chrono::nanoseconds monotonic() override { return std::chrono::steady_clock::now().time_since_epoch(); }
  std::chrono::milliseconds unix_time() override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  }
};

}  // namespace

Clock& Clock::system() noexcept {
  static SystemClock clock;
  return clock;
}

}  // namespace larder
