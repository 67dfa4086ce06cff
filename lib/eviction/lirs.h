// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// LIRS (S. Jiang, X. Zhang, "LIRS: an efficient low inter-reference recency set replacement policy", SIGMETRICS 2002):
// what counts is not when an entry was last used, but how much else was used between its last two uses.
//
// Nearly all the weight is for entries with short such distances ("low"); the rest, a hundredth, is a queue through
// which all others pass ("high"). A stack of what was used lately, resident or not, down to the low entry used longest
// ago, shows whose distance is short: who is used while in the stack becomes low, and the low entry at the bottom
// becomes high. Of those evicted, the stack remembers twice as many as there are residents.
//
// Until something is evicted for the first time nobody knows how much there is room for: entries become low as they
// come, all but the newest hundredth.
//
// Limits: slow to give up entries that were low and are not used any more; long queues of ghosts. Cost: a hit writes to
// a queue, as with LRU; 4 bytes of position an entry, 4 to 8 of queue for each of them and of the ghosts, 24 a ghost:
// up to 84 bytes an entry. One call looks at up to 512 entries and 1,024 ids at the bottom of the stack, and leaves the
// rest to the next.
#pragma once

#include "eviction/ghost_list.h"
#include "eviction/id_queue.h"
#include "eviction/recency_queue.h"
#include "larder/eviction.h"

namespace larder::eviction {

class Lirs final : public EvictionPolicy {
 public:
  struct Parameters {
    double high_share = 0.01;  // of the weight; one entry at least
  };

  Lirs() = default;
  explicit Lirs(const Parameters& parameters) : parameters_(parameters) {}

  Traits traits() const override { return {.hit = Hit::kCall, .hits_max = 3, .position = true}; }
  void expect(EntryId id) override;
  bool on_insert(Resident& entry, Residents& residents) override;
  void on_hit(Resident& entry, Residents& residents) override;
  void on_resize(Resident& entry, std::uint32_t weight_before) override;
  void on_remove(Resident& entry, Residents& residents) override;
  bool evict(Residents& residents) override;
  void clear(Residents& residents) override;

 private:
  static constexpr std::uint8_t kLow = 0x4;  // bits of an entry: this, or what high_ writes

  std::uint64_t entries() const noexcept { return low_entries_ + high_.entries(); }
  std::uint64_t weight() const noexcept { return low_weight_ + high_.weight(); }
  std::uint64_t low_weight_max() const noexcept;

  bool is_low_at(const Resident& entry, const IdQueue::Item& item) const noexcept;
  bool is_bottom(const Resident& entry) const noexcept;
  bool put_on_top(Resident& entry, Residents& residents, std::uint32_t* position);
  bool enter_low(Resident& entry, Residents& residents);
  void stack_high(Resident& entry, Residents& residents);
  bool return_to_stack(EntryId id, Residents& residents);
  void leave_low(const Resident& entry) noexcept;
  void sweep(Resident& at_hand, Residents& residents);
  void prune(const Resident* at_hand, Residents& residents);
  bool lower_one(const Resident* at_hand, Residents& residents);
  void lower(const Resident* at_hand, Residents& residents);
  void raise(Residents& residents);
  void forget(std::uint64_t entries, Residents& residents);
  bool evict_high(Residents& residents);
  bool evict_low(Residents& residents);

  Parameters parameters_;
  // The stack, bottom first. An id stands for a low entry of that position, or for an id of `stacked_` with that
  // number.
  IdQueue stack_;
  GhostList stacked_;  // the high ones in the stack, bottom first: `gone_` of them are not resident, then residents
  std::uint32_t gone_ = 0;
  bool pruned_ = false;  // the bottom of the stack is a low entry
  RecencyQueue high_{1};
  std::uint64_t low_entries_ = 0;
  std::uint64_t low_weight_ = 0;
  EntryId expected_ = 0;
  bool expects_ = false;  // expected_ has not been looked for in the stack
  bool returns_ = false;  // it was there
  bool filling_ = true;   // nothing was evicted yet
};

}  // namespace larder::eviction
