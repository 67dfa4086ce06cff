// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/gdsf.h"

#include <algorithm>

namespace larder::eviction {
namespace {

constexpr int kStepsMax = 64;
constexpr std::uint8_t kKnown = 1;  // in the bits of an entry

double value_of(std::uint32_t uses, std::uint32_t weight) {
  return static_cast<double>(uses) / std::max<std::uint32_t>(weight, 1);
}

}  // namespace

// --- The heap -----------------------------------------------------------------------------------------------------

bool Gdsf::goes_before(const Node& a, const Node& b) noexcept {
  if (a.priority != b.priority) return a.priority < b.priority;
  return static_cast<std::int32_t>(a.used_at - b.used_at) < 0;  // the numbers wrap
}

void Gdsf::put(std::uint32_t place, const Node& node) noexcept {
  heap_[place] = node;
  records_[node.record].node = place;
}

void Gdsf::move_up(std::uint32_t place, const Node& node) noexcept {
  for (; place != 0 && goes_before(node, heap_[(place - 1) / 2]); place = (place - 1) / 2) {
    put(place, heap_[(place - 1) / 2]);
  }
  put(place, node);
}

void Gdsf::move_down(std::uint32_t place, const Node& node) noexcept {
  for (;;) {
    const std::uint64_t left = 2 * std::uint64_t{place} + 1;
    if (left >= heap_.size()) break;
    auto child = static_cast<std::uint32_t>(left);
    if (child + 1 < heap_.size() && goes_before(heap_[child + 1], heap_[child])) ++child;
    if (!goes_before(heap_[child], node)) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, node);
}

// --- Records ------------------------------------------------------------------------------------------------------

// To where it belongs by its uses and weight, as of now.
void Gdsf::rank(const Resident& entry) noexcept {
  const Record& record = records_[entry.position];
  const std::uint32_t place = record.node;
  const Node node = {clock_ + value_of(record.uses, entry.weight), ++uses_, entry.position};
  if (goes_before(node, heap_[place])) {
    move_up(place, node);
  } else {
    move_down(place, node);
  }
}

// The last node and the last record take the places that become free; the entry of that record is told.
void Gdsf::remove(std::uint32_t record, Residents& residents) {
  const std::uint32_t place = records_[record].node;
  const Node last_node = heap_[heap_.size() - 1];
  heap_.pop_back(residents);
  if (place != heap_.size()) {
    if (goes_before(last_node, heap_[place])) {
      move_up(place, last_node);
    } else {
      move_down(place, last_node);
    }
  }
  const std::uint32_t last = records_.size() - 1;
  if (record != last) {
    const Record moved = records_[last];
    records_[record] = moved;
    heap_[moved.node].record = record;
    residents.find(moved.id, [&](Resident& entry) {
      if (entry.bits != kKnown || entry.position != last) return Verdict::kNotThisOne;
      entry.position = record;
      return Verdict::kKeep;
    });
  }
  records_.pop_back(residents);
}

// --- What the engine says -----------------------------------------------------------------------------------------

// One that the engine had to keep is ranked as though it weighed nothing to speak of: others are to go first.
bool Gdsf::on_insert(Resident& entry, Residents& residents) {
  const bool was_kept = entry.bits == kKnown;
  const std::uint32_t place = records_.size();
  const Node node = {clock_ + value_of(1, was_kept ? 1 : entry.weight), ++uses_, place};
  if (!records_.push_back(residents, {entry.id, 1, place})) return false;
  if (!heap_.push_back(residents, node)) {
    records_.pop_back(residents);
    return false;
  }
  move_up(place, node);
  entry.bits = kKnown;
  entry.position = place;
  return true;
}

void Gdsf::on_hit(Resident& entry, Residents&) {
  std::uint32_t& uses = records_[entry.position].uses;
  if (uses != ~std::uint32_t{0}) ++uses;
  rank(entry);
}

void Gdsf::on_resize(Resident& entry, std::uint32_t) { rank(entry); }

void Gdsf::on_remove(Resident& entry, Residents& residents) { remove(entry.position, residents); }

bool Gdsf::evict(Residents& residents) {
  for (int step = 0; step < kStepsMax && !heap_.empty(); ++step) {
    const Node lowest = heap_[0];
    bool found = false;
    const Verdict verdict = residents.find(records_[lowest.record].id, [&](Resident& entry) {
      if (entry.bits != kKnown || entry.position != lowest.record) return Verdict::kNotThisOne;
      found = true;
      clock_ = lowest.priority;
      remove(lowest.record, residents);
      return Verdict::kEvict;
    });
    if (verdict == Verdict::kEvict) return true;
    if (!found) remove(lowest.record, residents);
  }
  return false;
}

void Gdsf::clear(Residents& residents) {
  heap_.clear(residents);
  records_.clear(residents);
}

}  // namespace larder::eviction
