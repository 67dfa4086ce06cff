// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/shard.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/copy.h"
#include "eviction/log_counter.h"

namespace larder::keyspace {
namespace {

constexpr std::uint32_t kEvictionsAHold = 64;
// Entries that a policy may look at for them.
constexpr std::uint32_t kLooksAHold = 192;
// So many holds in sequence that look at entries and evict none: the policy does not want to. And one more for so many
// buckets: each hold walks over more of them, where hardly any holds an entry.
constexpr std::uint32_t kVainHoldsMax = 1'000;
constexpr std::uint64_t kBucketsAVainHold = 32;
// So often it may choose what is spared: there is most likely nothing else.
constexpr std::uint32_t kMeetingsMax = 64;
// Room is made for a block that a policy asks for if it is no more than this part of what the shard has.
constexpr std::int64_t kPolicyWantsMax = 4;
// How a resident is drawn at random: so many draws, then so many buckets in sequence.
constexpr int kDrawsMax = 24;
constexpr std::uint64_t kPlacesADraw = 16;
constexpr std::uint32_t kBucketsADraw = 8;

// Of a policy's memory: whole cache lines where it asks for whole lines.
constexpr std::size_t alignment_of(std::size_t bytes) { return bytes % 64 == 0 ? 64 : 16; }

}  // namespace

Shard::Shard(Environment& environment, std::int64_t byte_slice, std::int64_t entry_slice, std::uint64_t seed,
             const Eviction& eviction)
    : index_(memory_, environment.hash, environment.slack),
      environment_(environment),
      memory_(environment.account, byte_slice),
      entry_lease_(environment.entries, entry_slice),
      wheel_(memory_, *this),
      random_(seed),
      advice_salt_(base::mix64(seed)) {
  std::unique_ptr<EvictionPolicy> policy = new_policy(eviction, random_.next());
  exchange_policy(policy, eviction.scope());
  tell_advisor();
  choose_next_use();
}

Shard::~Shard() {
  dirty.reset();
  if (policy_) policy_->clear(*this);
  if (versions_ != nullptr) memory_.deallocate(versions_, kVersions * sizeof(std::uint64_t));
  wheel_.clear();
  index_.destroy();
  give_back_leases();  // the account may live on
}

// --- Policy ---------------------------------------------------------------------------------------------------------------

std::uint32_t Shard::weight_of(const Entry& entry, const Footprint& footprint) const noexcept {
  if (environment_.weigh_entries) return 1;
  if (!entry.external()) [[likely]]
    return footprint.charge;
  const std::uint64_t bytes = footprint.charge + std::uint64_t{entry.outside().charge()};
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, std::numeric_limits<std::uint32_t>::max()));
}

template <typename Call>
void Shard::with_resident(const Place& place, EntryId id, std::uint32_t weight, Call&& call) noexcept {
  Entry& entry = *place.entry();
  Resident resident{id, weight, place.policy_bits(), entry.counter(), entry.position()};
  call(resident);
  place.set_policy_bits(resident.bits);
  entry.counter() = resident.counter;
  if (entry.has_position()) entry.set_position(resident.position);
}

bool Shard::track(const Place& place, EntryId id, const Footprint& footprint) noexcept {
  Entry& entry = *place.entry();
  entry.set_policy_epoch(policy_epoch_);
  if (!in_scope(entry)) return true;
  place.set_policy_bits(0);
  entry.counter() = 0;
  if (entry.has_position()) entry.set_position(0);
  const std::uint32_t weight = weight_of(entry, footprint);
  ++tracked_;
  tracked_weight_ += weight;
  bool known = !traits_.position || entry.has_position();
  if (known) with_resident(place, id, weight, [&](Resident& resident) { known = policy_->on_insert(resident, *this); });
  if (!known) lose_track(entry, weight);
  return known;
}

// The policy does not know this entry after all: it is adopted later.
void Shard::lose_track(Entry& entry, std::uint32_t weight) noexcept {
  --tracked_;
  tracked_weight_ -= weight;
  entry.set_policy_epoch(PolicyEpoch::kNone);
  if (!adopting_) adopt_cursor_ = 0;
  adopting_ = adopt_again_ = true;
}

void Shard::untrack(const Place& place, EntryId id, const Footprint& footprint) noexcept {
  const std::uint32_t weight = weight_of(*place.entry(), footprint);
  --tracked_;
  tracked_weight_ -= weight;
  with_resident(place, id, weight, [&](Resident& resident) { policy_->on_remove(resident, *this); });
}

// A tracked entry has another value. REQUIRES: it is tracked, and was before.
void Shard::reweigh(const Place& place, EntryId id, std::uint32_t old_weight) noexcept {
  const Entry& entry = *place.entry();
  const std::uint32_t weight = weight_of(entry, footprint_of(entry));
  if (weight == old_weight) return;
  tracked_weight_ += weight - std::uint64_t{old_weight};
  with_resident(place, id, weight, [&](Resident& resident) { policy_->on_resize(resident, old_weight); });
}

void Shard::hit_policy(const Place& place, std::uint64_t hash) noexcept {
  Entry& entry = *place.entry();
  if (hit_ == EvictionPolicy::Hit::kLogCounter) {
    entry.counter() = eviction::log_counter_after_hit(entry.counter(), random_);
  } else if (tracks(entry)) {
    with_resident(place, id_of(hash), weight_of(entry, footprint_of(entry)),
                  [&](Resident& resident) { policy_->on_hit(resident, *this); });
  }
}

Verdict Shard::judge(const Place& place, EntryId id, FunctionRef<Verdict(Resident&)> visit) {
  Entry& entry = *place.entry();
  if (!tracks(entry)) return Verdict::kNotThisOne;
  const Footprint footprint = footprint_of(entry);
  const std::uint32_t weight = weight_of(entry, footprint);
  Verdict verdict = Verdict::kKeep;
  bool known = true;
  const bool is_spared = id == spared_;
  with_resident(place, id, weight, [&](Resident& resident) {
    verdict = visit(resident);
    if (verdict == Verdict::kEvict && (entry.latched() || is_spared)) {
      met_spared_ += is_spared;
      known = policy_->on_insert(resident, *this);
      verdict = Verdict::kKeep;
    }
  });
  if (!known) lose_track(entry, weight);
  if (verdict == Verdict::kEvict) {
    LARDER_CHECK(may_evict_, "an eviction policy may answer kEvict only while it is asked to evict");
    --tracked_;
    tracked_weight_ -= weight;
    entry.set_policy_epoch(PolicyEpoch::kNone);  // the policy knows
    take_out(place, id, footprint, cause_of(entry, RemovalCause::kEvicted), *evicting_into_);
  }
  return verdict;
}

Verdict Shard::find(EntryId id, FunctionRef<Verdict(Resident&)> visit) {
  Verdict verdict = Verdict::kNotThisOne;
  ++looks_;
  index_.find_id(id, [&](const Place& place) {
    if (!is_meant(place, id)) return false;
    verdict = judge(place, id, visit);
    return verdict != Verdict::kNotThisOne;
  });
  return verdict;
}

Verdict Shard::sample(std::uint64_t random, FunctionRef<Verdict(Resident&)> visit) {
  if (index_.buckets() == 0) return Verdict::kNotThisOne;
  // A random bucket, and a random place among sixteen of its chain: each entry is equally likely. Chains are that long
  // while half of the buckets are split already: six entries on average are up to twelve in the others. In one that is
  // longer still, those behind the first bucket share the places there.
  constexpr std::uint64_t kFirst = Bucket::kPlaces - 1;
  base::Random draw(random);
  for (int attempt = 0; attempt < kDrawsMax && looks_ < kLooksAHold; ++attempt) {
    ++looks_;
    const std::uint64_t number = draw.below(index_.buckets());
    std::uint64_t place = draw.below(kPlacesADraw);
    if (const std::uint64_t length = place < kFirst ? 0 : index_.chain_length(number); length > kPlacesADraw) {
      place = kFirst + draw.below(length - kFirst);
    }
    const Place found = index_.nth(number, static_cast<unsigned>(place));
    if (!found) continue;
    base::count_entry();
    if (tracks(*found.entry())) return judge(found, id_of(index_.hash_of(*found.entry())), visit);
  }
  // Hardly anything that may be evicted: the next there is, a few buckets at a time.
  for (std::uint32_t bucket = 0; bucket < kBucketsADraw && looks_ < kLooksAHold; ++bucket) {
    const Place found = index_.find_in_bucket(index_.bucket_of_cursor(sample_cursor_), [&](const Entry& entry) {
      ++looks_;
      return tracks(entry);
    });
    sample_cursor_ = index_.next_cursor(sample_cursor_);
    if (found) return judge(found, id_of(index_.hash_of(*found.entry())), visit);
  }
  return Verdict::kNotThisOne;
}

void* Shard::allocate(std::size_t bytes) {
  void* block = memory_.allocate(bytes, alignment_of(bytes));
  const auto charge = static_cast<std::int64_t>(memory_.charge(bytes, alignment_of(bytes)));
  policy_wants_ = block == nullptr && charge <= memory_.allocated() / kPolicyWantsMax ? charge : 0;
  if (block != nullptr) policy_bytes_ += charge;
  return block;
}

void Shard::deallocate(void* block, std::size_t bytes) {
  memory_.deallocate(block, bytes, alignment_of(bytes));
  policy_bytes_ -= static_cast<std::int64_t>(memory_.charge(bytes, alignment_of(bytes)));
}

bool Shard::all_is_spared() noexcept {
  return spared_ && tracked_ == 1 && index_.find_id(*spared_, [&](const Place& place) {
    return is_meant(place, *spared_) && tracks(*place.entry());
  });
}

bool Shard::evict_one(Discards& discards) noexcept {
  if (policy_ == nullptr) return false;
  evicting_into_ = &discards;
  may_evict_ = true;
  const std::uint64_t before = index_.size();
  const std::int64_t could_have = policy_wants_ <= memory_.available() ? policy_wants_ : 0;
  for (int attempt = 0; attempt < 8 && index_.size() == before && tracked_ != 0 && looks_ < kLooksAHold; ++attempt) {
    if (met_spared_ >= kMeetingsMax) break;
    policy_->evict(*this);
  }
  may_evict_ = false;
  evicting_into_ = nullptr;
  if (could_have == policy_wants_) policy_wants_ = 0;  // it does not ask again
  return index_.size() != before;
}

std::unique_ptr<EvictionPolicy> Shard::new_policy(const Eviction& eviction, std::uint64_t seed) {
  if (!eviction.factory()) return nullptr;
  std::unique_ptr<EvictionPolicy> policy = eviction.factory()(seed);
  LARDER_CHECK(policy != nullptr, "the factory of an eviction policy gave null");
  return policy;
}

bool Shard::exchange_policy(std::unique_ptr<EvictionPolicy>& policy, Eviction::Scope scope) noexcept {
  if (known_to_last_ && index_.size() != 0) return false;
  policy_.swap(policy);
  memory_.detach(static_cast<std::size_t>(policy_bytes_));
  policy_bytes_ = policy_wants_ = 0;
  traits_ = policy_ ? policy_->traits() : EvictionPolicy::Traits{};
  hit_ = traits_.hit;
  hits_max_ = traits_.hits_max;
  unsampled_ = kNoSample;
  ttl_only_ = scope == Eviction::Scope::kKeysWithTtl;
  policy_epoch_ = policy_epoch_ == PolicyEpoch::kOne ? PolicyEpoch::kOther : PolicyEpoch::kOne;
  tracked_ = tracked_weight_ = 0;
  adopt_cursor_ = 0;
  adopt_again_ = false;
  adopting_ = known_to_last_ = index_.size() != 0;
  return true;
}

namespace {

// What a policy sees that has no entries any more.
class NoResidents final : public Residents {
 public:
  explicit NoResidents(memory::ShardMemory& memory) : memory_(memory) {}
  Verdict find(EntryId, FunctionRef<Verdict(Resident&)>) override { return Verdict::kNotThisOne; }
  Verdict sample(std::uint64_t, FunctionRef<Verdict(Resident&)>) override { return Verdict::kNotThisOne; }
  void prefetch(EntryId) override {}
  void prefetch_entry(EntryId) override {}
  void sample_hits(std::uint16_t) override {}
  std::uint64_t size() const override { return 0; }
  std::uint64_t weight() const override { return 0; }
  void* allocate(std::size_t) override { return nullptr; }
  void deallocate(void* block, std::size_t bytes) override { memory_.free_for_all(block, bytes, alignment_of(bytes)); }

 private:
  memory::ShardMemory& memory_;
};

}  // namespace

void Shard::retire(std::unique_ptr<EvictionPolicy> policy) noexcept {
  if (policy == nullptr) return;
  NoResidents residents(memory_);
  policy->clear(residents);
}

// Hands entries to the policy that it does not know, with a new block where the old one has no room for what the policy
// writes. Where there is no memory for that, the entry is evicted, or waits for the next walk.
bool Shard::adopt(std::uint32_t buckets, bool evict, Discards& discards) noexcept {
  for (std::uint32_t i = 0; i < buckets && adopting_; ++i) {
    Place no_room;
    ++looks_;
    index_.for_bucket(index_.bucket_of_cursor(adopt_cursor_), [&](Place place) {
      ++looks_;
      if (place.entry()->policy_epoch() == policy_epoch_ || no_room) return;
      const bool has_fields = !in_scope(*place.entry()) || widen(&place, discards);
      const Entry& entry = *place.entry();
      if (has_fields && track(place, id_of(index_.hash_of(entry)), footprint_of(entry))) return;
      if (evict && !entry.latched() && id_of(index_.hash_of(entry)) != spared_) {
        no_room = place;
      } else {
        place.entry()->set_policy_epoch(PolicyEpoch::kNone);
        adopt_again_ = true;
      }
    });
    if (no_room) {
      const Entry& entry = *no_room.entry();
      remove(no_room, id_of(index_.hash_of(entry)), cause_of(entry, RemovalCause::kEvicted), discards);
      continue;
    }
    adopt_cursor_ = index_.next_cursor(adopt_cursor_);
    if (adopt_cursor_ != 0) continue;
    adopting_ = adopt_again_;
    adopt_again_ = known_to_last_ = false;
    return false;
  }
  return adopting_;
}

// Sees to it that the entry has a position if the policy wants one. False: no memory.
bool Shard::widen(Place* place, Discards& discards) noexcept {
  Entry& entry = *place->entry();
  if (!traits_.position || entry.has_position()) return true;
  EntryShape shape = entry.shape();
  shape.position = true;
  const std::size_t value_bytes = entry.external() ? 0 : entry.inline_value().size();
  const Footprint footprint = footprint_for(shape, entry.key_size(), value_bytes);
  Entry* wider = new_entry(shape, footprint, entry.key(), value_bytes);
  if (wider == nullptr) return false;
  wider->inherit(entry);
  wider->copy_value(entry);
  if (entry.has_deadline()) wider->set_deadline(entry.deadline());
  if (entry.has_idle()) wider->set_end(entry.end());
  if (entry.has_freshness()) wider->copy_freshness(entry);
  const Footprint old_footprint = footprint_of(entry);
  count_out(entry, old_footprint);
  count_in(*wider, footprint);
  place->replace(wider);
  discards.add_block(&entry, old_footprint);
  return true;
}

// --- Memory ---------------------------------------------------------------------------------------------------------------

bool Shard::evict_for(std::int64_t bytes, std::int64_t entries, Discards& discards,
                      std::optional<EntryId> spared) noexcept {
  std::uint32_t evicted = 0;
  looks_ = 0;
  spared_ = spared;
  met_spared_ = all_is_spared() ? kMeetingsMax : 0;
  while (evicted < kEvictionsAHold && looks_ < kLooksAHold && met_spared_ < kMeetingsMax &&
         (memory_.available() + discards.pending() < bytes || !entry_lease_.ensure(entries))) {
    if (evict_one(discards)) {
      ++evicted;
    } else if (adopting_) {
      adopt(1, true, discards);
    } else {
      break;
    }
  }
  spared_.reset();
  if (std::exchange(met_spared_, 0) >= kMeetingsMax) return evicted != 0;
  vain_holds_ = evicted != 0 || looks_ < kLooksAHold ? 0 : vain_holds_ + 1;
  const std::uint64_t vain_holds_max = kVainHoldsMax + index_.buckets() / kBucketsAVainHold;
  return evicted != 0 || (looks_ >= kLooksAHold && vain_holds_ < vain_holds_max);
}

Room Shard::make_room(std::int64_t bytes, std::int64_t entries, Discards& discards,
                      std::optional<EntryId> spared) noexcept {
  const std::int64_t wanted = bytes + slack();
  const auto ready = [&] { return memory_.ensure(wanted) && entry_lease_.ensure(entries); };
  if (ready()) return Room::kReady;
  if (!environment_.may_make_room_for(bytes, entries)) return Room::kNone;
  if (armed_ != 0) {
    expire(environment_.now(), kEvictionsAHold, discards);
    if (ready()) return Room::kReady;
  }
  const bool goes_on = evict_for(wanted, entries, discards, spared);
  if (ready()) return Room::kReady;
  return goes_on || discards.count() != 0 ? Room::kFreeFirst : Room::kNone;
}

void Shard::give_back_leases() noexcept {
  memory_.give_back_surplus(true);
  entry_lease_.give_back_surplus(true);
}

void Shard::do_housekeeping(Discards& discards, std::optional<EntryId> spared) noexcept {
  const std::int64_t wanted = to_keep_free();
  if (memory_.available() + discards.pending() < wanted && !memory_.ensure(wanted)) {
    evict_for(wanted, 0, discards, spared);
  }
  if (adopting_) adopt(1, false, discards);
  if (armed_ != 0) {
    const std::uint64_t now = ++writes_since_clock_ % 64 == 0 ? environment_.now() : environment_.coarse_now();
    if (now != nothing_due_at_) {
      if (timers_due(now)) {
        expire(now, 8, discards);
      } else {
        nothing_due_at_ = now;
      }
    }
  }
  index_.shrink();
}

std::uint32_t Shard::compact(std::uint32_t budget) noexcept {
  std::uint32_t looked = wheel_.sweep(budget);
  while (looked < budget && index_.shrink()) looked += 6;
  memory_.give_back_surplus();
  entry_lease_.give_back_surplus();
  return looked;
}

void Shard::forget_all() noexcept {
  if (index_.size() != 0) return;
  index_.clear();
  wheel_.clear();
  filing_ = false;
  first_far_ = expiry::TimingWheel::kNever;
  give_back_leases();
}

// --- In and out -----------------------------------------------------------------------------------------------------------

Entry* Shard::new_entry(const EntryShape& shape, const Footprint& footprint, std::string_view key,
                        std::size_t value_bytes) noexcept {
  void* block = memory_.allocate(footprint.bytes);
  return block == nullptr ? nullptr : Entry::create(block, shape, key, value_bytes);
}

void Shard::free_entry(Entry* entry) noexcept { memory_.deallocate(entry, entry->block_bytes()); }

void Shard::count_in(const Entry& entry, const Footprint& footprint) noexcept {
  entry_blocks_ += footprint.charge;
  payload_ += footprint.payload;
  if (entry.is_ghost()) ++ghosts_;
  count_end_in(entry);
}

void Shard::count_out(const Entry& entry, const Footprint& footprint) noexcept {
  entry_blocks_ -= footprint.charge;
  payload_ -= footprint.payload;
  if (entry.is_ghost()) --ghosts_;
  count_end_out(entry);
}

void Shard::count_end_in(const Entry& entry) noexcept {
  if (!entry.has_deadline()) return;
  if (entry.deadline() != Entry::kNoDeadline) ++armed_;
  if (end_of(entry) != Entry::kNoDeadline && !entry.is_ghost()) ++with_ttl_;
}

void Shard::count_end_out(const Entry& entry) noexcept {
  if (!entry.has_deadline()) return;
  if (entry.deadline() != Entry::kNoDeadline) --armed_;
  if (end_of(entry) != Entry::kNoDeadline && !entry.is_ghost()) --with_ttl_;
}

void Shard::changed(EntryId id, std::string_view key, RemovalCause cause) noexcept {
  if (versions_ != nullptr) ++versions_[id % kVersions];
  const bool left_by_itself =
      cause == RemovalCause::kEvicted || cause == RemovalCause::kExpired || cause == RemovalCause::kIdle;
  if (!works.empty() && !left_by_itself) works.overtake_load(key);
  if (!lines.empty()) [[unlikely]]
    lines.wake(key);
}

bool Shard::keep_versions() noexcept {
  if (versions_ == nullptr) {
    versions_ = static_cast<std::uint64_t*>(memory_.allocate(kVersions * sizeof(std::uint64_t)));
    if (versions_ != nullptr) std::fill_n(versions_, kVersions, std::uint64_t{1});
  }
  return versions_ != nullptr;
}

void Shard::add(std::uint64_t hash, Entry* entry, const Footprint& footprint, std::uint64_t end) noexcept {
  const Place place = index_.insert(hash, entry);
  entry_lease_.spend(1);
  start_clock(*entry, end);
  count_in(*entry, footprint);
  if (entry->deadline() != Entry::kNoDeadline) arm(place, id_of(hash));
  track(place, id_of(hash), footprint);
  if (is_advised(id_of(hash))) [[unlikely]]
    advise_came(place, id_of(hash));
  count_use(hash, *entry);
  changed(id_of(hash), entry->key());
  ++counters.writes;
}

void Shard::remove(const Place& place, EntryId id, RemovalCause cause, Discards& discards) noexcept {
  const Entry& entry = *place.entry();
  const Footprint footprint = footprint_of(entry);
  if (tracks(entry)) untrack(place, id, footprint);
  if (is_advised(id)) [[unlikely]]
    advise_removed(id);
  take_out(place, id, footprint, cause, discards);
}

void Shard::drop(std::uint64_t hash, std::string_view key, Discards& discards) noexcept {
  if (const Place place = index_.find(hash, key)) {
    return remove(place, id_of(hash), RemovalCause::kInvalidated, discards);
  }
  changed(id_of(hash), key);
}

void Shard::take_out(const Place& place, EntryId id, const Footprint& footprint, RemovalCause cause,
                     Discards& discards) noexcept {
  Entry* entry = place.entry();
  count_out(*entry, footprint);
  index_.erase(place);
  entry_lease_.earn(1);
  changed(id, entry->key(), cause);
  if (entry->stale()) cause = RemovalCause::kExpired;  // so it did, only that it was kept
  if (!entry->is_ghost() || entry->stale()) ++counters.removals[static_cast<std::size_t>(cause)];
  discards.add(entry, footprint, cause);
}

void Shard::replace(Place place, std::uint64_t hash, Entry* entry, std::uint64_t end, Old old_value,
                    Discards& discards) noexcept {
  Entry* old = place.entry();
  const EntryId id = id_of(hash);
  const Footprint old_footprint = footprint_of(*old);
  const std::uint64_t old_deadline = old->deadline();
  const bool tracked = tracks(*old);
  const std::uint32_t old_weight = tracked ? weight_of(*old, old_footprint) : 0;
  // The policy may have been changed since the block was made.
  const bool has_fields = !traits_.position || entry->has_position();
  const bool stays = tracked && has_fields && (!ttl_only_ || end != Entry::kNoDeadline);
  if (tracked && !stays) untrack(place, id, old_footprint);
  count_out(*old, old_footprint);
  entry->inherit(*old);
  start_clock(*entry, end);
  const Footprint footprint = footprint_of(*entry);
  count_in(*entry, footprint);
  place.replace(entry);
  rearm(place, id, old_deadline);
  if (stays) {
    reweigh(place, id, old_weight);
  } else if (tracks(*entry)) {
    track(place, id, footprint);
  }
  written(place, hash);
  if (is_advised(id) && old->is_ghost()) [[unlikely]]
    advise_came(place, id);  // it stood there for a value that was missed
  if (old_value == Old::kMoved) return discards.add_block(old, old_footprint);
  if (old_value == Old::kFreed) return discards.add_silently(old, old_footprint);
  const RemovalCause cause = old->stale() ? RemovalCause::kExpired : RemovalCause::kReplaced;
  if (!old->is_ghost() || old->stale()) ++counters.removals[static_cast<std::size_t>(cause)];
  discards.add(old, old_footprint, cause);
}

// After an entry was given another deadline.
void Shard::rearm(const Place& place, EntryId id, std::uint64_t old_deadline) noexcept {
  const std::uint64_t deadline = place.entry()->deadline();
  if (deadline == Entry::kNoDeadline) return;
  const std::uint64_t filed_before = filing_ ? filed_before_ : far_from_;
  if (old_deadline >= filed_before || deadline >= far_from_ || wheel_.must_rearm(old_deadline, deadline)) {
    arm(place, id);
  }
}

bool Shard::put(std::uint64_t hash, std::string_view key, std::string_view value, std::uint64_t end) noexcept {
  const bool with_end = end != Entry::kNoDeadline;
  const Place place = index_.find(hash, key);
  if (place) {
    const Entry& entry = *place.entry();
    if (entry.type() != EntryType::kString || entry.latched() || entry.ages() || environment_.listener ||
        entry.has_deadline() != with_end || !fits_block(entry, value.size())) {
      return false;
    }
    // By the clock as `end` was made from it; a few milliseconds decide only how its removal is counted.
    if (with_end && entry.deadline() <= environment_.coarse_now()) return false;
    store_inline(place, hash, value);
    count_replaced();
    if (with_end) set_end(place, hash, end);
    return true;
  }
  const EntryShape shape = shape_for(EntryType::kString, false, with_end);
  const Footprint footprint = footprint_for(shape, key.size(), value.size());
  if (!has_room(footprint.charge, 1) || !reserve(1, footprint.charge)) return false;
  Entry* entry = new_entry(shape, footprint, key, value.size());
  if (entry == nullptr) return false;
  base::count_bytes(value.size());
  base::copy_bytes(entry->inline_bytes(), value.data(), value.size());
  add(hash, entry, footprint, end);
  return true;
}

void Shard::store_inline(const Place& place, std::uint64_t hash, std::string_view value) noexcept {
  Entry& entry = *place.entry();
  payload_ += value.size() - entry.inline_value().size();
  entry.set_inline_size(value.size());
  base::count_bytes(value.size());
  if (!value.empty()) std::memmove(entry.inline_bytes(), value.data(), value.size());
  written(place, hash);
}

void Shard::written(const Place& place, std::uint64_t hash) noexcept {
  mark_use(place, hash);
  if (is_advised(id_of(hash))) [[unlikely]]
    advise_written(place, id_of(hash));
  changed(id_of(hash), place.entry()->key());
  ++counters.writes;
}

void Shard::swap_outside(const Place& place, std::uint64_t hash, Outside outside) noexcept {
  Entry& entry = *place.entry();
  const std::uint32_t old_weight = weight_of(entry, footprint_of(entry));
  entry.set_outside(outside);
  if (tracks(entry)) reweigh(place, id_of(hash), old_weight);
  written(place, hash);
}

void Shard::changed_outside(const Place& place, std::uint64_t hash, std::int64_t more) noexcept {
  Entry& entry = *place.entry();
  if (more != 0) {
    const std::uint32_t old_weight = weight_of(entry, footprint_of(entry));
    entry.outside().large()->add_to_charge(more);
    if (tracks(entry)) reweigh(place, id_of(hash), old_weight);
  }
  written(place, hash);
}

void Shard::set_end(const Place& place, std::uint64_t hash, std::uint64_t end) noexcept {
  Entry& entry = *place.entry();
  const EntryId id = id_of(hash);
  const std::uint64_t old_deadline = entry.deadline();
  const bool tracked = tracks(entry);
  const bool stays = tracked && (!ttl_only_ || end != Entry::kNoDeadline);
  if (tracked && !stays) untrack(place, id, footprint_of(entry));
  count_end_out(entry);
  start_clock(entry, end);
  count_end_in(entry);
  rearm(place, id, old_deadline);
  if (!tracked && tracks(entry)) track(place, id, footprint_of(entry));
  if (is_advised(id)) [[unlikely]]
    advise_ends(place, id);
}

void Shard::unlatch(const Place& place) noexcept {
  place.entry()->set_latched(false);
  release_latches();
}

RemovalResult Shard::remove_some(std::uint64_t* cursor, std::uint32_t buckets, RemovalCause cause,
                                 FunctionRef<bool(const Entry&)> chosen, Discards& discards,
                                 bool latched_too) noexcept {
  RemovalResult result;
  for (std::uint32_t i = 0; i < buckets && index_.buckets() != 0; ++i) {
    // One at a time, as removing changes the bucket. A bucket has six entries.
    while (Place found = index_.find_in_bucket(index_.bucket_of_cursor(*cursor), chosen)) {
      if (found.entry()->latched() && !latched_too) {
        result.latched = true;
        return result;
      }
      result.removed += !found.entry()->is_ghost() && !expired(*found.entry());
      remove(found, id_of(index_.hash_of(*found.entry())), cause_of(*found.entry(), cause), discards);
    }
    *cursor = index_.next_cursor(*cursor);
    if (*cursor == 0) break;
  }
  return result;
}

}  // namespace larder::keyspace
