// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/arc.h"

#include <algorithm>

namespace larder::eviction {
namespace {

constexpr int kStepsMax = 64;
constexpr int kForgottenACall = 3;  // one evicted is remembered, and two others less are allowed

}  // namespace

void Arc::expect(EntryId id) {
  expected_ = id;
  expects_ = true;
  recalled_ = Memory::kNone;
}

// Looks an id up in the memories. If it is there, it is forgotten and the border moves.
Arc::Memory Arc::recall(EntryId id, Residents& residents) {
  if (unknown_ == id) return Memory::kNone;
  const double once = once_gone_.size();
  const double often = often_gone_.size();
  if (once_gone_.take(residents, id)) {
    once_target_ = std::min(once_target_ + std::max(1.0, often / once), static_cast<double>(entries()));
    return Memory::kOnce;
  }
  if (often_gone_.take(residents, id)) {
    once_target_ = std::max(once_target_ - std::max(1.0, once / often), 0.0);
    return Memory::kOften;
  }
  unknown_ = id;
  return Memory::kNone;
}

// The engine had to keep an entry that was to go: its bits still say so, and it is treated as used.
bool Arc::on_insert(Resident& entry, Residents& residents) {
  Memory memory = Memory::kNone;
  if (recalled_ != Memory::kNone && entry.id == expected_) {
    memory = recalled_;
    recalled_ = Memory::kNone;
  } else {
    memory = recall(entry.id, residents);
  }
  return (memory != Memory::kNone || entry.bits != 0 ? often_ : once_).enter(entry, residents);
}

void Arc::on_hit(Resident& entry, Residents& residents) {
  if (often_.holds(entry)) {
    often_.use(entry, residents);
  } else if (often_.enter(entry, residents)) {
    once_.leave(entry);
  }
}

void Arc::on_resize(Resident& entry, std::uint32_t weight_before) { queue_of(entry).resize(entry, weight_before); }

void Arc::on_remove(Resident& entry, Residents& residents) {
  RecencyQueue& queue = queue_of(entry);
  queue.leave(entry);
  queue.sweep(entry, residents);
  forget(residents, 0);
}

// Those used once and their ghosts are no more than the entries, and both kinds of ghosts together are not.
void Arc::forget(Residents& residents, std::uint64_t incoming) {
  for (int step = 0; step < kForgottenACall; ++step) {
    const std::uint64_t ghosts = std::uint64_t{once_gone_.size()} + often_gone_.size();
    bool forgot = false;
    if (once_.entries() + once_gone_.size() + incoming > entries()) {
      forgot = once_gone_.take_oldest(residents);
    } else if (ghosts + incoming > entries()) {
      forgot = often_gone_.take_oldest(residents);
    }
    if (!forgot) return;
  }
}

// More of the weight than the border grants them; on it, if what comes was given up on the other side.
bool Arc::once_is_over() const noexcept {
  const double held = static_cast<double>(once_.weight()) * static_cast<double>(entries());
  const double granted = once_target_ * static_cast<double>(once_.weight() + often_.weight());
  return recalled_ == Memory::kOften ? held >= granted : held > granted;
}

bool Arc::evict(Residents& residents) {
  if (expects_) recalled_ = recall(expected_, residents);
  expects_ = false;
  // Nothing is remembered of an entry used once where such fill the cache: the paper's case IV A.
  const bool remembers = recalled_ != Memory::kNone || once_.entries() < entries();
  forget(residents, recalled_ == Memory::kNone ? 1 : 0);
  for (int step = 0; step < kStepsMax && entries() != 0; ++step) {
    const bool from_once = often_.entries() == 0 || (once_.entries() != 0 && once_is_over());
    if (from_once ? evict_from(once_, remembers ? &once_gone_ : nullptr, residents)
                  : evict_from(often_, &often_gone_, residents)) {
      return true;
    }
  }
  return false;
}

bool Arc::evict_from(RecencyQueue& queue, GhostList* ghosts, Residents& residents) {
  EntryId id = 0;
  const Verdict verdict = queue.take_first(residents, [&](Resident& entry) {
    id = entry.id;
    return Verdict::kEvict;
  });
  if (verdict != Verdict::kEvict) return false;
  if (ghosts == nullptr) return true;
  ghosts->insert(residents, id);
  if (unknown_ == id) unknown_.reset();
  return true;
}

void Arc::clear(Residents& residents) {
  once_.clear(residents);
  often_.clear(residents);
  once_gone_.clear(residents);
  often_gone_.clear(residents);
}

}  // namespace larder::eviction
