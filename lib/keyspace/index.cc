// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/index.h"

#include <algorithm>
#include <new>

namespace larder::keyspace {
namespace {

// Neighbours of a spare bucket.
constexpr int kBefore = 0;
constexpr int kAfter = 1;

Bucket**& replaced_by(Bucket** directory) { return reinterpret_cast<Bucket**&>(directory[-1]); }

}  // namespace

void Index::clear() noexcept {
  seen_buckets_.store(0, std::memory_order_release);
  for (std::uint64_t chunk = 0; chunk * kChunkBuckets < buckets(); ++chunk) {
    memory_.deallocate(chunks_[chunk], kChunkBytes, 64);
  }
  while (slabs_ != nullptr) {
    Bucket* next = slabs_->next();
    memory_.deallocate(slabs_, kSlabBytes, 64);
    slabs_ = next;
  }
  numbers_.set_buckets(0);
  chained_ = spare_count_ = 0;
  spare_ = nullptr;
}

void Index::destroy() noexcept {
  clear();
  std::uint32_t room = chunks_room_;
  while (chunks_ != nullptr) {
    Bucket** replaced = replaced_by(chunks_);
    memory_.deallocate(chunks_ - 1, directory_bytes(room));
    chunks_ = replaced;
    room /= 2;
  }
}

void Index::set_buckets(std::uint64_t buckets) noexcept {
  numbers_.set_buckets(buckets);
  seen_buckets_.store(buckets, std::memory_order_release);
}

void Index::prefetch_bucket(std::uint64_t hash) const noexcept {
  base::LinearHashing seen;
  seen.set_buckets(seen_buckets_.load(std::memory_order_acquire));
  if (seen.buckets() == 0) return;
  const std::uint64_t number = seen.bucket_of(hash >> 16);
  Bucket** chunks = seen_chunks_.load(std::memory_order_acquire);
  const Bucket* chunk = std::atomic_ref<Bucket*>(chunks[number / kChunkBuckets]).load(std::memory_order_relaxed);
  base::prefetch(chunk + number % kChunkBuckets);
}

Index::Place Index::find_chained(Bucket* bucket, Tag tag, std::string_view key) noexcept {
  for (; bucket != nullptr; bucket = bucket->next()) {
    for (unsigned mask = bucket->match(tag); mask != 0; mask &= mask - 1) {
      const int place = std::countr_zero(mask);
      Entry* entry = bucket->entry(place);
      if (entry->has_key(key)) return {bucket, place, entry, true};
    }
  }
  return {};
}

// Sees to it that the chunk of this bucket is there.
bool Index::add_chunk(std::uint64_t number, std::int64_t leave) noexcept {
  const std::uint64_t chunk = number / kChunkBuckets;
  if (chunk >= chunks_room_) {
    const std::uint32_t room = chunks_room_ == 0 ? kFirstChunks : chunks_room_ * 2;
    auto** block = static_cast<Bucket**>(memory_.allocate_optional(directory_bytes(room), 16, leave));
    if (block == nullptr) return false;
    Bucket** directory = block + 1;
    replaced_by(directory) = chunks_;
    for (std::uint32_t i = 0; i < room; ++i) {
      new (&directory[i]) Bucket*(i < chunks_room_ ? chunks_[i] : nullptr);
    }
    chunks_ = directory;
    chunks_room_ = room;
    seen_chunks_.store(directory, std::memory_order_release);
  }
  auto* block = static_cast<Bucket*>(memory_.allocate_optional(kChunkBytes, 64, leave));
  if (block == nullptr) return false;
  std::atomic_ref<Bucket*>(chunks_[chunk]).store(block, std::memory_order_relaxed);
  return true;
}

bool Index::make_places(std::uint64_t inserts, std::int64_t bytes) noexcept {
  if (buckets() == 0) {
    if (!add_chunk(0, 0)) return false;
    for (std::uint64_t number = 0; number < kFirstBuckets; ++number) chunks_[0][number].clear();
    set_buckets(kFirstBuckets);
  }
  for (std::uint64_t i = 0; i < inserts && size_ + i >= buckets() * kLoad && buckets() < kBucketsMax; ++i) {
    grow(bytes + slack_.write);  // which must not take what the inserts still need
  }
  return have_spare(inserts, 0);
}

Index::Place Index::insert(std::uint64_t hash, Entry* entry) noexcept {
  ++size_;
  Bucket* const first = bucket_at(number_of(hash));
  Bucket* bucket = first;
  for (;; bucket = bucket->next()) {
    const unsigned free = bucket->match(0);
    if (free != 0) {
      const int place = std::countr_zero(free);
      bucket->put(place, tag_of(hash), entry);
      if (bucket != first) first->expect(tag_of(hash));
      return {bucket, place, entry, bucket != first};
    }
    if (!bucket->has_link()) break;
  }
  Bucket* chained = chain_another(first, bucket);
  chained->put(1, tag_of(hash), entry);
  first->expect(tag_of(hash));
  return {chained, 1, entry, true};
}

void Index::erase(const Place& place) noexcept {
  --size_;
  if (!place.chained()) {
    place.bucket()->free(place.place());
    return;
  }
  Bucket* first = bucket_at(number_of(hash_of(*place.entry())));
  place.bucket()->free(place.place());
  close_holes(first);
}

void Index::promote(Place& place, std::uint64_t hash) noexcept {
  Bucket* first = bucket_at(number_of(hash));
  const unsigned holes = first->match(0);
  const int to = holes != 0 ? std::countr_zero(holes) : static_cast<int>(hash >> 48) & 7;
  if (to == Bucket::kPlaces - 1) return;  // holds the link
  const Bucket saved = *first;
  first->move_from(*place.bucket(), place.place(), to);
  place.bucket()->move_from(saved, to, place.place());
  if (holes != 0) {
    close_holes(first);
  } else {
    first->expect(saved.tags[to]);
  }
  place = Place(first, to, place.entry());
}

// --- Chained buckets --------------------------------------------------------------------------------------------------

bool Index::have_spare(std::uint64_t buckets, std::int64_t leave) noexcept {
  while (spare_count_ < buckets) {
    auto* slab = static_cast<Bucket*>(memory_.allocate_optional(kSlabBytes, 64, leave));
    if (slab == nullptr) return false;
    slab->clear();
    slab->set_next(slabs_);
    slabs_ = slab;
    for (std::uint64_t i = 1; i < kSlabBuckets; ++i) add_spare(slab + i);
  }
  return true;
}

void Index::add_spare(Bucket* bucket) noexcept {
  bucket->clear();
  bucket->set_neighbour(kBefore, nullptr);
  bucket->set_neighbour(kAfter, spare_);
  if (spare_ != nullptr) spare_->set_neighbour(kBefore, bucket);
  spare_ = bucket;
  ++spare_count_;
}

void Index::take_spare(Bucket* bucket) noexcept {
  Bucket* before = bucket->neighbour(kBefore);
  Bucket* after = bucket->neighbour(kAfter);
  if (after != nullptr) after->set_neighbour(kBefore, before);
  if (before != nullptr) {
    before->set_neighbour(kAfter, after);
  } else {
    spare_ = after;
  }
  --spare_count_;
}

// Links a bucket to the last of a chain. What stood in the place of the link comes first in it.
Bucket* Index::chain_another(Bucket* first, Bucket* last) noexcept {
  Bucket* chained = spare_;
  LARDER_DCHECK(chained != nullptr, "insert without reserve");
  take_spare(chained);
  ++chained_;
  chained->move_from(*last, Bucket::kPlaces - 1, 0);
  last->set_next(chained);
  first->expect(chained->tags[0]);
  return chained;
}

void Index::free_chained(Bucket* bucket) noexcept {
  add_spare(bucket);
  --chained_;
}

// Gives a slab back. Its buckets that are in use move to spare ones elsewhere. REQUIRES: too_many_spare.
void Index::drop_slab() noexcept {
  Bucket* slab = slabs_;
  slabs_ = slab->next();
  for (Bucket* bucket = slab + 1; bucket != slab + kSlabBuckets; ++bucket) {
    if (bucket->spare()) take_spare(bucket);
  }
  for (Bucket* bucket = slab + 1; bucket != slab + kSlabBuckets; ++bucket) {
    if (bucket->spare()) continue;
    base::count_entry();
    Bucket* before = bucket_at(number_of(hash_of(*bucket->entry(std::countr_zero(bucket->occupied())))));
    while (before->next() != bucket) before = before->next();
    Bucket* to = spare_;
    take_spare(to);
    *to = *bucket;
    before->move_next(to);
  }
  memory_.deallocate(slab, kSlabBytes, 64);
}

// Adds what stands in a place of another bucket. REQUIRES: a spare bucket.
void Index::move_to_chain(Bucket* first, const Bucket& from, int place) noexcept {
  Bucket* chain = first;
  for (;; chain = chain->next()) {
    const unsigned free = chain->match(0);
    if (free != 0) {
      chain->move_from(from, place, std::countr_zero(free));
      if (chain != first) first->expect(from.tags[place]);
      return;
    }
    if (!chain->has_link()) break;
  }
  Bucket* chained = chain_another(first, chain);
  chained->move_from(from, place, 1);
  first->expect(chained->tags[1]);
}

// Moves entries from the end of a chain into the free places before, and takes off buckets that become empty.
void Index::close_holes(Bucket* first) noexcept {
  while (first->has_link()) {
    Bucket* before = first;
    while (before->next()->has_link()) before = before->next();
    Bucket* last = before->next();
    const unsigned used = last->occupied();
    if (used == 0) {
      before->free(Bucket::kPlaces - 1);
      free_chained(last);
      continue;
    }
    Bucket* hole = first;
    while (hole != last && hole->match(0) == 0) hole = hole->next();
    // One entry alone may take the place of the link that leads to it.
    if (hole == last && (used & (used - 1)) != 0) break;
    const int from = std::countr_zero(used);
    if (hole == last) {
      before->move_from(*last, from, Bucket::kPlaces - 1);
      last->free(from);
      free_chained(last);
      break;
    }
    hole->move_from(*last, from, std::countr_zero(hole->match(0)));
    last->free(from);
  }
  expect_chained(first);
}

// Which tags may stand behind a first bucket's link, from scratch.
void Index::expect_chained(Bucket* first) noexcept {
  if (!first->has_link()) return;
  first->expect_nothing();
  for (const Bucket* bucket = first->next(); bucket != nullptr; bucket = bucket->next()) {
    for (unsigned mask = bucket->occupied(); mask != 0; mask &= mask - 1) {
      first->expect(bucket->tags[std::countr_zero(mask)]);
    }
  }
}

// --- Growing and shrinking --------------------------------------------------------------------------------------------

// Splits one bucket, if there is memory for it; without, chains grow longer.
void Index::grow(std::int64_t leave) noexcept {
  const std::uint64_t number = buckets();
  Bucket* source = bucket_at(base::LinearHashing::partner_of(number));
  std::uint64_t chain = 0;
  for (Bucket* bucket = source; bucket != nullptr; bucket = bucket->next()) {
    ++chain;
    for (unsigned mask = bucket->occupied(); mask != 0; mask &= mask - 1) {
      base::prefetch(bucket->entry(std::countr_zero(mask)));
    }
  }
  if (!have_spare(chain, leave)) return;
  if (number % kChunkBuckets == 0 && !add_chunk(number, leave)) return;
  set_buckets(number + 1);
  Bucket* target = bucket_at(number);
  target->clear();
  for (Bucket* bucket = source; bucket != nullptr; bucket = bucket->next()) {
    for (unsigned mask = bucket->occupied(); mask != 0; mask &= mask - 1) {
      const int place = std::countr_zero(mask);
      base::count_entry();
      if (number_of(hash_of(*bucket->entry(place))) != number) continue;
      move_to_chain(target, *bucket, place);
      bucket->free(place);
    }
  }
  close_holes(source);
}

bool Index::shrink() noexcept {
  if (too_many_buckets() && drop_last_bucket()) return true;
  if (!too_many_spare()) return false;
  drop_slab();
  return true;
}

// Its entries move to the bucket that it was split from. False: no memory.
bool Index::drop_last_bucket() noexcept {
  const std::uint64_t number = buckets() - 1;
  Bucket* source = bucket_at(number);
  std::uint64_t chain = 1;
  for (Bucket* bucket = source; bucket != nullptr; bucket = bucket->next()) ++chain;
  if (!have_spare(chain, 0)) return false;
  Bucket* target = bucket_at(base::LinearHashing::partner_of(number));
  for (Bucket* bucket = source; bucket != nullptr;) {
    for (unsigned mask = bucket->occupied(); mask != 0; mask &= mask - 1) {
      base::count_entry();
      move_to_chain(target, *bucket, std::countr_zero(mask));
    }
    Bucket* next = bucket->next();
    if (bucket != source) free_chained(bucket);
    bucket = next;
  }
  set_buckets(number);
  if (number % kChunkBuckets == 0) {
    memory_.deallocate(chunks_[number / kChunkBuckets], kChunkBytes, 64);
  }
  return true;
}

// --- Walking ------------------------------------------------------------------------------------------------------------

std::uint64_t Index::position_of(std::uint64_t hash) noexcept { return base::LinearHashing::reversed(hash >> 16); }

const char* Index::check() noexcept {
  std::uint64_t entries = 0;
  std::uint64_t chained = 0;
  const char* wrong = nullptr;
  for (std::uint64_t number = 0; number < buckets(); ++number) {
    for (Bucket* bucket = bucket_at(number)->next(); bucket != nullptr; bucket = bucket->next()) ++chained;
    for_bucket(number, [&](const Place& place) {
      ++entries;
      const std::uint64_t hash = hash_of(*place.entry());
      if (number_of(hash) != number) wrong = "index: an entry stands in another bucket than its hash says";
      if (place.bucket()->tags[place.place()] != tag_of(hash)) wrong = "index: a tag is not that of the entry's hash";
      if (find(hash, place.entry()->key()).entry() != place.entry()) wrong = "index: a key is there twice";
    });
  }
  if (entries != size_) wrong = "index: size is not the number of entries";
  if (chained != chained_) wrong = "index: the number of chained buckets is wrong";
  std::uint64_t places = 0;
  for (const Bucket* slab = slabs_; slab != nullptr; slab = slab->next()) places += kSlabBuckets - 1;
  std::uint64_t spare = 0;
  for (const Bucket* bucket = spare_; bucket != nullptr; bucket = bucket->neighbour(kAfter)) spare += bucket->spare();
  if (spare != spare_count_ || chained + spare != places)
    wrong = "index: chained and spare buckets are not those of the slabs";
  return wrong;
}

}  // namespace larder::keyspace
