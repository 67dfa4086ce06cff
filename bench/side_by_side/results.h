// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What was measured, as tables and files show it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/peers/contender.h"
#include "bench/side_by_side/cell.h"

namespace larder::bench {

struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};
// All 0 for no samples.
Spread spread_of(std::vector<double> samples);

// One contender in one cell: a sample for each round, in the same order for all contenders.
struct Samples {
  PeerFacts facts;
  std::vector<double> cpu_ns;           // per operation
  std::vector<double> wall_ns;          // per operation of all threads together: the inverse of throughput
  std::vector<double> baseline_cpu_ns;  // the baseline's, in the same rounds
  std::vector<double> baseline_wall_ns;
  std::uint64_t operations = 0;
  std::uint64_t found = 0;
  std::uint64_t entries_held = 0;
  std::uint64_t bytes_used = 0;  // as it charges itself; 0 where it does not

  // How many times as fast as the baseline, round by round.
  Spread cpu_ratio() const;
  Spread wall_ratio() const;
  // As another contender, both against the baseline beside them: right also where the two ran in different groups.
  Spread cpu_ratio_to(const Samples& other) const;
  double hit_ratio() const { return operations == 0 ? 0.0 : double(found) / double(operations); }
};

// A promise of the project held against a figure.
struct Verdict {
  std::string claim;  // "larder: at least 2x sharded-lru"
  double figure = 0;
  std::string unit;  // "x", "bytes", "us"
  bool met = false;
};

struct CellResult {
  Cell cell;
  std::vector<Samples> peers;  // the baseline first
  std::optional<double> optimal_hit_ratio;
  std::vector<Verdict> verdicts;

  const Samples* peer(std::string_view name) const;  // null if it did not take part
};

// Figures of one peer, taken in a process of its own: "charged_per_entry" and so on.
struct ProcessResult {
  Row row = Row::kBytes;
  std::string title;
  std::uint64_t entries = 0;  // 0: a bound in bytes
  PeerFacts facts;
  std::string allocator;
  std::map<std::string, double> figures;
  std::string error;  // not empty: it was not measured, and why
  std::vector<Verdict> verdicts;
};

struct Results {
  std::vector<CellResult> cells;
  std::vector<ProcessResult> processes;
};

}  // namespace larder::bench
