// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// LARDER_BENCH_ABSL, _BOOST and _ROCKSDB come from CMake: 1 where the library was found.
#include "bench/peers/registry.h"

#include <functional>
#include <utility>

#include "larder/cache.h"

namespace larder::bench {
namespace {

struct Entry {
  std::string name;
  bool by_default;
  std::function<std::unique_ptr<Contender>()> make;
};

Entry larder_entry(const std::string& name, const std::string& policy, Ttl ttl, bool by_default = false) {
  return {name, by_default, [=] { return make_larder(name, policy, ttl); }};
}

std::string name_with(std::string_view policy) { return "larder-" + std::string(policy); }

std::vector<Entry> make_entries() {
  const std::string policy = Options().eviction.name();
  std::vector<Entry> entries = {
    {std::string(kBaseline), true, make_sharded_lru},
#if LARDER_BENCH_ABSL
    {"absl-flat-map", true, make_absl_flat_map},
#endif
#if LARDER_BENCH_BOOST
    {"boost-flat-map", true, make_boost_flat_map},
#endif
#if LARDER_BENCH_ROCKSDB
    {"rocksdb-lru", true, make_rocksdb_lru},
    {"rocksdb-hyper-clock", true, make_rocksdb_hyper_clock},
#endif
    larder_entry(std::string(kDefaultLarder), policy, Ttl::kNone, true),
    larder_entry("larder+ttl", policy, Ttl::kDay, true),
    larder_entry("larder+near-ttl", policy, Ttl::kSeconds),
    larder_entry("larder-libc", policy, Ttl::kNone),
    larder_entry("larder-libc+near-ttl", policy, Ttl::kSeconds),
  };
  for (const std::string_view name : Eviction::names()) {
    entries.push_back(larder_entry(name_with(name), std::string(name), Ttl::kNone));
    entries.push_back(larder_entry(name_with(name) + "+ttl", std::string(name), Ttl::kDay));
  }
  entries.push_back({"no-cache", false, make_no_cache});
  return entries;
}

const std::vector<Entry>& all_entries() {
  static const std::vector<Entry> entries = make_entries();
  return entries;
}

std::vector<std::string> names_where(bool by_default) {
  std::vector<std::string> names;
  for (const Entry& entry : all_entries()) {
    if (entry.by_default == by_default) names.push_back(entry.name);
  }
  return names;
}

}  // namespace

std::vector<std::string> default_peers() { return names_where(true); }
std::vector<std::string> further_peers() { return names_where(false); }

std::vector<std::string> policy_peers() {
  std::vector<std::string> names;
  for (const std::string_view policy : Eviction::names()) names.push_back(name_with(policy));
  return names;
}

std::vector<std::string> missing_peers() {
  return {
#if !LARDER_BENCH_ABSL
    "absl-flat-map: this build found no Abseil",
#endif
#if !LARDER_BENCH_BOOST
        "boost-flat-map: this build found no Boost 1.81",
#endif
#if !LARDER_BENCH_ROCKSDB
        "rocksdb-lru, rocksdb-hyper-clock: this build found no RocksDB 7",
#endif
        "boost::concurrent_flat_map: comes with Boost 1.83, and Debian 12 has 1.81",
  };
}

std::unique_ptr<Contender> make_peer(std::string_view name) {
  for (const Entry& entry : all_entries()) {
    if (entry.name == name) return entry.make();
  }
  return nullptr;
}

}  // namespace larder::bench
