// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One cache line of the index: up to eight entries, each with 16 bits of its hash.
//
//   bytes 0-15   eight tags; 0 means free. In the last place, kLink means that the place holds the address of another
//                bucket, where the chain goes on
//   bytes 16-63  eight places of six bytes: 44 bits of the entry's address, whose low four bits are zero, and four bits
//                that belong to the eviction policy
//
// A look-up compares the eight tags at once and then, with a probability of 8 / 65,536 in vain, reads an entry.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "keyspace/entry.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace larder::keyspace {

using Tag = std::uint16_t;

struct alignas(64) Bucket {
  static constexpr int kPlaces = 8;
  static constexpr Tag kLink = 2;  // tags of entries are odd

  Tag tags[kPlaces];
  unsigned char places[kPlaces][6];

  void clear() noexcept { std::memset(tags, 0, sizeof tags); }

  // One bit per place whose tag is this.
  unsigned match(Tag tag) const noexcept {
#if defined(__SSE2__)
    const __m128i all = _mm_load_si128(reinterpret_cast<const __m128i*>(tags));
    const __m128i same = _mm_cmpeq_epi16(all, _mm_set1_epi16(static_cast<short>(tag)));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(same, _mm_setzero_si128())));
#else
    unsigned mask = 0;
    for (int i = 0; i < kPlaces; ++i) mask |= static_cast<unsigned>(tags[i] == tag) << i;
    return mask;
#endif
  }
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

  bool has_link() const noexcept { return tags[kPlaces - 1] == kLink; }
  Bucket* next() const noexcept { return has_link() ? reinterpret_cast<Bucket*>(word(kPlaces - 1)) : nullptr; }
  void set_next(Bucket* next) noexcept {
    set_word(kPlaces - 1, reinterpret_cast<std::uint64_t>(next));
    tags[kPlaces - 1] = kLink;
  }

 private:
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
