// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One cache line of the index: up to eight entries, each with 16 bits of its hash.
//
//   bytes 0-15   eight tags; 0 means free, odd an entry. In the last place, even means that the place holds the address
//                of another bucket, where the chain goes on; its bits say which tags may be found there
//   bytes 16-63  eight places of six bytes: 44 bits of the entry's address, whose low four bits are zero, and four bits
//                that belong to the eviction policy
//
// A look-up compares the eight tags at once and then, with a probability of 8 / 65,536 in vain, reads an entry.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "base/match.h"
#include "keyspace/entry.h"

namespace larder::keyspace {

using Tag = std::uint16_t;

struct alignas(64) Bucket {
  static constexpr int kPlaces = 8;

  Tag tags[kPlaces];
  unsigned char places[kPlaces][6];

  void clear() noexcept { std::memset(tags, 0, sizeof tags); }

  // One bit per place whose tag is this.
  unsigned match(Tag tag) const noexcept { return base::match8(tags, tag); }
  unsigned occupied() const noexcept {
    const unsigned used = ~match(0) & 0xff;
    return has_link() ? used & 0x7f : used;
  }

  Entry* entry(int place) const noexcept { return reinterpret_cast<Entry*>(word(place) & ~std::uint64_t{15}); }
  // The policy's four bits, in the low half of a byte whose other half is the entry's address.
  std::uint8_t bits(int place) const noexcept { return places[place][0] & 15; }
  void set_bits(int place, std::uint8_t bits) noexcept {
    places[place][0] = static_cast<std::uint8_t>((places[place][0] & 0xf0) | (bits & 15));
  }

  // Puts an entry into a free place, with its four bits zero.
  void put(int place, Tag tag, Entry* entry) noexcept {
    set_word(place, reinterpret_cast<std::uint64_t>(entry));
    tags[place] = tag;
  }
  // The same entry at another address: the bits stay.
  void replace(int place, Entry* entry) noexcept {
    set_word(place, reinterpret_cast<std::uint64_t>(entry) | (places[place][0] & 15u));
  }
  void move_from(const Bucket& other, int from, int to) noexcept {
    std::memcpy(places[to], other.places[from], 6);
    tags[to] = other.tags[from];
  }
  void free(int place) noexcept { tags[place] = 0; }

  bool has_link() const noexcept { return tags[kPlaces - 1] != 0 && (tags[kPlaces - 1] & 1) == 0; }
  Bucket* next() const noexcept { return has_link() ? reinterpret_cast<Bucket*>(word(kPlaces - 1)) : nullptr; }
  // Links to another bucket, in which no tag may be found until `expect` says so.
  void set_next(Bucket* next) noexcept {
    set_word(kPlaces - 1, reinterpret_cast<std::uint64_t>(next));
    tags[kPlaces - 1] = kLink;
  }
  // Whether a tag may be found behind the link: wrong by about one in seven for each two entries there, and never when
  // the answer is no. Only a chain's first bucket knows.
  bool leads_to(Tag tag) const noexcept { return has_link() && (tags[kPlaces - 1] & link_bit(tag)) != 0; }
  void expect(Tag tag) noexcept { tags[kPlaces - 1] = static_cast<Tag>(tags[kPlaces - 1] | link_bit(tag)); }
  void expect_nothing() noexcept { tags[kPlaces - 1] = kLink; }
  // Links to another bucket that has the same contents as the one before.
  void move_next(Bucket* next) noexcept { set_word(kPlaces - 1, reinterpret_cast<std::uint64_t>(next)); }

  // A spare bucket has no tags, and two neighbours in a list.
  bool spare() const noexcept { return match(0) == 0xff; }
  Bucket* neighbour(int which) const noexcept { return reinterpret_cast<Bucket*>(word(which)); }
  void set_neighbour(int which, Bucket* bucket) noexcept { set_word(which, reinterpret_cast<std::uint64_t>(bucket)); }

 private:
  static constexpr Tag kLink = 2;
  // One of the fourteen bits above kLink.
  static Tag link_bit(Tag tag) noexcept { return static_cast<Tag>(4u << ((tag >> 1) * 14u >> 15)); }

  // Reads the two bytes before the place, too, which are always the bucket's own.
  std::uint64_t word(int place) const noexcept {
    std::uint64_t word;
    std::memcpy(&word, reinterpret_cast<const unsigned char*>(this) + 14 + 6 * place, sizeof word);
    return word >> 16;
  }
  void set_word(int place, std::uint64_t word) noexcept {
    LARDER_DCHECK(word >> 48 == 0, "the allocator gave an address of more than 48 bits");
    std::memcpy(places[place], &word, 6);
  }
};
static_assert(sizeof(Bucket) == 64);

}  // namespace larder::keyspace
