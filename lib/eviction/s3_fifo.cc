// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/s3_fifo.h"

namespace larder::eviction {
namespace {

// How many entries one call looks at before it gives up for now: a queue full of used or dead entries is gone through
// in several.
constexpr int kStepsMax = 64;

}  // namespace

bool S3Fifo::on_insert(Resident& entry, Residents& residents) {
  EntryQueue& queue = main_.holds(entry) || ghosts_.take(entry.id) >= 0 ? main_ : small_;
  queue.sweep(residents);
  return queue.enter(entry, residents);
}

void S3Fifo::on_resize(Resident& entry, std::uint32_t weight_before) { queue_of(entry).resize(entry, weight_before); }

void S3Fifo::on_remove(Resident& entry, Residents& residents) {
  EntryQueue& queue = queue_of(entry);
  queue.leave(entry);
  queue.sweep(residents);
  fit_ghosts(residents);
}

void S3Fifo::fit_ghosts(Residents& residents) {
  const auto residents_now = static_cast<double>(small_.entries() + main_.entries());
  ghosts_.fit(residents, static_cast<std::uint64_t>(parameters_.ghosts_per_entry * residents_now));
}

bool S3Fifo::evict(Residents& residents) {
  for (int step = 0; step < kStepsMax; ++step) {
    if (small_.entries() + main_.entries() == 0) return false;
    const bool small_is_full = static_cast<double>(small_.weight()) >
                               parameters_.small_share * static_cast<double>(small_.weight() + main_.weight());
    if (main_.entries() == 0 || (small_is_full && small_.entries() != 0)) {
      if (evict_from_small(residents)) return true;
    } else if (evict_from_main(residents)) {
      return true;
    }
  }
  return false;
}

bool S3Fifo::evict_from_small(Residents& residents) {
  EntryId id = 0;
  const auto visit = [&](Resident& entry) {
    id = entry.id;
    if ((entry.bits & EntryQueue::kUses) < parameters_.promote_at) return Verdict::kEvict;
    entry.bits = 0;
    return main_.enter(entry, residents) ? Verdict::kKeep : Verdict::kEvict;
  };
  if (small_.take_first(residents, visit, [&](EntryId next) { ghosts_.prefetch(next); }) != Verdict::kEvict)
    return false;
  fit_ghosts(residents);
  ghosts_.insert(residents, id);
  return true;
}

bool S3Fifo::evict_from_main(Residents& residents) {
  const auto visit = [&](Resident& entry) {
    if ((entry.bits & EntryQueue::kUses) == 0) return Verdict::kEvict;
    --entry.bits;
    return main_.enter(entry, residents) ? Verdict::kKeep : Verdict::kEvict;
  };
  return main_.take_first(residents, visit) == Verdict::kEvict;
}

void S3Fifo::clear(Residents& residents) {
  small_.clear(residents);
  main_.clear(residents);
  ghosts_.clear(residents);
}

}  // namespace larder::eviction
