// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "collections/hash.h"

#include <algorithm>

namespace larder::collections {

std::optional<std::string_view> HashView::find(const base::KeyHash& hash, std::string_view field) const noexcept {
  if (large_ != nullptr) {
    const auto found = large_->find(hash(field), field);
    if (!found) return {};
    return Field::value(found.item());
  }
  for (PackedItem name, value; next(&name, &value);) {
    if (same_name(name.bytes, field)) return value.bytes;
  }
  return {};
}

Edited HashDraft::put_field(std::string_view field, std::string_view value) noexcept {
  if (large_ == nullptr) {
    PackedItem name;
    PackedItem old;
    const HashView before = view();
    bool found = false;
    while (!found && before.next(&name, &old)) found = same_name(name.bytes, field);
    if (!found) old = {};
    if (fits_small(field, value, old)) {
      if (found) {
        small_.replace(old, value);
        return Edited::kNothing;
      }
      small_.insert(small_.end(), field);
      small_.insert(small_.end(), value);
      return Edited::kDone;
    }
    if (!outgrow()) return Edited::kNoMemory;
  }
  const Edited edited = put(field, Field::bytes_for(field.size(), value.size()), [&](char* to) {
    char* const at = Field::write_name(to, field);
    if (!value.empty()) std::memcpy(at, value.data(), value.size());
  });
  note_outgrown(std::max(field.size(), value.size()));
  return edited;
}

bool HashDraft::fits_small(std::string_view field, std::string_view value, const PackedItem& old_value) const noexcept {
  if (std::max(field.size(), value.size()) > tools_.limits.item_bytes) return false;
  const bool is_new = old_value.end == 0;
  if (is_new && view().size() >= tools_.limits.entries) return false;
  return small_.has_room(Packed::bytes_for(value.size()) + (is_new ? Packed::bytes_for(field.size()) : 0), old_value);
}

bool HashDraft::outgrow() noexcept {
  const HashView before = view();
  return Draft::outgrow([&] {
    for (PackedItem field, value; before.next(&field, &value);) {
      if (put_field(field.bytes, value.bytes) == Edited::kNoMemory) return false;
    }
    return true;
  });
}

Edited HashDraft::take_field(std::string_view field) noexcept {
  if (large_ != nullptr) return large_->contents.erase(tools_.memory, tools_.hash(field), field);
  const HashView before = view();
  for (PackedItem name, value; before.next(&name, &value);) {
    if (!same_name(name.bytes, field)) continue;
    small_.erase(name, value, 2);
    return Edited::kDone;
  }
  return Edited::kNothing;
}

}  // namespace larder::collections
