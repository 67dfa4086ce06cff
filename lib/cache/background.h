// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A thread that a cache is asked to have: it works in slices, at an interval.
//
// fork: while a process forks, no thread of this kind, of any cache, holds a shard's lock: it takes them under a gate
// that is closed meanwhile. The thread does not exist in the child: the destructor notices, and touches nothing of it.
// Its very name may be that of a thread of the child by then.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "base/mutex.h"

namespace larder::cache {

class Background {
 public:
  // Does a slice of about a hundred microseconds, and takes locks under the gate only; returns whether there is more to
  // do at once.
  using Slice = std::function<bool(base::LeafMutex& gate)>;

  Background(Slice slice, std::chrono::milliseconds interval);
  ~Background();
  // Ends the wait for the next interval. Thread safety: all of it.
  void wake();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  struct Worker {
    base::LeafMutex mutex;
    base::Condition news;
    bool stop GUARDED_BY(mutex) = false;
    bool woken GUARDED_BY(mutex) = false;
    std::thread thread;
  };
  static void run(Worker& worker, const Slice& slice, std::chrono::milliseconds interval);

  std::unique_ptr<Worker> worker_ = std::make_unique<Worker>();
  const pid_t process_;
};

}  // namespace larder::cache
