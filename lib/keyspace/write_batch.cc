// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/write_batch.h"

#include <algorithm>
#include <new>

#include "keyspace/keyspace.h"
#include "keyspace/write_back.h"

namespace larder::keyspace {

using Outcome = WriteResult::Outcome;

WriteBatch::WriteBatch(WriteBack& back, base::LeafMutex* gate)
    : back_(back), gate_(gate), now_ms_(back.keyspace_.environment().now()), turn_(back.pace_, now_ms_) {
  if (may_go()) items_.reserve(turn_.granted() + kKeysAtOnceMax);
}

// --- Cutting ------------------------------------------------------------------------------------------------------------

void WriteBatch::cut(const DirtyTable::Due& due, std::uint32_t first_shard) {
  const std::size_t most = turn_.granted();
  const std::uint32_t shards = back_.keyspace_.shards();
  for (std::uint32_t i = 0; i < shards && items_.size() < most; ++i) {
    Shard& shard = back_.keyspace_.shard((first_shard + i) & (shards - 1));
    bool more = shard.dirty->first_due() <= due.fresh_until_ms;
    while (more && items_.size() < most) {
      DirtyItem* group = nullptr;
      more = cut_some(shard, due, most, &group);
      if (group != nullptr) add_group(*group);
      if (items_.size() == 1 && items_.front()->goes_alone) return;
    }
  }
}

// One hold: up to a group, or so many that others need not wait. False: there are no more in this shard.
bool WriteBatch::cut_some(Shard& shard, const DirtyTable::Due& due, std::size_t most, DirtyItem** group) {
  constexpr int kItemsAHold = 64;
  base::GateLock open(gate_);
  base::SliceLock lock(shard.mutex);
  for (int n = 0; n < kItemsAHold && items_.size() < most; ++n) {
    if (back_.out_of_time_.load()) return false;  // they are being handed over
    DirtyItem* item = shard.dirty->take_due(due, items_.size(), most);
    if (item == nullptr) return false;
    if (item->group != nullptr && !take_group(*item)) return false;
    items_.push_back(item);
    if (item->goes_alone) return false;
    if (item->group == nullptr) continue;
    *group = item;
    return true;
  }
  return true;
}

void WriteBatch::cut_key(std::uint64_t hash, std::string_view key, bool* grouped) {
  DirtyItem* item = nullptr;
  back_.in_shard(hash, gate_, [&](Shard& shard, Discards&) {
    if (back_.out_of_time_.load()) return;
    const DirtyItem* oldest = shard.dirty->oldest_of(hash, key);
    *grouped = oldest != nullptr && oldest->group != nullptr && !oldest->in_flight;
    item = shard.dirty->take(hash, key, now_ms_);
    if (item != nullptr && item->group != nullptr && !take_group(*item)) item = nullptr;
  });
  if (item == nullptr) return;
  items_.push_back(item);
  if (item->group != nullptr) add_group(*item);
}

// The one that stands for all is in flight, and now the others are as good as that: who hands over what is left when
// time is up passes them by. Either it sees this, or this sees that time is up.
bool WriteBatch::take_group(DirtyItem& item) noexcept {
  item.group->taken.store(true);
  if (!back_.out_of_time_.load()) return true;
  item.group->taken.store(false);
  item.in_flight = false;
  return false;
}

// The others of a group one of which was taken. They are all the oldest of their keys, and nobody else takes them.
void WriteBatch::add_group(DirtyItem& item) {
  for (DirtyItem* other : item.group->members) {
    if (other == &item) continue;
    back_.in_shard(other->hash, gate_, [&](Shard& shard, Discards&) { shard.dirty->fly(*other); });
    items_.push_back(other);
  }
}

// --- Sending ------------------------------------------------------------------------------------------------------------

std::size_t WriteBatch::send() {
  const std::size_t count = items_.size();
  if (count == 0) return 0;
  const store::FencedStore::Inside inside;  // whoever is told of what this does must not wait for it
  try {
    std::sort(items_.begin(), items_.end(),
              [](const DirtyItem* one, const DirtyItem* other) { return one->sequence < other->sequence; });
    mutations_.reserve(count);
    forms_.resize(count);
    for (std::size_t i = 0; i < count; ++i) mutations_.push_back(back_.mutation_of(*items_[i], &forms_[i]));
    results_.resize(count);
    failed_.reserve(count);
    again_.reserve(count);
  } catch (...) {  // no memory: another time
    come_back(items_);
    throw;
  }
  turn_.goes(count);
  Environment& environment = back_.keyspace_.environment();
  const std::uint64_t began = environment.monotonic_us();
  try {
    back_.store_.write(mutations_, results_);
  } catch (...) {  // no memory to say what went wrong
    for (WriteResult& result : results_) result = {};
  }
  back_.latency_.record(environment.monotonic_us() - began);
  back_.batches_.fetch_add(1, std::memory_order_relaxed);
  settle();
  back_.tell_news();
  return count;
}

// They go again. What is left of a group goes together, and the last of it stands for all.
void WriteBatch::come_back(std::vector<DirtyItem*>& items) noexcept {
  for (DirtyItem* item : items) {
    if (item->group == nullptr) continue;
    item->group->members.clear();
    item->group->taken.store(false);
  }
  for (DirtyItem* item : items) {
    if (item->group != nullptr) item->group->members.push_back(item);  // it had as many before
  }
  const std::uint64_t now_ms = back_.keyspace_.environment().now();
  for (DirtyItem* item : items) {
    const bool stands_for_itself = item->group == nullptr || item == item->group->members.back();
    const std::uint64_t due_ms = stands_for_itself ? now_ms + back_.pace_.wait_ms(item->failures) : DirtyTable::kNever;
    back_.in_shard(item->hash, gate_,
                   [&](Shard& shard, Discards& discards) { shard.dirty->retry(*item, due_ms, discards); });
  }
}

// --- Settling -----------------------------------------------------------------------------------------------------------

// Nothing in here allocates: what is in flight must not stay so.
void WriteBatch::settle() noexcept {
  std::uint64_t decided = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Outcome outcome = results_[i].outcome;
    decided += outcome == Outcome::kDone || outcome == Outcome::kNever;
    if (outcome != Outcome::kDone) failed_.push_back(i);
  }
  const std::uint64_t done_before = back_.done_.fetch_add(decided, std::memory_order_relaxed);
  learn(decided);
  if (!failed_.empty()) settle_failed(decided, done_before);
  settle_done();
}

void WriteBatch::learn(std::uint64_t decided) noexcept {
  back_.pace_.learn({.ended_ms = back_.keyspace_.environment().now(),
                     .count = items_.size(),
                     .decided = decided,
                     .answered = results_.front().outcome != Outcome::kAsTheBatch,
                     .divisible = !one_group(),
                     .failed_before = items_.front()->failures != 0,
                     .error = failed_.empty() ? nullptr : &results_[failed_.front()].error});
}

bool WriteBatch::one_group() const noexcept {
  const DirtyGroup* group = items_.front()->group.get();
  return group != nullptr &&
         std::all_of(items_.begin(), items_.end(), [&](const DirtyItem* item) { return item->group.get() == group; });
}

void WriteBatch::settle_failed(std::uint64_t decided, std::uint64_t done_before) noexcept {
  const bool alone = items_.size() == 1 || one_group();
  for (const std::size_t i : failed_) {
    DirtyItem& item = *items_[i];
    const bool answered = results_[i].outcome != Outcome::kAsTheBatch;
    // The store did write others: in this batch, or since the item failed last.
    const bool others_went = decided != 0 || (item.failures != 0 && item.done_by_then != done_before);
    ++item.failures;
    item.done_by_then = done_before + decided;
    if (others_went && (answered || alone)) ++item.attempts;
    if (others_went && alone && !answered && item.group == nullptr) item.goes_alone = true;
    const std::optional<DeadLetter::Reason> dies = verdict(item, results_[i].outcome);
    if (dies && back_.bury(item, mutations_[i], *dies, results_[i].error, gate_)) continue;
    again_.push_back(&item);
  }
  back_.retries_.fetch_add(again_.size(), std::memory_order_relaxed);
  come_back(again_);
}

void WriteBatch::settle_done() noexcept {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (results_[i].outcome != Outcome::kDone) continue;
    DirtyItem& item = *items_[i];
    std::optional<std::uint64_t> version;
    if (item.expected_version) version = item.is_put() ? results_[i].version : 0;
    back_.in_shard(item.hash, gate_, [&](Shard& shard, Discards& discards) {
      if (version && item.newer == nullptr) shard.note_version(item.hash, item.key(), *version);
      shard.dirty->finish(item, version, discards);
    });
  }
}

std::optional<DeadLetter::Reason> WriteBatch::verdict(const DirtyItem& item, Outcome outcome) const noexcept {
  if (outcome == Outcome::kNever) return DeadLetter::Reason::kNever;
  if (item.attempts >= back_.options_.attempts_max) return DeadLetter::Reason::kAttempts;
  if (back_.out_of_time_.load()) return DeadLetter::Reason::kClosed;
  return {};
}

}  // namespace larder::keyspace
