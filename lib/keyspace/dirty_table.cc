// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/dirty_table.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/hold_work.h"

namespace larder::keyspace {
namespace {

// What the table of keys and the schedule take for one item, at most: a place in a table that is an eighth full, and a
// node of a tree.
constexpr std::int64_t kPlaceBytes = 192;
constexpr std::size_t kBucketsMin = 64;  // below that the table of keys is not made smaller

}  // namespace

DirtyTable::DirtyTable(memory::ShardMemory& memory, memory::Limit& bytes, memory::Limit& items, bool coalesces,
                       std::uint64_t delay_ms)
    : memory_(memory), bytes_(bytes), items_(items), coalesces_(coalesces), delay_ms_(delay_ms) {}

DirtyTable::~DirtyTable() {
  while (first_written_ != nullptr) {
    DirtyItem* item = first_written_;
    unlink(*item);
    free_state(item->state);
    free_item(item);
  }
}

DirtyItem* DirtyTable::oldest_of(std::uint64_t hash, std::string_view key) const {
  if (keys_.empty()) return nullptr;
  const auto found = keys_.find(Named{hash, key}, hash);
  return found == keys_.end() ? nullptr : *found;
}

// --- Memory -------------------------------------------------------------------------------------------------------------

EntryShape DirtyTable::shape_of(const Entry* value, std::uint64_t end) noexcept {
  if (value == nullptr) return {EntryType::kAbsent, false, false, false, false};
  return {value->type(), value->external(), end != Entry::kNoDeadline, false, false};
}

Footprint DirtyTable::footprint_of(const Entry& state) const noexcept {
  const std::size_t bytes = state.block_bytes();
  return {static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(memory_.charge(bytes)), 0};
}

std::int64_t DirtyTable::item_bytes() const noexcept {
  return static_cast<std::int64_t>(memory_.charge(sizeof(DirtyItem))) + kPlaceBytes;
}

std::int64_t DirtyTable::bytes_of(const Entry& state) const noexcept {
  const std::size_t outside = state.external() ? state.outside().charge() : 0;
  return static_cast<std::int64_t>(footprint_of(state).charge + outside);
}

std::int64_t DirtyTable::charge_for(std::size_t key_bytes, const Entry* value) const noexcept {
  const std::size_t inline_bytes = value == nullptr || value->external() ? 0 : value->inline_value().size();
  const std::size_t block = Entry::bytes_for(shape_of(value, 0), key_bytes, inline_bytes);
  return item_bytes() + static_cast<std::int64_t>(memory_.charge(block));
}

DirtyItem* DirtyTable::new_item() noexcept {
  if (!memory_.spend(kPlaceBytes)) return nullptr;
  void* block = memory_.allocate(sizeof(DirtyItem));
  auto* item = block == nullptr ? nullptr : new (block) DirtyItem;
  bool placed = false;
  try {
    if (item != nullptr) {
      item->slot = fresh_.insert({kNever, 0, item}).first;
      placed = true;
      make_places();
      ++drafted_;
      return item;
    }
  } catch (const std::bad_alloc&) {
    if (placed) fresh_.erase(item->slot);
    item->~DirtyItem();
    memory_.deallocate(block, sizeof(DirtyItem));
  }
  memory_.uncharge_detached(kPlaceBytes);
  return nullptr;
}

// So that entering a key allocates nothing. Otherwise the table would grow, and shrink, by itself.
void DirtyTable::make_places() {
  const std::size_t wanted = keys_.size() + drafted_ + 1;
  const auto places = static_cast<std::size_t>(static_cast<float>(keys_.bucket_count()) * keys_.max_load_factor());
  if (wanted > places || (keys_.bucket_count() > kBucketsMin && wanted < places / 8)) keys_.reserve(2 * wanted);
}

void DirtyTable::free_item(DirtyItem* item) noexcept {
  schedule_of(*item).erase(item->slot);
  item->~DirtyItem();
  memory_.deallocate(item, sizeof(DirtyItem));
  memory_.uncharge_detached(kPlaceBytes);
}

void DirtyTable::free_state(Entry* state) noexcept {
  if (state->external()) state->outside().release();
  memory_.deallocate(state, state->block_bytes());
}

// --- Writing ------------------------------------------------------------------------------------------------------------

// Whether a newer state of its key may take the place of this one.
bool DirtyTable::may_take(const DirtyItem& item, bool grouped) const noexcept {
  if (!coalesces_ || grouped || item.group != nullptr || item.in_flight) return false;
  // It may have been written, and nobody knows. Written again it says so; another one would only find that the store
  // has another version than expected.
  return !(item.retried && item.expected_version);
}

// What the state before it has met with is not its fault.
void DirtyTable::start_anew(DirtyItem& item) noexcept {
  item.attempts = 0;
  item.goes_alone = false;
}

DirtyTable::Draft DirtyTable::draft(std::uint64_t hash, std::string_view key, const Entry* value, std::uint64_t end,
                                    bool grouped, bool* full) {
  Draft draft;
  const std::size_t inline_bytes = value == nullptr || value->external() ? 0 : value->inline_value().size();
  const EntryShape shape = shape_of(value, end);
  const std::size_t block = Entry::bytes_for(shape, key.size(), inline_bytes);
  draft.oldest = oldest_of(hash, key);
  DirtyItem* newest = draft.oldest == nullptr ? nullptr : draft.oldest->newest;
  draft.merges = newest != nullptr && may_take(*newest, grouped);
  const std::size_t outside = shape.external ? value->outside().charge() : 0;
  draft.leased = static_cast<std::int64_t>(memory_.charge(block) + outside);
  draft.leased += draft.merges ? -bytes_of(*newest->state) : item_bytes();
  *full = draft.leased > 0 && !bytes_.lease(draft.leased);
  if (!*full && !draft.merges && !items_.lease(1)) {
    bytes_.give_back(draft.leased);
    *full = true;
  }
  if (*full) return {.leased = std::max<std::int64_t>(draft.leased, 0)};
  void* memory = memory_.allocate(block);
  draft.item = memory == nullptr ? nullptr : draft.merges ? newest : new_item();
  if (draft.item == nullptr) {
    if (memory != nullptr) memory_.deallocate(memory, block);
    if (draft.leased > 0) bytes_.give_back(draft.leased);
    if (!draft.merges) items_.give_back(1);
    return {};
  }
  draft.state = Entry::create(memory, shape, key, inline_bytes);
  if (shape.deadline) draft.state->set_deadline(end);
  if (shape.external) {
    value->outside().acquire();
    draft.state->set_outside(value->outside());
  } else if (inline_bytes != 0) {
    base::count_bytes(inline_bytes);
    std::memcpy(draft.state->inline_bytes(), value->inline_value().data(), inline_bytes);
  }
  if (!draft.merges) draft.item->hash = hash;
  return draft;
}

void DirtyTable::discard(const Draft& draft) noexcept {
  if (draft.leased > 0) bytes_.give_back(draft.leased);
  free_state(draft.state);
  if (draft.merges) return;
  --drafted_;
  items_.give_back(1);
  free_item(draft.item);
}

void DirtyTable::record(const Draft& draft, Record record, Discards& discards) noexcept {
  DirtyItem& item = *draft.item;
  item.sequence = record.sequence;
  item.done_by_then = record.done;
  if (draft.merges) {
    if (draft.leased < 0) bytes_.give_back(-draft.leased);
    discards.add_silently(item.state, footprint_of(*item.state));
    item.state = draft.state;
    start_anew(item);
    return;
  }
  --drafted_;
  item.state = draft.state;
  item.first_sequence = record.sequence;
  item.since_ms = record.now_ms;
  item.expected_version = record.expected_version;
  item.group = std::move(record.group);
  item.newest = &item;
  link(item);
  if (draft.oldest != nullptr) {
    draft.oldest->newest->newer = &item;
    draft.oldest->newest = &item;
    return;
  }
  keys_.insert(&item);
  enlist(item);
}

void DirtyTable::link(DirtyItem& item) noexcept {
  item.older_written = last_written_;
  (last_written_ == nullptr ? first_written_ : last_written_->newer_written) = &item;
  last_written_ = &item;
}

void DirtyTable::unlink(DirtyItem& item) noexcept {
  (item.older_written == nullptr ? first_written_ : item.older_written->newer_written) = item.newer_written;
  (item.newer_written == nullptr ? last_written_ : item.newer_written->older_written) = item.older_written;
}

// --- Flushing -----------------------------------------------------------------------------------------------------------

void DirtyTable::schedule(DirtyItem& item, std::uint64_t due_ms, bool retried) noexcept {
  auto node = schedule_of(item).extract(item.slot);
  node.value() = {due_ms, item.first_sequence, &item};
  item.retried = retried;
  item.slot = schedule_of(item).insert(std::move(node)).position;
  note_first_due();
}

void DirtyTable::note_first_due() noexcept {
  const auto first = [](const Schedule& schedule) { return schedule.empty() ? kNever : schedule.begin()->due_ms; };
  first_due_.store(std::min(first(fresh_), first(retries_)), std::memory_order_relaxed);
}

// It is the oldest of its key. Of a group, the one that is so last stands for all of them.
void DirtyTable::enlist(DirtyItem& item) noexcept {
  // acq_rel: whoever takes the group sees all its members as they were left.
  if (item.group != nullptr && item.group->waiting.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  schedule(item, item.since_ms + delay_ms_, item.retried);
}

void DirtyTable::fly(DirtyItem& item) noexcept {
  item.in_flight = true;
  schedule(item, kNever, item.retried);
}

std::size_t DirtyTable::hasten(std::uint64_t now_ms, std::size_t most) noexcept {
  for (std::size_t n = 0; n < most; ++n) {
    const auto unscheduled = retries_.lower_bound({kNever, 0, nullptr});
    if (unscheduled == retries_.begin() || std::prev(unscheduled)->due_ms <= now_ms) return n;
    schedule(*std::prev(unscheduled)->item, now_ms, true);
  }
  return most;
}

DirtyItem* DirtyTable::take_due(const Due& due, std::size_t taken, std::size_t batch_max) noexcept {
  constexpr int kLooksMax = 16;  // at what does not fit
  const auto fits = [&](const DirtyItem& item) {
    const std::size_t together = taken + (item.group == nullptr ? 1 : item.group->members.size());
    return taken == 0 || (together <= batch_max && !item.goes_alone);
  };
  const auto first = [&](const Schedule& schedule, std::uint64_t until) -> DirtyItem* {
    int looks = 0;
    for (const DirtyItem::Slot& slot : schedule) {
      if (slot.due_ms > until || slot.due_ms == kNever || ++looks > kLooksMax) return nullptr;
      if (fits(*slot.item)) return slot.item;
    }
    return nullptr;
  };
  DirtyItem* fresh = first(fresh_, due.fresh_until_ms);
  DirtyItem* retry = first(retries_, due.retries_until_ms);
  DirtyItem* item = fresh;
  if (fresh == nullptr || (retry != nullptr && retry->first_sequence < fresh->first_sequence)) item = retry;
  if (item != nullptr) fly(*item);
  return item;
}

DirtyItem* DirtyTable::take(std::uint64_t hash, std::string_view key, std::uint64_t now_ms) noexcept {
  DirtyItem* item = oldest_of(hash, key);
  if (item == nullptr || item->slot->due_ms == kNever || (item->retried && item->slot->due_ms > now_ms)) return nullptr;
  fly(*item);
  return item;
}

std::size_t DirtyTable::take_for(std::uint32_t round, std::span<DirtyItem*> taken) noexcept {
  const auto may_go = [&](const DirtyItem& item) {
    const bool its_group = item.group != nullptr && item.group->taken.load();
    return item.round < round && !item.in_flight && !its_group && oldest_of(item.hash, item.key()) == &item;
  };
  std::size_t count = 0;
  for (DirtyItem* item = first_written_; item != nullptr && count < taken.size(); item = item->newer_written) {
    if (!may_go(*item)) continue;
    item->round = round;
    fly(*item);
    taken[count++] = item;
  }
  return count;
}

void DirtyTable::finish(DirtyItem& item, std::optional<std::uint64_t> version, Discards& discards) noexcept {
  DirtyItem* newer = item.newer;
  const auto place = keys_.find(&item, item.hash);
  if (newer != nullptr) {
    newer->newest = item.newest;
    newer->expected_version = version;
    const_cast<DirtyItem*&>(*place) = newer;  // of the same key, so its place is the same
    enlist(*newer);
  } else {
    keys_.erase(place);
  }
  release(item, discards);
}

void DirtyTable::retry(DirtyItem& item, std::uint64_t due_ms, Discards& discards) noexcept {
  item.in_flight = false;
  schedule(item, due_ms, true);
  if (DirtyItem* newer = item.newer; newer != nullptr && may_take(item, newer->group != nullptr)) {
    std::swap(item.state, newer->state);
    item.sequence = newer->sequence;
    start_anew(item);
    item.newer = newer->newer;
    if (item.newest == newer) item.newest = &item;
    release(*newer, discards);
  }
}

void DirtyTable::release(DirtyItem& item, Discards& discards) noexcept {
  unlink(item);
  bytes_.give_back(bytes_of(*item.state) + item_bytes());
  items_.give_back(1);
  discards.add_silently(item.state, footprint_of(*item.state));
  free_item(&item);
  note_first_due();
}

const char* DirtyTable::check() const noexcept {
  std::size_t listed = 0;
  std::uint64_t last = 0;
  for (const DirtyItem* item = first_written_; item != nullptr; item = item->newer_written) {
    if (item->first_sequence < last) return "dirty: not in the order of writing";
    last = item->first_sequence;
    ++listed;
  }
  std::size_t in_keys = 0;
  for (const DirtyItem* oldest : keys_) {
    const DirtyItem* item = oldest;
    for (; item != nullptr; item = item->newer) {
      ++in_keys;
      if (item->key() != oldest->key()) return "dirty: a key among those of another";
      if (item->newer == nullptr && item != oldest->newest) return "dirty: the newest of a key is not known";
      if (item->newer != nullptr && item->newer->sequence <= item->sequence)
        return "dirty: a key's writes are mixed up";
      if (item != oldest && item->slot->due_ms != kNever) return "dirty: a write may overtake an older one of its key";
    }
  }
  if (listed != in_keys || listed != fresh_.size() + retries_.size()) return "dirty: writes do not add up";
  return nullptr;
}

}  // namespace larder::keyspace
