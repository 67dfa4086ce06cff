// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/transaction.h"

#include <algorithm>
#include <new>
#include <optional>
#include <vector>

#include "keyspace/multi_key.h"
#include "keyspace/own_latches.h"

namespace larder::keyspace {
namespace {

// A value with its end. Nothing taken: no such key.
struct State {
  ValueCopy value;
  std::uint64_t end = Entry::kNoDeadline;

  void take(const Entry* entry) noexcept {
    value.reset();
    if (entry == nullptr) return;
    value.take(*entry);
    end = Shard::end_of(*entry);
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
  Transacting(Keyspace& keyspace, std::span<const std::string_view> keys, std::span<const Unchanged> unchanged,
              FunctionRef<Status(Keyspace&)> work)
      : keyspace_(keyspace), unchanged_(unchanged), work_(work), keys_(keys.begin(), keys.end()) {
    for (const Unchanged& one : unchanged) keys_.push_back(one.key);
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    if (keys_.size() > kKeysAtOnceMax) return;  // it will be refused
    before_ = std::vector<State>(keys_.size());
    after_ = std::vector<State>(keys_.size());
  }

  Status run() {
    MultiKey multi(keyspace_, keys_);
    Status status = multi.run([this](MultiKey& keys) { return step(keys); });
    if (multi.committed()) {
      for (const std::size_t i : staged_) (void)after_[i].value.release_outside();  // the cache's now
    }
    return status;
  }

 private:
  bool step(MultiKey& keys) {
    bool as_before = true;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const Entry* entry = keys.find(i, Want::kChange);
      if (keys.must_wait()) continue;
      if (has_run_) {
        as_before = as_before && before_[i].same_as(entry);
      } else {
        before_[i].take(entry);
      }
    }
    if (keys.refused() || !is_unchanged(keys) || keys.must_wait()) return false;
    if (!has_run_) {
      if (!keys.latch()) return false;
      return keys.compute([this] { return compute(); });
    }
    // They are still ours, unless write-back had no room for what was staged.
    if (keys.was_let_go() && !as_before) {
      return keys.refuse({ErrorCode::kConflict, "a key changed while the transaction waited for room to be written"});
    }
    return stage(keys);
  }

  // Once the keys are claimed, what is loaded for this transaction is no change.
  bool is_unchanged(MultiKey& keys) {
    if (has_run_ || was_unchanged_) return true;
    for (const Unchanged& one : unchanged_) {
      const std::uint64_t hash = keyspace_.hash_of(one.key);
      const std::uint64_t number = keyspace_.shard_of(hash).version(id_of(hash));
      if (number == 0 || number != one.version.number) {
        return keys.refuse({ErrorCode::kConflict, "a key changed since its version was read"});
      }
    }
    was_unchanged_ = keys.claims_all();
    return true;
  }

  // With no lock held.
  Status compute() {
    has_run_ = true;
    changed_.reserve(keys_.size());
    staged_.reserve(keys_.size());
    std::optional<Keyspace> own;
    try {
      own.emplace(keyspace_, keys_);
    } catch (const std::bad_alloc&) {
      return keyspace_.out_of_memory();
    }
    if (Status status = fill(*own); !status.ok()) return status;
    {
      const OwnLatches mine(keyspace_);
      if (Status status = work_(*own); !status.ok()) return status;
    }
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      Status status = own->view(keys_[i], Use::kPeek, [&](const Entry* entry) {
        if (before_[i].same_as(entry)) return;
        changed_.push_back(i);
        after_[i].take(entry);
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
        if (before_[i].value.taken())
          keys.need(i, before_[i].value.type(), before_[i].bytes(), before_[i].end != Entry::kNoDeadline);
      }
      if (!keys.has_room()) return false;
      for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (before_[i].value.taken() && !keys.stage(i, before_[i].staged(), before_[i].end)) break;
      }
      return true;
    });
    if (!multi.committed()) return status;
    for (const State& state : before_) {
      if (state.value.outside()) state.value.outside().acquire();  // both have it
    }
    return status;
  }

  bool stage(MultiKey& keys) {
    for (const std::size_t i : changed_) {
      if (after_[i].value.taken())
        keys.need(i, after_[i].value.type(), after_[i].bytes(), after_[i].end != Entry::kNoDeadline);
    }
    if (!keys.has_room()) return false;
    staged_.clear();
    for (const std::size_t i : changed_) {
      if (!after_[i].value.taken()) {
        keys.stage_removal(i);
      } else if (keys.stage(i, after_[i].staged(), after_[i].end)) {
        staged_.push_back(i);
      } else {
        break;
      }
    }
    return true;
  }

  Keyspace& keyspace_;
  const std::span<const Unchanged> unchanged_;
  const FunctionRef<Status(Keyspace&)> work_;
  std::vector<std::string_view> keys_;
  std::vector<State> before_;         // of each key
  std::vector<State> after_;          // of those that have changed
  std::vector<std::size_t> changed_;  // these
  std::vector<std::size_t> staged_;   // of them, those that the cache gets
  bool was_unchanged_ = false;
  bool has_run_ = false;
};

}  // namespace

Status transact(Keyspace& keyspace, std::span<const std::string_view> keys, std::span<const Unchanged> unchanged,
                FunctionRef<Status(Keyspace&)> work) {
  return Transacting(keyspace, keys, unchanged, work).run();
}

}  // namespace larder::keyspace
