// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Bounds that are shared by all shards, and what a shard holds of them.
//
// A Limit is the whole: max_memory in bytes, or max_entries. Shards lease from it in slices and spend their lease under
// their own lock, so that a write touches no memory that other shards write. What is leased counts as used, spent or
// not; therefore usage never exceeds the limit, by construction (docs/memory.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "base/mutex.h"

namespace larder::memory {

// Thread safety: all of it. Relaxed order: the numbers publish nothing but themselves.
class Limit {
 public:
  static constexpr std::int64_t kUnbounded = std::int64_t{1} << 60;

  explicit Limit(std::int64_t max) noexcept : max_(max), left_(max) {}

  // Takes n if as much is left.
  bool lease(std::int64_t n) noexcept {
    std::int64_t left = left_.load(std::memory_order_relaxed);
    while (left >= n) {
      if (left_.compare_exchange_weak(left, left - n, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void give_back(std::int64_t n) noexcept { left_.fetch_add(n, std::memory_order_relaxed); }

  // Negative while usage exceeds a limit that was lowered.
  std::int64_t left() const noexcept { return left_.load(std::memory_order_relaxed); }
  std::int64_t max() const noexcept { return max_.load(std::memory_order_relaxed); }
  std::int64_t used() const { return usage().used; }
  bool bounded() const noexcept { return max() < kUnbounded; }
  double share_used() const noexcept {
    return static_cast<double>(max() - left()) / static_cast<double>(max() > 0 ? max() : 1);
  }
  // Both as of one moment. Sleeps while set_max runs.
  struct Usage {
    std::int64_t max = 0;
    std::int64_t used = 0;
  };
  Usage usage() const {
    base::LeafLock lock(changing_);
    return {max(), max() - left()};
  }

  void set_max(std::int64_t max) {
    base::LeafLock lock(changing_);
    const std::int64_t before = max_.exchange(max, std::memory_order_relaxed);
    left_.fetch_add(max - before, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::int64_t> max_;
  std::atomic<std::int64_t> left_;
  mutable base::LeafMutex changing_;
};

// What was leased of a Limit in one piece, until it goes. Thread safety: none.
class FixedLease {
 public:
  FixedLease() = default;
  // REQUIRES: so much was leased.
  FixedLease(Limit& limit, std::int64_t size) noexcept : limit_(&limit), size_(size) {}
  ~FixedLease() {
    if (limit_ != nullptr) limit_->give_back(size_);
  }
  FixedLease(const FixedLease&) = delete;
  FixedLease& operator=(const FixedLease&) = delete;
  void swap(FixedLease& other) noexcept {
    std::swap(limit_, other.limit_);
    std::swap(size_, other.size_);
  }
  // Takes over what the other one has. REQUIRES: of the same limit.
  void join(FixedLease& other) noexcept {
    if (other.limit_ != nullptr) limit_ = other.limit_;
    size_ += std::exchange(other.size_, 0);
  }
  std::int64_t size() const noexcept { return size_; }

 private:
  Limit* limit_ = nullptr;
  std::int64_t size_ = 0;
};

// One shard's part of a Limit. Thread safety: under the shard's lock, but for return_later.
class Lease {
 public:
  Lease(Limit& limit, std::int64_t slice) noexcept : limit_(limit), slice_(slice) {}

  // Sees to it that n can be spent; false if the limit does not give it. `exactly`: leases no more than that, where
  // others are to have theirs at the same time.
  bool ensure(std::int64_t n, bool exactly = false) noexcept {
    if (available_ >= n) return true;
    collect();
    if (available_ >= n) return true;
    const std::int64_t missing = n - available_;
    if (!exactly && missing < slice_ && limit_.lease(slice_)) {
      available_ += slice_;
    } else if (limit_.lease(missing)) {
      available_ += missing;
    } else {
      return false;
    }
    return true;
  }
  // REQUIRES: ensure(n).
  void spend(std::int64_t n) noexcept { available_ -= n; }
  void earn(std::int64_t n) noexcept { available_ += n; }
  // For what was freed after the lock was released.
  void return_later(std::int64_t n) noexcept { returned_.fetch_add(n, std::memory_order_relaxed); }

  // Hands back what is not needed soon: all but a slice, or all of it.
  void give_back_surplus(bool all = false) noexcept {
    collect();
    const std::int64_t keep = all ? 0 : slice_;
    if (available_ > 2 * keep) {
      limit_.give_back(available_ - keep);
      available_ = keep;
    }
  }
  std::int64_t available() const noexcept { return available_ + returned_.load(std::memory_order_relaxed); }
  std::int64_t slice() const noexcept { return slice_; }
  Limit& limit() noexcept { return limit_; }

 private:
  void collect() noexcept { available_ += returned_.exchange(0, std::memory_order_relaxed); }

  Limit& limit_;
  const std::int64_t slice_;
  std::int64_t available_ = 0;
  std::atomic<std::int64_t> returned_{0};
};

}  // namespace larder::memory
