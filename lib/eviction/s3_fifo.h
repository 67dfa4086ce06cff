// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// S3-FIFO: three first-in-first-out queues (J. Yang, Y. Zhang, Z. Qiu, Y. Yue, K. V. Rashmi, "FIFO queues are all you
// need for cache eviction", SOSP 2023).
//
// New entries enter a small queue of a tenth of the cache's weight. At its end an entry that was used at least twice
// moves to the main queue; any other is evicted and remembered in a ghost queue. What comes back while it is remembered
// enters main at once. In main, an entry that was used goes round again, its counter one lower. A hit counts up to 3 in
// two bits beside the key's tag, and that is all a hit costs.
//
// One-hit entries leave early, a scan passes through the small queue only, and a hit writes no list. Limits: an entry
// used once within the small queue's life is evicted even if the next use is near; a ghost queue shorter than the reuse
// distance of a phase loses that phase; a loop longer than the cache replaces main at every round (gated_fifo.h does
// not). The ghost remembers twice as many ids as there are residents: on the traces we test with that is better than
// the paper's 0.9 (docs/eviction.md).
//
// Exact: what is announced by expect() is asked for among the ghosts before room is made for it. Cost: 4.1 bytes of
// queue and 24 a ghost, 52 an entry with two of them; eviction is O(1) amortised, as each round in main is paid by a
// hit.
#pragma once

#include <optional>

#include "eviction/entry_queue.h"
#include "eviction/ghost_list.h"
#include "larder/eviction.h"

namespace larder::eviction {

class S3Fifo final : public EvictionPolicy {
 public:
  struct Parameters {
    double small_share = 0.1;  // of the weight
    double ghosts_per_entry = 2.0;
    std::uint8_t promote_at = 2;  // uses that bring an entry from small to main
  };

  S3Fifo() = default;
  explicit S3Fifo(const Parameters& parameters) : parameters_(parameters) {}

  Traits traits() const override { return {.hit = Hit::kCountInBits, .hits_max = 3, .position = false}; }
  void expect(EntryId id) override;
  bool on_insert(Resident& entry, Residents& residents) override;
  void on_resize(Resident& entry, std::uint32_t weight_before) override;
  void on_remove(Resident& entry, Residents& residents) override;
  bool evict(Residents& residents) override;
  void clear(Residents& residents) override;

 private:
  EntryQueue& queue_of(const Resident& entry) { return main_.holds(entry) ? main_ : small_; }
  bool take_ghost(EntryId id, Residents& residents);
  void fit_ghosts(std::uint64_t more, Residents& residents);
  bool evict_from_small(Residents& residents);
  bool evict_from_main(Residents& residents);

  Parameters parameters_;
  EntryQueue small_{EntryQueue::Which::kFirst};
  EntryQueue main_{EntryQueue::Which::kSecond};
  GhostList ghosts_;
  std::optional<EntryId> comes_back_;  // was a ghost when it was announced
};

}  // namespace larder::eviction
