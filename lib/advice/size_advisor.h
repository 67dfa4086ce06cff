// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a cache of half, twice and four times the size would do with the traffic of late: shadow caches of these sizes,
// and one of the size that it has, run its policy on a sample of its keys, chosen by their hash (C. Waldspurger,
// T. Saemundsson, I. Ahmad, N. Park, "Cache modeling and optimization using miniature simulations", USENIX ATC 2017).
// What is believed of them is by what factor each misses more or less than the one of the cache's size; with that the
// misses of the cache itself are multiplied. So what the sample has more or less of than the whole cancels out.
//
// The sample is one key in a power of two, such that the cache holds 256 to 2,048 of its keys, or all. What was seen
// counts half when 65,536 to 131,072 more uses of the sample have come.
//
// Cost: where a cache is large enough, one use in hundreds is of the sample. For a small one it would be every use; so
// the shadows are told of 131,072 uses at once, at first, and then of one for 256 of the cache, in stretches of 32,768.
//
// Limits: a loop that is about as long as one of the sizes is taken for a little longer or shorter than it is.
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

class SizeAdvisor {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20;

  // `idle`: what was not used for so long is gone; 0: never.
  explicit SizeAdvisor(const Eviction& eviction, std::uint32_t idle = 0) : idle_(idle) { set_eviction(eviction); }

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

  // The cache has this policy from now on, or another bound: what was learnt is of no account.
  void set_eviction(const Eviction& eviction);
  void begin_anew();
  // Without the sentence.
  SizeAdvice advice();
  std::size_t bytes();

 private:
  static constexpr std::size_t kSizes = 4;
  static constexpr std::array<double, kSizes> kFactors{0.5, 1, 2, 4};
  static constexpr std::size_t kItself = 1;

  struct Shadow {
    Shadow(std::unique_ptr<EvictionPolicy> its_policy, std::uint64_t entries_max, std::uint64_t seed,
           std::uint32_t idle)
        : policy(std::move(its_policy)), cache(*policy, entries_max, seed, idle) {}
    std::unique_ptr<EvictionPolicy> policy;
    eviction::ShadowCache cache;
    double misses = 0;
  };

  bool is_awake() const noexcept { return unsampled() != Residents::kNoSample; }
  std::uint64_t capacity(std::size_t i) const noexcept;
  void fit_sample();
  void set_sample(unsigned halvings, bool fills);
  void begin(bool fills);
  void end_use(std::uint32_t now);
  void change(const eviction::ShadowCache::Item& item);
  bool was_missed(EntryId id) const noexcept;
  double sampled(double of) const noexcept { return std::ldexp(of, -static_cast<int>(halvings_)); }
  std::size_t bytes_of_all() const noexcept;

  const std::uint32_t idle_;
  std::atomic<std::uint16_t> unsampled_{0};
  base::LeafMutex mutex_;
  // What follows belongs to whoever holds it.
  using Shadows = std::array<std::unique_ptr<Shadow>, kSizes>;
  Shadows shadows_;            // null: the policy evicts nothing
  unsigned halvings_ = 0;      // the sample is one key in 2^halvings_
  std::uint64_t entries_ = 0;  // of all shards
  std::uint64_t weight_ = 0;
  double fill_ = 1;             // the share of its bound that this is
  std::int64_t credit_ = 0;     // of uses to be told of, in 1/256
  std::int64_t uncounted_ = 0;  // so many uses to come are not counted: the shadows fill
  std::uint32_t since_fit_ = 0;
  double told_ = 0;  // lately; so are the next two, and the misses of shadows
  double hits_ = 0;  // of the cache
  double misses_ = 0;
  std::array<EntryId, 64> missed_{};  // of the shadows' ids, lately
  std::size_t missed_at_ = 0;
};

// What a person would say to it. `bound`: of bytes, or of entries. Empty if nothing is known.
enum class BoundOf { kBytes, kEntries };
std::string sentence_of(const SizeAdvice& advice, std::uint64_t bound, BoundOf of);

}  // namespace larder::advice
