// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Belady's cache against one that looks through all residents, against every possible cache where there are few, and
// against published figures where the traces are at hand.
#include "simulator/belady.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>

#include "simulator/random_trace.h"
#include "simulator/replay.h"
#include "support/depth.h"
#include "support/public_traces.h"

namespace larder::simulator {
namespace {

constexpr auto kGoOn = [](std::uint64_t) { return true; };

Counts belady(const Trace& trace, std::uint64_t capacity, Weights weights = Weights::kOnes,
              BeladyCache::Order order = BeladyCache::Order::kDistance) {
  const std::vector<std::uint32_t> next = next_uses(trace);
  BeladyCache cache(trace, next, capacity, order);
  return replay(cache, trace, weights, kGoOn);
}

// The next get of an object, looked for; of one that has none, behind all requests and the later the later it was used.
std::uint64_t next_use_of(const Trace& trace, std::uint32_t number, std::size_t from, std::size_t last_use) {
  for (std::size_t i = from; i < trace.ids.size(); ++i) {
    if (trace.ids[i] != number) continue;
    return trace.ops.empty() || trace.ops[i] == Trace::Op::kGet ? i : trace.ids.size() + last_use;
  }
  return trace.ids.size() + last_use;
}

std::uint64_t naive_misses(const Trace& trace, std::uint64_t capacity, Weights weights) {
  std::map<std::uint32_t, std::pair<std::uint64_t, std::size_t>> residents;  // weight, last use
  std::uint64_t misses = 0;
  std::uint64_t weight_all = 0;
  for (std::size_t i = 0; i < trace.ids.size(); ++i) {
    const std::uint32_t number = trace.ids[i];
    const std::uint64_t weight = weights == Weights::kSizes ? trace.sizes[i] : 1;
    const Trace::Op op = trace.ops.empty() ? Trace::Op::kGet : trace.ops[i];
    if (const auto found = residents.find(number); found != residents.end()) {
      if (op == Trace::Op::kGet) {
        found->second.second = i;
        continue;
      }
      weight_all -= found->second.first;
      residents.erase(found);
    }
    misses += op == Trace::Op::kGet;
    if (op == Trace::Op::kDelete || weight > capacity) continue;
    while (weight_all + weight > capacity) {
      const auto last = std::max_element(residents.begin(), residents.end(), [&](const auto& a, const auto& b) {
        return next_use_of(trace, a.first, i + 1, a.second.second) <
               next_use_of(trace, b.first, i + 1, b.second.second);
      });
      weight_all -= last->second.first;
      residents.erase(last);
    }
    residents[number] = {weight, i};
    weight_all += weight;
  }
  return misses;
}

TEST(BeladyTest, EvictsWhatIsUsedLast) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  std::mt19937_64 random(seed);
  for (std::uint64_t round = support::count(60, 2'000); round > 0; --round) {
    const RandomTrace wanted{.requests = 300,
                             .objects = 1 + static_cast<std::uint32_t>(random() % 60),
                             .size_max = 20,
                             .sizes_change = random() % 2 == 0,
                             .ops = random() % 2 == 0};
    const Trace trace = make(wanted, random);
    const std::uint64_t capacity = 1 + random() % 40;
    ASSERT_EQ(belady(trace, capacity).misses, naive_misses(trace, capacity, Weights::kOnes)) << capacity;
    ASSERT_EQ(belady(trace, 5 * capacity, Weights::kSizes).misses, naive_misses(trace, 5 * capacity, Weights::kSizes))
        << capacity;
  }
}

// The fewest misses of any cache that admits every object: by all the sets of residents that there may be.
std::uint64_t fewest_misses(const Trace& trace, std::uint64_t capacity) {
  std::map<std::set<std::uint32_t>, std::uint64_t> misses_by_residents{{{}, 0}};
  for (const std::uint32_t number : trace.ids) {
    std::map<std::set<std::uint32_t>, std::uint64_t> after;
    const auto reach = [&](const std::set<std::uint32_t>& residents, std::uint64_t misses) {
      const auto [place, fresh] = after.emplace(residents, misses);
      if (!fresh) place->second = std::min(place->second, misses);
    };
    for (const auto& [residents, misses] : misses_by_residents) {
      if (residents.contains(number)) {
        reach(residents, misses);
        continue;
      }
      std::set<std::uint32_t> with = residents;
      with.insert(number);
      if (with.size() <= capacity) {
        reach(with, misses + 1);
        continue;
      }
      for (const std::uint32_t victim : residents) {
        std::set<std::uint32_t> rest = with;
        rest.erase(victim);
        reach(rest, misses + 1);
      }
    }
    misses_by_residents = std::move(after);
  }
  std::uint64_t fewest = UINT64_MAX;
  for (const auto& [residents, misses] : misses_by_residents) fewest = std::min(fewest, misses);
  return fewest;
}

TEST(BeladyTest, NoCacheThatAdmitsMissesLess) {
  std::mt19937_64 random(support::seed(2));
  for (std::uint64_t round = support::count(40, 500); round > 0; --round) {
    const Trace trace = make({.requests = 40, .objects = 8}, random);
    const std::uint64_t capacity = 2 + random() % 3;
    ASSERT_EQ(belady(trace, capacity).misses, fewest_misses(trace, capacity));
  }
}

TEST(BeladyTest, SizesCountWhereTheyAreAskedFor) {
  std::mt19937_64 random(support::seed(3));
  std::uint64_t by_distance = 0;
  std::uint64_t by_size = 0;
  for (int round = 0; round < 20; ++round) {
    const Trace trace = make({.requests = 2'000, .objects = 200, .size_max = 1'000}, random);
    by_distance += belady(trace, 10'000, Weights::kSizes).misses;
    by_size += belady(trace, 10'000, Weights::kSizes, BeladyCache::Order::kDistanceTimesSize).misses;
  }
  EXPECT_LT(by_size, by_distance * 9 / 10);
}

TEST(BeladyTest, ReachesWhatWasPublished) {
  const auto traces = support::public_traces();
  if (!traces) return;
  std::ifstream table(*traces / "anchors.tsv");
  const std::uint64_t requests_max = support::count(150'000, ~std::uint64_t{0});
  std::map<std::string, Trace> read;
  int compared = 0;
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string trace, objects, policy, published;
    for (std::string* word : {&trace, &objects, &policy, &published}) std::getline(words, *word, '\t');
    if (policy != "belady") continue;
    if (!read.contains(trace)) {
      TraceResult result = read_trace((*traces / (trace + ".ltrc.gz")).string());
      ASSERT_TRUE(result) << result.error;
      read[trace] = *std::move(result.trace);
    }
    if (read[trace].ids.size() > requests_max) continue;
    EXPECT_NEAR(belady(read[trace], std::stoull(objects)).miss_ratio(), std::stod(published), 0.0001)
        << trace << ", " << objects << " objects";
    ++compared;
  }
  std::cout << compared << " points compared\n";
  EXPECT_GT(compared, 0);
}

// In bytes, where the published figures of libCacheSim's belady are for the same order, and those of beladySize for one
// that looks at some of the residents.
TEST(BeladyTest, ComesCloseToWhatWasPublishedInBytes) {
  const auto traces = support::public_traces();
  if (!traces) return;
  std::ifstream table(*traces / "anchors-bytes.tsv");
  std::map<std::string, Trace> read;
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string trace, bytes, policy, published, published_bytes;
    for (std::string* word : {&trace, &bytes, &policy, &published, &published_bytes}) std::getline(words, *word, '\t');
    if (policy != "belady" && policy != "beladySize") continue;
    if (!read.contains(trace)) {
      TraceResult result = read_trace((*traces / (trace + ".ltrc.gz")).string());
      ASSERT_TRUE(result) << result.error;
      read[trace] = *std::move(result.trace);
    }
    const auto order = policy == "belady" ? BeladyCache::Order::kDistance : BeladyCache::Order::kDistanceTimesSize;
    const Counts counts = belady(read[trace], std::stoull(bytes), Weights::kSizes, order);
    const double tolerance = policy == "belady" ? 0.0005 : 0.01;
    EXPECT_NEAR(counts.miss_ratio(), std::stod(published), tolerance) << policy << ", " << trace << ", " << bytes;
    EXPECT_NEAR(counts.byte_miss_ratio(), std::stod(published_bytes), tolerance)
        << policy << ", " << trace << ", " << bytes;
  }
}

}  // namespace
}  // namespace larder::simulator
