// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the demo found out, for people and as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "behind.h"
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
  std::optional<RunResult> behind = {};   // with the database behind it
  Comparison comparison = {};             // of that database, when all was flushed
  larder::FlushReport left = {};          // by the flush
  double outage_seconds = 0;              // that the store was made to fail

  bool correct() const {
    for (const auto* run : {&without, &with, &behind}) {
      if (*run && !(*run)->correct()) return false;
    }
    return comparison.lost == 0 && left.complete();
  }
};

std::string report_text(const Findings& findings);
std::string report_json(const Findings& findings);

}  // namespace demo
