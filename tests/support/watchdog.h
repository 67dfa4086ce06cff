// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Ends a program that hangs, with words on what it was doing: a test that is only killed by its time-out says nothing.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace larder::support {

class Watchdog {
 public:
  // `describe` is called by another thread while the work hangs: it may read what does not change, and atomics.
  Watchdog(std::chrono::seconds limit, std::function<std::string()> describe)
      : thread_([this, limit, describe = std::move(describe)] {
          std::unique_lock lock(mutex_);
          if (done_signal_.wait_for(lock, limit, [this] { return done_; })) return;
          std::fprintf(stderr, "hangs for %lld s:\n%s\n", static_cast<long long>(limit.count()), describe().c_str());
          std::fflush(stderr);
          std::abort();
        }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    done_signal_.notify_one();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable done_signal_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace larder::support
