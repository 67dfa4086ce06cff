// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One stripe of the keyspace: a lock, and what it protects. Entries enter and leave through one function each (add,
// remove), change through `replace` and `store_inline`, and every byte is charged on the way.
//
// Thread safety: all functions need `mutex`, but for those that say otherwise. What they take out goes into a Discards,
// which must outlive the lock. A Place is valid until the next function that is not const.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>

#include "advice/advisor.h"
#include "base/mutex.h"
#include "base/random.h"
#include "expiry/timing_wheel.h"
#include "keyspace/dirty_table.h"
#include "keyspace/discards.h"
#include "keyspace/index.h"
#include "keyspace/wait_lines.h"
#include "keyspace/work_table.h"

namespace larder::keyspace {

// Whether a write finds room.
enum class Room : std::uint8_t {
  kReady,      // yes
  kFreeFirst,  // when the lock is released and the discards are freed: try again, there is more to evict
  kNone,       // not in this shard
};

struct ShardCounters {
  std::uint64_t writes = 0;
  std::uint64_t removals[kRemovalCauses] = {};
};

struct RemovalResult {
  std::uint64_t removed = 0;
  bool latched = false;  // an entry that was chosen is latched: stopped before it
};

class alignas(64) Shard final : private expiry::Timers, private Residents {
 public:
  using Place = Index::Place;

  Shard(Environment& environment, std::int64_t byte_slice, std::int64_t entry_slice, std::uint64_t seed,
        const Eviction& eviction);
  ~Shard() override;

  // --- The first cache line: all that a hit touches in the shard ---
  base::Mutex mutex;
  bool closed = false;

 private:
  using PolicyEpoch = Entry::PolicyEpoch;
  EvictionPolicy::Hit hit_ = EvictionPolicy::Hit::kNothing;  // of traits_
  std::uint8_t hits_max_ = 0;
  std::uint16_t unsampled_ = kNoSample;  // the policy is called for hits of ids without these bits
  std::uint16_t unadvised_ = kNoSample;  // and who advises, for hits and misses of ids without these
  std::uint32_t uses_to_sample_ = 0;     // then who names the hot keys is told of one

 public:
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;

 private:
  Index index_;  // begins with what a look-up needs

 public:
  ShardCounters counters;
  WorkTable works;
  WaitLines lines;
  std::unique_ptr<DirtyTable> dirty;  // null: no write-back

  // --- Finding ----------------------------------------------------------------------------------------------------
  // The entry as it stands, expired or not.
  [[gnu::always_inline]] Place find_any(std::uint64_t hash, std::string_view key) noexcept {
    return index_.find(hash, key);
  }
  // The entry if it is alive; one that has expired is removed (unless it is latched). Negative entries of loads are
  // found, too.
  Place find(std::uint64_t hash, std::string_view key, Discards& discards) noexcept {
    Place place = index_.find(hash, key);
    if (place && place.entry()->has_deadline() && !outlives(place, hash, discards)) return {};
    return place;
  }
  // Whether its time has come. Reads the clock if it has a deadline.
  bool expired(const Entry& entry) noexcept { return entry.has_deadline() && environment_.reached(expires_at(entry)); }
  // When an entry ends: the earlier of its time to live and its idle time. kNoDeadline: never.
  std::uint64_t expires_at(const Entry& entry) const noexcept {
    if (entry.ages()) [[unlikely]]
      return ages_until(entry);
    return entry.deadline();
  }
  // The newest state of a key that the store has not; null: it has all. It may be one that has ended, or kAbsent: see
  // `gone`.
  const Entry* find_dirty(std::uint64_t hash, std::string_view key) const {
    return dirty == nullptr ? nullptr : dirty->find(hash, key);
  }
  // Whether a state means that there is no such key.
  bool gone(const Entry& entry) noexcept { return entry.is_ghost() || expired(entry); }
  // Why an entry leaves: because its time has come, or else for the reason given.
  RemovalCause cause_of(const Entry& entry, RemovalCause otherwise) noexcept {
    return expired(entry) ? end_cause(entry) : otherwise;
  }
  // Its time to live alone. kNoDeadline: none.
  static std::uint64_t end_of(const Entry& entry) noexcept {
    if (!entry.ages()) return entry.deadline();
    return entry.has_idle() ? entry.end() : entry.logical_end();
  }
  // Until when an entry is what it says: it ends, or is fresh no longer.
  static std::uint64_t fresh_until(const Entry& entry) noexcept {
    return entry.has_freshness() ? std::min(end_of(entry), entry.fresh_until()) : end_of(entry);
  }

  // A read or a write of the entry: the policy notices, and it is not idle.
  void mark_use(const Place& place, std::uint64_t hash) noexcept {
    Entry& entry = *place.entry();
    count_use(hash, entry);
    if (entry.has_idle()) [[unlikely]]
      entry.set_last_use(environment_.now());
    if (hit_ == EvictionPolicy::Hit::kCountInBits) {
      const std::uint8_t bits = place.policy_bits();
      if ((bits & 3) < hits_max_) place.set_policy_bits(static_cast<std::uint8_t>(bits + 1));
      if ((id_of(hash) & unsampled_) == 0) [[unlikely]]
        hit_policy(place, hash);
    } else if (hit_ != EvictionPolicy::Hit::kNothing) {
      hit_policy(place, hash);
    }
  }
  // Counts a hit, marks a use, and brings the entry where it is found sooner.
  void hit(Place& place, std::uint64_t hash) noexcept {
    ++hits;
    if (is_advised(id_of(hash))) [[unlikely]]
      advise_found(place, id_of(hash));
    mark_use(place, hash);
    if (place.chained()) [[unlikely]]
      index_.promote(place, hash);
  }
  // Counts a hit of what is not resident: the store has it not yet.
  void hit_dirty(std::uint64_t hash, const Entry& entry) noexcept {
    ++hits;
    count_use(hash, entry);
  }
  // Counts a miss.
  void miss(std::uint64_t hash, std::string_view key) noexcept {
    ++misses;
    if (--uses_to_sample_ == 0) [[unlikely]]
      sample_use(hash, key);
    if (is_advised(id_of(hash))) [[unlikely]]
      advise_missed(id_of(hash));
  }
  void prefetch_bucket(std::uint64_t hash) const noexcept { index_.prefetch_bucket(hash); }  // needs no lock
  void expect(std::uint64_t hash) const noexcept {
    if (policy_ != nullptr) policy_->expect(id_of(hash));
  }
  void prefetch_found(std::uint64_t hash) noexcept { index_.prefetch_entry(hash); }

  // --- Changing ---------------------------------------------------------------------------------------------------
  // Sees to it that `bytes` and one more entry can be had, evicting what must go; but not what is `spared`: a key that
  // grows is not to make room for itself by being forgotten.
  Room make_room(std::int64_t bytes, std::int64_t entries, Discards& discards,
                 std::optional<EntryId> spared = std::nullopt) noexcept;

  // How a new entry is laid out: whether it has a deadline, and what the policy and the options add.
  EntryShape shape_for(EntryType type, bool external, bool with_end) const noexcept {
    const bool idle = environment_.expiry.idle.count() > 0;
    const bool deadline = with_end || idle || environment_.max_age_ms != 0;
    return {type, external, deadline, traits_.position, idle, environment_.keeps_freshness};
  }
  // `exactly`: the shard leases no more than that.
  bool has_room(std::int64_t bytes, std::int64_t entries, bool exactly = false) noexcept {
    return memory_.ensure(bytes + slack(), exactly) && entry_lease_.ensure(entries, exactly);
  }
  std::int64_t slack() const noexcept {
    return environment_.slack.write + (index_.buckets() == 0 ? environment_.slack.empty_shard : 0);
  }
  // A block for an entry, charged. Null if there is no room for it: see make_room.
  Entry* new_entry(const EntryShape& shape, const Footprint& footprint, std::string_view key,
                   std::size_t value_bytes) noexcept;
  void free_entry(Entry* entry) noexcept;  // one that was not added
  Footprint footprint_for(const EntryShape& shape, std::size_t key_bytes, std::size_t value_bytes) const noexcept {
    return footprint(Entry::bytes_for(shape, key_bytes, value_bytes), key_bytes + (shape.external ? 0 : value_bytes));
  }

  // Sees to it that so many entries can be added, which need so many bytes. False: no memory. Invalidates places.
  bool reserve(std::uint64_t entries, std::int64_t bytes) noexcept { return index_.reserve(entries, bytes); }
  // The way in. REQUIRES: make_room; reserve; the key is not there.
  void add(std::uint64_t hash, Entry* entry, const Footprint& footprint, std::uint64_t end) noexcept;
  // The way out.
  void remove(const Place& place, EntryId id, RemovalCause cause, Discards& discards) noexcept;
  // The key is to be forgotten, resident or not.
  void drop(std::uint64_t hash, std::string_view key, Discards& discards) noexcept;
  // What becomes of the value in a block that is replaced.
  enum class Old : std::uint8_t {
    kTold,   // it goes, and counts as removed (kReplaced)
    kFreed,  // it goes
    kMoved,  // it lives on in the new block
  };
  // Another block for the same key: what the policy knows of it stays.
  void replace(Place place, std::uint64_t hash, Entry* entry, std::uint64_t end, Old old_value,
               Discards& discards) noexcept;
  // Gives a key an inline value and an end (kNoDeadline: none), whatever it had: the common cases of that in one go.
  // False, with nothing changed: it is none of them, or there is no room; see Keyspace::edit.
  bool put(std::uint64_t hash, std::string_view key, std::string_view value, std::uint64_t end) noexcept;
  // A new value in the same block. REQUIRES: fits_block.
  void store_inline(const Place& place, std::uint64_t hash, std::string_view value) noexcept;
  static bool fits_block(const Entry& entry, std::size_t value_bytes) noexcept {
    return !entry.external() && value_bytes <= kInlineBytesMax && entry.fits(value_bytes);
  }
  // Another value outside instead of the one there, which the caller releases later.
  void swap_outside(const Place& place, std::uint64_t hash, Outside outside) noexcept;
  // A large collection has changed where it is, and holds so many more bytes.
  void changed_outside(const Place& place, std::uint64_t hash, std::int64_t more) noexcept;
  // When it ends; changed_in_place goes with it, unless the value is stored, too. REQUIRES: the entry's shape has a
  // deadline, or end is kNoDeadline.
  void set_end(const Place& place, std::uint64_t hash, std::uint64_t end) noexcept;
  // Of an entry with freshness: it is fresh from now on, as if it had just been loaded.
  void renew(const Place& place, std::uint64_t hash) noexcept;
  // The store has this version of what the key is here.
  void note_version(std::uint64_t hash, std::string_view key, std::uint64_t version) noexcept {
    const Place place = index_.find(hash, key);
    if (place && place.entry()->has_freshness() && !place.entry()->is_ghost()) place.entry()->set_version(version);
  }
  // Whether it is to be loaded again ahead of its time: true once for an entry. REQUIRES: it has freshness.
  bool begin_refresh(const Place& place) noexcept {
    Entry& entry = *place.entry();
    const std::uint64_t ahead = environment_.refresh_ahead_ms;
    const std::uint64_t until = fresh_until(entry);
    if (ahead == 0 || until == Entry::kNoDeadline || entry.refreshed()) return false;
    if (!environment_.reached(until - std::min(until, ahead))) return false;
    entry.set_refreshed(true);
    return true;
  }
  // The bytes of a blob were changed where they stand, or when it ends.
  void changed_in_place(const Place& place, std::uint64_t hash) noexcept { written(place, hash); }
  // A whole value took the place of another, in the same block.
  void count_replaced() noexcept { ++counters.removals[static_cast<std::size_t>(RemovalCause::kReplaced)]; }

  // --- Latches (RULINGS 7) ----------------------------------------------------------------------------------------
  std::uint32_t latch_epoch() const noexcept { return latch_epoch_.load(std::memory_order_acquire); }
  void latch(const Place& place) noexcept { place.entry()->set_latched(true); }
  void unlatch(const Place& place) noexcept;
  // When the shard is closed: whoever waits for a latch is to look again.
  void release_latches() noexcept {
    latch_epoch_.fetch_add(1, std::memory_order_release);
    latch_epoch_.notify_all();
  }
  // Sleeps until a latch of this shard was released since that epoch. EXCLUDES(mutex).
  void wait_for_latch(std::uint32_t epoch) noexcept { latch_epoch_.wait(epoch, std::memory_order_acquire); }

  // --- Versions (RULINGS 5) ---------------------------------------------------------------------------------------
  // The version of a key's value. 0: versions are not kept yet.
  std::uint64_t version(EntryId id) const noexcept { return versions_ == nullptr ? 0 : versions_[id % kVersions]; }
  // From now on they are. False: no memory.
  bool keep_versions() noexcept;
  static constexpr std::size_t kVersions = 128;
  // Whoever relies on a key's value being what it was is to know: versions, and loads in flight unless the entry left
  // by itself, when what is being loaded is what it was.
  void changed(EntryId id, std::string_view key, RemovalCause cause = RemovalCause::kReplaced) noexcept;
  // So may any key's have been, resident or not.
  void all_changed() noexcept {
    for (std::size_t i = 0; versions_ != nullptr && i < kVersions; ++i) ++versions_[i];
  }

  // --- Housekeeping: each looks at about `budget` entries and returns how many it looked at ------------------------
  std::uint32_t expire(std::uint64_t now, std::uint32_t budget, Discards& discards) noexcept;
  std::uint32_t compact(std::uint32_t budget) noexcept;
  // A little of all that, with each write. `spared`: see make_room.
  void housekeep(Discards& discards, std::optional<EntryId> spared = std::nullopt) noexcept {
    const bool low = memory_.available() + discards.pending() < to_keep_free();
    if (low || adopting_ || armed_ != 0 || index_.can_shrink()) do_housekeeping(discards, spared);
  }
  // Evicts until what is left of the lease, and what the discards hold, is so much. Returns whether
  // it evicted any, or has looked at as many as one hold may and would go on.
  bool evict_for(std::int64_t bytes, std::int64_t entries, Discards& discards,
                 std::optional<EntryId> spared = std::nullopt) noexcept;
  bool evict_one(Discards& discards) noexcept;
  // Whether the policy has nothing else.
  bool all_is_spared() noexcept;
  void give_back_leases() noexcept;
  // Removes the chosen entries of some buckets from a cursor on; the cursor is 0 when it has been everywhere.
  RemovalResult remove_some(std::uint64_t* cursor, std::uint32_t buckets, RemovalCause cause,
                            FunctionRef<bool(const Entry&)> chosen, Discards& discards,
                            bool latched_too = false) noexcept;
  // Gives back all that an empty shard does not need, its policy's memory aside. After `compact` that is little.
  void forget_all() noexcept;
  // Another policy: entries move over with adopt, a walk over all of them, which returns false at its end. `policy`
  // becomes the old one, to be retired with no lock held. False: the walk for the last change is not at its end.
  bool exchange_policy(std::unique_ptr<EvictionPolicy>& policy, Eviction::Scope scope) noexcept;
  static std::unique_ptr<EvictionPolicy> new_policy(const Eviction& eviction, std::uint64_t seed);
  // Thread safety: with or without the lock.
  void retire(std::unique_ptr<EvictionPolicy> policy) noexcept;
  bool adopt(std::uint32_t buckets, bool evict, Discards& discards) noexcept;

  // --- Looking around ---------------------------------------------------------------------------------------------
  Index& index() noexcept { return index_; }
  memory::ShardMemory& memory() noexcept { return memory_; }
  memory::Lease& entry_lease() noexcept { return entry_lease_; }
  // Entries that are no negative ones.
  std::uint64_t entries() const noexcept { return index_.size() - ghosts_; }
  std::uint64_t entries_negative() const noexcept { return ghosts_; }
  std::uint64_t entries_with_ttl() const noexcept { return with_ttl_; }
  std::uint64_t entry_blocks() const noexcept { return entry_blocks_; }
  std::uint64_t payload() const noexcept { return payload_; }
  std::uint64_t random() noexcept { return random_.next(); }
  Footprint footprint_of(const Entry& entry) const noexcept {
    return footprint(entry.block_bytes(), entry.key_size() + (entry.external() ? 0 : entry.inline_value().size()));
  }
  // Lets who advises know what was counted, and learns what the sample is.
  void tell_advisor() noexcept;
  // Whether the policy has a logarithmic counter in each entry.
  bool counts_log() const noexcept { return hit_ == EvictionPolicy::Hit::kLogCounter; }
  // Recounts. Returns what is wrong, or null.
  const char* check() noexcept;

 private:
  // Inline, as what calls it: put together from parts, it would be written and read again in other pieces.
  Footprint footprint(std::size_t bytes, std::size_t payload) const noexcept {
    return {static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(memory_.charge(bytes)),
            static_cast<std::uint32_t>(payload)};
  }
  void written(const Place& place, std::uint64_t hash) noexcept;
  void take_out(const Place& place, EntryId id, const Footprint& footprint, RemovalCause cause,
                Discards& discards) noexcept;

  // expiry::Timers
  void find(std::uint32_t id, FunctionRef<bool(expiry::Timer&)> visit) override;
  void fire(std::uint32_t id, std::uint64_t now) override;
  void prefetch(std::uint32_t id) override { index_.prefetch_bucket(id); }
  std::uint64_t armed() const override { return armed_; }
  // Residents
  Verdict find(EntryId id, FunctionRef<Verdict(Resident&)> visit) override;
  void prefetch_entry(EntryId id) override { index_.prefetch_entry(id); }
  Verdict sample(std::uint64_t random, FunctionRef<Verdict(Resident&)> visit) override;
  void sample_hits(std::uint16_t unsampled) override { unsampled_ = unsampled; }
  std::uint64_t size() const override { return tracked_; }
  std::uint64_t weight() const override { return tracked_weight_; }
  void* allocate(std::size_t bytes) override;
  void deallocate(void* block, std::size_t bytes) override;

  // An index of few buckets finds entries that only look like an id. Each has a timer, or a place in a queue, under an
  // id of its own, and needs that: when their bucket is split, this one leads to them no more.
  bool is_meant(const Place& place, EntryId id) const noexcept { return id_of(index_.hash_of(*place.entry())) == id; }
  bool outlives(const Place& place, std::uint64_t hash, Discards& discards) noexcept;
  void hit_policy(const Place& place, std::uint64_t hash) noexcept;
  void do_housekeeping(Discards& discards, std::optional<EntryId> spared) noexcept;
  void count_use(std::uint64_t hash, const Entry& entry) noexcept {
    if (--uses_to_sample_ == 0) [[unlikely]]
      sample_use(hash, entry.key());
  }
  void sample_use(std::uint64_t hash, std::string_view key) noexcept;
  void choose_next_use() noexcept;
  bool is_advised(EntryId id) const noexcept { return (id & unadvised_) == 0; }
  bool advises_on(const Place& place, EntryId id) noexcept;
  void advise_found(const Place& place, EntryId id) noexcept;
  void advise_missed(EntryId id) noexcept;
  void advise_came(const Place& place, EntryId id) noexcept;
  void advise_written(const Place& place, EntryId id) noexcept;
  void advise_ends(const Place& place, EntryId id) noexcept;
  void advise_removed(EntryId id) noexcept;
  std::int64_t to_keep_free() const noexcept {
    return environment_.slack.write + environment_.slack.headroom + policy_wants_;
  }
  Verdict judge(const Place& place, EntryId id, FunctionRef<Verdict(Resident&)> visit);
  // Whether the policy has this entry, and the same after and before a change of its deadline.
  bool tracks(const Entry& entry) const noexcept { return entry.policy_epoch() == policy_epoch_ && in_scope(entry); }
  bool in_scope(const Entry& entry) const noexcept {
    return policy_ != nullptr && (!ttl_only_ || end_of(entry) != Entry::kNoDeadline);
  }
  std::uint32_t weight_of(const Entry& entry, const Footprint& footprint) const noexcept;
  bool track(const Place& place, EntryId id, const Footprint& footprint) noexcept;
  void lose_track(Entry& entry, std::uint32_t weight) noexcept;
  void untrack(const Place& place, EntryId id, const Footprint& footprint) noexcept;
  void reweigh(const Place& place, EntryId id, std::uint32_t old_weight) noexcept;
  template <typename Call>
  void with_resident(const Place& place, EntryId id, std::uint32_t weight, Call&& call) noexcept;
  bool widen(Place* place, Discards& discards) noexcept;
  void arm(const Place& place, EntryId id) noexcept;
  void rearm(const Place& place, EntryId id, std::uint64_t old_deadline) noexcept;
  bool timers_due(std::uint64_t now) const noexcept { return wheel_.due(now) || must_file_timers(now); }
  bool must_file_timers(std::uint64_t now) const noexcept {
    if (filing_ || first_far_ <= now + horizon_ms() / 16) return true;
    return wheel_.first_lost() <= now && no_walk_before_ <= now;
  }
  std::uint32_t file_timers(std::uint64_t now, std::uint32_t budget, Discards& discards) noexcept;
  void count_in(const Entry& entry, const Footprint& footprint) noexcept;
  void count_out(const Entry& entry, const Footprint& footprint) noexcept;
  void count_end_in(const Entry& entry) noexcept;
  void count_end_out(const Entry& entry) noexcept;
  void start_clock(Entry& entry, std::uint64_t end) noexcept;
  std::uint64_t idle_until(const Entry& entry) const noexcept;
  std::uint64_t ages_until(const Entry& entry) const noexcept;
  RemovalCause end_cause(const Entry& entry) const noexcept;
  // Whether an entry whose time has come is kept as a stale one.
  bool turns_stale(const Entry& entry, std::uint64_t now) const noexcept {
    return entry.has_freshness() && !entry.stale() && entry.stale_until() > now && fresh_until(entry) <= now;
  }
  void turn_stale(const Place& place, EntryId id) noexcept;
  const char* check_timers() noexcept;

  Environment& environment_;
  memory::ShardMemory memory_;
  memory::Lease entry_lease_;
  expiry::TimingWheel wheel_;
  std::unique_ptr<EvictionPolicy> policy_;
  EvictionPolicy::Traits traits_;
  bool ttl_only_ = false;
  PolicyEpoch policy_epoch_ = PolicyEpoch::kNone;  // of entries that the policy knows
  std::uint64_t adopt_cursor_ = 0;
  std::uint64_t sample_cursor_ = 0;
  bool adopting_ = false;              // there may be others
  bool adopt_again_ = false;           // and behind the cursor, too
  bool known_to_last_ = false;         // there may be some of the policy before
  bool may_evict_ = false;             // the policy was asked to
  std::optional<EntryId> spared_;      // but not to evict this one
  std::uint32_t met_spared_ = 0;       // how often the policy wanted to
  std::uint32_t looks_ = 0;            // at entries, in this hold, by a policy that evicts
  std::uint32_t vain_holds_ = 0;       // one after the other: looked at as many as may be, evicted none
  Discards* evicting_into_ = nullptr;  // where what is evicted, or has expired, goes
  std::int64_t policy_bytes_ = 0;      // charged for its memory
  std::int64_t policy_wants_ = 0;      // bytes that it asked for and did not get: room is made for them
  std::uint64_t tracked_ = 0;
  std::uint64_t tracked_weight_ = 0;
  std::uint64_t armed_ = 0;         // entries that the wheel is to look at
  std::uint64_t with_ttl_ = 0;      // entries that end by themselves
  std::uint64_t ghosts_ = 0;        // negative entries
  std::uint64_t entry_blocks_ = 0;  // bytes charged for entries' blocks
  std::uint64_t payload_ = 0;       // of those: keys and inline values

  // Timers beyond the horizon are not filed: a walk over the entries files them when the first of them comes near. So
  // most entries leave without ever having had a timer (docs/decisions/0008-far-timers.md).
  // The horizon is a millisecond for each entry of the shard, so that walking takes less than 1/10,000 of the time.
  static constexpr std::uint64_t kHorizonMinMs = std::uint64_t{1} << 15;  // 33 seconds
  std::uint64_t horizon_ms() const noexcept { return index_.size() > kHorizonMinMs ? index_.size() : kHorizonMinMs; }
  std::uint64_t far_from_ = 0;                             // deadlines from here on are not filed
  std::uint64_t first_far_ = expiry::TimingWheel::kNever;  // no later than the first of those
  bool filing_ = false;                                    // the walk is under way
  std::uint64_t filing_cursor_ = 0;                        // how far it has come
  std::uint64_t filed_before_ = 0;                         // deadlines before this one had timers when it began
  // Nor are timers filed for which there is no memory. The walks that find those look at no more entries than this in a
  // millisecond.
  static constexpr std::uint64_t kEntriesAMs = 256;
  std::uint64_t no_walk_before_ = 0;   // set when a walk begins: behind its cursor, timers may be lost again
  std::uint64_t* versions_ = nullptr;  // made when first asked for
  std::atomic<std::uint32_t> latch_epoch_{0};
  std::uint32_t writes_since_clock_ = 0;
  std::uint64_t nothing_due_at_ = 0;
  base::Random random_;
  const std::uint64_t advice_salt_;
  advice::Counts told_;  // who advises
};

}  // namespace larder::keyspace
