// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Worker threads take requests from one queue, in blocks, so that the order of the workload is roughly kept; the
// calling thread looks at the cache and shows the progress.
#include "measure.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "figures.h"
#include "freshness.h"
#include "progress.h"
#include "row.h"
#include "workload.h"

namespace demo {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kBlockRequests = 64;
constexpr std::size_t kExamplesMax = 3;
constexpr std::chrono::milliseconds kSampleInterval{100};

// What the threads of one run share.
struct Shared {
  explicit Shared(const Run& the_run)
      : run(the_run), deadline(SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(run.time_max)) {}

  bool ended() const { return run.interrupted.load(std::memory_order_relaxed) || SteadyClock::now() >= deadline; }

  const Run& run;
  const SteadyClock::time_point deadline;
  std::atomic<std::size_t> next{0};  // request that nobody has taken

  std::mutex mutex;
  std::condition_variable a_worker_ended;
  std::size_t workers_ended = 0;  // guarded by mutex
};

// One thread's part. Thread safety: `requests_done` for all, the rest for its own thread until that has ended.
class Worker {
 public:
  Worker(Shared& shared, std::unique_ptr<Access> access, std::uint32_t number)
      : shared_(shared), access_(std::move(access)), stamp_(mix(number)) {}

  void work() {
    const std::size_t requests = shared_.run.workload.requests();
    while (!shared_.ended()) {
      const std::size_t first = shared_.next.fetch_add(kBlockRequests, std::memory_order_relaxed);
      if (first >= requests) break;
      const std::size_t last = std::min(first + kBlockRequests, requests);
      for (std::size_t request = first; request < last; ++request) one(request);
      requests_done_.store(result_.requests(), std::memory_order_relaxed);
    }
    result_.database_reads = access_->database_reads();
    {
      const std::lock_guard lock(shared_.mutex);
      ++shared_.workers_ended;
    }
    shared_.a_worker_ended.notify_one();
  }

  std::uint64_t requests_done() const { return requests_done_.load(std::memory_order_relaxed); }
  const RunResult& result() const { return result_; }

 private:
  void one(std::size_t request) {
    const Workload& workload = shared_.run.workload;
    const std::uint32_t id = workload.id(request);
    try {
      workload.is_update(request) ? update(id) : read(id);
    } catch (const std::exception& error) {
      ++result_.failures;
      note(error.what());
    }
  }

  void read(std::uint32_t id) {
    ++result_.reads;
    const std::uint32_t floor = shared_.run.ledger.floor_of(id);  // before the question is asked
    const std::uint64_t asked_before = access_->database_reads();
    const auto began = SteadyClock::now();
    const larder::Lookup<std::string> answer = access_->read(id);
    const auto latency = SteadyClock::now() - began;
    result_.read_latency.add(latency);
    (access_->database_reads() == asked_before ? result_.hit_latency : result_.miss_latency).add(latency);
    if (answer) {
      check(id, floor, *answer);
    } else {
      ++result_.failures;
      note("row " + std::to_string(id) + ": " + (answer.missing() ? "no value" : answer.status().to_string()));
    }
  }

  void update(std::uint32_t id) {
    ++result_.updates;
    stamp_ = mix(stamp_);
    const auto began = SteadyClock::now();
    const std::uint32_t version = access_->update(id, stamp_);
    result_.update_latency.add(SteadyClock::now() - began);
    shared_.run.ledger.complete(id, version);
  }

  void check(std::uint32_t id, std::uint32_t floor, const std::string& answer) {
    ++result_.checked;
    const auto version = version_of(answer, id, shared_.run.workload.payload_bytes(id));
    if (!version) {
      ++result_.wrong;
      note("row " + std::to_string(id) + ": the answer is not a whole value of this row");
    } else if (*version < floor) {
      ++result_.too_old;
      note("row " + std::to_string(id) + ": version " + std::to_string(*version) +
           " was answered after the update to " + std::to_string(floor) + " had been completed");
    }
  }

  void note(std::string what) {
    const bool again = !result_.examples.empty() && result_.examples.back() == what;
    if (!again && result_.examples.size() < kExamplesMax) result_.examples.push_back(std::move(what));
  }

  Shared& shared_;
  std::unique_ptr<Access> access_;
  std::uint64_t stamp_;
  RunResult result_;
  alignas(64) std::atomic<std::uint64_t> requests_done_{0};
};

// Writes that coalescing spared the database, of those that have left.
double writes_saved(const larder::Stats& stats) {
  return share_of(stats.writes_coalesced, stats.writes_coalesced + stats.store_writes);
}

void sample(const larder::Cache* cache, RunResult& result, std::string& figures) {
  if (cache == nullptr) return;
  MemorySamples& samples = result.memory;
  const larder::Stats stats = cache->stats();
  ++samples.count;
  samples.bytes_high = std::max(samples.bytes_high, stats.bytes_used);
  samples.entries_high = std::max(samples.entries_high, stats.entries);
  if (stats.max_memory != 0 && stats.bytes_used > stats.max_memory) ++samples.above_bound;
  figures += "  hit ratio " + percent_text(stats.hit_ratio());
  if (stats.store_writes + stats.writes_coalesced == 0) return;
  result.dirty_high = std::max(result.dirty_high, stats.dirty_items);
  result.dirty_age_high_ms = std::max(result.dirty_age_high_ms, stats.dirty_oldest_ms);
  figures += "  writes saved " + percent_text(writes_saved(stats)) + "  waiting " + count_text(stats.dirty_items) +
             ", " + duration_text(std::chrono::milliseconds(stats.dirty_oldest_ms));
}

// Samples and shows until all workers have ended.
void watch(Shared& shared, const std::vector<std::unique_ptr<Worker>>& workers, RunResult& result) {
  Progress progress(shared.run.title);
  const auto began = SteadyClock::now();
  for (bool all_ended = false; !all_ended;) {
    {
      std::unique_lock lock(shared.mutex);
      all_ended =
          shared.a_worker_ended.wait_for(lock, kSampleInterval, [&] { return shared.workers_ended == workers.size(); });
    }
    std::uint64_t done = 0;
    for (const auto& worker : workers) done += worker->requests_done();
    const std::chrono::duration<double> elapsed = SteadyClock::now() - began;
    const double of_requests = share_of(done, shared.run.workload.requests());
    const double of_time = share_of(elapsed.count(), shared.run.time_max.count());
    std::string figures = rate_text(share_of(static_cast<double>(done), elapsed.count()));
    if (shared.run.on_sample) shared.run.on_sample(of_time);
    sample(shared.run.cache, result, figures);
    if (all_ended) {
      result.seconds = elapsed.count();
      progress.finish(shared.run.interrupted ? of_requests : 1, figures);
    } else {
      progress.show(std::max(of_requests, of_time), figures);
    }
  }
}

void add(const RunResult& part, RunResult& whole) {
  whole.reads += part.reads;
  whole.updates += part.updates;
  whole.database_reads += part.database_reads;
  whole.read_latency.add(part.read_latency);
  whole.hit_latency.add(part.hit_latency);
  whole.miss_latency.add(part.miss_latency);
  whole.update_latency.add(part.update_latency);
  whole.checked += part.checked;
  whole.too_old += part.too_old;
  whole.wrong += part.wrong;
  whole.failures += part.failures;
  for (const std::string& example : part.examples) {
    if (whole.examples.size() < kExamplesMax) whole.examples.push_back(example);
  }
}

}  // namespace

double RunResult::per_second() const { return share_of(static_cast<double>(requests()), seconds); }

RunResult measure(const Run& run) {
  std::vector<std::unique_ptr<Access>> accesses;
  for (std::uint32_t i = 0; i < run.threads; ++i) accesses.push_back(run.make_access());
  Shared shared(run);
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::uint32_t i = 0; i < run.threads; ++i) {
    workers.push_back(std::make_unique<Worker>(shared, std::move(accesses[i]), i));
  }
  RunResult result;
  {
    std::vector<std::jthread> threads;
    for (const auto& worker : workers) threads.emplace_back([&worker] { worker->work(); });
    watch(shared, workers, result);
  }
  for (const auto& worker : workers) add(worker->result(), result);
  if (run.cache != nullptr) result.stats = run.cache->stats();
  return result;
}

}  // namespace demo
