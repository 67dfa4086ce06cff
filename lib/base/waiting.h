// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Threads that wait for work of others, which runs code of the user's and may wait for work of others itself. Who waits
// for whom is kept while it waits, so that a circle is found before it closes: whoever would close it does not wait.
//
// Thread safety: all of it. One lock, a leaf, held for a step for each thread in a chain of waiting ones.
#pragma once

#include <tsl/robin_map.h>

#include <atomic>
#include <thread>

#include "base/mutex.h"
#include "larder/function_ref.h"

namespace larder::base {

// What one thread does. Others hold it as long as they wait for it.
class Work {
 private:
  friend class Waiting;
  std::thread::id worker_ = std::this_thread::get_id();
  // Under the lock of Waiting.
  bool finished_ = false;
  Condition ended_;  // it is finished, or all waiting is over
};

class Waiting {
 public:
  enum class Ended {
    kFinished,  // what the worker did before `finish` is visible
    kOwnWork,   // it is this thread that does it
    kCircle,    // the worker waits, over others, for this thread
    kTimeout,
    kClosed,
  };
  // Waits until it is finished, or the clock given (microseconds) says give_up_us; 0: without limit. `waits` counts,
  // before it begins, who does wait.
  Ended wait(Work& work, std::uint64_t give_up_us, FunctionRef<std::uint64_t()> now_us,
             std::atomic<std::uint64_t>& waits);
  // Wakes all who wait for it. By the worker.
  void finish(Work& work) noexcept;
  // From now on nobody waits.
  void close() noexcept;

 private:
  Ended would_wait_for_itself(const Work& work) const REQUIRES_LOCK(mutex_);

  LeafMutex mutex_;
  bool closed_ GUARDED_BY(mutex_) = false;
  // The work that a thread waits for.
  tsl::robin_map<std::thread::id, Work*, std::hash<std::thread::id>> waits_ GUARDED_BY(mutex_);
};

}  // namespace larder::base
