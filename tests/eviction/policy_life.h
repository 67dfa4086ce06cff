// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a policy lives through on a shard of its own, step by step as somebody chooses, and what must hold in the end:
// for tests of every policy, and for a fuzzer.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "eviction/fake_residents.h"

namespace larder::eviction {

class PolicyLife {
 public:
  PolicyLife(EvictionPolicy& policy, FakeResidents& shard) : policy_(policy), shard_(shard) {}

  // One thing that an engine does. `below`: of a number n, one from 0 to n - 1.
  template <typename Below>
  void do_something(EntryId ids, std::uint64_t weight_max, Below&& below) {
    const auto id = static_cast<EntryId>(below(ids));
    const auto some_weight = [&] { return 1 + static_cast<std::uint32_t>(below(100)); };
    if (!shard_.contains(id)) {
      if (below(4) != 0) policy_.expect(id);
      for (int attempt = 0; attempt < 100 && shard_.weight() >= weight_max; ++attempt) policy_.evict(shard_);
      shard_.insert(id, some_weight());
    } else if (const std::uint64_t what = below(10); what == 0) {
      shard_.remove(id);
    } else if (what == 1) {
      shard_.resize(id, some_weight());
    } else {
      shard_.hit(id);
    }
  }
  // Evicts all there are: each goes, and once. What is wrong; empty if nothing is.
  std::string evict_all() {
    const std::uint64_t left = shard_.size();
    shard_.evicted.clear();
    while (shard_.evict()) {
    }
    if (shard_.size() != 0) return std::to_string(shard_.size()) + " entries are never evicted";
    const std::set<EntryId> different(shard_.evicted.begin(), shard_.evicted.end());
    if (different.size() != left || shard_.evicted.size() != left) return "not each entry was evicted, and once";
    return policy_.evict(shard_) ? "evicts where nothing is" : "";
  }

 private:
  EvictionPolicy& policy_;
  FakeResidents& shard_;
};

}  // namespace larder::eviction
