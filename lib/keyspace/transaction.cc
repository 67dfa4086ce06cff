// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/transaction.h"

#include <algorithm>
#include <vector>

#include "keyspace/multi_key.h"
#include "keyspace/own_latches.h"

namespace larder::keyspace {
namespace {

// A value with its end. Nothing taken: no such key.
struct State {
  ValueCopy value;
  std::uint64_t end = Entry::kNoDeadline;

  void take(const Entry& entry) noexcept {
    value.take(entry);
    end = Shard::end_of(entry);
  }
  // As it is staged. REQUIRES: a value was taken.
  MultiKey::Value staged() const noexcept {
    return {value.type(), value.outside() ? std::string_view() : value.view(), value.outside()};
  }
  std::size_t bytes() const noexcept { return value.outside() ? MultiKey::kOutside : value.view().size(); }
  bool same_as(const Entry* entry) const noexcept {
    if (entry == nullptr) return !value.taken();
    return value.taken() && value.same_as(*entry) && end == Shard::end_of(*entry);
  }
};

class Transacting {
 public:
  Transacting(Keyspace& keyspace, std::span<const std::string_view> keys, FunctionRef<Status(Keyspace&)> work)
      : keyspace_(keyspace), work_(work), keys_(keys.begin(), keys.end()) {
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    if (keys_.size() <= kKeysAtOnceMax) states_ = std::vector<State>(keys_.size());
  }

  Status run() {
    MultiKey multi(keyspace_, keys_);
    Status status = multi.run([this](MultiKey& keys) { return step(keys); });
    if (multi.committed()) {
      for (const std::size_t i : staged_) (void)states_[i].value.release_outside();  // the cache's now
    }
    return status;
  }

 private:
  bool step(MultiKey& keys) {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const Entry* entry = keys.find(i, Want::kChange);
      if (has_run_ || keys.must_wait()) continue;
      states_[i].value.reset();
      if (entry != nullptr) states_[i].take(*entry);
    }
    if (keys.must_wait() || keys.refused()) return false;
    if (!has_run_) {
      if (!keys.latch()) return false;
      return keys.compute([this] { return compute(); });
    }
    return stage(keys);
  }

  // With no lock held.
  Status compute() {
    has_run_ = true;
    changed_.reserve(keys_.size());
    staged_.reserve(keys_.size());
    Keyspace own(keyspace_, keys_);
    if (Status status = fill(own); !status.ok()) return status;
    {
      const OwnLatches mine(keyspace_);
      if (Status status = work_(own); !status.ok()) return status;
    }
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      Status status = own.view(keys_[i], Use::kPeek, [&](const Entry* entry) {
        if (states_[i].same_as(entry)) return;
        changed_.push_back(i);
        states_[i].value.reset();
        if (entry != nullptr) states_[i].take(*entry);
      });
      if (!status.ok()) return status;
    }
    return {};
  }

  // Every key that is there.
  Status fill(Keyspace& own) {
    MultiKey multi(own, keys_);
    Status status = multi.run([this](MultiKey& keys) {
      for (std::size_t i = 0; i < keys_.size(); ++i) {
        keys.find(i, Want::kOverwrite);
        if (states_[i].value.taken()) keys.need(i, states_[i].bytes(), states_[i].end != Entry::kNoDeadline);
      }
      if (!keys.has_room()) return false;
      for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (states_[i].value.taken() && !keys.stage(i, states_[i].staged(), states_[i].end)) break;
      }
      return true;
    });
    if (!multi.committed()) return status;
    for (const State& state : states_) {
      if (state.value.outside()) state.value.outside().acquire();  // both have it
    }
    return status;
  }

  bool stage(MultiKey& keys) {
    for (const std::size_t i : changed_) {
      if (states_[i].value.taken()) keys.need(i, states_[i].bytes(), states_[i].end != Entry::kNoDeadline);
    }
    if (!keys.has_room()) return false;
    staged_.clear();
    for (const std::size_t i : changed_) {
      if (!states_[i].value.taken()) {
        keys.stage_removal(i);
      } else if (keys.stage(i, states_[i].staged(), states_[i].end)) {
        staged_.push_back(i);
      } else {
        break;
      }
    }
    return true;
  }

  Keyspace& keyspace_;
  const FunctionRef<Status(Keyspace&)> work_;
  std::vector<std::string_view> keys_;
  std::vector<State> states_;         // of each key: before, and of one that has changed, after
  std::vector<std::size_t> changed_;  // and of these, what was staged
  std::vector<std::size_t> staged_;
  bool has_run_ = false;
};

}  // namespace

Status transact(Keyspace& keyspace, std::span<const std::string_view> keys, FunctionRef<Status(Keyspace&)> work) {
  return Transacting(keyspace, keys, work).run();
}

}  // namespace larder::keyspace
