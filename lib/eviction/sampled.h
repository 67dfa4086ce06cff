// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Policies that keep no order and look at a few entries drawn at random when one has to go.
//
//   Random  the first one drawn. No state, no cost on a hit; no scan resistance, no memory of use.
//   Lfu     of sixteen drawn, the one used least, by a counter in the entry that grows logarithmically (R. Morris,
//   "Counting large
//           numbers of events in small registers", CACM 1978; Redis's LFU is of this kind). New entries begin at 5, so that they
//           live long enough to be used. Ageing: a drawn entry that stays loses a point with one chance in sixteen, which is about
//           one point for each time the whole cache is replaced. Limits: slow to forget what was once popular; a draw of sixteen
//           finds one of the least used 10 % with a probability of 81 %.
#pragma once

#include "base/random.h"
#include "larder/eviction.h"

namespace larder::eviction {

class Random final : public EvictionPolicy {
 public:
  explicit Random(std::uint64_t seed) : random_(seed) {}
  Traits traits() const override { return {}; }
  bool on_insert(Resident&, Residents&) override { return true; }
  void on_remove(Resident&, Residents&) override {}
  bool evict(Residents& residents) override;
  void clear(Residents&) override {}

 private:
  base::Random random_;
};

class Lfu final : public EvictionPolicy {
 public:
  explicit Lfu(std::uint64_t seed) : random_(seed) {}
  Traits traits() const override { return {.hit = Hit::kLogCounter, .hits_max = 3, .position = false}; }
  bool on_insert(Resident& entry, Residents&) override;
  void on_remove(Resident&, Residents&) override {}
  bool evict(Residents& residents) override;
  void clear(Residents&) override {}

 private:
  base::Random random_;
};

}  // namespace larder::eviction
