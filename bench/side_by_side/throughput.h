// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The timed rows. All contenders of a cell hold the same entries at the same time and take turns, round by round, each
// with the same keys (A B C A B C ...), so that whatever else the machine does meets all of them alike; ratios are
// taken within a round.
#pragma once

#include <vector>

#include "bench/side_by_side/bench_options.h"
#include "bench/side_by_side/progress.h"
#include "bench/side_by_side/results.h"

namespace larder::bench {

// Announces to `progress` what run_cells will do.
void expect_cells(const std::vector<Cell>& cells, const BenchOptions& options, Progress& progress);
std::vector<CellResult> run_cells(const std::vector<Cell>& cells, const BenchOptions& options, Progress& progress);

}  // namespace larder::bench
