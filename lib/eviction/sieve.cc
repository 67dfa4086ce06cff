// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/sieve.h"

namespace larder::eviction {
namespace {

constexpr int kStepsMax = 64;

}  // namespace

// What comes when the hand is through stands behind what it will go through next.
bool Sieve::on_insert(Resident& entry, Residents& residents) {
  turn();
  ahead().sweep(entry.weight, residents);
  return ahead().enter(entry, residents);
}

void Sieve::on_resize(Resident& entry, std::uint32_t weight_before) { queue_of(entry).resize(entry, weight_before); }

void Sieve::on_remove(Resident& entry, Residents& residents) {
  EntryQueue& queue = queue_of(entry);
  queue.leave(entry);
  queue.sweep(entry.weight, residents);
}

bool Sieve::evict(Residents& residents) {
  for (int step = 0; step < kStepsMax; ++step) {
    turn();
    if (ahead().entries() == 0) return false;
    const Verdict verdict = ahead().take_first(residents, [&](Resident& entry) {
      if ((entry.bits & EntryQueue::kUses) == 0) return Verdict::kEvict;
      entry.bits = static_cast<std::uint8_t>(entry.bits & ~EntryQueue::kUses);
      return passed().enter(entry, residents) ? Verdict::kKeep : Verdict::kEvict;
    });
    if (verdict == Verdict::kEvict) return true;
  }
  return false;
}

void Sieve::clear(Residents& residents) {
  for (EntryQueue& queue : queues_) queue.clear(residents);
}

}  // namespace larder::eviction
