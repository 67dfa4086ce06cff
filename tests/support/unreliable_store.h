// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A store that fails at random, and what takes its dead letters.
//
// Thread safety: all of it.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/random.h"
#include "larder/backing_store.h"

namespace larder::support {

// Three in ten writes fail, each in its own way, and now and then a whole call. Notes whether a key ever went back.
class UnreliableStore : public BackingStore {
 public:
  explicit UnreliableStore(std::uint64_t seed) : random_(seed) {}

  Lookup<StoredValue> load(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    const auto row = rows_.find(key);
    if (row == rows_.end() || !row->second.value) return {};
    return StoredValue{.type = row->second.type, .bytes = *row->second.value};
  }

  Status write(std::span<const Mutation> batch, std::span<WriteResult> results) override {
    const std::lock_guard lock(mutex_);
    const bool fails = reliable_.load() == 0 && random_.below(20) == 0;
    const std::size_t stops_at = fails ? random_.below(batch.size() + 1) : batch.size();
    for (std::size_t i = 0; i < stops_at; ++i) {
      const std::uint64_t die = reliable_.load() != 0 ? 99 : random_.below(100);
      if (die < 10) {
        results[i] = WriteResult::retry("busy");
      } else if (die < 20) {
        results[i] = WriteResult::unknown("a time-out, and not written");
      } else {
        if (die < 30) results[i] = WriteResult::unknown("a time-out, and written");
        if (die == 30 && batch[i].key.starts_with("own")) {
          results[i] = WriteResult::never("a constraint");
        } else {
          apply(batch[i]);
        }
      }
    }
    if (!fails) return {};
    for (WriteResult& result : results) result = {};
    if (random_.below(2) == 0) throw std::runtime_error("the connection broke");
    return {ErrorCode::kStoreFailed, "the connection broke"};
  }

  void be_reliable() { reliable_ = 1; }
  std::string row(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    const auto row = rows_.find(key);
    return row == rows_.end() || !row->second.value ? "(none)" : *row->second.value;
  }
  std::uint64_t went_back() const { return went_back_.load(); }
  std::uint64_t applied() const { return applied_.load(); }

 private:
  struct Row {
    std::uint64_t sequence = 0;
    std::optional<std::string> value;
    ValueType type = ValueType::kString;
  };
  void apply(const Mutation& one) {
    Row& row = rows_[std::string(one.key)];
    went_back_ += one.sequence < row.sequence;
    ++applied_;
    row.sequence = one.sequence;
    row.type = one.type;
    row.value.reset();
    if (one.is_put()) row.value = std::string(one.bytes);
  }

  mutable std::mutex mutex_;
  std::map<std::string, Row, std::less<>> rows_;
  base::Random random_;
  std::atomic<int> reliable_{0};
  std::atomic<std::uint64_t> went_back_{0}, applied_{0};
};

// The last dead letter of each key.
class Letters {
 public:
  DeadLetterSink sink() {
    return [this](const DeadLetter& letter) {
      const std::lock_guard lock(mutex_);
      ++count_;
      const Mutation& one = letter.mutation;
      last_[std::string(one.key)] = one.is_put() ? std::string(one.bytes) : "(none)";
    };
  }
  std::string last(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = last_.find(key);
    return found == last_.end() ? "(no letter)" : found->second;
  }
  std::uint64_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> last_;
  std::uint64_t count_ = 0;
};

}  // namespace larder::support
