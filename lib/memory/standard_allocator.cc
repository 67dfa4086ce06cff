// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>

#include "larder/memory.h"

namespace larder {
namespace {

class StandardAllocator final : public Allocator {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) noexcept override {
    return alignment <= 16 ? std::malloc(bytes) : std::aligned_alloc(alignment, round_up(bytes, alignment));
  }
  void deallocate(void* block, std::size_t, std::size_t) noexcept override { std::free(block); }

  // glibc: eight bytes before each block, sizes in steps of 16, at least 32; from 128 KiB on, pages of their own with
  // 16 bytes in front. Alignment beyond 16 is got by asking for that much more and giving the ends back, as far as they
  // can be.
  std::size_t charge(std::size_t bytes, std::size_t alignment) const noexcept override {
    const std::size_t wanted = alignment <= 16 ? bytes : round_up(bytes, alignment) + 32;
    if (wanted >= std::size_t{128} << 10) return round_up(wanted + 16, 4096);
    return std::max<std::size_t>(32, round_up(wanted + 8, 16));
  }

 private:
  static std::size_t round_up(std::size_t n, std::size_t step) noexcept { return (n + step - 1) / step * step; }
};

}  // namespace

Allocator& Allocator::standard() noexcept {
  static StandardAllocator allocator;
  return allocator;
}

}  // namespace larder
