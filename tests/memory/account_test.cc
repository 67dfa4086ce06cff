// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "memory/account.h"

#include <gtest/gtest.h>

#include "support/counting_allocator.h"

namespace larder::memory {
namespace {

constexpr std::int64_t kSlice = 4096;

class ShardMemoryTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(memory_.allocated(), 0);
    memory_.give_back_surplus(true);
    EXPECT_EQ(account_->bytes().used(), 0);
    EXPECT_EQ(allocator_.complaints(true), "");
    account_->release();
  }

  support::CountingAllocator allocator_;
  Account* account_ = new Account(allocator_, 64 << 10);
  ShardMemory memory_{*account_, kSlice};
};

TEST_F(ShardMemoryTest, ChargesWhatTheAllocatorSays) {
  void* small = memory_.allocate(100);
  void* line = memory_.allocate(128, 64);
  ASSERT_TRUE(small != nullptr && line != nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(line) % 64, 0u);
  EXPECT_EQ(memory_.allocated(), static_cast<std::int64_t>(allocator_.charge(100, 16) + allocator_.charge(128, 64)));
  EXPECT_EQ(account_->bytes().used(), kSlice);  // what is leased counts as used
  EXPECT_EQ(memory_.available(), kSlice - memory_.allocated());
  memory_.deallocate(small, 100);
  memory_.deallocate(line, 128, 64);
  EXPECT_EQ(memory_.available(), kSlice);
}

TEST_F(ShardMemoryTest, RefusesBeyondTheLimitAndAsksNoAllocator) {
  EXPECT_EQ(memory_.allocate(64 << 10), nullptr);
  EXPECT_EQ(allocator_.peak(), 0u);
  void* block = memory_.allocate(60 << 10);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(memory_.allocate(4 << 10), nullptr);
  memory_.deallocate(block, 60 << 10);
}

TEST_F(ShardMemoryTest, AllocatorWithNoMemoryCostsNoCharge) {
  allocator_.refuse(true);
  EXPECT_EQ(memory_.allocate(100), nullptr);
  EXPECT_EQ(memory_.allocated(), 0);
  EXPECT_EQ(memory_.available(), account_->bytes().used());
}

TEST_F(ShardMemoryTest, OptionalBlocksLeaveRoomForOthers) {
  const auto charge = static_cast<std::int64_t>(allocator_.charge(1'024, 16));
  const std::int64_t all = account_->bytes().max();
  EXPECT_EQ(memory_.allocate_optional(1'024, 16, all - charge + 1), nullptr);
  EXPECT_EQ(memory_.allocated(), 0);
  void* block = memory_.allocate_optional(1'024, 16, all - charge);
  ASSERT_NE(block, nullptr);
  memory_.deallocate(block, 1'024);
}

TEST_F(ShardMemoryTest, DetachedBlockStaysChargedUntilItIsFreed) {
  void* block = memory_.allocate(60 << 10);
  ASSERT_NE(block, nullptr);
  const std::size_t charge = memory_.charge(60 << 10);
  memory_.detach(charge);
  EXPECT_EQ(memory_.allocated(), 0);
  EXPECT_EQ(memory_.allocate(60 << 10), nullptr);  // it still counts
  memory_.free_detached(block, 60 << 10, charge);
  block = memory_.allocate(60 << 10);
  ASSERT_NE(block, nullptr);
  memory_.deallocate(block, 60 << 10);
}

TEST_F(ShardMemoryTest, KeptBlockServesTheNextAllocationOfItsSize) {
  void* block = memory_.allocate(64);
  ASSERT_NE(block, nullptr);
  const std::int64_t available = memory_.available();
  const auto charge = static_cast<std::int64_t>(memory_.charge(64));
  ASSERT_TRUE(memory_.keep(block, 64, memory_.charge(64)));
  EXPECT_EQ(memory_.allocated(), 0);
  EXPECT_EQ(memory_.available(), available + charge) << "a kept block counts as free";
  EXPECT_EQ(allocator_.live(), static_cast<std::uint64_t>(charge));
  void* other = memory_.allocate(56);
  EXPECT_NE(other, block);
  EXPECT_EQ(memory_.allocate(64), block);
  EXPECT_EQ(memory_.allocated(), charge + static_cast<std::int64_t>(memory_.charge(56)));
  memory_.deallocate(other, 56);
  memory_.deallocate(block, 64);
}

TEST_F(ShardMemoryTest, KeepsOneBlockOfASizeAndNoneThatIsLarge) {
  void* first = memory_.allocate(64);
  void* second = memory_.allocate(64);
  void* large = memory_.allocate(4'096);
  ASSERT_TRUE(first != nullptr && second != nullptr && large != nullptr);
  EXPECT_TRUE(memory_.keep(first, 64, memory_.charge(64)));
  EXPECT_FALSE(memory_.keep(second, 64, memory_.charge(64)));
  EXPECT_FALSE(memory_.keep(large, 4'096, memory_.charge(4'096)));
  memory_.deallocate(second, 64);
  memory_.deallocate(large, 4'096);
}

// The bound holds for memory, not for names: a kept block and another one in its bytes would be too much.
TEST_F(ShardMemoryTest, KeptBlockIsFreedBeforeItsBytesAreUsedForAnotherSize) {
  const std::int64_t all = account_->bytes().max();
  void* block = memory_.allocate(64);
  ASSERT_NE(block, nullptr);
  ASSERT_TRUE(memory_.keep(block, 64, memory_.charge(64)));
  std::size_t bytes = 60 << 10;
  while (static_cast<std::int64_t>(memory_.charge(bytes + 16)) <= all) bytes += 16;
  void* rest = memory_.allocate(bytes);
  ASSERT_NE(rest, nullptr);
  EXPECT_LE(allocator_.peak(), static_cast<std::uint64_t>(all));
  memory_.deallocate(rest, bytes);
}

TEST_F(ShardMemoryTest, KeptBlocksGoWithTheSurplus) {
  void* block = memory_.allocate(64);
  ASSERT_NE(block, nullptr);
  ASSERT_TRUE(memory_.keep(block, 64, memory_.charge(64)));
  memory_.give_back_surplus();
  EXPECT_EQ(allocator_.live(), 0u);
}

TEST_F(ShardMemoryTest, SpendingForOthersFreesWhatIsKept) {
  const std::int64_t all = account_->bytes().max();
  void* block = memory_.allocate(64);
  ASSERT_NE(block, nullptr);
  ASSERT_TRUE(memory_.keep(block, 64, memory_.charge(64)));
  ASSERT_TRUE(memory_.spend(all));
  EXPECT_EQ(allocator_.live(), 0u);
  EXPECT_FALSE(memory_.spend(1));
  account_->bytes().give_back(all);
}

// The account keeps charges of small sizes: they must be the allocator's, for every size.
TEST_F(ShardMemoryTest, ChargesOfAllSizesAreTheAllocators) {
  for (std::size_t bytes = 1; bytes < 3'000; ++bytes) {
    ASSERT_EQ(account_->charge(bytes), allocator_.charge(bytes, 16)) << bytes;
    ASSERT_EQ(memory_.charge(bytes), allocator_.charge(bytes, 16)) << bytes;
    ASSERT_EQ(memory_.charge(bytes, 64), allocator_.charge(bytes, 64)) << bytes;
  }
  EXPECT_EQ(account_->charge(0), allocator_.charge(0, 16));
}

// AddressSanitizer sees a use after the end, and a leak.
TEST(Account, LivesUntilTheLastReferenceGoes) {
  auto* account = new Account(Allocator::standard(), 1'000);
  account->acquire();
  account->release();
  EXPECT_EQ(account->bytes().max(), 1'000);
  EXPECT_EQ(&account->allocator(), &Allocator::standard());
  EXPECT_EQ(account->pinned(), 0);
  account->release();
}

}  // namespace
}  // namespace larder::memory
