// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// SINTERSTORE and its kin: a collection made of others, which are looked at at one instant, while nobody sees a state
// in between. It is made with no lock held, and stored if the sources are still what they were; otherwise all is done
// again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "keyspace/staged_edit.h"

namespace larder::commands {

// `Source` is what a key is held as (keyspace::Held, or commands::Source); compute(sources, draft) makes the
// result; it lives as long as this.
template <typename Type, typename Source>
class StoredResult {
 public:
  using Draft = typename Type::Draft;
  using Compute = FunctionRef<void(std::span<const Source> sources, Draft& draft)>;

  StoredResult(keyspace::Keyspace& keyspace, std::size_t sources, Compute compute)
      : keyspace_(keyspace), compute_(compute), sources_(std::min(sources, keyspace::kKeysAtOnceMax)) {}

  // `keys`: the target, and the sources. How many items the result has; with none the target is deleted.
  Result<std::uint64_t> run(std::span<const std::string_view> keys) {
    keyspace::MultiKey multi(keyspace_, keys);
    Status status = multi.run([this](keyspace::MultiKey& all) { return step(all); });
    if (made_) keyspace::hand_over(multi, *made_);
    if (!status.ok()) return status;
    return size_;
  }

 private:
  bool step(keyspace::MultiKey& keys) {
    keys.find(0, keyspace::Want::kOverwrite);
    if (keys.must_wait()) return false;
    if (!made_) {
      if (!take(keys) || keys.must_wait()) return false;
      return keys.compute([this, hash = keys.key(0).hash] { return make(hash); });
    }
    if (!as_before(keys)) return keys.compute([this] { return forget(); });
    keyspace::need_made(keys, 0, *made_, keyspace::Entry::kNoDeadline);
    if (!keys.has_room()) return false;
    keyspace::stage_made(keys, 0, *made_, keyspace::Entry::kNoDeadline, true);
    return true;
  }
  bool take(keyspace::MultiKey& keys) {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      sources_[i].reset();
      const keyspace::Entry* entry = keys.find(i + 1, keyspace::Want::kSource);
      if (entry == nullptr) continue;
      if (!Source::takes(entry->type())) return keys.refuse(keyspace::Keyspace::wrong_type());
      sources_[i].take(*entry);
    }
    return true;
  }
  bool as_before(keyspace::MultiKey& keys) {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const keyspace::Entry* entry = keys.find(i + 1, keyspace::Want::kSource);
      const bool there = entry != nullptr;
      const keyspace::ValueCopy& value = sources_[i].value();
      if (there != value.taken() || (there && !value.same_as(*entry))) return false;
    }
    return true;
  }
  // What is held may be the last of what a source was: it is let go with no lock held.
  Status forget() {
    made_.reset();
    for (Source& source : sources_) source.reset();
    return {};
  }
  // With no lock held.
  Status make(std::uint64_t hash) {
    auto& made = made_.emplace(keyspace_, hash, keyspace_.environment().account);
    compute_(sources_, made.draft());
    made.finish();
    size_ = made.draft().view().size();
    return made.draft().refused() ? keyspace_.out_of_memory() : Status();
  }

  keyspace::Keyspace& keyspace_;
  const Compute compute_;
  std::vector<Source> sources_;
  std::optional<keyspace::FreeDraft<Type>> made_;
  std::uint64_t size_ = 0;
};

}  // namespace larder::commands
