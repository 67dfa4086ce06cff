// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Which shares suit the traffic of a cache: several shadow caches, each with its shares, are told of the use of a
// sample of its keys, chosen by their hash (C. Waldspurger, T. Saemundsson, I. Ahmad, N. Park, "Cache modeling and
// optimization using miniature simulations", USENIX ATC 2017). The answer is a mean of theirs, weighted by how probable
// it is that another of them has missed less lately by chance alone. So what makes no difference moves nothing, and a
// border moves as far as there is evidence for it (decision 0023). What is held against one must be so in two memories:
// one that keeps all evidence for a while, as a loop looks different in its first half and in its second; and one that
// keeps no more than suffices, so that it turns with the traffic.
//
// One for all shards of a cache. The sample is such that a shadow holds 256 to 512 entries, or all, in a small
// cache. It is one key in a power of two: as the cache grows, the shadows drop every second key.
//
// Cost: some 3,400 instructions for each use of a key of the sample, half a microsecond, where half of them miss. It is
// paid for by what comes into the cache: when more uses were told of than an eighth of what came, the sample is empty
// for a while. Memory: as much as it is allowed, kBytesMax at most; with less the shadows are smaller, down to 64
// entries, and the answer is less sure.
//
// Thread safety: safe. Nobody waits: who finds another at work goes on, and this use is not noticed.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "eviction/gated_fifo.h"
#include "eviction/shadow_cache.h"
#include "larder/eviction.h"

namespace larder::eviction {

class SharesChooser {
 public:
  static constexpr std::size_t kBytesMin = std::size_t{164} << 10;
  static constexpr std::size_t kBytesMax = std::size_t{320} << 10;

  // REQUIRES: bytes_max is kBytesMin or more; checked.
  explicit SharesChooser(GatedFifo::Objective objective = GatedFifo::Objective::kRequests,
                         std::size_t bytes_max = kBytesMax);

  GatedFifo::Shares shares() const noexcept {
    return {small_.load(std::memory_order_relaxed), promote_at_.load(std::memory_order_relaxed),
            margin_.load(std::memory_order_relaxed)};
  }
  // Ids with any of these bits are none of the sample.
  std::uint16_t unsampled() const noexcept { return unsampled_.load(std::memory_order_relaxed); }

  // What a shard holds has changed by so much, and so many entries came.
  void resize(std::int64_t entries, std::int64_t weight, std::int64_t came) noexcept;
  // A key of the sample was used, or came. `salt` tells the ids of shards apart. `full`: its shard must evict.
  void access(EntryId id, std::uint64_t salt, std::uint32_t weight, bool full);
  // One of the sample was deleted.
  void remove(EntryId id, std::uint64_t salt);
  // Of memory. Not while others call.
  std::size_t bytes() const noexcept;

 private:
  static constexpr unsigned kCandidates = 5;
  static const std::array<GatedFifo::Shares, kCandidates> kShares;

  using MissedHits = std::array<double, kCandidates>;  // what a candidate missed lately and each of them hit
  struct Candidate {
    Candidate(const GatedFifo::Shares& shares, GatedFifo::Objective objective, const ShadowCache::Bounds& bounds)
        : policy(shares, objective), cache(policy, bounds) {}
    GatedFifo policy;
    ShadowCache cache;
    MissedHits missed_hits{};
    MissedHits capped{};  // the same, but what leaves it too far behind is not kept
  };

  bool begin() noexcept { return !busy_.exchange(true, std::memory_order_acquire); }
  void end() noexcept { busy_.store(false, std::memory_order_release); }
  std::int64_t sampled(const std::atomic<std::int64_t>& of) const noexcept;
  SharesChooser(GatedFifo::Objective objective, const ShadowCache::Bounds& each);
  void fit_sample();
  double deviations_behind(unsigned candidate, MissedHits Candidate::*missed_hits) const noexcept;
  void forget_some() noexcept;
  void decide();

  const std::int64_t shadow_entries_max_;
  std::atomic<double> small_;
  std::atomic<std::uint8_t> promote_at_;
  std::atomic<std::uint8_t> margin_{0};
  std::atomic<std::uint16_t> unsampled_{0};
  std::atomic<std::int64_t> entries_{0};
  std::atomic<std::int64_t> weight_{0};
  std::atomic<std::int64_t> credit_;  // of uses to be told of, in 1/kCameAUse
  // What follows belongs to whoever is busy.
  std::atomic<bool> busy_{false};
  unsigned halvings_ = 0;  // the sample is one key in 2^halvings_
  std::uint64_t told_ = 0;
  std::uint64_t since_decision_ = 0;
  std::array<Candidate, kCandidates> candidates_;
};

}  // namespace larder::eviction
