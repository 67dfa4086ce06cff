// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-demo: a SQLite database without a Larder cache, with one beside it, and behind one, on the same workload.
//
// Start reading in access.h and behind.h, which are what a program of your own would have. The rest makes the workload
// (workload.h, bench/workload), the database (database.h), replays and checks (measure.h, freshness.h) and reports
// (report.h).
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "access.h"
#include "behind.h"
#include "cache_setup.h"
#include "database.h"
#include "figures.h"
#include "freshness.h"
#include "measure.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "temporary_directory.h"
#include "workload.h"

namespace demo {
namespace {

enum ExitStatus : int { kOk = 0, kFailed = 1, kCannotRun = 2, kInterrupted = 130 };

// Of the time.
constexpr double kShareWithout = 0.3;
constexpr double kShareWith = 0.35;
constexpr double kShareBehind = 0.35;
// The store fails in this part of the third run.
constexpr double kOutageBegins = 0.4;
constexpr double kOutageEnds = 0.6;
constexpr larder::Milliseconds kFlushMax{30'000};

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// The first signal ends the run early, so that the report is printed and the database removed; the second one kills.
void interrupt(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);
}

int refuse(const std::string& message) {
  std::fprintf(stderr, "larder-demo: %s\n", message.c_str());
  return kCannotRun;
}

std::unique_ptr<Database> make_database(const TemporaryDirectory& directory, const Workload& workload) {
  Progress progress("making the database");
  const auto rows_text = [](std::uint64_t rows) { return count_text(rows) + " rows"; };
  auto database = std::make_unique<Database>(directory.path() / "demo.sqlite", workload, [&](std::uint64_t rows) {
    progress.show(share_of(rows, workload.rows()), rows_text(rows));
    return !interrupted;
  });
  progress.finish(1, rows_text(workload.rows()) + ", " + bytes_text(database->file_bytes()));
  return database;
}

// The database behind the cache; it fails for a while, and at the end is compared with what was written.
std::string run_behind(Findings& findings, const std::filesystem::path& file) {
  const Options& options = findings.options;
  const Workload& workload = findings.workload;
  const auto rows_text = [](std::uint64_t rows) { return count_text(rows) + " rows"; };
  std::shared_ptr<DemoStore> store;
  {
    Progress progress("filling the store");
    store = std::make_shared<DemoStore>(file, workload, [&](std::uint64_t rows) {
      progress.show(share_of(rows, workload.rows()), rows_text(rows));
      return !interrupted;
    });
    progress.finish(1, rows_text(workload.rows()));
  }
  if (options.lose_writes) store->lose_writes();
  auto cache = open_cache_over(store, options, findings.memory);
  if (!cache) return cache.status().to_string();
  FreshnessLedger ledger(workload.rows());
  Versions versions(workload.rows());
  const double seconds = options.seconds * kShareBehind;
  findings.behind = measure({.title = "written behind",
                             .workload = workload,
                             .ledger = ledger,
                             .threads = options.threads,
                             .time_max = std::chrono::duration<double>(seconds),
                             .make_access = [&] { return std::make_unique<BehindAccess>(workload, **cache, versions); },
                             .cache = cache->get(),
                             .on_sample =
                                 [&](double share) {
                                   store->fail(share >= kOutageBegins && share < kOutageEnds);
                                   if (store->fails()) findings.outage_seconds = seconds * (share - kOutageBegins);
                                 },
                             .interrupted = interrupted});
  store->fail(false);
  findings.left = (*cache)->flush(kFlushMax);
  findings.behind->stats = (*cache)->stats();
  Progress progress("comparing");
  findings.comparison = compare(*store, workload, versions, [&](std::uint64_t rows) {
    progress.show(share_of(rows, workload.rows()), rows_text(rows));
  });
  progress.finish(1, rows_text(workload.rows()));
  return {};
}

// All runs, as far as nobody interrupts them. Returns what is wrong with the cache's options, if anything.
std::string make_runs(Findings& findings, Database& database) {
  const Options& options = findings.options;
  const Workload& workload = findings.workload;
  FreshnessLedger ledger(workload.rows());
  findings.without = measure({.title = "without the cache",
                              .workload = workload,
                              .ledger = ledger,
                              .threads = options.threads,
                              .time_max = std::chrono::duration<double>(options.seconds * kShareWithout),
                              .make_access = [&] { return std::make_unique<DirectAccess>(database); },
                              .cache = nullptr,
                              .interrupted = interrupted});
  if (interrupted) return {};

  auto cache = open_cache(options, findings.memory);
  if (!cache) return cache.status().to_string();
  findings.with = measure(
      {.title = "with the cache",
       .workload = workload,
       .ledger = ledger,
       .threads = options.threads,
       .time_max = std::chrono::duration<double>(options.seconds * kShareWith),
       .make_access =
           [&] { return std::make_unique<CachedAccess>(database, **cache, options.ttl, !options.break_invalidation); },
       .cache = cache->get(),
       .interrupted = interrupted});
  cache->reset();
  return interrupted ? std::string() : run_behind(findings, database.file().string() + ".store");
}

int run(const Options& options) {
  std::string error;
  const std::optional<Workload> workload = Workload::make(options, error);
  if (!workload) return refuse(error);
  // Opened first: an hour's work for a file that cannot be written would be a pity.
  std::ofstream json;
  if (!options.json.empty()) {
    json.open(options.json);
    if (!json) return refuse(options.json + ": cannot be written; --json wants a file in a directory that exists");
  }

  const TemporaryDirectory directory(options.keep);
  const std::unique_ptr<Database> database = make_database(directory, *workload);
  Findings findings{.options = options, .workload = *workload, .database = *database};
  findings.memory = memory_of(options, *workload);
  if (error = make_runs(findings, *database); !error.empty()) return refuse("cannot set up the cache: " + error);

  std::printf("\n%s", report_text(findings).c_str());
  if (options.keep) std::printf("database kept     %s\n", database->file().c_str());
  if (json.is_open() && !(json << report_json(findings)).flush()) return refuse(options.json + ": cannot be written");
  if (!findings.correct()) return kFailed;
  return interrupted ? kInterrupted : kOk;
}

}  // namespace
}  // namespace demo

int main(int argc, char** argv) {
  demo::Options options;
  if (const std::string error = demo::parse_options(argc, argv, options); !error.empty()) return demo::refuse(error);
  if (options.help) {
    std::fputs(demo::help_text().c_str(), stdout);
    return demo::kOk;
  }
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, demo::interrupt);
  std::signal(SIGPIPE, SIG_IGN);  // who reads the report may leave early: the database must go all the same
  try {
    return demo::run(options);
  } catch (const std::exception& error) {
    const int status = demo::refuse(error.what());
    return demo::interrupted ? demo::kInterrupted : status;
  }
}
