// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// LMPOP and ZMPOP: items are removed from the first of several keys that is there, and copied before.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "commands/collections.h"
#include "keyspace/staged_edit.h"

namespace larder::commands {

// copy(i, before, n, bytes_max) keeps n items that will go from the i-th key; false: they have more bytes than that. It
// may be called again, and throw. pop(draft, n) removes them. Both live as long as this. pops_at_once: that is little
// work, however many they are.
//
// Few items are copied where they are removed. Many are copied with no lock held, and if the key was changed meanwhile,
// again: a few times, until they are copied when they are gone already, so that nobody who writes the key all the time
// keeps this from its end. Only then what was removed is lost if there is no memory for the copy.
template <typename Type>
class PopFirst {
 public:
  using Draft = typename Type::Draft;
  using Copy =
      FunctionRef<bool(std::size_t i, const typename Type::View& before, std::uint64_t n, std::uint64_t bytes_max)>;
  using Pop = FunctionRef<void(Draft& draft, std::uint64_t n)>;

  PopFirst(keyspace::Keyspace& keyspace, std::uint64_t count, Copy copy, Pop pop, bool pops_at_once)
      : keyspace_(keyspace), count_(count), copy_(copy), pop_(pop), pops_at_once_(pops_at_once) {}

  Status run(std::span<const std::string_view> keys) {
    if (keys.empty()) return {ErrorCode::kInvalidArgument, "no keys were given"};
    if (count_ == 0) return {ErrorCode::kInvalidArgument, "a count of 0"};
    if (Status status = check_count(count_); !status.ok()) return status;
    keyspace::MultiKey multi(keyspace_, keys);
    std::optional<keyspace::StagedEdit<Type>> edit;
    Status status = multi.run([&](keyspace::MultiKey& all) { return step(all, keys.size(), &edit); });
    if (made_) keyspace::hand_over(multi, *made_);
    if (status.ok() && found_ && !copied_) copy_(*found_, before_.view(), popped_, kNoLimit);
    return status;
  }
  // Whether any of the keys is there.
  bool found() const noexcept { return found_.has_value(); }

 private:
  static constexpr int kCopiesMax = 4;

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
    const bool unkept = keys.unkept(i);
    if (found_ && (found_ != i || unkept_ != unkept || !before_.value().same_as(*entry))) {
      return keys.compute([this] { return forget(); });
    }
    if (!found_) {
      found_ = i;
      before_.take(*entry);
      unkept_ = unkept;
      popped_ = std::min(count_, before_.view().size());
      copied_ = popped_ <= keyspace::kItemsAHold && copy_(i, before_.view(), popped_, kItemBytesAHold);
      is_aside_ = unkept || (!copied_ && !pops_at_once_);
      edit->emplace(keyspace_, keys, i);
      if (!copied_ && ++copies_ <= kCopiesMax) return keys.compute([this] { return keep(); });
    }
    if (is_aside_) return made_ ? stage_made(keys, *entry) : keys.compute([this, &keys] { return make(keys); });
    (*edit)->found(entry);
    (*edit)->need();
    if (!keys.has_room() || !(*edit)->begin()) return false;
    pop_((*edit)->draft(), popped_);
    return (*edit)->stage();
  }
  Status keep() {
    copied_ = copy_(*found_, before_.view(), popped_, kNoLimit);
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
    auto& made = made_.emplace(keyspace_, keys.key(*found_).hash, keyspace_.account_of(before_.value(), unkept_));
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
  const Pop pop_;
  const bool pops_at_once_;
  std::optional<std::size_t> found_;
  keyspace::Held<Type> before_;
  bool unkept_ = false;
  std::uint64_t popped_ = 0;
  bool copied_ = false;
  int copies_ = 0;  // made with no lock held
  bool is_aside_ = false;
  std::optional<keyspace::FreeDraft<Type>> made_;
};

// The same as an answer. keep(popped, before, n, bytes_max) copies what goes into one that has its key.
template <typename Type, typename Popped, typename Keep, typename Pop>
Lookup<Popped> pop_first(keyspace::Keyspace& keyspace, std::span<const std::string_view> keys, std::uint64_t count,
                         Keep&& keep, Pop&& pop, bool pops_at_once) {
  Popped popped;
  const auto copy = [&](std::size_t i, const typename Type::View& before, std::uint64_t n, std::uint64_t bytes_max) {
    popped.key = keys[i];
    return keep(popped, before, n, bytes_max);
  };
  PopFirst<Type> popping(keyspace, count, copy, pop, pops_at_once);
  if (Status status = popping.run(keys); !status.ok()) return status;
  if (!popping.found()) return {};
  return popped;
}

}  // namespace larder::commands
