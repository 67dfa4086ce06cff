// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// W-TinyLFU (G. Einziger, R. Friedman, B. Manes, "TinyLFU: a highly efficient cache admission policy", ACM Transactions
// on Storage 13(4), 2017): a small LRU queue for what is new, and admission by frequency to the rest.
//
// Who leaves the window is compared with the first of the main part, and the one seen less often lately goes: counts
// are kept of all ids, resident or not (frequency_sketch.h). The main part is a segmented LRU: what was used there is
// protected, up to four fifths of its weight. Against keys made to collide in the sketch, one candidate of 128 that was
// seen more than five times is admitted although it was seen less.
//
// The window's share is what there is to choose: small for traffic where popularity is stable, large where recency
// counts (docs/eviction.md). While the cache fills, what the window has too much moves on unseen. The window grows with
// the cache then, as a policy is not told how large that will be: more becomes protected on the way than if the window
// had its size from the start. Later it may be off by four entries, so that nobody passes unseen only because weights
// differ.
//
// As long as nobody had to go, counts stand in the entries, as all that was seen is here, and none is halved. They come
// to the sketch one by one, with the next use of the entry or its end.
//
// Limits: a new set of popular keys has to outdo the counts of the old one. Cost: a hit writes to a queue, as with LRU,
// and to the sketch; 4 bytes of position, 4 to 8 of queue and 16 of sketch an entry.
#pragma once

#include "base/random.h"
#include "eviction/frequency_sketch.h"
#include "eviction/recency_queue.h"
#include "larder/eviction.h"

namespace larder::eviction {

class WTinyLfu final : public EvictionPolicy {
 public:
  struct Parameters {
    double window_share = 0.2;  // of the weight; one entry at least
  };

  explicit WTinyLfu(std::uint64_t seed) : WTinyLfu(Parameters(), seed) {}
  WTinyLfu(const Parameters& parameters, std::uint64_t seed)
      : parameters_(parameters), random_(seed), seen_(random_.next()) {}

  Traits traits() const override { return {.hit = Hit::kCall, .hits_max = 3, .position = true}; }
  bool on_insert(Resident& entry, Residents& residents) override;
  void on_hit(Resident& entry, Residents& residents) override;
  void on_resize(Resident& entry, std::uint32_t weight_before) override;
  void on_remove(Resident& entry, Residents& residents) override;
  bool evict(Residents& residents) override;
  void clear(Residents& residents) override;

 private:
  std::uint64_t entries() const noexcept { return window_.entries() + probation_.entries() + protected_.entries(); }
  std::uint64_t weight() const noexcept { return window_.weight() + probation_.weight() + protected_.weight(); }
  std::uint64_t window_weight_max() const noexcept;
  std::uint64_t window_slack() const noexcept;
  RecencyQueue& queue_of(const Resident& entry) noexcept;
  void bring_to_shares(Residents& residents);
  void count(Resident& entry) noexcept;
  void bring_count(Resident& entry) noexcept;
  unsigned count_of(const Resident& entry) noexcept;
  bool is_admitted(const Resident& candidate, const Resident& victim) noexcept;
  bool evict_first(RecencyQueue& queue, Residents& residents);

  Parameters parameters_;
  RecencyQueue window_{1};
  RecencyQueue probation_{2};
  RecencyQueue protected_{3};
  base::Random random_;
  FrequencySketch seen_;
  bool is_full_ = false;  // somebody had to go
};

}  // namespace larder::eviction
