// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Lists of elements. Small: one after the other. Large: a tree, in which every element is found by its number.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "collections/draft.h"
#include "collections/tree.h"
#include "larder/items.h"

namespace larder::collections {

using LargeList = LargeOf<Tree<Sequence>>;

// One to be read. Thread safety: none for itself; what it is of must stay as it is.
class ListView {
 public:
  explicit ListView(Packed small) noexcept : small_(small) {}
  explicit ListView(const LargeList& large) noexcept : large_(&large.contents) {}

  std::uint64_t size() const noexcept { return large_ != nullptr ? large_->size() : small_.count(); }
  // Of 1 KiB at most, so that a walk over it is short, however many elements it has.
  bool small() const noexcept { return large_ == nullptr; }
  // O(log size). REQUIRES: number < size().
  std::string_view at(std::uint64_t number) const noexcept {
    if (large_ != nullptr) return large_->seek(Tree<Sequence>::Rank{number}).item();
    return small_.item(static_cast<unsigned>(number)).bytes;
  }
  // Calls visit(element) for up to `count` elements from a number on, forwards or, if `backwards`, from the last, whose
  // number is 0 then, until it returns false.
  template <typename Visit>
  void range(std::uint64_t first, std::uint64_t count, bool backwards, Visit&& visit) const {
    const std::uint64_t size = this->size();
    if (first >= size) return;
    count = std::min(count, size - first);
    if (large_ == nullptr) {
      const std::uint64_t lowest = backwards ? size - first - count : first;
      return small_.range(static_cast<unsigned>(lowest), static_cast<unsigned>(count), backwards,
                          [&](const PackedItem& item) { return visit(item.bytes); });
    }
    large_->range(backwards ? size - 1 - first : first, count, backwards,
                  [&](std::string_view item, Sequence::Key) { return visit(item); });
  }

  // Copies them. False: they have more bytes than that, and some of them may have been copied. Throws std::bad_alloc.
  bool copy(std::uint64_t first, std::uint64_t count, bool backwards, std::uint64_t bytes_max, ItemList& to) const;

 private:
  Packed small_;
  const Tree<Sequence>* large_ = nullptr;
};

// One that is being edited. Elements may not point into it.
class ListDraft : public Draft<Tree<Sequence>> {
 public:
  using Draft::Draft;
  ListView view() const noexcept { return large_ != nullptr ? ListView(*large_) : ListView(small_.view()); }

  // Before the element of this number; behind the last, if it is size().
  Edited insert(std::uint64_t number, std::string_view element) noexcept { return note(put_before(number, element)); }
  // REQUIRES: number < size().
  Edited set(std::uint64_t number, std::string_view element) noexcept { return note(put_at(number, element)); }
  // The elements [from, to). After kNoMemory some may be gone. O(log size), and what it frees.
  Edited erase(std::uint64_t from, std::uint64_t to) noexcept { return note(take(from, to)); }

 private:
  Edited put_before(std::uint64_t number, std::string_view element) noexcept;
  Edited put_at(std::uint64_t number, std::string_view element) noexcept;
  Edited take(std::uint64_t from, std::uint64_t to) noexcept;
  bool fits_small(std::string_view element, const PackedItem& goes) const noexcept;
  bool outgrow() noexcept;
  Edited insert_large(std::uint64_t number, std::string_view element) noexcept;
};

}  // namespace larder::collections
