// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// LMOVE and SMOVE of what is too long to be copied, or hashed, while locks are held, or of what a store has and the
// cache does not keep: other versions of both collections are edited with no lock, and take their places if nothing has
// changed meanwhile; otherwise all is done again.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "keyspace/staged_edit.h"

namespace larder::commands {

// Of the first two keys of a MultiKey. move(from, to) edits both; it lives as long as this.
template <typename Type>
class MoveAside {
 public:
  using Draft = typename Type::Draft;
  using Move = FunctionRef<void(Draft& from, Draft& to)>;

  MoveAside(keyspace::Keyspace& keyspace, keyspace::MultiKey& keys, Move move)
      : keyspace_(keyspace), keys_(keys), move_(move) {}
  ~MoveAside() {
    for (Side& side : sides_) {
      if (side.made) keyspace::hand_over(keys_, *side.made);
    }
  }
  MoveAside(const MoveAside&) = delete;
  MoveAside& operator=(const MoveAside&) = delete;

  // What the step answers. The entries of both keys; null: there is none.
  bool step(const keyspace::Entry* from, const keyspace::Entry* to) {
    if (!sides_[0].made) {
      if (from != nullptr) sides_[0].before.take(*from);
      if (to != nullptr) sides_[1].before.take(*to);
      for (std::size_t i = 0; i < sides_.size(); ++i) sides_[i].is_unkept = keys_.unkept(i);
      return keys_.compute([this] { return make(); });
    }
    if (!sides_[0].is_made_of(from) || !sides_[1].is_made_of(to)) return keys_.compute([this] { return forget(); });
    return stage(from, to);
  }

 private:
  struct Side {
    keyspace::Held<Type> before;
    std::optional<keyspace::FreeDraft<Type>> made;
    bool is_unkept = false;

    bool is_made_of(const keyspace::Entry* entry) const noexcept {
      if (entry == nullptr) return !before.value().taken();
      return before.value().taken() && before.value().same_as(*entry);
    }
  };

  // With no lock held.
  Status make() {
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      const keyspace::ValueCopy& before = sides_[i].before.value();
      memory::Account& account = keyspace_.account_of(before, sides_[i].is_unkept);
      auto& made = sides_[i].made.emplace(keyspace_, keys_.key(i).hash, account);
      if (!made.begin(before)) return keyspace_.out_of_memory();
    }
    move_(sides_[0].made->draft(), sides_[1].made->draft());
    for (Side& side : sides_) {
      side.made->finish();
      if (side.made->draft().refused()) return keyspace_.out_of_memory();
    }
    return {};
  }
  // With no lock held, as what is held may be the last of what a key was.
  Status forget() {
    for (Side& side : sides_) {
      side.made.reset();
      side.before.reset();
    }
    return {};
  }
  bool stage(const keyspace::Entry* from, const keyspace::Entry* to) {
    const std::array<const keyspace::Entry*, 2> entries{from, to};
    std::array<std::uint64_t, 2> ends;
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      ends[i] = entries[i] == nullptr ? keyspace::Entry::kNoDeadline : keyspace::Shard::end_of(*entries[i]);
      if (sides_[i].made->draft().changed()) keyspace::need_made(keys_, i, *sides_[i].made, ends[i]);
    }
    if (!keys_.has_room()) return false;
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      if (sides_[i].made->draft().changed()) keyspace::stage_made(keys_, i, *sides_[i].made, ends[i], false);
    }
    return true;
  }

  keyspace::Keyspace& keyspace_;
  keyspace::MultiKey& keys_;
  const Move move_;
  std::array<Side, 2> sides_;
};

}  // namespace larder::commands
