// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Loads: one at a time for each key, however many callers ask (CONTRACTS L1-L4).
//
// The life of a load:
//
//   begun      its leader found the key missing, and registered the load in the key's shard, under the same hold of the
//   shard's lock:
//              so no two loads of a key run at once
//   joined     others found it registered, and wait on it
//   overtaken  a write, deletion or invalidation of the key came: what is loaded will not be stored
//   finished   the leader stored the value, unless the load was overtaken, which it looks at under the same hold of the
//   shard's lock;
//              took the load out of the shard; and then published the outcome and woke the others
//
// Who waits for whom: base/waiting.h.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keyspace/keyspace.h"
#include "larder/loading.h"
#include "larder/stats.h"
#include "stats/latency_recorder.h"

namespace larder::loading {

// Thread safety: all of it.
class SingleFlight {
 public:
  explicit SingleFlight(keyspace::Keyspace& keyspace) : keyspace_(keyspace) {}

  Lookup<std::string> get_or_load(std::string_view key, FunctionRef<Loaded()> load, const LoadOptions& options);
  using BulkLoader = FunctionRef<std::vector<Loaded>(std::span<const std::string_view>)>;
  std::vector<Lookup<std::string>> get_or_load_many(std::span<const std::string_view> keys, BulkLoader load,
                                                    const LoadOptions& options);
  void add_to(Stats* stats) const;

 private:
  struct Flight;
  struct Found;
  class Many;

  bool find_or_begin(std::string_view key, std::uint64_t hash, bool first, const LoadOptions& options, Found* found);
  bool is_due_ahead(const keyspace::Entry& entry, const LoadOptions& options) noexcept;
  std::uint64_t soft_give_up_us(const LoadOptions& options, std::uint64_t give_up_us) noexcept;
  void forget_old(std::string_view key, const Flight& flight);
  bool retry_later(std::string_view key, std::uint64_t hash, const LoadOptions& options) noexcept;
  void lead(std::string_view key, std::uint64_t hash, Flight& flight, FunctionRef<Loaded()> load,
            const LoadOptions& options);
  bool take_from_store(std::string_view key, std::uint64_t hash, Flight& flight, Lookup<StoredValue> found,
                       const LoadOptions& options);
  template <typename Run>
  auto timed(Run&& run);
  void conclude(std::string_view key, std::uint64_t hash, Flight& flight, Loaded loaded, const LoadOptions& options);
  Lookup<std::string> serve_old(std::string old, bool fresh_still) noexcept;
  static Lookup<std::string> outcome_of(const Flight& flight);
  Lookup<std::string> outcome_of(const Found& found, std::uint64_t give_up_us);
  Lookup<std::string> join(const std::shared_ptr<Flight>& flight, std::uint64_t give_up_us);
  static Loaded run_loader(FunctionRef<Loaded()> load);
  void store(std::string_view key, Flight& flight, const Loaded& loaded, const LoadOptions& options);
  void finish(std::string_view key, std::uint64_t hash, Flight& flight) noexcept;

  keyspace::Keyspace& keyspace_;

  std::atomic<std::uint64_t> failed_{0}, discarded_{0}, not_stored_{0}, in_flight_{0};
  stats::LatencyRecorder latency_;  // of all loaders
};

}  // namespace larder::loading
