// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Hashes: fields with values. Small: field, value, field, value, ... in the order in which they came. Large: a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "collections/draft.h"
#include "collections/table.h"

namespace larder::collections {

using LargeHash = LargeOf<Table<Field>>;

// One to be read. Thread safety: none for itself; what it is of must stay as it is.
class HashView {
 public:
  explicit HashView(Packed small) noexcept : small_(small) {}
  explicit HashView(const LargeHash& large) noexcept : large_(&large.contents) {}

  std::uint64_t size() const noexcept { return large_ != nullptr ? large_->size() : small_.count() / 2; }
  // Of fields and values, as they are stored: see Table.
  std::uint64_t bytes() const noexcept { return large_ != nullptr ? large_->bytes() : small_.bytes().size(); }
  // A field's value. O(1), or the bytes of a small one.
  std::optional<std::string_view> find(const base::KeyHash& hash, std::string_view field) const noexcept;
  // Calls visit(field, value) for each.
  template <typename Visit>
  void each(Visit&& visit) const {
    std::uint64_t cursor = 0;
    do cursor = walk(cursor, visit);
    while (cursor != 0);
  }
  // Some of them, from a cursor on, which begins at 0; returns where to go on, 0 at the end. A field that is there from
  // the first call to the last is shown at least once, whatever comes and goes between.
  template <typename Visit>
  std::uint64_t walk(std::uint64_t cursor, Visit&& visit) const {
    if (large_ != nullptr) {
      return large_->walk(cursor,
                          [&](const auto& found) { visit(Field::name(found.item()), Field::value(found.item())); });
    }
    for (PackedItem field, value; next(&field, &value);) visit(field.bytes, value.bytes);
    return 0;
  }
  // Calls visit(field, value) for one, each as likely as any other. REQUIRES: there is one.
  template <typename Visit>
  void random(base::Random& random, Visit&& visit) const {
    if (large_ != nullptr) {
      const auto found = large_->random(random);
      return visit(Field::name(found.item()), Field::value(found.item()));
    }
    PackedItem field = small_.item(2 * static_cast<unsigned>(random.below(size())));
    PackedItem value = field;
    small_.next(&value);
    visit(field.bytes, value.bytes);
  }

 private:
  friend class HashDraft;
  // The next pair of a small one, behind *value.
  bool next(PackedItem* field, PackedItem* value) const noexcept {
    *field = *value;
    if (!small_.next(field)) return false;
    *value = *field;
    return small_.next(value);
  }

  Packed small_;
  const Table<Field>* large_ = nullptr;
};

// One that is being edited.
class HashDraft : public Draft<Table<Field>> {
 public:
  using Draft::Draft;
  HashView view() const noexcept { return large_ != nullptr ? HashView(*large_) : HashView(small_.view()); }

  // kDone: it is new; kNothing: the field had a value, which is gone. Neither may point into the draft.
  Edited set(std::string_view field, std::string_view value) noexcept { return note(put_field(field, value), true); }
  // kNothing: there is no such field.
  Edited erase(std::string_view field) noexcept { return note(take_field(field)); }

 private:
  Edited put_field(std::string_view field, std::string_view value) noexcept;
  Edited take_field(std::string_view field) noexcept;
  bool fits_small(std::string_view field, std::string_view value, const PackedItem& old_value) const noexcept;
  bool outgrow() noexcept;
};

}  // namespace larder::collections
