// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The best of what was drawn at random lately: sixteen candidates for eviction, which outlive the eviction that found
// them. So a few draws an eviction come near to the exact order (S. Sanfilippo, "Random notes on improving the Redis
// LRU algorithm", 2016).
//
// Thread safety: none; under the shard's lock.
#pragma once

#include <algorithm>
#include <cstdint>

#include "larder/eviction.h"

namespace larder::eviction {

class EvictionPool {
 public:
  struct Candidate {
    EntryId id;
    std::uint32_t position;  // of the entry, as it was drawn
    std::uint32_t rank;      // the highest goes
  };

  // A candidate, unless there are sixteen better ones. One that is there already keeps its rank.
  void offer(const Candidate& candidate) {
    const bool is_here =
        std::any_of(candidates_, candidates_ + size_, [&](const Candidate& other) { return other.id == candidate.id; });
    if (is_here) return;
    Candidate* const place = std::find_if(candidates_, candidates_ + size_,
                                          [&](const Candidate& other) { return other.rank >= candidate.rank; });
    if (size_ < kSize) {
      std::copy_backward(place, candidates_ + size_, candidates_ + size_ + 1);
      *place = candidate;
      ++size_;
    } else if (place != candidates_) {
      std::copy(candidates_ + 1, place, candidates_);
      *(place - 1) = candidate;
    }
  }
  // Takes out the one of the highest rank. False if there is none.
  bool take(Candidate* best) {
    if (size_ == 0) return false;
    *best = candidates_[--size_];
    return true;
  }

 private:
  static constexpr unsigned kSize = 16;
  Candidate candidates_[kSize];  // by rank, the lowest first
  unsigned size_ = 0;
};

}  // namespace larder::eviction
