// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on strings. The argument is the number of entries.
#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "bench/micro/filled_cache.h"

namespace larder::bench {
namespace {

constexpr std::size_t kBatch = 16;

void sizes(benchmark::internal::Benchmark* suite) { suite->Arg(10'000)->Arg(1'000'000); }

FilledSetup setup_of(const benchmark::State& state) { return {.entries = static_cast<std::uint64_t>(state.range(0))}; }

void get_hit(benchmark::State& state) {
  FilledCache filled(setup_of(state));
  std::string value;
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.get(filled.next_key(), value).has_value());
}
BENCHMARK(get_hit)->Apply(sizes);

void get_hit_with_ttl(benchmark::State& state) {
  FilledSetup setup = setup_of(state);
  setup.with_ttl = true;
  FilledCache filled(setup);
  std::string value;
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.get(filled.next_key(), value).has_value());
}
BENCHMARK(get_hit_with_ttl)->Apply(sizes);

void get_hit_into_a_new_string(benchmark::State& state) {
  FilledCache filled(setup_of(state));
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.get(filled.next_key()).has_value());
}
BENCHMARK(get_hit_into_a_new_string)->Apply(sizes);

void get_miss(benchmark::State& state) {
  FilledCache filled(setup_of(state));
  std::string value;
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.get(filled.next_missing_key(), value).has_value());
}
BENCHMARK(get_miss)->Apply(sizes);

void mget_16(benchmark::State& state) {
  FilledCache filled(setup_of(state));
  std::array<std::string_view, kBatch> keys;
  std::array<std::string, kBatch> values;
  for (auto _ : state) {
    const KeySpan span = filled.next_keys(kBatch);
    for (std::size_t i = 0; i < kBatch; ++i) keys[i] = span[i];
    const auto copy = [&](std::size_t i, std::string_view bytes) { values[i].assign(bytes); };
    benchmark::DoNotOptimize(*filled.cache.mget(keys, copy));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}
BENCHMARK(mget_16)->Apply(sizes);

void set_overwrite(benchmark::State& state) {
  FilledCache filled(setup_of(state));
  for (auto _ : state) filled.cache.set(filled.next_key(), filled.value);
}
BENCHMARK(set_overwrite)->Apply(sizes);

void set_with_ttl(benchmark::State& state) {
  FilledSetup setup = setup_of(state);
  setup.with_ttl = true;
  FilledCache filled(setup);
  for (auto _ : state) filled.cache.set(filled.next_key(), filled.value, filled.set_options);
}
BENCHMARK(set_with_ttl)->Apply(sizes);

void incr_by(benchmark::State& state) {
  FilledSetup setup = setup_of(state);
  setup.value = "1000000";
  FilledCache filled(setup);
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.incr_by(filled.next_key(), 3).ok());
}
BENCHMARK(incr_by)->Apply(sizes);

// Eight bytes to a value that begins anew when it has 4 KiB.
void append(benchmark::State& state) {
  FilledCache filled(setup_of(state));
  for (auto _ : state) {
    const std::string_view key = filled.next_key();
    const auto length = filled.cache.append(key, "12345678");
    if (length.ok() && *length >= 4096) filled.cache.set(key, filled.value);
  }
}
BENCHMARK(append)->Apply(sizes);

}  // namespace
}  // namespace larder::bench
