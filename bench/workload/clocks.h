// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The two clocks of a bench, in nanoseconds: what the calling thread has used of a core, and what the wall shows.
#pragma once

#include <ctime>

#include <cstdint>

namespace larder::bench {

inline std::int64_t read_clock(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
inline std::int64_t thread_cpu_ns() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
inline std::int64_t wall_ns() { return read_clock(CLOCK_MONOTONIC); }

}  // namespace larder::bench
