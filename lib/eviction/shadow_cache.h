// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A small cache of ids without data, run by a policy as a shard would: shows what the policy would do with the traffic
// that it is told of.
//
// Costs 32 to 64 bytes an id beside what the policy takes. Thread safety: none.
#pragma once

#include <cstdint>
#include <memory>

#include "base/random.h"
#include "larder/eviction.h"

namespace larder::eviction {

class ShadowCache final : private Residents {
 public:
  struct Bounds {
    std::uint64_t entries = 1'024;  // whatever the capacity
    std::size_t bytes = SIZE_MAX;   // of memory
    std::uint32_t idle = 0;         // what was not used for this time is gone; 0: never
  };
  explicit ShadowCache(EvictionPolicy& policy, const Bounds& bounds, std::uint64_t seed = 0)
      : policy_(policy), traits_(policy.traits()), bounds_(bounds), random_(seed) {}
  ~ShadowCache() override { policy_.clear(*this); }
  ShadowCache(const ShadowCache&) = delete;
  ShadowCache& operator=(const ShadowCache&) = delete;

  // What an id comes with.
  struct Item {
    EntryId id;
    std::uint16_t tag;  // is kept with it
    std::uint32_t weight;
    std::uint32_t end = 0;  // the time from which on it is gone; 0: never
  };

  // A look-up; a miss is stored. Whether it was a hit.
  bool access(const Item& item, std::uint64_t capacity, std::uint32_t now = 0) {
    const bool is_hit = hit(item.id, now);
    if (!is_hit) insert(item, capacity, now);
    return is_hit;
  }
  // A look-up. Whether it is there.
  bool hit(EntryId id, std::uint32_t now = 0);
  bool contains(EntryId id) const noexcept { return places_ != 0 && table_[place_of(id)].weight != 0; }
  // Stores it; others may have to go for it. Not what is heavier than the capacity, nor where more than a few would
  // have to go (then some of them have gone), nor where there is no memory. REQUIRES: it is not there.
  void insert(const Item& item, std::uint64_t capacity, std::uint32_t now = 0);
  // Where it is there: it has this weight and end from now on.
  void change(const Item& item, std::uint64_t capacity);
  void remove(EntryId id);
  // Of so many places the ids whose end has come, from where the last call left off.
  void expire(std::uint32_t now, std::size_t places);
  // All whose tag has any of these bits; the memory for them goes, too.
  void remove_tagged(std::uint16_t bits);

  std::uint64_t size() const override { return size_; }
  std::uint64_t weight() const override { return weight_; }
  // Of memory, those of the policy among them.
  std::size_t bytes() const noexcept { return places_ * sizeof(Entry) + policy_bytes_; }

 private:
  struct Entry {
    EntryId id = 0;
    std::uint32_t weight = 0;  // 0: none
    std::uint32_t end = 0;
    std::uint32_t used = 0;  // when
    std::uint32_t position = 0;
    std::uint16_t tag = 0;
    std::uint8_t bits = 0;
    std::uint8_t counter = 0;
  };

  Verdict find(EntryId id, FunctionRef<Verdict(Resident&)> visit) override;
  Verdict sample(std::uint64_t random, FunctionRef<Verdict(Resident&)> visit) override;
  void sample_hits(std::uint16_t unsampled) override { unsampled_ = unsampled; }
  void prefetch(EntryId) override {}
  void prefetch_entry(EntryId) override {}
  void* allocate(std::size_t bytes) override;
  void deallocate(void* block, std::size_t bytes) override;

  // Linear probing: an id stands at its home or behind it, with no gap.
  std::size_t home_of(EntryId id) const noexcept;
  std::size_t place_of(EntryId id) const noexcept;
  bool is_over(const Entry& entry, std::uint32_t now) const noexcept {
    return (entry.end != 0 && entry.end <= now) || (bounds_.idle != 0 && entry.used + bounds_.idle <= now);
  }
  Verdict show(std::size_t place, FunctionRef<Verdict(Resident&)> visit);
  void erase(std::size_t place) noexcept;
  bool rebuild(std::size_t places) noexcept;

  EvictionPolicy& policy_;
  const EvictionPolicy::Traits traits_;
  const Bounds bounds_;
  std::uint16_t unsampled_ = kNoSample;
  base::Random random_;
  std::unique_ptr<Entry[]> table_;
  std::size_t places_ = 0;  // a power of two, or none
  std::size_t expire_at_ = 0;
  bool has_ends_ = false;
  std::uint64_t size_ = 0;
  std::uint64_t weight_ = 0;
  std::size_t policy_bytes_ = 0;
};

}  // namespace larder::eviction
