// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/gated_fifo.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace larder::eviction {
namespace {

// How many entries one call looks at before it gives up for now.
constexpr int kStepsMax = 64;
constexpr int kSpillsMax = 8;
constexpr std::uint64_t kGhostsPerEntry = 2;
constexpr std::uint64_t kEventsPerEntry = 5;

}  // namespace

// What an entry's counter holds: its count in the four low bits, and the epoch of that.
unsigned GatedFifo::count_of(const Resident& entry) const noexcept {
  return (entry.counter & 0xfu) >> ((epoch_ - (entry.counter >> 4)) & 0xfu);
}

// Adds to the entry's count. The new one.
unsigned GatedFifo::count(Resident& entry, unsigned uses) noexcept {
  events_ += uses;
  if (events_ >= kEventsPerEntry * std::max<std::uint64_t>(1, entries())) {
    events_ = 0;
    ++epoch_;
    ghosts_.halve_counts();
  }
  const unsigned count = std::min(count_of(entry) + uses, GhostQueue::kCountMax);
  entry.counter = static_cast<std::uint8_t>(count | (epoch_ & 0xfu) << 4);
  return count;
}

bool GatedFifo::small_has_its_share() const noexcept {
  return small().weight() >= static_cast<std::uint64_t>(shares_.small * static_cast<double>(weight()));
}

bool GatedFifo::make_queues(Residents& residents) {
  if (void* block = residents.allocate(sizeof(Queues)); block != nullptr) queues_ = new (block) Queues(by_weight_);
  return queues_ != nullptr;
}

bool GatedFifo::on_insert(Resident& entry, Residents& residents) {
  if (queues_ == nullptr && !make_queues(residents)) return false;
  if (is_known(entry)) {  // it was to be evicted, and stays for now
    Queue& queue = queue_of(entry);
    queue.sweep(entry.weight, residents);
    return queue.enter(entry, residents);
  }
  const int remembered = ghosts_.take(entry.id);
  entry.counter = static_cast<std::uint8_t>(static_cast<unsigned>(std::max(remembered, 0)) | (epoch_ & 0xfu) << 4);
  count(entry, 1);
  Queue& queue = remembered >= 0 && enters_main(entry, residents) ? main() : small();
  queue.sweep(entry.weight, residents);
  if (!queue.enter(entry, residents)) return false;
  if (!is_full(weight())) spill_small(entry.id, residents);
  return true;
}

bool GatedFifo::enters_main(const Resident& entry, Residents& residents) {
  const auto share = static_cast<std::uint64_t>((1 - shares_.small) * static_cast<double>(weight() + entry.weight));
  if (!is_full(weight() + entry.weight) || main().weight() + entry.weight <= share) return true;
  return count_of(entry) > least_of_main(residents) + shares_.margin;
}

// The count of the one that main would evict next; those before it that were used go round.
unsigned GatedFifo::least_of_main(Residents& residents) {
  unsigned least = 0;
  for (int step = 0; step < kStepsMax && main().entries() != 0; ++step) {
    const bool found = main().first_stays(residents, [&](Resident& entry) {
      least = count(entry, (entry.bits & EntryQueue::kUses) != 0);
      if ((entry.bits & EntryQueue::kUses) == 0) return true;
      --entry.bits;
      return !main().enter(entry, residents);
    });
    if (found) break;
  }
  return least;
}

// `at_hand` is in our hands, and stays: what we write into the entry itself would be overwritten.
void GatedFifo::spill_small(EntryId at_hand, Residents& residents) {
  for (int step = 0; step < kSpillsMax && small().entries() > 1 && small_has_its_share(); ++step) {
    EntryId first = at_hand;
    if (!small().front(&first) || first == at_hand) return;
    if (small().first_stays(residents, [&](Resident& entry) { return !main().enter(entry, residents); })) return;
  }
}

bool GatedFifo::evict(Residents& residents) {
  full_weight_ = weight();
  for (int step = 0; step < kStepsMax && entries() != 0; ++step) {
    const bool from_small = main().entries() == 0 || (small().entries() != 0 && small_has_its_share());
    if (evict_from(from_small ? small() : main(), residents)) return true;
  }
  return false;
}

bool GatedFifo::evict_from(Queue& queue, Residents& residents) {
  EntryId id = 0;
  unsigned times = 0;
  const bool is_small = &queue == &small();
  const auto visit = [&](Resident& entry) {
    const unsigned uses = entry.bits & EntryQueue::kUses;
    const bool stays = uses >= (is_small ? shares_.promote_at : 1);
    const unsigned found = is_small || uses == 0 ? uses : 1;  // in main, one a round
    id = entry.id;
    times = count(entry, found);
    if (!stays) return Verdict::kEvict;
    entry.bits = static_cast<std::uint8_t>(is_small ? 0 : entry.bits - 1);
    return main().enter(entry, residents) ? Verdict::kKeep : Verdict::kEvict;
  };
  if (queue.take_first(residents, visit, [&](EntryId next) { ghosts_.prefetch(next); }) != Verdict::kEvict)
    return false;
  ghosts_.fit(residents, kGhostsPerEntry * entries());
  ghosts_.insert(residents, id, times);
  return true;
}

void GatedFifo::on_resize(Resident& entry, std::uint32_t weight_before) {
  queue_of(entry).resize(entry, weight_before);
}

void GatedFifo::on_remove(Resident& entry, Residents& residents) {
  Queue& queue = queue_of(entry);
  queue.leave(entry);
  queue.sweep(entry.weight, residents);
  ghosts_.fit(residents, kGhostsPerEntry * entries());
}

void GatedFifo::clear(Residents& residents) {
  if (queues_ == nullptr) return;
  small().clear(residents);
  main().clear(residents);
  std::destroy_at(queues_);
  residents.deallocate(std::exchange(queues_, nullptr), sizeof(Queues));
  ghosts_.clear(residents);
}

}  // namespace larder::eviction
