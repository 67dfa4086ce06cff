// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a call took out of a shard: freed, and told to the removal listener, after the shard's lock was released.
// Declare it before the lock, so that it goes last.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "keyspace/entry.h"
#include "keyspace/environment.h"

namespace larder::keyspace {

class Discards {
 public:
  Discards(Environment& environment, memory::ShardMemory& memory) noexcept
      : environment_(environment), memory_(memory) {}
  ~Discards() {
    if (count_ != 0) release();
  }
  Discards(const Discards&) = delete;
  Discards& operator=(const Discards&) = delete;

  // A removed or replaced entry. Its blob, if it has one, goes with it.
  void add(Entry* entry, RemovalCause cause) { push(entry, true, true, cause); }
  // A block whose key lives on in another block: nobody is told. `with_blob` says whether the blob dies.
  void add_block(Entry* entry, bool with_blob) { push(entry, false, with_blob, RemovalCause::kReplaced); }

  // Bytes that will be free when this goes.
  std::int64_t pending() const noexcept { return pending_; }
  std::uint32_t count() const noexcept { return count_; }

 private:
  struct Item {
    Entry* entry;
    std::uint32_t bytes;
    std::uint32_t charge;
    bool tell;
    bool with_blob;
    RemovalCause cause;
  };
  static constexpr std::uint32_t kInline = 6;

  void push(Entry* entry, bool tell, bool with_blob, RemovalCause cause) {
    const std::size_t bytes = entry->block_bytes();
    const std::size_t charge = memory_.charge(bytes);
    const Item item{entry, static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(charge), tell, with_blob,
                    cause};
    memory_.detach(charge);
    pending_ += static_cast<std::int64_t>(charge);
    if (with_blob && entry->external()) pending_ += static_cast<std::int64_t>(entry->blob()->charge());
    if (count_ < kInline) [[likely]] {
      first_[count_] = item;
    } else {
      more_.push_back(item);
    }
    ++count_;
  }
  void release();
  void dispose(const Item& item);

  Environment& environment_;
  memory::ShardMemory& memory_;
  std::uint32_t count_ = 0;
  std::int64_t pending_ = 0;
  std::array<Item, kInline> first_;
  std::vector<Item> more_;
};

}  // namespace larder::keyspace
