// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-writes: how fast writes get into a real database straight, written through a cache, and written back, with the
// same durability: the clock stops when the database has acknowledged all of them. And how many coalescing spares it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "bench/workload/keys.h"
#include "bench/workload/zipf.h"
#include "larder/cache.h"
#include "larder/stores/sqlite_store.h"
#if LARDER_BENCH_POSTGRES
#include "larder/stores/postgres_store.h"
#endif
#if LARDER_BENCH_TRACES
#include "simulator/trace.h"
#endif

namespace larder::bench {
namespace {

constexpr const char* kHelp =
    "larder-writes: writes into a database, straight, through a cache, and behind it.\n"
    "\n"
    "  --writes N           writes of each run (default 20000)\n"
    "  --write-percent P    so many of the requests are writes, the others read their key (default 100)\n"
    "  --keys N             keys, drawn by Zipf's law with exponent 0.99 (default 10000)\n"
    "  --trace FILE         the keys of this trace instead, in its order, as far as it goes\n"
    "  --value-bytes N      (default 200)\n"
    "  --threads N          that write (default 4)\n"
    "  --rounds N           of all runs, in turns; medians are shown (default 3)\n"
    "  --directory DIR      where the SQLite file goes (default: a temporary directory, which may be in memory)\n"
    "  --postgres CONNINFO  a PostgreSQL database, too: a table `larder_bench` is made there, and dropped by you\n"
    "  --help               print this\n";

struct Settings {
  std::uint64_t writes = 20'000;
  std::uint64_t write_percent = 100;
  std::uint64_t keys = 10'000;
  std::uint64_t value_bytes = 200;
  std::uint64_t threads = 4;
  std::uint64_t rounds = 3;
  std::string trace;
  std::string directory;
  std::string postgres;
  bool help = false;
};

// What is wrong with the command line; empty: nothing.
std::string parse(int argc, char** argv, Settings& settings) {
  const std::vector<std::pair<std::string, std::uint64_t*>> numbers = {
      {"--writes", &settings.writes},   {"--write-percent", &settings.write_percent},
      {"--keys", &settings.keys},       {"--value-bytes", &settings.value_bytes},
      {"--threads", &settings.threads}, {"--rounds", &settings.rounds}};
  const std::vector<std::pair<std::string, std::string*>> texts = {
      {"--trace", &settings.trace}, {"--directory", &settings.directory}, {"--postgres", &settings.postgres}};
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help" || name == "-h") {
      settings.help = true;
      return {};
    }
    const auto is = [&](const auto& flag) { return flag.first == name; };
    const auto number = std::find_if(numbers.begin(), numbers.end(), is);
    const auto text = std::find_if(texts.begin(), texts.end(), is);
    if (number == numbers.end() && text == texts.end()) return "there is no option " + name + "; --help lists them all";
    if (++i == argc) return name + " wants a value behind it";
    if (text != texts.end()) {
      *text->second = argv[i];
      continue;
    }
    char* end = nullptr;
    *number->second = std::strtoull(argv[i], &end, 10);
    if (*end != '\0' || *number->second == 0 || *number->second > 100'000'000)
      return name + " wants a whole number from 1 to 100000000";
  }
  if (settings.write_percent > 100) return "--write-percent wants a whole number from 1 to 100";
  return {};
}

struct Request {
  std::uint64_t key = 0;
  bool writes = false;
};

// Until there are writes enough, or the trace is at its end.
std::vector<Request> draw_requests(const Settings& settings, std::string* error) {
  std::function<std::uint64_t()> next_key;
  std::uint64_t most = ~std::uint64_t{0};
#if LARDER_BENCH_TRACES
  simulator::TraceResult traced;
  std::size_t at = 0;
#endif
  Zipf zipf(settings.keys);
  if (settings.trace.empty()) {
    next_key = [&] { return zipf.next(); };
  } else {
#if LARDER_BENCH_TRACES
    traced = simulator::read_trace(settings.trace);
    if (!traced) {
      *error = traced.error;
      return {};
    }
    most = traced.trace->ids.size();
    next_key = [&] { return traced.trace->ids[at++]; };
#else
    *error = "--trace: this program was built without the simulator";
    return {};
#endif
  }
  base::Random random(1);
  std::vector<Request> requests;
  for (std::uint64_t writes = 0; writes < settings.writes && requests.size() < most;) {
    requests.push_back({next_key(), random.below(100) < settings.write_percent});
    writes += requests.back().writes;
  }
  if (std::ranges::none_of(requests, &Request::writes)) *error = "none of the requests is a write";
  return requests;
}

struct Outcome {
  double seconds = 0;
  std::uint64_t mutations = 0;  // that reached the database
  std::uint64_t calls = 0;
  std::uint64_t failed = 0;
};

// Runs write(key, value) or read(key) for every request, from several threads, and then `finish`.
Outcome run(const Settings& settings, const std::vector<Request>& requests,
            const std::function<bool(std::string_view, std::string_view)>& write,
            const std::function<bool(std::string_view)>& read, const std::function<bool()>& finish) {
  const std::string value = value_of(settings.value_bytes);
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint64_t> failed{0};
  const auto began = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < settings.threads; ++i) {
      threads.emplace_back([&] {
        char key[kKeyBytes];
        for (std::size_t at = next.fetch_add(1); at < requests.size(); at = next.fetch_add(1)) {
          write_key(requests[at].key, key);
          const std::string_view name(key, kKeyBytes);
          failed += requests[at].writes ? !write(name, value) : !read(name);
        }
      });
    }
  }
  Outcome outcome;
  failed += !finish();
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  outcome.failed = failed;
  return outcome;
}

Outcome run_straight(const Settings& settings, const std::vector<Request>& requests, BackingStore& store) {
  std::atomic<std::uint64_t> sequence{0};
  Outcome outcome = run(
      settings, requests,
      [&](std::string_view key, std::string_view value) {
        const Mutation one{.key = key, .bytes = value, .sequence = ++sequence};
        WriteResult result;
        return store.write({&one, 1}, {&result, 1}).ok() && result.error.ok();
      },
      [&](std::string_view key) { return store.load(key).status().ok(); }, [] { return true; });
  outcome.mutations = outcome.calls = sequence;
  return outcome;
}

Outcome run_cached(const Settings& settings, const std::vector<Request>& requests, std::shared_ptr<BackingStore> store,
                   StoreOptions::Writes writes) {
  Options options;
  options.store.backing = std::move(store);
  options.store.writes = writes;
  std::atomic<std::uint64_t> dead{0};
  options.store.write_back.dead_letters = [&](const DeadLetter&) { ++dead; };
  Cache cache(options);
  Outcome outcome = run(
      settings, requests, [&](std::string_view key, std::string_view value) { return cache.set(key, value).ok(); },
      [&](std::string_view key) { return cache.get(key).status().ok(); },
      [&] { return cache.flush(std::chrono::minutes(10)).complete(); });
  const Stats stats = cache.stats();
  outcome.mutations = stats.store_writes;
  outcome.calls = writes == StoreOptions::Writes::kBack ? stats.write_batches : stats.store_writes;
  outcome.failed += dead;
  return outcome;
}

struct Row {
  std::string store;
  std::string way;
  std::vector<Outcome> rounds;

  Outcome median() const {
    std::vector<Outcome> sorted = rounds;
    std::sort(sorted.begin(), sorted.end(), [](const Outcome& a, const Outcome& b) { return a.seconds < b.seconds; });
    return sorted[sorted.size() / 2];
  }
};

void print(const std::vector<Row>& rows, const std::vector<Request>& requests) {
  const auto writes = static_cast<double>(std::ranges::count_if(requests, &Request::writes));
  std::printf("%zu requests, %.0f of them writes\n", requests.size(), writes);
  std::printf("%-16s %-10s %12s %10s %12s %10s %10s\n", "database", "way", "requests/s", "straight=1", "mutations",
              "spared", "calls");
  double straight = 0;
  for (const Row& row : rows) {
    const Outcome outcome = row.median();
    if (row.way == "straight") straight = outcome.seconds;
    std::printf("%-16s %-10s %12.0f %10.1f %12llu %9.0f%% %10llu%s\n", row.store.c_str(), row.way.c_str(),
                static_cast<double>(requests.size()) / outcome.seconds, straight / outcome.seconds,
                static_cast<unsigned long long>(outcome.mutations),
                100 - 100 * static_cast<double>(outcome.mutations) / writes,
                static_cast<unsigned long long>(outcome.calls), outcome.failed == 0 ? "" : "  FAILED WRITES");
  }
}

using Opener = std::function<Result<std::shared_ptr<BackingStore>>()>;

std::vector<std::pair<std::string, Opener>> databases(const Settings& settings,
                                                      const std::filesystem::path& directory) {
  std::vector<std::pair<std::string, Opener>> all;
  using Synchronous = SqliteStoreOptions::Synchronous;
  for (const auto& [name, synchronous] :
       {std::pair{"SQLite, fsync", Synchronous::kFull}, {"SQLite, no fsync", Synchronous::kNormal}}) {
    const std::string path = (directory / (std::string(name) + ".db")).string();
    all.emplace_back(name, [=]() -> Result<std::shared_ptr<BackingStore>> {
      auto store = SqliteStore::open({.path = path, .synchronous = synchronous});
      if (!store) return store.status();
      return std::shared_ptr<BackingStore>(*store);
    });
  }
#if LARDER_BENCH_POSTGRES
  if (!settings.postgres.empty()) {
    all.emplace_back("PostgreSQL", [&settings]() -> Result<std::shared_ptr<BackingStore>> {
      auto store = PostgresStore::open({.conninfo = settings.postgres, .table = "larder_bench"});
      if (!store) return store.status();
      return std::shared_ptr<BackingStore>(*store);
    });
  }
#endif
  return all;
}

std::string measure(const Settings& settings, const std::filesystem::path& directory) {
  std::string error;
  const std::vector<Request> requests = draw_requests(settings, &error);
  if (!error.empty()) return error;
  std::vector<Row> rows;
  for (std::uint64_t round = 0; round < settings.rounds; ++round) {
    std::size_t row = 0;
    for (const auto& [name, open] : databases(settings, directory)) {
      const auto store = open();
      if (!store) return name + ": " + store.status().to_string();
      const std::pair<const char*, std::function<Outcome()>> ways[] = {
          {"straight", [&] { return run_straight(settings, requests, **store); }},
          {"through", [&] { return run_cached(settings, requests, *store, StoreOptions::Writes::kThrough); }},
          {"back", [&] { return run_cached(settings, requests, *store, StoreOptions::Writes::kBack); }}};
      for (const auto& [way, run_it] : ways) {
        if (row == rows.size()) rows.push_back({name, way, {}});
        std::fprintf(stderr, "round %llu of %llu: %s, %s\n", static_cast<unsigned long long>(round + 1),
                     static_cast<unsigned long long>(settings.rounds), name.c_str(), way);
        rows[row++].rounds.push_back(run_it());
      }
    }
  }
  print(rows, requests);
  return {};
}

int run(int argc, char** argv) {
  Settings settings;
  std::string error = parse(argc, argv, settings);
  if (settings.help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  if (error.empty()) {
    std::string made =
        (settings.directory.empty() ? std::filesystem::temp_directory_path().string() : settings.directory) +
        "/larder-writes-XXXXXX";
    if (mkdtemp(made.data()) == nullptr) {
      error = made + ": cannot be made";
    } else {
      error = measure(settings, made);
      std::filesystem::remove_all(made);
    }
  }
  if (error.empty()) return 0;
  std::fprintf(stderr, "larder-writes: %s\n", error.c_str());
  return 2;
}

}  // namespace
}  // namespace larder::bench

int main(int argc, char** argv) { return larder::bench::run(argc, argv); }
