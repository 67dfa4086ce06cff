// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-bench: Larder and its peers side by side. docs/benchmarks.md says what each row means.
#include <fstream>
#include <iostream>
#include <memory>

#include "bench/peers/registry.h"
#include "bench/side_by_side/bench_options.h"
#include "bench/side_by_side/json_file.h"
#include "bench/side_by_side/pledges.h"
#include "bench/side_by_side/process_rows.h"
#include "bench/side_by_side/progress.h"
#include "bench/side_by_side/report.h"
#include "bench/side_by_side/throughput.h"

namespace larder::bench {
namespace {

int complain(const std::string& what) {
  std::cerr << "larder-bench: " << what << "\n";
  return 2;
}

// Figures of a peer that answers wrongly would be worth nothing.
bool check_peers(const BenchOptions& options) {
  for (const std::string& name : options.peers) {
    if (name == "no-cache") continue;
    const std::string wrong = make_peer(name)->check();
    if (wrong.empty()) continue;
    std::cerr << "larder-bench: " << name << " " << wrong << "\n";
    return false;
  }
  return true;
}

int run(const BenchOptions& options) {
  std::ofstream json;
  if (!options.json.empty()) {
    json.open(options.json);
    if (!json) return complain("cannot write to " + options.json);
  }
  if (!check_peers(options)) return 1;

  Progress progress;
  const std::vector<Cell> cells = plan_cells(options);
  expect_processes(options, progress);
  expect_cells(cells, options, progress);
  Results results;
  results.processes = run_processes(options, progress);
  results.cells = run_cells(cells, options, progress);
  judge(results);

  print_report(std::cout, options, results);
  if (json.is_open()) write_json(json, options, results);
  std::cout.flush();
  if (std::cout && (!json.is_open() || json.flush())) return 0;
  std::cerr << "larder-bench: the report could not be written\n";
  return 1;
}

}  // namespace
}  // namespace larder::bench

int main(int argc, char** argv) {
  using namespace larder::bench;
  if (argc > 1 && std::string(argv[1]) == "--child") return run_as_child({argv + 2, argv + argc});
  const auto parsed = parse_options(argc, argv);
  if (const auto* mistake = std::get_if<Mistake>(&parsed)) {
    return complain(mistake->text + "\nTry: larder-bench --help");
  }
  if (const auto* print = std::get_if<PrintText>(&parsed)) {
    std::cout << print->text;
    return 0;
  }
  return run(std::get<BenchOptions>(parsed));
}
