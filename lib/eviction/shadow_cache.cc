// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/shadow_cache.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "eviction/log_counter.h"

namespace larder::eviction {
namespace {

constexpr std::size_t kPlacesMin = 16;
constexpr int kEvictionsMax = 16;
constexpr int kDrawsMax = 32;

}  // namespace

// As Shard::mark_use.
bool ShadowCache::hit(EntryId id, std::uint32_t now) {
  if (!contains(id)) return false;
  const std::size_t place = place_of(id);
  Entry& entry = table_[place];
  if (is_over(entry, now)) {
    remove(id);
    return false;
  }
  entry.used = now;
  const bool counts = traits_.hit == EvictionPolicy::Hit::kCountInBits;
  if (counts && (entry.bits & 3) < traits_.hits_max) ++entry.bits;
  if (traits_.hit == EvictionPolicy::Hit::kLogCounter) {
    entry.counter = log_counter_after_hit(entry.counter, random_);
  } else if (traits_.hit == EvictionPolicy::Hit::kCall || (counts && (id & unsampled_) == 0)) {
    show(place, [&](Resident& resident) {
      policy_.on_hit(resident, *this);
      return Verdict::kKeep;
    });
  }
  return true;
}

void ShadowCache::insert(const Item& item, std::uint64_t capacity, std::uint32_t now) {
  const auto [id, tag, weight, end] = item;
  if (weight == 0 || weight > capacity) return;
  policy_.expect(id);
  for (int evictions = 0; weight_ + weight > capacity || size_ >= bounds_.entries; ++evictions) {
    if (evictions == kEvictionsMax) return;
    policy_.evict(*this);
  }
  if (size_ * 4 >= places_ * 3 && !rebuild(std::max(kPlacesMin, 2 * places_))) return;
  table_[place_of(id)] = {id, weight, end, now, 0, tag, 0, 0};
  has_ends_ |= end != 0;
  ++size_;
  weight_ += weight;
  const auto inserted = [&](Resident& entry) {
    return policy_.on_insert(entry, *this) ? Verdict::kKeep : Verdict::kNotThisOne;
  };
  if (show(place_of(id), inserted) != Verdict::kKeep) erase(place_of(id));
}

void ShadowCache::change(const Item& item, std::uint64_t capacity) {
  if (!contains(item.id)) return;
  Entry& entry = table_[place_of(item.id)];
  entry.end = item.end;
  has_ends_ |= item.end != 0;
  if (entry.weight == item.weight) return;
  if (item.weight == 0 || item.weight > capacity) return remove(item.id);
  const std::uint32_t before = std::exchange(entry.weight, item.weight);
  weight_ += item.weight - std::uint64_t{before};
  show(place_of(item.id), [&](Resident& resident) {
    policy_.on_resize(resident, before);
    return Verdict::kKeep;
  });
  for (int evictions = 0; weight_ > capacity && evictions < kEvictionsMax; ++evictions) policy_.evict(*this);
}

void ShadowCache::remove(EntryId id) {
  if (!contains(id)) return;
  show(place_of(id), [&](Resident& entry) {
    policy_.on_remove(entry, *this);
    return Verdict::kKeep;
  });
  erase(place_of(id));
}

void ShadowCache::expire(std::uint32_t now, std::size_t places) {
  for (std::size_t i = 0; (has_ends_ || bounds_.idle != 0) && places_ != 0 && i < places; ++i) {
    expire_at_ = (expire_at_ + 1) & (places_ - 1);
    const Entry& entry = table_[expire_at_];
    if (entry.weight != 0 && is_over(entry, now)) remove(entry.id);
  }
}

// What moves to a place that becomes free is looked at next.
void ShadowCache::remove_tagged(std::uint16_t bits) {
  for (std::size_t place = 0; place < places_;) {
    if (table_[place].weight != 0 && (table_[place].tag & bits) != 0) {
      remove(table_[place].id);
    } else {
      ++place;
    }
  }
  std::size_t places = places_;
  while (places > kPlacesMin && size_ * 3 < places) places /= 2;
  if (places < places_) rebuild(places);
}

Verdict ShadowCache::find(EntryId id, FunctionRef<Verdict(Resident&)> visit) {
  if (!contains(id)) return Verdict::kNotThisOne;
  const Verdict verdict = show(place_of(id), visit);
  if (verdict == Verdict::kEvict) erase(place_of(id));
  return verdict;
}

// Places are drawn until one is taken; where few are, the first that is from the last on.
Verdict ShadowCache::sample(std::uint64_t random, FunctionRef<Verdict(Resident&)> visit) {
  if (size_ == 0) return Verdict::kNotThisOne;
  base::Random draw(random);
  std::size_t place = draw.below(places_);
  for (int draws = 1; table_[place].weight == 0 && draws < kDrawsMax; ++draws) place = draw.below(places_);
  while (table_[place].weight == 0) place = (place + 1) & (places_ - 1);
  const EntryId id = table_[place].id;
  const Verdict verdict = show(place, visit);
  if (verdict == Verdict::kEvict) erase(place_of(id));
  return verdict;
}

void* ShadowCache::allocate(std::size_t bytes) {
  if (this->bytes() + bytes > bounds_.bytes) return nullptr;
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
  Resident resident{before.id, before.weight, before.bits, before.counter, before.position};
  const Verdict verdict = visit(resident);
  // Those that the policy has evicted meanwhile may have moved it.
  Entry& entry = table_[place_of(before.id)];
  entry.bits = resident.bits;
  entry.counter = resident.counter;
  entry.position = resident.position;
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

// False: there is no memory, and it is as it was. REQUIRES: there is place for all.
bool ShadowCache::rebuild(std::size_t places) noexcept {
  if (bytes() + places * sizeof(Entry) > bounds_.bytes) return false;
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
