// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What each eviction policy costs: on a hit, and where every insert evicts.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/micro/filled_cache.h"

namespace larder::bench {
namespace {

constexpr std::uint64_t kEntries = 1'000'000;

void policy_hit(benchmark::State& state, const std::string& policy) {
  FilledCache filled({.entries = kEntries, .policy = policy});
  std::string value;
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.get(filled.next_key(), value).has_value());
}
BENCHMARK_CAPTURE(policy_hit, s3_fifo, "s3-fifo");
BENCHMARK_CAPTURE(policy_hit, lru, "lru");
BENCHMARK_CAPTURE(policy_hit, lfu, "lfu");
BENCHMARK_CAPTURE(policy_hit, random, "random");
BENCHMARK_CAPTURE(policy_hit, sieve, "sieve");
BENCHMARK_CAPTURE(policy_hit, fifo, "fifo");

void policy_insert(benchmark::State& state, const std::string& policy) {
  FilledCache filled({.entries = kEntries, .policy = policy, .at_bound = true});
  for (auto _ : state) filled.cache.set(filled.fresh_key(), filled.value);
}
BENCHMARK_CAPTURE(policy_insert, s3_fifo, "s3-fifo");
BENCHMARK_CAPTURE(policy_insert, lru, "lru");
BENCHMARK_CAPTURE(policy_insert, lfu, "lfu");
BENCHMARK_CAPTURE(policy_insert, random, "random");
BENCHMARK_CAPTURE(policy_insert, sieve, "sieve");
BENCHMARK_CAPTURE(policy_insert, fifo, "fifo");

}  // namespace
}  // namespace larder::bench
