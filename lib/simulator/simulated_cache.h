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
#include "larder/eviction.h"

namespace larder::simulator {

class SimulatedCache final : private Residents {
 public:
  // Of the objects 0 to `objects` - 1, which it holds up to `capacity` of their weight. 16 bytes for each of them, and
  // 4 for each that is resident.
  SimulatedCache(std::unique_ptr<EvictionPolicy> policy, std::uint32_t objects, std::uint64_t capacity,
                 std::uint64_t seed = 1)
      : policy_(std::move(policy)),
        traits_(policy_->traits()),
        capacity_(capacity),
        objects_(objects),
        random_(base::Random(seed)) {}
  ~SimulatedCache() override { policy_->clear(*this); }
  SimulatedCache(const SimulatedCache&) = delete;
  SimulatedCache& operator=(const SimulatedCache&) = delete;

  // A look-up; a miss is stored, for which others may have to go, unless it is too large. Whether it was a hit.
  bool access(std::uint32_t number, std::uint32_t weight = 1) {
    Object& object = objects_[number];
    if (object.place != 0) {
      hit(number);
      return true;
    }
    if (weight > capacity_) return false;
    policy_->expect(id_of(number));
    while (weight_ + weight > capacity_) policy_->evict(*this);
    object.weight = weight;
    object.position = 0;
    object.bits = object.counter = 0;
    residents_.push_back(number);
    object.place = static_cast<std::uint32_t>(residents_.size());
    weight_ += weight;
    bool known = false;
    show(number, [&](Resident& resident) { known = policy_->on_insert(resident, *this); });
    LARDER_CHECK(known, "a simulated cache is out of memory");
    return false;
  }

  std::uint64_t size() const override { return residents_.size(); }
  std::uint64_t weight() const override { return weight_; }

 private:
  struct Object {
    std::uint32_t place = 0;  // among the residents, from 1; 0: it is none
    std::uint32_t weight = 0;
    std::uint32_t position = 0;
    std::uint8_t bits = 0;
    std::uint8_t counter = 0;
  };

  // Policies take ids for bits of a hash, so they are made one, which can be undone (C. Wellons' "lowbias32").
  static constexpr EntryId id_of(std::uint32_t x) noexcept {
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
  }
  static constexpr std::uint32_t number_of(EntryId x) noexcept {
    x = (x ^ x >> 16) * 0x43021123u;
    x = (x ^ x >> 15 ^ x >> 30) * 0x1d69e2a5u;
    return x ^ x >> 16;
  }

  Verdict find(EntryId id, FunctionRef<Verdict(Resident&)> visit) override {
    const std::uint32_t number = number_of(id);
    return objects_[number].place == 0 ? Verdict::kNotThisOne : judge(number, visit);
  }
  Verdict sample(std::uint64_t random, FunctionRef<Verdict(Resident&)> visit) override {
    if (residents_.empty()) return Verdict::kNotThisOne;
    return judge(residents_[random % residents_.size()], visit);
  }
  void prefetch(EntryId id) override { base::prefetch(&objects_[number_of(id)]); }
  void prefetch_entry(EntryId) override {}
  void* allocate(std::size_t bytes) override { return std::aligned_alloc(64, (bytes + 63) / 64 * 64); }
  void deallocate(void* block, std::size_t) override { std::free(block); }

  template <typename Call>
  void show(std::uint32_t number, Call&& call) {
    Object& object = objects_[number];
    Resident resident{id_of(number), object.weight, object.bits, object.counter, object.position};
    call(resident);
    object.bits = resident.bits;
    object.counter = resident.counter;
    object.position = resident.position;
  }
  // As Shard::hit_policy, and what stands inline before it.
  void hit(std::uint32_t number) {
    Object& object = objects_[number];
    switch (traits_.hit) {
      case EvictionPolicy::Hit::kNothing: break;
      case EvictionPolicy::Hit::kCountInBits:
        if ((object.bits & 3) < traits_.hits_max) ++object.bits;
        break;
      case EvictionPolicy::Hit::kLogCounter: {
        const std::uint64_t above = object.counter > 5 ? object.counter - 5u : 0u;
        if (object.counter < 255 && random_.below(above * 10 + 1) == 0) ++object.counter;
        break;
      }
      case EvictionPolicy::Hit::kCall: show(number, [&](Resident& resident) { policy_->on_hit(resident, *this); });
    }
  }
  Verdict judge(std::uint32_t number, FunctionRef<Verdict(Resident&)> visit) {
    Verdict verdict = Verdict::kKeep;
    show(number, [&](Resident& resident) { verdict = visit(resident); });
    if (verdict == Verdict::kEvict) remove(objects_[number]);
    return verdict;
  }
  void remove(Object& object) {
    const std::uint32_t last = residents_.back();
    residents_[object.place - 1] = last;
    objects_[last].place = object.place;
    residents_.pop_back();
    object.place = 0;
    weight_ -= object.weight;
  }

  const std::unique_ptr<EvictionPolicy> policy_;
  const EvictionPolicy::Traits traits_;
  const std::uint64_t capacity_;
  std::uint64_t weight_ = 0;
  std::vector<Object> objects_;
  std::vector<std::uint32_t> residents_;  // in no particular order: for samples
  base::Random random_;
};

}  // namespace larder::simulator
