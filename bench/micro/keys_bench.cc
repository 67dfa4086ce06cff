// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on keys of any type, and loading. The argument is the number of entries.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "bench/micro/filled_cache.h"

namespace larder::bench {
namespace {

void sizes(benchmark::internal::Benchmark* suite) { suite->Arg(10'000)->Arg(1'000'000); }

FilledSetup setup_of(const benchmark::State& state) { return {.entries = static_cast<std::uint64_t>(state.range(0))}; }

void exists(benchmark::State& state) {
  FilledCache filled(setup_of(state));
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.exists(filled.next_key()).ok());
}
BENCHMARK(exists)->Apply(sizes);

// The end of each key moves to another time.
void expire(benchmark::State& state) {
  FilledCache filled(setup_of(state));
  Milliseconds ttl = std::chrono::hours(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.cache.expire(filled.next_key(), ttl).ok());
    ttl += Milliseconds(1);
  }
}
BENCHMARK(expire)->Apply(sizes);

void set_and_del(benchmark::State& state) {
  FilledCache filled(setup_of(state));
  for (auto _ : state) {
    const std::string_view key = filled.fresh_key();
    filled.cache.set(key, filled.value);
    benchmark::DoNotOptimize(filled.cache.del(key).ok());
  }
}
BENCHMARK(set_and_del)->Apply(sizes);

// A page of about 100 keys; items are keys.
void scan_page_of_100(benchmark::State& state) {
  FilledCache filled(setup_of(state));
  std::uint64_t cursor = 0;
  std::int64_t keys = 0;
  for (auto _ : state) {
    const auto page = filled.cache.scan(cursor, {.count = 100});
    if (!page.ok()) {
      state.SkipWithError("scan failed");
      break;
    }
    cursor = page->cursor;
    keys += static_cast<std::int64_t>(page->keys.size());
  }
  state.SetItemsProcessed(keys);
}
BENCHMARK(scan_page_of_100)->Apply(sizes);

void get_or_load_of_a_hit(benchmark::State& state) {
  FilledCache filled(setup_of(state));
  for (auto _ : state) {
    const auto value = filled.cache.get_or_load(filled.next_key(), [] { return std::string("loaded"); });
    benchmark::DoNotOptimize(value.has_value());
  }
}
BENCHMARK(get_or_load_of_a_hit)->Apply(sizes);

void get_or_load_of_a_miss(benchmark::State& state) {
  FilledSetup setup = setup_of(state);
  setup.at_bound = true;
  FilledCache filled(setup);
  for (auto _ : state) {
    const auto value = filled.cache.get_or_load(filled.fresh_key(), [&] { return filled.value; });
    benchmark::DoNotOptimize(value.has_value());
  }
}
BENCHMARK(get_or_load_of_a_miss)->Apply(sizes);

}  // namespace
}  // namespace larder::bench
