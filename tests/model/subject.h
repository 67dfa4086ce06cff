// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What is compared with the model: Larder, or a stand-in with a defect that the comparison must find.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "larder/options.h"
#include "model/answer.h"
#include "model/command.h"
#include "model/naive_model.h"

namespace larder::model {

// How one run is set up; printed with a failure.
struct RunSetup {
  std::uint64_t max_memory = 0;
  std::uint64_t max_entries = 0;
  std::string policy = "adaptive";
  std::uint32_t shards = 1;
  std::uint64_t value_bytes_max = 131'072;
  Milliseconds idle{0};
  bool listens = true;  // whether there is a removal listener: without one values are replaced in place
  std::uint64_t allocations_fail_one_in = 0;  // 0: none
  std::uint64_t seed = 1;
  StoreOptions store = {};  // behind the cache

  // Whether so little is enough for the shards there are.
  bool allows_max_memory(std::uint64_t bytes) const {
    return bytes == 0 || bytes >= std::max(kMaxMemoryMin, shards * kShardMemoryMin);
  }
};
std::string printable(const RunSetup& setup);

// The clock of a run: a ManualClock begins there.
inline constexpr std::int64_t kStartMs = 1'700'000'000'000 + 3'600'000;

struct Usage {
  std::uint64_t bytes_used = 0;
  std::uint64_t max_memory = 0;    // 0: none
  std::uint64_t allocated = 0;     // by the allocator's count
  std::uint64_t worst_excess = 0;  // by how much allocations went beyond the ceiling
  std::uint64_t entries = 0;
};

// One step of a scan.
struct ScanStep {
  std::uint64_t cursor;
  std::vector<std::string> keys;
};

class Subject {
 public:
  virtual ~Subject() = default;
  // Any but kScanStep and kRandomKey are compared as they are.
  virtual Answer run(const Command& command) = 0;
  virtual ScanStep scan_step(std::uint64_t cursor, std::uint32_t count) = 0;
  // In the order in which the listener heard of them, since the last call.
  virtual std::vector<Removal> take_removals() = 0;
  virtual Usage usage() = 0;
  // Lets what is above this be an offence from now on.
  virtual void set_ceiling(std::uint64_t bytes) = 0;
  // All that is wrong inside: invariants, handles whose bytes have changed. Empty if nothing is.
  virtual std::string complaints() = 0;
  // Ends it; what was wrong at the end.
  virtual std::string finish() = 0;
};

using SubjectFactory = std::function<std::unique_ptr<Subject>(const RunSetup&)>;

}  // namespace larder::model
