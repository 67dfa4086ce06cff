// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "expiry/timing_wheel.h"

#include <algorithm>
#include <bit>
#include <new>

namespace larder::expiry {
namespace {

constexpr std::uint32_t digit(std::uint64_t time, std::uint32_t level) {
  return static_cast<std::uint32_t>(time >> (6 * level)) & 63;
}

}  // namespace

std::uint32_t TimingWheel::slot_of(std::uint64_t deadline) const noexcept {
  const std::uint64_t late = std::max(deadline, now_ + 1);  // what is overdue fires with the next millisecond
  const std::uint64_t differs = late ^ now_;
  const auto level = static_cast<std::uint32_t>(63 - std::countl_zero(differs)) / 6;
  if (level >= kLevels) return (kLevels - 1) * kSlots + 63;
  return level * kSlots + digit(late, level);
}

void TimingWheel::push(std::uint32_t slot, std::uint32_t id, std::uint64_t deadline) noexcept {
  const std::uint32_t level = slot / kSlots;
  if (levels_[level] == nullptr) {
    void* block = memory_.allocate(sizeof(Level));
    if (block != nullptr) levels_[level] = new (block) Level;
  }
  if (levels_[level] == nullptr || !list(slot).push_back(memory_, id)) {
    first_lost_ = std::min(first_lost_, std::max(deadline, now_ + 1));
    return;
  }
  occupied_[level] |= std::uint64_t{1} << (slot % kSlots);
  ++timers_count_;
}

// What an entry's mark is to be when its timer enters a slot. In a slot that the sweep has yet to reach: not seen.
// Otherwise seen, so that the next sweep, whose mark is the other one, will take it for not seen.
bool TimingWheel::mark_in(std::uint32_t slot) const noexcept {
  return sweep_slot_ != kNoSlot && slot > sweep_slot_ ? !mark_ : mark_;
}

void TimingWheel::arm(std::uint32_t id, Timer& timer) noexcept {
  sweep(4);  // first: it must not look at an entry whose mark is not written yet
  const std::uint32_t slot = slot_of(timer.deadline);
  timer.mark = mark_in(slot);
  push(slot, id, timer.deadline);
}

// The time at which the next slot that is not empty begins.
std::uint64_t TimingWheel::next_event() const noexcept {
  for (std::uint32_t level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    // Slots up to the present digit are empty: they would be in the past.
    const auto slot = static_cast<std::uint64_t>(std::countr_zero(occupied_[level]));
    const std::uint64_t above = now_ >> (6 * (level + 1)) << (6 * (level + 1));
    return above | slot << (6 * level);
  }
  return kNever;
}

// Time moves to the beginning of a slot. All slots of lower levels are empty.
void TimingWheel::enter(std::uint64_t time) noexcept {
  now_ = time;
  for (std::uint32_t level = 0; level < kLevels; ++level) {
    const std::uint64_t bit = std::uint64_t{1} << digit(time, level);
    if ((occupied_[level] & bit) == 0) continue;
    const std::uint32_t slot = level * kSlots + digit(time, level);
    draining_.swap(list(slot));
    if (slot == sweep_slot_) draining_too_.swap(sweeping_);
    draining_end_ = time + (std::uint64_t{1} << (6 * level));
    occupied_[level] &= ~bit;
    return;
  }
}

// What will be looked at after the first.
void TimingWheel::prefetch_behind(const memory::IdList& list) noexcept {
  std::uint32_t id = 0;
  if (list.peek(8, &id)) timers_.prefetch(id);
  if (list.peek(4, &id)) timers_.prefetch_entry(id);
}

void TimingWheel::drain_one() noexcept {
  prefetch_behind(draining_);
  const std::uint32_t id = draining_.pop_front(memory_);
  --timers_count_;
  bool due = false;
  std::uint32_t pushed = kNoSlot;
  timers_.find(id, [&](Timer& timer) {
    if (timer.deadline <= now_) {
      due = true;
    } else if (timer.deadline < draining_end_) {  // otherwise not this slot's: dead
      const std::uint32_t slot = slot_of(timer.deadline);
      timer.mark = mark_in(slot);
      // One stands for all of this id: without that, n timers of n entries would become n * n.
      if (slot != pushed) push(slot, id, timer.deadline);
      pushed = slot;
    }
    return false;
  });
  if (due) timers_.fire(id, now_);
}

std::uint32_t TimingWheel::advance(std::uint64_t now, std::uint32_t budget) noexcept {
  std::uint32_t looked = 0;
  while (looked < budget) {
    if (draining_.empty()) draining_.swap(draining_too_);
    if (!draining_.empty()) {
      drain_one();
      ++looked;
      continue;
    }
    const std::uint64_t next = next_event();
    if (next > now) {
      if (now > now_) now_ = now;  // across no slot that holds anything: every timer stays where it belongs
      return looked;
    }
    enter(next);
  }
  return looked;
}

// --- Sweeping -----------------------------------------------------------------------------------------------------------

std::uint32_t TimingWheel::sweep(std::uint32_t budget) noexcept {
  if (sweep_slot_ == kNoSlot) {
    if (timers_count_ <= 2 * timers_.armed() + kSlack) return 0;
    mark_ = !mark_;
    sweep_slot_ = 0;
    if (levels_[0] != nullptr) sweeping_.swap(list(0));
  }
  for (std::uint32_t looked = 0; looked < budget; ++looked) {
    if (sweeping_.empty() && !next_slot_to_sweep()) return looked;
    sweep_one();
  }
  return budget;
}

bool TimingWheel::next_slot_to_sweep() noexcept {
  if (levels_[sweep_slot_ / kSlots] != nullptr && list(sweep_slot_).empty()) {
    occupied_[sweep_slot_ / kSlots] &= ~(std::uint64_t{1} << (sweep_slot_ % kSlots));
  }
  while (++sweep_slot_ < kNoSlot) {
    if (levels_[sweep_slot_ / kSlots] == nullptr || list(sweep_slot_).empty()) continue;
    sweeping_.swap(list(sweep_slot_));
    return true;
  }
  return false;  // sweep_slot_ is kNoSlot: done
}

void TimingWheel::sweep_one() noexcept {
  prefetch_behind(sweeping_);
  const std::uint32_t id = sweeping_.pop_front(memory_);
  --timers_count_;
  std::uint64_t deadline = kNever;
  timers_.find(id, [&](Timer& timer) {
    if (slot_of(timer.deadline) == sweep_slot_ && timer.mark != mark_) {
      timer.mark = mark_;
      deadline = std::min(deadline, timer.deadline);
    }
    return false;
  });
  if (deadline != kNever) push(sweep_slot_, id, deadline);
}

void TimingWheel::clear() noexcept {
  draining_.clear(memory_);
  draining_too_.clear(memory_);
  sweeping_.clear(memory_);
  for (auto& level : levels_) {
    if (level == nullptr) continue;
    for (auto& slot : *level) slot.clear(memory_);
    level->~Level();
    memory_.deallocate(level, sizeof(Level));
    level = nullptr;
  }
  occupied_ = {};
  timers_count_ = 0;
  first_lost_ = kNever;
  sweep_slot_ = kNoSlot;
}

// --- Checks -------------------------------------------------------------------------------------------------------------

void TimingWheel::for_timers_of(std::uint64_t deadline, FunctionRef<void(std::uint32_t)> visit) const {
  const std::uint32_t slot = slot_of(deadline);
  const Level* level = levels_[slot / kSlots];
  if (level != nullptr) (*level)[slot % kSlots].for_each(visit);
  if (slot == sweep_slot_) sweeping_.for_each(visit);
  draining_.for_each(visit);
  draining_too_.for_each(visit);
}

const char* TimingWheel::check() const {
  std::uint64_t counted = 0;
  const auto count = [&](std::uint32_t) { ++counted; };
  draining_.for_each(count);
  draining_too_.for_each(count);
  sweeping_.for_each(count);
  for (std::uint32_t level = 0; level < kLevels; ++level) {
    for (std::uint32_t slot = 0; levels_[level] != nullptr && slot < kSlots; ++slot) {
      const std::uint64_t before = counted;
      (*levels_[level])[slot].for_each(count);
      const bool marked = occupied_[level] >> slot & 1;
      if (counted != before && !marked) return "timing wheel: a slot holds timers and is marked empty";
    }
  }
  return counted == timers_count_ ? nullptr : "timing wheel: the number of timers is wrong";
}

}  // namespace larder::expiry
