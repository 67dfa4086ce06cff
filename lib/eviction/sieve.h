// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// SIEVE: a hand goes through a first-in-first-out queue, from the oldest entry to the newest and from the beginning
// again; what was used since it last came by stays where it is, the first that was not goes. (Y. Zhang, J. Yang, Y.
// Yue, Y. Vigfusson, K. V. Rashmi, "SIEVE is simpler than LRU", NSDI 2024.)
//
// The hand parts the queue: what it has passed, and what is ahead of it, where new entries come behind. So two queues
// do, and nothing is ever taken out of the middle; when there is nothing ahead, they change places.
//
// A hit sets a bit, an entry costs 4 bytes. Good where popularity is stable and skewed. It does not resist scans: when
// one passes, the hand meets old entries that are used again too late.
#pragma once

#include "eviction/entry_queue.h"
#include "larder/eviction.h"

namespace larder::eviction {

class Sieve final : public EvictionPolicy {
 public:
  Traits traits() const override { return {.hit = Hit::kCountInBits, .hits_max = 1, .position = false}; }
  bool on_insert(Resident& entry, Residents& residents) override;
  void on_resize(Resident& entry, std::uint32_t weight_before) override;
  void on_remove(Resident& entry, Residents& residents) override;
  bool evict(Residents& residents) override;
  void clear(Residents& residents) override;

 private:
  EntryQueue& ahead() noexcept { return queues_[ahead_]; }
  EntryQueue& passed() noexcept { return queues_[ahead_ ^ 1]; }
  void turn() noexcept {
    if (ahead().entries() == 0) ahead_ ^= 1;
  }
  EntryQueue& queue_of(const Resident& entry) noexcept { return ahead().holds(entry) ? ahead() : passed(); }

  EntryQueue queues_[2] = {EntryQueue(EntryQueue::Which::kFirst), EntryQueue(EntryQueue::Which::kSecond)};
  unsigned ahead_ = 0;
};

}  // namespace larder::eviction
