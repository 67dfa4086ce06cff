// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/ghost_queue.h"

#include <algorithm>
#include <cstring>

#include "base/prefetch.h"
#include "base/random.h"

namespace larder::eviction {
namespace {

constexpr std::uint32_t kIdsALine = 31;

template <typename T>
T* aligned64(void* block) {
  return reinterpret_cast<T*>((reinterpret_cast<std::uintptr_t>(block) + 63) & ~std::uintptr_t{63});
}

}  // namespace

std::uint64_t GhostQueue::mixed(EntryId id) { return base::mix64(id + 0x9e3779b97f4a7c15ULL); }

GhostQueue::Line* GhostQueue::Table::line(std::uint32_t number) const {
  void* chunk = chunks[number / kChunkLines];
  return chunk == nullptr ? nullptr : aligned64<Line>(chunk) + number % kChunkLines;
}

void GhostQueue::insert(Residents& residents, EntryId id, std::uint64_t capacity) {
  const std::uint64_t held = std::uint64_t{now_.lines} * kIdsALine;
  if (capacity > held + held / 4 || capacity + kIdsALine < held / 2) resize(residents, capacity);
  if (now_.lines == 0) return;
  const std::uint64_t hash = mixed(id);
  const std::uint32_t number = line_of(hash, now_);
  void*& chunk = now_.chunks[number / kChunkLines];
  if (chunk == nullptr) {
    const std::size_t bytes = (kChunkLines + 1) * sizeof(Line);
    chunk = residents.allocate(bytes);
    if (chunk == nullptr) return;
    std::memset(chunk, 0, bytes);
  }
  Line& line = *now_.line(number);
  line.fingerprints[line.oldest] = fingerprint(hash);
  line.oldest = static_cast<std::uint16_t>((line.oldest + 1) % kIdsALine);
  if (before_.lines != 0 && ++inserted_ >= capacity) free_table(residents, before_);
}

bool GhostQueue::take_from(const Table& table, std::uint64_t mixed) {
  if (table.lines == 0) return false;
  Line* line = table.line(line_of(mixed, table));
  if (line == nullptr) return false;
  const std::uint16_t wanted = fingerprint(mixed);
  // No early exit: the compiler compares eight at a time.
  std::uint16_t any = 0;
  for (const std::uint16_t found : line->fingerprints) any = static_cast<std::uint16_t>(any | (found == wanted));
  if (any == 0) return false;
  *std::find(std::begin(line->fingerprints), std::end(line->fingerprints), wanted) = 0;
  return true;
}

bool GhostQueue::take(EntryId id) {
  const std::uint64_t hash = mixed(id);
  return take_from(now_, hash) || take_from(before_, hash);
}

void GhostQueue::prefetch(EntryId id) const {
  if (now_.lines == 0) return;
  if (const Line* line = now_.line(line_of(mixed(id), now_))) base::prefetch(line);
}

void GhostQueue::resize(Residents& residents, std::uint64_t capacity) {
  Table table;
  table.lines = static_cast<std::uint32_t>(std::min<std::uint64_t>((capacity + kIdsALine - 1) / kIdsALine, 1u << 28));
  if (table.lines != 0) {
    const std::size_t bytes = table.chunk_count() * sizeof(void*);
    table.chunks = static_cast<void**>(residents.allocate(bytes));
    if (table.chunks == nullptr) return;
    std::memset(table.chunks, 0, bytes);
  }
  free_table(residents, before_);
  before_ = now_;
  now_ = table;
  inserted_ = 0;
}

void GhostQueue::free_table(Residents& residents, Table& table) {
  for (std::uint32_t i = 0; i < table.chunk_count(); ++i) {
    if (table.chunks[i] != nullptr) residents.deallocate(table.chunks[i], (kChunkLines + 1) * sizeof(Line));
  }
  if (table.chunks != nullptr) residents.deallocate(table.chunks, table.chunk_count() * sizeof(void*));
  table = Table{};
}

void GhostQueue::clear(Residents& residents) {
  free_table(residents, now_);
  free_table(residents, before_);
}

}  // namespace larder::eviction
