// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "cache/background.h"

#include <pthread.h>
#include <unistd.h>

namespace larder::cache {
namespace {

// Never destroyed.
base::LeafMutex& fork_gate() {
  static base::LeafMutex& gate = *new base::LeafMutex;
  return gate;
}

void close_gate() NO_THREAD_SAFETY_ANALYSIS { fork_gate().lock(); }
void open_gate() NO_THREAD_SAFETY_ANALYSIS { fork_gate().unlock(); }

}  // namespace

Background::Background(Slice slice, std::chrono::milliseconds interval) : process_(::getpid()) {
  // The gate is made here, where std::bad_alloc has somebody to go to: in the thread it would end the program.
  static const int registered = [] {
    (void)fork_gate();
    return ::pthread_atfork(close_gate, open_gate, open_gate);
  }();
  (void)registered;
  worker_->thread =
      std::thread([&worker = *worker_, slice = std::move(slice), interval] { run(worker, slice, interval); });
}

Background::~Background() {
  if (::getpid() != process_) {
    (void)worker_.release();
    return;
  }
  {
    base::LeafLock lock(worker_->mutex);
    worker_->stop = true;
    worker_->news.notify_all();
  }
  worker_->thread.join();
}

void Background::wake() {
  if (::getpid() != process_) return;
  base::LeafLock lock(worker_->mutex);
  worker_->woken = true;
  worker_->news.notify_all();
}

void Background::run(Worker& worker, const Slice& slice, std::chrono::milliseconds interval) {
  for (bool more = false;;) {
    {
      base::LeafLock lock(worker.mutex);
      if (!worker.stop && !worker.woken && !more) worker.news.wait_for(worker.mutex, interval);
      worker.woken = false;
      if (worker.stop) return;
    }
    more = slice(fork_gate());
  }
}

}  // namespace larder::cache
