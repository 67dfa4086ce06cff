// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-sim: replays traces through policies, and says what misses.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "simulator/program/miss_ratio_plot.h"
#include "simulator/program/progress_bar.h"
#include "simulator/program/sim_options.h"
#include "simulator/program/sim_report.h"

namespace larder::simulator {
namespace {

int fail(const std::string& what) {
  std::cerr << "larder-sim: " << printable(what) << "\n";
  return 2;
}

void remark(const std::string& file, const std::string& what) {
  std::cerr << "larder-sim: " << printable(file + ": " + what) << "\n";
}

// Whether chance decides more of a sample's figures than the policies do: a cache that it makes too small.
bool sample_says_little(const SimulationResult& result, double rate) {
  constexpr double kObjectsMin = 100;
  return std::any_of(result.capacities.begin(), result.capacities.end(), [&](const Capacity& capacity) {
    const auto all = static_cast<double>(capacity.in_bytes ? *result.footprint.bytes : result.footprint.objects);
    const double share = static_cast<double>(capacity.number) / all;
    return share * rate * static_cast<double>(result.footprint.objects) < kObjectsMin;
  });
}

// What is wrong with a trace; empty: nothing. Its report is among them if there is anything to report.
std::string run_one(const SimOptions& options, const std::string& file, std::vector<TraceReport>& reports) {
  TraceResult read;
  {
    ProgressBar bar("reading", file);
    read = read_trace(file, options.reading, [&](double share) { bar.show(share); });
  }
  if (!read) return read.error;
  TraceReport report{file, description_of(*read.trace), {}};
  ProgressBar bar("simulating", file);
  report.result = simulate(*std::move(read.trace), options.plan, [&](double share) { bar.show(share); });
  std::string error = report.result.error;
  const std::string left_out = report.result.left_out.empty() ? "" : file + ": left out: " + report.result.left_out;
  if (error.empty() && !options.plot.empty()) error = not_drawable(report);
  if (!error.empty()) return (left_out.empty() ? "" : left_out + "; ") + file + ": " + error;
  if (options.plan.sample && sample_says_little(report.result, *options.plan.sample)) {
    remark(file, "the sample has fewer than 100 objects for the smallest cache, and may be far off: a larger --sample");
  }
  reports.push_back(std::move(report));
  return left_out;
}

std::string output_of(const SimOptions& options, const std::vector<TraceReport>& reports) {
  switch (options.output) {
    case SimOptions::Output::kTsv: return tsv_of(reports);
    case SimOptions::Output::kJson: return json_of(reports);
    case SimOptions::Output::kTable: break;
  }
  return table_of(reports, options.plan);
}

// With the system's reason.
std::string not_writable() { return std::string("cannot be written: ") + std::strerror(errno); }

// Before the work: a file that cannot be written is said at once.
std::string check_plot(const SimOptions& options) {
  if (options.plot.empty()) return {};
  std::error_code ignored;
  for (const std::string& file : options.files) {
    if (std::filesystem::equivalent(options.plot, file, ignored)) return "is a trace, and would be overwritten";
  }
  const bool was_there = std::filesystem::exists(options.plot, ignored);
  if (!std::ofstream(options.plot, std::ios::app)) return not_writable();
  if (!was_there) std::filesystem::remove(options.plot, ignored);
  return {};
}

// What went well is shown, whatever went wrong.
int run(const SimOptions& options) {
  if (std::string error = check_plot(options); !error.empty()) return fail("--plot " + options.plot + ": " + error);
  int status = 0;
  std::vector<TraceReport> reports;
  for (const std::string& file : options.files) {
    std::string error;
    try {
      error = run_one(options, file, reports);
    } catch (const std::bad_alloc&) {
      error = file + ": no memory for it";
    }
    if (!error.empty()) status = fail(error);
  }
  if (reports.empty()) return status;
  std::cout << output_of(options, reports) << std::flush;
  if (!std::cout) status = fail("standard output cannot be written");
  if (!options.plot.empty()) {
    std::ofstream file(options.plot);
    file << plot_of(reports) << std::flush;
    if (!file) status = fail("--plot " + options.plot + ": " + not_writable());
  }
  return status;
}

int run_command_line(const std::vector<std::string_view>& words) {
  SimOptions options;
  const std::string wrong = read_command_line(words, &options);
  if (!wrong.empty()) {
    fail(wrong);
    std::cerr << "Try larder-sim --help\n";
    return 2;
  }
  if (options.help || options.version) {
    std::cout << (options.help ? help_text() : version_text());
    return 0;
  }
  return run(options);
}

}  // namespace
}  // namespace larder::simulator

int main(int count, char** words) {
  return larder::simulator::run_command_line(std::vector<std::string_view>(words + 1, words + count));
}
