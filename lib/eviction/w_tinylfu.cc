// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/w_tinylfu.h"

#include <algorithm>
#include <cmath>

namespace larder::eviction {
namespace {

constexpr int kStepsMax = 64;
constexpr int kMovedACall = 2;
constexpr std::uint64_t kSlackEntries = 4;
constexpr unsigned kWarm = 6;  // seen so often, a candidate may be lucky
constexpr std::uint64_t kLuckyOneOf = 128;

}  // namespace

std::uint64_t WTinyLfu::window_weight_max() const noexcept {
  const auto share = std::llround(parameters_.window_share * static_cast<double>(weight()));
  return std::max<std::uint64_t>(static_cast<std::uint64_t>(share), 1);
}

// What the window may have too much or too little once the cache is full. Where weights differ, the room that is made
// is not what is needed: without this, each such difference would take somebody to the main part, or from it, unseen.
std::uint64_t WTinyLfu::window_slack() const noexcept {
  return is_full_ && entries() != 0 ? kSlackEntries * weight() / entries() : 0;
}

RecencyQueue& WTinyLfu::queue_of(const Resident& entry) noexcept {
  if (window_.holds(entry)) return window_;
  return protected_.holds(entry) ? protected_ : probation_;
}

// What the window has too much goes to probation, what is protected too much as well. The entry that the policy was
// called with is the last of its queue, and stays there.
void WTinyLfu::bring_to_shares(Residents& residents) {
  for (int step = 0; step < kMovedACall && window_.entries() > 1; ++step) {
    if (window_.weight() <= window_weight_max() + window_slack()) break;
    window_.pass_first(probation_, kStepsMax, residents);
  }
  for (int step = 0; step < kMovedACall && protected_.entries() > 1; ++step) {
    if (protected_.weight() <= 4 * probation_.weight()) break;  // four fifths of both
    protected_.pass_first(probation_, kStepsMax, residents);
  }
}

bool WTinyLfu::on_insert(Resident& entry, Residents& residents) {
  const bool was_kept = entry.bits != 0;  // the engine had to: others are to go first
  if (!(was_kept ? protected_ : window_).enter(entry, residents)) return false;
  seen_.fit(residents, entries());
  count(entry);
  bring_to_shares(residents);
  return true;
}

void WTinyLfu::on_hit(Resident& entry, Residents& residents) {
  count(entry);
  if (!probation_.holds(entry)) {
    queue_of(entry).use(entry, residents);
  } else if (protected_.enter(entry, residents)) {
    probation_.leave(entry);
    bring_to_shares(residents);
  }
}

void WTinyLfu::on_resize(Resident& entry, std::uint32_t weight_before) { queue_of(entry).resize(entry, weight_before); }

void WTinyLfu::on_remove(Resident& entry, Residents& residents) {
  RecencyQueue& queue = queue_of(entry);
  queue.leave(entry);
  queue.sweep(entry, residents);
  seen_.fit(residents, entries());
}

void WTinyLfu::count(Resident& entry) noexcept {
  if (is_full_) {
    bring_count(entry);
    seen_.add(entry.id, entries());
  } else if (entry.counter < FrequencySketch::kCountMax) {
    ++entry.counter;
    seen_.pass_early();
  }
}

void WTinyLfu::bring_count(Resident& entry) noexcept {
  seen_.add_early(entry.id, entry.counter);
  entry.counter = 0;
}

unsigned WTinyLfu::count_of(const Resident& entry) noexcept {
  return std::min(FrequencySketch::kCountMax, seen_.count(entry.id) + seen_.aged(entry.counter));
}

bool WTinyLfu::is_admitted(const Resident& candidate, const Resident& victim) noexcept {
  const unsigned seen = count_of(candidate);
  return seen > count_of(victim) || (seen >= kWarm && random_.below(kLuckyOneOf) == 0);
}

bool WTinyLfu::evict(Residents& residents) {
  is_full_ = true;
  seen_.fit(residents, entries());
  RecencyQueue& main = probation_.entries() != 0 ? probation_ : protected_;
  if (main.entries() == 0) return evict_first(window_, residents);
  if (window_.entries() == 0 || window_.weight() + window_slack() < window_weight_max()) {
    return evict_first(main, residents);
  }
  Resident candidate;
  Resident victim;
  if (!window_.first(residents, kStepsMax, &candidate) || !main.first(residents, kStepsMax, &victim)) return false;
  if (!is_admitted(candidate, victim)) return evict_first(window_, residents);
  if (!evict_first(main, residents)) return false;
  window_.pass_first(probation_, kStepsMax, residents);
  return true;
}

bool WTinyLfu::evict_first(RecencyQueue& queue, Residents& residents) {
  for (int step = 0; step < kStepsMax && queue.entries() != 0; ++step) {
    const Verdict verdict = queue.take_first(residents, [&](Resident& entry) {
      bring_count(entry);
      return Verdict::kEvict;
    });
    if (verdict == Verdict::kEvict) return true;
  }
  return false;
}

void WTinyLfu::clear(Residents& residents) {
  for (RecencyQueue* queue : {&window_, &probation_, &protected_}) queue->clear(residents);
  seen_.clear(residents);
}

}  // namespace larder::eviction
