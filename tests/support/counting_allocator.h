// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// An allocator that counts every live byte as it is charged, remembers the most there ever was, and notes whenever that
// is above a ceiling. What it hands out is filled with a pattern, so that bytes nobody wrote are seen, and each block
// must come back with the size and alignment it was asked for.
//
// Thread safety: all of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <unordered_map>

#include "larder/memory.h"

namespace larder::support {

class CountingAllocator final : public Allocator {
 public:
  static constexpr std::uint64_t kNoCeiling = ~std::uint64_t{0};

  // What a block is said to cost: malloc's part, rounded up to whole units, so many times.
  struct Price {
    std::size_t unit = 1;
    std::size_t times = 1;
  };

  explicit CountingAllocator(std::uint64_t ceiling = kNoCeiling, Price price = {1, 1})
      : price_(price), ceiling_(ceiling) {}
  ~CountingAllocator() override = default;

  void* allocate(std::size_t bytes, std::size_t alignment) noexcept override {
    if (refuse_.load() || (alignment != 16 && alignment != 64) || fails_at_random()) return nullptr;
    // A ceiling that changes between these two looks says nothing of what is live in between: this thread may sleep
    // there for as long as it takes to lower the ceiling, and what is live with it.
    const std::uint64_t changes = ceiling_changes_.load();
    const std::uint64_t ceiling = ceiling_.load();
    const std::uint64_t live = live_.fetch_add(charge(bytes, alignment)) + charge(bytes, alignment);
    raise(peak_, live);
    const bool is_still = changes % 2 == 0 && changes == ceiling_changes_.load();
    if (live > ceiling && is_still) raise(worst_excess_, live - ceiling);
    void* block = standard().allocate(bytes, alignment);
    std::memset(block, 0xa5, bytes < 256 ? bytes : 256);
    const std::lock_guard lock(mutex_);
    blocks_.emplace(block, Block{bytes, alignment});
    return block;
  }

  void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept override {
    {
      const std::lock_guard lock(mutex_);
      const auto found = blocks_.find(block);
      if (found == blocks_.end() || found->second.bytes != bytes || found->second.alignment != alignment) {
        ++mismatches_;
      }
      if (found != blocks_.end()) blocks_.erase(found);
    }
    standard().deallocate(block, bytes, alignment);
    live_.fetch_sub(charge(bytes, alignment));
  }

  std::size_t charge(std::size_t bytes, std::size_t alignment) const noexcept override {
    const std::size_t units = (standard().charge(bytes, alignment) + price_.unit - 1) / price_.unit;
    return units * price_.unit * price_.times;
  }

  std::uint64_t live() const { return live_.load(); }
  std::uint64_t peak() const { return peak_.load(); }
  // From now on. What exceeds the ceiling at the time of the change is not an offence; growing then is.
  void set_ceiling(std::uint64_t bytes) {
    ++ceiling_changes_;
    ceiling_.store(bytes);
    ++ceiling_changes_;
  }
  // By how much the ceiling was exceeded at worst; 0: never.
  std::uint64_t worst_excess() const { return worst_excess_.load(); }
  // Blocks that came back with another size or alignment, or that were never handed out.
  std::uint64_t mismatches() const { return mismatches_.load(); }
  // From now on there is no memory, or there is again.
  void refuse(bool on) { refuse_.store(on); }

  // From now on every n-th allocation fails, on average. 0: none.
  void fail_one_in(std::uint64_t n) { fail_one_in_.store(n); }

  // Empty if all is well, and nothing is left when `all_freed`.
  std::string complaints(bool all_freed) const {
    std::string text;
    if (worst_excess() != 0) text += "allocated " + std::to_string(worst_excess()) + " bytes above the ceiling; ";
    if (mismatches() != 0) text += std::to_string(mismatches()) + " blocks came back wrong; ";
    if (all_freed && live() != 0) text += std::to_string(live()) + " bytes were never freed; ";
    return text;
  }

 private:
  bool fails_at_random() {
    const std::uint64_t n = fail_one_in_.load();
    if (n == 0) return false;
    // SplitMix64's step: each call draws its own number.
    std::uint64_t x = draws_.fetch_add(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return (x ^ (x >> 31)) % n == 0;
  }
  struct Block {
    std::size_t bytes;
    std::size_t alignment;
  };
  static void raise(std::atomic<std::uint64_t>& most, std::uint64_t value) {
    std::uint64_t seen = most.load();
    while (seen < value && !most.compare_exchange_weak(seen, value)) {
    }
  }

  const Price price_;
  std::atomic<std::uint64_t> live_{0};
  std::atomic<std::uint64_t> peak_{0};
  std::atomic<std::uint64_t> worst_excess_{0};
  std::atomic<std::uint64_t> mismatches_{0};
  std::atomic<std::uint64_t> ceiling_;
  std::atomic<std::uint64_t> ceiling_changes_{0};  // odd: it is being changed
  std::atomic<bool> refuse_{false};
  std::atomic<std::uint64_t> fail_one_in_{0};
  std::atomic<std::uint64_t> draws_{1};
  std::mutex mutex_;
  std::unordered_map<void*, Block> blocks_;
};

}  // namespace larder::support
