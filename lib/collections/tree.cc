// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "collections/tree.h"

#include <algorithm>
#include <new>

#include "base/prefetch.h"

namespace larder::collections {

// --- Looking ------------------------------------------------------------------------------------------------------------

// Begins to fetch a page, as a search in it would wait for one line after the other: an inner page, or what a leaf is
// searched by.
inline const Page* fetched(const Page* page, std::size_t lines = 16) noexcept {
  for (std::size_t line = 0; line < lines; ++line) base::prefetch(reinterpret_cast<const char*>(page) + 64 * line);
  return page;
}

template <typename Order>
std::uint64_t Tree<Order>::items_below(const Page& page) noexcept {
  if (page.level == 0) return page.count;
  std::uint64_t items = 0;
  for (unsigned i = 0; i < page.count; ++i) items += inner(&page).sizes[i];
  return items;
}

// Whether the first item below a page is this one, or before it.
template <typename Order>
bool Tree<Order>::begins_by(const Page* page, const Name& name) noexcept {
  while (page->level != 0) page = inner(page).children[0];
  const auto& leaf = *static_cast<const LeafPage*>(page);
  if (leaf.key(0) != name.key) return leaf.key(0) < name.key;
  return Order::name(leaf.item(0)) <= name.name;
}

// The last child whose items may be no greater: by the keys, without a branch; of several with this key, by the names.
template <typename Order>
unsigned Tree<Order>::Name::into(const InnerPage& inner, std::uint64_t) noexcept {
  unsigned base = 0;
  for (unsigned length = inner.count; length > 1;) {
    const unsigned half = length / 2;
    base += inner.keys[base + half] <= key ? half : 0;
    length -= half;
  }
  if (base == 0 || inner.keys[base] != key) [[likely]]
    return base;
  unsigned length = 2;  // those with this key, and the child before them
  for (; --base > 0 && inner.keys[base] == key; ++length) {
  }
  const auto prefix = Order::prefix(name);
  while (length > 1) {
    const unsigned half = length / 2;
    const auto& first = inner.prefixes[base + half];
    const bool no_greater = first == prefix ? begins_by(inner.children[base + half], *this) : first < prefix;
    base += no_greater ? half : 0;
    length -= half;
  }
  return base;
}

// The first item that is not smaller.
template <typename Order>
unsigned Tree<Order>::Name::at(const LeafPage& leaf) const noexcept {
  unsigned base = 0;
  for (unsigned length = leaf.count; length > 1;) {
    const unsigned half = length / 2;
    base += leaf.key(base + half - 1) < key ? half : 0;
    length -= half;
  }
  base += leaf.key(base) < key ? 1u : 0u;
  const auto before = [&](unsigned i) { return leaf.key(i) == key && Order::name(leaf.item(i)) < name; };
  if (base == leaf.count || !before(base)) return base;
  ++base;
  for (unsigned end = leaf.count; base < end;) {
    const unsigned middle = (base + end) / 2;
    if (before(middle)) {
      base = middle + 1;
    } else {
      end = middle;
    }
  }
  return base;
}

template <typename Order>
bool Tree<Order>::Name::found(const LeafPage& leaf, unsigned at) const noexcept {
  return at < leaf.count && leaf.key(at) == key && Order::name(leaf.item(at)) == name;
}

// Counted from the nearer end.
template <typename Order>
unsigned Tree<Order>::Rank::into(const InnerPage& inner, std::uint64_t items) noexcept {
  if (rank < items / 2) {
    unsigned child = 0;
    for (; rank >= inner.sizes[child]; ++child) rank -= inner.sizes[child];
    return child;
  }
  unsigned child = inner.count - 1u;
  std::uint64_t from_here = items - rank;
  for (; from_here > inner.sizes[child]; --child) from_here -= inner.sizes[child];
  rank = inner.sizes[child] - from_here;
  return child;
}

template <typename Order>
unsigned Tree<Order>::Rank::at(const LeafPage& leaf) const noexcept {
  return static_cast<unsigned>(std::min<std::uint64_t>(rank, leaf.count));
}

template <typename Order>
typename Tree<Order>::Cursor Tree<Order>::seek(Rank where) const noexcept {
  Cursor cursor;
  if (where.rank >= size_) return cursor;
  std::uint64_t items = size_;
  const Page* page = root_;
  while (page->level != 0) {
    const unsigned child = where.into(inner(page), items);
    items = inner(page).sizes[child];
    cursor.steps_[cursor.depth_++] = {&inner(page), child};
    page = fetched(inner(page).children[child]);
  }
  cursor.leaf_ = static_cast<const LeafPage*>(page);
  cursor.at_ = where.at(*cursor.leaf_);
  return cursor;
}

template <typename Order>
std::uint64_t Tree<Order>::rank(Name name) const noexcept {
  if (root_ == nullptr) return 0;
  std::uint64_t rank = 0;
  std::uint64_t items = size_;
  const Page* page = root_;
  while (page->level != 0) {
    const InnerPage& above = inner(page);
    const unsigned child = name.into(above, items);
    page = fetched(above.children[child]);
    if (child < above.count / 2u) {  // counted from the nearer end
      for (unsigned i = 0; i < child; ++i) rank += above.sizes[i];
    } else {
      rank += items;
      for (unsigned i = child; i < above.count; ++i) rank -= above.sizes[i];
    }
    items = above.sizes[child];
  }
  return rank + name.at(*static_cast<const LeafPage*>(page));
}

template <typename Order>
void Tree<Order>::Cursor::fetch_next_leaf(bool backwards) const noexcept {
  if (depth_ == 0) return;
  const Step& step = steps_[depth_ - 1];
  const unsigned next = step.child + (backwards ? -1u : 1u);
  if (next < step.inner->count) fetched(step.inner->children[next], 32);  // -1 is not
}

template <typename Order>
void Tree<Order>::Cursor::enter_next_leaf(bool backwards) noexcept {
  unsigned depth = depth_;
  for (; depth > 0; --depth) {
    Step& step = steps_[depth - 1];
    step.child += backwards ? -1u : 1u;
    if (step.child < step.inner->count) break;  // -1 is not
  }
  leaf_ = nullptr;
  if (depth == 0) return;
  const Page* page = steps_[depth - 1].inner->children[steps_[depth - 1].child];
  for (; page->level != 0; ++depth) {
    steps_[depth] = {&inner(page), backwards ? page->count - 1u : 0};
    page = inner(page).children[steps_[depth].child];
  }
  leaf_ = static_cast<const LeafPage*>(page);
  at_ = backwards ? leaf_->count - 1u : 0;
}

// --- Pages --------------------------------------------------------------------------------------------------------------

template <typename Order>
typename Tree<Order>::LeafPage* Tree<Order>::new_leaf(PageMemory& memory, std::size_t bytes) noexcept {
  const std::size_t capacity = block_for(bytes);
  void* block = memory.allocate(capacity);
  if (block == nullptr) return nullptr;
  auto* leaf = new (block) LeafPage;
  leaf->capacity = static_cast<std::uint16_t>(capacity);
  return leaf;
}

template <typename Order>
typename Tree<Order>::InnerPage* Tree<Order>::new_inner(PageMemory& memory, unsigned level) noexcept {
  void* block = memory.allocate(sizeof(InnerPage));
  if (block == nullptr) return nullptr;
  auto* page = new (block) InnerPage;
  page->capacity = sizeof(InnerPage);
  page->level = static_cast<std::uint8_t>(level);
  return page;
}

// The same items in a block for so many bytes.
template <typename Order>
typename Tree<Order>::LeafPage* Tree<Order>::leaf_of(PageMemory& memory, const LeafPage& other,
                                                     std::size_t bytes) noexcept {
  LeafPage* leaf = new_leaf(memory, bytes);
  if (leaf != nullptr) leaf->append(other, 0, other.count);
  return leaf;
}

// Makes the page in this place one that may be written: itself, or a copy.
template <typename Order>
Page* Tree<Order>::own(PageMemory& memory, Page*& slot) noexcept {
  Page* page = slot;
  if (!page->shared()) [[likely]]
    return page;
  if (page->level == 0) {
    auto& leaf = *static_cast<LeafPage*>(page);
    LeafPage* copy = leaf_of(memory, leaf, leaf.used());
    if (copy == nullptr) return nullptr;
    copy->acquire_blobs();
    slot = copy;
  } else {
    InnerPage* copy = new_inner(memory, page->level);
    if (copy == nullptr) return nullptr;
    copy->append(inner(page), 0, page->count);
    for (unsigned i = 0; i < copy->count; ++i) copy->children[i]->acquire();
    slot = copy;
  }
  memory.leave(page->capacity);
  release(memory, page);
  return slot;
}

template <typename Order>
void Tree<Order>::release(PageMemory& memory, Page* page) noexcept {
  if (!page->let_go()) return;
  if (page->level == 0) {
    static_cast<LeafPage*>(page)->release_blobs();
  } else {
    for (unsigned i = 0; i < page->count; ++i) release(memory, inner(page).children[i]);
  }
  memory.free(page, page->capacity);
}

template <typename Order>
Tree<Order> Tree<Order>::share() const noexcept {
  if (root_ != nullptr) root_->acquire();
  return *this;
}

template <typename Order>
void Tree<Order>::release(PageMemory& memory) noexcept {
  if (root_ != nullptr) release(memory, root_);
  root_ = nullptr;
  size_ = 0;
}

// --- Editing ------------------------------------------------------------------------------------------------------------

// Down to the leaf, whose pages may be written then. `grows`: and none above it is full.
template <typename Order>
template <typename Where>
bool Tree<Order>::descend(PageMemory& memory, Where where, bool grows, Way& way) noexcept {
  Page** slot = &root_;
  std::uint64_t items = size_;  // below the page in this slot
  Where above = where;          // as it entered the page above
  std::uint64_t items_above = items;
  for (;;) {
    Page* page = own(memory, *slot);
    if (page == nullptr) return false;
    if (page->level == 0) {
      way.leaf = static_cast<LeafPage*>(page);
      way.at = where.at(*way.leaf);
      return true;
    }
    if (grows && inner(page).full()) {
      if (way.depth == 0) {
        if (!add_root(memory)) return false;
        way.steps[way.depth++] = {&inner(root_), 0};
      }
      if (!split_inner(memory, way.last())) return false;
      where = above;
      auto& last = way.last();
      last.child = where.into(*last.inner, items_above);
      items = last.inner->sizes[last.child];
      page = slot_of(way);
    }
    above = where;
    items_above = items;
    const unsigned child = where.into(inner(page), items);
    way.steps[way.depth++] = {&inner(page), child};
    slot = &inner(page).children[child];
    items = inner(page).sizes[child];
    fetched(*slot);
  }
}

template <typename Order>
bool Tree<Order>::add_root(PageMemory& memory) noexcept {
  InnerPage* root = new_inner(memory, root_->level + 1u);
  if (root == nullptr) return false;
  root->insert(0, root_, size_, {});
  root_ = root;
  return true;
}

template <typename Order>
bool Tree<Order>::split_inner(PageMemory& memory, typename Way::Step& step) noexcept {
  InnerPage& parent = *step.inner;
  InnerPage& left = inner(parent.children[step.child]);
  InnerPage* right = new_inner(memory, left.level);
  if (right == nullptr) return false;
  const unsigned half = left.count / 2;
  right->append(left, half, left.count);
  left.count = static_cast<std::uint16_t>(half);
  parent.sizes[step.child] = static_cast<std::uint32_t>(items_below(left));
  parent.insert(step.child + 1, right, items_below(*right), right->separator(0));
  return true;
}

template <typename Order>
template <typename Where>
Placed Tree<Order>::insert(PageMemory& memory, Where where, const Key& key, std::size_t item_bytes,
                           bool is_blob) noexcept {
  Way way;
  if (root_ == nullptr) {
    root_ = way.leaf = new_leaf(memory, LeafPage::bytes_for(1, item_bytes));
    if (root_ == nullptr) return {Edited::kNoMemory};
    size_ = 1;
    return {Edited::kDone, way.leaf->insert(0, key, item_bytes, is_blob)};
  }
  if (!descend(memory, where, true, way)) return {Edited::kNoMemory};
  const LeafPage& leaf = *way.leaf;
  if (Order::kSorted && where.found(leaf, way.at)) return {Edited::kNothing};
  const std::size_t more = LeafPage::kSlotBytes + item_bytes;
  if (leaf.used() + more > Order::kLeafBytesMax) {
    // Where others follow it is no end: each item of a descending run would get a leaf of its own.
    const bool is_last = way.depth == 0 || way.last().child + 1u == way.last().inner->count;
    const bool at_end = way.at == 0 || (way.at == leaf.count && is_last);
    const unsigned middle = at_end ? way.at : middle_of(leaf);
    const Separator entering = where.separator();
    if (!split(memory, way, middle, way.at <= middle && way.at != leaf.count, more, &entering)) {
      return {Edited::kNoMemory};
    }
  } else if (leaf.used() + more > leaf.capacity && !enlarge(memory, way, leaf.used() + more)) {
    return {Edited::kNoMemory};
  }
  ++size_;
  for (unsigned i = 0; i < way.depth; ++i) ++way.steps[i].inner->sizes[way.steps[i].child];
  return {Edited::kDone, way.leaf->insert(way.at, key, item_bytes, is_blob)};
}

template <typename Order>
template <typename Where>
Placed Tree<Order>::replace(PageMemory& memory, Where where, std::size_t item_bytes, bool is_blob) noexcept {
  Way way;
  if (root_ == nullptr) return {Edited::kNothing};
  if (!descend(memory, where, true, way)) return {Edited::kNoMemory};
  const LeafPage& leaf = *way.leaf;
  if (!where.found(leaf, way.at)) return {Edited::kNothing};
  const std::size_t bytes = leaf.used() - leaf.stored(way.at).size() + item_bytes;
  if (bytes > Order::kLeafBytesMax) {
    const unsigned middle = middle_of(leaf);
    if (!split(memory, way, middle, way.at < middle, item_bytes, nullptr)) return {Edited::kNoMemory};
  } else if (bytes > leaf.capacity && !enlarge(memory, way, bytes)) {
    return {Edited::kNoMemory};
  }
  if (way.leaf->is_blob(way.at)) memory.drop(way.leaf->blob(way.at));
  return {Edited::kDone, way.leaf->resize(way.at, item_bytes, is_blob)};
}

// Another block, of so many bytes, for the leaf: a larger or a smaller one.
template <typename Order>
bool Tree<Order>::enlarge(PageMemory& memory, Way& way, std::size_t bytes) noexcept {
  LeafPage* leaf = leaf_of(memory, *way.leaf, bytes);
  if (leaf == nullptr) return false;
  memory.free(way.leaf, way.leaf->capacity);
  slot_of(way) = way.leaf = leaf;
  return true;
}

// Parts a leaf; the place that the way leads to goes left or right, and has so much more room there. `entering`: what
// comes into that place, if it is a new one.
template <typename Order>
bool Tree<Order>::split(PageMemory& memory, Way& way, unsigned middle, bool goes_left, std::size_t more,
                        const Separator* entering) noexcept {
  LeafPage& old = *way.leaf;
  if (way.depth == 0) {
    if (!add_root(memory)) return false;
    way.steps[way.depth++] = {&inner(root_), 0};
  }
  const std::size_t left_bytes = old.begin(middle);
  LeafPage* left = new_leaf(memory, LeafPage::bytes_for(middle, left_bytes) + (goes_left ? more : 0));
  if (left == nullptr) return false;
  LeafPage* right =
      new_leaf(memory, LeafPage::bytes_for(old.count - middle, old.bytes - left_bytes) + (goes_left ? 0 : more));
  if (right == nullptr) {
    memory.free(left, left->capacity);
    return false;
  }
  left->append(old, 0, middle);
  right->append(old, middle, old.count);
  memory.free(&old, old.capacity);
  auto& step = way.last();
  const bool enters_last = entering != nullptr && goes_left && way.at == middle;
  const Separator last = enters_last ? *entering : separator_of(*left, left->count - 1u);
  const Separator first = right->count == 0 ? *entering : separator_of(*right, 0);
  step.inner->children[step.child] = left;
  step.inner->sizes[step.child] = left->count;
  // Between two keys no name matters: a search for one that stands anywhere among those of the second is no tie.
  step.inner->insert(step.child + 1, right, right->count, last.key < first.key ? Separator{first.key, {}} : first);
  way.leaf = left;
  if (goes_left) return true;
  way.leaf = right;
  way.at -= middle;
  ++step.child;
  return true;
}

template <typename Order>
typename Tree<Order>::Separator Tree<Order>::separator_of(const LeafPage& leaf, unsigned i) noexcept {
  return {leaf.key(i), Order::prefix(Order::name(leaf.item(i)))};
}

// Of its bytes. REQUIRES: at least two items.
template <typename Order>
unsigned Tree<Order>::middle_of(const LeafPage& leaf) noexcept {
  unsigned middle = 1;
  while (middle + 1u < leaf.count && leaf.end(middle - 1) < leaf.bytes / 2u) ++middle;
  return middle;
}

template <typename Order>
template <typename Where>
Edited Tree<Order>::erase(PageMemory& memory, Where where) noexcept {
  Way way;
  if (root_ == nullptr) return Edited::kNothing;
  if (!descend(memory, where, false, way)) return Edited::kNoMemory;
  if (!where.found(*way.leaf, way.at)) return Edited::kNothing;
  if (way.leaf->is_blob(way.at)) memory.drop(way.leaf->blob(way.at));
  way.leaf->erase(way.at);
  --size_;
  for (unsigned i = 0; i < way.depth; ++i) --way.steps[i].inner->sizes[way.steps[i].child];
  tidy(memory, way);
  return Edited::kDone;
}

// --- Tidying up: what finds no memory for it stays as it is -------------------------------------------------------------

// An item of the leaf has gone.
template <typename Order>
void Tree<Order>::tidy(PageMemory& memory, Way& way) noexcept {
  const LeafPage& leaf = *way.leaf;
  const std::size_t used = leaf.used();
  if (leaf.count == 0) {
    memory.free(way.leaf, leaf.capacity);
    if (way.depth == 0) {
      root_ = nullptr;
      return;
    }
    way.last().inner->erase(way.last().child);
    tidy_above(memory, way);
  } else if (used <= Order::kLeafBytesMax / 4 && way.depth != 0 && join_leaf(memory, way.last())) {
    tidy_above(memory, way);
  } else if (block_for(used) <= leaf.capacity * 3u / 4) {
    enlarge(memory, way, used);
  }
}

// A page has lost a child.
template <typename Order>
void Tree<Order>::tidy_above(PageMemory& memory, Way& way) noexcept {
  for (; way.depth > 1; --way.depth) {
    InnerPage& page = *way.last().inner;
    auto& above = way.steps[way.depth - 2];
    if (page.count == 0) {
      memory.free(&page, page.capacity);
      above.inner->erase(above.child);
    } else if (page.count > InnerPage::kFanout / 4 || !join_inner(memory, above)) {
      break;
    }
  }
  lower_root(memory);
}

template <typename Order>
void Tree<Order>::lower_root(PageMemory& memory) noexcept {
  while (root_ != nullptr && root_->level != 0 && root_->count <= 1 && !root_->shared()) {
    Page* const old = root_;
    root_ = old->count == 0 ? nullptr : inner(old).children[0];
    memory.free(old, old->capacity);
  }
}

// With the one behind it, or before it.
template <typename Order>
bool Tree<Order>::join_leaf(PageMemory& memory, typename Way::Step& step) noexcept {
  InnerPage& parent = *step.inner;
  for (const unsigned left : {step.child, step.child - 1}) {
    if (left >= parent.count - 1u) continue;  // -1, too
    auto& one = *static_cast<LeafPage*>(parent.children[left]);
    auto& other = *static_cast<LeafPage*>(parent.children[left + 1]);
    const std::size_t bytes =
        LeafPage::bytes_for(one.count + std::size_t{other.count}, std::size_t{one.bytes} + other.bytes);
    if (bytes > Order::kLeafBytesMax * 3 / 4) continue;
    LeafPage* joined = leaf_of(memory, one, bytes);
    if (joined == nullptr) return false;
    joined->append(other, 0, other.count);
    joined->acquire_blobs();
    for (LeafPage* leaf : {&one, &other}) {
      if (leaf->shared()) memory.leave(leaf->capacity);
      release(memory, leaf);
    }
    parent.children[left] = joined;
    parent.sizes[left] = joined->count;
    parent.erase(left + 1);
    return true;
  }
  return false;
}

template <typename Order>
bool Tree<Order>::join_inner(PageMemory& memory, typename Way::Step& step) noexcept {
  InnerPage& parent = *step.inner;
  for (const unsigned left : {step.child, step.child - 1}) {
    if (left >= parent.count - 1u) continue;  // -1, too
    if (parent.children[left]->count + parent.children[left + 1]->count > InnerPage::kFanout * 3 / 4) continue;
    if (own(memory, parent.children[left]) == nullptr) return false;
    if (own(memory, parent.children[left + 1]) == nullptr) return false;
    InnerPage& one = inner(parent.children[left]);
    InnerPage& other = inner(parent.children[left + 1]);
    other.set_separator(0, parent.separator(left + 1));
    one.append(other, 0, other.count);
    parent.sizes[left] += parent.sizes[left + 1];
    memory.free(&other, other.capacity);
    parent.erase(left + 1);
    return true;
  }
  return false;
}

// --- Ranges -------------------------------------------------------------------------------------------------------------

template <typename Order>
Edited Tree<Order>::erase_range(PageMemory& memory, std::uint64_t from, std::uint64_t to) noexcept {
  to = std::min(to, size_);
  if (from >= to) return Edited::kNothing;
  if (from == 0 && to == size_) {
    release(memory);
    return Edited::kDone;
  }
  const bool done = erase_below(memory, root_, from, to);
  size_ = items_below(*root_);
  lower_root(memory);
  return done ? Edited::kDone : Edited::kNoMemory;
}

// REQUIRES: there are others below it.
template <typename Order>
bool Tree<Order>::erase_below(PageMemory& memory, Page*& slot, std::uint64_t from, std::uint64_t to) noexcept {
  if (own(memory, slot) == nullptr) return false;
  if (slot->level == 0) {
    auto& leaf = *static_cast<LeafPage*>(slot);
    const auto first = static_cast<unsigned>(from);
    const auto last = static_cast<unsigned>(to);
    for (unsigned i = first; i < last && leaf.has_blobs; ++i) {
      if (leaf.is_blob(i)) memory.drop(leaf.blob(i));
    }
    leaf.erase(first, last);
    return true;
  }
  InnerPage& page = inner(slot);
  bool done = true;
  std::uint64_t end = items_below(page);
  for (unsigned i = page.count; i-- > 0 && done;) {
    const std::uint64_t begin = end - page.sizes[i];
    const std::uint64_t first = std::max(begin, from);
    const std::uint64_t last = std::min(end, to);
    if (first == begin && last == end) {
      memory.leave_charged(charge_about(memory.account(), *page.children[i]));
      release(memory, page.children[i]);
      page.erase(i);
    } else if (first < last) {
      done = erase_below(memory, page.children[i], first - begin, last - begin);
      page.sizes[i] = static_cast<std::uint32_t>(items_below(*page.children[i]));
    }
    end = begin;
  }
  return done;
}

// --- Checking -----------------------------------------------------------------------------------------------------------

template <typename Order>
const char* Tree<Order>::check() const noexcept {
  if (size_ != (root_ == nullptr ? 0 : items_below(*root_))) return "tree: the number of items is wrong";
  const LeafPage* last = nullptr;
  return root_ == nullptr ? nullptr : check(*root_, &last);
}

template <typename Order>
const char* Tree<Order>::check(const Page& page, const LeafPage** last) noexcept {
  if (page.count == 0) return "tree: an empty page";
  if (page.level != 0) {
    for (unsigned i = 0; i < page.count; ++i) {
      const Page& child = *inner(&page).children[i];
      if (child.level + 1 != page.level) return "tree: leaves are not equally deep";
      if (items_below(child) != inner(&page).sizes[i]) return "tree: the number of items below a page is wrong";
      const LeafPage* const before = *last;
      if (const char* wrong = check(child, last)) return wrong;
      if (Order::kSorted && i > 0 && !separates(inner(&page).separator(i), *before, child)) {
        return "tree: a separator is not between what it separates";
      }
    }
    return nullptr;
  }
  const auto& leaf = static_cast<const LeafPage&>(page);
  if (leaf.used() > leaf.capacity || leaf.end(leaf.count - 1u) != leaf.bytes) return "tree: a leaf's bytes are wrong";
  if constexpr (Order::kSorted) {
    for (unsigned i = 0; i < leaf.count; ++i) {
      const LeafPage* before = i == 0 ? *last : &leaf;
      if (before == nullptr) continue;
      const unsigned at = (i == 0 ? before->count : i) - 1u;
      const Name name{leaf.key(i), Order::name(leaf.item(i))};
      if (before->key(at) > name.key) return "tree: keys are not in order";
      if (before->key(at) == name.key && Order::name(before->item(at)) >= name.name) {
        return "tree: names are not in order";
      }
    }
  }
  *last = &leaf;
  return nullptr;
}

template <typename Order>
bool Tree<Order>::separates(const Separator& separator, const LeafPage& before, const Page& child) noexcept {
  const Page* first = &child;
  while (first->level != 0) first = inner(first).children[0];
  const auto is_less = [](const Separator& a, const Separator& b) {
    return a.key < b.key || (a.key == b.key && a.prefix < b.prefix);
  };
  return !is_less(separator, separator_of(before, before.count - 1u)) &&
         !is_less(separator_of(*static_cast<const LeafPage*>(first), 0), separator);
}

template <typename Order>
std::int64_t Tree<Order>::charge(const memory::Account& account) const noexcept {
  return root_ == nullptr ? 0 : charge(account, *root_);
}

template <typename Order>
std::int64_t Tree<Order>::charge(const memory::Account& account, const Page& page) noexcept {
  auto charge = static_cast<std::int64_t>(account.charge(page.capacity));
  for (unsigned i = 0; page.level != 0 && i < page.count; ++i)
    charge += Tree::charge(account, *inner(&page).children[i]);
  return charge;
}

// What goes with a page beside the pages that are freed: blobs, and all that other versions have, too. That is counted
// as if all leaves were like the first, and a leaf's blobs as if they were equally large.
template <typename Order>
std::int64_t Tree<Order>::charge_about(const memory::Account& account, const Page& page) noexcept {
  const bool shared = page.shared();
  if (page.level != 0 && !shared) {
    std::int64_t charge = 0;
    for (unsigned i = 0; i < page.count; ++i) charge += charge_about(account, *inner(&page).children[i]);
    return charge;
  }
  const Page* first = &page;
  while (first->level != 0) first = inner(first).children[0];
  const auto& leaf = *static_cast<const LeafPage*>(first);
  const auto items = static_cast<std::int64_t>(items_below(page));
  std::int64_t charge = 0;
  if (shared) {
    charge = std::max<std::int64_t>(items / leaf.count, 1) * static_cast<std::int64_t>(account.charge(leaf.capacity));
  }
  if (!leaf.has_blobs) return charge;
  std::int64_t blobs = 0;
  std::int64_t one = 0;  // the charge of the first of them stands for all
  for (unsigned i = 0; i < leaf.count; ++i) {
    if (leaf.is_blob(i) && ++blobs == 1) one = static_cast<std::int64_t>(leaf.blob(i)->charge());
  }
  return charge + items * blobs / leaf.count * one;
}

// --- The trees there are ------------------------------------------------------------------------------------------------

template class Tree<Sequence>;
template Placed Tree<Sequence>::insert(PageMemory&, Rank, const Key&, std::size_t, bool) noexcept;
template Placed Tree<Sequence>::replace(PageMemory&, Rank, std::size_t, bool) noexcept;
template Edited Tree<Sequence>::erase(PageMemory&, Rank) noexcept;

template class Tree<ByScore>;
template bool Tree<ByScore>::descend(PageMemory&, Name, bool, Way&) noexcept;
template Placed Tree<ByScore>::insert(PageMemory&, Name, const Key&, std::size_t, bool) noexcept;
template Edited Tree<ByScore>::erase(PageMemory&, Name) noexcept;
template Edited Tree<ByScore>::erase(PageMemory&, Rank) noexcept;

}  // namespace larder::collections
