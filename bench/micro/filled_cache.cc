// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/micro/filled_cache.h"

#include <algorithm>
#include <chrono>

#if LARDER_BENCH_MIMALLOC
#include "bench/workload/mimalloc_allocator.h"
#endif

namespace larder::bench {
namespace {

constexpr std::size_t kDraws = 1'000'000;

Options options_of(const FilledSetup& setup) {
  Options options;
  options.max_memory = setup.entries * (kKeyBytes + setup.value_bytes + 160) + 64_MiB;
  if (setup.at_bound) options.max_entries = setup.entries;
  options.size_advice = setup.size_advice;
  options.hot_keys = setup.hot_keys;
  options.policy_advice = setup.policy_advice;
  options.store = setup.store;
  options.eviction = Eviction::named(setup.policy).value();
#if LARDER_BENCH_MIMALLOC
  options.allocator = &MimallocAllocator::shared();
#endif
  return options;
}

KeySequence draw(std::uint64_t first, std::uint64_t count) {
  base::Random random(first + 1);
  return KeySequence(kDraws, [&] { return first + random.below(count); });
}

}  // namespace

FilledCache::FilledCache(const FilledSetup& setup)
    : cache(options_of(setup)),
      value(setup.value.empty() ? value_of(setup.value_bytes) : setup.value),
      present_(draw(0, setup.entries)),
      missing_(draw(setup.entries, setup.entries)) {
  if (setup.with_ttl) set_options.ttl = std::chrono::hours(24);
  char key[kKeyBytes];
  for (std::uint64_t id = 0; id < setup.entries; ++id) {
    write_key(id, key);
    cache.set(std::string_view(key, kKeyBytes), value, set_options);
  }
}

}  // namespace larder::bench
