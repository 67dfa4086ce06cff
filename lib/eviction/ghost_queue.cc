// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/ghost_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace larder::eviction {

void GhostQueue::fit(Residents& residents, std::uint64_t capacity) {
  free_some(residents, retired_, kChunksACall);
  if (retired_.chunks != nullptr) return;
  const std::uint64_t held = std::uint64_t{now_.lines} * kIdsALine;
  if (capacity + kIdsALine < held / 2) {
    // Better to know nothing than to hold what fewer residents do not deserve.
    retired_ = std::exchange(before_, Table{});
    if (retired_.chunks == nullptr) retired_ = std::exchange(now_, make_table(residents, capacity));
  } else if (capacity > held + held / 4) {
    const Table larger = make_table(residents, capacity);
    if (larger.chunks == nullptr) return;
    retired_ = std::exchange(before_, std::exchange(now_, larger));
    inserted_ = 0;
  } else if (inserted_ >= held) {
    retired_ = std::exchange(before_, Table{});
  }
}

void GhostQueue::insert(Residents& residents, EntryId id) {
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
  ++inserted_;
}

// Without chunks if there is no memory, or nothing to remember.
GhostQueue::Table GhostQueue::make_table(Residents& residents, std::uint64_t capacity) {
  Table table;
  table.lines = static_cast<std::uint32_t>(std::min<std::uint64_t>((capacity + kIdsALine - 1) / kIdsALine, 1u << 28));
  table.directory_bytes = table.chunk_count() * sizeof(Line*);
  if (table.lines == 0) return {};
  table.chunks = static_cast<Line**>(residents.allocate(table.directory_bytes));
  if (table.chunks == nullptr) return {};
  std::memset(table.chunks, 0, table.directory_bytes);
  return table;
}

void GhostQueue::free_some(Residents& residents, Table& table, std::uint32_t chunks) {
  if (table.chunks == nullptr) return;
  for (; table.lines != 0 && chunks != 0; --chunks) {
    const std::uint32_t last = table.chunk_count() - 1;
    if (table.chunks[last] != nullptr) residents.deallocate(table.chunks[last], kChunkLines * sizeof(Line));
    table.lines = last * kChunkLines;
  }
  if (table.lines != 0) return;
  residents.deallocate(table.chunks, table.directory_bytes);
  table = Table{};
}

void GhostQueue::clear(Residents& residents) {
  for (Table* table : {&now_, &before_, &retired_}) free_some(residents, *table, table->chunk_count() + 1);
}

}  // namespace larder::eviction
