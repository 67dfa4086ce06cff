// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/side_by_side/report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "bench/peers/registry.h"
#include "bench/side_by_side/machine.h"
#include "bench/workload/keys.h"

namespace larder::bench {
namespace {

__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

std::string percent(double share) { return format("%.1f %%", 100 * share); }

void print_verdicts(std::ostream& out, const std::vector<Verdict>& verdicts) {
  for (const Verdict& verdict : verdicts) {
    out << format("  %-8s %s: %.*f %s\n", verdict.met ? "met" : "NOT MET", verdict.claim.c_str(),
                  verdict.unit == "x" ? 2 : 1, verdict.figure, verdict.unit.c_str());
  }
}

// Bytes of an entry beyond its key and value, as it charges itself.
std::string overhead_of(const Samples& peer, const Cell& cell) {
  if (peer.bytes_used == 0 || peer.entries_held == 0) return "-";
  return format("%.1f", static_cast<double>(peer.bytes_used) / static_cast<double>(peer.entries_held) -
                            static_cast<double>(kKeyBytes + cell.value_bytes));
}

bool shows_hits(Row row) { return row != Row::kSet && row != Row::kInsert; }

void print_cell(std::ostream& out, const CellResult& result) {
  const bool at_bound = is_at_bound(result.cell.row);
  const Samples* larder = result.peer(kDefaultLarder);
  out << "\n" << title_of(result.cell) << "\n";
  out << format("  %-20s %-10s %9s %17s %9s %8s %15s %8s", "peer", "policy", "cpu ns/op", "(min to max)", "wall ns",
                "x cpu", "(min to max)", "x wall");
  out << (larder != nullptr ? " x larder" : "") << (shows_hits(result.cell.row) ? "     hits" : "")
      << (at_bound ? "     held overhead" : "") << "\n";
  for (const Samples& peer : result.peers) {
    const Spread cpu = spread_of(peer.cpu_ns);
    const Spread ratio = peer.cpu_ratio();
    const std::string cpu_range = format("(%.0f to %.0f)", cpu.min, cpu.max);
    const std::string ratio_range = format("(%.2f to %.2f)", ratio.min, ratio.max);
    out << format("  %-20s %-10s %9.1f %17s %9.1f %8.2f %15s %8.2f", peer.facts.name.c_str(), peer.facts.policy.c_str(),
                  cpu.median, cpu_range.c_str(), spread_of(peer.wall_ns).median, ratio.median, ratio_range.c_str(),
                  peer.wall_ratio().median);
    if (larder != nullptr) out << format(" %8.2f", peer.cpu_ratio_to(*larder).median);
    if (shows_hits(result.cell.row)) out << format(" %8s", percent(peer.hit_ratio()).c_str());
    if (at_bound) {
      out << format(" %8llu", static_cast<unsigned long long>(peer.entries_held))
          << format(" %8s", overhead_of(peer, result.cell).c_str());
    }
    out << "\n";
  }
  if (result.optimal_hit_ratio) {
    out << "  the best hit ratio without knowing the future (the most popular keys kept): "
        << percent(*result.optimal_hit_ratio) << "\n";
  }
  print_verdicts(out, result.verdicts);
}

std::string longest(const std::map<std::string, double>& figures, const std::string& name) {
  std::string text;
  for (int i = 0; i < 5; ++i) {
    const auto found = figures.find(name + "_" + std::to_string(i));
    if (found != figures.end()) text += format(i == 0 ? "%.0f" : ", %.0f", found->second);
  }
  return text;
}

std::string describe(const ProcessResult& result) {
  if (!result.error.empty()) return "NOT MEASURED: " + result.error;
  const auto& figures = result.figures;
  const auto figure = [&](const char* name) {
    const auto found = figures.find(name);
    return found == figures.end() ? 0.0 : found->second;
  };
  std::string text;
  switch (result.row) {
    case Row::kBytes:
      text = format("by the process's growth (VmRSS) %.1f", figure("resident"));
      if (figures.contains("charged")) text += format("; as it charges itself %.1f", figure("charged"));
      if (figures.contains("charged_at_bound")) {
        text += format(", at its bound with ghosts %.1f (%.0f entries)", figure("charged_at_bound"),
                       figure("entries_at_bound"));
      }
      return text;
    case Row::kGrowth:
      return format("grew by %.3fx (highest %.3fx) with %s; charged at most %.4fx; %.0f entries after %.0f writes",
                    figure("resident_growth") / figure("max_memory"),
                    figure("resident_growth_highest") / figure("max_memory"), result.allocator.c_str(),
                    figure("charged_highest") / figure("max_memory"), figure("entries"), figure("writes"));
    case Row::kPause:
      return "wall us " + longest(figures, "pause_wall_us") + " | control " + longest(figures, "control_wall_us") +
             " | cpu us " + longest(figures, "pause_cpu_us") + " | control " + longest(figures, "control_cpu_us");
    default: return text;
  }
}

void print_processes(std::ostream& out, Row row, const std::vector<ProcessResult>& results) {
  bool first = true;
  for (const ProcessResult& result : results) {
    if (result.row != row) continue;
    if (first) out << "\n" << title_of(row) << ": " << result.title << "\n";
    first = false;
    out << format("  %-20s %-10s ", result.facts.name.c_str(), result.facts.policy.c_str()) << describe(result) << "\n";
  }
  for (const ProcessResult& result : results) {
    if (result.row == row) print_verdicts(out, result.verdicts);
  }
}

void print_circumstances(std::ostream& out, const BenchOptions& options) {
  for (const auto& [name, text] : circumstances()) out << format("%-11s", name.c_str()) << text << "\n";
  out << "\nOne thread's CPU time per operation, " << options.rounds
      << " rounds, medians. x: how many times as fast as " << kBaseline << ", taken round by round; x larder: as "
      << kDefaultLarder << ".\n"
      << (options.pace == Pace::kOneByOne ? "An operation begins when the one before has its answer."
                                          : "Operations overlap as the processor likes (--overlap).")
      << "\nLarder's bound where it evicts: "
      << (options.bound_is_memory ? "the max_memory that holds as many entries as the others (--bound memory)"
                                  : "max_entries (--bound entries)")
      << ".\n\nWhat they are, and do not do:\n";
  for (const std::string& name : options.peers) {
    out << format("  %-20s ", name.c_str()) << make_peer(name)->facts().note << "\n";
  }
  for (const std::string& missing : missing_peers()) out << "  not here: " << missing << "\n";
}

void print_summary(std::ostream& out, const Results& results) {
  std::size_t met = 0;
  std::size_t all = 0;
  const auto count = [&](const std::vector<Verdict>& verdicts) {
    all += verdicts.size();
    met += static_cast<std::size_t>(
        std::count_if(verdicts.begin(), verdicts.end(), [](const Verdict& v) { return v.met; }));
  };
  for (const CellResult& result : results.cells) count(result.verdicts);
  for (const ProcessResult& result : results.processes) count(result.verdicts);
  if (all > 0) out << "\n" << met << " of " << all << " pledges met\n";
}

}  // namespace

void print_report(std::ostream& out, const BenchOptions& options, const Results& results) {
  print_circumstances(out, options);
  for (const CellResult& result : results.cells) print_cell(out, result);
  for (const Row row : kRows) {
    if (!is_timed(row)) print_processes(out, row, results.processes);
  }
  print_summary(out, results);
}

}  // namespace larder::bench
