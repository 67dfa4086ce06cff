// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "collections/set.h"

namespace larder::collections {

bool SetView::contains(const base::KeyHash& hash, std::string_view member) const noexcept {
  if (large_ != nullptr) return static_cast<bool>(large_->find(hash(member), member));
  for (PackedItem item; small_.next(&item);) {
    if (item.bytes == member) return true;
  }
  return false;
}

Edited SetDraft::add(std::string_view member) noexcept {
  if (view().contains(tools_.hash, member)) return Edited::kNothing;
  if (large_ == nullptr) {
    if (member.size() <= tools_.limits.item_bytes && small_.count() < tools_.limits.entries &&
        small_.has_room(Packed::bytes_for(member.size()))) {
      small_.insert(small_.end(), member);
      return Edited::kDone;
    }
    if (!outgrow()) return Edited::kNoMemory;
  }
  const Edited edited = put(member, member.size(), [&](char* to) {
    if (!member.empty()) std::memcpy(to, member.data(), member.size());
  });
  note_outgrown(member.size());
  return edited;
}

bool SetDraft::outgrow() noexcept {
  const Packed before = small_.view();
  return Draft::outgrow([&] {
    for (PackedItem item; before.next(&item);) {
      if (add(item.bytes) == Edited::kNoMemory) return false;
    }
    return true;
  });
}

Edited SetDraft::erase(std::string_view member) noexcept {
  if (large_ != nullptr) return large_->contents.erase(tools_.memory, tools_.hash(member), member);
  for (PackedItem item; small_.view().next(&item);) {
    if (item.bytes != member) continue;
    small_.erase(item);
    return Edited::kDone;
  }
  return Edited::kNothing;
}

}  // namespace larder::collections
