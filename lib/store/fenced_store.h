// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A user's store behind a fence: whatever it does, what comes back is well-formed, and counted.
//
// Thread safety: all of it, if the store's is. Blocks as long as the store does. REQUIRES: no lock is held.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string_view>

#include "larder/backing_store.h"
#include "larder/function_ref.h"

namespace larder::store {

struct StoreCounters {
  std::atomic<std::uint64_t> loads{0};         // keys asked for
  std::atomic<std::uint64_t> loads_failed{0};  // of those
  std::atomic<std::uint64_t> writes{0};        // mutations sent
  std::atomic<std::uint64_t> writes_failed{0};
  std::atomic<std::uint64_t> writes_unknown{0};
};

class FencedStore {
 public:
  // Mutations are numbered from there on.
  FencedStore(const StoreOptions& options, std::uint64_t first_sequence)
      : options_(options), sequence_(first_sequence) {}

  const StoreOptions& options() const noexcept { return options_; }
  const StoreCounters& counters() const noexcept { return counters_; }
  std::uint64_t next_sequence() noexcept { return sequence_.fetch_add(1, std::memory_order_relaxed); }

  // Whether this thread is in a call of a loader or of some store, or of what is told of its failures: others may wait
  // for it, so it does not wait for writes.
  static bool inside() noexcept;
  class Inside {
   public:
    Inside() noexcept;
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
  };

  // A value of a type that Larder does not know, or above kValueBytesMax, is an error.
  Lookup<StoredValue> load(std::string_view key);
  Lookup<StoredValue> load_if_changed(std::string_view key, std::uint64_t version);
  void load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found);
  // Afterwards each result says kDone, or another outcome and why; kAsTheBatch: all without an answer of their own
  // failed, and nobody knows whether they were written.
  void write(std::span<const Mutation> batch, std::span<WriteResult> results);

 private:
  Lookup<StoredValue> load_by(FunctionRef<Lookup<StoredValue>()> call);
  void check(Lookup<StoredValue>* found);

  const StoreOptions options_;
  std::atomic<std::uint64_t> sequence_;
  StoreCounters counters_;
};

}  // namespace larder::store
