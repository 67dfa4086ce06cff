// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/side_by_side/process_rows.h"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "bench/peers/registry.h"
#include "bench/side_by_side/child_process.h"
#include "bench/side_by_side/churn.h"
#include "bench/workload/process_memory.h"

#if LARDER_BENCH_MIMALLOC
#include "bench/workload/mimalloc_allocator.h"
#endif

namespace larder::bench {
namespace {

constexpr std::uint32_t kValueBytes = 32;
constexpr std::size_t kStep = 1 << 16;  // keys made at a time
constexpr std::uint64_t kBytesEntries = 1'000'000;
constexpr std::uint64_t kPauseEntries = 10'000'000;
constexpr std::uint64_t kGrowthMemory = std::uint64_t{1} << 30;
constexpr std::uint64_t kFirstFresh = std::uint64_t{1} << 40;

// Shows `use` the keys of ids from `first` on, some at a time.
void each_step(std::uint64_t first, std::uint64_t count, const std::function<void(KeySpan)>& use) {
  for (std::uint64_t done = 0; done < count;) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(kStep, count - done));
    std::uint64_t id = first + done;
    const KeySequence keys(step, [&] { return id++; });
    use(keys.all());
    done += step;
  }
}

// --- In the child -------------------------------------------------------------------------------------------------

void measure_bytes(Contender& peer, std::uint64_t entries) {
  const std::string value = value_of(kValueBytes);
  const auto set = [&](KeySpan keys) { peer.run(Work::kSet, Pace::kOverlapped, keys, value); };
  const auto print_overhead = [&](const std::string& name, double bytes, std::uint64_t held) {
    print_figure(name, bytes / static_cast<double>(held) - static_cast<double>(kKeyBytes + kValueBytes));
  };
  each_step(0, kStep, [](KeySpan) {});  // so that the buffers count as before

  const std::uint64_t before = resident_memory().now;
  peer.open({.entries = entries, .value_bytes = kValueBytes});
  each_step(0, entries, set);
  const std::uint64_t after = resident_memory().now;
  print_overhead("resident", static_cast<double>(after) - static_cast<double>(before), peer.entries());
  if (peer.bytes_used() == 0) return;
  print_overhead("charged", static_cast<double>(peer.bytes_used()), peer.entries());

  // At the bound, where the policy has its ghosts.
  peer.close();
  peer.open({.entries = entries, .value_bytes = kValueBytes, .at_bound = true});
  each_step(0, entries, set);
  for (std::uint64_t pass = 0; pass < 2; ++pass) {
    peer.tighten(entries);
    each_step(kFirstFresh + 2 * pass * entries, 2 * entries, set);
  }
  print_overhead("charged_at_bound", static_cast<double>(peer.bytes_used()), peer.entries());
  print_figure("entries_at_bound", static_cast<double>(peer.entries()));
}

void print_pauses(const std::string& name, const PauseRecorder& pauses) {
  for (std::size_t i = 0; i < PauseRecorder::kKept; ++i) {
    print_figure(name + "_wall_us_" + std::to_string(i), static_cast<double>(pauses.longest_wall()[i]) * 1e-3);
    print_figure(name + "_cpu_us_" + std::to_string(i), static_cast<double>(pauses.longest_cpu()[i]) * 1e-3);
  }
}

// What the control takes for each key: as much new memory as an entry of Larder's, since the kernel's work for a page
// that nobody had before is no cache's doing.
class NewMemory {
 public:
  void take(std::string_view key, std::string_view value) {
    if (left_ < kBytes) {
      blocks_.emplace_back(new char[kBlock]);
      left_ = kBlock;
    }
    char* to = blocks_.back().get() + kBlock - left_;
    left_ -= kBytes;
    std::memcpy(to, key.data(), key.size());
    std::memcpy(to + key.size(), value.data(), value.size());
  }

 private:
  static constexpr std::size_t kBytes = kKeyBytes + kValueBytes + 32;
  static constexpr std::size_t kBlock = 64 << 10;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t left_ = 0;
};

// Peer and control take turns, with the same time on the same core: what the machine does to one it does to the other.
void measure_pause(Contender& peer, std::uint64_t entries) {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<std::size_t>(std::max(sched_getcpu(), 0)), &here);
  sched_setaffinity(0, sizeof here, &here);
  const auto control = make_no_cache();
  const PeerSetup setup{.entries = entries, .value_bytes = kValueBytes};
  peer.open(setup);
  control->open(setup);
  const std::string value = value_of(kValueBytes);
  PauseRecorder peer_pauses;
  PauseRecorder control_pauses;
  NewMemory memory;
  each_step(0, entries, [&](KeySpan keys) {
    const std::int64_t began = wall_ns();
    peer.run_timed(keys, value, peer_pauses);
    const std::int64_t until = wall_ns() + (wall_ns() - began);
    for (std::size_t i = 0; i < keys.count; ++i) {
      control_pauses.begin();
      memory.take(keys[i], value);
      control_pauses.end();
    }
    const KeySpan few = keys.part(0, std::min<std::size_t>(1024, keys.count));
    while (wall_ns() < until) control->run_timed(few, value, control_pauses);
  });
  print_pauses("pause", peer_pauses);
  print_pauses("control", control_pauses);
}

// --- In the parent ------------------------------------------------------------------------------------------------

struct Job {
  Row row;
  std::string title;
  std::uint64_t entries;
  std::string peer;
  std::string allocator;
  std::string program;
  std::vector<std::string> arguments;
  double seconds;
};

void add_growth_jobs(std::vector<Job>& jobs) {
  const std::string title =
      "1 GiB, random keys out of 4 times as many as fit, 4 writes for each that fits, values of 16 to 512 bytes";
#if LARDER_BENCH_MIMALLOC
  jobs.push_back({Row::kGrowth,
                  title,
                  0,
                  "larder",
                  "mimalloc, by its adapter",
                  own_program(),
                  {"--child", "growth", "larder", std::to_string(kGrowthMemory)},
                  20});
#endif
  jobs.push_back({Row::kGrowth,
                  title,
                  0,
                  "larder",
                  "malloc of the C library, by the default allocator",
                  program_beside("larder-growth"),
                  {std::to_string(kGrowthMemory)},
                  20});
}

std::vector<Job> jobs_of(const BenchOptions& options) {
  std::vector<Job> jobs;
  const auto add_for_all = [&](Row row, std::uint64_t fallback, double seconds_per_million) {
    const std::uint64_t entries = options.entries.empty() ? fallback : options.entries.back();
    std::vector<std::string> peers = options.peers;
    // Where the pledge speaks of timers, the peer that has them takes part for the one that files them later; and what
    // the default allocator makes of it is shown, too.
    if (row == Row::kBytes && std::find(peers.begin(), peers.end(), "larder+ttl") != peers.end()) {
      for (const char* further : {"larder+near-ttl", "larder-libc", "larder-libc+near-ttl"}) {
        if (std::find(peers.begin(), peers.end(), further) == peers.end()) peers.emplace_back(further);
      }
    }
    for (const std::string& peer : peers) {
      jobs.push_back({row,
                      short_number(entries) + " entries of 20 + 32 bytes",
                      entries,
                      peer,
                      process_allocator(),
                      own_program(),
                      {"--child", std::string(name_of(row)), peer, std::to_string(entries)},
                      seconds_per_million * static_cast<double>(entries) * 1e-6});
    }
  };
  if (wants(options, Row::kBytes)) add_for_all(Row::kBytes, kBytesEntries, 2.5);
  if (wants(options, Row::kGrowth)) add_growth_jobs(jobs);
  if (wants(options, Row::kPause)) {
    for (int run = 0; run < (options.full ? 3 : 1); ++run) add_for_all(Row::kPause, kPauseEntries, 2.5);
  }
  return jobs;
}

std::string title_of(const Job& job) { return std::string(title_of(job.row)) + ": " + job.peer + ", " + job.title; }

}  // namespace

void expect_processes(const BenchOptions& options, Progress& progress) {
  for (const Job& job : jobs_of(options)) progress.expect(job.seconds);
}

std::vector<ProcessResult> run_processes(const BenchOptions& options, Progress& progress) {
  std::vector<ProcessResult> results;
  for (const Job& job : jobs_of(options)) {
    progress.begin(title_of(job), job.seconds);
    ChildFigures child = run_child(job.program, job.arguments);
    results.push_back({job.row,
                       job.title,
                       job.entries,
                       make_peer(job.peer)->facts(),
                       job.allocator,
                       std::move(child.figures),
                       std::move(child.error),
                       {}});
  }
  return results;
}

int run_as_child(const std::vector<std::string>& words) {
  const auto row = words.size() == 3 ? row_named(words[0]) : std::nullopt;
  const auto peer = row ? make_peer(words[1]) : nullptr;
  if (peer == nullptr) {
    std::fprintf(stderr, "larder-bench: --child is for larder-bench itself\n");
    return 2;
  }
  const std::uint64_t size = std::stoull(words[2]);
  if (*row == Row::kBytes) measure_bytes(*peer, size);
  if (*row == Row::kPause) measure_pause(*peer, size);
#if LARDER_BENCH_MIMALLOC
  if (*row == Row::kGrowth) print_churn(MimallocAllocator::shared(), size);
#endif
  return 0;
}

}  // namespace larder::bench
