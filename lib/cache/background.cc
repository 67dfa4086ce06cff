// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "cache/background.h"

#include <unistd.h>

namespace larder::cache {

Background::Background(std::function<void()> work, std::chrono::milliseconds interval)
    : process_(::getpid()), thread_([this, work = std::move(work), interval] { run(work, interval); }) {}

Background::~Background() {
  if (::getpid() != process_) {
    thread_.detach();  // it is the parent's
    return;
  }
  {
    base::LeafLock lock(mutex_);
    stop_ = true;
    stop_changed_.notify_all();
  }
  thread_.join();
}

void Background::run(const std::function<void()>& work, std::chrono::milliseconds interval) {
  for (;;) {
    {
      base::LeafLock lock(mutex_);
      if (!stop_) stop_changed_.wait_for(mutex_, interval);
      if (stop_) return;
    }
    work();
  }
}

}  // namespace larder::cache
