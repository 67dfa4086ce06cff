// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/waiting.h"

#include <algorithm>
#include <chrono>

namespace larder::base {

// kFinished: it would not.
Waiting::Ended Waiting::would_wait_for_itself(const Work& work) const {
  const std::thread::id self = std::this_thread::get_id();
  if (work.worker_ == self) return Ended::kOwnWork;
  for (const Work* next = &work;;) {
    const auto waits = waits_.find(next->worker_);
    if (waits == waits_.end() || waits->second->finished_) return Ended::kFinished;
    next = waits->second;
    if (next->worker_ == self) return Ended::kCircle;
  }
}

Waiting::Ended Waiting::wait(Work& work, std::uint64_t give_up_us, FunctionRef<std::uint64_t()> now_us,
                             std::atomic<std::uint64_t>& waits) {
  constexpr std::uint64_t kLookAgainUs = 10'000;  // at a clock that may be advanced by hand
  const std::thread::id self = std::this_thread::get_id();
  LeafLock lock(mutex_);
  if (!work.finished_) {
    if (const Ended never = would_wait_for_itself(work); never != Ended::kFinished) return never;
  }
  waits.fetch_add(1, std::memory_order_relaxed);
  waits_[self] = &work;
  bool timed_out = false;
  while (!work.finished_ && !closed_ && !timed_out) {
    if (give_up_us == 0) {
      work.ended_.wait(mutex_);
      continue;
    }
    const std::uint64_t now = now_us();
    timed_out = now >= give_up_us;
    if (!timed_out) {
      work.ended_.wait_for(mutex_, std::chrono::microseconds(std::min(give_up_us - now, kLookAgainUs)));
    }
  }
  waits_.erase(self);
  if (closed_) return Ended::kClosed;  // even if the work has been finished meanwhile
  return timed_out ? Ended::kTimeout : Ended::kFinished;
}

void Waiting::finish(Work& work) noexcept {
  LeafLock lock(mutex_);
  work.finished_ = true;
  work.ended_.notify_all();
}

void Waiting::close() noexcept {
  LeafLock lock(mutex_);
  closed_ = true;
  for (const auto& [thread, work] : waits_) work->ended_.notify_all();
}

}  // namespace larder::base
