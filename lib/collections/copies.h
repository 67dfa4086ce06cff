// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Copies of many items of a tree or a table as one answer. Those of a leaf stand side by side: their bytes are copied
// at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/hold_work.h"
#include "collections/orders.h"
#include "collections/packed.h"
#include "collections/page.h"
#include "collections/table.h"
#include "collections/tree.h"
#include "larder/score_list.h"

namespace larder::collections {

inline constexpr std::uint64_t kReservedMax = 1 << 20;  // bytes, where not all may be needed

template <typename Key>
void push(ItemList& to, std::string_view item, const Key&) {
  to.push_back(item);
}
inline void push(ScoredMembers& to, std::string_view item, double score) { to.push_back({item, score}); }

template <typename PlaceOf, typename KeyOf>
void append(ItemList& to, std::string_view block, unsigned items, PlaceOf&& place, KeyOf&&) {
  to.append(block, items, place);
}
template <typename PlaceOf, typename KeyOf>
void append(ScoredMembers& to, std::string_view block, unsigned items, PlaceOf&& place, KeyOf&& score) {
  to.append(block, items, place, score);
}

// `n` items of a leaf from one on, in their order or backwards.
template <typename Key, typename List>
void copy_items(const Leaf<Key>& leaf, unsigned first, unsigned n, bool backwards, List& to) {
  const auto number = [=](std::size_t i) {
    return backwards ? first - static_cast<unsigned>(i) : first + static_cast<unsigned>(i);
  };
  const auto key = [&](std::size_t i) { return leaf.key(number(i)); };
  if (leaf.has_blobs) {
    for (unsigned i = 0; i < n; ++i) push(to, leaf.item(number(i)), key(i));
    return;
  }
  const unsigned from = std::min(number(0), number(n - 1));
  const std::size_t end = leaf.end(from + n - 1);
  const auto place = [&](std::size_t i) {
    const unsigned item = number(i);
    return ItemList::Place{end - leaf.end(item), leaf.end(item) - leaf.begin(item)};
  };
  append(to, leaf.stored(from, from + n), n, place, key);
}

// Up to `count` items from a rank on, which counts from the last if they are copied backwards. False: they have more
// bytes than that, and some of them may have been copied. Throws std::bad_alloc.
template <typename Order, typename List>
bool copy_items(const Tree<Order>& tree, std::uint64_t first, std::uint64_t count, bool backwards,
                std::uint64_t bytes_max, List& to) {
  using LeafPage = typename Tree<Order>::LeafPage;
  const std::uint64_t size = tree.size();
  if (first >= size) return true;
  count = std::min(count, size - first);
  std::uint64_t bytes = 0;
  tree.each_leaf(backwards ? size - 1 - first : first, count, backwards,
                 [&](const LeafPage& leaf, unsigned at, unsigned n) {
                   const unsigned from = backwards ? at + 1 - n : at;
                   std::uint64_t here = leaf.has_blobs ? 0 : leaf.stored(from, from + n).size();
                   for (unsigned i = from; i < from + n && leaf.has_blobs; ++i) here += leaf.item(i).size();
                   bytes += here;
                   if (bytes > bytes_max) return false;
                   base::count_bytes(here);
                   // The others are taken to be about as long.
                   if (to.empty()) to.reserve(count, std::min({here * count / n, bytes_max, kReservedMax}));
                   copy_items(leaf, at, n, backwards, to);
                   return true;
                 });
  return bytes <= bytes_max;
}

// All members of a table. Throws std::bad_alloc.
inline void copy_items(const Table<Member>& table, ItemList& to) {
  to.reserve(table.size(), table.bytes());
  std::uint64_t cursor = 0;
  do {
    cursor = table.walk_leaves(cursor, [&](const Table<Member>::LeafPage& leaf) {
      if (leaf.count > 0) copy_items(leaf, 0, leaf.count, false, to);
    });
  } while (cursor != 0);
}

// Room for all items of a small one. False: they may have more bytes than that. Throws std::bad_alloc.
template <typename List>
bool reserve_for(const Packed& small, std::uint64_t bytes_max, List& to) {
  const std::size_t bytes = small.bytes().size();
  if (bytes > bytes_max) return false;
  base::count_bytes(bytes);
  to.reserve(small.count(), bytes);
  return true;
}

}  // namespace larder::collections
