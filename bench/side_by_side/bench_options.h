// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The command line of larder-bench.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "bench/peers/contender.h"
#include "bench/side_by_side/cell.h"

namespace larder::bench {

// A list the user gave is taken as it is; an empty one stands for the default.
struct BenchOptions {
  bool full = false;
  std::vector<Row> only;
  std::vector<std::uint64_t> entries;
  std::vector<std::uint32_t> values;
  std::vector<Draw> draws;
  std::vector<unsigned> threads;
  std::vector<std::string> peers;  // never empty after parsing
  unsigned rounds = 7;
  double seconds = 0.25;  // that the baseline takes for one segment
  bool bound_is_memory = true;
  Pace pace = Pace::kOneByOne;
  std::uint64_t memory_max = 0;  // for all caches that are alive together. 0: 16 GiB, or what the machine can spare
  std::string json;              // a file, or empty
};

// What the command line asks for: to run, to print a text and stop (exit 0), or a mistake (exit 2).
struct PrintText {
  std::string text;
};
struct Mistake {
  std::string text;
};
std::variant<BenchOptions, PrintText, Mistake> parse_options(int argc, const char* const* argv);

// The timed cells to run, in order: grouped by entries, value size, and whether caches are at their bound.
std::vector<Cell> plan_cells(const BenchOptions& options);
bool wants(const BenchOptions& options, Row row);

}  // namespace larder::bench
