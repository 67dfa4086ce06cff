// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// LMOVE and SMOVE of what is too long to be copied, or hashed, while locks are held: other versions of both collections
// are edited with no lock, and take their places if nothing has changed meanwhile; otherwise all is done again.
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
      if (side.is_staged && keys_.committed()) side.made->taken();
    }
  }
  MoveAside(const MoveAside&) = delete;
  MoveAside& operator=(const MoveAside&) = delete;

  // What the step answers. The entries of both keys; null: there is none.
  bool step(const keyspace::Entry* from, const keyspace::Entry* to) {
    if (!sides_[0].made) {
      if (from != nullptr) sides_[0].before.take(*from);
      if (to != nullptr) sides_[1].before.take(*to);
      return keys_.compute([this] { return make(); });
    }
    if (!sides_[0].is_made_of(from) || !sides_[1].is_made_of(to)) return keys_.compute([this] { return forget(); });
    return stage(from, to);
  }

 private:
  struct Side {
    keyspace::Held<Type> before;
    std::optional<keyspace::FreeDraft<Type>> made;
    bool is_staged = false;

    bool is_made_of(const keyspace::Entry* entry) const noexcept {
      if (entry == nullptr) return !before.value().taken();
      return before.value().taken() && before.value().same_as(*entry);
    }
    bool is_stored() noexcept { return made->draft().changed() && made->draft().view().size() != 0; }
  };

  // With no lock held.
  Status make() {
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      auto& made = sides_[i].made.emplace(keyspace_, keys_.key(i).hash);
      if (!made.begin(sides_[i].before.value())) return keyspace_.out_of_memory();
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
      sides_[i].is_staged = false;
      ends[i] = entries[i] == nullptr ? keyspace::Entry::kNoDeadline : keyspace::Shard::end_of(*entries[i]);
      if (!sides_[i].is_stored()) continue;
      const keyspace::MultiKey::Value value = keyspace::value_of<Type>(sides_[i].made->draft());
      keys_.need(i, value.outside ? keyspace::MultiKey::kOutside : value.bytes.size(),
                 ends[i] != keyspace::Entry::kNoDeadline);
    }
    if (!keys_.has_room()) return false;
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      const Draft& draft = sides_[i].made->draft();
      if (!draft.changed()) continue;
      if (draft.view().size() == 0) {
        keys_.stage_removal(i);
        continue;
      }
      keys_.stage(i, keyspace::value_of<Type>(draft), ends[i], false);
      sides_[i].is_staged = true;
    }
    return true;
  }

  keyspace::Keyspace& keyspace_;
  keyspace::MultiKey& keys_;
  const Move move_;
  std::array<Side, 2> sides_;
};

}  // namespace larder::commands
