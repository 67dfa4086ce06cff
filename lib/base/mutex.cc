// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/mutex.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace larder::base {
namespace {

// About a microsecond: longer than a shard lock is held, much shorter than a time slice. A holder that was preempted is
// waited for asleep.
constexpr int kSpins = 64;
constexpr int kYields = 8;
constexpr std::chrono::microseconds kSleepFirst{50};
constexpr std::chrono::microseconds kSleepMax{1000};

void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void Mutex::lock_slowly() noexcept {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (!held_.load(std::memory_order_relaxed) && !held_.exchange(true, std::memory_order_acquire)) return;
    pause();
  }
  for (int waited = 0;; ++waited) {
    if (waited < kYields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::min(kSleepFirst * (1 << std::min(waited - kYields, 5)), kSleepMax));
    }
    if (!held_.load(std::memory_order_relaxed) && !held_.exchange(true, std::memory_order_acquire)) return;
  }
}

}  // namespace larder::base
