// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Which entry goes when memory runs out: the policies on offer, and the interface for one of your own
// (examples/own_policy.cc; one that keeps an order is lib/eviction/lru.cc, on the queue of lib/eviction/id_queue.h).
//
// A policy object serves one shard and is called under that shard's lock: no locks, no I/O, no calls to the cache,
// bounded work, and nothing thrown: an exception ends the program. It never sees pointers to entries. An entry is named
// by its `EntryId`; a policy that keeps order stores ids and asks `Residents` what has become of one. An id whose entry
// has gone is found dead later, so removal costs a policy nothing. But a key that was deleted and came back has its old
// id: a policy that minds writes something into the entry (`position`, `bits`) when it comes, and compares.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "larder/function_ref.h"
#include "larder/memory.h"
#include "larder/status.h"

namespace larder {

// 32 bits of the key's hash, within one shard. Two resident entries share one with a probability of about
// entries / 2^32; a policy then takes one for the other, which costs a little precision and nothing else.
using EntryId = std::uint32_t;

// A resident entry as a policy sees it. Valid during the call only; what the policy writes is kept in the entry when
// the call it was handed to returns.
struct Resident {
  EntryId id;
  std::uint32_t weight;    // bytes charged for the entry; 1 where the cache is bounded by max_entries alone
  std::uint8_t bits;       // 0 to 15, the policy's own: kept beside the key's tag
  std::uint8_t counter;    // the policy's own: kept in the entry
  std::uint32_t position;  // the policy's own: kept only if Traits::position
};

enum class Verdict : std::uint8_t {
  kNotThisOne,  // another resident may have the same id: show me that
  kKeep,        // found, and it stays
  kEvict,       // found, and it goes
};

// The shard's entries, for a policy that looks at them.
class Residents {
 public:
  virtual ~Residents() = default;
  // Shows `visit` the residents of this id until it answers other than kNotThisOne, and returns the last answer
  // (kNotThisOne if there was none). Expected O(1), two cache misses. After kEvict the entry is gone, and neither
  // on_remove nor anything else is called for it, unless the engine has to keep it for now (it is latched or dirty):
  // then on_insert is called, and find returns kKeep.
  virtual Verdict find(EntryId id, FunctionRef<Verdict(Resident&)> visit) = 0;
  // The same for a resident drawn at random with `random`, 64 random bits. kNotThisOne draws no second one.
  virtual Verdict sample(std::uint64_t random, FunctionRef<Verdict(Resident&)> visit) = 0;
  // Starts fetching what find(id) will need: first the bucket, some calls later the entry that stands there.
  virtual void prefetch(EntryId id) = 0;
  virtual void prefetch_entry(EntryId id) = 0;
  // From now on, on_hit is called for hits of a sample of the keys also where Traits::hit is kCountInBits: of those
  // whose id has none of these bits. At first it is kNoSample, one key in 65,536.
  virtual void sample_hits(std::uint16_t unsampled) = 0;
  static constexpr std::uint16_t kNoSample = 0xffff;
  // What the policy tracks: entries, and the sum of their weights.
  virtual std::uint64_t size() const = 0;
  virtual std::uint64_t weight() const = 0;
  // Memory for the policy's own state, charged to the cache; aligned to 64 if `bytes` is a multiple of 64, else to 16.
  // Null: none left, do without. If it is a small part of what the shard has, room is then made by eviction, so that
  // asking again in a later `evict` succeeds.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void deallocate(void* block, std::size_t bytes) = 0;
};

class EvictionPolicy {
 public:
  // What is charged for an object: one that has more state takes it from Residents::allocate.
  static constexpr std::size_t kBytes = 320;

  // What a hit does. All but kCall are done by the engine itself, inline.
  enum class Hit : std::uint8_t {
    kNothing,
    kCountInBits,  // the low two bits of `bits` count hits and stop at Traits::hits_max
    kLogCounter,   // `counter` grows with a probability that falls as it grows (255 stands for about a million hits)
    kCall,         // on_hit is called: for policies that reorder at once
  };
  struct Traits {
    Hit hit = Hit::kNothing;
    std::uint8_t hits_max = 3;  // 1 to 3
    bool position = false;      // entries carry `position`, for four bytes each
  };

  virtual ~EvictionPolicy() = default;
  virtual Traits traits() const = 0;

  // An entry of this id is about to come, or so it seems: start fetching what on_insert will read. Whoever goes before
  // it comes makes room for it. Not called for each that comes.
  virtual void expect(EntryId /*id*/) {}
  // An entry came; its bits, counter and position are 0. Or it came back, see Residents::find. False: there is no
  // memory to keep track of it. The policy then knows nothing of it, and is offered it again later.
  virtual bool on_insert(Resident& entry, Residents& residents) = 0;
  virtual void on_hit(Resident& /*entry*/, Residents& /*residents*/) {}
  // It was given a value of another size.
  virtual void on_resize(Resident& /*entry*/, std::uint32_t /*weight_before*/) {}
  // It leaves, and not because this policy said so: deleted, expired, no longer subject to eviction.
  virtual void on_remove(Resident& entry, Residents& residents) = 0;

  // Evicts one entry, by answering kEvict to find or sample. Returns whether it did: false when nothing is tracked,
  // or when a bounded effort found nothing; the engine may ask again.
  virtual bool evict(Residents& residents) = 0;

  // Hands back all memory it allocated. The last call: another policy has taken over, or the shard has become empty and
  // gets a new object. Called without the shard's lock.
  virtual void clear(Residents& residents) = 0;
};

// Makes one policy object for one shard. `seed` is for policies that draw random numbers.
using PolicyFactory = std::function<std::unique_ptr<EvictionPolicy>(std::uint64_t seed)>;

// Which policy, and over which entries.
class Eviction {
 public:
  enum class Scope : std::uint8_t {
    kAllKeys,      // any entry may be evicted
    kKeysWithTtl,  // only entries with a time to live
  };

  static Eviction adaptive(Scope scope = Scope::kAllKeys);  // the default: follows the traffic
  static Eviction s3_fifo(Scope scope = Scope::kAllKeys);   // as published: resists scans, 48 bytes of ghosts
  static Eviction lru(Scope scope = Scope::kAllKeys);       // exact; a hit costs more, an entry 8 bytes more
  static Eviction lfu(Scope scope = Scope::kAllKeys);       // sampled, with ageing
  static Eviction random(Scope scope = Scope::kAllKeys);
  static Eviction sieve(Scope scope = Scope::kAllKeys);  // cheap, for skewed traffic without scans
  static Eviction fifo(Scope scope = Scope::kAllKeys);   // who came first; to compare with
  static Eviction none();                                // a write that finds no room answers kOutOfMemory
  // A policy of your own. REQUIRES: factory is callable and gives no null; checked.
  static Eviction custom(std::string name, PolicyFactory factory, Scope scope = Scope::kAllKeys);
  // "adaptive", "s3-fifo", "lru", "lfu", "random", "sieve", "fifo", "w-tinylfu", "arc", "lirs", "gdsf", "redis-lru",
  // "redis-lfu": docs/eviction.md says what each is for.
  static std::span<const std::string_view> names() noexcept;
  // By name, one of those, or with "-ttl" behind it for kKeysWithTtl; "none"; and Redis's names ("allkeys-lru",
  // "volatile-lfu", "noeviction", ...). Some take parameters, behind a colon: "w-tinylfu:window=0.3",
  // "s3-fifo-ttl:ghost=0.9,promote=1". kInvalidArgument for any other name; for a parameter that the policy does not
  // take, with those it does and their ranges.
  static Result<Eviction> named(std::string_view name);

  const std::string& name() const noexcept { return name_; }
  Scope scope() const noexcept { return scope_; }
  const PolicyFactory& factory() const noexcept { return factory_; }  // empty for none()
  struct Shared;
  // The same, with a factory whose policies share what those of one cache share, and with no other's, in so many bytes
  // of memory: shared_bytes() says how many that are where they may be as many as `bytes_max`.
  Eviction for_one_cache(std::size_t shared_bytes) const;
  std::size_t shared_bytes(std::size_t bytes_max) const noexcept;

 private:
  Eviction(std::string name, PolicyFactory factory, Scope scope);
  std::string name_;
  PolicyFactory factory_;
  const Shared* shared_ = nullptr;  // null: nothing
  Scope scope_;
};

}  // namespace larder
