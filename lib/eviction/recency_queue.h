// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Entries in the order of their last use, for policies that have up to three such queues: which one an entry is in
// stands in two of its bits, and its `position` says where (id_queue.h). An entry whose bits are 0 is in none.
//
// Cost: 4 bytes of position and 4.1 to 8.2 of queue an entry; O(1) amortised. Thread safety: none; under the shard's
// lock.
#pragma once

#include <cstdint>

#include "eviction/id_queue.h"
#include "larder/eviction.h"

namespace larder::eviction {

class RecencyQueue {
 public:
  // 1 to 3.
  explicit RecencyQueue(std::uint8_t number) : number_(number) {}

  bool holds(const Resident& entry) const noexcept { return (entry.bits & kNumber) == number_; }
  std::uint64_t entries() const noexcept { return entries_; }
  std::uint64_t weight() const noexcept { return weight_; }

  // At the end, as the one used last. From another queue: it has to leave that one afterwards. False if there is no
  // memory: it is where it was.
  bool enter(Resident& entry, Residents& residents) {
    if (!stand_at_end(entry, residents)) return false;
    ++entries_;
    weight_ += entry.weight;
    return true;
  }
  // It is in this queue and was used. Without memory it stays where it is.
  void use(Resident& entry, Residents& residents) { stand_at_end(entry, residents); }
  // It has gone, wherever in the queue it was.
  void leave(const Resident& entry) noexcept {
    --entries_;
    weight_ -= entry.weight;
  }
  void resize(const Resident& entry, std::uint32_t weight_before) noexcept {
    weight_ += entry.weight - std::uint64_t{weight_before};
  }

  // Takes the first id out. If its entry stands there still, it leaves, and visit(entry) says what becomes of it:
  // kEvict, or kKeep, when it has entered a queue again. Otherwise kNotThisOne.
  template <typename Visit>
  Verdict take_first(Residents& residents, Visit&& visit) {
    IdQueue::Item item;
    if (!ids_.pop(residents, &item)) return Verdict::kNotThisOne;
    EntryId next = 0;
    ids_.prefetch(residents, &next);
    return residents.find(item.id, [&](Resident& entry) {
      if (!stands_at(entry, item)) return Verdict::kNotThisOne;
      leave(entry);
      return visit(entry);
    });
  }
  // What the first entry is, which stays. Ids of those that have gone are dropped, `steps` at most. False if there was
  // none.
  bool first(Residents& residents, int steps, Resident* copy) {
    IdQueue::Item item;
    for (; steps != 0 && entries_ != 0 && ids_.front(&item); --steps) {
      const Verdict verdict = residents.find(item.id, [&](Resident& entry) {
        if (!stands_at(entry, item)) return Verdict::kNotThisOne;
        *copy = entry;
        return Verdict::kKeep;
      });
      if (verdict == Verdict::kKeep) return true;
      ids_.pop(residents, &item);
    }
    return false;
  }

  // Moves the first entry to the end of another queue, as `first` finds it. Without memory there it stays. REQUIRES: it
  // is not the entry that the policy was called with.
  void pass_first(RecencyQueue& to, int steps, Residents& residents) {
    IdQueue::Item item;
    for (; steps != 0 && entries_ != 0 && ids_.front(&item); --steps) {
      bool moved = false;
      const Verdict verdict = residents.find(item.id, [&](Resident& entry) {
        if (!stands_at(entry, item)) return Verdict::kNotThisOne;
        moved = to.enter(entry, residents);
        if (moved) leave(entry);
        return Verdict::kKeep;
      });
      if (verdict == Verdict::kKeep && !moved) return;
      ids_.pop(residents, &item);
      if (moved) return;
    }
  }

  // Call it where an entry has gone. `at_hand` is the entry that the policy was called with: what stands in the entry
  // itself is written when the policy returns.
  void sweep(Resident& at_hand, Residents& residents) {
    ids_.sweep(residents, entries_, [&](const IdQueue::Item& item, std::uint32_t position_now) {
      const Verdict verdict = residents.find(item.id, [&](Resident& found) {
        if (!stands_at(found, item)) return Verdict::kNotThisOne;
        if (item.id == at_hand.id && stands_at(at_hand, item)) at_hand.position = position_now;
        found.position = position_now;
        return Verdict::kKeep;
      });
      return verdict == Verdict::kKeep;
    });
  }
  void clear(Residents& residents) { ids_.clear(residents); }

 private:
  static constexpr std::uint8_t kNumber = 0x3;

  bool stands_at(const Resident& entry, const IdQueue::Item& item) const noexcept {
    return holds(entry) && entry.position == item.position;
  }
  bool stand_at_end(Resident& entry, Residents& residents) {
    sweep(entry, residents);
    std::uint32_t position = 0;
    if (!ids_.push(residents, entry.id, &position)) return false;
    entry.bits = static_cast<std::uint8_t>((entry.bits & ~kNumber) | number_);
    entry.position = position;
    return true;
  }

  IdQueue ids_;
  const std::uint8_t number_;
  std::uint64_t entries_ = 0;
  std::uint64_t weight_ = 0;
};

}  // namespace larder::eviction
