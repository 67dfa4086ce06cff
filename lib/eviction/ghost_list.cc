// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/ghost_list.h"

#include <utility>

namespace larder::eviction {

// Ids of one shard may have bits in common; a multiplication spreads them (Fibonacci hashing).
std::uint32_t GhostList::bucket_of(EntryId id) const noexcept {
  return static_cast<std::uint32_t>(hashing_.bucket_of(id * std::uint64_t{0x9e3779b97f4a7c15} >> 32));
}

std::uint32_t GhostList::place_of(EntryId id) const noexcept {
  if (records_.empty()) return kNone;
  std::uint32_t place = records_[bucket_of(id)].first;
  while (place != kNone && records_[place].id != id) place = records_[place].next;
  return place;
}

// What says in its bucket that it comes next.
std::uint32_t* GhostList::link_to(std::uint32_t place) noexcept {
  std::uint32_t* link = &records_[bucket_of(records_[place].id)].first;
  while (*link != place) link = &records_[*link].next;
  return link;
}

std::uint32_t* GhostList::find(EntryId id) noexcept {
  const std::uint32_t place = place_of(id);
  return place == kNone ? nullptr : &records_[place].number;
}

bool GhostList::insert(Residents& residents, EntryId id, std::uint32_t number) {
  take(residents, id);
  std::uint32_t place = std::exchange(hole_, kNone);
  if (place == kNone) {
    place = records_.size();
    if (place == kNone || !records_.push_back(residents, {})) return false;
    if (8 * std::uint64_t{records_.size()} > 9 * hashing_.buckets()) add_bucket();
  }
  Record& record = records_[place];
  std::uint32_t& first = records_[bucket_of(id)].first;
  record.id = id;
  record.number = number;
  record.older = newest_;
  record.newer = kNone;
  record.next = first;
  first = place;
  (newest_ == kNone ? oldest_ : records_[newest_].newer) = place;
  newest_ = place;
  return true;
}

bool GhostList::take(Residents& residents, EntryId id) {
  const std::uint32_t place = place_of(id);
  if (place == kNone) return false;
  remove(residents, place);
  return true;
}

bool GhostList::take_oldest(Residents& residents) {
  if (oldest_ == kNone) return false;
  remove(residents, oldest_);
  return true;
}

void GhostList::remove(Residents& residents, std::uint32_t place) {
  const Record& gone = records_[place];
  *link_to(place) = gone.next;
  (gone.older == kNone ? oldest_ : records_[gone.older].newer) = gone.newer;
  (gone.newer == kNone ? newest_ : records_[gone.newer].older) = gone.older;
  if (oldest_ == kNone) return clear(residents);
  if (hole_ == kNone) {
    hole_ = place;
    return;
  }
  if (hole_ == records_.size() - 1) std::swap(hole_, place);
  drop_last(residents, place);
}

// The last record goes; if it is not the one that is free, what it holds moves there.
void GhostList::drop_last(Residents& residents, std::uint32_t free) {
  const std::uint32_t last = records_.size() - 1;
  if (hashing_.buckets() > last) join_last_bucket();
  if (free != last) {
    *link_to(last) = free;
    Record& record = records_[free];
    const std::uint32_t first = record.first;  // the bucket stays where it is
    record = records_[last];
    record.first = first;
    (record.older == kNone ? oldest_ : records_[record.older].newer) = free;
    (record.newer == kNone ? newest_ : records_[record.newer].older) = free;
  }
  records_.pop_back(residents);
}

// Parts the bucket whose half belongs there.
void GhostList::add_bucket() {
  const auto added = static_cast<std::uint32_t>(hashing_.buckets());
  hashing_.set_buckets(added + 1);
  if (added == 0) return;
  std::uint32_t* link = &records_[static_cast<std::uint32_t>(base::LinearHashing::partner_of(added))].first;
  while (*link != kNone) {
    Record& record = records_[*link];
    if (bucket_of(record.id) != added) {
      link = &record.next;
      continue;
    }
    const std::uint32_t moved = *link;
    *link = record.next;
    record.next = records_[added].first;
    records_[added].first = moved;
  }
}

void GhostList::join_last_bucket() {
  const auto last = static_cast<std::uint32_t>(hashing_.buckets() - 1);
  hashing_.set_buckets(last);
  std::uint32_t* link = &records_[static_cast<std::uint32_t>(base::LinearHashing::partner_of(last))].first;
  while (*link != kNone) link = &records_[*link].next;
  *link = records_[last].first;
}

}  // namespace larder::eviction
