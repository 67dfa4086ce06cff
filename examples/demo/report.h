// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the demo found out, for people and as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "measure.h"
#include "options.h"

namespace demo {

class Database;
class Workload;

// All that there is to report. A run that did not come about, for an interruption, has no value.
struct Findings {
  const Options& options;
  const Workload& workload;
  const Database& database;
  std::uint64_t memory = 0;               // the cache's bound
  std::optional<RunResult> without = {};  // the run without the cache
  std::optional<RunResult> with = {};     // the run with it

  bool correct() const { return (!without || without->correct()) && (!with || with->correct()); }
};

std::string report_text(const Findings& findings);
std::string report_json(const Findings& findings);

}  // namespace demo
