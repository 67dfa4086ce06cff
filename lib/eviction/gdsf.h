// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Greedy-Dual-Size-Frequency (L. Cherkasova, "Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching
// policy", HP Labs report HPL-98-69R1, 1998): an entry's priority is clock + uses / weight, as of its last use, and the
// lowest goes. The clock is the priority of the one that went last, so that what is not used any more falls behind.
//
// All entries cost the same here: many small ones are held rather than few large ones, which serves most requests, not
// most bytes. With equal weights it is LFU with dynamic ageing. Of equal priorities the one used longest ago goes.
//
// Priorities are doubles: exact until the clock has grown to 10^15 times the difference that matters. Uses are counted
// to 2^32. A binary heap that knows where each entry stands: nothing in it is dead. Cost: 4 bytes of position, 28 of
// heap an entry; a hit moves an entry down the heap, O(log entries) and less on average; to find the lowest and to take
// one out is O(log entries).
// Limits: hits in a large shard cost cache misses; large entries need many uses to stay at all.
#pragma once

#include <cstdint>

#include "eviction/chunks.h"
#include "larder/eviction.h"

namespace larder::eviction {

class Gdsf final : public EvictionPolicy {
 public:
  Traits traits() const override { return {.hit = Hit::kCall, .hits_max = 3, .position = true}; }
  bool on_insert(Resident& entry, Residents& residents) override;
  void on_hit(Resident& entry, Residents& residents) override;
  void on_resize(Resident& entry, std::uint32_t weight_before) override;
  void on_remove(Resident& entry, Residents& residents) override;
  bool evict(Residents& residents) override;
  void clear(Residents& residents) override;

 private:
  // A heap of nodes by priority, each of which names a record, and the records, which stay where they are as long as
  // none goes: an entry's position is its record. There are as many of one as of the other.
  struct Node {
    double priority;
    std::uint32_t used_at;  // a number that each use raises
    std::uint32_t record;
  };
  struct Record {
    EntryId id;
    std::uint32_t uses;
    std::uint32_t node;
  };

  static bool goes_before(const Node& a, const Node& b) noexcept;
  void put(std::uint32_t place, const Node& node) noexcept;
  void move_up(std::uint32_t place, const Node& node) noexcept;
  void move_down(std::uint32_t place, const Node& node) noexcept;
  void rank(const Resident& entry) noexcept;
  void remove(std::uint32_t record, Residents& residents);

  Chunks<Node> heap_;
  Chunks<Record> records_;
  double clock_ = 0;
  std::uint32_t uses_ = 0;
};

}  // namespace larder::eviction
