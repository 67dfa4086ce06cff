// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The same results for programs: one JSON object with "circumstances", "rows" (timed) and "processes" (in a process
// each).
#pragma once

#include <ostream>

#include "bench/side_by_side/bench_options.h"
#include "bench/side_by_side/results.h"

namespace larder::bench {

void write_json(std::ostream& out, const BenchOptions& options, const Results& results);

}  // namespace larder::bench
