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
  static const int registered = ::pthread_atfork(close_gate, open_gate, open_gate);
  (void)registered;
  thread_ = std::thread([&shared = *shared_, slice = std::move(slice), interval] { run(shared, slice, interval); });
}

Background::~Background() {
  if (::getpid() != process_) {
    thread_.detach();         // it is the parent's,
    (void)shared_.release();  // and it waits there: destroying that would wait for it
    return;
  }
  {
    base::LeafLock lock(shared_->mutex);
    shared_->stop = true;
    shared_->stop_changed.notify_all();
  }
  thread_.join();
}

void Background::run(Shared& shared, const Slice& slice, std::chrono::milliseconds interval) {
  for (bool more = false;;) {
    {
      base::LeafLock lock(shared.mutex);
      if (!shared.stop && !more) shared.stop_changed.wait_for(shared.mutex, interval);
      if (shared.stop) return;
    }
    more = slice(fork_gate());
  }
}

}  // namespace larder::cache
