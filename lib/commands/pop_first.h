// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// LMPOP and ZMPOP: items are removed from the first of several keys that is there, and copied before that.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "keyspace/staged_edit.h"

namespace larder::commands {

// copy(i, before, n) keeps what will go from the i-th key, with no lock held; it may be called again, and may throw.
// pop(draft, n) removes n items. is_much(view, n): that is too much while locks are held. All of them live as long as
// this.
template <typename Type>
class PopFirst {
 public:
  using Draft = typename Type::Draft;
  using Copy = FunctionRef<void(std::size_t i, const typename Type::View& before, std::uint64_t n)>;
  using Pop = FunctionRef<void(Draft& draft, std::uint64_t n)>;
  using IsMuch = FunctionRef<bool(const typename Type::View& view, std::uint64_t n)>;

  PopFirst(keyspace::Keyspace& keyspace, std::uint64_t count, Copy copy, IsMuch is_much, Pop pop)
      : keyspace_(keyspace), count_(count), copy_(copy), is_much_(is_much), pop_(pop) {}

  Status run(std::span<const std::string_view> keys) {
    if (keys.empty()) return {ErrorCode::kInvalidArgument, "no keys were given"};
    if (count_ == 0) return {ErrorCode::kInvalidArgument, "a count of 0"};
    keyspace::MultiKey multi(keyspace_, keys);
    std::optional<keyspace::StagedEdit<Type>> edit;
    Status status = multi.run([&](keyspace::MultiKey& all) { return step(all, keys.size(), &edit); });
    if (multi.committed() && made_) made_->committed();
    return status;
  }
  // Whether any of the keys is there.
  bool found() const noexcept { return found_.has_value(); }

 private:
  bool step(keyspace::MultiKey& keys, std::size_t size, std::optional<keyspace::StagedEdit<Type>>* edit) {
    const keyspace::Entry* entry = nullptr;
    std::size_t i = 0;
    for (; entry == nullptr && i < size; ++i) {
      entry = keys.find_as(Type::kType, i, keyspace::Want::kChange);
      if (keys.must_wait() || keys.refused()) return false;
    }
    if (entry == nullptr) {
      found_.reset();
      return true;
    }
    --i;
    if (found_ && (found_ != i || !before_.value().same_as(*entry))) return keys.compute([this] { return forget(); });
    if (!found_) {
      found_ = i;
      before_.take(*entry);
      popped_ = std::min(count_, before_.view().size());
      is_aside_ = keys.unkept(i) || is_much_(before_.view(), popped_);
      edit->emplace(keyspace_, keys, i);
      return keys.compute([this] { return keep(); });
    }
    if (is_aside_) return made_ ? stage_made(keys, *entry) : keys.compute([this, &keys] { return make(keys); });
    (*edit)->found(entry);
    (*edit)->need();
    if (!keys.has_room() || !(*edit)->begin()) return false;
    pop_((*edit)->draft(), popped_);
    return (*edit)->stage();
  }
  Status keep() {
    copy_(*found_, before_.view(), popped_);
    return {};
  }
  // What is held may be the last of what a key was: it is let go with no lock held.
  Status forget() {
    made_.reset();
    before_.reset();
    found_.reset();
    return {};
  }
  // With no lock held.
  Status make(keyspace::MultiKey& keys) {
    const bool unkept = keys.unkept(*found_);
    auto& made = made_.emplace(keyspace_, keys.key(*found_).hash, keyspace_.account_of(before_.value(), unkept));
    const bool begun = made.begin(before_.value());
    if (begun) pop_(made.draft(), popped_);
    made.finish();
    return begun && !made.draft().refused() ? Status() : keyspace_.out_of_memory();
  }
  bool stage_made(keyspace::MultiKey& keys, const keyspace::Entry& entry) {
    const std::uint64_t end = keyspace::Shard::end_of(entry);
    keyspace::need_made(keys, *found_, *made_, end);
    if (!keys.has_room()) return false;
    keyspace::stage_made(keys, *found_, *made_, end, false);
    return true;
  }

  keyspace::Keyspace& keyspace_;
  const std::uint64_t count_;
  const Copy copy_;
  const IsMuch is_much_;
  const Pop pop_;
  std::optional<std::size_t> found_;
  keyspace::Held<Type> before_;
  std::uint64_t popped_ = 0;
  bool is_aside_ = false;
  std::optional<keyspace::FreeDraft<Type>> made_;
};

}  // namespace larder::commands
