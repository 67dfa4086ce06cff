// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/fifo.h"

namespace larder::eviction {
namespace {

constexpr int kStepsMax = 64;

}  // namespace

bool Fifo::on_insert(Resident& entry, Residents& residents) {
  queue_.sweep(entry.weight, residents);
  return queue_.enter(entry, residents);
}

void Fifo::on_remove(Resident& entry, Residents& residents) {
  queue_.leave(entry);
  queue_.sweep(entry.weight, residents);
}

bool Fifo::evict(Residents& residents) {
  for (int step = 0; step < kStepsMax && queue_.entries() != 0; ++step) {
    const Verdict verdict = queue_.take_first(residents, [](Resident&) { return Verdict::kEvict; });
    if (verdict == Verdict::kEvict) return true;
  }
  return false;
}

}  // namespace larder::eviction
