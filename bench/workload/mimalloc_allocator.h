// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Larder's memory from mimalloc, for programs that link it. Each block is charged with the size of the class it falls
// into.
//
// Why mi_malloc and not mi_malloc_aligned: up to mimalloc 2.0.9 the latter adds up to `alignment` bytes unless the size
// is a power of two, so that 192 bytes aligned to 16 take 224, and 4,096 aligned to 64 take 5,120. A block of mi_malloc
// lies on a multiple of its own size class within a page that begins on a multiple of 64 KiB, so a size that is a
// multiple of 64 is aligned to 64. That is no promise of mimalloc's, hence the test and the way out, which would be
// charged too little by at most one size class.
//
// Thread safety: all functions, by any thread.
#pragma once

#include <mimalloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "larder/memory.h"

namespace larder::bench {

class MimallocAllocator final : public Allocator {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) noexcept override {
    const std::size_t size = rounded(bytes, alignment);
    void* block = mi_malloc(size);
    if ((reinterpret_cast<std::uintptr_t>(block) & (alignment - 1)) == 0) return block;
    mi_free(block);
    return mi_malloc_aligned(size, alignment);
  }
  void deallocate(void* block, std::size_t, std::size_t) noexcept override { mi_free(block); }
  std::size_t charge(std::size_t bytes, std::size_t alignment) const noexcept override {
    return mi_good_size(rounded(bytes, alignment));
  }

  // Lives as long as the program.
  static MimallocAllocator& shared() noexcept {
    static MimallocAllocator allocator;
    return allocator;
  }

 private:
  static std::size_t rounded(std::size_t bytes, std::size_t alignment) noexcept {
    const std::size_t step = std::max<std::size_t>(alignment, 16);
    return (bytes + step - 1) / step * step;
  }
};

}  // namespace larder::bench
