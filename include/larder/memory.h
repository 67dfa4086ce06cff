// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Byte sizes by name, and the seam through which a host program gives a cache its memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace larder {

inline namespace literals {
constexpr std::uint64_t operator""_B(unsigned long long n) { return n; }
constexpr std::uint64_t operator""_KiB(unsigned long long n) { return n << 10; }
constexpr std::uint64_t operator""_MiB(unsigned long long n) { return n << 20; }
constexpr std::uint64_t operator""_GiB(unsigned long long n) { return n << 30; }
}  // namespace literals

// Everything a cache keeps is allocated here, so that `max_memory` speaks of all of it.
//
// Thread safety: called by any thread, sometimes under a shard lock: must not call the cache, and should be quick.
class Allocator {
 public:
  virtual ~Allocator() = default;

  // Returns `bytes` bytes aligned to `alignment` (16 or 64), or null when there is none: the cache answers with
  // kOutOfMemory then. Must not throw.
  virtual void* allocate(std::size_t bytes, std::size_t alignment) noexcept = 0;
  // `bytes` and `alignment` are those of the call that gave `block`.
  virtual void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept = 0;
  // What such a block takes from memory, rounding and bookkeeping included. This is what is charged, before the
  // block is allocated. Pure: the same arguments always give the same answer. At least `bytes`.
  virtual std::size_t charge(std::size_t bytes, std::size_t alignment) const noexcept = 0;

  // malloc and free, charged as glibc lays blocks out. Lives as long as the program.
  static Allocator& standard() noexcept;
};

}  // namespace larder
