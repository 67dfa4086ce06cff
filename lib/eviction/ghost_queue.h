// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Remembers which entries were evicted lately, ids without data, and how often each was used: a first-in-first-out
// queue from which an id can be taken wherever it stands.
//
// A table of cache lines of 21 ghosts: of each a fingerprint of 12 bits, a count of 4, and an age of 8. An id belongs
// to one line. Ages are counted in generations, 1/128 of the capacity each, and the oldest generation is forgotten when
// more are remembered than the capacity. So the order is exact to 0.8 % of the queue, and exact altogether in small
// ones. A line that is full forgets its oldest: with 17 ghosts a line on average, that are 2 % of them, about to be
// forgotten anyway. Found by mistake: 17 in 4,096.
//
// Cost: 3.8 bytes a ghost, 1 KiB for the generations, one cache miss an operation. Lines are allocated 4 KiB at a time,
// when first used. The capacity follows the number of residents in steps; a table that is replaced by a larger one is
// asked until what it holds is forgotten, and one that has become far too large is forgotten at once.
//
// Thread safety: none; under the shard's lock.
#pragma once

#include <bit>
#include <cstdint>

#include "base/match.h"
#include "base/prefetch.h"
#include "larder/eviction.h"

namespace larder::eviction {

class GhostQueue {
 public:
  static constexpr unsigned kCountMax = 15;

  // Is to remember about so many ids from now on: makes and frees a little of its memory. Call it with each entry that
  // leaves.
  void fit(Residents& residents, std::uint64_t capacity);
  // Remembers an id. Does nothing if there is no memory. REQUIRES: count <= kCountMax.
  void insert(Residents& residents, EntryId id, unsigned count = 0);
  // Whether the id is remembered: its count, or -1. It is forgotten by that.
  int take(EntryId id) {
    if (now_.lines == 0) return -1;
    const std::uint64_t hash = mixed(id);
    const int count = take_from(now_, hash);
    return count >= 0 || before_.lines == 0 ? count : take_from(before_, hash);
  }
  // The counts of all that is remembered now.
  void halve_counts() noexcept {
    for (unsigned i = kHalvingsKept - 1; i > 0; --i) halved_at_[i] = halved_at_[i - 1];
    halved_at_[0] = generation_ + 1;  // what comes in this generation still is taken for what was there
  }
  void prefetch(EntryId id) const {
    if (now_.lines == 0) return;
    if (const Line* line = line_of(mixed(id), now_)) base::prefetch(line);
  }
  void clear(Residents& residents);

 private:
  static constexpr unsigned kIdsALine = 21;
  static constexpr unsigned kIdsALineMean = 17;
  struct alignas(64) Line {
    std::uint16_t words[32];  // of each ghost fingerprint, not 0, and count; 0: none. Then its generation in a byte
    std::uint8_t& generation(unsigned at) noexcept {
      return *(reinterpret_cast<std::uint8_t*>(words + kIdsALine) + at);
    }
  };
  static_assert(sizeof(Line) == 64);
  static constexpr std::uint32_t kChunkLines = 64;
  static constexpr std::uint32_t kChunksACall = 4;  // are freed
  static constexpr std::uint16_t kFingerprint = 0xfff0;
  static constexpr std::uint64_t kGenerations = 256;  // can be told apart
  static constexpr unsigned kHalvingsKept = 4;

  struct Table {
    Line** chunks = nullptr;
    std::size_t directory_bytes = 0;
    std::uint32_t lines = 0;
    std::uint32_t chunk_count() const noexcept { return (lines + kChunkLines - 1) / kChunkLines; }
    std::uint64_t holds() const noexcept { return std::uint64_t{lines} * kIdsALineMean; }
  };

  // Ids are bits of a hash, so one multiplication (Fibonacci hashing) makes line and fingerprint independent enough.
  static std::uint64_t mixed(EntryId id) { return id * std::uint64_t{0x9e3779b97f4a7c15}; }
  static std::uint16_t fingerprint(std::uint64_t mixed) {
    const auto bits = static_cast<std::uint16_t>((mixed >> 16) & kFingerprint);
    return bits == 0 ? kFingerprint : bits;
  }
  static std::uint32_t number_of(std::uint64_t mixed, const Table& table) {
    return static_cast<std::uint32_t>(((mixed >> 32) * table.lines) >> 32);
  }
  // Null if there are none yet where it belongs. REQUIRES: table.lines > 0.
  static Line* line_of(std::uint64_t mixed, const Table& table) {
    const std::uint32_t number = number_of(mixed, table);
    Line* chunk = table.chunks[number / kChunkLines];
    return chunk == nullptr ? nullptr : chunk + number % kChunkLines;
  }
  // One bit for each ghost that has this fingerprint (0: for each free place).
  static unsigned matches(const Line& line, std::uint16_t wanted) {
    unsigned found = 0;
    for (unsigned part = 0; part < 3; ++part)
      found |= base::match8(line.words + 8 * part, wanted, kFingerprint) << (8 * part);
    return found & ((1u << kIdsALine) - 1);
  }
  std::uint64_t age_of(std::uint8_t generation) const noexcept {
    return static_cast<std::uint8_t>(generation_ - generation);
  }
  bool is_remembered(std::uint8_t generation) const noexcept { return age_of(generation) <= generation_ - oldest_; }
  int take_from(const Table& table, std::uint64_t mixed) {
    Line* line = line_of(mixed, table);
    if (line == nullptr) return -1;
    for (unsigned found = matches(*line, fingerprint(mixed)); found != 0; found &= found - 1) {
      const auto at = static_cast<unsigned>(std::countr_zero(found));
      if (is_remembered(line->generation(at))) return forget(*line, at);
    }
    return -1;
  }
  int forget(Line& line, unsigned at) noexcept;
  void begin_generation() noexcept;
  void forget_oldest() noexcept;
  unsigned place_in(Line& line) noexcept;
  Table make_table(Residents& residents, std::uint64_t capacity);
  static void free_some(Residents& residents, Table& table, std::uint32_t chunks);

  Table now_;
  Table before_;   // replaced, still asked
  Table retired_;  // not asked any more, and freed piece by piece
  std::uint64_t capacity_ = 0;
  std::uint32_t* remembered_of_ = nullptr;  // how many of each generation
  std::uint64_t remembered_ = 0;            // their sum
  std::uint64_t generation_ = 1;
  std::uint64_t begun_ = 0;                      // how many came in this generation
  std::uint64_t oldest_ = 1;                     // generation that is remembered
  std::uint64_t replaced_ = 0;                   // before_: in this generation
  std::uint64_t halved_at_[kHalvingsKept] = {};  // what is older than that counts half
};

}  // namespace larder::eviction
