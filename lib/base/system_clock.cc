// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include "larder/clock.h"

namespace larder {
namespace {

class SystemClock final : public Clock {
 public:
  std::chrono::nanoseconds monotonic() override { return std::chrono::steady_clock::now().time_since_epoch(); }
#if defined(CLOCK_MONOTONIC_COARSE)
  // As of the kernel's last tick: no reading of the time-stamp counter, which would wait for the loads before it.
  std::chrono::nanoseconds monotonic_coarse() override {
    timespec time;
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }
#endif
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
