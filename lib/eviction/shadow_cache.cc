// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/shadow_cache.h"

#include <cstdlib>
#include <new>
#include <utility>

namespace larder::eviction {
namespace {

constexpr std::size_t kPlacesMin = 16;
constexpr int kEvictionsMax = 16;

}  // namespace

bool ShadowCache::access(EntryId id, std::uint32_t tag, std::uint32_t weight, std::uint64_t capacity) {
  if (places_ != 0) {
    if (Entry& entry = table_[place_of(id)]; entry.weight != 0) {
      if ((entry.bits & 3) < policy_.traits().hits_max) ++entry.bits;
      return true;
    }
  }
  if (weight == 0 || weight > capacity) return false;
  for (int evictions = 0; weight_ + weight > capacity || size_ >= kEntriesMax; ++evictions) {
    if (evictions == kEvictionsMax) return false;
    policy_.evict(*this);
  }
  if (size_ * 4 >= places_ * 3 && !grow()) return false;
  table_[place_of(id)] = {id, tag, weight, 0, 0};
  ++size_;
  weight_ += weight;
  const auto inserted = [&](Resident& entry) {
    return policy_.on_insert(entry, *this) ? Verdict::kKeep : Verdict::kNotThisOne;
  };
  if (show(place_of(id), inserted) != Verdict::kKeep) erase(place_of(id));
  return false;
}

void ShadowCache::remove(EntryId id) {
  if (places_ == 0 || table_[place_of(id)].weight == 0) return;
  show(place_of(id), [&](Resident& entry) {
    policy_.on_remove(entry, *this);
    return Verdict::kKeep;
  });
  erase(place_of(id));
}

// What moves to a place that becomes free is looked at next.
void ShadowCache::remove_tagged(std::uint32_t bits) {
  for (std::size_t place = 0; place < places_;) {
    if (table_[place].weight != 0 && (table_[place].tag & bits) != 0) {
      remove(table_[place].id);
    } else {
      ++place;
    }
  }
}

Verdict ShadowCache::find(EntryId id, FunctionRef<Verdict(Resident&)> visit) {
  const std::size_t place = place_of(id);
  if (table_[place].weight == 0) return Verdict::kNotThisOne;
  const Verdict verdict = show(place, visit);
  if (verdict == Verdict::kEvict) erase(place_of(id));
  return verdict;
}

Verdict ShadowCache::sample(std::uint64_t, FunctionRef<Verdict(Resident&)>) { return Verdict::kNotThisOne; }

void* ShadowCache::allocate(std::size_t bytes) {
  void* block = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (block != nullptr) policy_bytes_ += bytes;
  return block;
}

void ShadowCache::deallocate(void* block, std::size_t bytes) {
  policy_bytes_ -= bytes;
  std::free(block);
}

// Ids are bits of a hash.
std::size_t ShadowCache::home_of(EntryId id) const noexcept { return id & (places_ - 1); }

// Where the id stands, or would be put. REQUIRES: there is a table.
std::size_t ShadowCache::place_of(EntryId id) const noexcept {
  std::size_t place = home_of(id);
  while (table_[place].weight != 0 && table_[place].id != id) place = (place + 1) & (places_ - 1);
  return place;
}

Verdict ShadowCache::show(std::size_t place, FunctionRef<Verdict(Resident&)> visit) {
  const Entry before = table_[place];
  Resident resident{before.id, before.weight, before.bits, before.counter, 0};
  const Verdict verdict = visit(resident);
  // Those that the policy has evicted meanwhile may have moved it.
  Entry& entry = table_[place_of(before.id)];
  entry.bits = resident.bits;
  entry.counter = resident.counter;
  return verdict;
}

void ShadowCache::erase(std::size_t place) noexcept {
  --size_;
  weight_ -= table_[place].weight;
  const std::size_t mask = places_ - 1;
  for (std::size_t next = (place + 1) & mask; table_[next].weight != 0; next = (next + 1) & mask) {
    // Whether it may stand at `place`: its home is not between the two.
    if (((next - home_of(table_[next].id)) & mask) < ((next - place) & mask)) continue;
    table_[place] = table_[next];
    place = next;
  }
  table_[place] = {};
}

// False: there is no memory, and it is as it was.
bool ShadowCache::grow() noexcept {
  const std::size_t places = places_ == 0 ? kPlacesMin : 2 * places_;
  std::unique_ptr<Entry[]> table(new (std::nothrow) Entry[places]);
  if (table == nullptr) return false;
  table.swap(table_);
  const std::size_t before = std::exchange(places_, places);
  for (std::size_t place = 0; place < before; ++place) {
    if (table[place].weight != 0) table_[place_of(table[place].id)] = table[place];
  }
  return true;
}

}  // namespace larder::eviction
