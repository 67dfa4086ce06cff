// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// boost::unordered_flat_map behind 64 std::mutexes: a map, not a cache.
#include <functional>
#include <mutex>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "bench/peers/contender_of.h"
#include "bench/peers/registry.h"

namespace larder::bench {
namespace {

// A key with its hash: the map takes no precomputed hash, but any key that compares.
struct HashedKey {
  std::string_view key;
  std::size_t hash;
};
struct Hash {
  using is_transparent = void;
  using is_avalanching = void;  // std::hash of strings is good in all bits: the map need not mix them again
  std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  std::size_t operator()(const HashedKey& key) const { return key.hash; }
};
struct Equal {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a == b; }
  bool operator()(const HashedKey& a, std::string_view b) const { return a.key == b; }
  bool operator()(std::string_view a, const HashedKey& b) const { return a == b.key; }
};

class BoostFlatMap {
 public:
  explicit BoostFlatMap(const PeerSetup&) : shards_(kShards) {}

  bool get(std::string_view key, std::string& value) {
    const HashedKey hashed{key, Hash()(key)};
    Shard& shard = shard_of(hashed.hash);
    std::lock_guard lock(shard.mutex);
    const auto found = shard.map.find(hashed);
    if (found == shard.map.end()) return false;
    value.assign(found->second);
    return true;
  }

  void set(std::string_view key, std::string_view value) {
    const HashedKey hashed{key, Hash()(key)};
    Shard& shard = shard_of(hashed.hash);
    std::lock_guard lock(shard.mutex);
    const auto found = shard.map.find(hashed);
    if (found != shard.map.end()) {
      found->second.assign(value);
    } else {
      shard.map.emplace(std::string(key), std::string(value));
    }
  }

  std::uint64_t entries() const {
    std::uint64_t all = 0;
    for (const Shard& shard : shards_) all += shard.map.size();
    return all;
  }

 private:
  static constexpr std::size_t kShards = 64;
  struct alignas(64) Shard {
    std::mutex mutex;
    boost::unordered_flat_map<std::string, std::string, Hash, Equal> map;
  };

  // From the middle: the table takes the low eight bits and the highest.
  Shard& shard_of(std::size_t hash) { return shards_[(hash >> 20) % kShards]; }

  std::vector<Shard> shards_;
};

}  // namespace

std::unique_ptr<Contender> make_boost_flat_map() {
  return std::make_unique<ContenderOf<BoostFlatMap>>(
      PeerFacts{.name = "boost-flat-map",
                .policy = "none",
                .note = "boost::unordered_flat_map + std::mutex, 64 shards; no TTL, no bound, no eviction",
                .overhead_bytes = 170});
}

}  // namespace larder::bench
