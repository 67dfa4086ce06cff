// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Tables for people.
#pragma once

#include <ostream>
#include <string>

#include "bench/side_by_side/bench_options.h"
#include "bench/side_by_side/results.h"

namespace larder::bench {

void print_report(std::ostream& out, const BenchOptions& options, const Results& results);

}  // namespace larder::bench
