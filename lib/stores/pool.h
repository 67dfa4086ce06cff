// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Connections that threads take turns with: at most so many, made by who finds none, given back for the next.
//
// Thread safety: all of Pool. A Lease belongs to one thread. The room sees larder's public headers only, so it has the
// standard library's locks.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "larder/clock.h"

namespace larder::stores {

template <typename Connection>
class Pool {
 public:
  // The right to one connection. Given back with it; if that is null by then, the next one makes another.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept
        : connection(std::move(other.connection)), pool_(std::exchange(other.pool_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (pool_ != nullptr) pool_->give_back(std::move(connection));
    }
    explicit operator bool() const { return pool_ != nullptr; }

    std::unique_ptr<Connection> connection;  // null: there is none yet

   private:
    friend class Pool;
    explicit Lease(Pool* pool, std::unique_ptr<Connection> given) : connection(std::move(given)), pool_(pool) {}
    Pool* pool_ = nullptr;
  };

  explicit Pool(std::size_t connections_max) : free_(connections_max) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Waits until one is free. An empty lease: none was, for so long.
  Lease take(Milliseconds at_most) {
    std::unique_lock lock(mutex_);
    if (!given_back_.wait_for(lock, at_most, [this] { return free_ != 0; })) return {};
    --free_;
    if (idle_.empty()) return Lease(this, nullptr);
    std::unique_ptr<Connection> last = std::move(idle_.back());  // the one used last, so that the others may end
    idle_.pop_back();
    return Lease(this, std::move(last));
  }

 private:
  void give_back(std::unique_ptr<Connection> connection) {
    {
      const std::lock_guard lock(mutex_);
      ++free_;
      if (connection != nullptr) idle_.push_back(std::move(connection));
    }
    given_back_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable given_back_;
  std::size_t free_;                               // leases that may be given; guarded by mutex_
  std::vector<std::unique_ptr<Connection>> idle_;  // guarded by mutex_
};

}  // namespace larder::stores
