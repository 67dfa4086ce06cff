// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Items of a collection at random, as HRANDFIELD, SRANDMEMBER and ZRANDMEMBER want them. A view shows them:
//
//   each(visit)            calls visit(name, rest...) for every item
//   random(random, visit)  for one, each as likely as any other
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tsl/robin_set.h>

#include "base/random.h"
#include "commands/collections.h"
#include "larder/items.h"
#include "larder/status.h"

namespace larder::commands {

inline Status too_many_drawn() {
  return {ErrorCode::kOutOfRange, "count is out of range: at least " + std::to_string(-kDrawnMax)};
}

// Emits n different items, or all there are: each set of n is as likely as any other. Names must stay where they are
// meanwhile. O(n), or O(size) where n is more than a third of it. Throws std::bad_alloc.
template <typename View, typename Emit>
void draw_different(const View& view, std::uint64_t n, base::Random& random, Emit&& emit) {
  const std::uint64_t size = view.size();
  if (n == 1 && size != 0) return view.random(random, emit);
  if (n >= size / 3 + 1) {  // selection sampling: D. Knuth, The Art of Computer Programming, vol. 2, 3.4.2, algorithm S
    std::uint64_t wanted = n < size ? n : size;
    std::uint64_t left = size;
    view.each([&](const auto&... item) {
      if (wanted == 0 || random.below(left--) >= wanted) return;
      --wanted;
      emit(item...);
    });
    return;
  }
  tsl::robin_set<std::string_view> drawn;
  while (drawn.size() < n) {
    view.random(random, [&](const auto& name, const auto&... rest) {
      if (drawn.emplace(name).second) emit(name, rest...);
    });
  }
}

// The same of a key, as those commands count: -n draws n one by one, and may draw one of them again. visit(name,
// rest...) until it answers false, with no lock held.
template <typename Type, typename Visit>
Status draw(keyspace::Keyspace& keyspace, std::string_view key, keyspace::Use use, std::int64_t count, Visit&& visit) {
  keyspace::Held<Type> held;
  Status status = keyspace::hold(keyspace, key, use, &held);
  if (!status.ok() || !held) return status;
  const typename Type::View view = held.view();
  base::Random random = random_for(keyspace, key);
  bool more = true;
  const auto emit = [&](const auto&... item) { more = more && visit(item...); };
  for (; count < 0 && more; ++count) view.random(random, emit);
  if (count > 0) draw_different(view, static_cast<std::uint64_t>(count), random, emit);
  return {};
}

}  // namespace larder::commands
