// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How the demo sets up its cache.
#include "cache_setup.h"

#include <algorithm>
#include <utility>

#include "workload.h"

namespace demo {

std::uint64_t memory_of(const Options& options, const Workload& workload) {
  using namespace larder::literals;
  return options.memory.value_or(std::max<std::uint64_t>(workload.data_bytes() / 10, 128_KiB));
}

namespace {

larder::Options setup_of(const Options& options, std::uint64_t memory) {
  larder::Options setup;
  setup.max_memory = memory;
  setup.eviction = *larder::Eviction::named(options.policy);
  setup.expiry.ttl_jitter = 0.1;  // rows that were loaded together do not expire together
  return setup;
}

}  // namespace

larder::Result<std::unique_ptr<larder::Cache>> open_cache(const Options& options, std::uint64_t memory) {
  return larder::Cache::open(setup_of(options, memory));
}

// Nobody else writes the rows, so they do not grow old. What the store never takes is counted as lost when the database
// is compared, so there is nothing more to be done with dead letters here.
larder::Result<std::unique_ptr<larder::Cache>> open_cache_over(std::shared_ptr<larder::BackingStore> store,
                                                               const Options& options, std::uint64_t memory) {
  larder::Options setup = setup_of(options, memory);
  setup.store.backing = std::move(store);
  setup.store.writes = larder::StoreOptions::Writes::kBack;
  setup.store.write_back.retry_most = larder::Milliseconds(500);  // an outage of the demo is short
  setup.store.write_back.dead_letters = [](const larder::DeadLetter&) {};
  return larder::Cache::open(setup);
}

}  // namespace demo
