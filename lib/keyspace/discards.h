// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a call took out of a shard: freed, and told to the removal listener, after the shard's lock was released.
// Declare it before the lock, so that it goes last.
//
// A listener may call the cache, and what that removes is to be told, too: not from within the listener, or each would
// call the next, but by the call that the listener was called from, when it has returned. Until then those entries are
// not charged, so that the listener's own writes find room.
//
// What there is no memory to remember is freed at once, and counted as a failure of the listener, which is not told.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "keyspace/entry.h"
#include "keyspace/environment.h"

namespace larder::keyspace {

// What an entry takes, what it has outside aside.
struct Footprint {
  std::uint32_t bytes;    // of its block
  std::uint32_t charge;   // for its block
  std::uint32_t payload;  // bytes of key and inline value
};

// One of them.
struct Discarded {
  Entry* entry;
  std::uint32_t bytes;
  std::uint32_t charge;
  bool whole;  // and not only a block
  bool told;   // to the listener
  bool outside_charged;
  RemovalCause cause;
  bool has_outside() const noexcept { return whole && entry->external(); }
};

class Discards {
 public:
  Discards(Environment& environment, memory::ShardMemory& memory) noexcept
      : environment_(environment), memory_(memory) {}
  ~Discards() {
    if (count_ != 0) release();
  }
  Discards(const Discards&) = delete;
  Discards& operator=(const Discards&) = delete;

  // A removed or replaced entry. What it has outside goes with it.
  void add(Entry* entry, const Footprint& footprint, RemovalCause cause) { push(entry, footprint, true, cause); }
  // The same, and nobody is told.
  void add_silently(Entry* entry, const Footprint& footprint) {
    push(entry, footprint, true, RemovalCause::kReplaced, false);
  }
  // A block whose key and value live on in another block: nobody is told.
  void add_block(Entry* entry, const Footprint& footprint) { push(entry, footprint, false, RemovalCause::kReplaced); }

  // Bytes that will be free when this goes.
  std::int64_t pending() const noexcept { return pending_; }
  std::uint32_t count() const noexcept { return count_; }

 private:
  static constexpr std::uint32_t kInline = 6;

  void push(Entry* entry, const Footprint& footprint, bool whole, RemovalCause cause, bool told = true) {
    if (!(whole && (entry->external() || environment_.listener)) &&
        memory_.keep(entry, footprint.bytes, footprint.charge)) {
      return;
    }
    const Discarded item{entry, footprint.bytes, footprint.charge, whole, told && whole, true, cause};
    memory_.detach(footprint.charge);
    if (count_ < kInline) [[likely]] {
      first_[count_] = item;
    } else if (!push_more(item)) {
      return;
    }
    pending_ += footprint.charge;
    if (item.has_outside()) pending_ += static_cast<std::int64_t>(entry->outside().charge());
    ++count_;
  }
  bool push_more(const Discarded& item) noexcept;
  void release() noexcept;

  Environment& environment_;
  memory::ShardMemory& memory_;
  std::uint32_t count_ = 0;
  std::int64_t pending_ = 0;
  std::array<Discarded, kInline> first_;
  std::vector<Discarded> more_;
};

// The releases under way in this thread, one a cache at most: the innermost is of a cache that a listener of the next
// one called.
class Releasing {
 public:
  explicit Releasing(Environment& environment) noexcept;
  // Tells of all that waits, and of what that removes.
  ~Releasing();
  Releasing(const Releasing&) = delete;
  Releasing& operator=(const Releasing&) = delete;

  // Null: none of this cache.
  static Releasing* of(const Environment& environment) noexcept;
  void add(Discarded item, memory::ShardMemory& memory) noexcept;

 private:
  struct Waiting {
    Discarded item;
    memory::ShardMemory* memory;
  };

  Environment& environment_;
  Releasing* const outer_;
  std::vector<Waiting> waiting_;
};

// While it lives, the listener of a cache is told nothing by this thread: that comes when it goes. Until then what
// leaves the cache is not charged.
class ListenerPause {
 public:
  explicit ListenerPause(Environment& environment) noexcept {
    if (environment.listener && Releasing::of(environment) == nullptr) releasing_.emplace(environment);
  }

 private:
  std::optional<Releasing> releasing_;  // none: there is no listener, or this thread is in it
};

}  // namespace larder::keyspace
