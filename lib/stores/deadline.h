// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How long one call to a server may still take, over all its steps.
#pragma once

#include <algorithm>
#include <chrono>

#include "larder/clock.h"

namespace larder::stores {

class Deadline {
 public:
  explicit Deadline(Milliseconds from_now) : end_(Clock::system().monotonic() + from_now) {}

  // For poll(): rounded up; 0 when it has passed.
  int left_ms() const {
    const auto left = std::chrono::ceil<Milliseconds>(end_ - Clock::system().monotonic());
    return static_cast<int>(std::clamp<Milliseconds::rep>(left.count(), 0, 3'600'000));
  }

 private:
  std::chrono::nanoseconds end_;
};

}  // namespace larder::stores
