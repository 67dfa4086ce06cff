// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/s3_fifo.h"

#include <utility>

namespace larder::eviction {
namespace {

// How many entries one call looks at before it gives up for now: a queue full of used or dead entries is gone through
// in several.
constexpr int kStepsMax = 64;
// So many are forgotten, where there are too many: more than an entry that leaves may have.
constexpr int kGhostsACall = 12;

}  // namespace

void S3Fifo::expect(EntryId id) {
  comes_back_.reset();
  if (ghosts_.find(id) != nullptr) comes_back_ = id;
}

// Those that made room for it may have come in its place among the ghosts.
bool S3Fifo::take_ghost(EntryId id, Residents& residents) {
  const bool announced = std::exchange(comes_back_, std::nullopt) == id;
  return ghosts_.take(residents, id) || announced;
}

bool S3Fifo::on_insert(Resident& entry, Residents& residents) {
  EntryQueue& queue = main_.holds(entry) || take_ghost(entry.id, residents) ? main_ : small_;
  queue.sweep(entry.weight, residents);
  return queue.enter(entry, residents);
}

void S3Fifo::on_resize(Resident& entry, std::uint32_t weight_before) { queue_of(entry).resize(entry, weight_before); }

void S3Fifo::on_remove(Resident& entry, Residents& residents) {
  EntryQueue& queue = queue_of(entry);
  queue.leave(entry);
  queue.sweep(entry.weight, residents);
  fit_ghosts(0, residents);
}

// `more`: entries than there are.
void S3Fifo::fit_ghosts(std::uint64_t more, Residents& residents) {
  const auto entries = static_cast<double>(small_.entries() + main_.entries() + more);
  const auto ghosts = static_cast<std::uint64_t>(parameters_.ghosts_per_entry * entries);
  for (int i = 0; i < kGhostsACall && ghosts_.size() > ghosts; ++i) ghosts_.take_oldest(residents);
}

bool S3Fifo::evict(Residents& residents) {
  for (int step = 0; step < kStepsMax; ++step) {
    if (small_.entries() + main_.entries() == 0) return false;
    const auto share =
        static_cast<std::uint64_t>(parameters_.small_share * static_cast<double>(small_.weight() + main_.weight()));
    const bool small_is_full = small_.weight() >= share;
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
  if (small_.take_first(residents, visit) != Verdict::kEvict) return false;
  ghosts_.insert(residents, id);
  fit_ghosts(1, residents);
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
