// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/lru.h"

namespace larder::eviction {
namespace {

constexpr int kStepsMax = 64;

}  // namespace

// `entry` is in our hands: what stands in the entry itself is written when we return.
void Lru::sweep(Resident& entry, Residents& residents) {
  queue_.sweep(residents, entries_, [&](const IdQueue::Item& item, std::uint32_t position_now) {
    const Verdict verdict = residents.find(item.id, [&](Resident& found) {
      if (found.position != item.position) return Verdict::kNotThisOne;
      if (item.id == entry.id && item.position == entry.position) entry.position = position_now;  // it is this one
      found.position = position_now;
      return Verdict::kKeep;
    });
    return verdict == Verdict::kKeep;
  });
}

// False if there is no memory: it stands where it stood.
bool Lru::to_end(Resident& entry, Residents& residents) {
  sweep(entry, residents);
  std::uint32_t position = 0;
  if (!queue_.push(residents, entry.id, &position)) return false;
  entry.position = position;
  return true;
}

bool Lru::on_insert(Resident& entry, Residents& residents) {
  if (!to_end(entry, residents)) return false;
  ++entries_;
  return true;
}

void Lru::on_hit(Resident& entry, Residents& residents) { to_end(entry, residents); }

void Lru::on_remove(Resident& entry, Residents& residents) {
  --entries_;
  sweep(entry, residents);
}

bool Lru::evict(Residents& residents) {
  for (int step = 0; step < kStepsMax && entries_ != 0; ++step) {
    IdQueue::Item item;
    if (!queue_.pop(residents, &item)) return false;
    EntryId next = 0;
    queue_.prefetch(residents, &next);
    const Verdict verdict = residents.find(item.id, [&](Resident& entry) {
      if (entry.position != item.position) return Verdict::kNotThisOne;
      --entries_;
      return Verdict::kEvict;
    });
    if (verdict == Verdict::kEvict) return true;
  }
  return false;
}

void Lru::clear(Residents& residents) { queue_.clear(residents); }

}  // namespace larder::eviction
