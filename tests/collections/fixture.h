// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Memory that is counted, and seen to come back.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "memory/account.h"
#include "model/choices.h"
#include "support/collection_pairs.h"
#include "support/counting_allocator.h"
#include "support/depth.h"
#include "support/is_well.h"
#include "support/page_source.h"

namespace larder::collections {

class CollectionTest : public testing::Test {
 protected:
  ~CollectionTest() override {
    EXPECT_EQ(pages_.taken(), 0);
    EXPECT_EQ(account_->bytes().used(), 0);  // by blobs
    account_->release();
    EXPECT_EQ(counted_.complaints(true), "");
  }

  // So many edits; what was wrong about one of them, compare() tells.
  template <typename Pair>
  void edit(Pair& pair, model::Choices& choices, const support::Habits& habits, std::uint64_t times) {
    while (times-- > 0) apply(pair, pair.choose(choices, habits));
  }
  template <typename Pair>
  Edited apply(Pair& pair, const support::Edit& edit, std::int64_t bytes = support::PageSource::kPlenty) {
    return pages_.edit([&](PageMemory& memory) { return pair.apply(edit, *account_, memory); }, bytes);
  }
  template <typename Collection>
  void release(Collection& collection) {
    pages_.edit([&](PageMemory& memory) {
      collection.release(memory);
      return true;
    });
  }

  support::CountingAllocator counted_;
  support::NthFails allocator_{counted_};
  memory::Account* account_ = new memory::Account(allocator_, memory::Limit::kUnbounded);
  support::PageSource pages_{*account_};
};

}  // namespace larder::collections
