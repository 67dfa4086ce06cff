// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Where a cache gets its time from. One clock may serve any number of caches; it must outlive them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace larder {

using Milliseconds = std::chrono::milliseconds;

// Thread safety: implementations are called by any thread, at any time. They must not call the cache.
class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes back. Any origin.
  virtual std::chrono::nanoseconds monotonic() = 0;
  // A cheaper reading of the same time: never ahead of it, and behind it by less than a second. Answers whether a
  // deadline is still far away.
  virtual std::chrono::nanoseconds monotonic_coarse() { return monotonic(); }
  // Time since 1970, which may jump. Read when an absolute time comes in or goes out (expire_at, expire_time).
  virtual std::chrono::milliseconds unix_time() = 0;

  // The machine's clocks. Lives as long as the program.
  static Clock& system() noexcept;
};

// Stands still until told to move: for tests of programs that use a cache. Starts at one hour, unix time 1.7e9 s.
class ManualClock final : public Clock {
 public:
  std::chrono::nanoseconds monotonic() override {
    return std::chrono::nanoseconds(now_ns_.load(std::memory_order_acquire));
  }
  std::chrono::milliseconds unix_time() override {
    return std::chrono::milliseconds(1'700'000'000'000 + monotonic().count() / 1'000'000);
  }
  // REQUIRES: by is not negative.
  void advance(std::chrono::nanoseconds by) { now_ns_.fetch_add(by.count(), std::memory_order_acq_rel); }

 private:
  std::atomic<std::int64_t> now_ns_{3'600'000'000'000};
};

}  // namespace larder
