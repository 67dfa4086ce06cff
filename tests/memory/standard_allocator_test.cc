// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "larder/memory.h"

namespace larder {
namespace {

TEST(StandardAllocator, BlocksAreAligned) {
  Allocator& allocator = Allocator::standard();
  for (const std::size_t alignment : {std::size_t{16}, std::size_t{64}}) {
    std::vector<void*> blocks;
    for (std::size_t bytes = 1; bytes < 600; bytes += 7) {
      void* block = allocator.allocate(bytes, alignment);
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0u) << bytes;
      std::memset(block, 1, bytes);  // AddressSanitizer sees whether all of it is there
      blocks.push_back(block);
    }
    std::size_t bytes = 1;
    for (void* block : blocks) {
      allocator.deallocate(block, bytes, alignment);
      bytes += 7;
    }
  }
}

TEST(StandardAllocator, ChargeIsAtLeastTheSizeAndNeverFalls) {
  const Allocator& allocator = Allocator::standard();
  for (const std::size_t alignment : {std::size_t{16}, std::size_t{64}}) {
    std::size_t before = 0;
    for (std::size_t bytes = 1; bytes < 300'000; bytes += bytes < 2'000 ? 1 : 101) {
      const std::size_t charge = allocator.charge(bytes, alignment);
      ASSERT_GE(charge, bytes);
      ASSERT_GE(charge, before) << bytes;
      before = charge;
    }
  }
}

// glibc's steps.
TEST(StandardAllocator, ChargesSmallBlocksAsMallocLaysThemOut) {
  const Allocator& allocator = Allocator::standard();
  EXPECT_EQ(allocator.charge(1, 16), 32u);
  EXPECT_EQ(allocator.charge(24, 16), 32u);
  EXPECT_EQ(allocator.charge(25, 16), 48u);
  EXPECT_EQ(allocator.charge(40, 16), 48u);
  EXPECT_EQ(allocator.charge(1'000, 16), 1'008u);
  EXPECT_EQ(allocator.charge(200'000, 16) % 4'096, 0u);
}

// What malloc says it gave, with the eight bytes in front, is what was charged; a block may keep a rest too small to be
// one of its own.
TEST(StandardAllocator, ChargeCoversWhatMallocTakes) {
  Allocator& allocator = Allocator::standard();
  constexpr std::size_t kRest = 16;
  for (const std::size_t alignment : {std::size_t{16}, std::size_t{64}}) {
    for (std::size_t bytes = 1; bytes < 400'000; bytes += bytes < 2'000 ? 3 : 9'973) {
      void* block = allocator.allocate(bytes, alignment);
      ASSERT_NE(block, nullptr);
      EXPECT_LE(malloc_usable_size(block) + 8, allocator.charge(bytes, alignment) + kRest) << bytes;
      allocator.deallocate(block, bytes, alignment);
    }
  }
}

}  // namespace
}  // namespace larder
