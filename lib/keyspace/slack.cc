// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/slack.h"

#include "expiry/timing_wheel.h"
#include "keyspace/index.h"
#include "memory/id_list.h"

namespace larder::keyspace {

Slack::Slack(const memory::Account& account) noexcept {
  const auto charge = [&](std::size_t bytes, std::size_t alignment) {
    return static_cast<std::int64_t>(account.charge(bytes, alignment));
  };
  const std::int64_t ids = charge(memory::IdList::kBlockBytesMax, 16);  // of 124
  write = 2 * ids + charge(sizeof(expiry::TimingWheel::Level), 16) + charge(Index::kSlabBytes, 64);
  empty_shard = charge(Index::directory_bytes(Index::kFirstChunks), 16) + charge(Index::kChunkBytes, 64);
  another_key = charge(Index::kSlabBytes, 64) / (std::int64_t{Index::kSlabBuckets} - 1) + ids / 16;
  headroom = ids;
}

}  // namespace larder::keyspace
