// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// ARC (N. Megiddo, D. S. Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003): entries used once and
// entries used more often, each by recency, and a border between them that follows what comes back.
//
// What is evicted is remembered beside its list. What comes back while it is remembered was given up too early, and
// moves the border in favour of its list: by one, or by as many as the other memory is longer. Both memories together
// hold as many ids as there are residents. The border is counted in entries, and applied as a share of the weight.
//
// Limits: a loop longer than the cache has no hits; the border is moved by single ids, so it is restless in small
// shards. Cost: a hit writes to a queue, as with LRU; 4 bytes of position, 4 to 8 of queue and 24 of ghosts an entry.
#pragma once

#include <optional>

#include "eviction/ghost_list.h"
#include "eviction/recency_queue.h"
#include "larder/eviction.h"

namespace larder::eviction {

class Arc final : public EvictionPolicy {
 public:
  Traits traits() const override { return {.hit = Hit::kCall, .hits_max = 3, .position = true}; }
  void expect(EntryId id) override;
  bool on_insert(Resident& entry, Residents& residents) override;
  void on_hit(Resident& entry, Residents& residents) override;
  void on_resize(Resident& entry, std::uint32_t weight_before) override;
  void on_remove(Resident& entry, Residents& residents) override;
  bool evict(Residents& residents) override;
  void clear(Residents& residents) override;

 private:
  enum class Memory : std::uint8_t { kNone, kOnce, kOften };  // where an id is remembered

  std::uint64_t entries() const noexcept { return once_.entries() + often_.entries(); }
  RecencyQueue& queue_of(const Resident& entry) { return often_.holds(entry) ? often_ : once_; }
  Memory recall(EntryId id, Residents& residents);
  void forget(Residents& residents, std::uint64_t incoming);
  bool evict_from(RecencyQueue& queue, GhostList* ghosts, Residents& residents);
  bool once_is_over() const noexcept;

  RecencyQueue once_{1};
  RecencyQueue often_{2};
  GhostList once_gone_;
  GhostList often_gone_;
  double once_target_ = 0;  // so many entries used once are right
  EntryId expected_ = 0;
  bool expects_ = false;             // expected_ has not been looked for in the memories
  Memory recalled_ = Memory::kNone;  // where expected_ was found, if it was
  std::optional<EntryId> unknown_;   // was looked for last, and is in neither memory
};

}  // namespace larder::eviction
