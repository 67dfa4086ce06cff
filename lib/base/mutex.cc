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
constexpr int kSleepsToLetOthers = 16;

void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Gives the processor away, for longer the more often one has waited.
void give_way(int waited) noexcept {
  if (waited < kYields) {
    std::this_thread::yield();
  } else {
    std::this_thread::sleep_for(std::min(kSleepFirst * (1 << std::min(waited - kYields, 5)), kSleepMax));
  }
}

}  // namespace

void Mutex::lock_slowly() noexcept {
  for (int waited = 0;; ++waited) {
    for (int spin = 0; spin < kSpins; ++spin) {
      if (!held_.load(std::memory_order_relaxed) && !held_.exchange(true, std::memory_order_acquire)) {
        if (waited != 0) wanted_.store(false, std::memory_order_relaxed);  // others will say so again
        return;
      }
      pause();
    }
    wanted_.store(true, std::memory_order_relaxed);
    give_way(waited);
  }
}

void Mutex::let_others_slowly() noexcept {
  for (int waited = 0; wanted_.load(std::memory_order_relaxed) && waited < kYields + kSleepsToLetOthers; ++waited) {
    give_way(std::min(waited, kYields));
  }
}

}  // namespace larder::base
