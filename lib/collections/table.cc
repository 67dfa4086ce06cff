// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "collections/table.h"

#include <algorithm>
#include <new>

namespace larder::collections {

// --- Pages --------------------------------------------------------------------------------------------------------------

template <typename Item>
typename Table<Item>::LeafPage* Table<Item>::new_leaf(PageMemory& memory, std::size_t bytes) noexcept {
  const std::size_t capacity = block_for(bytes);
  void* block = memory.allocate(capacity);
  if (block == nullptr) return nullptr;
  auto* leaf = new (block) LeafPage;
  leaf->capacity = static_cast<std::uint16_t>(capacity);
  return leaf;
}

template <typename Item>
typename Table<Item>::LeafPage* Table<Item>::leaf_of(PageMemory& memory, const LeafPage& other,
                                                     std::size_t bytes) noexcept {
  LeafPage* leaf = new_leaf(memory, bytes);
  if (leaf != nullptr) leaf->append(other, 0, other.count);
  return leaf;
}

template <typename Item>
typename Table<Item>::Branch* Table<Item>::new_branch(PageMemory& memory, unsigned level) noexcept {
  void* block = memory.allocate(sizeof(Branch));
  if (block == nullptr) return nullptr;
  auto* page = new (block) Branch;
  page->capacity = sizeof(Branch);
  page->level = static_cast<std::uint8_t>(level);
  std::fill(std::begin(page->children), std::end(page->children), nullptr);
  return page;
}

// Makes the page in this place one that may be written: itself, or a copy. REQUIRES: there is one.
template <typename Item>
bool Table<Item>::own(PageMemory& memory, Page*& slot) noexcept {
  Page* page = slot;
  if (!page->shared()) [[likely]]
    return true;
  if (page->level == 0) {
    const auto& leaf = *static_cast<const LeafPage*>(page);
    LeafPage* copy = leaf_of(memory, leaf, leaf.used());
    if (copy == nullptr) return false;
    copy->acquire_blobs();
    slot = copy;
  } else {
    Branch* copy = new_branch(memory, page->level);
    if (copy == nullptr) return false;
    for (unsigned i = 0; i < kFanout; ++i) {
      copy->children[i] = branch(page).children[i];
      if (copy->children[i] != nullptr) copy->children[i]->acquire();
    }
    slot = copy;
  }
  memory.leave(page->capacity);
  release(memory, page);
  return true;
}

template <typename Item>
void Table<Item>::release(PageMemory& memory, Page* page) noexcept {
  if (!page->let_go()) return;
  if (page->level == 0) {
    static_cast<LeafPage*>(page)->release_blobs();
  } else {
    for (Page* child : branch(page).children) {
      if (child != nullptr) release(memory, child);
    }
  }
  memory.free(page, page->capacity);
}

template <typename Item>
void Table<Item>::release(PageMemory& memory) noexcept {
  if (root_ != nullptr) release(memory, root_);
  *this = Table();
}

template <typename Item>
bool Table<Item>::start(PageMemory& memory, std::uint64_t hash) noexcept {
  root_ = new_branch(memory, 1);
  if (root_ == nullptr) return false;
  numbers_.set_buckets(1);
  salt_ = hash | 1;
  return true;
}

// The place of a bucket, with all that is on the way to it. Null: no memory.
template <typename Item>
Page** Table<Item>::own_slot(PageMemory& memory, std::uint64_t number) noexcept {
  Page** slot = &root_;
  for (unsigned level = root_->level; level > 0; --level) {
    if (*slot == nullptr) *slot = new_branch(memory, level);
    if (*slot == nullptr || !own(memory, *slot)) return nullptr;
    slot = &branch(*slot).children[digit(number, level)];
  }
  if (*slot != nullptr && !own(memory, *slot)) return nullptr;
  return slot;
}

// --- Editing ------------------------------------------------------------------------------------------------------------

template <typename Item>
Placed Table<Item>::put(PageMemory& memory, const base::KeyHash& hash_of, std::uint64_t hash, std::string_view name,
                        std::size_t item_bytes, bool is_blob) noexcept {
  if (root_ == nullptr && !start(memory, hash)) return {Edited::kNoMemory};
  // Before the item: where it stands is told to the caller.
  if (bytes_ > numbers_.buckets() * kMeanBytes) grow(memory, hash_of);
  Page** slot = own_slot(memory, number_of(hash));
  if (slot == nullptr) return {Edited::kNoMemory};
  const auto* leaf = static_cast<const LeafPage*>(*slot);
  const unsigned at = leaf == nullptr ? 0 : find_in(*leaf, hash, name);
  const Placed placed = place(memory, *slot, at, hash, item_bytes, is_blob);
  if (size_ == 0) release(memory);  // an empty one has no pages
  return placed;
}

// At the end of a bucket, or in place of an item.
template <typename Item>
Placed Table<Item>::place(PageMemory& memory, Page*& slot, unsigned at, std::uint64_t hash, std::size_t item_bytes,
                          bool is_blob) noexcept {
  auto* leaf = static_cast<LeafPage*>(slot);
  const bool is_new = leaf == nullptr || at == leaf->count;
  const std::size_t before = is_new ? 0 : leaf->stored(at).size();
  const std::size_t used = leaf == nullptr ? LeafPage::bytes_for(0, 0) : leaf->used();
  const std::size_t bytes = used - before + item_bytes + (is_new ? LeafPage::kSlotBytes : 0);
  if (leaf == nullptr || bytes > leaf->capacity) {
    if (bytes > LeafPage::kBytesMax) return {Edited::kNoMemory};
    LeafPage* larger = leaf == nullptr ? new_leaf(memory, bytes) : leaf_of(memory, *leaf, bytes);
    if (larger == nullptr) return {Edited::kNoMemory};
    if (leaf != nullptr) memory.free(leaf, leaf->capacity);
    slot = leaf = larger;
  }
  bytes_ += bytes - used;
  if (is_new) {
    ++size_;
    count_highest_ = std::max(count_highest_, leaf->count + 1u);
    return {Edited::kDone, leaf->insert(at, tag_of(hash), item_bytes, is_blob)};
  }
  if (leaf->is_blob(at)) memory.drop(leaf->blob(at));
  return {Edited::kNothing, leaf->resize(at, item_bytes, is_blob)};
}

template <typename Item>
Edited Table<Item>::erase(PageMemory& memory, std::uint64_t hash, std::string_view name) noexcept {
  if (size_ == 0) return Edited::kNothing;
  Page** slot = own_slot(memory, number_of(hash));
  if (slot == nullptr) return Edited::kNoMemory;
  auto* leaf = static_cast<LeafPage*>(*slot);
  const unsigned at = leaf == nullptr ? 0 : find_in(*leaf, hash, name);
  if (leaf == nullptr || at == leaf->count) return Edited::kNothing;
  if (leaf->is_blob(at)) memory.drop(leaf->blob(at));
  bytes_ -= leaf->stored(at).size() + LeafPage::kSlotBytes;
  leaf->erase(at);
  --size_;
  if (leaf->count == 0) {
    memory.free(leaf, leaf->capacity);
    *slot = nullptr;
  } else if (block_for(leaf->used()) <= leaf->capacity * 3u / 4) {
    if (LeafPage* smaller = leaf_of(memory, *leaf, leaf->used()); smaller != nullptr) {
      memory.free(leaf, leaf->capacity);
      *slot = smaller;
    }
  }
  if (size_ == 0) {
    release(memory);
  } else if (numbers_.buckets() > 1 && bytes_ < numbers_.buckets() * kMeanBytes / 2) {
    shrink(memory);
  }
  return Edited::kDone;
}

// --- Growing and shrinking: what finds no memory for it is done another time --------------------------------------------

// A place for one more bucket.
template <typename Item>
bool Table<Item>::add_slot(PageMemory& memory) noexcept {
  const std::uint64_t number = numbers_.buckets();
  if (number == buckets_of_root()) {
    Branch* root = new_branch(memory, root_->level + 1u);
    if (root == nullptr) return false;
    root->children[0] = root_;
    root_ = root;
  }
  return own_slot(memory, number) != nullptr;
}

// Parts the bucket whose turn it is.
template <typename Item>
void Table<Item>::grow(PageMemory& memory, const base::KeyHash& hash_of) noexcept {
  const std::uint64_t number = numbers_.buckets();
  const std::uint64_t from = base::LinearHashing::partner_of(number);
  if (!add_slot(memory)) return;
  Page** source = own_slot(memory, from);
  if (source == nullptr) return;
  base::LinearHashing grown = numbers_;
  grown.set_buckets(number + 1);
  auto* leaf = static_cast<LeafPage*>(*source);
  if (leaf == nullptr) {
    numbers_ = grown;
    return;
  }
  const auto goes = [&](unsigned i) { return bucket_in(grown, hash_of(Item::name(leaf->item(i)))) == number; };
  std::size_t bytes = 0;
  unsigned count = 0;
  for (unsigned i = 0; i < leaf->count; ++i) {
    base::count_entry();
    if (!goes(i)) continue;
    bytes += leaf->stored(i).size();
    ++count;
  }
  const unsigned stay = leaf->count - count;
  LeafPage* first = stay == 0 ? nullptr : new_leaf(memory, LeafPage::bytes_for(stay, leaf->bytes - bytes));
  LeafPage* second = count == 0 ? nullptr : new_leaf(memory, LeafPage::bytes_for(count, bytes));
  if ((stay != 0 && first == nullptr) || (count != 0 && second == nullptr)) {
    if (first != nullptr) memory.free(first, first->capacity);
    if (second != nullptr) memory.free(second, second->capacity);
    return;
  }
  for (unsigned i = 0; i < leaf->count; ++i) (goes(i) ? second : first)->append(*leaf, i, i + 1);
  memory.free(leaf, leaf->capacity);
  *source = first;
  *own_slot(memory, number) = second;  // which was had before
  numbers_ = grown;
}

// Joins the last bucket with the one that it was parted from.
template <typename Item>
void Table<Item>::shrink(PageMemory& memory) noexcept {
  const std::uint64_t number = numbers_.buckets() - 1;
  Page** last = own_slot(memory, number);
  Page** target = last == nullptr ? nullptr : own_slot(memory, base::LinearHashing::partner_of(number));
  if (target == nullptr) return;
  auto* leaf = static_cast<LeafPage*>(*last);
  auto* other = static_cast<LeafPage*>(*target);
  if (leaf != nullptr && other != nullptr) {
    const std::size_t bytes =
        LeafPage::bytes_for(std::size_t{leaf->count} + other->count, std::size_t{leaf->bytes} + other->bytes);
    LeafPage* joined = bytes > LeafPage::kBytesMax ? nullptr : leaf_of(memory, *other, bytes);
    if (joined == nullptr) return;
    joined->append(*leaf, 0, leaf->count);
    count_highest_ = std::max<unsigned>(count_highest_, joined->count);
    memory.free(leaf, leaf->capacity);
    memory.free(other, other->capacity);
    *target = joined;
  } else if (leaf != nullptr) {
    *target = leaf;
  }
  *last = nullptr;
  numbers_.set_buckets(number);
  drop_slot(memory);
}

// Frees the branches that led to the last bucket only, with those that a growth left behind which failed.
template <typename Item>
void Table<Item>::drop_slot(PageMemory& memory) noexcept {
  const std::uint64_t number = numbers_.buckets();
  for (unsigned level = 1; level < root_->level && number % (std::uint64_t{1} << (kBits * level)) == 0; ++level) {
    Page** slot = &root_;
    for (unsigned above = root_->level; above > level; --above) slot = &branch(*slot).children[digit(number, above)];
    release(memory, *slot);
    *slot = nullptr;
  }
  while (root_->level > 1 && number <= buckets_of_root() / kFanout && !root_->shared()) {
    Page* const old = root_;
    root_ = branch(old).children[0];
    root_->acquire();
    release(memory, old);
  }
}

template <typename Item>
typename Table<Item>::Found Table<Item>::random(base::Random& random) const noexcept {
  for (;;) {  // a place in a bucket, as if all had as many items as the fullest
    const LeafPage* leaf = bucket(random.below(numbers_.buckets()));
    const auto at = static_cast<unsigned>(random.below(count_highest_));
    if (leaf != nullptr && at < leaf->count) return {leaf, at};
  }
}

// --- Checking -----------------------------------------------------------------------------------------------------------

template <typename Item>
const char* Table<Item>::check(const base::KeyHash& hash_of) const noexcept {
  if (root_ == nullptr) return size_ == 0 ? nullptr : "table: items, and no buckets";
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
  for (std::uint64_t number = 0; number < numbers_.buckets(); ++number) {
    const LeafPage* leaf = bucket(number);
    if (leaf == nullptr) continue;
    if (const char* wrong = check_leaf(hash_of, number, *leaf)) return wrong;
    items += leaf->count;
    bytes += leaf->bytes + leaf->count * LeafPage::kSlotBytes;
  }
  if (items != size_) return "table: its size is not the number of items";
  if (bytes != bytes_) return "table: the bytes of its items are wrong";
  return nullptr;
}

template <typename Item>
const char* Table<Item>::check_leaf(const base::KeyHash& hash_of, std::uint64_t number,
                                    const LeafPage& leaf) const noexcept {
  if (leaf.count == 0) return "table: an empty leaf";
  if (leaf.used() > leaf.capacity || leaf.end(leaf.count - 1u) != leaf.bytes) return "table: a leaf's bytes are wrong";
  if (leaf.count > count_highest_) return "table: a leaf has more items than any ever had";
  for (unsigned i = 0; i < leaf.count; ++i) {
    const std::string_view name = Item::name(leaf.item(i));
    const std::uint64_t hash = hash_of(name);
    if (number_of(hash) != number) return "table: an item stands in another bucket than its hash says";
    if (leaf.key(i) != tag_of(hash)) return "table: a tag is not that of the item's hash";
    if (find_in(leaf, hash, name) != i) return "table: a name is there twice";
  }
  return nullptr;
}

template <typename Item>
std::int64_t Table<Item>::charge(const memory::Account& account, const Page& page) noexcept {
  auto charge = static_cast<std::int64_t>(account.charge(page.capacity));
  if (page.level == 0) return charge;
  for (const Page* child : branch(&page).children) {
    if (child != nullptr) charge += Table::charge(account, *child);
  }
  return charge;
}

// --- The tables there are -----------------------------------------------------------------------------------------------

template class Table<Member>;
template class Table<Field>;
template class Table<Scored>;

}  // namespace larder::collections
