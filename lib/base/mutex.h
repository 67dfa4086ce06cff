// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The only place for locks (docs/concurrency.md).
//
//   Mutex      one per shard, held for well under a microsecond: spins shortly, then sleeps
//   LeafMutex  for what is slow anyway; goes with Condition
//
// Clang's thread-safety analysis knows both.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/hold_work.h"

#if defined(__clang__)
#define LARDER_ATTRIBUTE(x) __attribute__((x))
#else
#define LARDER_ATTRIBUTE(x)
#endif
#define CAPABILITY(x) LARDER_ATTRIBUTE(capability(x))
#define SCOPED_CAPABILITY LARDER_ATTRIBUTE(scoped_lockable)
#define GUARDED_BY(x) LARDER_ATTRIBUTE(guarded_by(x))
#define REQUIRES_LOCK(...) LARDER_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define ACQUIRES(...) LARDER_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define TRY_ACQUIRES(...) LARDER_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define RELEASES(...) LARDER_ATTRIBUTE(release_capability(__VA_ARGS__))
#define EXCLUDES(...) LARDER_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS LARDER_ATTRIBUTE(no_thread_safety_analysis)

namespace larder::base {

// Spins for about a microsecond, which is longer than a shard lock is held; whoever waits longer waits for a holder
// that was preempted, and gives the processor away: by yielding, then by sleeping for 50 us and longer. Nobody has to
// be woken, so releasing is a plain store: a second locked instruction would keep the processor from overlapping the
// cache misses of one call with those of the next (docs/decisions/0002-locks.md has the figures). So nobody is handed
// the lock either: a long work in slices, which takes it again at once, uses SliceLock, and lets others in between.
class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() noexcept ACQUIRES() {
    if (held_.exchange(true, std::memory_order_acquire)) [[unlikely]]
      lock_slowly();
    begin_hold();
  }
  void unlock() noexcept RELEASES() {
    end_hold();
    held_.store(false, std::memory_order_release);
  }
  // Called when it is released, by who will take it again at once: waits, some milliseconds at most, until one of those
  // who sleep for it has had it.
  void let_others() noexcept {
    if (wanted_.load(std::memory_order_relaxed)) [[unlikely]]
      let_others_slowly();
  }

 private:
  void lock_slowly() noexcept;
  void let_others_slowly() noexcept;
  std::atomic<bool> held_{false};
  std::atomic<bool> wanted_{false};  // somebody waits, and does not look all the time
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) noexcept ACQUIRES(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASES() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// One hold of many in a row.
class SCOPED_CAPABILITY SliceLock {
 public:
  explicit SliceLock(Mutex& mutex) noexcept ACQUIRES(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~SliceLock() RELEASES() {
    mutex_.unlock();
    mutex_.let_others();
  }
  SliceLock(const SliceLock&) = delete;
  SliceLock& operator=(const SliceLock&) = delete;

 private:
  Mutex& mutex_;
};

class CAPABILITY("mutex") LeafMutex {
 public:
  void lock() ACQUIRES() { mutex_.lock(); }
  bool try_lock() TRY_ACQUIRES(true) { return mutex_.try_lock(); }
  void unlock() RELEASES() { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

class SCOPED_CAPABILITY LeafLock {
 public:
  explicit LeafLock(LeafMutex& mutex) ACQUIRES(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~LeafLock() RELEASES() { mutex_.unlock(); }
  LeafLock(const LeafLock&) = delete;
  LeafLock& operator=(const LeafLock&) = delete;

 private:
  LeafMutex& mutex_;
};

// A lock of a mutex that there may not be.
class GateLock {
 public:
  explicit GateLock(LeafMutex* gate) NO_THREAD_SAFETY_ANALYSIS : gate_(gate) {
    if (gate_ != nullptr) gate_->lock();
  }
  ~GateLock() NO_THREAD_SAFETY_ANALYSIS {
    if (gate_ != nullptr) gate_->unlock();
  }
  GateLock(const GateLock&) = delete;
  GateLock& operator=(const GateLock&) = delete;

 private:
  LeafMutex* const gate_;
};

class Condition {
 public:
  void wait(LeafMutex& mutex) REQUIRES_LOCK(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // Wall time of the machine: for callers who wait, never for deciding what an entry is. False: so long has passed.
  template <typename Duration>
  bool wait_for(LeafMutex& mutex, Duration at_most) REQUIRES_LOCK(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool notified = condition_.wait_for(lock, at_most) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }
  void notify_all() noexcept { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace larder::base
