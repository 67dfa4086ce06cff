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

  // A value of a type that Larder does not know, or above kValueBytesMax, is an error.
  Lookup<StoredValue> load(std::string_view key);
  void load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found);
  // Afterwards each result says kDone, or another outcome and why.
  void write(std::span<const Mutation> batch, std::span<WriteResult> results);

 private:
  void check(Lookup<StoredValue>* found);

  const StoreOptions options_;
  std::atomic<std::uint64_t> sequence_;
  StoreCounters counters_;
};

}  // namespace larder::store
