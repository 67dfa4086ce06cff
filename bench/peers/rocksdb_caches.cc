// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The two block caches of RocksDB 7.8, used as caches of strings. Values are blocks of their own, as the caches hold
// pointers. Every entry is charged 1, so that the capacity is a number of entries.
#include <cstdlib>
#include <cstring>

#include <rocksdb/cache.h>

#include "bench/peers/contender_of.h"
#include "bench/peers/registry.h"

namespace larder::bench {
namespace {

// A value in one block: its length, then its bytes.
void* make_stored(std::string_view value) {
  const std::size_t length = value.size();
  char* stored = static_cast<char*>(std::malloc(sizeof length + length));
  if (stored == nullptr) std::abort();
  std::memcpy(stored, &length, sizeof length);
  std::memcpy(stored + sizeof length, value.data(), length);
  return stored;
}
std::string_view view_stored(const void* stored) {
  std::size_t length = 0;
  std::memcpy(&length, stored, sizeof length);
  return {static_cast<const char*>(stored) + sizeof length, length};
}
void free_stored(const rocksdb::Slice&, void* stored) { std::free(stored); }

// 128 bits of a key: HyperClockCache takes keys of 16 bytes and no other.
class Digest {
 public:
  explicit Digest(std::string_view key) : parts_{0x9e3779b97f4a7c15ULL ^ key.size(), 0xd1342543de82ef95ULL} {
    const char* at = key.data();
    std::size_t left = key.size();
    for (; left >= 8; at += 8, left -= 8) add(at, 8);
    if (left > 0) add(at, left);
  }
  rocksdb::Slice slice() const { return {reinterpret_cast<const char*>(parts_), sizeof parts_}; }

 private:
  void add(const char* at, std::size_t bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, bytes);
    parts_[0] = base::mix64(parts_[0] ^ word);
    parts_[1] = (parts_[1] ^ word) * 0xbf58476d1ce4e5b9ULL;
    parts_[1] ^= parts_[1] >> 29;
  }
  std::uint64_t parts_[2];
};

std::size_t capacity(const PeerSetup& setup) {
  return static_cast<std::size_t>(setup.at_bound ? setup.entries : setup.entries + setup.entries / 4);
}
constexpr int kShardBits = 6;

struct LruKind {
  using Key = rocksdb::Slice;
  static constexpr bool kInsertReplaces = true;
  static Key key(std::string_view text) { return {text.data(), text.size()}; }
  static const rocksdb::Slice& slice(const Key& key) { return key; }
  static std::shared_ptr<rocksdb::Cache> make(const PeerSetup& setup) {
    rocksdb::LRUCacheOptions options;
    options.capacity = capacity(setup);
    options.num_shard_bits = kShardBits;
    options.metadata_charge_policy = rocksdb::kDontChargeCacheMetadata;
    return rocksdb::NewLRUCache(options);
  }
};

struct HyperClockKind {
  using Key = Digest;
  static constexpr bool kInsertReplaces = false;
  static Key key(std::string_view text) { return Digest(text); }
  static rocksdb::Slice slice(const Key& key) { return key.slice(); }
  static std::shared_ptr<rocksdb::Cache> make(const PeerSetup& setup) {
    return rocksdb::HyperClockCacheOptions(capacity(setup), 1, kShardBits, false, nullptr,
                                           rocksdb::kDontChargeCacheMetadata)
        .MakeSharedCache();
  }
};

template <typename Kind>
class RocksdbCache {
 public:
  explicit RocksdbCache(const PeerSetup& setup) : cache_(Kind::make(setup)) {}

  bool get(std::string_view text, std::string& value) {
    const auto key = Kind::key(text);
    rocksdb::Cache::Handle* handle = cache_->Lookup(Kind::slice(key));
    if (handle == nullptr) return false;
    value.assign(view_stored(cache_->Value(handle)));
    cache_->Release(handle);
    return true;
  }

  void set(std::string_view text, std::string_view value) {
    const auto key = Kind::key(text);
    if constexpr (!Kind::kInsertReplaces) cache_->Erase(Kind::slice(key));
    cache_->Insert(Kind::slice(key), make_stored(value), 1, &free_stored).PermitUncheckedError();
  }

  std::uint64_t entries() const { return cache_->GetUsage(); }

 private:
  std::shared_ptr<rocksdb::Cache> cache_;
};

}  // namespace

std::unique_ptr<Contender> make_rocksdb_lru() {
  return std::make_unique<ContenderOf<RocksdbCache<LruKind>>>(
      PeerFacts{.name = "rocksdb-lru",
                .policy = "lru",
                .note = "rocksdb::LRUCache, 64 shards; no TTL, each entry charged 1",
                .evicts = true,
                .overhead_bytes = 130});
}

std::unique_ptr<Contender> make_rocksdb_hyper_clock() {
  return std::make_unique<ContenderOf<RocksdbCache<HyperClockKind>>>(PeerFacts{
      .name = "rocksdb-hyper-clock",
      .policy = "clock",
      .note = "rocksdb::HyperClockCache, 64 shards; 16-byte digests for keys, fixed table, a set is an erase and an "
              "insert; no TTL, each entry charged 1",
      .evicts = true,
      .overhead_bytes = 140});
}

}  // namespace larder::bench
