// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How much is done while a shard's lock is held, counted: the longest pause that one caller can cause another, without
// a clock. In builds with LARDER_CHECKS only; elsewhere all of it is empty.
//
// Thread safety: all of it. What a thread does between its first lock and its last unlock is one hold.
#pragma once

#include <cstdint>

namespace larder::base {

struct HoldWork {
  std::uint64_t entries = 0;      // looked at
  std::uint64_t bytes = 0;        // of values copied
  std::uint64_t allocations = 0;  // blocks allocated or freed
};

#if defined(LARDER_CHECKS)
void begin_hold() noexcept;
void end_hold() noexcept;
void count_entry() noexcept;
void count_bytes(std::uint64_t bytes) noexcept;
void count_allocation() noexcept;
// The most of each that any hold of any thread came to since the last call.
HoldWork take_most_work() noexcept;
#else
inline void begin_hold() noexcept {}
inline void end_hold() noexcept {}
inline void count_entry() noexcept {}
inline void count_bytes(std::uint64_t) noexcept {}
inline void count_allocation() noexcept {}
#endif

}  // namespace larder::base
