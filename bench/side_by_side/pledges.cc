// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/side_by_side/pledges.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "bench/peers/registry.h"

namespace larder::bench {
namespace {

// At least `factor` times as fast as `against`, by thread CPU time.
struct SpeedPledge {
  Row row;
  std::string_view against;
  double factor;
};
constexpr SpeedPledge kSpeedPledges[] = {
    {Row::kGetHit, kBaseline, 2.0},     {Row::kGetHit, "rocksdb-hyper-clock", 1.5},
    {Row::kGetHit, "rocksdb-lru", 2.0}, {Row::kBatch, kBaseline, 5.0},  // whose row is of single GETs
    {Row::kInsert, kBaseline, 2.5},     {Row::kInsert, "rocksdb-lru", 3.0},
};
// Smaller caches fit into a processor's own caches, and fixed costs weigh more: no promise is made of them.
constexpr std::uint64_t kEntriesMin = 1'000'000;

constexpr double kOverheadBytesMax = 45;        // with a TTL, at the bound
constexpr double kGrowthMax = 1.15;             // of the process, over max_memory
constexpr double kPauseBeyondControlUs = 1000;  // while growing from 0 to 10M entries
constexpr std::uint64_t kPauseEntriesMin = 10'000'000;
constexpr double kScalingMin = 10;  // of 16 threads over one
constexpr unsigned kScalingThreads = 16;

// The default policy is what is promised.
bool is_promised(std::string_view peer) { return peer == kDefaultLarder || peer.starts_with("larder+"); }

std::string trimmed(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", number);
  return text;
}

void judge_speed(CellResult& result) {
  if (result.cell.entries < kEntriesMin) return;
  for (const SpeedPledge& pledge : kSpeedPledges) {
    const Samples* other = result.peer(pledge.against);
    if (pledge.row != result.cell.row || other == nullptr) continue;
    for (const Samples& peer : result.peers) {
      if (!is_promised(peer.facts.name)) continue;
      const double speed = peer.cpu_ratio_to(*other).median;
      const std::string what = result.cell.row == Row::kBatch ? "'s single GET" : "";
      result.verdicts.push_back(
          {peer.facts.name + ": at least " + trimmed(pledge.factor) + "x " + std::string(pledge.against) + what, speed,
           "x", speed >= pledge.factor});
    }
  }
}

// The same cell with one thread, if it has run.
const CellResult* one_thread_of(const Results& results, const Cell& cell) {
  const auto found = std::find_if(results.cells.begin(), results.cells.end(), [&](const CellResult& other) {
    return other.cell.row == cell.row && other.cell.entries == cell.entries && other.cell.draw == cell.draw &&
           other.cell.value_bytes == cell.value_bytes && other.cell.threads == 1;
  });
  return found == results.cells.end() ? nullptr : &*found;
}

void judge_scaling(const Results& results, CellResult& result) {
  const Cell& cell = result.cell;
  if (cell.row != Row::kGetHit || cell.draw != Draw::kZipf || cell.threads != kScalingThreads) return;
  const CellResult* single = one_thread_of(results, cell);
  if (single == nullptr) return;
  for (std::size_t i = 0; i < result.peers.size() && i < single->peers.size(); ++i) {
    if (!is_promised(result.peers[i].facts.name)) continue;
    const double scaling = spread_of(single->peers[i].wall_ns).median / spread_of(result.peers[i].wall_ns).median;
    result.verdicts.push_back(
        {result.peers[i].facts.name + ": 16 threads at least " + trimmed(kScalingMin) + "x one thread (on 16 cores)",
         scaling, "x", scaling >= kScalingMin});
  }
}

void at_most(ProcessResult& result, const std::string& claim, double figure, double bound, const std::string& unit) {
  result.verdicts.push_back({result.facts.name + ": " + claim, figure, unit, figure <= bound});
}

void judge_process(ProcessResult& result) {
  if (!is_promised(result.facts.name) || !result.error.empty()) return;
  const auto figure = [&](const char* name) { return result.figures[name]; };
  switch (result.row) {
    case Row::kBytes:
      if (result.facts.name == "larder+near-ttl" && result.entries >= kEntriesMin) {
        at_most(result, "at most 45 bytes of overhead an entry, with ghosts and a timer each",
                figure("charged_at_bound"), kOverheadBytesMax, "bytes");
      }
      break;
    case Row::kGrowth:
      at_most(result, "never charged above max_memory (highest share of it)",
              figure("charged_highest") / figure("max_memory"), 1.0, "x");
      at_most(result, "process grows by at most 1.15x max_memory",
              figure("resident_growth_highest") / figure("max_memory"), kGrowthMax, "x");
      break;
    case Row::kPause:
      if (result.entries < kPauseEntriesMin) break;
      // By CPU time: one thread that waits for nobody has no other pauses but those the machine makes.
      at_most(result, "longest pause at most 1 ms beyond the control's, by CPU time",
              figure("pause_cpu_us_0") - figure("control_cpu_us_0"), kPauseBeyondControlUs, "us");
      break;
    default: break;
  }
}

}  // namespace

void judge(Results& results) {
  for (CellResult& result : results.cells) {
    judge_speed(result);
    judge_scaling(results, result);
  }
  for (ProcessResult& result : results.processes) judge_process(result);
}

}  // namespace larder::bench
