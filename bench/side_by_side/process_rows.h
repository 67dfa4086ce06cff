// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The rows whose figures are taken one peer at a time, each in a process of its own: bytes per entry, growth over
// max_memory, and the longest pause of one insert. larder-bench starts itself for them ("--child row peer entries").
#pragma once

#include <string>
#include <vector>

#include "bench/side_by_side/bench_options.h"
#include "bench/side_by_side/progress.h"
#include "bench/side_by_side/results.h"

namespace larder::bench {

void expect_processes(const BenchOptions& options, Progress& progress);
std::vector<ProcessResult> run_processes(const BenchOptions& options, Progress& progress);

// The child's side: the words behind "--child". Its exit status.
int run_as_child(const std::vector<std::string>& words);

}  // namespace larder::bench
