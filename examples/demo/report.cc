// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The report for people: what was done, both runs side by side, the cache, the verdict.
#include "report.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "database.h"
#include "figures.h"
#include "workload.h"

namespace demo {
namespace {

constexpr std::size_t kLabelWidth = 18;
constexpr std::size_t kColumnWidth = 15;

// Pads to a number of characters.
std::string left(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}
std::string right(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 1, ' ') + text;
}

std::string line(const std::string& label, const std::string& text) { return left(label, kLabelWidth) + text + "\n"; }

// Three columns, and what follows from the first two. A run that was not made leaves its column empty.
class Table {
 public:
  explicit Table(const Findings& findings) : findings_(findings) {}

  template <typename Figure>
  void row(const std::string& label, Figure&& figure, const std::string& conclusion = {}) {
    text_ += left(label, kLabelWidth);
    for (const auto* run : {&findings_.without, &findings_.with, &findings_.behind}) {
      text_ += right(*run ? figure(**run) : "-", kColumnWidth);
    }
    if (!conclusion.empty()) text_ += right(conclusion, kColumnWidth);
    text_ += "\n";
  }

  // "3.1 x" of what grows, or shrinks, with the cache.
  template <typename Figure>
  std::string gain(Figure&& figure, bool less_is_better) const {
    if (!findings_.without || !findings_.with) return {};
    const double before = static_cast<double>(figure(*findings_.without));
    const double after = static_cast<double>(figure(*findings_.with));
    const double factor = less_is_better ? share_of(before, after) : share_of(after, before);
    return factor == 0 ? std::string() : decimal_text(factor, factor < 9.95 ? 1 : 0) + " x";
  }

  void latency(const std::string& label, const Histogram RunResult::*which, double share) {
    const auto of = [&](const RunResult& run) { return share < 1 ? (run.*which).quantile(share) : (run.*which).max(); };
    row(
        label, [&](const RunResult& run) { return (run.*which).count() == 0 ? "-" : duration_text(of(run)); },
        gain([&](const RunResult& run) { return of(run).count(); }, true));
  }

  const std::string& text() const { return text_; }

 private:
  const Findings& findings_;
  std::string text_;
};

std::string setting(const Findings& findings) {
  const Options& options = findings.options;
  const Workload& workload = findings.workload;
  std::string text = line("workload", workload.title());
  text += line("", count_text(workload.requests()) + " requests for " + count_text(workload.rows()) + " rows, " +
                       decimal_text(options.updates_percent, 1) + " % of them updates, from " +
                       std::to_string(options.threads) + (options.threads == 1 ? " thread" : " threads"));
  text += line("database", Database::version() + ", WAL; " + bytes_text(findings.database.file_bytes()) +
                               " in rows of " + workload.sizes_title());
  std::string cache = options.policy + ", ";
  cache += findings.memory == 0 ? "no memory bound"
                                : bytes_text(findings.memory) + " (" +
                                      percent_text(share_of(findings.memory, workload.data_bytes())) + " of the data)";
  cache += options.ttl.count() == 0 ? ", no time to live" : ", time to live " + duration_text(options.ttl);
  text += line("cache", cache);
  if (options.break_invalidation)
    text += line("", "BROKEN ON PURPOSE: updates do not invalidate (--break-invalidation)");
  return text + "\n";
}

// What a reader of the table might stumble over.
std::string notes(const Findings& findings) {
  if (!findings.without || !findings.with) return {};
  const RunResult& without = *findings.without;
  const RunResult& with = *findings.with;
  std::string text;
  if (with.requests() != without.requests()) {
    text += "note: the runs had time for different parts of the workload: compare rates and latencies, not counts\n";
  }
  if (with.per_second() < without.per_second()) {
    text +=
        "note: slower with the cache: this database answers within the process, from memory (" +
        duration_text(without.read_latency.quantile(0.5)) + "), and " + percent_text(1 - with.stats->hit_ratio()) +
        " of\n      the look-ups missed: each costs that, a look-up and a store. A cache pays where rows are dearer\n";
  }
  return text;
}

std::string comparison(const Findings& findings) {
  Table table(findings);
  std::string text = left("", kLabelWidth) + right("without cache", kColumnWidth) + right("with cache", kColumnWidth) +
                     right("written behind", kColumnWidth) + right("with : without", kColumnWidth) + "\n";
  table.row("requests", [](const RunResult& run) { return count_text(run.requests()); });
  table.row("of the workload",
            [&](const RunResult& run) { return percent_text(share_of(run.requests(), findings.workload.requests())); });
  table.row("time", [](const RunResult& run) {
    return duration_text(std::chrono::nanoseconds(static_cast<std::int64_t>(run.seconds * 1e9)));
  });
  table.row(
      "throughput", [](const RunResult& run) { return rate_text(run.per_second()); },
      table.gain([](const RunResult& run) { return run.per_second(); }, false));
  table.latency("read      p50", &RunResult::read_latency, 0.5);
  table.latency("          p90", &RunResult::read_latency, 0.9);
  table.latency("          p99", &RunResult::read_latency, 0.99);
  table.latency("          p99.9", &RunResult::read_latency, 0.999);
  table.latency("          max", &RunResult::read_latency, 1);
  table.latency("update    p50", &RunResult::update_latency, 0.5);
  table.latency("          p99", &RunResult::update_latency, 0.99);
  table.row("reads", [](const RunResult& run) { return count_text(run.reads); });
  table.row("database reads", [](const RunResult& run) { return count_text(run.database_reads); });
  table.row(
      "  per 1,000 reads",
      [](const RunResult& run) { return decimal_text(1'000 * share_of(run.database_reads, run.reads), 1); },
      findings.with ? percent_text(1 - share_of(findings.with->database_reads, findings.with->reads)) + " saved" : "");
  return text + table.text() + notes(findings) + "\n";
}

std::string cache_figures(const RunResult& run) {
  const larder::Stats& stats = *run.stats;
  std::string text = line("hit ratio", percent_text(stats.hit_ratio()) + "  (" + count_text(stats.hits) + " hits, " +
                                           count_text(stats.misses) + " misses)");
  for (const auto& [label, latency] :
       {std::pair{"  a hit takes", &run.hit_latency}, {"  a miss takes", &run.miss_latency}}) {
    text += line(label, duration_text(latency->quantile(0.5)) + " (p50), " + duration_text(latency->quantile(0.99)) +
                            " (p99), " + duration_text(latency->quantile(0.999)) + " (p99.9)");
  }
  const std::string memory = bytes_text(stats.bytes_used) + " used, bound " +
                             (stats.max_memory == 0 ? "none" : bytes_text(stats.max_memory)) + ", high-water " +
                             bytes_text(run.memory.bytes_high) + " (samples: " + count_text(run.memory.count) + ")";
  text += line("memory", memory);
  text += line("", "keys and values " + bytes_text(stats.bytes_data) + ", entries " + bytes_text(stats.bytes_entries) +
                       ", index " + bytes_text(stats.bytes_index) + ", set aside " + bytes_text(stats.bytes_set_aside) +
                       ", fixed " + bytes_text(stats.bytes_fixed));
  text += line("entries", count_text(stats.entries) + ", " + count_text(run.memory.entries_high) + " at the most, in " +
                              count_text(stats.shards) + (stats.shards == 1 ? " shard" : " shards"));
  std::string removals;
  for (std::size_t cause = 0; cause < larder::kRemovalCauses; ++cause) {
    if (!removals.empty()) removals += ", ";
    removals +=
        std::string(to_string(static_cast<larder::RemovalCause>(cause))) + " " + count_text(stats.removals[cause]);
  }
  text += line("removals", removals);
  text += line("loads", count_text(stats.loads) + " run, " + count_text(stats.loads_joined) + " joined, " +
                            count_text(stats.loads_discarded) + " overtaken by an update and not kept, " +
                            count_text(stats.loads_not_stored) + " with no room, " + count_text(stats.loads_failed) +
                            " failed");
  return text + "\n";
}

std::string behind_figures(const Findings& findings) {
  const RunResult& run = *findings.behind;
  const larder::Stats& stats = *run.stats;
  std::string text =
      line("written behind", count_text(run.updates) + " updates, " + count_text(stats.store_writes) + " writes in " +
                                 count_text(stats.write_batches) + " batches, " +
                                 percent_text(share_of(stats.writes_coalesced, run.updates)) + " saved by coalescing");
  text +=
      line("", "waiting at the most " + count_text(run.dirty_high) + " writes, for " +
                   duration_text(std::chrono::milliseconds(run.dirty_age_high_ms)) + "; a batch takes " +
                   duration_text(std::chrono::microseconds(stats.store_write_latency.quantile_us(0.5))) + " (p50), " +
                   duration_text(std::chrono::microseconds(stats.store_write_latency.quantile_us(0.99))) + " (p99)");
  text += line("", "the store was made to fail for " + decimal_text(findings.outage_seconds, 1) + " s: " +
                       count_text(stats.write_retries) + " mutations tried again, " + count_text(stats.dead_letters) +
                       " dead letters, " + count_text(stats.write_queue_full) + " writers found the buffer full");
  return text + "\n";
}

std::string verdict(const Findings& findings) {
  std::string text;
  std::uint64_t checked = 0;
  std::uint64_t too_old = 0;
  std::uint64_t wrong = 0;
  std::uint64_t failures = 0;
  std::string examples;
  for (const auto* run : {&findings.without, &findings.with, &findings.behind}) {
    if (!*run) continue;
    checked += (*run)->checked;
    too_old += (*run)->too_old;
    wrong += (*run)->wrong;
    failures += (*run)->failures;
    for (const std::string& example : (*run)->examples) examples += line("", "for example: " + example);
  }
  text +=
      line("freshness", count_text(checked) + " answers checked: " + count_text(too_old) + " older than they may be, " +
                            count_text(wrong) + " wrong, " + count_text(failures) + " requests failed");
  text += examples;
  for (const auto* run : {&findings.with, &findings.behind}) {
    if (*run && (*run)->memory.above_bound > 0)
      text += line("memory", count_text((*run)->memory.above_bound) + " samples ABOVE THE BOUND");
  }
  if (findings.behind) {
    const Comparison& comparison = findings.comparison;
    text += line("database", count_text(comparison.rows) + " rows compared with what was written, " +
                                 count_text(comparison.updated) + " of them updated: " +
                                 (comparison.lost == 0 ? "none lost" : count_text(comparison.lost) + " LOST OR OLD"));
    for (const std::string& example : comparison.examples) text += line("", "for example: " + example);
    if (!findings.left.complete())
      text += line("", count_text(findings.left.items) +
                           " writes could not be flushed: " + findings.left.last_error.to_string());
  }
  text += line("result", findings.correct() ? "OK" : "FAILED");
  return text;
}

}  // namespace

std::string report_text(const Findings& findings) {
  std::string text = setting(findings) + comparison(findings);
  if (findings.with && findings.with->stats) text += cache_figures(*findings.with);
  if (findings.behind && findings.behind->stats) text += behind_figures(findings);
  return text + verdict(findings);
}

}  // namespace demo
