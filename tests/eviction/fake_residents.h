// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A shard as a policy sees it, without keys and values: for driving one policy by hand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/random.h"
#include "larder/eviction.h"

namespace larder::eviction {

class FakeResidents final : public Residents {
 public:
  explicit FakeResidents(EvictionPolicy& policy) : policy_(policy) {}
  // A queue alone, with no policy.
  FakeResidents() : policy_(none_) {}

  // What the engine does ---------------------------------------------------------------------------------------------
  void insert(EntryId id, std::uint32_t weight = 1) {
    Resident entry{id, weight, 0, 0, 0};
    // It is found while the policy is told of it, and has what the policy writes when that returns.
    place_[id] = entries_.size();
    entries_.push_back(entry);
    weight_ += weight;
    const bool known = policy_.on_insert(entry, *this);
    at(id) = entry;
    if (!known && refuses) erase(id);  // not tracked, and so of no interest here
  }
  void hit(EntryId id) {
    Resident& entry = at(id);
    const EvictionPolicy::Traits traits = policy_.traits();
    if (traits.hit == EvictionPolicy::Hit::kCountInBits && (entry.bits & 3) < traits.hits_max) ++entry.bits;
    const bool sampled = traits.hit == EvictionPolicy::Hit::kCountInBits && (id & unsampled) == 0;
    if (traits.hit == EvictionPolicy::Hit::kCall || sampled) {
      Resident copy = entry;  // what the policy writes is kept when the call returns
      policy_.on_hit(copy, *this);
      entry = copy;
    } else if (traits.hit == EvictionPolicy::Hit::kLogCounter && entry.counter < 255) {
      ++entry.counter;  // no logarithm: a test that counts wants to know how far
    }
  }
  void resize(EntryId id, std::uint32_t weight) {
    Resident& entry = at(id);
    const std::uint32_t before = entry.weight;
    entry.weight = weight;
    weight_ += weight - std::uint64_t{before};
    policy_.on_resize(entry, before);
  }
  void remove(EntryId id) {
    Resident entry = at(id);
    policy_.on_remove(entry, *this);
    erase(id);
  }
  // True if one went; which: the last of `evicted`.
  bool evict() {
    for (int i = 0; i < 10'000 && !entries_.empty(); ++i) {
      const std::size_t before = evicted.size();
      const bool did = policy_.evict(*this);
      if (did != (evicted.size() == before + 1)) ++lies;
      if (did) return true;
    }
    return false;
  }
  // A hit, or an entry that comes, for which others may have to go. Returns whether it was a hit.
  bool access(EntryId id, std::uint64_t capacity, std::uint32_t weight = 1) {
    if (contains(id)) {
      hit(id);
      return true;
    }
    policy_.expect(id);
    while (weight_ + weight > capacity && evict()) {
    }
    insert(id, weight);
    return false;
  }
  bool contains(EntryId id) const { return place_.contains(id); }
  Resident& at(EntryId id) { return entries_[place_.at(id)]; }

  // Residents --------------------------------------------------------------------------------------------------------
  Verdict find(EntryId id, FunctionRef<Verdict(Resident&)> visit) override {
    const auto found = place_.find(id);
    return found == place_.end() ? Verdict::kNotThisOne : show(entries_[found->second], visit);
  }
  Verdict sample(std::uint64_t random, FunctionRef<Verdict(Resident&)> visit) override {
    if (entries_.empty()) return Verdict::kNotThisOne;
    return show(entries_[base::Random(random).below(entries_.size())], visit);
  }
  void prefetch(EntryId) override {}
  void prefetch_entry(EntryId) override {}
  void sample_hits(std::uint16_t bits) override { unsampled = bits; }
  std::uint64_t size() const override { return entries_.size(); }
  std::uint64_t weight() const override { return weight_; }
  void* allocate(std::size_t bytes) override {
    if (refuses) return nullptr;
    live_bytes += bytes;
    const std::size_t alignment = bytes % 64 == 0 ? 64 : 16;
    return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  }
  void deallocate(void* block, std::size_t bytes) override {
    live_bytes -= bytes;
    std::free(block);
  }

  std::vector<EntryId> evicted;
  int lies = 0;  // evict said it did and did not, or the other way round
  std::size_t live_bytes = 0;
  bool refuses = false;
  std::uint16_t unsampled = kNoSample;  // as the policy said
  std::unordered_set<EntryId> kept;     // must not go for now

 private:
  class None final : public EvictionPolicy {
   public:
    Traits traits() const override { return {}; }
    bool on_insert(Resident&, Residents&) override { return true; }
    void on_remove(Resident&, Residents&) override {}
    bool evict(Residents&) override { return false; }
    void clear(Residents&) override {}
  };

  Verdict show(Resident& entry, FunctionRef<Verdict(Resident&)> visit) {
    Resident copy = entry;  // what the policy writes is kept when the call returns
    Verdict verdict = visit(copy);
    if (verdict == Verdict::kEvict && kept.contains(copy.id)) {
      verdict = Verdict::kKeep;
      if (!policy_.on_insert(copy, *this)) {  // not tracked any more
        erase(copy.id);
        return verdict;
      }
    }
    entry = copy;
    if (verdict == Verdict::kEvict) {
      evicted.push_back(entry.id);
      erase(entry.id);
    }
    return verdict;
  }
  void erase(EntryId id) {
    const std::size_t place = place_.at(id);
    weight_ -= entries_[place].weight;
    entries_[place] = entries_.back();
    place_[entries_[place].id] = place;
    entries_.pop_back();
    place_.erase(id);
  }

  None none_;
  EvictionPolicy& policy_;
  std::vector<Resident> entries_;
  std::unordered_map<EntryId, std::size_t> place_;
  std::uint64_t weight_ = 0;
};

}  // namespace larder::eviction
