// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What lock stripes cost in hits: each has a policy of its own, which sees only the entries there. Prints hit ratios
// with one shard, and how many points more or fewer are hit with several; with LARDER_FULL on whole public traces, too
// (docs/eviction.md has that table).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "larder/cache.h"
#include "support/depth.h"
#include "workload/traces.h"

namespace larder::workload {
namespace {

constexpr const char* kPolicies[] = {"lru", "s3-fifo", "adaptive", "w-tinylfu"};
constexpr std::uint32_t kShards[] = {4, 16, 64};

double percent_hit(const std::vector<std::uint32_t>& ids, std::uint64_t entries, const char* policy,
                   std::uint32_t shards) {
  Cache cache(
      {.max_memory = 0, .max_entries = entries, .eviction = *Eviction::named(policy), .shards = shards, .seed = 7});
  for (const std::uint32_t id : ids) {
    const std::string key = std::to_string(id);
    if (!cache.get(key)) {
      EXPECT_TRUE(cache.set(key, "v").ok());
    }
  }
  EXPECT_EQ(cache.stats().shards, shards);
  EXPECT_LE(cache.stats().entries, entries);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  return 100 * cache.stats().hit_ratio();
}

// So many points may be lost at most. Nothing is said where a shard has hardly any entries; a small queue of s3-fifo
// has three in a shard of 30.
double points_max(std::string_view policy, std::uint64_t entries_a_shard) {
  if (entries_a_shard >= 50) return 0.5;
  if (entries_a_shard < 10) return 100;
  return policy == "s3-fifo" ? 2.5 : 1.5;
}

// A row for each size.
void print_rows(const char* trace, const std::vector<std::uint32_t>& ids, std::uint32_t objects) {
  for (const std::uint64_t entries : {objects / 100, objects / 10}) {
    std::printf("| %s | %lu |", trace, static_cast<unsigned long>(entries));
    for (const char* policy : kPolicies) {
      const double alone = percent_hit(ids, entries, policy, 1);
      std::printf(" %.1f:", alone);
      for (const std::uint32_t shards : kShards) {
        const double more = percent_hit(ids, entries, policy, shards) - alone;
        std::printf(" %+.1f", more);
        EXPECT_GE(more, -points_max(policy, entries / shards))
            << trace << ", " << entries << " entries, " << policy << ", " << shards << " shards";
      }
      std::printf(" |");
    }
    std::printf("\n");
  }
}

TEST(Sharding, CostsFewHits) {
  std::printf("| trace | entries |");
  for (const char* policy : kPolicies) std::printf(" %s: 1 shard, 4, 16, 64 |", policy);
  std::printf("\n");
  const auto made = zipf_with_scans(support::count(60'000, 1'000'000));
  print_rows("Zipf, with scans", made, 20'000);
  if (!support::full_depth()) return;
  for (const char* name : {"scarab_recs", "arc_oltp", "c2k_web12", "cp_w106", "c2k_orm_busy"}) {
    if (const auto trace = public_trace(name)) print_rows(name, trace->ids, trace->objects);
  }
}

}  // namespace
}  // namespace larder::workload
