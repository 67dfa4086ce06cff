// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Exact LRU: who was not used for longest goes. (E. O'Neil, P. O'Neil, G. Weikum, SIGMOD 1993, discusses its weakness:
// a scan longer than the cache throws out everything.)
//
// A hit writes the entry's id to the end of a queue and its place there into the entry; where it stood before is found
// dead later. Four bytes an entry and 4 to 8 of queue; no neighbours to touch, which is what makes linked lists slow.
#pragma once

#include "eviction/id_queue.h"
#include "larder/eviction.h"

namespace larder::eviction {

class Lru final : public EvictionPolicy {
 public:
  Traits traits() const override { return {.hit = Hit::kCall, .hits_max = 3, .position = true}; }
  bool on_insert(Resident& entry, Residents& residents) override;
  void on_hit(Resident& entry, Residents& residents) override;
  void on_remove(Resident& entry, Residents& residents) override;
  bool evict(Residents& residents) override;
  void clear(Residents& residents) override;

 private:
  void sweep(Resident& entry, Residents& residents);
  bool to_end(Resident& entry, Residents& residents);
  IdQueue queue_;
  std::uint64_t entries_ = 0;
};

}  // namespace larder::eviction
