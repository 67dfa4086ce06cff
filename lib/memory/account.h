// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The memory of one cache: its limit and its allocator, kept alive by whoever may still have to give memory back.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "larder/memory.h"
#include "memory/limit.h"

namespace larder::memory {

// Reference counted: the engine holds one reference, each blob one. So a handle may outlive the cache.
// Thread safety: all of it.
class Account {
 public:
  Account(Allocator& allocator, std::int64_t max_bytes) noexcept : bytes_(max_bytes), allocator_(allocator) {
    for (std::size_t i = 1; i < charges_.size(); ++i) {
      charges_[i] = static_cast<std::uint32_t>(allocator.charge(i * kChargeStep, 16));
    }
  }

  Limit& bytes() noexcept { return bytes_; }
  Allocator& allocator() noexcept { return allocator_; }
  std::atomic<std::int64_t>& pinned() noexcept { return pinned_; }
  // What the allocator charges for a block aligned to 16. It is asked once for each size of an entry.
  std::size_t charge(std::size_t bytes) const noexcept {
    const std::size_t step = bytes / kChargeStep;
    if (bytes % kChargeStep == 0 && step - 1 < charges_.size() - 1) [[likely]]
      return charges_[step];
    return allocator_.charge(bytes, 16);
  }

  void acquire() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // acq_rel: the last one sees all that the others did.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  static constexpr std::size_t kChargeStep = 8;

  ~Account() = default;
  Limit bytes_;
  Allocator& allocator_;
  std::atomic<std::int64_t> pinned_{0};
  std::atomic<std::uint64_t> references_{1};
  std::array<std::uint32_t, 161> charges_{};
};

// What a shard allocates from: charged to its lease before the allocator is asked. Thread safety: under the shard's
// lock.
class ShardMemory {
 public:
  ShardMemory(Account& account, std::int64_t slice) noexcept
      : lease_(account.bytes(), slice), account_(account), allocator_(account.allocator()) {}

  // Null if the limit or the allocator has no more.
  void* allocate(std::size_t bytes, std::size_t alignment = 16) noexcept {
    const auto charge = static_cast<std::int64_t>(this->charge(bytes, alignment));
    if (!lease_.ensure(charge)) return nullptr;
    void* block = allocator_.allocate(bytes, alignment);
    if (block == nullptr) return nullptr;
    lease_.spend(charge);
    allocated_ += charge;
    return block;
  }
  // The same for what can wait: null, too, if it would leave less than that much.
  void* allocate_optional(std::size_t bytes, std::size_t alignment, std::int64_t leave) noexcept {
    if (!lease_.ensure(static_cast<std::int64_t>(charge(bytes, alignment)) + leave)) return nullptr;
    return allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes, std::size_t alignment = 16) noexcept {
    const auto charge = static_cast<std::int64_t>(this->charge(bytes, alignment));
    allocator_.deallocate(block, bytes, alignment);
    lease_.earn(charge);
    allocated_ -= charge;
  }
  std::size_t charge(std::size_t bytes, std::size_t alignment = 16) const noexcept {
    return alignment == 16 ? account_.charge(bytes) : allocator_.charge(bytes, alignment);
  }

  // A block leaves the shard and stays charged until free_later.
  void detach(std::size_t charge) noexcept { allocated_ -= static_cast<std::int64_t>(charge); }
  void attach(std::size_t charge) noexcept { allocated_ += static_cast<std::int64_t>(charge); }
  // Thread safety: with or without the lock.
  void free_detached(void* block, std::size_t bytes, std::size_t charge) noexcept {
    allocator_.deallocate(block, bytes, 16);
    lease_.return_later(static_cast<std::int64_t>(charge));
  }

  Lease& lease() noexcept { return lease_; }
  // All that is allocated here and not detached.
  std::int64_t allocated() const noexcept { return allocated_; }

 private:
  Lease lease_;
  const Account& account_;
  Allocator& allocator_;
  std::int64_t allocated_ = 0;
};

}  // namespace larder::memory
