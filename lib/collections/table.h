// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Items found by name: linear hashing (base/linear_hashing.h) whose buckets are leaves, and so hold the items
// themselves. A look-up reads the leaf's tags, eight bits of each item's hash, then the item: two cache misses in
// sequence where the table is large, and the second is overlapped with the first. Persistent, as Tree is.
//
// A bucket has kMeanBytes of items on average and grows with what falls into it: nothing is chained, and a bucket is
// parted when its turn comes. Buckets are found by the digits of their numbers, five bits a level.
//
// Which bucket an item belongs to depends on its hash and on the table: items that come in the order in which they
// stand in another table would otherwise fall into few buckets, as long as this one is smaller.
//
// Cost: O(1); an insert parts at most one bucket, an erase joins at most two. Memory is had before anything is changed:
// an edit that finds none leaves the items as they were.
//
// Thread safety: none; versions may be read and edited by different threads.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "base/key_hash.h"
#include "base/linear_hashing.h"
#include "base/match.h"
#include "base/prefetch.h"
#include "base/random.h"
#include "collections/orders.h"
#include "collections/page.h"
#include "collections/page_memory.h"
#include "collections/tree.h"

namespace larder::collections {

template <typename Item>
class Table {
 public:
  using LeafPage = Leaf<std::uint8_t>;

  // An item where it stands. Valid until the table changes.
  class Found {
   public:
    Found() = default;
    Found(const LeafPage* leaf, unsigned at) noexcept : leaf_(leaf), at_(at) {}
    explicit operator bool() const noexcept { return leaf_ != nullptr; }
    std::string_view item() const noexcept { return leaf_->item(at_); }
    // Null: it stands in the leaf.
    Blob* blob() const noexcept { return leaf_->is_blob(at_) ? leaf_->blob(at_) : nullptr; }

   private:
    const LeafPage* leaf_ = nullptr;
    unsigned at_ = 0;
  };

  std::uint64_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  // That its leaves have of items: no fewer than these have, but for blobs.
  std::uint64_t bytes() const noexcept { return bytes_; }

  Found find(std::uint64_t hash, std::string_view name) const noexcept {
    if (size_ == 0) return {};
    const LeafPage* leaf = bucket(number_of(hash));
    if (leaf == nullptr) return {};
    // The item may be anywhere in it: all of it is fetched while the tags are.
    for (std::size_t line = 1; line < kLinesFetched; ++line) {
      base::prefetch(reinterpret_cast<const char*>(leaf) + 64 * line);
    }
    const unsigned at = find_in(*leaf, hash, name);
    return at == leaf->count ? Found() : Found(leaf, at);
  }

  // A place for an item of this name: a new one (kDone), or that of the item which had it and is gone (kNothing).
  Placed put(PageMemory& memory, const base::KeyHash& hash_of, std::uint64_t hash, std::string_view name,
             std::size_t item_bytes, bool is_blob) noexcept;
  Edited erase(PageMemory& memory, std::uint64_t hash, std::string_view name) noexcept;

  // Makes the pages on the way to it this version's own: an erase finds all the memory that it needs, then. False: no
  // memory.
  bool own(PageMemory& memory, std::uint64_t hash) noexcept {
    return size_ == 0 || own_slot(memory, number_of(hash)) != nullptr;
  }

  // --- Walking: by buckets, see LinearHashing -----------------------------------------------------------------------
  // Calls visit(Found) for each item of the cursor's bucket; returns the cursor behind it, 0 at the end. A cursor of
  // another table begins anew, so that a walk misses nothing that both have.
  template <typename Visit>
  std::uint64_t walk(std::uint64_t cursor, Visit&& visit) const {
    return walk_leaves(cursor, [&](const LeafPage& leaf) {
      for (unsigned i = 0; i < leaf.count; ++i) visit(Found(&leaf, i));
    });
  }
  // The same with visit(const LeafPage&), of the bucket; not called where that has none.
  template <typename Visit>
  std::uint64_t walk_leaves(std::uint64_t cursor, Visit&& visit) const {
    if (size_ == 0) return 0;
    // 31 bits that tell this table, then the place: 63 in all, as some clients read a number with a sign.
    const std::uint64_t mark = salt_ >> 33 << base::LinearHashing::kCursorBits;
    const std::uint64_t place = (cursor ^ mark) >> base::LinearHashing::kCursorBits == 0 ? cursor ^ mark : 0;
    if (const LeafPage* leaf = bucket(numbers_.bucket_of_cursor(place)); leaf != nullptr) visit(*leaf);
    const std::uint64_t next = numbers_.next_cursor(place);
    return next == 0 ? 0 : next | mark;
  }
  // Each is as likely as any other. O(1) on average. REQUIRES: not empty.
  Found random(base::Random& random) const noexcept;

  Table share() const noexcept {
    if (root_ != nullptr) root_->acquire();
    return *this;
  }
  // Frees what no other version has.
  void release(PageMemory& memory) noexcept;

  // Recounts everything: what is wrong, or null. O(items).
  const char* check(const base::KeyHash& hash_of) const noexcept;
  // Of all its pages. O(items).
  std::int64_t charge(const memory::Account& account) const noexcept {
    return root_ == nullptr ? 0 : charge(account, *root_);
  }

 private:
  static constexpr std::size_t kMeanBytes = 640;
  static constexpr std::size_t kLinesFetched = 10;
  static constexpr unsigned kBits = 5;  // of a bucket's number, a level
  static constexpr unsigned kFanout = 1u << kBits;
  // Above the leaves. Buckets with no item have none.
  struct Branch : Page {
    Page* children[kFanout];
  };

  static Branch& branch(Page* page) noexcept { return *static_cast<Branch*>(page); }
  static const Branch& branch(const Page* page) noexcept { return *static_cast<const Branch*>(page); }
  static std::uint8_t tag_of(std::uint64_t hash) noexcept { return static_cast<std::uint8_t>(hash >> 56); }
  static unsigned digit(std::uint64_t number, unsigned level) noexcept {
    return static_cast<unsigned>(number >> (kBits * (level - 1))) & (kFanout - 1);
  }
  std::uint64_t number_of(std::uint64_t hash) const noexcept { return bucket_in(numbers_, hash); }
  // Multiply-shift (M. Dietzfelbinger et al., "A reliable randomized algorithm for the closest-pair problem", 1997).
  std::uint64_t bucket_in(const base::LinearHashing& numbers, std::uint64_t hash) const noexcept {
    return numbers.bucket_of(hash * salt_ >> 32);
  }
  std::uint64_t buckets_of_root() const noexcept { return std::uint64_t{1} << (kBits * root_->level); }

  const LeafPage* bucket(std::uint64_t number) const noexcept {
    const Page* page = root_;
    for (unsigned level = root_->level; level > 0; --level) page = branch(page).children[digit(number, level)];
    return static_cast<const LeafPage*>(page);
  }
  // leaf.count: it is not there.
  static unsigned find_in(const LeafPage& leaf, std::uint64_t hash, std::string_view name) noexcept {
    const unsigned count = leaf.count;
    // The bytes behind the tags are the leaf's own: a block has 64 at least, and an item takes two more.
    for (unsigned base = 0; base < count; base += 16) {
      unsigned mask = base::match16(leaf.keys() + base, tag_of(hash));
      if (count - base < 16) mask &= (1u << (count - base)) - 1;
      for (; mask != 0; mask &= mask - 1) {
        const unsigned at = base + static_cast<unsigned>(std::countr_zero(mask));
        if (Item::name(leaf.item(at)) == name) return at;
      }
    }
    return count;
  }

  static LeafPage* new_leaf(PageMemory& memory, std::size_t bytes) noexcept;
  static LeafPage* leaf_of(PageMemory& memory, const LeafPage& other, std::size_t bytes) noexcept;
  static Branch* new_branch(PageMemory& memory, unsigned level) noexcept;
  static bool own(PageMemory& memory, Page*& slot) noexcept;
  static void release(PageMemory& memory, Page* page) noexcept;
  static std::int64_t charge(const memory::Account& account, const Page& page) noexcept;

  bool start(PageMemory& memory, std::uint64_t hash) noexcept;
  Page** own_slot(PageMemory& memory, std::uint64_t number) noexcept;
  Placed place(PageMemory& memory, Page*& slot, unsigned at, std::uint64_t hash, std::size_t item_bytes,
               bool is_blob) noexcept;
  void grow(PageMemory& memory, const base::KeyHash& hash_of) noexcept;
  void shrink(PageMemory& memory) noexcept;
  bool add_slot(PageMemory& memory) noexcept;
  void drop_slot(PageMemory& memory) noexcept;
  const char* check_leaf(const base::KeyHash& hash_of, std::uint64_t number, const LeafPage& leaf) const noexcept;

  Page* root_ = nullptr;    // a branch
  std::uint64_t salt_ = 1;  // odd; the hash of the first item that ever was in it
  base::LinearHashing numbers_;
  std::uint64_t size_ = 0;
  std::uint64_t bytes_ = 0;     // of items and slots
  unsigned count_highest_ = 0;  // that a leaf ever had
};

}  // namespace larder::collections
