// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// absl::flat_hash_map behind 64 absl::Mutexes: a map, not a cache. The library may have a string_view of its own
// (Debian's has), so the functors here take std::string_view and hash its bytes with absl's hash.
#include <algorithm>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>
#include <absl/synchronization/mutex.h>

#include "bench/peers/contender_of.h"
#include "bench/peers/registry.h"

namespace larder::bench {
namespace {

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const {
    return absl::Hash<absl::string_view>()(absl::string_view(key.data(), key.size()));
  }
};

class AbslFlatMap {
 public:
  explicit AbslFlatMap(const PeerSetup&) : shards_(kShards) {
    // Debian's library looks for deadlocks at each lock unless told not to, which costs more than the rest of a
    // look-up.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  }

  bool get(std::string_view key, std::string& value) {
    const std::size_t hash = Hash()(key);
    Shard& shard = shard_of(hash);
    absl::MutexLock lock(&shard.mutex);
    const auto found = shard.map.find(key, hash);
    if (found == shard.map.end()) return false;
    value.assign(found->second);
    return true;
  }

  void set(std::string_view key, std::string_view value) {
    const std::size_t hash = Hash()(key);
    Shard& shard = shard_of(hash);
    absl::MutexLock lock(&shard.mutex);
    const auto found = shard.map.find(key, hash);
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
    absl::Mutex mutex;
    absl::flat_hash_map<std::string, std::string, Hash, std::equal_to<>> map;
  };

  // The table takes the low bits of the hash.
  Shard& shard_of(std::size_t hash) { return shards_[hash >> 58]; }

  std::vector<Shard> shards_;
};

}  // namespace

std::unique_ptr<Contender> make_absl_flat_map() {
  return std::make_unique<ContenderOf<AbslFlatMap>>(PeerFacts{
      .name = "absl-flat-map",
      .policy = "none",
      .note = "absl::flat_hash_map + absl::Mutex (no deadlock check), 64 shards; no TTL, no bound, no eviction",
      .overhead_bytes = 170});
}

}  // namespace larder::bench
