// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-sim's command line.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/simulation.h"
#include "simulator/trace.h"

namespace larder::simulator {

struct SimOptions {
  enum class Output : std::uint8_t { kTable, kTsv, kJson };
  SimulationPlan plan;
  TraceOptions reading;
  std::vector<std::string> files;
  Output output = Output::kTable;
  std::string plot;  // a file; empty: none
  bool help = false;
  bool version = false;
};

// Reads it. What is wrong with it, in words; empty: nothing.
std::string read_command_line(std::span<const std::string_view> words, SimOptions* options);
std::string help_text();
std::string version_text();

}  // namespace larder::simulator
