// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "collections/set.h"

#include "base/integers.h"
#include "collections/copies.h"

namespace larder::collections {

bool SetView::contains(const base::KeyHash& hash, std::string_view member) const noexcept {
  if (large_ != nullptr) return static_cast<bool>(large_->find(hash(member), member));
  for (PackedItem item; small_.next(&item);) {
    if (same_name(item.bytes, member)) return true;
  }
  return false;
}

void SetView::copy(ItemList& to) const {
  if (large_ != nullptr) return copy_items(*large_, to);
  reserve_for(small_, kPackedBytesMax, to);
  for (PackedItem item; small_.next(&item);) to.push_back(item.bytes);
}

Edited SetDraft::put_member(std::string_view member) noexcept {
  if (view().contains(tools_.hash, member)) return Edited::kNothing;
  const bool outgrows = !outgrown() && !base::parse_integer(member);
  if (large_ == nullptr) {
    if (member.size() <= tools_.limits.item_bytes && small_.count() < tools_.limits.entries &&
        small_.has_room(Packed::bytes_for(member.size()))) {
      small_.insert(small_.end(), member);
      if (outgrows) small_.set_outgrown();
      return Edited::kDone;
    }
    if (!outgrow()) return Edited::kNoMemory;
  }
  const Edited edited = put(member, member.size(), [&](char* to) {
    if (!member.empty()) std::memcpy(to, member.data(), member.size());
  });
  note_outgrown(member.size());
  large_->outgrown |= outgrows && edited == Edited::kDone;
  return edited;
}

bool SetDraft::outgrow() noexcept {
  const Packed before = small_.view();
  return Draft::outgrow([&] {
    for (PackedItem item; before.next(&item);) {
      if (put_member(item.bytes) == Edited::kNoMemory) return false;
    }
    return true;
  });
}

Edited SetDraft::take_member(std::string_view member) noexcept {
  if (large_ != nullptr) return large_->contents.erase(tools_.memory, tools_.hash(member), member);
  for (PackedItem item; small_.view().next(&item);) {
    if (!same_name(item.bytes, member)) continue;
    small_.erase(item);
    return Edited::kDone;
  }
  return Edited::kNothing;
}

void SetDraft::clear() noexcept {
  if (view().size() == 0) return;
  large_ != nullptr ? large_->contents.release(tools_.memory) : small_.clear();
  note(Edited::kDone);
}

}  // namespace larder::collections
