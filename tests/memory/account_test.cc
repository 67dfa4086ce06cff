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
    memory_.lease().give_back_surplus(true);
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
  EXPECT_EQ(memory_.lease().available(), kSlice - memory_.allocated());
  memory_.deallocate(small, 100);
  memory_.deallocate(line, 128, 64);
  EXPECT_EQ(memory_.lease().available(), kSlice);
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
  EXPECT_EQ(memory_.lease().available(), account_->bytes().used());
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

TEST_F(ShardMemoryTest, DetachedBlockCanComeBack) {
  void* block = memory_.allocate(100);
  ASSERT_NE(block, nullptr);
  memory_.detach(memory_.charge(100));
  memory_.attach(memory_.charge(100));
  EXPECT_EQ(memory_.allocated(), static_cast<std::int64_t>(memory_.charge(100)));
  memory_.deallocate(block, 100);
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
