// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A store in memory that does what it is told to: fails in every way in which stores fail, calls back, takes its time.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "larder/backing_store.h"

namespace larder::support {

enum class Fault {
  kNone,
  kRetry,   // certainly not written
  kNever,   // nor ever will be
  kLost,    // a time-out, and it was not written
  kLate,    // a time-out, and it was
  kThrows,  // and did not write
  kWritesAndThrows,
  kFailsWhole,  // `write` returns an error, and has written nothing
  kFirstOnly,   // of a batch, the first is written, the others are to be retried
};

// A mutation as it was given.
struct Written {
  Mutation::Kind kind;
  std::string key;
  std::string bytes;
  std::optional<UnixTime> expires_at;
  std::uint64_t sequence;
  std::uint64_t group;
  ValueType type = ValueType::kString;
};

// Thread safety: all of it. Hooks run with no lock of this store held.
class ScriptedStore : public BackingStore {
 public:
  using Rows = std::map<std::string, StoredValue, std::less<>>;

  Lookup<StoredValue> load(std::string_view key) override {
    if (before_load) before_load(key);
    Fault fault = Fault::kNone;
    Lookup<StoredValue> found;
    {
      const std::lock_guard lock(mutex_);
      loaded_.emplace_back(key);
      fault = next(load_faults_);
      if (const auto row = rows_.find(key); row != rows_.end()) found = row->second;
    }
    if (after_load) after_load(key);
    if (fault == Fault::kThrows) throw std::runtime_error("scripted");
    if (fault != Fault::kNone) return Status(ErrorCode::kStoreFailed, "scripted");
    return found;
  }

  void load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found) override {
    {
      const std::lock_guard lock(mutex_);
      ++bulk_loads_;
    }
    BackingStore::load_many(keys, found);
  }

  Status write(std::span<const Mutation> batch, std::span<WriteResult> results) override {
    if (before_write) before_write(batch);
    Fault fault = Fault::kNone;
    {
      const std::lock_guard lock(mutex_);
      fault = next(write_faults_);
      const bool writes_all = fault == Fault::kNone || fault == Fault::kLate || fault == Fault::kWritesAndThrows;
      batches_.push_back(batch.size());
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto its_faults = faults_of_keys_.find(batch[i].key);
        const Fault its_own = its_faults == faults_of_keys_.end() ? Fault::kNone : next(its_faults->second);
        const bool written = its_own == Fault::kNone || its_own == Fault::kLate;
        if (written && (writes_all || (fault == Fault::kFirstOnly && i == 0))) apply(batch[i]);
        if (fault == Fault::kNone) answer(its_own, &results[i]);
      }
    }
    if (after_write) after_write(batch);
    switch (fault) {
      case Fault::kNone: return {};
      case Fault::kThrows:
      case Fault::kWritesAndThrows: throw std::runtime_error("scripted");
      case Fault::kFailsWhole: return {ErrorCode::kStoreFailed, "scripted"};
      default: break;
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
      answer(fault == Fault::kFirstOnly ? (i == 0 ? Fault::kNone : Fault::kRetry) : fault, &results[i]);
    }
    return {};
  }

  // Of the next calls, in this order; afterwards, kNone.
  void fail_loads(std::initializer_list<Fault> faults) { add(load_faults_, faults); }
  void fail_writes(std::initializer_list<Fault> faults) { add(write_faults_, faults); }

  void fail_no_loads() {
    const std::lock_guard lock(mutex_);
    load_faults_.clear();
  }
  void fail_no_writes() {
    const std::lock_guard lock(mutex_);
    write_faults_.clear();
  }
  // Of the next writes of one key: kRetry, kNever, kLost, kLate.
  void fail_writes_of(std::string_view key, std::initializer_list<Fault> faults) {
    const std::lock_guard lock(mutex_);
    std::deque<Fault>& its_faults = faults_of_keys_[std::string(key)];
    its_faults.insert(its_faults.end(), faults);
  }

  void put(std::string_view key, StoredValue value) {
    const std::lock_guard lock(mutex_);
    rows_[std::string(key)] = std::move(value);
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    rows_.clear();
  }
  void remove(std::string_view key) {
    const std::lock_guard lock(mutex_);
    rows_.erase(std::string(key));
  }
  Rows rows() const {
    const std::lock_guard lock(mutex_);
    return rows_;
  }
  // The bytes of one row; "(none)" if there is none.
  std::string row(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    const auto found = rows_.find(key);
    return found == rows_.end() ? "(none)" : found->second.bytes;
  }
  std::vector<std::string> loaded() const {
    const std::lock_guard lock(mutex_);
    return loaded_;
  }
  std::size_t bulk_loads() const {
    const std::lock_guard lock(mutex_);
    return bulk_loads_;
  }
  std::vector<Written> written() const {
    const std::lock_guard lock(mutex_);
    return written_;
  }

  // How many mutations each call had.
  std::vector<std::size_t> batches() const {
    const std::lock_guard lock(mutex_);
    return batches_;
  }

  // Set before the store is used.
  std::function<void(std::string_view)> before_load, after_load;
  std::function<void(std::span<const Mutation>)> before_write, after_write;

 private:
  static Fault next(std::deque<Fault>& faults) {
    if (faults.empty()) return Fault::kNone;
    const Fault fault = faults.front();
    faults.pop_front();
    return fault;
  }
  void add(std::deque<Fault>& to, std::initializer_list<Fault> faults) {
    const std::lock_guard lock(mutex_);
    to.insert(to.end(), faults);
  }
  static void answer(Fault fault, WriteResult* result) {
    if (fault == Fault::kNever) *result = WriteResult::never("scripted");
    if (fault == Fault::kRetry) *result = WriteResult::retry("scripted");
    if (fault == Fault::kLost || fault == Fault::kLate) *result = WriteResult::unknown("scripted");
  }
  void apply(const Mutation& one) {
    written_.push_back(
        {one.kind, std::string(one.key), std::string(one.bytes), one.expires_at, one.sequence, one.group, one.type});
    if (one.is_put()) {
      rows_[std::string(one.key)] = {one.type, std::string(one.bytes), one.expires_at};
    } else {
      rows_.erase(std::string(one.key));
    }
  }

  mutable std::mutex mutex_;
  Rows rows_;
  std::deque<Fault> load_faults_, write_faults_;
  std::map<std::string, std::deque<Fault>, std::less<>> faults_of_keys_;
  std::vector<std::size_t> batches_;
  std::vector<std::string> loaded_;
  std::vector<Written> written_;
  std::size_t bulk_loads_ = 0;
};

}  // namespace larder::support
