// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The gated S3-FIFO of gated_fifo.h, with shares that follow the traffic (shares_chooser.h): a small queue that is
// short where what comes once never comes again, or where a loop is longer than the cache; long where what was used
// lately is used again. What it has learnt of entries stays when a border moves: only the border does.
//
// On twenty public traces, sizes of 1,000 objects and more, it misses 1.1 % more than the best of 33 static policies at
// each point, and nowhere much more than LRU (docs/eviction.md). Limits: it needs as many requests as the cache has
// entries, several times, to learn what suits; a phase that comes back finds what main was left with.
//
// Cost: that of gated_fifo.h, and for the uses of a sample of the keys that of shares_chooser.h.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "eviction/gated_fifo.h"
#include "eviction/shares_chooser.h"

namespace larder::eviction {

class Adaptive final : public GatedFifo {
 public:
  // `chooser`: the cache's, with the same objective. `salt`: another one for each of its shards.
  Adaptive(std::shared_ptr<SharesChooser> chooser, std::uint64_t salt, Objective objective = Objective::kRequests)
      : GatedFifo(Shares(), objective), chooser_(std::move(chooser)), salt_(salt) {}

  bool on_insert(Resident& entry, Residents& residents) override;
  void on_hit(Resident& entry, Residents& residents) override;
  void on_resize(Resident& entry, std::uint32_t weight_before) override;
  void on_remove(Resident& entry, Residents& residents) override;
  void clear(Residents& residents) override;

 private:
  bool is_sampled(EntryId id) const noexcept { return (id & unsampled_) == 0; }
  void tell_size(std::uint64_t entries, std::uint64_t weight) noexcept;
  void follow(Residents& residents);
  void use(const Resident& entry, Residents& residents);

  const std::shared_ptr<SharesChooser> chooser_;
  const std::uint64_t salt_;
  std::uint16_t unsampled_ = Residents::kNoSample;
  std::uint64_t told_entries_ = 0;
  std::uint64_t told_weight_ = 0;
  std::int64_t came_ = 0;  // since it was told
};

}  // namespace larder::eviction
