// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// keyspace::change where a store stands behind: a MultiKey of one. A few edits are done under the shard's lock, as
// another version. Many are done aside, while other writers of the key wait; so are those of a collection that the
// store has and the cache does not keep: what they make of it goes to the store alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "keyspace/staged_edit.h"

namespace larder::keyspace {

template <typename Type>
class StoredChange {
 public:
  StoredChange(Keyspace& keyspace, std::string_view key, std::uint64_t edits, Work<Type> work)
      : keyspace_(keyspace), edits_(edits), work_(work), keys_(keyspace, {&key, 1}), edit_(keyspace, keys_, 0) {}

  Status run() {
    Status status = keys_.run([this](MultiKey&) { return step(); });
    if (made_) hand_over(keys_, *made_);
    return status.ok() ? std::move(worked_) : status;
  }

 private:
  bool step() {
    const Entry* entry = edit_.find(Want::kChange);
    if (keys_.must_wait() || keys_.refused()) return false;
    if (edits_ > kItemsAHold || keys_.unkept(0)) return change_aside(entry);
    edit_.need();
    if (!keys_.has_room() || !edit_.begin()) return false;
    worked_ = work_(edit_.draft());
    const bool fails = !worked_.ok() && !edit_.draft().refused();
    return fails || edit_.stage();
  }
  bool change_aside(const Entry* entry) {
    if (!made_) {
      if (!keys_.latch()) return false;
      if (entry != nullptr) before_.take(*entry);
      return keys_.compute([this, unkept = keys_.unkept(0)] { return make(unkept); });
    }
    const bool is_as_before = before_ ? entry != nullptr && before_.value().same_as(*entry) : entry == nullptr;
    if (!is_as_before) return keys_.compute([this] { return forget(); });
    if (!worked_.ok() || !made_->draft().changed()) return true;
    const std::uint64_t end = entry == nullptr ? Entry::kNoDeadline : Shard::end_of(*entry);
    need_made(keys_, 0, *made_, end);
    if (!keys_.has_room()) return false;
    stage_made(keys_, 0, *made_, end, false);
    return true;
  }
  // With no lock held.
  Status make(bool unkept) {
    auto& made = made_.emplace(keyspace_, keys_.key(0).hash, keyspace_.account_of(before_.value(), unkept));
    const bool begun = made.begin(before_.value());
    if (begun) worked_ = work_(made.draft());
    made.finish();
    return begun && !made.draft().refused() ? Status() : keyspace_.out_of_memory();
  }
  // The same: what is held may be the last of what the key was.
  Status forget() {
    made_.reset();
    before_.reset();
    return {};
  }

  Keyspace& keyspace_;
  const std::uint64_t edits_;
  const Work<Type> work_;
  MultiKey keys_;
  StagedEdit<Type> edit_;
  Status worked_;
  Held<Type> before_;
  std::optional<FreeDraft<Type>> made_;
};

}  // namespace larder::keyspace
