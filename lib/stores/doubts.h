// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Connections that broke with a write under way. The server may still be at it, and what it does then would overtake
// whatever follows: so nothing is read or written before each of them is known to have ended.
//
// Thread safety: all of it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace larder::stores {

// Identity: names a connection at the server, and no later one.
template <typename Identity>
class Doubts {
 public:
  // Before the write that broke returns: whoever comes after it must see this.
  void add(Identity identity) {
    const std::lock_guard lock(mutex_);
    open_.push_back(std::move(identity));
    any_.store(true, std::memory_order_release);
  }

  // Whether all have ended. If some have not been seen to, asks end(identity), which may block, in one thread at a
  // time; others wait for its answer, which is theirs, too.
  template <typename End>
  bool settle(End&& end) {
    if (!any_.load(std::memory_order_acquire)) return true;
    std::unique_lock lock(mutex_);
    if (asking_) {
      answered_.wait(lock, [this, before = answers_] { return answers_ != before; });
      return open_.empty();
    }
    const std::vector<Identity> asked = open_;
    std::vector<bool> ended(asked.size(), false);
    asking_ = true;
    lock.unlock();
    for (std::size_t i = 0; i < asked.size(); ++i) ended[i] = says_yes(end, asked[i]);
    lock.lock();
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (ended[i]) std::erase(open_, asked[i]);
    }
    any_.store(!open_.empty(), std::memory_order_release);
    asking_ = false;
    ++answers_;
    answered_.notify_all();
    return open_.empty();
  }

 private:
  // Those who wait must be woken, whatever happens (no memory).
  template <typename End>
  static bool says_yes(End& end, const Identity& identity) noexcept {
    try {
      return end(identity);
    } catch (...) {
      return false;
    }
  }

  std::atomic<bool> any_{false};  // publishes nothing but itself: who reads true takes the lock
  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<Identity> open_;  // these four guarded by mutex_
  bool asking_ = false;
  std::uint64_t answers_ = 0;
};

}  // namespace larder::stores
