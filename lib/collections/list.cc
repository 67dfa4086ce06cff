// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "collections/list.h"

#include "collections/copies.h"

namespace larder::collections {
namespace {

using Rank = Tree<Sequence>::Rank;

}  // namespace

bool ListView::copy(std::uint64_t first, std::uint64_t count, bool backwards, std::uint64_t bytes_max,
                    ItemList& to) const {
  if (large_ != nullptr) return copy_items(*large_, first, count, backwards, bytes_max, to);
  if (!reserve_for(small_, bytes_max, to)) return false;
  range(first, count, backwards, [&](std::string_view element) {
    to.push_back(element);
    return true;
  });
  return true;
}

bool ListDraft::fits_small(std::string_view element, const PackedItem& goes) const noexcept {
  const bool few = goes.end != 0 || small_.count() < tools_.limits.entries;
  return few && element.size() <= tools_.limits.item_bytes && small_.has_room(Packed::bytes_for(element.size()), goes);
}

Edited ListDraft::put_before(std::uint64_t number, std::string_view element) noexcept {
  if (large_ == nullptr) {
    if (fits_small(element, {})) {
      const bool last = number == small_.count();
      small_.insert(last ? small_.end() : small_.view().item(static_cast<unsigned>(number)).begin, element);
      return Edited::kDone;
    }
    if (!outgrow()) return Edited::kNoMemory;
  }
  const Edited edited = insert_large(number, element);
  note_outgrown(element.size());
  return edited;
}

Edited ListDraft::insert_large(std::uint64_t number, std::string_view element) noexcept {
  const auto write = [&](char* to) {
    if (!element.empty()) std::memcpy(to, element.data(), element.size());
  };
  return place(element.size(), write, [&](std::size_t stored, bool is_blob) {
    return large_->contents.insert(tools_.memory, Rank{number}, {}, stored, is_blob);
  });
}

bool ListDraft::outgrow() noexcept {
  const Packed before = small_.view();
  return Draft::outgrow([&] {
    std::uint64_t number = 0;
    for (PackedItem item; before.next(&item);) {
      if (insert_large(number++, item.bytes) == Edited::kNoMemory) return false;
    }
    return true;
  });
}

Edited ListDraft::put_at(std::uint64_t number, std::string_view element) noexcept {
  if (large_ == nullptr) {
    const PackedItem old = small_.view().item(static_cast<unsigned>(number));
    if (fits_small(element, old)) {
      small_.replace(old, element);
      return Edited::kDone;
    }
    if (!outgrow()) return Edited::kNoMemory;
  }
  const auto write = [&](char* to) {
    if (!element.empty()) std::memcpy(to, element.data(), element.size());
  };
  const Edited edited = place(element.size(), write, [&](std::size_t stored, bool is_blob) {
    return large_->contents.replace(tools_.memory, Rank{number}, stored, is_blob);
  });
  note_outgrown(element.size());
  return edited;
}

Edited ListDraft::take(std::uint64_t from, std::uint64_t to) noexcept {
  to = std::min(to, view().size());
  if (from >= to) return Edited::kNothing;
  if (large_ != nullptr) {
    if (to - from == 1) return large_->contents.erase(tools_.memory, Rank{from});
    return large_->contents.erase_range(tools_.memory, from, to);
  }
  small_.erase(static_cast<unsigned>(from), static_cast<unsigned>(to));
  return Edited::kDone;
}

}  // namespace larder::collections
