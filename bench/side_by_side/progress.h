// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Tells on stderr what runs, how far it is, and about how long it will take. Work is announced in seconds as they are
// estimated beforehand; the time left corrects that by what the work so far has really taken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

#include "bench/workload/clocks.h"

namespace larder::bench {

class Progress {
 public:
  // Work that will come.
  void expect(double seconds) { expected_ += seconds; }

  // What begins now, and its estimate: part of what was expected.
  void begin(const std::string& what, double seconds) {
    done_ += current_;
    current_ = seconds;
    const double elapsed = static_cast<double>(wall_ns() - began_ns_) * 1e-9;
    // At first the estimate counts for more than a few steps that happened to be quick or slow.
    const double pace = (elapsed + 20) / (done_ + 20);
    const auto left = static_cast<long>(pace * std::max(expected_ - done_, 0.0) + 0.5);
    std::fprintf(stderr, "[%3.0f %%, about %ld:%02ld left] %s\n", expected_ > 0 ? 100 * done_ / expected_ : 0.0,
                 left / 60, left % 60, what.c_str());
  }

 private:
  const std::int64_t began_ns_ = wall_ns();
  double expected_ = 0;
  double done_ = 0;
  double current_ = 0;
};

}  // namespace larder::bench
