// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A first-in-first-out queue of entries, for policies that have one or two of them: which one an entry is in says a bit
// of it, and another is the mark by which the queue sweeps out the ids of entries that have gone (id_queue.h). The two
// low bits count uses (EvictionPolicy::Hit::kCountInBits).
//
// By weight: a queue for each power of two, and the first is that of the class which has a byte drawn from all that are
// held. So classes have turns in proportion to their bytes, entries in proportion to their weight, and a round, in
// which one must be used to stay, is as long as 1 / weight. That does what gdsf.h takes a heap for, and CAMP a heap of
// queues (S. Ghandeharizadeh, S. Irani, J. Lam, J. Yap, "CAMP: a cost adaptive multi-queue eviction policy for
// key-value stores", Middleware 2014). Bytes are drawn by a Weyl sequence: evenly, and the same each time. 1.8 KiB.
//
// The id of an entry that was given a weight of another class stands where it stood, and has its turn with those there,
// until it goes round or is swept: what has grown may stay too long once, what has shrunk too short.
//
// Thread safety: none; under the shard's lock.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "base/random.h"
#include "eviction/id_queue.h"
#include "larder/eviction.h"

namespace larder::eviction {

template <unsigned kClasses>
class EntryQueues {
 public:
  static constexpr std::uint8_t kUses = 0x3;

  enum class Which : std::uint8_t { kFirst = 0, kSecond = 0x4 };
  // `by_weight`: false is one class for all.
  explicit EntryQueues(Which which, bool by_weight = true)
      : which_(static_cast<std::uint8_t>(which)), by_weight_(by_weight) {}

  bool holds(const Resident& entry) const noexcept { return (entry.bits & kWhich) == which_; }
  std::uint64_t entries() const noexcept { return entries_; }
  std::uint64_t weight() const noexcept { return weight_; }

  // At the end. Its uses stay. False if there is no memory: it is in no queue.
  bool enter(Resident& entry, Residents& residents) {
    if (!push(entry, residents)) return false;
    add(entry.weight);
    return true;
  }
  // It has gone, wherever in the queue it was.
  void leave(const Resident& entry) noexcept { subtract(entry.weight); }
  void resize(const Resident& entry, std::uint32_t weight_before) noexcept {
    subtract(weight_before);
    add(entry.weight);
  }
  // Takes the first id out. If its entry is in this queue still, it leaves, and visit(entry) says what becomes of it:
  // kEvict, or kKeep, when it has entered a queue again. Otherwise kNotThisOne. What the next one needs is being
  // fetched then; fetch(id) may begin to fetch more for it.
  template <typename Visit, typename Fetch>
  Verdict take_first(Residents& residents, Visit&& visit, Fetch&& fetch) {
    const unsigned from = first_class();
    IdQueue::Item item;
    if (!ids_[from].pop(residents, &item)) return Verdict::kNotThisOne;
    if (EntryId next = 0; ids_[from].prefetch(residents, &next)) fetch(next);
    return residents.find(item.id, [&](Resident& entry) {
      if (!holds(entry)) return Verdict::kNotThisOne;
      leave(entry);
      drawn_ = kClasses;
      return visit(entry);
    });
  }
  template <typename Visit>
  Verdict take_first(Residents& residents, Visit&& visit) {
    return take_first(residents, visit, [](EntryId) {});
  }
  // Looks at the first id. If its entry is in this queue still, stays(entry) says whether it remains the first, or has
  // entered a queue again, this or the other. A dead id is dropped. True: it remains.
  template <typename Stays>
  bool first_stays(Residents& residents, Stays&& stays) {
    IdQueue& ids = ids_[first_class()];
    IdQueue::Item first;
    if (!ids.front(&first)) return false;
    bool remains = false;
    residents.find(first.id, [&](Resident& entry) {
      if (!holds(entry)) return Verdict::kNotThisOne;
      remains = stays(entry);
      if (remains) return Verdict::kKeep;
      leave(entry);
      drawn_ = kClasses;
      return Verdict::kKeep;
    });
    if (remains) return true;
    ids.pop(residents, &first);
    ids.prefetch(residents, &first.id);
    return false;
  }
  // The first id, if there is one; its entry may have gone.
  bool front(EntryId* id) {
    IdQueue::Item item;
    const bool found = ids_[first_class()].front(&item);
    if (found) *id = item.id;
    return found;
  }
  // Call it with the weight of each entry that comes or goes; before `enter`, as what stands in the entry at hand is
  // written later.
  void sweep(std::uint32_t weight, Residents& residents) {
    const unsigned from = class_of(weight);
    IdQueue& ids = ids_[from];
    ids.sweep(residents, entries_of_[from], [&](const IdQueue::Item& item, std::uint32_t) {
      bool stays = false;
      residents.find(item.id, [&](Resident& entry) {
        if (!holds(entry)) return Verdict::kNotThisOne;
        const bool is_its_class = class_of(entry.weight) == from;
        if (!is_its_class && push(entry, residents)) return Verdict::kKeep;
        if (is_its_class && ((entry.bits & kMark) != 0) == ids.seen_mark()) return Verdict::kNotThisOne;
        set(entry, ids.seen_mark());
        stays = true;
        return Verdict::kKeep;
      });
      return stays;
    });
  }
  void clear(Residents& residents) {
    for (IdQueue& ids : ids_) ids.clear(residents);
  }

 private:
  static constexpr std::uint8_t kWhich = 0x4;
  static constexpr std::uint8_t kMark = 0x8;

  void set(Resident& entry, bool mark) const noexcept {
    entry.bits = static_cast<std::uint8_t>((entry.bits & kUses) | which_ | (mark ? kMark : 0));
  }

  unsigned class_of(std::uint32_t weight) const noexcept {
    return by_weight_ ? std::min(static_cast<unsigned>(std::bit_width(weight)), kClasses - 1) : 0;
  }
  void add(std::uint32_t weight) noexcept {
    ++entries_;
    weight_ += weight;
    ++entries_of_[class_of(weight)];
    weight_of_[class_of(weight)] += weight;
  }
  void subtract(std::uint32_t weight) noexcept {
    --entries_;
    weight_ -= weight;
    --entries_of_[class_of(weight)];
    weight_of_[class_of(weight)] -= weight;
  }
  bool push(Resident& entry, Residents& residents) {
    IdQueue& ids = ids_[class_of(entry.weight)];
    std::uint32_t position = 0;
    if (!ids.push(residents, entry.id, &position)) return false;
    set(entry, ids.fresh_mark());
    return true;
  }
  // The one whose turn it is. It stays the same until an entry was taken: who looks and who takes mean the same.
  unsigned first_class() noexcept {
    if (kClasses == 1) return 0;
    if (drawn_ == kClasses || ids_[drawn_].size() == 0) draw();
    return drawn_;
  }
  // Every second turn is for a class most of whose ids stand for entries that have gone, or have another weight: it may
  // have no bytes to be drawn by.
  void draw() noexcept {
    turn_ += 0x9e3779b97f4a7c15;
    if (turn_ % 2 != 0) {
      drawn_ = looked_at_;
      if (ids_[drawn_].size() > 2 * entries_of_[drawn_]) return;
      looked_at_ = (looked_at_ + 1) % kClasses;
    }
    auto left = static_cast<std::uint64_t>((static_cast<base::Wide>(turn_) * weight_) >> 64);
    for (drawn_ = 0; drawn_ != kClasses - 1 && left >= weight_of_[drawn_]; ++drawn_) left -= weight_of_[drawn_];
    // All ids of that class stand elsewhere still.
    for (unsigned other = 0; other != kClasses && ids_[drawn_].size() == 0; ++other) drawn_ = other;
  }

  std::array<IdQueue, kClasses> ids_;
  const std::uint8_t which_;
  const bool by_weight_;
  unsigned drawn_ = kClasses;  // none is
  unsigned looked_at_ = 0;
  std::uint64_t turn_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t weight_ = 0;
  // By class of weight; their ids may stand elsewhere still.
  std::array<std::uint64_t, kClasses> weight_of_ = {};
  std::array<std::uint64_t, kClasses> entries_of_ = {};
};

using EntryQueue = EntryQueues<1>;

}  // namespace larder::eviction
