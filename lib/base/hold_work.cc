// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/hold_work.h"

#if defined(LARDER_CHECKS)

#include <atomic>

namespace larder::base {
namespace {

thread_local HoldWork hold;
thread_local int locks_held = 0;

std::atomic<std::uint64_t> most_entries{0};
std::atomic<std::uint64_t> most_bytes{0};
std::atomic<std::uint64_t> most_allocations{0};

void raise(std::atomic<std::uint64_t>& most, std::uint64_t value) noexcept {
  std::uint64_t seen = most.load(std::memory_order_relaxed);
  while (seen < value && !most.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

void begin_hold() noexcept {
  if (locks_held++ == 0) hold = {};
}
void end_hold() noexcept {
  if (--locks_held != 0) return;
  raise(most_entries, hold.entries);
  raise(most_bytes, hold.bytes);
  raise(most_allocations, hold.allocations);
}
void count_entry() noexcept { ++hold.entries; }
void count_bytes(std::uint64_t bytes) noexcept { hold.bytes += bytes; }
void count_allocation() noexcept { ++hold.allocations; }

HoldWork take_most_work() noexcept {
  return {most_entries.exchange(0, std::memory_order_relaxed), most_bytes.exchange(0, std::memory_order_relaxed),
          most_allocations.exchange(0, std::memory_order_relaxed)};
}

}  // namespace larder::base

#endif
