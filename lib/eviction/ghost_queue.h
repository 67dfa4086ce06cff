// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Remembers which entries were evicted lately: ids without data.
//
// A table of cache lines, each a little first-in-first-out queue of 31 fingerprints of 16 bits. An id belongs to one
// line; a new one pushes out the line's oldest. So the whole forgets in about the order of arrival: the age at which
// one is forgotten varies by some 18 % (31 independent arrivals a line). Found by mistake: 31 in 65,536.
//
// Cost: 2.1 bytes a ghost, one cache miss an operation. Lines are allocated 4 KiB at a time, when first used. The
// capacity follows the number of residents in steps; a table that is replaced by a larger one is asked until that has
// filled, and one that has become far too large is forgotten.
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
  // Is to remember about so many ids from now on: makes and frees a little of its memory. Call it with each entry that
  // leaves.
  void fit(Residents& residents, std::uint64_t capacity);
  // Remembers an id. Does nothing if there is no memory.
  void insert(Residents& residents, EntryId id);
  // Whether the id is remembered. It is forgotten by that.
  bool take(EntryId id) {
    if (now_.lines == 0) return false;
    const std::uint64_t hash = mixed(id);
    return take_from(now_, hash) || (before_.lines != 0 && take_from(before_, hash));
  }
  void prefetch(EntryId id) const {
    if (now_.lines == 0) return;
    if (const Line* line = line_of(mixed(id), now_)) base::prefetch(line);
  }
  void clear(Residents& residents);

 private:
  static constexpr unsigned kIdsALine = 31;
  static constexpr unsigned kOldest = 31;
  struct alignas(64) Line {
    std::uint16_t words[32];  // fingerprints, 0: none; the last word says which is the oldest
  };
  static_assert(sizeof(Line) == 64);
  static constexpr std::uint32_t kChunkLines = 64;

  static constexpr std::uint32_t kChunksACall = 4;  // are freed

  struct Table {
    Line** chunks = nullptr;
    std::size_t directory_bytes = 0;
    std::uint32_t lines = 0;
    std::uint32_t chunk_count() const noexcept { return (lines + kChunkLines - 1) / kChunkLines; }
  };

  // Ids are bits of a hash, so one multiplication (Fibonacci hashing) makes line and fingerprint independent enough.
  static std::uint64_t mixed(EntryId id) { return id * std::uint64_t{0x9e3779b97f4a7c15}; }
  static std::uint16_t fingerprint(std::uint64_t mixed) {
    const auto bits = static_cast<std::uint16_t>(mixed >> 16);
    return bits == 0 ? 1 : bits;
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
  static bool take_from(const Table& table, std::uint64_t mixed) {
    Line* line = line_of(mixed, table);
    if (line == nullptr) return false;
    const std::uint16_t wanted = fingerprint(mixed);
    unsigned found = 0;
    for (unsigned part = 0; part < 4; ++part) found |= base::match8(line->words + 8 * part, wanted) << (8 * part);
    found &= ~(1u << kOldest);
    if (found == 0) return false;
    line->words[std::countr_zero(found)] = 0;
    return true;
  }
  static Table make_table(Residents& residents, std::uint64_t capacity);
  static void free_some(Residents& residents, Table& table, std::uint32_t chunks);

  Table now_;
  Table before_;                // replaced, still asked
  Table retired_;               // not asked any more, and freed piece by piece
  std::uint64_t inserted_ = 0;  // into now_
};

}  // namespace larder::eviction
