// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The order in which a policy keeps entries: a log of ids, oldest first.
//
// An entry that leaves, or moves to another place in the order, leaves its old id behind; it is found dead when it
// comes to the front, or by a sweep, which rewrites the queue in slices when more than half of it is dead. So removal
// and moving to the end cost no search and no links: 4.1 to 8.2 bytes an entry where a doubly linked list takes 16.
//
// Which id stands for an entry now? Two ways:
//   by position  the entry keeps the number that push gave it (exact; four bytes an entry; needed when entries move on
//   a hit) by mark      any id of the entry does; a sweep marks the entries it has seen and keeps the first (no bytes;
//   an entry that was
//                deleted and came back stands where it stood before)
//
// Positions count up in one run; a sweep moves what lives from one run to the other, and the runs' parity is the top
// bit. Thread safety: none; under the shard's lock.
#pragma once

#include <cstdint>

#include "larder/eviction.h"
#include "memory/id_list.h"

namespace larder::eviction {

class IdQueue {
 public:
  struct Item {
    EntryId id;
    std::uint32_t position;
  };

  // At the end. The position is what stands for the entry. False if there is no memory.
  bool push(Residents& residents, EntryId id, std::uint32_t* position) {
    Run& run = runs_[newest_];
    if (!run.ids.push_back(residents, id)) return false;
    *position = position_of(newest_, run.end++);
    return true;
  }
  // From the front. False when the queue is empty.
  bool pop(Residents& residents, Item* item) { return pop_from(oldest(), residents, item); }
  // What pop gives next. False when the queue is empty.
  bool front(Item* item) const {
    const std::uint32_t run = oldest();
    if (runs_[run].ids.empty() || !runs_[run].ids.peek(0, &item->id)) return false;
    item->position = position_of(run, runs_[run].begin);
    return true;
  }
  // Starts fetching what comes next: the entry of the first, whose bucket was fetched when it was third. True if there
  // is one: its id.
  bool prefetch(Residents& residents, EntryId* first) const {
    const Run& run = runs_[oldest()];
    EntryId id = 0;
    if (run.ids.empty()) return false;
    if (run.ids.peek(2, &id)) residents.prefetch(id);
    if (!run.ids.peek(0, first)) return false;
    residents.prefetch_entry(*first);
    return true;
  }

  // Rewrites a part of the queue if more than half of it is dead: keep(item, new_position) says whether an id lives,
  // and is told its new position. Call it with each push: a few steps suffice.
  template <typename Keep>
  void sweep(Residents& residents, std::uint64_t alive, Keep&& keep);

  std::uint64_t size() const noexcept { return runs_[0].size() + runs_[1].size(); }
  // A sweep by marks: what a new entry's mark is to be so that the sweep in hand, or the next, takes it for not seen.
  bool fresh_mark() const noexcept { return sweeping() ? !mark_ : mark_; }
  bool seen_mark() const noexcept { return mark_; }
  bool sweeping() const noexcept { return sweeping_; }

  void clear(Residents& residents) {
    for (Run& run : runs_) {
      run.ids.clear(residents);
      run.begin = run.end = 0;
    }
    sweeping_ = false;
  }

 private:
  struct Run {
    memory::IdList ids;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t size() const noexcept { return end - begin; }
  };
  static constexpr std::uint64_t kSlack = 64;
  static constexpr int kStepsEach = 4;

  static std::uint32_t position_of(std::uint32_t run, std::uint32_t number) noexcept {
    return run << 31 | (number & 0x7fffffff);
  }
  // While a sweep is under way, what it has kept is the older part.
  std::uint32_t oldest() const noexcept {
    return sweeping() && !runs_[newest_ ^ 1].ids.empty() ? newest_ ^ 1 : newest_;
  }
  bool pop_from(std::uint32_t run, Residents& residents, Item* item) {
    if (runs_[run].ids.empty()) return false;
    item->id = runs_[run].ids.pop_front(residents);
    item->position = position_of(run, runs_[run].begin++);
    return true;
  }

  Run runs_[2];
  std::uint32_t newest_ = 0;  // the run that push adds to
  bool sweeping_ = false;  // the other one holds what the sweep has kept; it will be the newest when this one is empty
  bool mark_ = false;
};

template <typename Keep>
void IdQueue::sweep(Residents& residents, std::uint64_t alive, Keep&& keep) {
  if (!sweeping_) {
    if (size() <= 2 * alive + kSlack) return;
    sweeping_ = true;
    mark_ = !mark_;
  }
  for (int step = 0; step < kStepsEach; ++step) {
    Run& kept = runs_[newest_ ^ 1];
    if (!kept.ids.reserve(residents)) return;  // what `keep` is told must come true
    Item item;
    EntryId ahead = 0;
    if (!runs_[newest_].ids.empty()) {
      if (runs_[newest_].ids.peek(8, &ahead)) residents.prefetch(ahead);
      if (runs_[newest_].ids.peek(4, &ahead)) residents.prefetch_entry(ahead);
    }
    if (!pop_from(newest_, residents, &item)) {
      newest_ ^= 1;
      sweeping_ = false;
      return;
    }
    if (!keep(item, position_of(newest_ ^ 1, kept.end))) continue;
    kept.ids.push_back(residents, item.id);
    ++kept.end;
  }
}

}  // namespace larder::eviction
