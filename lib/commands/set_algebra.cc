// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "commands/set_algebra.h"

#include <algorithm>
#include <vector>

#include <tsl/robin_set.h>

namespace larder::commands {

using collections::SetView;

namespace {

// Members, where they stand in their sets.
using Members = tsl::robin_set<std::string_view>;

std::vector<SetView> by_size(std::span<const SetView> sets, bool larger_first) {
  std::vector<SetView> sorted(sets.begin(), sets.end());
  std::stable_sort(sorted.begin(), sorted.end(), [&](const SetView& a, const SetView& b) {
    return larger_first ? a.size() > b.size() : a.size() < b.size();
  });
  return sorted;
}

// Calls visit(member) for each until it answers false; false: it did.
template <typename Visit>
bool walk_all(const SetView& set, Visit&& visit) {
  std::uint64_t cursor = 0;
  bool more = true;
  do cursor = set.walk(cursor, [&](std::string_view member) { more = more && visit(member); });
  while (more && cursor != 0);
  return more;
}

void subtract_by_look_up(const base::KeyHash& hash, const SetView& first, std::span<const SetView> others,
                         ShowMember show) {
  const std::vector<SetView> sorted = by_size(others, true);
  walk_all(first, [&](std::string_view member) {
    const auto has = [&](const SetView& other) { return other.contains(hash, member); };
    return std::any_of(sorted.begin(), sorted.end(), has) || show(member);
  });
}

void subtract_by_removal(const SetView& first, std::span<const SetView> others, ShowMember show) {
  Members left;
  left.reserve(first.size());
  walk_all(first, [&](std::string_view member) { return left.insert(member).second; });
  for (const SetView& other : others) {
    walk_all(other, [&](std::string_view member) {
      left.erase(member);
      return !left.empty();
    });
  }
  for (const std::string_view member : left) {
    if (!show(member)) return;
  }
}

}  // namespace

void show_all(const SetView& set, ShowMember show) { walk_all(set, show); }

void intersect(const base::KeyHash& hash, std::span<const SetView> sets, ShowMember show) {
  const std::vector<SetView> sorted = by_size(sets, false);
  walk_all(sorted.front(), [&](std::string_view member) {
    const auto has = [&](const SetView& other) { return other.contains(hash, member); };
    return !std::all_of(sorted.begin() + 1, sorted.end(), has) || show(member);
  });
}

void unite(const base::KeyHash& hash, std::span<const SetView> sets, ShowMember show) {
  const std::vector<SetView> sorted = by_size(sets, true);
  const SetView& largest = sorted.front();
  if (!walk_all(largest, show)) return;
  Members shown;  // of the others
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const bool more = walk_all(sorted[i], [&](std::string_view member) {
      if (largest.contains(hash, member)) return true;
      const bool is_new = sorted.size() == 2 || shown.insert(member).second;
      return !is_new || show(member);
    });
    if (!more) return;
  }
}

void subtract(const base::KeyHash& hash, std::span<const SetView> sets, ShowMember show) {
  const SetView& first = sets.front();
  const std::span<const SetView> others = sets.subspan(1);
  if (first.size() == 0) return;
  std::uint64_t all = 0;
  for (const SetView& set : sets) all += set.size();
  // A look-up often answers at one of the first sets.
  if (first.size() * sets.size() / 2 <= all) return subtract_by_look_up(hash, first, others, show);
  subtract_by_removal(first, others, show);
}

}  // namespace larder::commands
