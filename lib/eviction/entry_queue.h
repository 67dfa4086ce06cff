// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A first-in-first-out queue of entries, for policies that have one or two of them: which one an entry is in says a bit
// of it, and another is the mark by which the queue sweeps out the ids of entries that have gone (id_queue.h). The two
// low bits count uses (EvictionPolicy::Hit::kCountInBits).
//
// Thread safety: none; under the shard's lock.
#pragma once

#include <cstdint>

#include "eviction/id_queue.h"
#include "larder/eviction.h"

namespace larder::eviction {

class EntryQueue {
 public:
  static constexpr std::uint8_t kUses = 0x3;

  enum class Which : std::uint8_t { kFirst = 0, kSecond = 0x4 };
  explicit EntryQueue(Which which) : which_(static_cast<std::uint8_t>(which)) {}

  bool holds(const Resident& entry) const noexcept { return (entry.bits & kWhich) == which_; }
  std::uint64_t entries() const noexcept { return entries_; }
  std::uint64_t weight() const noexcept { return weight_; }

  // At the end. Its uses stay. False if there is no memory: it is in no queue.
  bool enter(Resident& entry, Residents& residents) {
    std::uint32_t position = 0;
    if (!ids_.push(residents, entry.id, &position)) return false;
    ++entries_;
    weight_ += entry.weight;
    set(entry, ids_.fresh_mark());
    return true;
  }
  // It has gone, wherever in the queue it was.
  void leave(const Resident& entry) noexcept {
    --entries_;
    weight_ -= entry.weight;
  }
  void resize(const Resident& entry, std::uint32_t weight_before) noexcept {
    weight_ += entry.weight - std::uint64_t{weight_before};
  }
  // Takes the first id out. If its entry is in this queue still, it leaves, and visit(entry) says what becomes of it:
  // kEvict, or kKeep, when it has entered a queue again. Otherwise kNotThisOne. What the next one needs is being
  // fetched then; fetch(id) may begin to fetch more for it.
  template <typename Visit, typename Fetch>
  Verdict take_first(Residents& residents, Visit&& visit, Fetch&& fetch) {
    IdQueue::Item item;
    if (!ids_.pop(residents, &item)) return Verdict::kNotThisOne;
    if (EntryId next = 0; ids_.prefetch(residents, &next)) fetch(next);
    return residents.find(item.id, [&](Resident& entry) {
      if (!holds(entry)) return Verdict::kNotThisOne;
      leave(entry);
      return visit(entry);
    });
  }
  template <typename Visit>
  Verdict take_first(Residents& residents, Visit&& visit) {
    return take_first(residents, visit, [](EntryId) {});
  }
  // Looks at the first id: if its entry is in this queue still, stays(entry) says whether it remains the first, or goes
  // round, to the end, for which there may be no memory; then it remains as well. A dead id is dropped. True: it
  // remains.
  template <typename Stays>
  bool first_stays(Residents& residents, Stays&& stays) {
    EntryId first = 0;
    IdQueue::Item item;
    if (!ids_.prefetch(residents, &first)) return false;
    bool remains = false;
    const Verdict verdict = residents.find(first, [&](Resident& entry) {
      if (!holds(entry)) return Verdict::kNotThisOne;
      remains = stays(entry) || !enter(entry, residents);
      if (!remains) leave(entry);  // from where it was
      return Verdict::kKeep;
    });
    if (verdict == Verdict::kNotThisOne || !remains) ids_.pop(residents, &item);
    return remains;
  }
  // The first id, if there is one; its entry may have gone.
  bool front(EntryId* id) const {
    IdQueue::Item item;
    const bool found = ids_.front(&item);
    if (found) *id = item.id;
    return found;
  }
  // Sees to it that the next `enter` finds memory. False: there is none.
  bool reserve(Residents& residents) { return ids_.reserve(residents); }
  // Call it with each entry that comes or goes; before `enter`, as what stands in the entry at hand is written later.
  void sweep(Residents& residents) {
    ids_.sweep(residents, entries_, [&](const IdQueue::Item& item, std::uint32_t) {
      const Verdict verdict = residents.find(item.id, [&](Resident& entry) {
        if (!holds(entry) || ((entry.bits & kMark) != 0) == ids_.seen_mark()) return Verdict::kNotThisOne;
        set(entry, ids_.seen_mark());
        return Verdict::kKeep;
      });
      return verdict == Verdict::kKeep;
    });
  }
  void clear(Residents& residents) { ids_.clear(residents); }

 private:
  static constexpr std::uint8_t kWhich = 0x4;
  static constexpr std::uint8_t kMark = 0x8;

  void set(Resident& entry, bool mark) const noexcept {
    entry.bits = static_cast<std::uint8_t>((entry.bits & kUses) | which_ | (mark ? kMark : 0));
  }

  IdQueue ids_;
  const std::uint8_t which_;
  std::uint64_t entries_ = 0;
  std::uint64_t weight_ = 0;
};

}  // namespace larder::eviction
