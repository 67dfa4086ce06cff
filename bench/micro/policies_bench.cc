// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What each eviction policy costs: on a hit, and where every insert evicts.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "bench/micro/filled_cache.h"

namespace larder::bench {
namespace {

constexpr std::uint64_t kEntries = 1'000'000;

void policy_hit(benchmark::State& state, const std::string& policy) {
  FilledCache filled({.entries = kEntries, .policy = policy});
  std::string value;
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.get(filled.next_key(), value).has_value());
}

void policy_insert(benchmark::State& state, const std::string& policy) {
  FilledCache filled({.entries = kEntries, .policy = policy, .at_bound = true});
  for (auto _ : state) filled.cache.set(filled.fresh_key(), filled.value);
}

// Each policy, by its name: "policy_hit/arc".
const bool registered = [] {
  for (const std::string_view name : Eviction::names()) {
    const std::string policy(name);
    benchmark::RegisterBenchmark(("policy_hit/" + policy).c_str(), policy_hit, policy);
    benchmark::RegisterBenchmark(("policy_insert/" + policy).c_str(), policy_insert, policy);
  }
  return true;
}();

// What advice adds to a hit, and to a key that is missed and stored in every third look-up, in the long run: the first
// uses of a small cache cost more.
void advice(benchmark::State& state, bool on_size, bool on_policy, bool misses) {
  FilledCache filled({.entries = static_cast<std::uint64_t>(state.range(0)),
                      .at_bound = true,
                      .size_advice = on_size,
                      .policy_advice = on_policy});
  std::string value;
  std::uint64_t uses = 0;
  const auto use = [&] {
    const std::string_view key = misses && ++uses % 3 == 0 ? filled.next_missing_key() : filled.next_key();
    if (!filled.cache.get(key, value) && misses) filled.cache.set(key, filled.value);
  };
  for (int i = 0; i < 1'000'000; ++i) use();
  for (auto _ : state) use();
}
#define LARDER_BENCH_ADVICE(name, ...) \
  BENCHMARK_CAPTURE(advice, name, __VA_ARGS__)->Arg(1'000)->Arg(30'000)->Arg(1'000'000)
LARDER_BENCH_ADVICE(hit_none, false, false, false);
LARDER_BENCH_ADVICE(hit_on_size, true, false, false);
LARDER_BENCH_ADVICE(hit_on_policy, false, true, false);
LARDER_BENCH_ADVICE(hit_on_both, true, true, false);
LARDER_BENCH_ADVICE(store_none, false, false, true);
LARDER_BENCH_ADVICE(store_on_size, true, false, true);
LARDER_BENCH_ADVICE(store_on_policy, false, true, true);
LARDER_BENCH_ADVICE(store_on_both, true, true, true);

// What naming the hot keys adds to a hit, where no key is hotter than others: nearly every sampled use takes a counter
// over.
void hot_keys_hit(benchmark::State& state, std::uint32_t names) {
  FilledCache filled({.entries = static_cast<std::uint64_t>(state.range(0)), .hot_keys = names});
  std::string value;
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.get(filled.next_key(), value).has_value());
}
BENCHMARK_CAPTURE(hot_keys_hit, off, 0)->Arg(1'000)->Arg(100'000);
BENCHMARK_CAPTURE(hot_keys_hit, ten, 10)->Arg(1'000)->Arg(100'000);
BENCHMARK_CAPTURE(hot_keys_hit, thousand, 1'000)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace larder::bench
