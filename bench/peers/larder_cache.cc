// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Larder as a user gets it: default options but for the bound and the allocator, statistics and all. "+ttl": every
// entry carries a time to live of a day; "+near-ttl": of half a minute. "-libc": charged as the C library's malloc lays
// blocks out, which is what the default allocator says, whatever malloc this program has.
#include <chrono>

#include "bench/peers/contender_of.h"
#include "bench/peers/registry.h"
#include "larder/cache.h"

#if LARDER_BENCH_MIMALLOC
#include "bench/workload/mimalloc_allocator.h"
#endif

namespace larder::bench {
namespace {

Allocator& bench_allocator() {
#if LARDER_BENCH_MIMALLOC
  return MimallocAllocator::shared();
#else
  return Allocator::standard();
#endif
}

Options options_of(const PeerSetup& setup, const std::string& policy, Allocator& allocator) {
  Options options;
  options.max_memory = setup.entries * (kKeyBytes + setup.value_bytes + 160) + 64_MiB;  // room for all, and more
  if (setup.at_bound && !setup.bound_is_memory) options.max_entries = setup.entries;
  options.eviction = Eviction::named(policy).value();
  options.allocator = &allocator;
  return options;
}

class LarderCache {
 public:
  LarderCache(const PeerSetup& setup, const std::string& policy, Ttl ttl, Allocator& allocator)
      : bound_is_memory_(setup.at_bound && setup.bound_is_memory), cache_(options_of(setup, policy, allocator)) {
    if (ttl == Ttl::kDay) set_options_.ttl = std::chrono::hours(24);
    if (ttl == Ttl::kSeconds) set_options_.ttl = std::chrono::seconds(30);
  }

  bool get(std::string_view key, std::string& value) { return cache_.get(key, value).has_value(); }
  void set(std::string_view key, std::string_view value) { cache_.set(key, value, set_options_); }

  std::size_t get_batch(const KeySpan& keys, std::array<std::string, kBatchKeys>& values) {
    std::array<std::string_view, kBatchKeys> views;
    for (std::size_t i = 0; i < kBatchKeys; ++i) views[i] = keys[i];
    const auto copy = [&](std::size_t i, std::string_view bytes) { values[i].assign(bytes); };
    return *cache_.mget(views, copy);
  }

  void tighten(std::uint64_t entries) {
    if (!bound_is_memory_) return;
    const Stats stats = cache_.stats();
    const double bytes = static_cast<double>(stats.bytes_used) / static_cast<double>(stats.entries);
    cache_.set_max_memory(static_cast<std::uint64_t>(bytes * static_cast<double>(entries)));
  }

  std::uint64_t entries() const { return cache_.stats().entries; }
  std::uint64_t bytes_used() const { return cache_.stats().bytes_used; }

 private:
  bool bound_is_memory_;
  Cache cache_;
  SetOptions set_options_;
};

}  // namespace

std::unique_ptr<Contender> make_larder(const std::string& name, const std::string& policy, Ttl ttl) {
  const char* notes[] = {"no entry with a TTL", "every entry with a TTL of a day",
                         "every entry with a TTL of half a minute"};
  const bool libc = name.starts_with("larder-libc");
  const std::string note = std::string(notes[static_cast<std::size_t>(ttl)]) + (libc ? "; the default allocator" : "");
  return std::make_unique<ContenderOf<LarderCache>>(
      PeerFacts{.name = name, .policy = policy, .note = note, .evicts = true, .overhead_bytes = 60},
      [=](const PeerSetup& setup) {
        return std::make_unique<LarderCache>(setup, policy, ttl, libc ? Allocator::standard() : bench_allocator());
      });
}

}  // namespace larder::bench
