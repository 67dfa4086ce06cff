// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the commands on hashes, lists, sets and sorted sets have in common.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/hold_work.h"
#include "base/random.h"
#include "keyspace/collection.h"

namespace larder::commands {

// Bytes of items that are copied while a shard's lock is held: a few microseconds.
inline constexpr std::uint64_t kItemBytesAHold = 16 << 10;
inline constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

// For keyspace::change: so many items of so many bytes, all in all. Many bytes are as much work as many items.
constexpr std::uint64_t edits_of(std::uint64_t items, std::uint64_t bytes) noexcept {
  return bytes <= kItemBytesAHold ? items : items + keyspace::kItemsAHold;
}

// Of how many are to be taken: a negative number that became an unsigned one is none.
inline Status check_count(std::uint64_t count) {
  if (count <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return {};
  return {ErrorCode::kOutOfRange, "value is out of range, must be positive"};
}

// A copy of what find(const View&) finds, a std::optional<std::string_view>. A long one is copied with no lock held.
template <typename Type, typename Find>
Lookup<std::string> copy_item(keyspace::Keyspace& keyspace, std::string_view key, keyspace::Use use, Find&& find) {
  std::optional<std::string> copy;
  keyspace::Held<Type> held;
  Status status = keyspace.view_as(Type::kType, key, use, [&](const keyspace::Entry* entry) {
    if (entry == nullptr) return;
    const std::optional<std::string_view> found = find(keyspace::view_of<Type>(*entry));
    if (!found) return;
    if (found->size() > kItemBytesAHold) return held.take(*entry);
    base::count_bytes(found->size());
    copy.emplace(*found);
  });
  if (!status.ok()) return status;
  if (held) copy.emplace(*find(held.view()));
  if (!copy) return {};
  return *std::move(copy);
}

// For what a command draws at random.
inline base::Random random_for(keyspace::Keyspace& keyspace, std::string_view key) {
  keyspace::Shard& shard = keyspace.shard_of(keyspace.hash_of(key));
  base::MutexLock lock(shard.mutex);
  return base::Random(shard.random());
}

// Walks from a cursor on until about `count` items were visited, a bounded number under each hold of the lock. Answers
// where to go on; 0: that was all, or there is no such key. walk(view, cursor) visits some and answers the next cursor;
// `visited` tells how many so far.
template <typename Type, typename Walk, typename Visited>
Result<std::uint64_t> scan_items(keyspace::Keyspace& keyspace, std::string_view key, keyspace::Use use,
                                 std::uint64_t cursor, const ScanOptions& options, Walk&& walk, Visited&& visited) {
  constexpr std::uint32_t kCountMax = 100'000;
  if (options.count == 0 || options.count > kCountMax)
    return Status(ErrorCode::kInvalidArgument, "count is not from 1 to 100,000");
  // As many buckets that hold nothing are no reason to go on for ever.
  std::uint64_t steps = std::uint64_t{options.count} * 10;
  do {
    bool there = false;
    Status status = keyspace::read<Type>(keyspace, key, use, [&](const typename Type::View& view) {
      there = true;
      const std::uint64_t before = visited();
      do cursor = walk(view, cursor);
      while (cursor != 0 && --steps != 0 && visited() < options.count && visited() - before < keyspace::kItemsAHold);
    });
    if (!status.ok()) return status;
    if (!there) return std::uint64_t{0};
  } while (cursor != 0 && steps != 0 && visited() < options.count);
  return cursor;
}

}  // namespace larder::commands
