// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One key of a MultiKey whose collection is edited under the locks, by a few edits: as another version, which is
// staged, and takes its place when all that the step stages is committed.
//
//     StagedEdit<SetType> from(keyspace, 0), to(keyspace, 1);   // outside the step: they live until `run` has returned
//     step: find both, and must_wait;  need both, and has_room;  begin both;  edit their drafts;  stage both
//
// Each of these that answers false has the step answer false.
#pragma once

#include <cstdint>
#include <optional>

#include "keyspace/free_draft.h"
#include "keyspace/multi_key.h"

namespace larder::keyspace {

// What a draft has become, to be staged.
template <typename Type>
MultiKey::Value value_of(const typename Type::Draft& draft) noexcept {
  if (draft.large() != nullptr) return {Type::kType, {}, Outside(draft.large())};
  return {Type::kType, draft.small().bytes(), {}};
}

// In a step: what was made with no lock held, and has changed, is to be what the key is; what is empty, to be removed.
// has_room in between; hand_over after it.
template <typename Type>
void need_made(MultiKey& keys, std::size_t i, FreeDraft<Type>& made, std::uint64_t end) {
  const MultiKey::Value value = value_of<Type>(made.draft());
  if (made.draft().view().size() == 0 || keys.is_for_store_alone(i, value)) return;
  keys.need(i, value.type, value.size(), end != Entry::kNoDeadline);
}
template <typename Type>
void stage_made(MultiKey& keys, std::size_t i, FreeDraft<Type>& made, std::uint64_t end, bool whole) {
  const MultiKey::Value value = value_of<Type>(made.draft());
  made.set_staged_in(0);
  if (made.draft().view().size() == 0) {
    keys.stage_removal(i);
  } else if (!value.outside && keys.is_for_store_alone(i, value)) {
    keys.stage_unkept(i, value, end);
  } else if (keys.stage(i, value, end, whole)) {
    made.set_staged_in(keys.attempts());
  }
}

// After `run`: the cache has what was staged, if that was done.
template <typename Type>
void hand_over(const MultiKey& keys, FreeDraft<Type>& made) {
  if (keys.committed(made.staged_in())) made.taken();
}

template <typename Type>
class StagedEdit {
 public:
  using Draft = typename Type::Draft;
  using View = typename Type::View;

  StagedEdit(Keyspace& keyspace, MultiKey& keys, std::size_t i) : keyspace_(keyspace), keys_(keys), i_(i) {}
  ~StagedEdit() {
    const bool taken = keys_.committed(staged_in_);
    if (draft_ && draft_->large() != nullptr && !taken) draft_->large()->release();
    // After something was thrown.
    if (memory_) keyspace_.environment().account.bytes().give_back(memory_->take_left());
  }
  StagedEdit(const StagedEdit&) = delete;
  StagedEdit& operator=(const StagedEdit&) = delete;

  // Null: there is no such key, or it is of another type, or must_wait. Valid until has_room.
  const Entry* find(Want want) {
    const Entry* entry = keys_.find_as(Type::kType, i_, want);
    found(entry);
    return entry;
  }
  // For who has found it otherwise, or null.
  void found(const Entry* entry) noexcept {
    is_there_ = entry != nullptr;
    if (is_there_ && entry->external()) pages_ = std::max(pages_, kPagesMin);
  }
  // REQUIRES: find, before; and not MultiKey::unkept.
  void need() {
    keys_.need(i_, Type::kType, kInlineBytesMax, true);
    keys_.need_pages(i_, pages_);
  }
  // REQUIRES: has_room.
  bool begin() {
    const Entry* entry = is_there_ ? find_again() : nullptr;
    drop();
    memory_.emplace(keyspace_.environment().account, 0);
    if (!keys_.spend(i_, pages_)) return keys_.refuse(keyspace_.out_of_memory());
    memory_->give(pages_);
    draft_.emplace(
        collections::Tools{*memory_, keyspace_.environment().hash, keyspace_.environment().small_limits(Type::kType)});
    end_ = entry == nullptr ? Entry::kNoDeadline : Shard::end_of(*entry);
    if (entry == nullptr) return true;
    if (!entry->external()) {
      draft_->begin(entry->inline_value());
      return true;
    }
    auto* version = static_cast<typename Draft::LargeForm*>(entry->outside().large())->share(*memory_);
    if (version == nullptr) return want_more();
    draft_->begin(version);
    return true;
  }
  Draft& draft() noexcept { return *draft_; }
  bool stage() {
    if (draft_->refused()) return want_more();
    if (draft_->large() != nullptr) draft_->large()->add_to_charge(memory_->held());
    give_back();
    if (!draft_->changed()) {
      drop();
      return true;
    }
    if (draft_->view().size() == 0) {
      keys_.stage_removal(i_);
      return true;
    }
    if (keys_.stage(i_, value_of<Type>(*draft_), end_, false)) staged_in_ = keys_.attempts();
    return true;
  }

 private:
  static constexpr std::int64_t kPagesMin = 16 << 10;

  // What was found, and is there still: its time may have come since, but what the step does is of one instant.
  const Entry* find_again() noexcept {
    const KeyRef& key = keys_.key(i_);
    Shard& shard = keyspace_.shard(key.shard);
    const Shard::Place place = shard.find_any(key.hash, key.key);
    return place && !place.entry()->is_ghost() ? place.entry() : shard.find_dirty(key.hash, key.key);
  }
  bool want_more() {
    if (!memory_->lacking()) return keys_.refuse(keyspace_.out_of_memory());
    pages_ = std::max(2 * pages_, kPagesMin);
    drop();
    return false;
  }
  void drop() noexcept {
    staged_in_ = 0;
    if (draft_ && draft_->large() != nullptr) draft_->large()->discard(*memory_);
    draft_.reset();
    give_back();
  }
  void give_back() noexcept {
    if (memory_) keys_.take_back(i_, memory_->take_left());
  }

  Keyspace& keyspace_;
  MultiKey& keys_;
  const std::size_t i_;
  bool is_there_ = false;
  std::int64_t pages_ = 0;  // bytes to be had for pages: none for what fits into the entry
  std::uint64_t end_ = Entry::kNoDeadline;
  std::optional<collections::PageMemory> memory_;
  std::optional<Draft> draft_;
  std::uint64_t staged_in_ = 0;  // that attempt; 0: none
};

}  // namespace larder::keyspace
