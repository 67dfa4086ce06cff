// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a cache has done and what it holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "larder/options.h"

namespace larder {

// Latencies by powers of two: bucket i counts those below 2^i microseconds and not below half of that; the last
// one all that took longer, too.
struct LatencyHistogram {
  std::array<std::uint64_t, 32> buckets{};
  std::uint64_t count = 0;
  std::uint64_t sum_us = 0;
  std::uint64_t max_us = 0;
  // An upper bound, in microseconds, of the given share (0 to 1) of the latencies; 0 if there are none.
  std::uint64_t quantile_us(double share) const noexcept;
};

// What other sizes of a cache would have done with its traffic of late (Options::size_advice), as hit ratios of 0 to 1:
// of look-ups, whatever their keys and values weigh. So much is for certain: docs/eviction.md.
struct SizeAdvice {
  bool known = false;         // if not, the hit ratios are 0, and the sentence says how far it is
  std::uint64_t samples = 0;  // uses of sampled keys, of late, that this rests on: it is known from 4,096 on
  double hit_ratio = 0;       // of the cache itself, in the same time
  double at_half = 0;         // with half of max_memory, or of max_entries: of the bound that is nearer
  double at_double = 0;
  double at_fourfold = 0;
  // "+64 MiB would lift the hit ratio from 81.0 % to 84.0 %"; "not known yet: 1234 of 4096 sampled uses". Empty where
  // it is not asked for, or nothing is evicted.
  std::string sentence;
};

// What it would have done with other policies (Options::policy_advice), of the same size, in the same way. As look-ups
// count and not bytes, it says nothing of what adaptive:bytes=1 is for.
struct PolicyAdvice {
  struct Other {
    std::string name;  // as Eviction::named takes it
    double hit_ratio;
  };
  bool known = false;
  std::uint64_t samples = 0;
  double hit_ratio = 0;
  std::vector<Other> others;  // best first: the policies of Eviction::names() but fifo, sieve, redis-lru and redis-lfu
  // "w-tinylfu would lift the hit ratio from 81.0 % to 84.0 %".
  std::string sentence;
};

// A key that is used much (Options::hot_keys). A use is a hit, a miss or a write: a miss and the write behind it are
// two. `share`, 0 to 1, is of all uses, and mostly of those of late: when two million more have come, what was before
// counts half. It is an estimate, of one use in 64: too high by chance only; a key with 1 % of a few million uses
// is off by up to 15 % of its share. Its error and limits: docs/eviction.md.
struct HotKey {
  std::string key;  // of one above 256 bytes: the first 236, "...", and 16 hexadecimal digits that tell it from others
  double share = 0;
};

struct Stats {
  // Since the cache was made.
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t writes = 0;                              // entries created or changed
  std::array<std::uint64_t, kRemovalCauses> removals{};  // by RemovalCause
  std::uint64_t refused_out_of_memory = 0;
  std::uint64_t loads = 0;
  std::uint64_t loads_failed = 0;
  std::uint64_t loads_joined = 0;       // callers that waited for another's load, or for its write to the store
  std::uint64_t loads_discarded = 0;    // not stored: overtaken by a write
  std::uint64_t loads_not_stored = 0;   // too large, or there was no room
  std::uint64_t served_stale = 0;       // answers that were older than they should be (Staleness)
  std::uint64_t refreshes = 0;          // keys that were loaded again ahead of their time, from the store
  std::uint64_t listener_failures = 0;  // exceptions thrown by the removal listener
  LatencyHistogram load_latency;
  std::uint64_t store_loads = 0;           // keys that the backing store was asked for
  std::uint64_t store_loads_failed = 0;    // of those
  std::uint64_t store_writes = 0;          // mutations that it was given
  std::uint64_t store_writes_failed = 0;   // of those: certainly not written
  std::uint64_t store_writes_unknown = 0;  // of those: nobody knows
  // Write-back:
  std::uint64_t writes_coalesced = 0;      // writes that took the place of one that had not left yet
  std::uint64_t write_batches = 0;         // calls of the store; in the mean of store_writes / write_batches mutations
  std::uint64_t write_retries = 0;         // mutations that came back to be tried again
  std::uint64_t write_queue_full = 0;      // writers that found no room in the buffer, and waited or were refused
  std::uint64_t dead_letters = 0;          // given to the sink
  std::uint64_t dead_letter_failures = 0;  // exceptions thrown by it
  LatencyHistogram store_write_latency;    // of its calls of the store

  // Now.
  std::uint64_t entries = 0;  // with those that have expired and are not given back yet: Keys::dbsize does that first
  std::uint64_t entries_with_ttl = 0;
  std::uint64_t entries_negative = 0;  // remembered absences and failures of loads: not counted in the two above
  std::uint64_t loads_in_flight = 0;
  std::uint64_t waiting_for_items = 0;  // calls, and clients of endpoints, that wait for something to take: blpop
  std::uint64_t shards = 0;
  std::uint64_t max_memory = 0;       // 0: unbounded
  std::uint64_t bytes_used = 0;       // all that is charged: never above max_memory. The sum of the next five
  std::uint64_t bytes_data = 0;       // keys and values
  std::uint64_t bytes_entries = 0;    // what their blocks take beyond that: headers, rounding
  std::uint64_t bytes_index = 0;      // index, policy with its ghosts, timers
  std::uint64_t bytes_set_aside = 0;  // leased to shards and not in use
  std::uint64_t bytes_fixed = 0;      // the cache itself
  std::uint64_t bytes_pinned = 0;     // of bytes_data: held by Pinned handles, or on their way to be freed
  std::uint64_t bytes_dirty =
      0;  // in the buffer of write-back; large values count in full, also those that are resident
  std::uint64_t dirty_items = 0;      // writes that are not in the store yet
  std::uint64_t dirty_oldest_ms = 0;  // how long the oldest of them has waited
  bool store_left_alone = false;      // it failed too often: the circuit breaker is open
  std::string store_last_error;       // why it last did not write, also if it has written since; not for Prometheus
  std::string policy;
  SizeAdvice size_advice;
  std::vector<HotKey> hot_keys;  // the most used first
  PolicyAdvice policy_advice;

  double hit_ratio() const noexcept { return hits + misses == 0 ? 0.0 : double(hits) / double(hits + misses); }
  std::uint64_t removed(RemovalCause cause) const noexcept { return removals[static_cast<std::size_t>(cause)]; }

  // In the format and with the field names of Redis's INFO (sections Server, Memory, Stats, Keyspace), and what Redis
  // does not have in a section Larder (larder_...). avg_ttl is 0, for not known.
  std::string to_redis_info() const;
  // In Prometheus's text exposition format 0.0.4. `cache` becomes the label cache="...".
  std::string to_prometheus(std::string_view cache = "default") const;
};

}  // namespace larder
