// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Items of a collection at random, as HRANDFIELD, SRANDMEMBER and ZRANDMEMBER want them.
#pragma once

#include <cstdint>
#include <string_view>

#include <tsl/robin_set.h>

#include "base/random.h"
#include "larder/items.h"
#include "larder/status.h"

namespace larder::commands {

inline Status too_many_drawn() { return {ErrorCode::kOutOfRange, "count is out of range: at least -kDrawnMax"}; }

// Emits n different items of a collection, or all there are: each set of n is as likely as any other.
//
//   each(visit)           calls visit(name, rest...) for every item
//   one(random, visit)    for one, each as likely as any other
//
// Names must stay where they are meanwhile.
// O(n), or O(size) where n is more than a third of it. Throws std::bad_alloc.
template <typename Each, typename One, typename Emit>
void sample(std::uint64_t size, std::uint64_t n, base::Random& random, Each&& each, One&& one, Emit&& emit) {
  if (n >= size / 3 + 1) {  // selection sampling: D. Knuth, The Art of Computer Programming, vol. 2, 3.4.2, algorithm S
    std::uint64_t wanted = n < size ? n : size;
    std::uint64_t left = size;
    each([&](const auto&... item) {
      if (wanted == 0 || random.below(left--) >= wanted) return;
      --wanted;
      emit(item...);
    });
    return;
  }
  tsl::robin_set<std::string_view> drawn;
  while (drawn.size() < n) {
    one(random, [&](const auto& name, const auto&... rest) {
      if (drawn.emplace(name).second) emit(name, rest...);
    });
  }
}

// The same, as those commands count: -n draws n one by one, and may draw one of them again. visit(name, rest...) until
// it answers false.
template <typename View, typename Visit>
void draw(const View& view, std::int64_t count, base::Random& random, Visit&& visit) {
  bool more = true;
  const auto emit = [&](const auto&... item) { more = more && visit(item...); };
  for (; count < 0 && more; ++count) view.random(random, emit);
  if (count <= 0) return;
  sample(
      view.size(), static_cast<std::uint64_t>(count), random, [&](const auto& show) { view.each(show); },
      [&](base::Random& its_random, const auto& show) { view.random(its_random, show); }, emit);
}

}  // namespace larder::commands
