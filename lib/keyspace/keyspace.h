// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// All shards of one cache, and how commands reach them. What a command has to do besides its own algebra is done here,
// once: hash, lock, liveness, latch, room, eviction, charging, freeing after the lock, the tale told to listeners.
//
//   view        look at one entry
//   edit        change one entry, or make it, or end it
//   with_locked look at several entries at one instant, and change them (multi_key.h)
//
// Thread safety: all of it. User code runs under no lock.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "keyspace/shard.h"
#include "keyspace/value_copy.h"
#include "larder/options.h"

namespace larder::keyspace {

// How a read counts.
enum class Use : std::uint8_t {
  kMark,  // as a hit or a miss; the policy notices
  kPeek,  // not at all
};

// Bytes written into a value from an offset on.
struct Patch {
  std::uint64_t offset;
  std::string_view bytes;
};

// What an edit makes of an entry. The bytes it names must stay as they are until `edit` returns.
struct Change {
  enum class Kind : std::uint8_t {
    kNothing,
    kReplace,  // another value
    kPatch,    // parts of the value; zero bytes where it was shorter. No entry counts as an empty value
    kRemove,
    kEnd,  // when it ends, and nothing else
  };
  enum class End : std::uint8_t { kKeep, kSet, kClear };

  Kind kind = Kind::kNothing;
  EntryType type = EntryType::kString;  // kReplace
  std::string_view value = {};          // kReplace
  Blob** blob = nullptr;  // kReplace of a value above kInlineBytesMax: it, made before; null when it was used
  std::span<const Patch> patches = {};  // kPatch
  End end = End::kKeep;
  std::uint64_t ends_at = 0;         // kSet. 0 or any past time removes the key
  std::uint64_t* version = nullptr;  // gets the version after the change

  static Change nothing() { return {}; }
  static Change remove() { return {.kind = Kind::kRemove}; }
};

class Keyspace {
 public:
  explicit Keyspace(const Options& options);
  ~Keyspace();
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  Environment& environment() noexcept { return environment_; }
  std::uint64_t hash_of(std::string_view key) const noexcept { return environment_.hash(key); }
  std::uint32_t shard_number(std::uint64_t hash) const noexcept {
    return static_cast<std::uint32_t>(hash >> 54) & (shard_count_ - 1);
  }
  Shard& shard_of(std::uint64_t hash) noexcept { return shards_[shard_number(hash)]; }
  Shard& shard(std::uint32_t number) noexcept { return shards_[number]; }
  std::uint32_t shards() const noexcept { return shard_count_; }

  // Calls visit(const Entry*) under the shard's lock; null if there is no such key. visit must do bounded work, and no
  // I/O.
  template <typename Visit>
  Status view(std::string_view key, Use use, Visit&& visit) {
    if (key.size() > kKeyBytesMax) return key_too_long();
    return view(hash_of(key), key, use, std::forward<Visit>(visit));
  }
  template <typename Visit>
  Status view(std::uint64_t hash, std::string_view key, Use use, Visit&& visit);

  // Removes an entry that has expired.
  void reap(std::uint64_t hash, std::string_view key);

  // Decides under the shard's lock what becomes of an entry; `decide` gets the entry or null, must do bounded work, and
  // may be called several times: the last time counts. Its error is returned, and nothing changes.
  using Decide = FunctionRef<Status(const Entry*, Change&)>;
  Status edit(std::string_view key, Decide decide);

  // Tries to give a key an inline value and an end (kNoDeadline: none), whatever it had. False, with nothing changed:
  // use `edit`. REQUIRES: a value of at most kInlineBytesMax bytes, an end in the future.
  bool put(std::string_view key, std::string_view value, std::uint64_t end) {
    if (key.size() > kKeyBytesMax) return false;
    const std::uint64_t hash = hash_of(key);
    Shard& shard = shard_of(hash);
    // What the key's look-up reads comes from memory while the lock is taken and room is made.
    shard.prefetch_bucket(hash);
    Discards discards(environment_, shard.memory());
    base::MutexLock lock(shard.mutex);
    if (shard.closed) return false;
    shard.prefetch_policy(hash);
    shard.housekeep(discards);
    return shard.put(hash, key, value, end);
  }

  // Evicts until the key's shard has so much to give beside what a write needs, and calls take(shard) under its lock:
  // false if the allocator has it not. kOutOfMemory.
  Status with_room(std::uint64_t hash, std::size_t charge, FunctionRef<bool(Shard&)> take);
  // From now on, the key's shard keeps versions. kOutOfMemory.
  Status keep_versions(std::uint64_t hash);
  // A blob that holds these bytes; kOutOfMemory if there is no room for it. The hash says which shard makes room.
  Result<Blob*> make_blob(std::uint64_t hash, std::string_view bytes);
  // Room for a blob of this capacity, not initialised.
  Result<Blob*> make_blob(std::uint64_t hash, std::size_t size, std::size_t capacity);

  // Removes entries that `chosen` names, in slices, with no lock held in between. `chosen` runs under the lock.
  Result<std::uint64_t> remove_if(RemovalCause cause, FunctionRef<bool(const Entry&)> chosen);
  // Drops all, and refuses what comes.
  void close();

  // Evicts in other shards until the limits have so much left, and the slack of a write. False if nothing more can be
  // had. `idle` counts, for one call, the rounds that evicted nothing: writers that hand each other unused leases and
  // evict nothing must give up some time.
  bool reclaim(std::uint32_t but, std::int64_t bytes, std::int64_t entries, int* idle);
  Status set_max_memory(std::uint64_t bytes);
  Status set_eviction(const Eviction& eviction);
  // Expiry and compaction over all shards: looks at about `budget` entries. Returns how many it looked at. Holds
  // `gate`, if there is one, whenever it holds a lock.
  std::uint64_t tick(std::uint64_t budget, bool* more, base::LeafMutex* gate = nullptr);
  // Removes what has expired, all of it.
  void expire_all();

  Status check();
  std::string policy_name();
  std::int64_t fixed_bytes() const noexcept { return fixed_bytes_; }
  std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

  static Status key_too_long();
  // Before anything is done to the first of them.
  static Status check_sizes(std::span<const std::string_view> keys);
  static Status closed();
  Status out_of_memory();

 private:
  friend class Editing;
  void forget(Shard& shard, bool closes);
  Result<bool> exchange_policy(Shard& shard);
  static std::uint32_t choose_shards(const Options& options);

  memory::Account* account_;
  Environment environment_;
  std::uint32_t shard_count_;
  std::int64_t fixed_bytes_ = 0;
  Shard* shards_ = nullptr;
  std::atomic<std::uint32_t> next_victim_{0};
  std::atomic<std::uint32_t> next_tick_{0};
  std::atomic<std::uint64_t> refused_{0};
  base::LeafMutex policy_mutex_;  // taken before a shard's
  Eviction eviction_ GUARDED_BY(policy_mutex_);
  base::Random policy_seeds_ GUARDED_BY(policy_mutex_);
};

template <typename Visit>
Status Keyspace::view(std::uint64_t hash, std::string_view key, Use use, Visit&& visit) {
  Shard& shard = shard_of(hash);
  bool expired = false;
  {
    base::MutexLock lock(shard.mutex);
    if (shard.closed) [[unlikely]]
      return closed();
    Shard::Place place = shard.find_any(hash, key);
    if (place && !place.entry()->plain()) {
      expired = shard.expired(*place.entry());
      if (expired || place.entry()->is_ghost()) place = {};
    }
    if (place) {
      if (use == Use::kMark) shard.hit(place, hash);
      visit(static_cast<const Entry*>(place.entry()));
    } else {
      if (use == Use::kMark) ++shard.misses;
      visit(static_cast<const Entry*>(nullptr));
    }
  }
  if (expired) [[unlikely]]
    reap(hash, key);
  return {};
}

}  // namespace larder::keyspace
