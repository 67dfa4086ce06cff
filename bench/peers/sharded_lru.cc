// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The ordinary C++ cache, written with care: a hash table onto a list in order of use, a mutex around both, 64 times.
// What everything else is compared with.
#include <functional>
#include <list>
#include <mutex>
#include <vector>

#include <tsl/robin_map.h>

#include "bench/peers/contender_of.h"
#include "bench/peers/registry.h"

namespace larder::bench {
namespace {

class ShardedLru {
 public:
  explicit ShardedLru(const PeerSetup& setup) : shards_(kShards) {
    const std::uint64_t room = setup.at_bound ? setup.entries : setup.entries + setup.entries / 4;
    for (Shard& shard : shards_) shard.entries_max = room / kShards + 1;
  }

  bool get(std::string_view key, std::string& value) {
    const std::size_t hash = std::hash<std::string_view>()(key);
    Shard& shard = shard_of(hash);
    std::lock_guard lock(shard.mutex);
    const auto found = shard.index.find(key, hash);
    if (found == shard.index.end()) return false;
    shard.order.splice(shard.order.begin(), shard.order, found->second);
    value.assign(found->second->value);
    return true;
  }

  void set(std::string_view key, std::string_view value) {
    const std::size_t hash = std::hash<std::string_view>()(key);
    Shard& shard = shard_of(hash);
    std::lock_guard lock(shard.mutex);
    const auto found = shard.index.find(key, hash);
    if (found != shard.index.end()) {
      shard.order.splice(shard.order.begin(), shard.order, found->second);
      found->second->value.assign(value);
      return;
    }
    shard.order.push_front({std::string(key), std::string(value)});
    shard.index.emplace(shard.order.front().key, shard.order.begin());
    if (shard.order.size() > shard.entries_max) {
      shard.index.erase(std::string_view(shard.order.back().key));
      shard.order.pop_back();
    }
  }

  std::uint64_t entries() const {
    std::uint64_t all = 0;
    for (const Shard& shard : shards_) all += shard.order.size();
    return all;
  }

 private:
  static constexpr std::size_t kShards = 64;

  struct Item {
    std::string key;
    std::string value;
  };
  // The keys of the index lie in the list. The index keeps 32 bits of each hash.
  using Index =
      tsl::robin_map<std::string_view, std::list<Item>::iterator, std::hash<std::string_view>, std::equal_to<>,
                     std::allocator<std::pair<std::string_view, std::list<Item>::iterator>>, true>;
  struct alignas(64) Shard {
    std::mutex mutex;
    std::size_t entries_max = 0;
    std::list<Item> order;  // the last used first
    Index index;
  };

  // The table takes the low bits of the hash.
  Shard& shard_of(std::size_t hash) { return shards_[hash >> 58]; }

  std::vector<Shard> shards_;
};

}  // namespace

std::unique_ptr<Contender> make_sharded_lru() {
  return std::make_unique<ContenderOf<ShardedLru>>(
      PeerFacts{.name = "sharded-lru",
                .policy = "lru",
                .note = "tsl::robin_map + std::list + std::mutex, 64 shards; no TTL, bounds entries and not bytes",
                .evicts = true,
                .overhead_bytes = 190});
}

}  // namespace larder::bench
