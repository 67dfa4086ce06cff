// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/stack_distances.h"

#include <algorithm>
#include <numeric>

#include "base/prefetch.h"

namespace larder::simulator {
namespace {

// The objects in the order of their last uses.
class Row {
 public:
  explicit Row(std::uint32_t objects)
      : slots_((std::size_t{objects} * 2 + 1) / kBlock * kBlock + 2 * kBlock),
        numbers_(slots_.size()),
        tree_(slots_.size() / kBlock + 1),
        slot_of_(objects, kNone) {}

  void prepare(std::uint32_t number) const { base::prefetch(&slot_of_[number]); }

  // The stack distance of this use; 0: it is the first.
  std::uint64_t use(std::uint32_t number, std::uint32_t weight) {
    if (next_ == slots_.size()) close_up();
    std::uint64_t distance = 0;
    if (const std::uint32_t slot = slot_of_[number]; slot != kNone) {
      distance = total_ - before(slot);
      add(slot, std::uint64_t{0} - slots_[slot]);
      total_ -= slots_[slot];
      slots_[slot] = 0;
    }
    const std::uint32_t slot = next_++;
    slot_of_[number] = slot;
    numbers_[slot] = number;
    slots_[slot] = weight;
    add(slot, weight);
    total_ += weight;
    return distance;
  }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::uint32_t kBlock = 32;

  std::uint64_t before(std::uint32_t slot) const {
    const std::uint32_t block = slot / kBlock;
    std::uint64_t sum = 0;
    for (std::uint32_t i = block * kBlock; i < slot; ++i) sum += slots_[i];
    for (std::uint32_t i = block; i > 0; i &= i - 1) sum += tree_[i];
    return sum;
  }
  void add(std::uint32_t slot, std::uint64_t weight) {
    for (std::size_t i = slot / kBlock + 1; i < tree_.size(); i += i & (0 - i)) tree_[i] += weight;
  }
  // At most half of the slots are taken, so that a use pays for two slots here.
  void close_up() {
    std::uint32_t end = 0;
    for (std::uint32_t i = 0; i < next_; ++i) {
      const std::uint32_t number = numbers_[i];
      if (slot_of_[number] != i) continue;
      slots_[end] = slots_[i];
      numbers_[end] = number;
      slot_of_[number] = end++;
    }
    std::fill(slots_.begin() + end, slots_.end(), 0);
    next_ = end;
    std::fill(tree_.begin(), tree_.end(), 0);
    for (std::size_t i = 1; i < tree_.size(); ++i) {
      const auto block = slots_.begin() + static_cast<std::ptrdiff_t>((i - 1) * kBlock);
      tree_[i] += std::accumulate(block, block + kBlock, std::uint64_t{0});
      if (const std::size_t above = i + (i & (0 - i)); above < tree_.size()) tree_[above] += tree_[i];
    }
  }

  std::vector<std::uint32_t> slots_;    // weights; 0: the object was used again
  std::vector<std::uint32_t> numbers_;  // whose
  std::vector<std::uint64_t> tree_;     // over blocks of slots, from 1
  std::vector<std::uint32_t> slot_of_;
  std::uint64_t total_ = 0;
  std::uint32_t next_ = 0;
};

}  // namespace

bool one_pass_is_exact(const Trace& trace, Weights weights, std::uint64_t smallest_capacity) {
  if (!trace.ops.empty() || !trace.moments.empty()) return false;
  if (weights == Weights::kOnes) return true;
  std::vector<std::uint32_t> first(trace.objects);
  for (std::size_t i = 0; i < trace.ids.size(); ++i) {
    std::uint32_t& size = first[trace.ids[i]];
    if (size == 0) size = trace.sizes[i];
    if (size != trace.sizes[i] || size > smallest_capacity) return false;
  }
  return true;
}

std::vector<Counts> lru_curve(const Trace& trace, Weights weights, std::span<const std::uint64_t> capacities,
                              Tick tick) {
  constexpr std::size_t kAhead = 16;
  std::vector<std::uint64_t> sorted(capacities.begin(), capacities.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<Counts> hits(sorted.size() + 1);  // by the smallest cache that has it
  Counts all;
  Row row(trace.objects);
  std::uint64_t since_tick = 0;
  for (std::size_t i = 0; i < trace.ids.size(); ++i) {
    if (i + kAhead < trace.ids.size()) row.prepare(trace.ids[i + kAhead]);
    const std::uint32_t size = trace.sizes.empty() ? 0 : trace.sizes[i];
    const std::uint64_t distance = row.use(trace.ids[i], weights == Weights::kSizes ? size : 1);
    ++all.requests;
    all.bytes += size;
    if (distance != 0) {
      Counts& place =
          hits[static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), distance) - sorted.begin())];
      ++place.requests;
      place.bytes += size;
    }
    if (++since_tick == kTickRequests) {
      if (!tick(since_tick)) break;
      since_tick = 0;
    }
  }
  tick(since_tick);
  std::vector<Counts> curve;
  for (const std::uint64_t capacity : capacities) {
    Counts counts = all;
    counts.misses = all.requests;
    counts.missed_bytes = all.bytes;
    for (std::size_t i = 0; i < sorted.size() && sorted[i] <= capacity; ++i) {
      counts.misses -= hits[i].requests;
      counts.missed_bytes -= hits[i].bytes;
    }
    curve.push_back(counts);
  }
  return curve;
}

}  // namespace larder::simulator
