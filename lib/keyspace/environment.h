// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What all shards of one cache share. Constant after construction, or atomic.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "advice/advisor.h"
#include "advice/hot_keys.h"
#include "base/key_hash.h"
#include "collections/draft.h"
#include "keyspace/entry.h"
#include "keyspace/slack.h"
#include "larder/options.h"
#include "memory/account.h"
#include "store/fenced_store.h"

namespace larder::keyspace {

// Until when a value is fresh, and until when it may be served stale after that; 0: not at all.
struct Freshness {
  std::uint64_t until;
  std::uint64_t stale_until;
};

class Environment {
 public:
  Environment(const Options& options, memory::Account& its_account);
  // Of a transaction: the same hash, time and limits, and nobody who is told.
  explicit Environment(Environment& parent);

  const base::KeyHash hash;
  memory::Account& account;
  const Slack slack;
  memory::Limit entries;  // max_entries
  const ExpiryOptions expiry;
  const RemovalListener listener;
  const std::unique_ptr<store::FencedStore> store;  // null: nothing stands behind
  const std::unique_ptr<advice::Advisor> advisor;   // null: nobody has asked
  const std::unique_ptr<advice::HotKeys> hot_keys;  // the same
  const bool keeps_freshness;                       // every entry has its freshness written down
  const std::uint64_t max_age_ms;                   // of what a store behind has; 0: no limit
  const std::uint64_t stale_ms;                     // for so long after that it may be served
  const std::uint64_t refresh_ahead_ms;
  const std::uint64_t seed;
  const std::uint64_t value_bytes_max;
  const bool weigh_entries;  // bounded by max_entries alone: each entry weighs 1
  std::atomic<std::uint64_t> listener_failures{0};
  std::atomic<bool> quiet{false};  // the cache is being destroyed: listeners are not called any more

  // The bound that is nearer: of bytes, or of entries. Null: there is none.
  const memory::Limit* nearer_bound() const noexcept;
  // How much memory the policies of this cache may share.
  std::size_t shared_bytes(const Eviction& eviction) const noexcept;

  // Up to where collections of this type are small.
  collections::SmallLimits small_limits(EntryType type) const noexcept {
    const std::uint64_t packed = small_limits_[static_cast<std::size_t>(type)].load(std::memory_order_relaxed);
    return {static_cast<std::uint32_t>(packed >> 32), static_cast<std::uint32_t>(packed)};
  }
  void set_small_limits(const CompactLimits& limits) noexcept;
  CompactLimits compact_limits() const noexcept;

  // Milliseconds on the cache's own time, which begins at 1. Reads the clock.
  std::uint64_t now() noexcept;
  // Whether a deadline has come, to the millisecond. Reads the precise clock only when it may be near.
  bool reached(std::uint64_t deadline) noexcept {
    return deadline <= ms_of(clock_.monotonic_coarse()) + kCoarseLagMax && deadline <= now();
  }
  // The same as of the last reading.
  std::uint64_t coarse_now() const noexcept { return coarse_now_.load(std::memory_order_relaxed); }
  // For measuring how long something took.
  std::uint64_t monotonic_us() noexcept { return static_cast<std::uint64_t>(clock_.monotonic().count()) / 1000; }

  // The largest deadline: about 4,400 years from the start.
  static constexpr std::uint64_t kDeadlineMax = std::uint64_t{1} << 47;
  // When something ends that ends `ttl` from now; kInvalidExpireTime beyond kDeadlineMax. REQUIRES: ttl > 0.
  Result<std::uint64_t> deadline_in(Milliseconds ttl);
  // The cache's time of a unix time: 0 if that is not in the future.
  Result<std::uint64_t> deadline_at(std::int64_t unix_ms);
  std::int64_t unix_of(std::uint64_t deadline) noexcept;
  // When what a store has ends: 0 if it has ended; never, too, if that is beyond what can be kept.
  std::uint64_t end_of(const StoredValue& value);
  // Of what has just been loaded, or written, and ends at `end`.
  Freshness freshness_from_now(std::uint64_t end) noexcept;
  // A time to live, shortened by the jitter that the options ask for.
  Milliseconds jittered(Milliseconds ttl) noexcept;

  bool value_fits(std::uint64_t bytes) const noexcept { return bytes <= most_bytes_a_value(); }
  Status value_too_large(std::uint64_t bytes) const;
  // Keys and values that one command stores at once.
  bool all_fit(std::uint64_t bytes) const noexcept {
    return !account.bytes().bounded() || bytes <= static_cast<std::uint64_t>(account.bytes().max()) / 4;
  }
  // Whether room may be made for so much, as it is charged: nothing is evicted for a write that would not fit anyhow.
  bool may_make_room_for(std::int64_t bytes, std::int64_t new_entries) const noexcept {
    return bytes <= account.bytes().max() / 2 && new_entries <= entries.max();
  }

 private:
  std::uint64_t most_bytes_a_value() const noexcept {
    if (!account.bytes().bounded()) return value_bytes_max;
    return std::min(value_bytes_max, static_cast<std::uint64_t>(account.bytes().max()) / 8);
  }
  // Unix time minus the cache's time. Kept until the machine's clocks drift apart by more than kDrift: so an absolute
  // time comes back as it was given.
  std::int64_t unix_offset() noexcept;
  std::uint64_t ms_of(std::chrono::nanoseconds monotonic) const noexcept {
    return static_cast<std::uint64_t>((monotonic.count() - origin_ns_) / 1'000'000);
  }
  static constexpr std::uint64_t kCoarseLagMax = 1'000;

  Clock& clock_;
  const std::int64_t origin_ns_;
  std::atomic<std::uint64_t> coarse_now_{1};
  std::atomic<std::int64_t> unix_offset_;
  std::atomic<std::uint64_t> jitter_state_;
  std::array<std::atomic<std::uint64_t>, 6> small_limits_{};  // by type: entries above bytes
};

}  // namespace larder::keyspace
