// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/frequency_sketch.h"

#include <algorithm>

namespace larder::eviction {

void FrequencySketch::fit(Residents& residents, std::uint64_t entries) {
  const std::uint64_t lines = lines_.size();
  if (lines * kEntriesALine < entries) {
    const auto partner = static_cast<std::uint32_t>(base::LinearHashing::partner_of(lines));
    const bool grown =
        lines == 0 ? lines_.push_back(residents, Line{{}, halvings_}) : lines_.push_back(residents, lines_[partner]);
    if (!grown) return;
  } else if (lines * kEntriesALine > entries + entries / 4 + 2 * kEntriesALine) {
    lines_.pop_back(residents);
  }
  hashing_.set_buckets(lines_.size());
}

// REQUIRES: there are lines.
FrequencySketch::Line& FrequencySketch::line_of(std::uint64_t hash) noexcept {
  Line& line = lines_[static_cast<std::uint32_t>(hashing_.bucket_of(hash >> 32))];
  if (line.halvings != halvings_) {
    const std::uint64_t times = std::min<std::uint64_t>(halvings_ - line.halvings, 4);
    for (std::uint64_t time = 0; time < times; ++time) {
      for (std::uint64_t& word : line.counters) word = word >> 1 & 0x7777'7777'7777'7777;
    }
    line.halvings = halvings_;
  }
  return line;
}

FrequencySketch::Counter FrequencySketch::counter_of(Line& line, unsigned row, std::uint64_t hash) noexcept {
  const unsigned in_row = static_cast<unsigned>((hash >> (8 * row) & 0xff) * kCountersARow >> 8);
  const unsigned number = row * kCountersARow + in_row;
  return {line.counters[number / kCountersAWord], 4 * (number % kCountersAWord)};
}

bool FrequencySketch::raise(EntryId id, unsigned by) noexcept {
  const std::uint64_t hash = hash_of(id);
  Line& line = line_of(hash);
  bool raised = false;
  for (unsigned row = 0; row < kRows; ++row) {
    const Counter counter = counter_of(line, row, hash);
    const std::uint64_t possible = std::min(by, kCountMax - counter.value());
    counter.word += possible << counter.shift;
    raised = raised || possible != 0;
  }
  return raised;
}

void FrequencySketch::add(EntryId id, std::uint64_t entries) noexcept {
  if (lines_.empty() || !raise(id, 1) || ++additions_ < kAdditionsAnEntry * entries) return;
  additions_ = kAdditionsAnEntry * entries / 2;  // halved, as what they added
  ++halvings_;
}

void FrequencySketch::add_early(EntryId id, unsigned count) noexcept {
  if (!lines_.empty()) raise(id, aged(count));
}

unsigned FrequencySketch::count(EntryId id) noexcept {
  if (lines_.empty()) return 0;
  const std::uint64_t hash = hash_of(id);
  Line& line = line_of(hash);
  unsigned least = kCountMax;
  for (unsigned row = 0; row < kRows; ++row) least = std::min(least, counter_of(line, row, hash).value());
  return least;
}

}  // namespace larder::eviction
