// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The report for programs. Times are in seconds or nanoseconds and memory is in bytes, as the names say.
#include <string_view>

#include "base/json_text.h"
#include "database.h"
#include "figures.h"
#include "report.h"
#include "workload.h"

namespace demo {
namespace {

// Members in the order in which they are added, with the indentation of their depth.
class Object {
 public:
  explicit Object(std::size_t depth = 1) : indent_(2 * depth, ' ') {}

  Object& raw(std::string_view name, std::string_view value) {
    members_ += members_.empty() ? "\n" : ",\n";
    members_ += indent_ + larder::base::json_text(name) + ": " + std::string(value);
    return *this;
  }
  Object& add(std::string_view name, std::string_view value) { return raw(name, larder::base::json_text(value)); }
  Object& add(std::string_view name, std::uint64_t value) { return raw(name, std::to_string(value)); }
  Object& add_double(std::string_view name, double value) { return raw(name, decimal_text(value, 6)); }
  Object& add_bool(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
  std::string text() const { return "{" + members_ + "\n" + indent_.substr(2) + "}"; }

 private:
  std::string indent_;
  std::string members_;
};

std::string latency_object(const Histogram& latency) {
  const auto ns = [](std::chrono::nanoseconds duration) { return static_cast<std::uint64_t>(duration.count()); };
  Object object(3);
  object.add("count", latency.count())
      .add("p50_ns", ns(latency.quantile(0.5)))
      .add("p90_ns", ns(latency.quantile(0.9)));
  object.add("p99_ns", ns(latency.quantile(0.99))).add("p999_ns", ns(latency.quantile(0.999)));
  return object.add("max_ns", ns(latency.max())).text();
}

std::string stats_object(const RunResult& run) {
  const larder::Stats& stats = *run.stats;
  Object removals(4);
  for (std::size_t cause = 0; cause < larder::kRemovalCauses; ++cause) {
    removals.add(to_string(static_cast<larder::RemovalCause>(cause)), stats.removals[cause]);
  }
  Object object(3);
  object.add("policy", stats.policy).add("shards", stats.shards);
  object.add("hits", stats.hits).add("misses", stats.misses).add_double("hit_ratio", stats.hit_ratio());
  object.add("entries", stats.entries).add("entries_high", run.memory.entries_high);
  object.add("max_memory_bytes", stats.max_memory).add("used_bytes", stats.bytes_used);
  object.add("used_high_bytes", run.memory.bytes_high).add("data_bytes", stats.bytes_data);
  object.add("memory_samples", run.memory.count).add("memory_samples_above_bound", run.memory.above_bound);
  object.add("loads", stats.loads).add("loads_joined", stats.loads_joined);
  object.add("loads_discarded", stats.loads_discarded)
      .add("loads_not_stored", stats.loads_not_stored)
      .add("loads_failed", stats.loads_failed);
  object.add("refused_out_of_memory", stats.refused_out_of_memory);
  object.add("store_writes", stats.store_writes).add("writes_coalesced", stats.writes_coalesced);
  object.add("write_batches", stats.write_batches).add("write_retries", stats.write_retries);
  object.add("dead_letters", stats.dead_letters).add("write_queue_full", stats.write_queue_full);
  object.add("dirty_high", run.dirty_high).add("dirty_age_high_ms", run.dirty_age_high_ms);
  return object.raw("removals", removals.text()).text();
}

std::string run_object(const RunResult& run) {
  Object object(2);
  object.add("requests", run.requests()).add("reads", run.reads).add("updates", run.updates);
  object.add_double("seconds", run.seconds).add_double("requests_per_second", run.per_second());
  object.raw("read_latency", latency_object(run.read_latency));
  object.raw("hit_latency", latency_object(run.hit_latency));
  object.raw("miss_latency", latency_object(run.miss_latency));
  object.raw("update_latency", latency_object(run.update_latency));
  object.add("database_reads", run.database_reads);
  object.add("answers_checked", run.checked).add("answers_too_old", run.too_old).add("answers_wrong", run.wrong);
  object.add("failures", run.failures);
  if (run.stats) object.raw("cache", stats_object(run));
  return object.text();
}

std::string workload_object(const Findings& findings) {
  const Workload& workload = findings.workload;
  Object object(2);
  object.add("title", workload.title()).add("requests", workload.requests()).add("rows", workload.rows());
  object.add("data_bytes", workload.data_bytes()).add("row_sizes", workload.sizes_title());
  object.add_double("updates_percent", findings.options.updates_percent).add("seed", findings.options.seed);
  return object.add("threads", findings.options.threads).text();
}

}  // namespace

std::string report_json(const Findings& findings) {
  Object object;
  object.raw("workload", workload_object(findings));
  object.add("database", Database::version()).add("policy", findings.options.policy);
  object.add("max_memory_bytes", findings.memory);
  object.add("ttl_ms", static_cast<std::uint64_t>(findings.options.ttl.count()));
  object.add_bool("invalidation_broken", findings.options.break_invalidation);
  if (findings.without) object.raw("without_cache", run_object(*findings.without));
  if (findings.with) {
    object.raw("with_cache", run_object(*findings.with));
    object.add_double("reads_saved", 1 - share_of(findings.with->database_reads, findings.with->reads));
  }
  if (findings.behind) {
    object.raw("written_behind", run_object(*findings.behind));
    object.add_double("outage_seconds", findings.outage_seconds);
    object.add("rows_compared", findings.comparison.rows).add("rows_updated", findings.comparison.updated);
    object.add("rows_lost", findings.comparison.lost).add("writes_not_flushed", findings.left.items);
  }
  return object.add_bool("correct", findings.correct()).text() + "\n";
}

}  // namespace demo
