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
  if (background_thread && (background_interval.count() <= 0 || background_interval > std::chrono::hours(24)))
    say("background_interval is not from a millisecond to a day");
  if (wrong.empty()) return {};
  return {ErrorCode::kInvalidArgument, "options: " + wrong};
}

}  // namespace larder
