// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// All shards of one cache, and how commands reach them. What a command has to do besides its own algebra is done here,
// once: hash, lock, liveness, latch, room, eviction, charging, freeing after the lock, the tale told to listeners.
//
//   view      look at one entry
//   edit      change one entry, or make it, or end it
//   MultiKey  look at several entries at one instant, and change them (multi_key.h)
//
// Where a store stands behind, view loads what is not resident (read_through.cc), and edit writes to the store before
// it changes the entry (write_through.cc). Without one, nothing of that is looked at but a null pointer, and not by a
// hit.
//
// Thread safety: all of it. User code runs under no lock.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "keyspace/detached_entry.h"
#include "keyspace/patches.h"
#include "keyspace/shard.h"
#include "keyspace/value_copy.h"
#include "keyspace/write_back.h"
#include "larder/options.h"

namespace larder::keyspace {

// How a read counts.
enum class Use : std::uint8_t {
  kMark,          // as a hit or a miss; the policy notices
  kMarkResident,  // the same, and a store behind is not asked
  kAsk,           // not at all
  kPeek,          // not at all, and a store behind is not asked
};
constexpr bool marks(Use use) noexcept { return use <= Use::kMarkResident; }
constexpr bool asks(Use use) noexcept { return use == Use::kMark || use == Use::kAsk; }
// How a function reads that reads like this where it is the cache's own, and looks only where it is a ReadView's.
constexpr Use use_of(bool looks, Use otherwise) noexcept { return looks ? Use::kPeek : otherwise; }

// Whether a command that writes looks at what the key was before.
enum class Before : std::uint8_t { kMatters, kDoesNotMatter };

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
  Outside* outside = nullptr;  // kReplace of what does not fit inline: it, made before; nothing when it was used
  std::span<const Patch> patches = {};  // kPatch
  End end = End::kKeep;
  std::uint64_t ends_at = 0;         // kSet. 0 or any past time removes the key
  std::uint64_t* version = nullptr;  // gets the version after the change
  std::uint64_t stale_until = 0;     // kReplace by what was loaded: when it has ended, it is kept for loads until then
  std::uint64_t store_version = 0;   // and the store's version of it

  // When it ends after the change, given what the entry, or null, was before.
  std::uint64_t end_for(const Entry* entry) const noexcept {
    switch (end) {
      case End::kSet: return ends_at;
      case End::kClear: return Entry::kNoDeadline;
      case End::kKeep: break;
    }
    return entry == nullptr ? Entry::kNoDeadline : Shard::end_of(*entry);
  }

  static Change nothing() { return {}; }
  static Change remove() { return {.kind = Kind::kRemove}; }
};

class Keyspace {
 public:
  explicit Keyspace(const Options& options);
  // What a transaction works on: a keyspace of one shard that takes its memory from the other's account and evicts
  // there; it tells nobody, and knows these keys alone (kUndeclaredKey), which must outlive it. They are sorted. Throws
  // std::bad_alloc.
  Keyspace(Keyspace& parent, std::span<const std::string_view> declared);
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
  // I/O. Blocks where a store has to be asked.
  template <typename Visit>
  Status view(std::string_view key, Use use, Visit&& visit) {
    if (key.size() > kKeyBytesMax) return key_too_long();
    return view(hash_of(key), key, use, std::forward<Visit>(visit));
  }
  template <typename Visit>
  Status view(std::uint64_t hash, std::string_view key, Use use, Visit&& visit);

  // The same; kWrongType if the entry is of another type.
  template <typename Visit>
  Status view_as(EntryType type, std::string_view key, Use use, Visit&& visit) {
    if (key.size() > kKeyBytesMax) return key_too_long();
    return view_as(type, hash_of(key), key, use, std::forward<Visit>(visit));
  }
  template <typename Visit>
  Status view_as(EntryType type, std::uint64_t hash, std::string_view key, Use use, Visit&& visit) {
    bool fits = true;
    const auto checked = [&](const Entry* entry) __attribute__((always_inline)) {
      fits = entry == nullptr || entry->type() == type;
      if (fits) [[likely]]
        visit(entry);
    };
    Status status = view(hash, key, use, checked);
    if (!fits) [[unlikely]]
      return wrong_type();
    return status;
  }

  // The same for several keys, once for each, in any order: visit(i, entry, ok), or visit(i, null, why not).
  using VisitOne = FunctionRef<void(std::size_t, const Entry*, const Status&)>;
  void view_many(std::span<const std::string_view> keys, Use use, VisitOne visit);
  // For keys that were not resident just now: one call of the store for all that nobody else is loading.
  void read_through(std::span<const std::string_view> keys, VisitOne visit);
  // What a store has, for commands to look at. kOutOfMemory, kStoreMalformed.
  Result<std::unique_ptr<DetachedEntry>> detach(std::string_view key, const StoredValue& stored, std::uint64_t end);
  // Where an edit with no lock held gets its memory from, given what the key was. `unkept`: that is in no shard.
  memory::Account& account_of(const ValueCopy& old, bool unkept) noexcept {
    return old.outside() ? old.outside().account() : unkept ? *outside_ : environment_.account;
  }
  bool has_store() const noexcept { return environment_.store != nullptr; }
  // Loads again what was asked for shortly before its time: up to so many keys. Returns how many. Throws
  // std::bad_alloc, and then they are loaded when their time has come.
  std::size_t refresh_some(std::size_t most);
  void count_stale() noexcept { served_stale_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t served_stale() const noexcept { return served_stale_.load(std::memory_order_relaxed); }
  std::uint64_t refreshes() const noexcept { return refreshes_.load(std::memory_order_relaxed); }
  // Null: writes go through, or nowhere.
  WriteBack* write_back() noexcept { return write_back_.get(); }

  // Removes an entry that has expired.
  void reap(std::uint64_t hash, std::string_view key);

  // Decides under the shard's lock what becomes of an entry; `decide` gets the entry or null, must do bounded work, and
  // may be called several times: the last time counts. Its error is returned, and nothing changes.
  using Decide = FunctionRef<Status(const Entry*, Change&)>;
  Status edit(std::string_view key, Decide decide, Before before = Before::kMatters) {
    if (key.size() > kKeyBytesMax) return key_too_long();
    if (special_) [[unlikely]]
      return edit_special(key, decide, before);
    return edit_resident(key, decide);
  }
  // The same; kWrongType if the entry is of another type.
  Status edit_as(EntryType type, std::string_view key, Decide decide) {
    return edit(key, [&](const Entry* entry, Change& change) {
      return entry == nullptr || entry->type() == type ? decide(entry, change) : wrong_type();
    });
  }
  // The same, and no store is told.
  Status edit_resident(std::string_view key, Decide decide);
  // Keeps what a load has brought, unless it was overtaken. The value's bytes must stay as they are: of a collection,
  // its stored form.
  struct Brought {
    EntryType type = EntryType::kString;
    std::string_view value = {};
    std::uint64_t end = Entry::kNoDeadline;
    std::uint64_t stale_until = 0;
    std::uint64_t version = 0;
  };
  // False: it was overtaken. kStoreMalformed; and where there is no room, or it is too large, kOutOfMemory and
  // kValueTooLarge.
  Result<bool> keep(std::string_view key, const KeyWork& load, const Brought& brought);

  // Tries to give a key an inline value and an end (kNoDeadline: none), whatever it had. False, with nothing changed:
  // use `edit`. REQUIRES: a value of at most kInlineBytesMax bytes, an end in the future.
  bool put(std::string_view key, std::string_view value, std::uint64_t end) {
    if (key.size() > kKeyBytesMax || special_) return false;
    const std::uint64_t hash = hash_of(key);
    Shard& shard = shard_of(hash);
    // What the key's look-up reads comes from memory while the lock is taken and room is made.
    shard.prefetch_bucket(hash);
    Discards discards(environment_, shard.memory());
    base::MutexLock lock(shard.mutex);
    if (shard.closed) return false;
    shard.expect(hash);
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
  Result<Blob*> make_blob(std::uint64_t hash, std::size_t size, std::size_t capacity) {
    return make_blob(hash, size, capacity, environment_.account);
  }
  Result<Blob*> make_blob(std::uint64_t hash, std::size_t size, std::size_t capacity, memory::Account& account);

  // Removes entries that `chosen` names, in slices, with no lock held in between. `chosen` runs under the lock.
  Result<std::uint64_t> remove_if(RemovalCause cause, FunctionRef<bool(const Entry&)> chosen);
  // Drops all, and refuses what comes. Whoever waits for another's work is woken. Dirty writes stay.
  void close();

  // Who waits for whose work on a key.
  base::Waiting& waiting() noexcept { return waiting_; }
  // Until when a call that begins now waits for others, all in all; zero: without limit.
  std::uint64_t give_up_us(Milliseconds at_most) noexcept;
  // Waits until others' work is finished. kReentrantLoad, kLoadDeadlock, kTimeout, kClosed.
  Status wait_for(KeyWork& work, std::uint64_t give_up_us);
  // How often a call has waited for another's load or write.
  std::uint64_t waits() const noexcept { return waits_.load(std::memory_order_relaxed); }

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
  // The cache itself, who advises, and what the policies share.
  std::int64_t fixed_bytes();
  std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

  static Status key_too_long();
  // How many calls wait for what others write.
  std::uint64_t waiters() const noexcept { return waiters_.load(std::memory_order_relaxed); }
  void count_waiters(std::int64_t more) noexcept {
    waiters_.fetch_add(static_cast<std::uint64_t>(more), std::memory_order_relaxed);
  }
  // Whether a call may do so. Not in a transaction.
  bool may_wait() const noexcept { return parent_ == nullptr; }
  // Whether a transaction may use it. Elsewhere all are declared.
  bool is_declared(std::string_view key) const noexcept;
  static Status undeclared();
  // Waits for a latch of this shard that was held at that epoch. kUndeclaredKey: it is this thread's own, of a
  // transaction whose function writes the cache and not the transaction.
  Status wait_for_latch(Shard& shard, std::uint32_t epoch);
  // The same for that of a key, if it has one.
  Status wait_for_latch(std::uint64_t hash, std::string_view key);
  // Before anything is done to the first of them.
  static Status check_sizes(std::span<const std::string_view> keys);
  static Status wrong_type();
  static Status closed();
  static Status no_memory();  // for what was loaded
  Status out_of_memory();

 private:
  friend class Editing;
  // What a look at an entry leaves to be done without the lock: a sum of these.
  enum Afterwards : unsigned {
    kReap = 1,     // it has expired
    kRefresh = 2,  // it is to be loaded again ahead of its time
    kAsk = 4,      // nobody but the store knows
  };
  Status view_afterwards(unsigned afterwards, std::uint64_t hash, std::string_view key,
                         FunctionRef<void(const Entry*)> visit);
  struct NotResident {
    const Entry* dirty;
    bool ask;
  };
  NotResident find_dirty(Shard& shard, std::uint64_t hash, std::string_view key, Use use);
  Status edit_special(std::string_view key, Decide decide, Before before);
  Status edit_stored(std::string_view key, Decide decide, Before before);
  void forget(Shard& shard, bool closes);
  void refresh_later(std::string_view key) noexcept;
  bool lease(std::int64_t bytes);
  std::int64_t shared_bytes(std::size_t each) const noexcept;
  Status fit_shared();
  Status exchange_policies(const Eviction& eviction, std::size_t each, std::optional<std::uint64_t> after = {});
  Result<bool> exchange_policy(Shard& shard, std::unique_ptr<EvictionPolicy>& policy, std::uint64_t change);
  static std::uint32_t choose_shards(const Options& options);

  struct Release {
    void operator()(memory::Account* account) const noexcept { account->release(); }
  };
  std::unique_ptr<memory::Account, Release> account_;  // lives on with the handles
  std::unique_ptr<memory::Account, Release> outside_;  // for detached entries: without a limit
  Environment environment_;
  Keyspace* const parent_ = nullptr;                       // of a transaction's
  const std::span<const std::string_view> declared_ = {};  // the same
  const bool special_;                                     // there is a store behind, or it is a transaction's
  base::Waiting waiting_;
  std::uint32_t shard_count_;
  std::int64_t fixed_bytes_ = 0;
  Shard* shards_ = nullptr;
  std::unique_ptr<WriteBack> write_back_;
  std::atomic<std::uint32_t> next_victim_{0};
  std::atomic<std::uint32_t> next_tick_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> waits_{0};
  std::atomic<std::uint64_t> waiters_{0};
  std::atomic<std::uint64_t> served_stale_{0};
  std::atomic<std::uint64_t> refreshes_{0};
  base::LeafMutex refresh_mutex_;  // a leaf
  std::vector<std::string> to_refresh_ GUARDED_BY(refresh_mutex_);
  base::LeafMutex policy_mutex_;                                // taken before a shard's
  memory::FixedLease shared_ GUARDED_BY(policy_mutex_);         // by policies of eviction_
  memory::FixedLease shared_before_ GUARDED_BY(policy_mutex_);  // by those that some shards still have
  Eviction eviction_ GUARDED_BY(policy_mutex_);
  std::uint64_t policy_changes_ GUARDED_BY(policy_mutex_) = 0;
  base::Random policy_seeds_ GUARDED_BY(policy_mutex_);
};

// What a hit does not need is out of line, and `visit` is called at one place: so it becomes part of it.
template <typename Visit>
Status Keyspace::view(std::uint64_t hash, std::string_view key, Use use, Visit&& visit) {
  Shard& shard = shard_of(hash);
  unsigned afterwards = 0;
  {
    base::MutexLock lock(shard.mutex);
    if (shard.closed) [[unlikely]]
      return closed();
    Shard::Place place = shard.find_any(hash, key);
    if (place && !place.entry()->plain()) {
      if (shard.expired(*place.entry())) {
        afterwards = kReap;
        place = {};
      } else if (place.entry()->is_ghost()) [[unlikely]] {
        place = {};
      } else if (place.entry()->has_freshness() && marks(use) && shard.begin_refresh(place)) [[unlikely]] {
        afterwards = kRefresh;
      }
    }
    const Entry* entry = nullptr;
    if (place) {
      entry = place.entry();
      if (marks(use)) shard.hit(place, hash);
    } else if (!special_) [[likely]] {
      if (marks(use)) shard.miss(hash, key);
    } else {
      const NotResident not_resident = find_dirty(shard, hash, key, use);
      entry = not_resident.dirty;
      if (not_resident.ask) afterwards |= kAsk;
    }
    if ((afterwards & kAsk) == 0) visit(entry);
  }
  if (afterwards != 0) [[unlikely]]
    return view_afterwards(afterwards, hash, key, visit);
  return {};
}

}  // namespace larder::keyspace
