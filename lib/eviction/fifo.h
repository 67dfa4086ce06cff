// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// First in, first out: who came first goes. (L. Belady, "A study of replacement algorithms for a virtual-storage
// computer", IBM Systems Journal 5(2), 1966.)
//
// A hit costs nothing, and an entry 4 bytes. It pays no heed to use: what is popular leaves with the rest. To compare
// with, or where all entries are used for about as long from their coming on.
#pragma once

#include "eviction/entry_queue.h"
#include "larder/eviction.h"

namespace larder::eviction {

class Fifo final : public EvictionPolicy {
 public:
  Traits traits() const override { return {}; }
  bool on_insert(Resident& entry, Residents& residents) override;
  void on_resize(Resident& entry, std::uint32_t weight_before) override { queue_.resize(entry, weight_before); }
  void on_remove(Resident& entry, Residents& residents) override;
  bool evict(Residents& residents) override;
  void clear(Residents& residents) override { queue_.clear(residents); }

 private:
  EntryQueue queue_{EntryQueue::Which::kFirst};
};

}  // namespace larder::eviction
