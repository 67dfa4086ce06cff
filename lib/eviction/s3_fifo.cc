// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/s3_fifo.h"

namespace larder::eviction {
namespace {

// How many entries one call looks at before it gives up for now: a queue full of used or dead entries is gone through
// in several.
constexpr int kStepsMax = 64;

}  // namespace

void S3Fifo::set_mark(Resident& entry, bool mark) {
  entry.bits = static_cast<std::uint8_t>(mark ? entry.bits | kMark : entry.bits & ~kMark);
}

void S3Fifo::leave(Queue& queue, const Resident& entry) {
  --queue.entries;
  queue.weight -= entry.weight;
}

// False if there is no memory for it. REQUIRES: the entry's kMain bit says this queue.
bool S3Fifo::enter(Queue& queue, Resident& entry, Residents& residents) {
  std::uint32_t position = 0;
  if (!queue.ids.push(residents, entry.id, &position)) return false;
  ++queue.entries;
  queue.weight += entry.weight;
  set_mark(entry, queue.ids.fresh_mark());
  return true;
}

void S3Fifo::sweep(Queue& queue, Residents& residents) {
  const bool is_main = &queue == &main_;
  queue.ids.sweep(residents, queue.entries, [&](const IdQueue::Item& item, std::uint32_t) {
    const Verdict verdict = residents.find(item.id, [&](Resident& entry) {
      const bool in_main = entry.bits & kMain;
      const bool mark = entry.bits & kMark;
      if (in_main != is_main || mark == queue.ids.seen_mark()) return Verdict::kNotThisOne;
      set_mark(entry, queue.ids.seen_mark());
      return Verdict::kKeep;
    });
    return verdict == Verdict::kKeep;
  });
}

bool S3Fifo::on_insert(Resident& entry, Residents& residents) {
  if ((entry.bits & kMain) == 0 && ghosts_.take(entry.id)) entry.bits |= kMain;
  Queue& queue = queue_of(entry);
  sweep(queue, residents);  // first: it looks at the bits of entries, and this one's are written when we return
  return enter(queue, entry, residents);
}

void S3Fifo::on_resize(Resident& entry, std::uint32_t weight_before) {
  queue_of(entry).weight += entry.weight - std::uint64_t{weight_before};
}

void S3Fifo::on_remove(Resident& entry, Residents& residents) {
  Queue& queue = queue_of(entry);
  leave(queue, entry);
  sweep(queue, residents);
  fit_ghosts(residents);
}

void S3Fifo::fit_ghosts(Residents& residents) {
  const auto residents_now = static_cast<double>(small_.entries + main_.entries);
  ghosts_.fit(residents, static_cast<std::uint64_t>(parameters_.ghosts_per_entry * residents_now));
}

bool S3Fifo::evict(Residents& residents) {
  for (int step = 0; step < kStepsMax; ++step) {
    if (small_.entries + main_.entries == 0) return false;
    const bool small_is_full = static_cast<double>(small_.weight) >
                               parameters_.small_share * static_cast<double>(small_.weight + main_.weight);
    if (main_.entries == 0 || (small_is_full && small_.entries != 0)) {
      if (evict_from_small(residents)) return true;
    } else if (evict_from_main(residents)) {
      return true;
    }
  }
  return false;
}

bool S3Fifo::evict_from_small(Residents& residents) {
  IdQueue::Item item;
  if (!small_.ids.pop(residents, &item)) return false;
  if (EntryId next = 0; small_.ids.prefetch(residents, &next)) ghosts_.prefetch(next);
  const Verdict verdict = residents.find(item.id, [&](Resident& entry) {
    if (entry.bits & kMain) return Verdict::kNotThisOne;
    leave(small_, entry);
    if ((entry.bits & kUses) < parameters_.promote_at) return Verdict::kEvict;
    entry.bits = kMain;
    return enter(main_, entry, residents) ? Verdict::kKeep : Verdict::kEvict;
  });
  if (verdict != Verdict::kEvict) return false;
  fit_ghosts(residents);
  ghosts_.insert(residents, item.id);
  return true;
}

bool S3Fifo::evict_from_main(Residents& residents) {
  IdQueue::Item item;
  if (!main_.ids.pop(residents, &item)) return false;
  EntryId next = 0;
  main_.ids.prefetch(residents, &next);
  const Verdict verdict = residents.find(item.id, [&](Resident& entry) {
    if ((entry.bits & kMain) == 0) return Verdict::kNotThisOne;
    leave(main_, entry);
    if ((entry.bits & kUses) == 0) return Verdict::kEvict;
    --entry.bits;
    return enter(main_, entry, residents) ? Verdict::kKeep : Verdict::kEvict;
  });
  return verdict == Verdict::kEvict;
}

void S3Fifo::clear(Residents& residents) {
  small_.ids.clear(residents);
  main_.ids.clear(residents);
  ghosts_.clear(residents);
}

}  // namespace larder::eviction
