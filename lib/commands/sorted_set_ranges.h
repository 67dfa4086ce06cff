// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Ranges of sorted sets: whatever their bounds are of, they are turned into ranks, in O(log size), and walked from
// there.
#pragma once

#include <cstdint>

#include "collections/sorted_set.h"
#include "larder/sorted_sets.h"

namespace larder::commands {

// The ranks [from, to) of a sorted set, from the lowest.
struct Ranks {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::uint64_t count() const noexcept { return to - from; }
};

// kNotAFloat for a NaN: the functions below take none.
Status check_range(const MemberRange& range);

// `rev`: a RankRange counts from the highest.
Ranks ranks_of(const collections::SortedSetView& view, const MemberRange& range, bool rev = false) noexcept;

// What SortedSetView::range is to walk over.
struct Walk {
  std::uint64_t first = 0;  // from the end at which it begins
  std::uint64_t count = 0;
  bool backwards = false;
};
Walk walk_of(const collections::SortedSetView& view, const MemberRange& range, const ZRangeOptions& options) noexcept;

}  // namespace larder::commands
