// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a store behind the cache costs beyond the store's own call. The argument is the number of entries.
//
//   get_hit_over_a_store            beside get_hit: what a hit pays for it
//   get_miss_over_a_store           a key that is loaded and kept: evicts one, as insert does
//   get_miss_by_hand                the same done by a program: get, ask the store, set
//   set_over_a_store                a write through
//   set_by_hand                     write the store, then the cache
//   set_back_again                  write-back of a key that is dirty: the new value takes the place of the old one
//   set_back_and_flush              write-back of keys that are not, in batches of 128 to the store
#include <benchmark/benchmark.h>

#include "bench/micro/filled_cache.h"

namespace larder::bench {
namespace {

// Has a value for every key, and takes every write. Its call costs a copy of the value.
class InstantStore final : public BackingStore {
 public:
  explicit InstantStore(std::string value) : value_(std::move(value)) {}
  Lookup<StoredValue> load(std::string_view) override { return StoredValue{.bytes = value_}; }
  Status write(std::span<const Mutation> batch, std::span<WriteResult>) override {
    benchmark::DoNotOptimize(batch.data());
    return {};
  }

 private:
  const std::string value_;
};

FilledSetup setup_of(const benchmark::State& state, bool with_store, bool at_bound = true) {
  FilledSetup setup{.entries = static_cast<std::uint64_t>(state.range(0)), .at_bound = at_bound};
  if (with_store) setup.store.backing = std::make_shared<InstantStore>(value_of(setup.value_bytes));
  return setup;
}

void sizes(benchmark::internal::Benchmark* suite) { suite->Arg(10'000)->Arg(1'000'000); }

void get_hit_over_a_store(benchmark::State& state) {
  FilledCache filled(setup_of(state, true, false));
  std::string value;
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.get(filled.next_key(), value).has_value());
}
BENCHMARK(get_hit_over_a_store)->Apply(sizes);

void get_miss_over_a_store(benchmark::State& state) {
  FilledCache filled(setup_of(state, true));
  std::string value;
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.get(filled.fresh_key(), value).has_value());
}
BENCHMARK(get_miss_over_a_store)->Apply(sizes);

void get_miss_by_hand(benchmark::State& state) {
  FilledCache filled(setup_of(state, false));
  InstantStore store(filled.value);
  std::string value;
  for (auto _ : state) {
    const std::string_view key = filled.fresh_key();
    if (filled.cache.get(key, value)) continue;
    const auto found = store.load(key);
    benchmark::DoNotOptimize(filled.cache.set(key, found->bytes).ok());
  }
}
BENCHMARK(get_miss_by_hand)->Apply(sizes);

void set_over_a_store(benchmark::State& state) {
  FilledCache filled(setup_of(state, true));
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.set(filled.next_key(), filled.value).ok());
}
BENCHMARK(set_over_a_store)->Apply(sizes);

void set_by_hand(benchmark::State& state) {
  FilledCache filled(setup_of(state, false));
  InstantStore store(filled.value);
  for (auto _ : state) {
    const std::string_view key = filled.next_key();
    const Mutation one{.key = key, .bytes = filled.value};
    WriteResult result;
    benchmark::DoNotOptimize(store.write({&one, 1}, {&result, 1}).ok());
    benchmark::DoNotOptimize(filled.cache.set(key, filled.value).ok());
  }
}
BENCHMARK(set_by_hand)->Apply(sizes);

FilledSetup write_back(const benchmark::State& state) {
  FilledSetup setup = setup_of(state, true);
  setup.store.writes = StoreOptions::Writes::kBack;
  setup.store.write_back.dead_letters = [](const DeadLetter&) {};
  setup.store.write_back.threads = 0;
  setup.store.write_back.delay = std::chrono::hours(1);
  return setup;
}

void set_back_again(benchmark::State& state) {
  FilledCache filled(write_back(state));
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.set(filled.next_key(), filled.value).ok());
}
BENCHMARK(set_back_again)->Arg(10'000);

void set_back_and_flush(benchmark::State& state) {
  FilledCache filled(write_back(state));
  int dirty = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.cache.set(filled.fresh_key(), filled.value).ok());
    if (++dirty % 128 == 0) filled.cache.flush(Milliseconds(0));
  }
}
BENCHMARK(set_back_and_flush)->Apply(sizes);

}  // namespace
}  // namespace larder::bench
