// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/ghost_queue.h"

#include <algorithm>
#include <cstring>

namespace larder::eviction {

void GhostQueue::insert(Residents& residents, EntryId id, std::uint64_t capacity) {
  const std::uint64_t held = std::uint64_t{now_.lines} * kIdsALine;
  if (capacity > held + held / 4 || capacity + kIdsALine < held / 2) resize(residents, capacity);
  if (now_.lines == 0) return;
  const std::uint64_t hash = mixed(id);
  Line* line = line_of(hash, now_);
  if (line == nullptr) {
    constexpr std::size_t kBytes = kChunkLines * sizeof(Line);
    void* chunk = residents.allocate(kBytes);
    if (chunk == nullptr) return;
    now_.chunks[number_of(hash, now_) / kChunkLines] = static_cast<Line*>(std::memset(chunk, 0, kBytes));
    line = line_of(hash, now_);
  }
  std::uint16_t& oldest = line->words[kOldest];
  line->words[oldest] = fingerprint(hash);
  oldest = static_cast<std::uint16_t>(oldest + 1u == kIdsALine ? 0 : oldest + 1);
  if (before_.lines != 0 && ++inserted_ >= capacity) free_table(residents, before_);
}

void GhostQueue::resize(Residents& residents, std::uint64_t capacity) {
  free_table(residents, before_);
  Table table;
  table.lines = static_cast<std::uint32_t>(std::min<std::uint64_t>((capacity + kIdsALine - 1) / kIdsALine, 1u << 28));
  if (table.lines != 0) {
    const std::size_t bytes = table.chunk_count() * sizeof(Line*);
    table.chunks = static_cast<Line**>(residents.allocate(bytes));
    if (table.chunks == nullptr) {
      // Better to know nothing than to hold what fewer residents do not deserve.
      if (table.lines < now_.lines) free_table(residents, now_);
      return;
    }
    std::memset(table.chunks, 0, bytes);
  }
  before_ = now_;
  now_ = table;
  inserted_ = 0;
}

void GhostQueue::free_table(Residents& residents, Table& table) {
  for (std::uint32_t i = 0; i < table.chunk_count(); ++i) {
    if (table.chunks[i] != nullptr) residents.deallocate(table.chunks[i], kChunkLines * sizeof(Line));
  }
  if (table.chunks != nullptr) residents.deallocate(table.chunks, table.chunk_count() * sizeof(Line*));
  table = Table{};
}

void GhostQueue::clear(Residents& residents) {
  free_table(residents, now_);
  free_table(residents, before_);
}

}  // namespace larder::eviction
