// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Times single operations and remembers the longest, by the wall and by the thread's own CPU time: a pause of the first
// kind and not of the second is the machine's, not the program's. Costs four clock readings an operation.
//
// Thread safety: none; one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>

#include "bench/workload/clocks.h"

namespace larder::bench {

class PauseRecorder {
 public:
  static constexpr std::size_t kKept = 5;
  using Longest = std::array<std::int64_t, kKept>;  // the longest first, in nanoseconds

  void begin() {
    wall_began_ = wall_ns();
    cpu_began_ = thread_cpu_ns();
  }
  void end() {
    const std::int64_t cpu = thread_cpu_ns() - cpu_began_;
    const std::int64_t wall = wall_ns() - wall_began_;
    if (wall > longest_wall_.back()) keep(longest_wall_, wall);
    if (cpu > longest_cpu_.back()) keep(longest_cpu_, cpu);
  }

  const Longest& longest_wall() const { return longest_wall_; }
  const Longest& longest_cpu() const { return longest_cpu_; }

 private:
  static void keep(Longest& longest, std::int64_t pause) {
    longest.back() = pause;
    std::sort(longest.begin(), longest.end(), std::greater<>());
  }

  std::int64_t wall_began_ = 0;
  std::int64_t cpu_began_ = 0;
  Longest longest_wall_{};
  Longest longest_cpu_{};
};

}  // namespace larder::bench
