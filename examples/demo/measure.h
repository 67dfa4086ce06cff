// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Replays a workload from several threads, measures each request and checks each answer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access.h"
#include "histogram.h"
#include "larder/stats.h"

namespace demo {

class FreshnessLedger;
class Workload;

// How memory and entries went while the cache was at work: looked at ten times a second.
struct MemorySamples {
  std::uint64_t count = 0;
  std::uint64_t bytes_high = 0;
  std::uint64_t entries_high = 0;
  std::uint64_t above_bound = 0;  // samples in which usage was above the bound: must stay 0
};

struct RunResult {
  double seconds = 0;
  std::uint64_t reads = 0;
  std::uint64_t updates = 0;
  std::uint64_t database_reads = 0;
  Histogram read_latency;
  Histogram hit_latency;   // of those reads for which this thread did not ask the database
  Histogram miss_latency;  // of the others
  Histogram update_latency;

  std::uint64_t checked = 0;
  std::uint64_t too_old = 0;          // older than an update that was completed before the read began
  std::uint64_t wrong = 0;            // not a whole value of that row
  std::uint64_t failures = 0;         // requests that ended in an error
  std::vector<std::string> examples;  // the first of what went wrong

  std::optional<larder::Stats> stats;  // of the cache, at the end
  std::uint64_t dirty_high = 0;        // the most writes that waited for the database
  std::uint64_t dirty_age_high_ms = 0;
  MemorySamples memory;

  std::uint64_t requests() const { return reads + updates; }
  double per_second() const;
  bool correct() const { return too_old == 0 && wrong == 0 && failures == 0 && memory.above_bound == 0; }
};

struct Run {
  std::string title;
  const Workload& workload;
  FreshnessLedger& ledger;
  std::uint32_t threads;
  std::chrono::duration<double> time_max;
  std::function<std::unique_ptr<Access>()> make_access;  // called once for each thread, before they start
  const larder::Cache* cache;                            // to look at meanwhile; null: there is none
  std::function<void(double share)> on_sample = {};      // called ten times a second, with the share of the time
  const std::atomic<bool>& interrupted;                  // true: end early
};

// Replays the workload from its beginning until it or the time ends, with a progress bar. Throws DatabaseError if no
// connection can be made; what goes wrong later is counted in the result.
RunResult measure(const Run& run);

}  // namespace demo
