// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What must always hold in a shard, recounted. For tests.
#include <algorithm>

#include "keyspace/shard.h"

namespace larder::keyspace {

const char* Shard::check() noexcept {
  if (const char* wrong = index_.check()) return wrong;
  if (const char* wrong = wheel_.check()) return wrong;
  if (const char* wrong = dirty == nullptr ? nullptr : dirty->check()) return wrong;
  std::uint64_t blocks = 0;
  std::uint64_t payload = 0;
  std::uint64_t tracked = 0;
  std::uint64_t weight = 0;
  std::uint64_t armed = 0;
  std::uint64_t with_ttl = 0;
  std::uint64_t ghosts = 0;
  for (std::uint64_t number = 0; number < index_.buckets(); ++number) {
    index_.for_bucket(number, [&](const Place& place) {
      const Entry& entry = *place.entry();
      const Footprint footprint = footprint_of(entry);
      blocks += footprint.charge;
      payload += footprint.payload;
      tracked += tracks(entry);
      weight += tracks(entry) ? weight_of(entry, footprint) : 0;
      armed += entry.deadline() != Entry::kNoDeadline;
      with_ttl += end_of(entry) != Entry::kNoDeadline && !entry.is_ghost();
      ghosts += entry.is_ghost();
    });
  }
  if (blocks != entry_blocks_) return "shard: bytes of entries' blocks do not add up";
  if (payload != payload_) return "shard: bytes of keys and values do not add up";
  if (tracked != tracked_ || weight != tracked_weight_) return "shard: what the policy tracks does not add up";
  if (armed != armed_ || with_ttl != with_ttl_) return "shard: entries with a time to live do not add up";
  if (ghosts != ghosts_) return "shard: negative entries do not add up";
  if (static_cast<std::int64_t>(blocks) > memory_.allocated()) return "shard: more bytes in entries than allocated";
  if (memory_.available() < 0) return "shard: more was spent than leased";
  return check_timers();
}

// Every entry with a deadline has a timer where the deadline belongs, or is far. Quadratic, so for small shards only.
const char* Shard::check_timers() noexcept {
  if (wheel_.timers() > 2000 || filing_) return nullptr;
  const char* wrong = nullptr;
  for (std::uint64_t number = 0; number < index_.buckets(); ++number) {
    index_.for_bucket(number, [&](const Place& place) {
      const Entry& entry = *place.entry();
      const std::uint64_t fires_at = std::max(entry.deadline(), wheel_.now() + 1);
      if (entry.deadline() == Entry::kNoDeadline || fires_at >= wheel_.first_lost()) return;
      if (entry.deadline() >= far_from_) {
        if (entry.deadline() < first_far_) wrong = "shard: an entry ends before the first that is to be filed later";
        return;
      }
      bool found = false;
      const EntryId id = id_of(index_.hash_of(entry));
      wheel_.for_timers_of(entry.deadline(), [&](std::uint32_t timer) { found |= timer == id; });
      if (!found) wrong = "shard: an entry has a deadline and no timer";
    });
  }
  return wrong;
}

}  // namespace larder::keyspace
