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

// What advice on the size adds to a hit, in the long run: the first hits of a small cache cost more.
void size_advice_hit(benchmark::State& state, bool advises) {
  FilledCache filled({.entries = static_cast<std::uint64_t>(state.range(0)), .at_bound = true, .size_advice = advises});
  std::string value;
  for (int i = 0; i < 1'000'000; ++i) benchmark::DoNotOptimize(filled.cache.get(filled.next_key(), value).has_value());
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.get(filled.next_key(), value).has_value());
}
BENCHMARK_CAPTURE(size_advice_hit, off, false)->Arg(1'000)->Arg(1'000'000);
BENCHMARK_CAPTURE(size_advice_hit, on, true)->Arg(1'000)->Arg(1'000'000);

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
