// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Hierarchical timing wheel: gives back what has expired without looking at what has not (G. Varghese, A. Lauck,
// "Hashed and hierarchical timing wheels", SOSP 1987).
//
// Geometry: eight levels of 64 slots; a slot of level l spans 64^l milliseconds, so the wheel reaches 2^48 ms, about
// 8,900 years, at a resolution of one millisecond. A deadline d stands, at wheel time t < d, at the level of the
// highest base-64 digit in which d and t differ, in the slot that this digit of d names. When the wheel's time enters
// that slot, what is in it moves to lower levels. So where a deadline stands follows from d and t alone, and nothing
// about it has to be kept in the entry.
//
// A timer stands for all entries of its id whose deadlines belong in its slot: two entries may share an id.
//
// A timer is an id of 32 bits in its slot. Cancelling costs nothing: the id stays behind, is found dead when its slot
// comes or when a sweep finds it first. A sweep starts when more than half of the timers are dead; each arm then looks
// at four: O(1) amortised, and dead timers never outnumber the living by more than a constant. An id whose entry was
// removed and came back in the same slot would look alive twice: a sweep marks the entries it has seen, and keeps one
// timer for each.
//
// Timers cannot be filed while there is no memory. The wheel then says when the first of them would have fired
// (`first_lost`), and the owner looks for what it has to arm again.
//
// Cost: 4 to 8.2 bytes a timer, 512 bytes for each level in use; advance: a few cache misses a timer and level it
// passes, at most eight. The wheel only gives memory back: whoever looks at an entry checks its deadline (RULINGS 12).
//
// Thread safety: none; under the shard's lock.
#pragma once

#include <array>
#include <cstdint>

#include "larder/function_ref.h"
#include "memory/account.h"
#include "memory/id_list.h"

namespace larder::expiry {

// An armed entry as the wheel sees it.
struct Timer {
  std::uint64_t deadline;
  bool mark;  // the wheel's; kept by the owner
};

// Who knows what the ids mean.
class Timers {
 public:
  virtual ~Timers() = default;
  // Shows each entry of this id that has a deadline, until `visit` answers true.
  virtual void find(std::uint32_t id, FunctionRef<bool(Timer&)> visit) = 0;
  // Entries of this id are due at `now`: remove all of them, or arm them again.
  virtual void fire(std::uint32_t id, std::uint64_t now) = 0;
  // Starts fetching what find(id) will need: first where it looks, some calls later what stands there.
  virtual void prefetch(std::uint32_t id) = 0;
  virtual void prefetch_entry(std::uint32_t id) = 0;
  // How many entries have a deadline.
  virtual std::uint64_t armed() const = 0;
};

class TimingWheel {
 public:
  static constexpr std::uint32_t kSlots = 64;
  using Level = std::array<memory::IdList, kSlots>;  // its lists' blocks are of up to IdList::kBlockBytesMax bytes

  TimingWheel(memory::ShardMemory& memory, Timers& timers) noexcept : memory_(memory), timers_(timers) {}
  ~TimingWheel() { clear(); }

  // Files a timer under its deadline and sets its mark.
  void arm(std::uint32_t id, Timer& timer) noexcept;
  // The deadline changes from one to another: false if the timer that is there serves for the new one as well.
  bool must_rearm(std::uint64_t from, std::uint64_t to) const noexcept {
    return slot_of(from) != slot_of(to) || from <= now_ || first_lost_ != kNever;
  }

  // Fires what is due at `now`, looking at no more than `budget` timers; returns how many it looked at. Less than the
  // budget: done.
  std::uint32_t advance(std::uint64_t now, std::uint32_t budget) noexcept;
  // Whether advance(now) has something to do. O(levels).
  bool due(std::uint64_t now) const noexcept {
    return !draining_.empty() || !draining_too_.empty() || next_event() <= now;
  }
  // Looks for dead timers if there are many. Returns how many it looked at.
  std::uint32_t sweep(std::uint32_t budget) noexcept;

  void clear() noexcept;
  // When the first of the timers that were not filed for want of memory would have fired. kNever: there is none.
  std::uint64_t first_lost() const noexcept { return first_lost_; }
  void forget_lost() noexcept { first_lost_ = kNever; }
  std::uint64_t timers() const noexcept { return timers_count_; }
  std::uint64_t now() const noexcept { return now_; }
  // For checks. Shows the timers that may stand for an entry with this deadline; and recounts, saying what is wrong, or
  // null.
  void for_timers_of(std::uint64_t deadline, FunctionRef<void(std::uint32_t)> visit) const;
  const char* check() const;

  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

 private:
  static constexpr std::uint32_t kLevels = 8;
  static constexpr std::uint64_t kSlack = 64;
  static constexpr std::uint32_t kNoSlot = kLevels * kSlots;

  std::uint32_t slot_of(std::uint64_t deadline) const noexcept;  // level * 64 + slot
  std::uint64_t next_event() const noexcept;
  void enter(std::uint64_t time) noexcept;
  void drain_one() noexcept;
  void prefetch_behind(const memory::IdList& list) noexcept;
  bool mark_in(std::uint32_t slot) const noexcept;
  bool next_slot_to_sweep() noexcept;
  void sweep_one() noexcept;
  // `deadline`: what is lost if there is no memory.
  void push(std::uint32_t slot, std::uint32_t id, std::uint64_t deadline) noexcept;
  memory::IdList& list(std::uint32_t slot) noexcept { return (*levels_[slot / kSlots])[slot % kSlots]; }

  memory::ShardMemory& memory_;
  Timers& timers_;
  std::uint64_t now_ = 0;
  std::uint64_t timers_count_ = 0;
  std::uint64_t first_lost_ = kNever;
  std::array<Level*, kLevels> levels_{};           // made when first used
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit per slot that is not empty
  memory::IdList draining_;                        // the slot that now_ has entered; its span ends at draining_end_
  memory::IdList draining_too_;                    // the part of it that a sweep had in hand
  std::uint64_t draining_end_ = 0;
  memory::IdList sweeping_;             // what is left of the slot that a sweep has reached
  std::uint32_t sweep_slot_ = kNoSlot;  // kNoSlot: no sweep
  bool mark_ = false;                   // of entries that the sweep has seen
};

}  // namespace larder::expiry
