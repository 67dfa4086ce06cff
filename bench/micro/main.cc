// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-micro: single operations of Larder's, with Google Benchmark. For seeing what a change does; the figures that
// are compared with others come from larder-bench.
#include <benchmark/benchmark.h>

#include "bench/workload/process_memory.h"

int main(int argc, char** argv) {
  benchmark::AddCustomContext("allocator", larder::bench::process_allocator());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
