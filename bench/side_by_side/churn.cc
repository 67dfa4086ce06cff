// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/side_by_side/churn.h"

#include <algorithm>
#include <array>
#include <string>

#include "bench/side_by_side/child_process.h"
#include "bench/workload/keys.h"
#include "bench/workload/process_memory.h"
#include "larder/cache.h"

namespace larder::bench {

void print_churn(Allocator& allocator, std::uint64_t max_memory) {
  constexpr std::uint64_t kValueMin = 16;
  constexpr std::uint64_t kValueMax = 512;
  const std::uint64_t fit = max_memory / (kKeyBytes + (kValueMin + kValueMax) / 2);
  const std::string bytes = value_of(kValueMax);
  base::Random random(7);
  const ResidentMemory before = resident_memory();

  Options options;
  options.max_memory = max_memory;
  options.allocator = &allocator;
  Cache cache(options);
  std::array<char, kKeyBytes> key;
  std::uint64_t used_max = 0;
  for (std::uint64_t i = 0; i < 4 * fit; ++i) {
    write_key(random.below(4 * fit), key.data());
    const std::uint64_t length = kValueMin + random.below(kValueMax - kValueMin + 1);
    cache.set(std::string_view(key.data(), key.size()), std::string_view(bytes).substr(0, length));
    if (i % 1024 == 0) used_max = std::max(used_max, cache.stats().bytes_used);
  }

  const Stats stats = cache.stats();
  const ResidentMemory after = resident_memory();
  print_figure("max_memory", static_cast<double>(max_memory));
  print_figure("charged_highest", static_cast<double>(std::max(used_max, stats.bytes_used)));
  print_figure("entries", static_cast<double>(stats.entries));
  print_figure("writes", static_cast<double>(4 * fit));
  print_figure("resident_growth", static_cast<double>(after.now) - static_cast<double>(before.now));
  print_figure("resident_growth_highest", static_cast<double>(after.highest) - static_cast<double>(before.now));
}

}  // namespace larder::bench
