// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A clock that stands still at a time of the machine's clock: what is compared with Redis must live in Redis's year.
#pragma once

#include <chrono>

#include "larder/clock.h"

namespace larder::differential {

// Thread safety: constant.
class FrozenClock final : public Clock {
 public:
  explicit FrozenClock(std::int64_t unix_ms) : unix_ms_(unix_ms) {}
  std::chrono::nanoseconds monotonic() override { return std::chrono::hours(1); }
  std::chrono::milliseconds unix_time() override { return std::chrono::milliseconds(unix_ms_); }

 private:
  const std::int64_t unix_ms_;
};

}  // namespace larder::differential
