// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One trace, any policies, any sizes: what each would count.
//
// Each pair of policy and size is a replay of its own, on its own thread if there are several; but LRU at several sizes
// is one pass where that is exact (stack_distances.h). An object of size 0 weighs one byte.
//
// Cost: a replay for each pair; memory of a replay: 16 bytes an object and what the policy keeps, for each thread.
// Thread safety: plain functions on plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulator/cache_size.h"
#include "simulator/policies.h"
#include "simulator/replay.h"
#include "simulator/trace.h"

namespace larder::simulator {

struct SimulationPlan {
  std::vector<Policy> policies;
  std::vector<CacheSize> sizes;
  bool unit_sizes = false;              // what sizes the trace has do not count
  std::optional<double> sample;         // above 0, up to 1: of the objects (sampling.h)
  std::optional<std::size_t> requests;  // no more than these, from the first
  unsigned jobs = 1;
  std::uint64_t seed = 1;  // of policies that draw at random, and of the sample
};

struct SimulationRow {
  std::string policy;
  Capacity capacity;
  Counts counts;
  std::chrono::nanoseconds time{};  // of the replay; of a pass for several sizes its share
  bool one_pass = false;
};

struct SimulationResult {
  std::string error;     // in a line; empty: there is none
  std::string left_out;  // in a line: sizes that could not be simulated, and why; empty: none. All: then it is an error
  std::uint64_t requests = 0;
  Footprint footprint;
  std::uint64_t sampled_objects = 0;
  std::vector<Capacity> capacities;
  std::vector<SimulationRow> rows;  // by capacity, then by policy, both as in the plan
  std::chrono::nanoseconds time{};
};

// Progress is told about a hundred times a second.
SimulationResult simulate(Trace trace, const SimulationPlan& plan, OnProgress on_progress);

}  // namespace larder::simulator
