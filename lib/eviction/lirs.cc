// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/lirs.h"

#include <algorithm>
#include <utility>

namespace larder::eviction {
namespace {

constexpr int kStepsMax = 64;
// Of the bottom of the stack in one call: entries looked at, and ids in all.
constexpr int kLooksMax = 512;
constexpr int kPrunedMax = 1'024;
constexpr int kRaisedMax = 2;
constexpr std::uint64_t kGonePerEntry = 2;
constexpr int kForgottenACall = 4;

}  // namespace

void Lirs::expect(EntryId id) {
  expected_ = id;
  expects_ = true;
  returns_ = false;
}

// One entry at least is high.
std::uint64_t Lirs::low_weight_max() const noexcept {
  const auto high = static_cast<std::uint64_t>(parameters_.high_share * static_cast<double>(weight()));
  return weight() - std::min(weight(), std::max<std::uint64_t>(high, 1));
}

// --- The stack ----------------------------------------------------------------------------------------------------

bool Lirs::is_low_at(const Resident& entry, const IdQueue::Item& item) const noexcept {
  return (entry.bits & kLow) != 0 && entry.position == item.position;
}

bool Lirs::is_bottom(const Resident& entry) const noexcept {
  IdQueue::Item item;
  return stack_.front(&item) && item.id == entry.id && is_low_at(entry, item);
}

// `at_hand` is the entry that the policy was called with: what stands in the entry itself is written later.
void Lirs::sweep(Resident& at_hand, Residents& residents) {
  stack_.sweep(residents, low_entries_ + stacked_.size(), [&](const IdQueue::Item& item, std::uint32_t position_now) {
    if (std::uint32_t* number = stacked_.find(item.id); number != nullptr && *number == item.position) {
      *number = position_now;
      return true;
    }
    const Verdict verdict = residents.find(item.id, [&](Resident& found) {
      if (!is_low_at(found, item)) return Verdict::kNotThisOne;
      if (item.id == at_hand.id && is_low_at(at_hand, item)) at_hand.position = position_now;
      found.position = position_now;
      return Verdict::kKeep;
    });
    return verdict == Verdict::kKeep;
  });
}

bool Lirs::put_on_top(Resident& entry, Residents& residents, std::uint32_t* position) {
  sweep(entry, residents);
  return stack_.push(residents, entry.id, position);
}

// Takes from the bottom what is not low.
void Lirs::prune(const Resident* at_hand, Residents& residents) {
  pruned_ = false;
  if (filling_ || low_entries_ == 0) return;
  IdQueue::Item item;
  int looks = 0;
  for (int step = 0; step < kPrunedMax && looks < kLooksMax && stack_.front(&item); ++step) {
    if (const std::uint32_t* number = stacked_.find(item.id); number != nullptr && *number == item.position) {
      stacked_.take(residents, item.id);
      if (gone_ != 0) --gone_;
    } else {
      ++looks;
      const bool is_at_hand = at_hand != nullptr && item.id == at_hand->id && is_low_at(*at_hand, item);
      pruned_ = is_at_hand || residents.find(item.id, [&](Resident& found) {
        return is_low_at(found, item) ? Verdict::kKeep : Verdict::kNotThisOne;
      }) == Verdict::kKeep;
      if (pruned_) return;
    }
    stack_.pop(residents, &item);
  }
}

// Whether the id is in the stack as one that is not resident. It is not any more.
bool Lirs::return_to_stack(EntryId id, Residents& residents) {
  if (!stacked_.take(residents, id)) return false;
  if (gone_ != 0) --gone_;
  return true;
}

void Lirs::forget(std::uint64_t entries, Residents& residents) {
  for (int step = 0; step < kForgottenACall && gone_ > kGonePerEntry * entries; ++step) {
    if (stacked_.take_oldest(residents)) --gone_;
  }
}

// --- Low and high -------------------------------------------------------------------------------------------------

bool Lirs::enter_low(Resident& entry, Residents& residents) {
  std::uint32_t position = 0;
  if (!put_on_top(entry, residents, &position)) return false;
  entry.bits = kLow;
  entry.position = position;
  ++low_entries_;
  low_weight_ += entry.weight;
  return true;
}

void Lirs::leave_low(const Resident& entry) noexcept {
  --low_entries_;
  low_weight_ -= entry.weight;
}

void Lirs::stack_high(Resident& entry, Residents& residents) {
  std::uint32_t position = 0;
  if (put_on_top(entry, residents, &position)) stacked_.insert(residents, entry.id, position);
}

// The low entry at the bottom becomes high. False if there is none but the one at hand, or no memory.
bool Lirs::lower_one(const Resident* at_hand, Residents& residents) {
  prune(at_hand, residents);
  IdQueue::Item item;
  if (!pruned_ || !stack_.front(&item)) return false;
  if (at_hand != nullptr && item.id == at_hand->id && is_low_at(*at_hand, item)) return false;
  bool lowered = false;
  residents.find(item.id, [&](Resident& entry) {
    if (!is_low_at(entry, item)) return Verdict::kNotThisOne;
    const Resident before = entry;
    entry.bits = 0;
    lowered = high_.enter(entry, residents);
    if (lowered) {
      leave_low(entry);
    } else {
      entry = before;
    }
    return Verdict::kKeep;
  });
  if (!lowered) return false;
  stack_.pop(residents, &item);
  prune(at_hand, residents);
  return true;
}

void Lirs::lower(const Resident* at_hand, Residents& residents) {
  if (filling_) return;
  for (int step = 0; step < kStepsMax && low_entries_ > 1 && low_weight_ > low_weight_max(); ++step) {
    if (!lower_one(at_hand, residents)) return;
  }
}

// Where there is room, the first of the high ones becomes low: where it stands in the stack, or else on top. The one
// that has just come is the last of them, and stays.
void Lirs::raise(Residents& residents) {
  for (int step = 0; step < kRaisedMax && high_.entries() > 1 && low_weight_ < low_weight_max(); ++step) {
    Resident first;
    if (!high_.first(residents, kStepsMax, &first) || low_weight_ + first.weight > low_weight_max()) return;
    std::uint32_t position = 0;
    if (const std::uint32_t* number = stacked_.find(first.id)) {
      position = *number;
    } else if (!put_on_top(first, residents, &position)) {
      return;
    }
    high_.take_first(residents, [&](Resident& entry) {
      entry.bits = kLow;
      entry.position = position;
      ++low_entries_;
      low_weight_ += entry.weight;
      return Verdict::kKeep;
    });
    stacked_.take(residents, first.id);
  }
}

// --- What the engine says -----------------------------------------------------------------------------------------

bool Lirs::on_insert(Resident& entry, Residents& residents) {
  if (!pruned_) prune(nullptr, residents);
  bool becomes_low = false;
  if (entry.bits != 0) {  // the engine had to keep it
    stacked_.take(residents, entry.id);
    becomes_low = true;
  } else if (returns_ && entry.id == expected_) {
    becomes_low = std::exchange(returns_, false);
  } else {
    becomes_low = return_to_stack(entry.id, residents);
  }
  if (becomes_low) {
    if (!enter_low(entry, residents)) return false;
    lower(&entry, residents);
  } else {
    if (!high_.enter(entry, residents)) return false;
    stack_high(entry, residents);
    raise(residents);
  }
  return true;
}

void Lirs::on_hit(Resident& entry, Residents& residents) {
  if (!pruned_) prune(nullptr, residents);
  std::uint32_t position = 0;
  if (!high_.holds(entry)) {
    if (!put_on_top(entry, residents, &position)) return;
    const bool was_bottom = is_bottom(entry);
    entry.position = position;
    IdQueue::Item old;
    if (was_bottom) stack_.pop(residents, &old);
    if (was_bottom) prune(&entry, residents);
  } else if (stacked_.find(entry.id) == nullptr) {
    high_.use(entry, residents);
    stack_high(entry, residents);
  } else if (enter_low(entry, residents)) {
    high_.leave(entry);
    stacked_.take(residents, entry.id);
    lower(&entry, residents);
  }
}

void Lirs::on_resize(Resident& entry, std::uint32_t weight_before) {
  if (high_.holds(entry)) {
    high_.resize(entry, weight_before);
  } else {
    low_weight_ += entry.weight - std::uint64_t{weight_before};
  }
}

void Lirs::on_remove(Resident& entry, Residents& residents) {
  if (high_.holds(entry)) {
    high_.leave(entry);
    stacked_.take(residents, entry.id);
    high_.sweep(entry, residents);
  } else {
    const bool was_bottom = is_bottom(entry);
    leave_low(entry);
    IdQueue::Item old;
    if (was_bottom) stack_.pop(residents, &old);
    if (was_bottom || !pruned_) prune(nullptr, residents);
  }
  forget(entries(), residents);
  for (int time = 0; time < 2; ++time) sweep(entry, residents);
}

bool Lirs::evict(Residents& residents) {
  filling_ = false;
  if (std::exchange(expects_, false) && stacked_.find(expected_) != nullptr) {
    const bool is_resident =
        residents.find(expected_, [](Resident&) { return Verdict::kKeep; }) != Verdict::kNotThisOne;
    returns_ = !is_resident && return_to_stack(expected_, residents);
  }
  if (!pruned_) prune(nullptr, residents);
  lower(nullptr, residents);
  Resident none{};
  for (int time = 0; time < 2; ++time) sweep(none, residents);
  for (int step = 0; step < kStepsMax && entries() != 0; ++step) {
    if (high_.entries() != 0 ? evict_high(residents) : evict_low(residents)) return true;
  }
  return false;
}

bool Lirs::evict_high(Residents& residents) {
  EntryId id = 0;
  const Verdict verdict = high_.take_first(residents, [&](Resident& entry) {
    id = entry.id;
    return Verdict::kEvict;
  });
  if (verdict != Verdict::kEvict) return false;
  if (stacked_.find(id) != nullptr) ++gone_;
  forget(entries() + 1, residents);
  return true;
}

bool Lirs::evict_low(Residents& residents) {
  prune(nullptr, residents);
  IdQueue::Item item;
  if (!pruned_ || !stack_.pop(residents, &item)) return false;
  const Verdict verdict = residents.find(item.id, [&](Resident& entry) {
    if (!is_low_at(entry, item)) return Verdict::kNotThisOne;
    leave_low(entry);
    return Verdict::kEvict;
  });
  prune(nullptr, residents);
  return verdict == Verdict::kEvict;
}

void Lirs::clear(Residents& residents) {
  stack_.clear(residents);
  stacked_.clear(residents);
  high_.clear(residents);
}

}  // namespace larder::eviction
