// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/ghost_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace larder::eviction {

void GhostQueue::fit(Residents& residents, std::uint64_t capacity) {
  capacity_ = capacity;
  free_some(residents, retired_, kChunksACall);
  if (retired_.chunks != nullptr) return;
  const std::uint64_t held = now_.holds();
  if (capacity + kIdsALineMean < held / 2) {
    // Better to know nothing than to hold what fewer residents do not deserve.
    retired_ = std::exchange(before_, Table{});
    if (retired_.chunks == nullptr) {
      retired_ = std::exchange(now_, make_table(residents, capacity));
      begin_generation();
      while (oldest_ < generation_) forget_oldest();
    }
  } else if (capacity > held + held / 4) {
    const Table larger = make_table(residents, capacity);
    if (larger.chunks == nullptr) return;
    retired_ = std::exchange(before_, std::exchange(now_, larger));
    begin_generation();
    replaced_ = generation_;
  } else if (oldest_ >= replaced_) {
    retired_ = std::exchange(before_, Table{});
  }
}

void GhostQueue::insert(Residents& residents, EntryId id, unsigned count) {
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
  if (begun_ >= std::max<std::uint64_t>(1, capacity_ / (kGenerations / 2))) begin_generation();
  ++begun_;
  const unsigned at = place_in(*line);
  line->words[at] = static_cast<std::uint16_t>(fingerprint(hash) | count);
  line->generation(at) = static_cast<std::uint8_t>(generation_);
  ++remembered_of_[generation_ % kGenerations];
  ++remembered_;
  while (remembered_ > capacity_ && oldest_ < generation_) forget_oldest();
}

// Its count.
int GhostQueue::forget(Line& line, unsigned at) noexcept {
  const std::uint64_t generation = generation_ - age_of(line.generation(at));
  unsigned count = line.words[at] & kCountMax;
  for (const std::uint64_t halved_at : halved_at_) count >>= generation < halved_at;
  line.words[at] = 0;
  // One that should have been forgotten long ago may have come to life again with its generation's number.
  if (std::uint32_t& of = remembered_of_[generation % kGenerations]; of != 0) --of, --remembered_;
  return static_cast<int>(count);
}

void GhostQueue::begin_generation() noexcept {
  ++generation_;
  begun_ = 0;
  if (generation_ - oldest_ == kGenerations - 1) forget_oldest();
}

void GhostQueue::forget_oldest() noexcept {
  if (remembered_of_ != nullptr) remembered_ -= std::exchange(remembered_of_[oldest_ % kGenerations], 0);
  ++oldest_;
}

// A free place in the line: for which the oldest goes, if need be.
unsigned GhostQueue::place_in(Line& line) noexcept {
  unsigned free = matches(line, 0);
  if (free != 0) return static_cast<unsigned>(std::countr_zero(free));
  unsigned oldest = 0;
  for (unsigned at = 0; at < kIdsALine; ++at) {
    if (!is_remembered(line.generation(at))) {
      line.words[at] = 0;
      free = 1u << at;
    }
    if (age_of(line.generation(at)) > age_of(line.generation(oldest))) oldest = at;
  }
  if (free != 0) return static_cast<unsigned>(std::countr_zero(free));
  forget(line, oldest);
  return oldest;
}

// Without chunks if there is no memory, or nothing to remember.
GhostQueue::Table GhostQueue::make_table(Residents& residents, std::uint64_t capacity) {
  Table table;
  table.lines =
      static_cast<std::uint32_t>(std::min<std::uint64_t>((capacity + kIdsALineMean - 1) / kIdsALineMean, 1u << 28));
  table.directory_bytes = table.chunk_count() * sizeof(Line*);
  if (table.lines == 0) return {};
  if (remembered_of_ == nullptr) {
    void* block = residents.allocate(kGenerations * sizeof(std::uint32_t));
    if (block == nullptr) return {};
    remembered_of_ = static_cast<std::uint32_t*>(std::memset(block, 0, kGenerations * sizeof(std::uint32_t)));
  }
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
  if (remembered_of_ == nullptr) return;
  residents.deallocate(remembered_of_, kGenerations * sizeof(std::uint32_t));
  remembered_of_ = nullptr;
  remembered_ = 0;
  oldest_ = generation_;
}

}  // namespace larder::eviction
