// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Options::validate.
#include "larder/options.h"

#include <bit>
#include <string>

namespace larder {

Status Options::validate() const {
  std::string wrong;
  const auto say = [&](std::string_view text) {
    if (!wrong.empty()) wrong += "; ";
    wrong += text;
  };
  if (max_memory != 0 && max_memory < kMaxMemoryMin) say("max_memory is below 64 KiB (0 means unbounded)");
  if (max_memory > std::uint64_t{1} << 60) say("max_memory is beyond 2^60 bytes");
  if (max_entries > std::uint64_t{1} << 60) say("max_entries is beyond 2^60");
  if (value_bytes_max == 0 || value_bytes_max > kValueBytesMax) say("value_bytes_max is not from 1 byte to 512 MiB");
  if (shards > 1024 || (shards != 0 && !std::has_single_bit(shards)))
    say("shards is not 0 or a power of two up to 1024");
  if (max_memory != 0 && shards != 0 && max_memory / shards < kShardMemoryMin)
    say("max_memory is below 32 KiB a shard, which makes " + std::to_string(shards * kShardMemoryMin) + " bytes");
  if (max_entries != 0 && shards > max_entries) say("max_entries is below one a shard");
  if (expiry.idle.count() < 0 || expiry.idle.count() > (std::int64_t{1} << 46))
    say("expiry.idle is negative or beyond 2,000 years");
  if (!(expiry.ttl_jitter >= 0.0 && expiry.ttl_jitter <= 1.0)) say("expiry.ttl_jitter is not from 0 to 1");
  if (store.wait_max.count() < 0) say("store.wait_max is negative");
  if (store.negative_ttl.count() < 0 || store.negative_ttl.count() > (std::int64_t{1} << 46))
    say("store.negative_ttl is negative or beyond 2,000 years");
  if (store.backing == nullptr && (store.writes != StoreOptions::Writes::kThrough || store.max_age.count() != 0))
    say("store.writes or store.max_age is set, and store.backing is not: there is no store");
  if (store.check_versions && (store.backing == nullptr || !store.backing->capabilities().versions))
    say("store.check_versions is set, and the store keeps no versions");
  if (store.max_age.count() < 0 || store.max_age.count() > (std::int64_t{1} << 46))
    say("store.max_age is negative or beyond 2,000 years");
  for (const Milliseconds time : {store.staleness.refresh_ahead, store.staleness.stale_for, store.staleness.soft_wait,
                                  store.staleness.retry_after}) {
    if (time.count() < 0 || time.count() > (std::int64_t{1} << 46))
      say("a time of store.staleness is negative or beyond 2,000 years");
  }
  if ((store.staleness.refresh_ahead.count() > 0 || store.staleness.stale_for.count() > 0) &&
      store.max_age.count() == 0)
    say("store.staleness is set, and store.max_age is not: nothing would ever be stale");
  if (store.writes == StoreOptions::Writes::kBack && store.backing != nullptr) {
    const WriteBackOptions& back = store.write_back;
    if (!back.dead_letters) say("store.write_back.dead_letters is not set: who takes what the store never does?");
    if (back.bytes_max > std::uint64_t{1} << 60) say("store.write_back.bytes_max is beyond 2^60");
    if (max_memory != 0 && back.bytes_max > max_memory / 2)
      say("store.write_back.bytes_max is more than half of max_memory");
    if (back.items_max == 0 || back.items_max > std::uint64_t{1} << 40)
      say("store.write_back.items_max is not from 1 to 2^40");
    if (back.batch_max == 0 || back.batch_max > 65'536) say("store.write_back.batch_max is not from 1 to 65,536");
    if (back.threads > 64) say("store.write_back.threads is above 64");
    if (back.attempts_max == 0) say("store.write_back.attempts_max is 0");
    if (back.rate_max > 1'000'000'000) say("store.write_back.rate_max is above 1,000,000,000");
    if (back.retry_first.count() == 0 || back.retry_most < back.retry_first)
      say("store.write_back.retry_first is 0, or above retry_most");
    for (const Milliseconds time : {back.delay, back.retry_first, back.retry_most, back.close_wait}) {
      if (time.count() < 0 || time.count() > (std::int64_t{1} << 46))
        say("a time of store.write_back is negative or beyond 2,000 years");
    }
  }
  if (background_thread && (background_interval.count() <= 0 || background_interval > std::chrono::hours(24)))
    say("background_interval is not from a millisecond to a day");
  if (wrong.empty()) return {};
  return {ErrorCode::kInvalidArgument, "options: " + wrong};
}

}  // namespace larder
