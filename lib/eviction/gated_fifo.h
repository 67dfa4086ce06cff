// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// S3-FIFO (s3_fifo.h) with a gate before its main queue, and with shares that may change at any time: what the adaptive
// policy is made of (adaptive.h; decision 0022).
//
// What comes back while it is remembered enters main only if it was used more often than the entry that main would give
// up for it; else it is as new. So a loop that is longer than the cache does not replace main at every round: above all
// with a margin of one, as what has just come back is one use ahead of what will be used in the same round. Uses are
// counted as they are found, when an entry comes to the end of a queue: up to 15 in the entry, and on in its ghost;
// main gives ghosts as well. All counts are halved once in five times as many events as there are entries. While there
// is room, what the small queue has too much goes to main, so that main need not be earned by evictions.
//
// Both queues are by weight where few requests are to be missed (entry_queue.h; decision 0025), and one for all where
// few bytes are: a large entry must then be used no more than a small one, as it saves so many bytes the more.
//
// A border that moves is not enforced at once: what the small queue has too much leaves it by its end, as always.
//
// Cost: 4.1 bytes of queue and 7.6 of ghosts an entry, 3.6 KiB; a hit is two bits; eviction is O(1) amortised.
#pragma once

#include "eviction/entry_queue.h"
#include "eviction/ghost_queue.h"
#include "larder/eviction.h"

namespace larder::eviction {

class GatedFifo : public EvictionPolicy {
 public:
  struct Shares {
    double small = 0.1;           // of the weight
    std::uint8_t promote_at = 2;  // uses that bring an entry from small to main
    std::uint8_t margin = 0;      // uses more than that by which the gate opens
  };

  // What is to be missed least, where weights differ.
  enum class Objective : std::uint8_t { kRequests, kBytes };

  GatedFifo() : GatedFifo(Shares()) {}
  explicit GatedFifo(const Shares& shares, Objective objective = Objective::kRequests)
      : by_weight_(objective == Objective::kRequests), shares_(shares) {}

  void set_shares(const Shares& shares) noexcept { shares_ = shares; }
  // Whether that is near the weight at which it last evicted. Not if it never has.
  bool is_full(std::uint64_t weight) const noexcept {
    return weight * 8 >= full_weight_ * 7 && weight * 8 <= full_weight_ * 9;
  }

  std::uint64_t entries() const noexcept { return queues_ == nullptr ? 0 : small().entries() + main().entries(); }
  std::uint64_t weight() const noexcept { return queues_ == nullptr ? 0 : small().weight() + main().weight(); }

  Traits traits() const override { return {.hit = Hit::kCountInBits, .hits_max = 3, .position = false}; }
  void expect(EntryId id) override { ghosts_.prefetch(id); }
  bool on_insert(Resident& entry, Residents& residents) override;
  void on_resize(Resident& entry, std::uint32_t weight_before) override;
  void on_remove(Resident& entry, Residents& residents) override;
  bool evict(Residents& residents) override;
  void clear(Residents& residents) override;

 protected:
  // Whether it has come before, and was not evicted since.
  static bool is_known(const Resident& entry) noexcept { return entry.counter != 0; }

 private:
  using Queue = EntryQueues<32>;

  // Some KiB, which are charged as all that is allocated: there from the first entry on.
  struct Queues {
    explicit Queues(bool by_weight) : small(Queue::Which::kFirst, by_weight), main(Queue::Which::kSecond, by_weight) {}
    Queue small;
    Queue main;
  };

  Queue& small() const noexcept { return queues_->small; }
  Queue& main() const noexcept { return queues_->main; }
  Queue& queue_of(const Resident& entry) const noexcept { return main().holds(entry) ? main() : small(); }
  bool make_queues(Residents& residents);
  bool small_has_its_share() const noexcept;
  bool enters_main(const Resident& entry, Residents& residents);
  unsigned least_of_main(Residents& residents);
  void spill_small(EntryId at_hand, Residents& residents);
  unsigned count_of(const Resident& entry) const noexcept;
  unsigned count(Resident& entry, unsigned uses) noexcept;
  bool evict_from(Queue& queue, Residents& residents);

  const bool by_weight_;
  Shares shares_;
  Queues* queues_ = nullptr;
  GhostQueue ghosts_;
  std::uint64_t full_weight_ = 0;
  std::uint64_t events_ = 0;  // uses that were counted, since the counts were halved
  std::uint8_t epoch_ = 0;    // how often they were
};

}  // namespace larder::eviction
