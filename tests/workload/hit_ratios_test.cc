// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Do the policies evict what they say they do? Each request is a look-up, a miss is stored, and the share of misses is
// compared: LRU's with that of a plain list, exactly; on public traces, where they are at hand, with published figures
// for exactly these files.
#include <gtest/gtest.h>

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "larder/cache.h"
#include "workload/traces.h"

namespace larder::workload {
namespace {

double misses_of_larder(const std::vector<std::uint32_t>& ids, std::uint64_t entries, std::string_view policy) {
  Options options;
  options.max_memory = 0;
  options.max_entries = entries;
  options.shards = 1;  // exact: one order for all entries
  options.seed = 7;
  options.eviction = *Eviction::named(policy);
  Cache cache(options);
  std::uint64_t misses = 0;
  std::string value;
  for (const std::uint32_t id : ids) {
    const std::string key = std::to_string(id);
    if (cache.get(key, value).has_value()) continue;
    ++misses;
    EXPECT_TRUE(cache.set(key, "v").ok());
  }
  EXPECT_LE(cache.stats().entries, entries);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  return static_cast<double>(misses) / static_cast<double>(ids.size());
}

double misses_of_a_list(const std::vector<std::uint32_t>& ids, std::uint64_t entries) {
  std::list<std::uint32_t> order;
  std::unordered_map<std::uint32_t, std::list<std::uint32_t>::iterator> places;
  std::uint64_t misses = 0;
  for (const std::uint32_t id : ids) {
    if (const auto found = places.find(id); found != places.end()) {
      order.splice(order.begin(), order, found->second);
      continue;
    }
    ++misses;
    if (places.size() == entries) {
      places.erase(order.back());
      order.pop_back();
    }
    order.push_front(id);
    places[id] = order.begin();
  }
  return static_cast<double>(misses) / static_cast<double>(ids.size());
}

TEST(HitRatios, LruIsExact) {
  const auto ids = zipf_with_scans(200'000);
  for (const std::uint64_t entries : {1u, 10u, 500u, 3'000u}) {
    EXPECT_EQ(misses_of_larder(ids, entries, "lru"), misses_of_a_list(ids, entries)) << entries;
  }
}

TEST(HitRatios, S3FifoResistsScans) {
  const auto ids = zipf_with_scans(300'000);
  EXPECT_LT(misses_of_larder(ids, 1'000, "s3-fifo"), 0.93 * misses_of_larder(ids, 1'000, "lru"));
}

TEST(HitRatios, LfuKeepsWhatIsPopularAndRandomDoesNot) {
  const auto ids = zipf_with_scans(200'000);
  const double random = misses_of_larder(ids, 1'000, "random");
  EXPECT_LT(misses_of_larder(ids, 1'000, "lfu"), 0.95 * random);
  EXPECT_GT(random, misses_of_a_list(ids, 1'000));
}

struct Point {
  const char* trace;
  std::uint64_t entries;
  double lru;
  double s3_fifo;  // small queue 10 %, ghosts twice the entries, promoted after two uses
};
constexpr Point kPoints[] = {
    {"lirs_multi1", 261, 0.5655, 0.5174},    {"lirs_multi1", 1'042, 0.5175, 0.4164},
    {"arc_oltp", 1'869, 0.5836, 0.5348},     {"arc_oltp", 18'688, 0.3348, 0.3208},
    {"corda_vault", 9'047, 0.6667, 0.6667},  {"c2k_web12", 688, 0.3998, 0.3536},
    {"scarab_recs", 11'055, 0.5015, 0.4574}, {"cp_w106", 1'960, 0.1911, 0.1698},
};

TEST(HitRatios, AreThePublishedOnesOnPublicTraces) {
  for (const Point& point : kPoints) {
    const std::optional<simulator::Trace> trace = public_trace(point.trace);
    if (!trace) return;
    const double lru = misses_of_larder(trace->ids, point.entries, "lru");
    EXPECT_NEAR(lru, point.lru, 0.0001) << point.trace << ", " << point.entries << " entries";
    // Our ghosts forget in about the order of arrival and now and then mistake one id for another.
    const double s3_fifo = misses_of_larder(trace->ids, point.entries, "s3-fifo");
    EXPECT_NEAR(s3_fifo, point.s3_fifo, 0.01) << point.trace << ", " << point.entries << " entries";
  }
}

}  // namespace
}  // namespace larder::workload
