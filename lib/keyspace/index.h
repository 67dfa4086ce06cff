// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The table of one shard: linear hashing, a bucket at a time (base/linear_hashing.h).
//
// Growing or shrinking touches one bucket's chain, about six entries: no insert ever pays for a rehash of everything,
// no memory is held twice, and the load is the same at all times. Buckets stand in chunks of 64, which a small
// directory finds.
//
// Cost: a bucket of 64 bytes for six entries on average: 10.7 bytes an entry, and about one more for chained buckets. A
// hit found in a chained bucket is moved forward (promote), so that what is used is found in the first; and a link says
// which tags may stand behind it, so that a look-up in vain seldom follows it. An entry that leaves a first bucket
// leaves a hole, which the next insert fills: closing it would cost a cache miss.
//
// Thread safety: none; under the shard's lock. prefetch may run without it.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <string_view>

#include "base/hold_work.h"
#include "base/key_hash.h"
#include "base/linear_hashing.h"
#include "base/prefetch.h"
#include "keyspace/bucket.h"
#include "keyspace/slack.h"
#include "larder/eviction.h"
#include "memory/account.h"

namespace larder::keyspace {

// What the 64 bits of a key's hash are for: 0-15 the tag, 16-47 the bucket, 54-63 the shard. The low 32 bits are the
// EntryId: tag, and 16 bits of bucket number.
inline Tag tag_of(std::uint64_t hash) noexcept { return static_cast<Tag>(hash | 1); }
inline EntryId id_of(std::uint64_t hash) noexcept { return static_cast<EntryId>(hash); }

class Index {
 public:
  // Where an entry stands. Valid until the index changes.
  class Place {
   public:
    Place() = default;
    // `chained`: not in the first bucket of its chain.
    Place(Bucket* bucket, int place, Entry* entry, bool chained = false) noexcept
        : packed_(reinterpret_cast<std::uintptr_t>(bucket) | (chained ? kChained : 0u) | static_cast<unsigned>(place)),
          entry_(entry) {}
    Place(Bucket* bucket, int place, bool chained) noexcept : Place(bucket, place, bucket->entry(place), chained) {}
    explicit operator bool() const noexcept { return packed_ != 0; }
    Bucket* bucket() const noexcept { return reinterpret_cast<Bucket*>(packed_ & ~std::uintptr_t{63}); }
    int place() const noexcept { return static_cast<int>(packed_ & 7); }
    bool chained() const noexcept { return packed_ & kChained; }
    Entry* entry() const noexcept { return entry_; }
    std::uint8_t policy_bits() const noexcept { return bucket()->bits(place()); }
    void set_policy_bits(std::uint8_t bits) const noexcept { bucket()->set_bits(place(), bits); }
    // Puts an entry in the place of the one that stands there; copies of this Place do not know.
    void replace(Entry* entry) noexcept {
      bucket()->replace(place(), entry);
      entry_ = entry;
    }

   private:
    static constexpr std::uintptr_t kChained = 8;
    std::uintptr_t packed_ = 0;  // the bucket's address, whose low six bits are zero, and the place in it
    Entry* entry_ = nullptr;     // which stands there
  };

  Index(memory::ShardMemory& memory, const base::KeyHash& hash, const Slack& slack) noexcept
      : memory_(memory), hash_(hash), slack_(slack) {}
  ~Index() { LARDER_DCHECK(chunks_ == nullptr, "an index was dropped with its memory"); }
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // Inline as a whole: a look-up's instructions must be few enough for the processor to begin the next while this one
  // waits for memory.
  [[gnu::always_inline]] Place find(std::uint64_t hash, std::string_view key) noexcept {
    if (buckets() == 0) [[unlikely]]
      return {};
    Bucket* bucket = bucket_at(number_of(hash));
    for (unsigned mask = bucket->match(tag_of(hash)); mask != 0; mask &= mask - 1) {
      const int place = std::countr_zero(mask);
      Entry* entry = bucket->entry(place);
      if (entry->has_key(key)) [[likely]]
        return {bucket, place, entry};
    }
    return bucket->leads_to(tag_of(hash)) ? find_chained(bucket->next(), tag_of(hash), key) : Place();
  }

  // Makes sure that so many inserts find a place; grows by a bucket for each when it is time, if that leaves as many
  // bytes as the inserts need for themselves. False: no memory. Invalidates places.
  bool reserve(std::uint64_t inserts, std::int64_t bytes) noexcept {
    if (size_ + inserts <= buckets() * kLoad && spare_count_ >= inserts) [[likely]]
      return true;
    return make_places(inserts, bytes);
  }
  // REQUIRES: it was reserved; no entry with this key.
  Place insert(std::uint64_t hash, Entry* entry) noexcept;
  // Takes the entry out; it is not freed. Invalidates places.
  void erase(const Place& place) noexcept;
  // Brings an entry that stands in a chained bucket into the first one, in exchange for another. REQUIRES:
  // place.chained.
  void promote(Place& place, std::uint64_t hash) noexcept;
  // Removes a bucket if there are far too many, or else a slab of spare ones. True if it did: there may be more to do.
  // Invalidates places.
  bool shrink() noexcept;
  bool can_shrink() const noexcept { return too_many_buckets() || too_many_spare(); }

  // Calls visit(Place) for each entry that may be meant by an id, until it returns true.
  template <typename Visit>
  bool find_id(EntryId id, Visit&& visit) noexcept {
    if (buckets() == 0) return false;
    const std::uint64_t known = (id >> 16) & 0xffff;
    for (std::uint64_t rest = 0; rest == 0 || (rest << 16) < buckets(); ++rest) {
      Bucket* const first = bucket_at(numbers_.bucket_of(rest << 16 | known));
      for (Bucket* bucket = first; bucket != nullptr; bucket = bucket->next()) {
        for (unsigned mask = bucket->match(tag_of(id)); mask != 0; mask &= mask - 1) {
          const Place place(bucket, std::countr_zero(mask), bucket != first);
          base::count_entry();
          if (visit(place)) return true;
        }
        if (bucket == first && !first->leads_to(tag_of(id))) break;
      }
    }
    return false;
  }
  // An entry's id, from its key.
  std::uint64_t hash_of(const Entry& entry) const noexcept { return hash_(entry.key()); }

  // Visits all entries of one bucket's chain: visit(Place), which must not change the index; it may throw.
  template <typename Visit>
  void for_bucket(std::uint64_t number, Visit&& visit) {
    Bucket* const first = bucket_at(number);
    for (Bucket* bucket = first; bucket != nullptr; bucket = bucket->next()) {
      for (unsigned mask = bucket->occupied(); mask != 0; mask &= mask - 1) {
        base::count_entry();
        visit(Place(bucket, std::countr_zero(mask), bucket != first));
      }
    }
  }

  // The first of them that is chosen: chosen(Entry).
  template <typename Chosen>
  Place find_in_bucket(std::uint64_t number, Chosen&& chosen) noexcept {
    Bucket* const first = bucket_at(number);
    for (Bucket* bucket = first; bucket != nullptr; bucket = bucket->next()) {
      for (unsigned mask = bucket->occupied(); mask != 0; mask &= mask - 1) {
        const Place place(bucket, std::countr_zero(mask), bucket != first);
        base::count_entry();
        if (chosen(*place.entry())) return place;
      }
    }
    return {};
  }

  // The n-th entry of one bucket's chain, if it has so many. Reads no entry.
  Place nth(std::uint64_t number, unsigned n) const noexcept {
    Bucket* const first = bucket_at(number);
    for (Bucket* bucket = first; bucket != nullptr; bucket = bucket->next()) {
      for (unsigned mask = bucket->occupied(); mask != 0; mask &= mask - 1) {
        if (n-- == 0) return Place(bucket, std::countr_zero(mask), bucket != first);
      }
    }
    return {};
  }

  // How many entries one bucket's chain has. Reads none of them.
  unsigned chain_length(std::uint64_t number) const noexcept {
    unsigned length = 0;
    for (const Bucket* bucket = bucket_at(number); bucket != nullptr; bucket = bucket->next()) {
      length += static_cast<unsigned>(std::popcount(bucket->occupied()));
    }
    return length;
  }

  // A walk over all buckets, as LinearHashing has it. REQUIRES: buckets() > 0.
  std::uint64_t bucket_of_cursor(std::uint64_t cursor) const noexcept { return numbers_.bucket_of_cursor(cursor); }
  std::uint64_t next_cursor(std::uint64_t cursor) const noexcept { return numbers_.next_cursor(cursor); }
  static constexpr int kCursorBits = base::LinearHashing::kCursorBits;
  // Where an entry stands in this order, whatever the number of buckets: a walk has passed it if the cursor is greater.
  static std::uint64_t position_of(std::uint64_t hash) noexcept;

  // Starts fetching the bucket, or the entry that a look-up will read.
  void prefetch_bucket(std::uint64_t hash) const noexcept;
  void prefetch_entry(std::uint64_t hash) noexcept {
    if (buckets() == 0) return;
    Bucket* bucket = bucket_at(number_of(hash));
    const unsigned mask = bucket->match(tag_of(hash));
    if (mask != 0) base::prefetch(bucket->entry(std::countr_zero(mask)));
  }

  std::uint64_t size() const noexcept { return size_; }
  std::uint64_t buckets() const noexcept { return numbers_.buckets(); }
  // Frees all memory but the directories. REQUIRES: size() == 0.
  void clear() noexcept;
  // Frees those, too, at the end: nobody may prefetch any more.
  void destroy() noexcept;
  // The number of the bucket in which an entry with this hash belongs.
  std::uint64_t number_of(std::uint64_t hash) const noexcept { return numbers_.bucket_of((hash >> 16) & 0xffffffff); }

  // The blocks of an index. Chunks and slabs are aligned to 64.
  static constexpr std::uint64_t kChunkBuckets = 64;
  static constexpr std::uint64_t kSlabBuckets = 16;  // chained ones
  static constexpr std::uint32_t kFirstChunks = 16;
  static constexpr std::size_t kChunkBytes = kChunkBuckets * sizeof(Bucket);
  static constexpr std::size_t kSlabBytes = kSlabBuckets * sizeof(Bucket);
  // The addresses of so many chunks, and one in front.
  static constexpr std::size_t directory_bytes(std::uint32_t chunks) { return (chunks + 1) * sizeof(Bucket*); }

  // Counts entries, checks that each stands where its hash belongs. Returns what is wrong, or null.
  const char* check() noexcept;

 private:
  static constexpr std::uint64_t kLoad = 6;  // entries a bucket, on average
  static constexpr std::uint64_t kFirstBuckets = 4;
  static constexpr std::uint64_t kBucketsMax = std::uint64_t{1} << 31;

  Bucket* bucket_at(std::uint64_t number) const noexcept {
    return chunks_[number / kChunkBuckets] + number % kChunkBuckets;
  }

  static Place find_chained(Bucket* bucket, Tag tag, std::string_view key) noexcept;
  bool make_places(std::uint64_t inserts, std::int64_t bytes) noexcept;
  bool add_chunk(std::uint64_t number, std::int64_t leave) noexcept;
  void grow(std::int64_t leave) noexcept;
  bool too_many_buckets() const noexcept { return buckets() > kFirstBuckets && size_ * 2 < buckets() * kLoad; }
  // More than are in use: what a large index leaves behind when it becomes small.
  bool too_many_spare() const noexcept { return spare_count_ > chained_ + 2 * kSlabBuckets; }
  bool drop_last_bucket() noexcept;
  void drop_slab() noexcept;
  bool have_spare(std::uint64_t buckets, std::int64_t leave) noexcept;
  void add_spare(Bucket* bucket) noexcept;
  void take_spare(Bucket* bucket) noexcept;
  Bucket* chain_another(Bucket* first, Bucket* last) noexcept;
  void move_to_chain(Bucket* first, const Bucket& from, int place) noexcept;
  void close_holes(Bucket* first) noexcept;
  static void expect_chained(Bucket* first) noexcept;
  void free_chained(Bucket* bucket) noexcept;
  void set_buckets(std::uint64_t buckets) noexcept;

  Bucket** chunks_ = nullptr;  // the directory; in front of it stands the address of the one it replaced, which is kept
  base::LinearHashing numbers_;
  memory::ShardMemory& memory_;
  const base::KeyHash& hash_;
  const Slack& slack_;
  std::uint64_t size_ = 0;
  std::uint32_t chunks_room_ = 0;
  std::uint64_t chained_ = 0;  // chained buckets in use
  std::uint64_t spare_count_ = 0;
  Bucket* spare_ = nullptr;  // free ones, a list linked both ways
  Bucket* slabs_ = nullptr;  // blocks of kSlabBuckets buckets, the first of which links them

  // What prefetch_bucket reads with no lock: a directory that is never freed before the index is, and how many buckets
  // it had at the least when that number was written.
  std::atomic<std::uint64_t> seen_buckets_{0};
  std::atomic<Bucket**> seen_chunks_{nullptr};
};

}  // namespace larder::keyspace
