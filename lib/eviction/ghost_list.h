// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Ids in the exact order in which they came, each with a number, and found by id: for policies that remember what they
// evicted and forget the oldest (ghost_queue.h is smaller, and forgets in about that order).
//
// A hash table with about as many buckets as ids, which grows and shrinks by one bucket (base/linear_hashing.h). Record
// i holds the i-th id and, besides, the head of the i-th bucket; one that goes is replaced by the last, so that the
// records stay dense and the memory is handed back as ids go. In a full list one comes for each that goes, so the place
// of the last that went is kept for the next that comes, and an eighth more ids make no bucket more.
//
// Cost: 24 bytes an id; an operation is O(1) expected, two to eight cache misses, and moves no more than one bucket.
// Thread safety: none; under the shard's lock.
#pragma once

#include <cstdint>

#include "base/linear_hashing.h"
#include "eviction/chunks.h"
#include "larder/eviction.h"

namespace larder::eviction {

class GhostList {
 public:
  std::uint32_t size() const noexcept { return records_.size() - (hole_ == kNone ? 0 : 1); }

  // Remembers an id as the newest, with a number of the caller's; what was there of this id is forgotten. False if
  // there is no memory for it.
  bool insert(Residents& residents, EntryId id, std::uint32_t number = 0);
  // The number, until the next call that changes the list; null if the id is not there.
  std::uint32_t* find(EntryId id) noexcept;
  // Forgets an id. False if it was not there.
  bool take(Residents& residents, EntryId id);
  // Forgets the oldest. False if there is none.
  bool take_oldest(Residents& residents);

  void clear(Residents& residents) {
    records_.clear(residents);
    hashing_.set_buckets(0);
    oldest_ = newest_ = hole_ = kNone;
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct Record {
    EntryId id = 0;
    std::uint32_t number = 0;
    std::uint32_t older = kNone, newer = kNone;
    std::uint32_t next = kNone;   // in the bucket of this id
    std::uint32_t first = kNone;  // of the bucket with this record's place as its number
  };

  std::uint32_t bucket_of(EntryId id) const noexcept;
  std::uint32_t place_of(EntryId id) const noexcept;
  std::uint32_t* link_to(std::uint32_t place) noexcept;
  void remove(Residents& residents, std::uint32_t place);
  void drop_last(Residents& residents, std::uint32_t free);
  void add_bucket();
  void join_last_bucket();

  Chunks<Record> records_;
  base::LinearHashing hashing_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
  std::uint32_t hole_ = kNone;  // a record that holds no id
};

}  // namespace larder::eviction
