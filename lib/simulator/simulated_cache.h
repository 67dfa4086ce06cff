// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A cache without keys and values, for one policy: objects are numbers, and what the policy is told, and in which
// order, is what the engine tells the policy of a shard. So it shows what a policy would do with a trace, much faster
// than a cache would.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/prefetch.h"
#include "base/random.h"
#include "eviction/log_counter.h"
#include "larder/eviction.h"

namespace larder::simulator {

class SimulatedCache final : private Residents {
 public:
  // Of the objects 0 to `objects` - 1, which it holds up to `capacity` of their weight. 4 bytes for each of them, and
  // 16 for each that is resident: so what a small cache works with is small.
  SimulatedCache(std::unique_ptr<EvictionPolicy> policy, std::uint32_t objects, std::uint64_t capacity,
                 std::uint64_t seed = 1)
      : policy_(std::move(policy)),
        traits_(policy_->traits()),
        capacity_(capacity),
        places_(objects),
        turned_(static_cast<EntryId>(base::mix64(seed))),
        random_(base::Random(seed)) {}
  ~SimulatedCache() override { policy_->clear(*this); }
  SimulatedCache(const SimulatedCache&) = delete;
  SimulatedCache& operator=(const SimulatedCache&) = delete;

  // A look-up; a miss is stored, for which others may have to go, unless it is too large. Whether it was a hit.
  bool access(std::uint32_t number, std::uint32_t weight = 1) {
    if (holds(number)) {
      hit(number);
      return true;
    }
    insert(number, weight);
    return false;
  }
  // A write: it is stored with this weight, whatever it had before, unless it is too large; then it is not there.
  void store(std::uint32_t number, std::uint32_t weight) {
    if (!holds(number)) return insert(number, weight);
    if (weight > capacity_) return erase(number);
    const std::uint32_t before = std::exchange(object_of(number).weight, weight);
    weight_ += weight - std::uint64_t{before};
    show(number, [&](Resident& resident) { policy_->on_resize(resident, before); });
    hit(number);
    while (weight_ > capacity_) policy_->evict(*this);
  }
  // It leaves, and not because the policy said so. Nothing, if it is not there.
  void erase(std::uint32_t number) {
    if (!holds(number)) return;
    show(number, [&](Resident& resident) { policy_->on_remove(resident, *this); });
    remove(number);
  }
  bool holds(std::uint32_t number) const { return places_[number] != 0; }
  // An access of this number will come: starts fetching what that will read, `prepare` first, some accesses later the
  // rest.
  void prepare(std::uint32_t number) const { base::prefetch(&places_[number]); }
  void prepare_more(std::uint32_t number) const { base::prefetch(residents_.data() + places_[number]); }
  // For caches that look ahead (belady.h): which request of the trace comes now.
  void begin(std::uint32_t /*request*/) const {}

  std::uint64_t size() const override { return residents_.size() - 1; }
  std::uint64_t weight() const override { return weight_; }

 private:
  struct Object {
    std::uint32_t number = 0;
    std::uint32_t weight = 0;
    std::uint32_t position = 0;
    std::uint8_t bits = 0;
    std::uint8_t counter = 0;
  };

  // Policies take ids for bits of a hash, so they are made one, which can be undone (C. Wellons' "lowbias32").
  EntryId id_of(std::uint32_t x) const noexcept {
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16 ^ turned_;
  }
  std::uint32_t number_of(EntryId x) const noexcept {
    x ^= turned_;
    x = (x ^ x >> 16) * 0x43021123u;
    x = (x ^ x >> 15 ^ x >> 30) * 0x1d69e2a5u;
    return x ^ x >> 16;
  }

  Verdict find(EntryId id, FunctionRef<Verdict(Resident&)> visit) override {
    const std::uint32_t number = number_of(id);
    return holds(number) ? judge(number, visit) : Verdict::kNotThisOne;
  }
  Verdict sample(std::uint64_t random, FunctionRef<Verdict(Resident&)> visit) override {
    if (size() == 0) return Verdict::kNotThisOne;
    return judge_at(1 + static_cast<std::uint64_t>((static_cast<base::Wide>(random) * size()) >> 64), visit);
  }
  void sample_hits(std::uint16_t unsampled) override { unsampled_ = unsampled; }
  void prefetch(EntryId id) override { prepare(number_of(id)); }
  void prefetch_entry(EntryId id) override { prepare_more(number_of(id)); }
  void* allocate(std::size_t bytes) override { return std::aligned_alloc(64, (bytes + 63) / 64 * 64); }
  void deallocate(void* block, std::size_t) override { std::free(block); }

  void insert(std::uint32_t number, std::uint32_t weight) {
    if (weight > capacity_) return;
    policy_->expect(id_of(number));
    while (weight_ + weight > capacity_) policy_->evict(*this);
    places_[number] = static_cast<std::uint32_t>(residents_.size());
    residents_.push_back({number, weight});
    weight_ += weight;
    bool known = false;
    show(number, [&](Resident& resident) { known = policy_->on_insert(resident, *this); });
    LARDER_CHECK(known, "a simulated cache is out of memory");
  }
  Object& object_of(std::uint32_t number) { return residents_[places_[number]]; }
  template <typename Call>
  void show(std::uint32_t number, Call&& call) {
    show(object_of(number), call);
  }
  template <typename Call>
  void show(Object& object, Call&& call) {
    Resident resident{id_of(object.number), object.weight, object.bits, object.counter, object.position};
    call(resident);
    object.bits = resident.bits;
    object.counter = resident.counter;
    object.position = resident.position;
  }
  // As Shard::hit_policy, and what stands inline before it.
  void hit(std::uint32_t number) {
    Object& object = object_of(number);
    switch (traits_.hit) {
      case EvictionPolicy::Hit::kNothing: break;
      case EvictionPolicy::Hit::kCountInBits:
        if ((object.bits & 3) < traits_.hits_max) ++object.bits;
        if ((id_of(number) & unsampled_) == 0)
          show(object, [&](Resident& resident) { policy_->on_hit(resident, *this); });
        break;
      case EvictionPolicy::Hit::kLogCounter:
        object.counter = eviction::log_counter_after_hit(object.counter, random_);
        break;
      case EvictionPolicy::Hit::kCall: show(object, [&](Resident& resident) { policy_->on_hit(resident, *this); });
    }
  }
  Verdict judge(std::uint32_t number, FunctionRef<Verdict(Resident&)> visit) {
    return judge_at(places_[number], visit);
  }
  Verdict judge_at(std::size_t place, FunctionRef<Verdict(Resident&)> visit) {
    Verdict verdict = Verdict::kKeep;
    show(residents_[place], [&](Resident& resident) { verdict = visit(resident); });
    if (verdict == Verdict::kEvict) remove(residents_[place].number);
    return verdict;
  }
  // The last takes its place.
  void remove(std::uint32_t number) {
    const std::uint32_t place = places_[number];
    weight_ -= residents_[place].weight;
    residents_[place] = residents_.back();
    places_[residents_[place].number] = place;
    residents_.pop_back();
    places_[number] = 0;
  }

  const std::unique_ptr<EvictionPolicy> policy_;
  const EvictionPolicy::Traits traits_;
  const std::uint64_t capacity_;
  std::uint64_t weight_ = 0;
  std::vector<std::uint32_t> places_;  // by number: where among the residents; 0: it is none
  std::uint16_t unsampled_ = kNoSample;
  const EntryId turned_;              // other ids for each seed
  std::vector<Object> residents_{1};  // in no particular order, behind one that stands for none
  base::Random random_;
};

}  // namespace larder::simulator
