// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What writes need beyond the blocks that they know of, as the host's allocator charges for it: room is made for that,
// too, before anything is changed.
#pragma once

#include <cstdint>

#include "memory/account.h"

namespace larder::keyspace {

struct Slack {
  explicit Slack(const memory::Account& account) noexcept;

  std::int64_t write;        // a block of the policy's queue, one of timers, a level of the wheel, a slab of buckets
  std::int64_t empty_shard;  // the first write's: a chunk of buckets, and a directory
  std::int64_t another_key;  // for each further key of one write: its part of such blocks
  std::int64_t headroom;     // what a full shard keeps free beyond that for the next write
};

}  // namespace larder::keyspace
