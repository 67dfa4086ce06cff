// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How the demo sets up its cache.
#include "cache_setup.h"

#include <algorithm>

#include "workload.h"

namespace demo {

std::uint64_t memory_of(const Options& options, const Workload& workload) {
  using namespace larder::literals;
  return options.memory.value_or(std::max<std::uint64_t>(workload.data_bytes() / 10, 128_KiB));
}

larder::Result<std::unique_ptr<larder::Cache>> open_cache(const Options& options, std::uint64_t memory) {
  larder::Options setup;
  setup.max_memory = memory;
  setup.eviction = *larder::Eviction::named(options.policy);
  setup.expiry.ttl_jitter = 0.1;  // rows that were loaded together do not expire together
  return larder::Cache::open(setup);
}

}  // namespace demo
