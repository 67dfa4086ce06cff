// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Results as a table for people, as tab-separated values, and as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "simulator/simulation.h"

namespace larder::simulator {

struct TraceReport {
  std::string name;    // as it was given
  std::string format;  // "ltrc, gzip"
  SimulationResult result;
};

std::string table_of(const std::vector<TraceReport>& reports, const SimulationPlan& plan);
std::string tsv_of(const std::vector<TraceReport>& reports);
std::string json_of(const std::vector<TraceReport>& reports);

// "1,234,567", and "9.8 MiB" for bytes.
std::string count_text(std::uint64_t count);
std::string size_text(const Capacity& capacity);
// Of each, size_text, or the bytes in full where that is the text of another one, too.
std::vector<std::string> size_labels(const std::vector<Capacity>& capacities);
// With so many digits behind the point.
std::string decimal_text(double number, int digits);
// Without control characters: names come from outside.
std::string printable(std::string_view text);

}  // namespace larder::simulator
