// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Policies against published figures for public traces (anchors.tsv beside them): whole traces, every miss is stored.
// Those that draw nothing at random reach them to the last digit.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "simulator/simulated_cache.h"
#include "simulator/trace.h"
#include "support/depth.h"

namespace larder::simulator {
namespace {

struct Anchor {
  const char* published;  // as anchors.tsv calls it
  const char* policy;
  double tolerance;
  int runs = 1;  // of which the mean is compared: policies that draw at random
  std::uint64_t objects_min = 1;
  // Only what this simulator found: the "random" of libCacheSim draws some objects more often than others.
  const char* simulator = "";
};
constexpr Anchor kAnchors[] = {
    {"lru", "lru", 0.0001},
    {"fifo", "fifo", 0.0001},
    {"sieve", "sieve", 0.0001},
    {"random", "random", 0.005, 8, 100, "own"},
};

const Anchor* anchor_of(const std::string& published, const std::string& simulator) {
  for (const Anchor& anchor : kAnchors) {
    if (published == anchor.published && (*anchor.simulator == '\0' || simulator == anchor.simulator)) return &anchor;
  }
  return nullptr;
}

double miss_ratio(const Trace& trace, std::uint64_t capacity, const Anchor& anchor) {
  std::uint64_t misses = 0;
  for (int run = 0; run < anchor.runs; ++run) {
    const auto seed = static_cast<std::uint64_t>(run);
    SimulatedCache cache(Eviction::named(anchor.policy)->factory()(seed), trace.objects, capacity, seed);
    for (const std::uint32_t id : trace.ids) misses += cache.access(id) ? 0 : 1;
  }
  return static_cast<double>(misses) / static_cast<double>(trace.ids.size()) / anchor.runs;
}

TEST(Anchors, PoliciesReachWhatWasPublished) {
  const char* given = std::getenv("LARDER_TRACES");
  const std::filesystem::path traces = given != nullptr ? given : LARDER_SOURCE_DIR "/../shared/traces";
  std::ifstream table(traces / "anchors.tsv");
  if (!table) {  // they are not ours to ship
    std::cout << "nothing was compared: no traces in " << traces << ", and LARDER_TRACES names no other folder\n";
    return;
  }
  const std::uint64_t requests_max = support::count(150'000, ~std::uint64_t{0});
  std::map<std::string, Trace> read;
  std::map<std::string, int> compared;
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string trace, objects, policy, published, simulator;
    for (std::string* word : {&trace, &objects, &policy, &published, &simulator}) std::getline(words, *word, '\t');
    const Anchor* anchor = anchor_of(policy, simulator);
    if (anchor == nullptr || std::stoull(objects) < anchor->objects_min) continue;
    if (!read.contains(trace)) {
      TraceResult result = read_trace((traces / (trace + ".ltrc.gz")).string());
      ASSERT_TRUE(result) << result.error;
      read[trace] = *std::move(result.trace);
    }
    if (read[trace].ids.size() > requests_max) continue;
    const double ratio = miss_ratio(read[trace], std::stoull(objects), *anchor);
    EXPECT_NEAR(ratio, std::stod(published), anchor->tolerance)
        << policy << ", " << trace << ", " << objects << " objects";
    ++compared[policy];
  }
  for (const Anchor& anchor : kAnchors) {
    std::cout << anchor.policy << ": " << compared[anchor.published] << " points compared\n";
    EXPECT_GT(compared[anchor.published], 0);
  }
}

}  // namespace
}  // namespace larder::simulator
