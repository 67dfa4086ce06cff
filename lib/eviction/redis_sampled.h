// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The two policies of Redis (its src/evict.c; eviction_pool.h): a few entries drawn at random for each that is to go,
// and of these and the sixteen best of those drawn before, the one that ...
//
//   RedisLru  was not used for longest. The clock counts uses and so is exact, where that of Redis counts seconds.
//   RedisLfu  was used least, by a counter in the entry that grows by one with the probability 1 / (10 (c - 5) + 1)
//             and begins at 5. It loses a point for each "minute" between its uses; a policy has no clock, so that a
//             minute is a number of uses in this shard.
//
// To compare with; `lru` is exact and `lfu` needs no position. Limits: as those of LRU and LFU, and the lucky ones
// among the unused stay. Cost: a hit writes 4 bytes of position in the entry; an eviction is as many look-ups as there
// are samples.
#pragma once

#include "base/random.h"
#include "eviction/eviction_pool.h"
#include "larder/eviction.h"

namespace larder::eviction {

// What both have in common.
class RedisSampled : public EvictionPolicy {
 public:
  Traits traits() const override { return {.hit = Hit::kCall, .hits_max = 3, .position = true}; }
  bool on_insert(Resident& entry, Residents& residents) override;
  void on_remove(Resident&, Residents&) override {}
  bool evict(Residents& residents) override;
  void clear(Residents&) override {}

 protected:
  RedisSampled(int samples, std::uint64_t seed) : random_(seed), samples_(samples) {}
  virtual void begin(Resident& entry) = 0;
  virtual std::uint32_t rank(const Resident& entry) const noexcept = 0;

  base::Random random_;

 private:
  const int samples_;
  EvictionPool pool_;
  EntryId kept_ = 0;
  bool keeps_ = false;  // the engine had to keep kept_ in this call
};

class RedisLru final : public RedisSampled {
 public:
  struct Parameters {
    int samples = 5;
  };

  explicit RedisLru(std::uint64_t seed) : RedisLru(Parameters(), seed) {}
  RedisLru(const Parameters& parameters, std::uint64_t seed) : RedisSampled(parameters.samples, seed) {}
  void on_hit(Resident& entry, Residents&) override { begin(entry); }

 private:
  void begin(Resident& entry) override { entry.position = ++uses_; }
  std::uint32_t rank(const Resident& entry) const noexcept override { return uses_ - entry.position; }

  std::uint32_t uses_ = 0;
};

class RedisLfu final : public RedisSampled {
 public:
  struct Parameters {
    int samples = 5;
    std::uint32_t minute = 60'000;  // uses
  };

  explicit RedisLfu(std::uint64_t seed) : RedisLfu(Parameters(), seed) {}
  RedisLfu(const Parameters& parameters, std::uint64_t seed)
      : RedisSampled(parameters.samples, seed), minute_(parameters.minute) {}
  void on_hit(Resident& entry, Residents& residents) override;

 private:
  void begin(Resident& entry) override;
  std::uint32_t rank(const Resident& entry) const noexcept override;
  std::uint32_t counter_now(const Resident& entry) const noexcept;
  void pass_time() noexcept;

  const std::uint32_t minute_;
  std::uint32_t minutes_ = 0;  // passed
  std::uint32_t uses_ = 0;     // in this one
};

}  // namespace larder::eviction
