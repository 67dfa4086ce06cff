// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Sets of members. Small: in the order in which they came. Large: a table.
//
// Redis keeps integers, up to a limit, in a form of their own, which a set never returns to. Here it is one form for
// all, and `outgrown` says that the set has had a member that is no integer, or more than that limit.
#pragma once

#include <cstdint>
#include <string_view>

#include "collections/draft.h"
#include "collections/table.h"
#include "larder/items.h"

namespace larder::collections {

using LargeSet = LargeOf<Table<Member>>;

// One to be read. Thread safety: none for itself; what it is of must stay as it is.
class SetView {
 public:
  explicit SetView(Packed small) noexcept : small_(small) {}
  explicit SetView(const LargeSet& large) noexcept : large_(&large.contents) {}

  std::uint64_t size() const noexcept { return large_ != nullptr ? large_->size() : small_.count(); }
  // O(1), or the bytes of a small one.
  bool contains(const base::KeyHash& hash, std::string_view member) const noexcept;
  // As of a hash (hash.h), with visit(member).
  template <typename Visit>
  void each(Visit&& visit) const {
    std::uint64_t cursor = 0;
    do cursor = walk(cursor, visit);
    while (cursor != 0);
  }
  template <typename Visit>
  std::uint64_t walk(std::uint64_t cursor, Visit&& visit) const {
    if (large_ != nullptr) {
      return large_->walk(cursor, [&](const auto& found) { visit(found.item()); });
    }
    for (PackedItem member; small_.next(&member);) visit(member.bytes);
    return 0;
  }
  // Appends all members. Throws std::bad_alloc.
  void copy(ItemList& to) const;
  // Calls visit(member) for one, each as likely as any other. REQUIRES: there is one.
  template <typename Visit>
  void random(base::Random& random, Visit&& visit) const {
    if (large_ != nullptr) return visit(large_->random(random).item());
    visit(small_.item(static_cast<unsigned>(random.below(small_.count()))).bytes);
  }

 private:
  Packed small_;
  const Table<Member>* large_ = nullptr;
};

// One that is being edited.
class SetDraft : public Draft<Table<Member>> {
 public:
  using Draft::Draft;
  SetView view() const noexcept { return large_ != nullptr ? SetView(*large_) : SetView(small_.view()); }

  // kNothing: it is a member. It may not point into the draft.
  Edited add(std::string_view member) noexcept { return note(put_member(member)); }
  // kNothing: it is none.
  Edited erase(std::string_view member) noexcept { return note(take_member(member)); }
  // All members go. O(1) if another version has them, too, else O(pages): not for one that is edited in place.
  void clear() noexcept;

 private:
  Edited put_member(std::string_view member) noexcept;
  Edited take_member(std::string_view member) noexcept;
  bool outgrow() noexcept;
  bool outgrown() const noexcept { return large_ != nullptr ? large_->outgrown : small_.view().outgrown(); }
};

}  // namespace larder::collections
