// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a cache of half, twice and four times the size would do with the traffic of late, and what it would do with each
// other policy: shadow caches with these sizes and policies, and one that is as the cache itself, are told of a sample
// of its keys, chosen by their hash (C. Waldspurger, T. Saemundsson, I. Ahmad, N. Park, "Cache modeling and
// optimization using miniature simulations", USENIX ATC 2017). What is believed of them is by what factor each misses
// more or less than the one that is as the cache; with that the misses of the cache itself are multiplied. So what the
// sample has more or less of than the whole cancels out.
//
// The sample is one key in a power of two, such that the cache holds 256 to 2,048 of its keys, or all; fewer, where the
// shadows would take more than bytes_max(). What was seen counts half when 65,536 to 131,072 more uses of the sample
// have come.
//
// Cost: where a cache is large enough, one use in hundreds is of the sample. For a small one it would be every use; so
// the shadows are told of 131,072 uses at once, at first, and then of one for so many of the cache as pay for it: 64 a
// shadow, 256 if it has another policy. That comes in stretches of 32,768.
//
// Limits: a loop that is about as long as one of the sizes is taken for a little longer or shorter than it is. What a
// policy does within so many uses, whatever the size of the cache, a sample does not show: sieve is not advised on.
//
// Thread safety: all of it. Called under the locks of shards; none of them waits for another for long.
#pragma once

#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "eviction/shadow_cache.h"
#include "larder/eviction.h"
#include "larder/stats.h"

namespace larder::advice {

// A key of the sample. `salt` tells the ids of shards apart.
struct Key {
  EntryId id;
  std::uint64_t salt;
};

// What one shard has counted, and holds.
struct Counts {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t entries = 0;
  std::uint64_t weight = 0;
};

// What is asked. With none of them it says nothing.
struct Questions {
  bool sizes = false;
  bool policies = false;
};

class Advisor {
 public:
  // `idle`: what was not used for so long is gone; 0: never.
  Advisor(const Eviction& eviction, std::size_t shared_bytes, Questions asked, std::uint32_t idle = 0)
      : asked_(asked), idle_(idle) {
    set_eviction(eviction, shared_bytes);
  }

  Questions asked() const noexcept { return asked_; }
  // What it may take: 1 MiB for each question; beside what the cache's own policies share, which so many miniatures
  // have.
  std::size_t bytes_max() const noexcept;
  std::size_t miniatures() const noexcept { return 1 + (asked_.sizes ? kFactors.size() : 0); }
  // Ids with any of these bits are none of the sample.
  std::uint16_t unsampled() const noexcept { return unsampled_.load(std::memory_order_relaxed); }

  // A shard had counted `before` when it last called, and counts `now`. `fill`: the share of its bound that the cache
  // holds.
  void count(const Counts& before, const Counts& now, double fill);
  // A key was looked up, and found or not. Times are in the same unit, which begins at 1; `end` is 0 for never.
  void found(const Key& key, std::uint32_t weight, std::uint32_t end, std::uint32_t now);
  void missed(const Key& key, std::uint32_t now);
  // It came into the cache: because it was missed just now, or else by a write that nobody has looked before.
  void came(const Key& key, std::uint32_t weight, std::uint32_t end, std::uint32_t now);
  // It is there, and has this weight and end from now on; and was written, a use that is no hit.
  void changed(const Key& key, std::uint32_t weight, std::uint32_t end);
  void written(const Key& key, std::uint32_t weight, std::uint32_t end, std::uint32_t now);
  // It was deleted, or has expired.
  void removed(const Key& key);

  // The cache has this policy from now on, which shares so many bytes, or another bound: what was learnt is of no
  // account.
  void set_eviction(const Eviction& eviction, std::size_t shared_bytes);
  void begin_anew();
  // Without the sentence, where it is known. Where that was not asked, or nothing is evicted, empty.
  SizeAdvice size_advice();
  PolicyAdvice policy_advice();
  std::size_t bytes();

 private:
  static constexpr std::array<double, 3> kFactors{0.5, 2, 4};

  // A cache of this policy, of so many times the size.
  struct WhatIf {
    WhatIf(const Eviction& eviction, std::size_t shared, double its_factor, std::uint64_t seed, std::uint32_t idle);

    const std::string policy_name;
    const std::size_t shared_bytes;
    const double factor;
    const std::unique_ptr<EvictionPolicy> policy;
    eviction::ShadowCache cache;
    double misses = 0;  // lately
  };
  using WhatIfs = std::vector<std::unique_ptr<WhatIf>>;

  bool is_awake() const noexcept { return unsampled() != Residents::kNoSample; }
  std::uint64_t capacity_of(const WhatIf& what_if) const noexcept;
  void fit_sample();
  void set_sample(unsigned halvings, bool fills);
  void begin(bool fills);
  void end_use(std::uint32_t now);
  void change(const eviction::ShadowCache::Item& item);
  bool was_missed(EntryId id) const noexcept;
  double sampled(double of) const noexcept { return std::ldexp(of, -static_cast<int>(halvings_)); }
  std::size_t bytes_of_all() const noexcept;
  double miss_ratio() const noexcept { return misses_ / (hits_ + misses_); }
  template <class Advice>
  bool knows(Advice* advice) const;
  bool is_another_policy(const WhatIf& what_if) const noexcept {
    return what_if.policy_name != what_ifs_[0]->policy_name;
  }
  double hit_ratio_of(const WhatIf& what_if) const noexcept;

  const Questions asked_;
  const std::uint32_t idle_;
  std::atomic<std::uint16_t> unsampled_{0};
  base::LeafMutex mutex_;
  // What follows belongs to whoever holds it.
  // The cache itself, then other sizes in the order of kFactors, then other policies. None: it evicts nothing.
  WhatIfs what_ifs_;
  unsigned halvings_ = 0;      // the sample is one key in 2^halvings_
  std::uint64_t entries_ = 0;  // of all shards
  std::uint64_t weight_ = 0;
  double fill_ = 1;               // the share of its bound that this is
  std::int64_t uses_a_told_ = 0;  // of the cache
  std::int64_t credit_ = 0;       // of uses to be told of, in 1/uses_a_told_
  std::int64_t uncounted_ = 0;    // so many uses to come are not counted: the shadows fill
  std::uint32_t since_fit_ = 0;
  double told_ = 0;  // lately; so are the next two
  double hits_ = 0;  // of the cache
  double misses_ = 0;
  std::array<EntryId, 64> missed_{};  // of the shadows' ids, lately
  std::size_t missed_at_ = 0;
};

}  // namespace larder::advice
