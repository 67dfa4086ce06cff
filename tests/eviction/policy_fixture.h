// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One policy on a shard of its own. In the end it has handed back all memory, and has told the truth of each eviction.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "eviction/fake_residents.h"

namespace larder::eviction {

template <typename Policy>
class PolicyFixture : public testing::Test {
 protected:
  template <typename... Arguments>
  explicit PolicyFixture(Arguments&&... arguments) : policy_(std::forward<Arguments>(arguments)...) {}
  void TearDown() override {
    EXPECT_EQ(shard_.lies, 0);
    policy_.clear(shard_);
    EXPECT_EQ(shard_.live_bytes, 0u);
  }
  std::vector<EntryId> evict_all() {
    while (shard_.evict()) {
    }
    return shard_.evicted;
  }
  // A look-up, as the engine announces it.
  bool access(EntryId id, std::uint64_t capacity) {
    policy_.expect(id);
    return shard_.access(id, capacity);
  }
  // How many of the ids from `first` on are there.
  std::uint64_t resident(EntryId first, EntryId count) const {
    std::uint64_t found = 0;
    for (EntryId id = first; id < first + count; ++id) found += shard_.contains(id);
    return found;
  }

  Policy policy_;
  FakeResidents shard_{policy_};
};

}  // namespace larder::eviction
