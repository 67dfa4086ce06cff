// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A small cache of ids without data, run by a policy as a shard would: shows what the policy would do with the traffic
// that it is told of.
//
// Costs 21 to 43 bytes an id beside what the policy takes. Thread safety: none.
#pragma once

#include <cstdint>
#include <memory>

#include "larder/eviction.h"

namespace larder::eviction {

class ShadowCache final : private Residents {
 public:
  static constexpr std::uint64_t kEntriesMax = 1'024;  // are held, whatever the capacity

  explicit ShadowCache(EvictionPolicy& policy) : policy_(policy) {}
  ~ShadowCache() override { policy_.clear(*this); }
  ShadowCache(const ShadowCache&) = delete;
  ShadowCache& operator=(const ShadowCache&) = delete;

  // A look-up; a miss is stored, for which others may have to go, unless it is heavier than the capacity. Whether it
  // was a hit. `tag` is kept with it. Policies whose hits are counted in bits only. Nothing is stored without memory,
  // or where more than a few would have to go: then some of them have gone.
  bool access(EntryId id, std::uint32_t tag, std::uint32_t weight, std::uint64_t capacity);
  void remove(EntryId id);
  // All whose tag has any of these bits.
  void remove_tagged(std::uint32_t bits);

  std::uint64_t size() const override { return size_; }
  std::uint64_t weight() const override { return weight_; }
  // Of memory, those of the policy among them.
  std::size_t bytes() const noexcept { return places_ * sizeof(Entry) + policy_bytes_; }

 private:
  struct Entry {
    EntryId id = 0;
    std::uint32_t tag = 0;
    std::uint32_t weight = 0;  // 0: none
    std::uint8_t bits = 0;
    std::uint8_t counter = 0;
  };

  Verdict find(EntryId id, FunctionRef<Verdict(Resident&)> visit) override;
  Verdict sample(std::uint64_t random, FunctionRef<Verdict(Resident&)> visit) override;
  void sample_hits(std::uint16_t) override {}
  void prefetch(EntryId) override {}
  void prefetch_entry(EntryId) override {}
  void* allocate(std::size_t bytes) override;
  void deallocate(void* block, std::size_t bytes) override;

  // Linear probing: an id stands at its home or behind it, with no gap.
  std::size_t home_of(EntryId id) const noexcept;
  std::size_t place_of(EntryId id) const noexcept;
  Verdict show(std::size_t place, FunctionRef<Verdict(Resident&)> visit);
  void erase(std::size_t place) noexcept;
  bool grow() noexcept;

  EvictionPolicy& policy_;
  std::unique_ptr<Entry[]> table_;
  std::size_t places_ = 0;  // a power of two, or none
  std::uint64_t size_ = 0;
  std::uint64_t weight_ = 0;
  std::size_t policy_bytes_ = 0;
};

}  // namespace larder::eviction
