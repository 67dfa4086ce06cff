// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-near-bench: what a near cache costs: a hit beside the engine's own GET, a miss and a batch beside plain
// hiredis, and how fast it takes what the server reports. Each pair in turns, in one run.
#include <hiredis/hiredis.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "bench/types/server.h"
#include "bench/workload/clocks.h"
#include "larder/near_cache.h"

namespace larder::bench {
namespace {

constexpr const char* kHelp =
    "larder-near-bench: a near cache beside the engine, and beside hiredis.\n"
    "\n"
    "  --rounds N   of all rows, in turns; medians are shown (default 5)\n"
    "  --help       print this\n"
    "\n"
    "A redis-server of its own is started. Times are those of one thread, in nanoseconds a call; the ratio is near "
    "cache\n"
    "to the other.\n";

constexpr std::size_t kKeys = 10'000;
constexpr std::size_t kHits = 500'000;  // a round
constexpr std::size_t kMisses = 20'000;
constexpr std::size_t kBatches = 500;
constexpr std::size_t kBatch = 100;
constexpr std::size_t kReported = 100'000;

std::string key_of(std::uint64_t number) { return "key:" + std::to_string(number); }

// Nanoseconds for one of `count` calls.
double each(std::size_t count, const std::function<void(std::size_t)>& call) {
  const auto begin = wall_ns();
  for (std::size_t i = 0; i < count; ++i) call(i);
  return static_cast<double>(wall_ns() - begin) / static_cast<double>(count);
}

class NearBench {
 public:
  explicit NearBench(int rounds) : rounds_(rounds), server_("redis-server", "redis-server", arguments()) {}

  std::string run() {
    if (!server_.error().empty()) return server_.error();
    plain_ = redisConnectUnix(server_.socket_path().c_str());
    for (int i = 0; i < rounds_; ++i) {
      std::fprintf(stderr, "round %d of %d\n", i + 1, rounds_);
      fill();
      auto opened =
          NearCache::open({.unix_path = server_.socket_path(), .connections = 1, .cache = {.max_memory = 256_MiB}});
      if (!opened) return opened.status().to_string();
      near_ = *std::move(opened);
      hits();
      misses();
      batches();
      reports();
    }
    near_.reset();
    redisFree(plain_);
    print();
    return {};
  }

 private:
  struct Row {
    const char* name;
    const char* other;
    std::vector<double> near, there;
  };

  static std::vector<std::string> arguments() {
    return {"--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"};
  }

  void fill() {
    std::vector<Words> commands;
    for (std::uint64_t i = 0; i < kReported; ++i) {
      commands.push_back({"SET", key_of(i), std::string(32, 'v')});
      if (commands.size() == 1'000) {
        server_.call(commands);
        commands.clear();
      }
    }
    server_.call(commands);
  }

  void plain(const std::vector<std::string>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    freeReplyObject(redisCommandArgv(plain_, static_cast<int>(words.size()), texts.data(), sizes.data()));
  }

  void hits() {
    Cache engine({.max_memory = 256_MiB});
    std::vector<std::string> keys;
    base::Random random(1);
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      engine.set(key_of(i), std::string(32, 'v'), {.ttl = std::chrono::minutes(1)});
      near_->get(key_of(i)).status();
    }
    for (std::size_t i = 0; i < kHits; ++i) keys.push_back(key_of(random.below(kKeys)));
    const auto there = each(kHits, [&](std::size_t i) { found_ += engine.get(keys[i]).has_value(); });
    add("GET, hit", "engine", each(kHits, [&](std::size_t i) { found_ += near_->get(keys[i]).has_value(); }), there);
    for (std::uint64_t i = 0; i < kKeys; ++i) near_->strlen(key_of(i)).status();
    add("STRLEN, hit", "engine", each(kHits, [&](std::size_t i) { found_ += near_->strlen(keys[i]).ok(); }),
        each(kHits, [&](std::size_t i) { found_ += engine.strlen(keys[i]).has_value(); }));
  }

  // Keys that nobody has read yet; each answer is kept.
  void misses() {
    const auto there = each(kMisses, [&](std::size_t i) { plain({"GET", key_of(kKeys + i)}); });
    add("GET, miss", "hiredis",
        each(kMisses, [&](std::size_t i) { found_ += near_->get(key_of(kKeys + i)).has_value(); }), there);
    add("SET", "hiredis", each(kMisses, [&](std::size_t i) { found_ += near_->set(key_of(i % kKeys), "v").ok(); }),
        each(kMisses, [&](std::size_t i) {
          plain({"SET", key_of(i % kKeys), "v"});
        }));
  }

  // Half of the keys are there.
  void batches() {
    std::vector<std::vector<std::string>> all(kBatches);
    base::Random random(2);
    for (auto& keys : all) {
      for (std::size_t i = 0; i < kBatch; ++i) {
        keys.push_back(i % 2 == 0 ? key_of(random.below(kKeys / 2)) : key_of(fresh_++ % 60'000 + 40'000));
      }
    }
    for (std::uint64_t i = 0; i < kKeys / 2; ++i) near_->get(key_of(i)).status();
    const auto there = each(kBatches, [&](std::size_t i) {
      std::vector<std::string> words = {"MGET"};
      words.insert(words.end(), all[i].begin(), all[i].end());
      plain(words);
    });
    add("MGET of 100, half hit", "hiredis",
        each(kBatches, [&](std::size_t i) { found_ += near_->mget(all[i]).size(); }), there);
  }

  // All keys are kept, and then written by somebody else, in pipelines.
  void reports() {
    for (std::uint64_t i = 0; i < kReported; i += kBatch) {
      std::vector<std::string> keys;
      for (std::uint64_t j = i; j < i + kBatch; ++j) keys.push_back(key_of(j));
      near_->mget(keys);
    }
    const std::uint64_t before = near_->stats().invalidations;
    const auto begin = wall_ns();
    fill();
    const auto filled = wall_ns();
    while (near_->stats().invalidations < before + kReported) std::this_thread::yield();
    const auto ended = wall_ns();
    add("invalidation, burst", "SET in pipelines", static_cast<double>(ended - begin) / kReported,
        static_cast<double>(filled - begin) / kReported);
  }

  void add(const char* name, const char* other, double near, double there) {
    const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.name == name; });
    Row& row = found == rows_.end() ? rows_.emplace_back(Row{name, other, {}, {}}) : *found;
    row.near.push_back(near);
    row.there.push_back(there);
  }

  static double median(std::vector<double> all) {
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
  }

  void print() const {
    std::printf("%-24s %12s %12s  %-18s %s\n", "", "near, ns", "other, ns", "", "ratio");
    for (const Row& row : rows_) {
      std::vector<double> ratios;
      for (std::size_t i = 0; i < row.near.size(); ++i) ratios.push_back(row.near[i] / row.there[i]);
      std::printf("%-24s %12.0f %12.0f  %-18s %.2f\n", row.name, median(row.near), median(row.there), row.other,
                  median(ratios));
    }
  }

  const int rounds_;
  Server server_;
  redisContext* plain_ = nullptr;
  std::unique_ptr<NearCache> near_;
  std::vector<Row> rows_;
  std::uint64_t fresh_ = 0;
  std::uint64_t found_ = 0;
};

int run(int argc, char** argv) {
  int rounds = 5;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help" || name == "-h") {
      std::fputs(kHelp, stdout);
      return 0;
    }
    rounds = name == "--rounds" && i + 1 < argc ? std::atoi(argv[++i]) : 0;
    if (rounds < 1 || rounds > 1'000) {
      std::fputs("larder-near-bench: there is --rounds N, with N from 1 to 1000; see --help\n", stderr);
      return 2;
    }
  }
  const std::string error = NearBench(rounds).run();
  if (error.empty()) return 0;
  std::fprintf(stderr, "larder-near-bench: %s\n", error.c_str());
  return 2;
}

}  // namespace
}  // namespace larder::bench

int main(int argc, char** argv) { return larder::bench::run(argc, argv); }
