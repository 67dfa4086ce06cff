// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The memory of one cache: its limit and its allocator, kept alive by whoever may still have to give memory back.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/check.h"
#include "base/hold_work.h"
#include "larder/memory.h"
#include "memory/limit.h"

#if defined(__SANITIZE_ADDRESS__)
#define LARDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LARDER_ASAN 1
#endif
#endif
#if LARDER_ASAN
#include <sanitizer/asan_interface.h>
#endif

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
  std::size_t charge(std::size_t bytes, std::size_t alignment) const noexcept {
    return alignment == 16 ? charge(bytes) : allocator_.charge(bytes, alignment);
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

// What a shard allocates from: charged to its lease before the allocator is asked.
//
// A few freed blocks are kept for the next allocation of their size: an insert that evicts takes the block of what it
// evicted, still in the processor's cache, and the allocator is not asked at all. Kept blocks count as free in the
// lease, which always covers them: they are freed for good as soon as their bytes are wanted for anything else.
//
// Thread safety: under the shard's lock.
class ShardMemory {
 public:
  ShardMemory(Account& account, std::int64_t slice) noexcept
      : lease_(account.bytes(), slice), account_(account), allocator_(account.allocator()) {}
  ~ShardMemory() { LARDER_DCHECK(kept_charge_ == 0, "a shard's memory was dropped with the blocks it keeps"); }
  ShardMemory(const ShardMemory&) = delete;
  ShardMemory& operator=(const ShardMemory&) = delete;

  // Null if the limit or the allocator has no more.
  void* allocate(std::size_t bytes, std::size_t alignment = 16) noexcept {
    if (Kept& kept = place_for(bytes); kept.bytes == bytes && alignment == 16 && kept.block != nullptr) {
      return take(kept);
    }
    const auto charge = static_cast<std::int64_t>(this->charge(bytes, alignment));
    if (!spend(charge)) return nullptr;
    base::count_allocation();
    void* block = allocator_.allocate(bytes, alignment);
    if (block == nullptr) {
      lease_.earn(charge);
      return nullptr;
    }
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
    base::count_allocation();
    allocator_.deallocate(block, bytes, alignment);
    lease_.earn(charge);
    allocated_ -= charge;
  }
  std::size_t charge(std::size_t bytes, std::size_t alignment = 16) const noexcept {
    return account_.charge(bytes, alignment);
  }

  // Keeps a block aligned to 16 that is not needed any more. False: one of about its size is kept already, or it is
  // large; it is still the caller's.
  bool keep(void* block, std::size_t bytes, std::size_t charge) noexcept {
    Kept& kept = place_for(bytes);
    if (kept.block != nullptr || bytes > kKeptBytesMax) return false;
    kept = {block, static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(charge)};
    poison(block, bytes);
    const auto its_charge = static_cast<std::int64_t>(charge);
    lease_.earn(its_charge);
    allocated_ -= its_charge;
    kept_charge_ += its_charge;
    return true;
  }
  // Takes so much from the lease, for a block that is allocated by others.
  bool spend(std::int64_t charge) noexcept {
    if (!lease_.ensure(charge + kept_charge_)) [[unlikely]] {
      free_kept();
      if (!lease_.ensure(charge)) return false;
    }
    lease_.spend(charge);
    return true;
  }
  // The rest of what was spent, and was not needed.
  void take_back(std::int64_t charge) noexcept { lease_.earn(charge); }
  // Hands back to the limit what is not needed soon: all but a slice, or all of it.
  void give_back_surplus(bool all = false) noexcept {
    free_kept();
    lease_.give_back_surplus(all);
  }
  void free_kept() noexcept;

  // A block leaves the shard and stays charged until free_detached.
  void detach(std::size_t charge) noexcept { allocated_ -= static_cast<std::int64_t>(charge); }
  // Its charge goes back before it does: free_detached with none. Thread safety: with or without the lock.
  void uncharge_detached(std::size_t charge) noexcept { lease_.return_later(static_cast<std::int64_t>(charge)); }
  // Thread safety: with or without the lock.
  void free_detached(void* block, std::size_t bytes, std::size_t charge) noexcept {
    allocator_.deallocate(block, bytes, 16);
    lease_.return_later(static_cast<std::int64_t>(charge));
  }

  // The same for what the shard will not need again soon: its charge goes to the limit.
  void free_for_all(void* block, std::size_t bytes, std::size_t alignment) noexcept {
    allocator_.deallocate(block, bytes, alignment);
    lease_.limit().give_back(static_cast<std::int64_t>(charge(bytes, alignment)));
  }

  // Sees to it that so much can be allocated, in any number of blocks; false if the limit does not give it. `exactly`:
  // see Lease.
  bool ensure(std::int64_t charge, bool exactly = false) noexcept { return lease_.ensure(charge, exactly); }
  // What can be allocated without asking the limit.
  std::int64_t available() const noexcept { return lease_.available(); }
  // All that is allocated here, and neither detached nor kept.
  std::int64_t allocated() const noexcept { return allocated_; }

 private:
  struct Kept {
    void* block = nullptr;
    std::uint32_t bytes = 0;
    std::uint32_t charge = 0;
  };
  static constexpr std::size_t kPlaces = 8;
  static constexpr std::size_t kKeptBytesMax = 512;

  // Sizes near each other have places of their own: blocks of entries come in steps of eight, or of 16, 32 or 64.
  Kept& place_for(std::size_t bytes) noexcept { return kept_[(bytes / 8 + bytes / 64) % kPlaces]; }
  void* take(Kept& kept) noexcept {
    void* block = kept.block;
    kept.block = nullptr;
    unpoison(block, kept.bytes);
    lease_.spend(kept.charge);
    allocated_ += kept.charge;
    kept_charge_ -= kept.charge;
    return block;
  }
  // AddressSanitizer is to see whoever touches a kept block.
  static void poison([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) noexcept {
#if LARDER_ASAN
    __asan_poison_memory_region(block, bytes);
#endif
  }
  static void unpoison([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) noexcept {
#if LARDER_ASAN
    __asan_unpoison_memory_region(block, bytes);
#endif
  }

  Lease lease_;
  const Account& account_;
  Allocator& allocator_;
  std::int64_t allocated_ = 0;
  std::int64_t kept_charge_ = 0;
  std::array<Kept, kPlaces> kept_;
};

}  // namespace larder::memory
