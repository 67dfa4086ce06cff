// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The one thread that a cache may be asked to have: it calls tick at an interval.
//
// It is started by the first object of its kind and joined by the destructor. In a child made by fork it does not
// exist: the destructor notices and does not wait for it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace larder::cache {

class Background {
 public:
  Background(std::function<void()> work, std::chrono::milliseconds interval);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  void run(const std::function<void()>& work, std::chrono::milliseconds interval);

  base::LeafMutex mutex_;
  base::Condition stop_changed_;
  bool stop_ GUARDED_BY(mutex_) = false;
  const pid_t process_;
  std::thread thread_;
};

}  // namespace larder::cache
