// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A queue of jobs that loses none when a worker dies: a worker waits until it can move a job into a list of its own
// (blmove, which is atomic), and takes it out when the work is done. Who dies leaves it there, and a reaper gives it
// back. Jobs are delivered at least once, and each result counts once. A job that fails again and again, or kills its
// workers, ends in the dead letters.
//
// A queue is no cache: nothing may be evicted. With Eviction::none() `add` answers false when memory is full.
//
// A ManualClock stands in for time, so that a worker is dead at once. Your program leaves Options::clock alone.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <latch>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "larder/cache.h"

namespace {

using namespace std::chrono_literals;
using namespace larder::literals;
using enum larder::ListEnd;

constexpr auto kLease = 10s;  // a worker that has had a job for so long counts as dead
constexpr std::int64_t kAttempts = 3;

class JobQueue {
 public:
  explicit JobQueue(larder::Cache& cache) : cache_(cache) {}

  bool add(std::string_view job) { return cache_.rpush("waiting", job).ok(); }

  // A job, as soon as there is one; none when `stop` has been called. At any moment it is in one of the lists.
  std::optional<std::string> take(const std::string& worker) {
    cache_.sadd("workers", worker);
    const auto job = cache_.blmove("waiting", "taken:" + worker, kLeft, kRight, {.interrupt = &stopped_});
    if (!job) return std::nullopt;
    cache_.set("alive:" + worker, "", {.ttl = kLease});
    // Counted before the work, which may not come back.
    if (cache_.hincr_by("attempts", *job, 1).value_or(1) <= kAttempts) return *job;
    move_from(worker, "dead");
    return std::nullopt;
  }

  // False if the work has been done by another worker, too, and its result was faster: see reap.
  bool done(const std::string& worker, std::string_view job, std::string_view result) {
    const bool counts = cache_.hset_nx("results", job, result).value_or(false);
    cache_.lrem("taken:" + worker, 1, job);
    return counts;
  }

  void failed(const std::string& worker) { move_from(worker, "waiting"); }

  // Sends those home who wait for jobs.
  void stop() { stopped_.interrupt(); }

  // Gives back what dead workers have left. One that is only slow may still end its work, and somebody else do it
  // again. The names stay: who seems dead may ask for a job at any time.
  int reap() {
    int given_back = 0;
    for (const std::string_view name : *cache_.smembers("workers")) {
      const std::string worker(name);
      if (*cache_.exists("alive:" + worker)) continue;
      while (cache_.lmove("taken:" + worker, "waiting", kLeft, kLeft)) ++given_back;
    }
    return given_back;
  }

  std::uint64_t results() { return *cache_.hlen("results"); }
  std::uint64_t dead() { return *cache_.llen("dead"); }
  bool has_result(std::string_view job) { return *cache_.hexists("results", job); }
  bool is_dead(std::string_view job) { return cache_.lpos("dead", job).has_value(); }

 private:
  // The one job that a worker has; a miss, if the reaper was there.
  void move_from(const std::string& worker, std::string_view to) {
    (void)cache_.lmove("taken:" + worker, to, kLeft, kRight);
  }

  larder::Cache& cache_;
  larder::Interrupt stopped_;
};

constexpr std::uint64_t kJobs = 300;
constexpr std::string_view kBroken = "job-7";  // fails whoever tries

bool is_finished(JobQueue& queue) { return queue.results() + queue.dead() == kJobs; }

void work(JobQueue& queue, const std::string& name) {
  while (!is_finished(queue)) {
    const auto job = queue.take(name);
    if (!job) continue;
    *job == kBroken ? queue.failed(name) : void(queue.done(name, *job, "done by " + name));
  }
  queue.stop();
}

}  // namespace

int main() {
  larder::ManualClock clock;
  larder::Cache cache({.max_memory = 16_MiB, .eviction = larder::Eviction::none(), .clock = &clock});
  JobQueue queue(cache);
  for (std::uint64_t i = 0; i < kJobs; ++i) {
    if (!queue.add("job-" + std::to_string(i))) return 1;
  }

  int given_back = 0;
  {
    std::latch one_is_taken(1);
    std::jthread unlucky([&] {
      if (!queue.take("unlucky")) std::printf("nothing to do?\n");
      one_is_taken.count_down();
    });  // dies here, with a job in hand
    std::vector<std::jthread> workers;
    for (int i = 0; i < 3; ++i) {
      workers.emplace_back([&, name = "worker-" + std::to_string(i)] {
        one_is_taken.wait();
        work(queue, name);
      });
    }
    unlucky.join();
    clock.advance(kLease);
    while (!is_finished(queue)) {
      given_back += queue.reap();
      std::this_thread::yield();  // in your program, it sleeps for a second
    }
  }

  bool right = given_back >= 1;
  for (std::uint64_t i = 0; i < kJobs; ++i) {
    const std::string job = "job-" + std::to_string(i);
    right = right && queue.has_result(job) == (job != kBroken) && queue.is_dead(job) == (job == kBroken);
  }
  std::printf("%llu jobs were done, one of them again after its worker had died\n",
              static_cast<unsigned long long>(queue.results()));
  std::printf("%llu in the dead letters after %lld attempts: %s\n", static_cast<unsigned long long>(queue.dead()),
              static_cast<long long>(kAttempts), cache.lindex("dead", 0).value_or("").c_str());
  return right && cache.check_invariants().ok() ? 0 : 1;
}
