// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Items in an order: a B+tree that counts what is below each page (D. Comer, "The ubiquitous B-tree", Computing Surveys
// 11(2), 1979), so that an item is found by its rank as well. It is persistent: `share` makes another version in O(1),
// and from then on whoever edits one of them copies the pages on the way down to what it changes, once (J. Driscoll et
// al., "Making data structures persistent", JCSS 38, 1989). Without another version an edit happens in place.
//
// Leaves are as large as their items need, so nothing but their headers is lost when they hold little; they are parted
// where an item is put at an end, and in the middle otherwise; small neighbours are joined.
//
// Cost: O(log items), for a walk O(1) a step. Memory is had before anything is changed: an edit that finds none leaves
// the items as they were.
//
// Thread safety: none; versions may be read and edited by different threads.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "collections/orders.h"
#include "collections/page.h"
#include "collections/page_memory.h"

namespace larder::collections {

enum class Edited : std::uint8_t { kDone, kNothing, kNoMemory };

// Where an item's bytes are to be written; null: there is nothing to write.
struct Placed {
  Edited edited;
  char* bytes = nullptr;
};

// Calls by name or by rank: `where` is either of Tree::Name and Tree::Rank.
template <typename Order>
class Tree {
 public:
  using Key = typename Order::Key;
  using Separator = collections::Separator<Key, typename Order::Prefix>;
  using LeafPage = Leaf<Key>;
  using InnerPage = Inner<Key, typename Order::Prefix>;

  // By what it is. REQUIRES: Order::kSorted.
  struct Name {
    Key key;
    std::string_view name;

    // Which child of a page with so many items below it.
    unsigned into(const InnerPage& inner, std::uint64_t items) noexcept;
    unsigned at(const LeafPage& leaf) const noexcept;
    bool found(const LeafPage& leaf, unsigned at) const noexcept;
    Separator separator() const noexcept { return {key, Order::prefix(name)}; }
  };
  // By how many are before it.
  struct Rank {
    std::uint64_t rank;

    unsigned into(const InnerPage& inner, std::uint64_t items) noexcept;
    unsigned at(const LeafPage& leaf) const noexcept;
    bool found(const LeafPage& leaf, unsigned at) const noexcept { return at < leaf.count; }
    Separator separator() const noexcept { return {}; }
  };

  // Where an item stands. False: there is none.
  class Cursor {
   public:
    explicit operator bool() const noexcept { return leaf_ != nullptr; }
    std::string_view item() const noexcept { return leaf_->item(at_); }
    Key key() const noexcept { return leaf_->key(at_); }

   private:
    friend class Tree;
    struct Step {
      const InnerPage* inner;
      unsigned child;
    };
    void fetch_next_leaf(bool backwards) const noexcept;
    void enter_next_leaf(bool backwards) noexcept;

    std::array<Step, 12> steps_;
    unsigned depth_ = 0;
    const LeafPage* leaf_ = nullptr;
    unsigned at_ = 0;
  };

  Tree() = default;
  std::uint64_t size() const noexcept { return size_; }
  bool empty() const noexcept { return root_ == nullptr; }

  Cursor seek(Rank where) const noexcept;
  // Calls visit(item, key) for up to `count` items from a rank on, in their order or backwards, until it returns false.
  template <typename Visit>
  void range(std::uint64_t first, std::uint64_t count, bool backwards, Visit&& visit) const {
    each_leaf(first, count, backwards, [&](const LeafPage& leaf, unsigned at, unsigned n) {
      for (; n > 0; --n, at += backwards ? -1u : 1u) {
        if (!visit(leaf.item(at), leaf.key(at))) return false;
      }
      return true;
    });
  }
  // The same leaf by leaf: visit(leaf, at, n) for the n items from `at` on, or from it backwards.
  template <typename Visit>
  void each_leaf(std::uint64_t first, std::uint64_t count, bool backwards, Visit&& visit) const;
  // How many items are before it.
  std::uint64_t rank(Name name) const noexcept;

  // A place before what is there now. kNothing, in a sorted tree: it is there.
  template <typename Where>
  Placed insert(PageMemory& memory, Where where, const Key& key, std::size_t item_bytes, bool is_blob) noexcept;
  template <typename Where>
  Edited erase(PageMemory& memory, Where where) noexcept;
  // Another item in the place of one, with the same key. kNothing: there is none.
  template <typename Where>
  Placed replace(PageMemory& memory, Where where, std::size_t item_bytes, bool is_blob) noexcept;
  // Makes the pages on the way to it this version's own: an erase finds all the memory that it needs, then. False: no
  // memory.
  bool own(PageMemory& memory, const Name& name) noexcept {
    Way way;
    return root_ == nullptr || descend(memory, name, false, way);
  }
  // The items of the ranks [from, to). After kNoMemory some of them may be gone. O(log items) and what it frees.
  Edited erase_range(PageMemory& memory, std::uint64_t from, std::uint64_t to) noexcept;

  Tree share() const noexcept;
  // Frees what no other version has.
  void release(PageMemory& memory) noexcept;

  // Recounts everything: what is wrong, or null. O(items).
  const char* check() const noexcept;
  // Of all its pages. O(items).
  std::int64_t charge(const memory::Account& account) const noexcept;

 private:
  static constexpr unsigned kHeightMax = 12;  // of pages a quarter full, and 2^32 items, it is 8
  struct Way {
    struct Step {
      InnerPage* inner;
      unsigned child;
    };
    Step steps[kHeightMax];
    unsigned depth = 0;
    LeafPage* leaf = nullptr;
    unsigned at = 0;
    Step& last() noexcept { return steps[depth - 1]; }
  };

  static InnerPage& inner(Page* page) noexcept { return *static_cast<InnerPage*>(page); }
  static const InnerPage& inner(const Page* page) noexcept { return *static_cast<const InnerPage*>(page); }
  static std::uint64_t items_below(const Page& page) noexcept;
  static bool begins_by(const Page* page, const Name& name) noexcept;
  static LeafPage* new_leaf(PageMemory& memory, std::size_t bytes) noexcept;
  static InnerPage* new_inner(PageMemory& memory, unsigned level) noexcept;
  static LeafPage* leaf_of(PageMemory& memory, const LeafPage& other, std::size_t bytes) noexcept;
  static Page* own(PageMemory& memory, Page*& slot) noexcept;
  static void release(PageMemory& memory, Page* page) noexcept;
  Page*& slot_of(Way& way) noexcept { return way.depth == 0 ? root_ : way.last().inner->children[way.last().child]; }

  template <typename Where>
  bool descend(PageMemory& memory, Where where, bool grows, Way& way) noexcept;
  bool add_root(PageMemory& memory) noexcept;
  static bool split_inner(PageMemory& memory, typename Way::Step& step) noexcept;
  bool enlarge(PageMemory& memory, Way& way, std::size_t bytes) noexcept;
  bool split(PageMemory& memory, Way& way, unsigned middle, bool goes_left, std::size_t more,
             const Separator* entering) noexcept;
  static Separator separator_of(const LeafPage& leaf, unsigned i) noexcept;
  static unsigned middle_of(const LeafPage& leaf) noexcept;

  void tidy(PageMemory& memory, Way& way) noexcept;
  void tidy_above(PageMemory& memory, Way& way) noexcept;
  void lower_root(PageMemory& memory) noexcept;
  static bool join_leaf(PageMemory& memory, typename Way::Step& step) noexcept;
  static bool join_inner(PageMemory& memory, typename Way::Step& step) noexcept;
  static bool erase_below(PageMemory& memory, Page*& slot, std::uint64_t from, std::uint64_t to) noexcept;

  static const char* check(const Page& page, const LeafPage** last) noexcept;
  static bool separates(const Separator& separator, const LeafPage& before, const Page& child) noexcept;
  static std::int64_t charge(const memory::Account& account, const Page& page) noexcept;
  static std::int64_t charge_about(const memory::Account& account, const Page& page) noexcept;

  Page* root_ = nullptr;  // a leaf, or an inner page; never an empty one
  std::uint64_t size_ = 0;
};

template <typename Order>
template <typename Visit>
void Tree<Order>::each_leaf(std::uint64_t first, std::uint64_t count, bool backwards, Visit&& visit) const {
  Cursor cursor = seek(Rank{first});
  while (cursor && count > 0) {
    const LeafPage& leaf = *cursor.leaf_;
    const std::uint64_t in_leaf = backwards ? cursor.at_ + 1 : leaf.count - cursor.at_;
    if (count > in_leaf) cursor.fetch_next_leaf(backwards);
    const auto n = static_cast<unsigned>(std::min(count, in_leaf));
    if (!visit(leaf, cursor.at_, n)) return;
    count -= n;
    if (count > 0) cursor.enter_next_leaf(backwards);
  }
}

}  // namespace larder::collections
