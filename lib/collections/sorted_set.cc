// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "collections/sorted_set.h"

#include <algorithm>

#include "collections/copies.h"

namespace larder::collections {
namespace {

using Name = Tree<ByScore>::Name;

bool stands_before(const PackedItem& item, double score, std::string_view member) {
  const double its_score = Scored::score(item.bytes);
  return its_score < score || (its_score == score && Scored::name(item.bytes) < member);
}

std::string_view bytes_of(const double& score) { return {reinterpret_cast<const char*>(&score), sizeof score}; }

}  // namespace

std::optional<PackedItem> SortedSetView::find_small(std::string_view member) const noexcept {
  for (PackedItem item; small_.next(&item);) {
    if (same_name(Scored::name(item.bytes), member)) return item;
  }
  return {};
}

std::optional<double> SortedSetView::score(const base::KeyHash& hash, std::string_view member) const noexcept {
  if (large_ != nullptr) {
    const auto found = large_->by_name.find(hash(member), member);
    if (!found) return {};
    return Scored::score(found.item());
  }
  const std::optional<PackedItem> item = find_small(member);
  if (!item) return {};
  return Scored::score(item->bytes);
}

bool SortedSetView::copy(std::uint64_t first, std::uint64_t count, bool backwards, std::uint64_t bytes_max,
                         ScoredMembers& to) const {
  if (large_ != nullptr) return copy_items(large_->by_score, first, count, backwards, bytes_max, to);
  if (!reserve_for(small_, bytes_max, to)) return false;
  range(first, count, backwards, [&](std::string_view member, double score) {
    to.push_back({member, score});
    return true;
  });
  return true;
}

std::uint64_t SortedSetView::before(double score, std::string_view member) const noexcept {
  if (large_ != nullptr) return large_->by_score.rank(Name{score, member});
  std::uint64_t rank = 0;
  for (PackedItem item; small_.next(&item) && stands_before(item, score, member);) ++rank;
  return rank;
}

Edited SortedSetDraft::set(std::string_view member, double score, const std::optional<double>& old) noexcept {
  if (old && *old == score) return Edited::kNothing;
  return note(put_member(member, score, old), true);
}

Edited SortedSetDraft::put_member(std::string_view member, double score, const std::optional<double>& old) noexcept {
  if (large_ == nullptr) {
    const std::optional<PackedItem> item = view().find_small(member);
    const std::size_t bytes = Packed::bytes_for(sizeof score + member.size());
    const bool few = item || small_.count() < tools_.limits.entries;
    if (few && member.size() <= tools_.limits.item_bytes && small_.has_room(bytes, item.value_or(PackedItem()))) {
      set_small(member, score, item);
      return item ? Edited::kNothing : Edited::kDone;
    }
    if (!outgrow()) return Edited::kNoMemory;
  }
  const Edited edited = set_large(member, score, old);
  note_outgrown(member.size());
  return edited;
}

void SortedSetDraft::set_small(std::string_view member, double score, const std::optional<PackedItem>& old) noexcept {
  if (old) small_.erase(*old);
  std::size_t place = small_.end();
  for (PackedItem item; small_.view().next(&item);) {
    if (stands_before(item, score, member)) continue;
    place = item.begin;
    break;
  }
  small_.insert(place, bytes_of(score), member);
}

// What finds no memory is undone, which needs none: the pages are this version's own by then.
Edited SortedSetDraft::set_large(std::string_view member, double score, const std::optional<double>& old) noexcept {
  SortedSetContents& contents = large_->contents;
  if (old && !contents.by_score.own(tools_.memory, Name{*old, member})) return Edited::kNoMemory;
  const auto write = [&](char* to) {
    if (!member.empty()) std::memcpy(to, member.data(), member.size());
  };
  const Edited entered = place(member.size(), write, [&](std::size_t stored, bool is_blob) {
    return contents.by_score.insert(tools_.memory, Name{score, member}, score, stored, is_blob);
  });
  if (entered == Edited::kNoMemory) return entered;
  const Edited placed = place_score(member, score);
  if (placed == Edited::kNoMemory) {
    contents.by_score.erase(tools_.memory, Name{score, member});
  } else if (old) {
    contents.by_score.erase(tools_.memory, Name{*old, member});
  }
  return placed;
}

Edited SortedSetDraft::place_score(std::string_view member, double score) noexcept {
  const std::uint64_t hash = tools_.hash(member);
  const auto write = [&](char* to) {
    std::memcpy(to, &score, sizeof score);
    if (!member.empty()) std::memcpy(to + sizeof score, member.data(), member.size());
  };
  return place(sizeof score + member.size(), write, [&](std::size_t stored, bool is_blob) {
    return large_->contents.by_name.put(tools_.memory, tools_.hash, hash, member, stored, is_blob);
  });
}

bool SortedSetDraft::outgrow() noexcept {
  const Packed before = small_.view();
  return Draft::outgrow([&] {
    for (PackedItem item; before.next(&item);) {
      if (set_large(Scored::name(item.bytes), Scored::score(item.bytes), {}) == Edited::kNoMemory) return false;
    }
    return true;
  });
}

Edited SortedSetDraft::take_member(std::string_view member) noexcept {
  if (large_ == nullptr) {
    const std::optional<PackedItem> item = view().find_small(member);
    if (!item) return Edited::kNothing;
    small_.erase(*item);
    return Edited::kDone;
  }
  const std::optional<double> score = view().score(tools_.hash, member);
  if (!score) return Edited::kNothing;
  SortedSetContents& contents = large_->contents;
  const std::uint64_t hash = tools_.hash(member);
  if (!contents.by_name.own(tools_.memory, hash)) return Edited::kNoMemory;
  if (contents.by_score.erase(tools_.memory, Name{*score, member}) == Edited::kNoMemory) return Edited::kNoMemory;
  return contents.by_name.erase(tools_.memory, hash, member);
}

Edited SortedSetDraft::take_range(std::uint64_t from, std::uint64_t to) noexcept {
  to = std::min(to, view().size());
  if (from >= to) return Edited::kNothing;
  if (large_ == nullptr) {
    for (std::uint64_t n = from; n < to; ++n) small_.erase(small_.view().item(static_cast<unsigned>(from)));
    return Edited::kDone;
  }
  SortedSetContents& contents = large_->contents;
  if (to - from == contents.size()) {  // needs no memory
    contents.release(tools_.memory);
    contents = {};
    return Edited::kDone;
  }
  bool done = true;
  view().range(from, to - from, false, [&](std::string_view member, double) {
    done = contents.by_name.erase(tools_.memory, tools_.hash(member), member) == Edited::kDone;
    return done;
  });
  return done ? contents.by_score.erase_range(tools_.memory, from, to) : Edited::kNoMemory;
}

}  // namespace larder::collections
