// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How a cache is set up. Every field has a default that suits a service with one cache of some hundred megabytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "larder/backing_store.h"
#include "larder/clock.h"
#include "larder/eviction.h"
#include "larder/memory.h"
#include "larder/status.h"

namespace larder {

inline constexpr std::size_t kKeyBytesMax = 65'535;
inline constexpr std::uint64_t kValueBytesMax = 512_MiB;
inline constexpr std::uint64_t kMaxMemoryMin = 64_KiB;    // the smallest useful max_memory
inline constexpr std::uint64_t kShardMemoryMin = 32_KiB;  // and its smallest part for each shard

// Every way in which an entry can leave. Listeners and statistics are told.
enum class RemovalCause : std::uint8_t {
  kDeleted,      // del, get_del, rename, an expire time in the past
  kReplaced,     // its value was replaced as a whole
  kInvalidated,  // invalidate, invalidate_prefix
  kExpired,      // its time to live ran out
  kIdle,         // not used for `idle` of ExpiryOptions
  kEvicted,      // the policy chose it when memory was needed
  kCleared,      // clear, close
};
inline constexpr std::size_t kRemovalCauses = 7;
std::string_view to_string(RemovalCause cause) noexcept;

// Told of removals by the thread that caused them, under no lock. Must be thread safe. What it throws is caught and
// counted. `value` is valid during the call. It may call the cache: what that removes it is told of when it has
// returned, so that it is never called from within itself; until then those bytes are not counted in max_memory. One
// that removes an entry for each that it is told of has no end, and neither has the call that began it. Where there is
// no memory to remember what it is to be told of, it is not, and that is counted, too (stats().listener_failures).
//
// Of what expired it is told when that is found: by a write to any key of the same shard, a look-up of the key, dbsize,
// tick, or the background thread. While a cache is only read, nobody is told.
using RemovalListener = std::function<void(std::string_view key, std::string_view value, RemovalCause cause)>;

struct ExpiryOptions {
  // An entry not read or written for so long is gone, or sooner if its time to live ends. Zero: never. `peek`,
  // `exists`, `type`, `ttl` and walks are no uses. Costs 12 bytes an entry and a clock reading a hit.
  Milliseconds idle{0};
  // Each time to live is shortened at random by up to this share of it (0 to 1), so that what was stored together
  // does not expire together. Applies to `ttl` of writes and loads; never to expire, expire_at and their like.
  double ttl_jitter = 0.0;
};

// Up to where collections stay compact: packed into one block, if they take 1 KiB at most. Beyond that they are tables
// and trees, and stay so. The names are Redis's; what they decide can be seen in OBJECT ENCODING, and in memory.
struct CompactLimits {
  std::uint32_t hash_max_listpack_entries = 512;  // fields
  std::uint32_t hash_max_listpack_value = 64;     // bytes of a field or value
  std::uint32_t set_max_intset_entries = 512;     // members
  std::uint32_t zset_max_listpack_entries = 128;  // members
  std::uint32_t zset_max_listpack_value = 64;     // bytes of a member
};

struct Options {
  // Upper bound, in bytes, of all that this cache keeps: keys, values, index, policy, timers, and memory set aside.
  // 0: unbounded. Otherwise at least kMaxMemoryMin, and kShardMemoryMin for each shard that `shards` asks for.
  std::uint64_t max_memory = 256_MiB;
  // Upper bound of the number of entries. 0: none.
  std::uint64_t max_entries = 0;
  // What goes when a bound is reached.
  Eviction eviction = Eviction::adaptive();
  // Estimates what half, twice and four times the bound would do with the traffic of late: stats().size_advice. Takes 1
  // MiB of max_memory (with adaptive 2.3), which must be 16 MiB or more; of the time of calls, in the long run, less
  // than can be measured.
  bool size_advice = false;
  // The same of other policies: stats().policy_advice. Takes 1 MiB, too (with adaptive 1.3).
  bool policy_advice = false;
  // How many of the most used keys stats().hot_keys names, at most 1,000. 0: none, and nothing is counted. Takes 282
  // KiB of max_memory, above 128 of them 2.2 KiB each; that must be a sixteenth of it at most. Costs a GET some 2 %.
  std::uint32_t hot_keys = 0;
  ExpiryOptions expiry = {};
  // Values above this are refused with kValueTooLarge, and nothing is evicted for them. At most kValueBytesMax. A value
  // is refused, too, when it would take more than an eighth of max_memory.
  std::uint64_t value_bytes_max = kValueBytesMax;
  // Lock stripes, a power of two up to 1024. 0 chooses: 16 for each processor, from 32 to 256, fewer for small bounds.
  // More cost about 1 KiB each, make writes slower (what they touch in a stripe leaves the processor's caches) and an
  // entry-exact policy less exact; fewer make threads wait for each other.
  std::uint32_t shards = 0;
  CompactLimits compact = {};
  StoreOptions store = {};               // what stands behind the cache
  RemovalListener on_removal = {};       // empty: nobody is told
  bool background_thread = false;        // one thread that calls tick; otherwise writes do that work, in slices
  Milliseconds background_interval{10};  // how often it does; at most a day
  Clock* clock = nullptr;                // null: Clock::system(). Must outlive the cache
  Allocator* allocator = nullptr;        // null: Allocator::standard(). Must outlive the cache and its handles
  std::uint64_t seed = 0;                // of hashing and random choices; 0: unpredictable. Fix it in tests only

  // Says all that is wrong with these options in one message (kInvalidArgument), or ok.
  Status validate() const;
};

}  // namespace larder
