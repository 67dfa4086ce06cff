// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Several keys at one instant: all their shards are locked, in ascending order. For bounded work on a bounded number of
// keys.
//
// Thread safety: an object belongs to one thread; while it holds locks the thread must not call the cache otherwise.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "keyspace/keyspace.h"

namespace larder::keyspace {

inline constexpr std::size_t kKeysAtOnceMax = 1024;

// A key with where it belongs.
struct KeyRef {
  std::string_view key;
  std::uint64_t hash;
  std::uint32_t shard;
};

// Locks, and the discards of each shard, which are released after all locks.
class ShardLocks {
 public:
  ShardLocks(Keyspace& keyspace, std::span<const KeyRef> keys);
  ~ShardLocks();
  ShardLocks(const ShardLocks&) = delete;
  ShardLocks& operator=(const ShardLocks&) = delete;

  Discards& discards(std::uint32_t shard);

 private:
  struct Held {
    std::uint32_t number;
    Shard* shard;
    std::unique_ptr<Discards> discards;
  };
  std::vector<Held> held_;
};

// Runs a step with all shards of these keys locked, until it is done. A step answers false, having changed nothing, if
// it needs room
// (`need`) or meets a latch (`wait_for`); then locks are released, room is made or the latch waited for, and it runs
// again.
class MultiKey {
 public:
  MultiKey(Keyspace& keyspace, const std::vector<std::string_view>& keys);

  Status run(FunctionRef<bool(MultiKey&)> step);

  // --- For the step ---
  const KeyRef& key(std::size_t i) const noexcept { return keys_[i]; }
  // The entry, alive, or a place that is false. Sets `wait_for` if it is latched and the step is going to change it.
  Shard::Place find(std::size_t i, bool to_change);
  Shard& shard(std::size_t i) noexcept { return keyspace_.shard(keys_[i].shard); }
  Discards& discards(std::size_t i) { return locks_->discards(keys_[i].shard); }
  // Says what the shard of a key is to have room for, more for each call: bytes, an insert, and whether that makes one
  // entry more in the end. Then ask has_room, which invalidates places.
  void need(std::size_t i, std::int64_t bytes, bool insert, bool one_more);
  void need(std::size_t i, std::int64_t bytes, bool insert) { need(i, bytes, insert, insert); }
  bool has_room();
  bool must_wait() const noexcept { return waiting_; }
  // Prepares to store a small value, or a blob. False: no memory; nothing has changed, and nothing will unless `commit`
  // is called. REQUIRES: has_room answered true for it.
  bool stage(std::size_t i, std::string_view value, Blob* blob, std::uint64_t end);
  // Stores what was staged, and takes over the references to the blobs. Places are found anew.
  void commit();
  std::int64_t bytes_to_store(std::size_t i, std::size_t value_bytes, bool with_end) const noexcept;

 private:
  struct Need {
    std::uint32_t shard;
    std::int64_t bytes;
    std::int64_t entries;
    std::uint64_t inserts;
  };

  struct Staged {
    std::size_t key;
    Entry* entry;
    Footprint footprint;
    std::uint64_t end;
  };
  void unstage();

  Keyspace& keyspace_;
  std::vector<KeyRef> keys_;
  std::vector<Staged> staged_;
  ShardLocks* locks_ = nullptr;
  std::vector<Need> needs_;
  bool waiting_ = false;
  std::uint32_t wait_shard_ = 0;
  std::uint32_t wait_epoch_ = 0;
  bool no_room_ = false;  // in shard lacking_, even after evicting there
  Need lacking_{};
};

}  // namespace larder::keyspace
