// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A command that waits for one of its keys to hold something: BLPOP and its kin.
//
//   first try   its handler finds nothing, writes no reply, and says which keys it waits for (Blocking)
//   in line     a BlockedCommand stands in the lines of these keys. Whenever it is woken it is tried again, by the loop
//               or, with a store behind, by another thread; so it is once as soon as it stands there
//   ended       it has been answered: with what it found, or because its time is over, or by CLIENT UNBLOCK. Or its
//               connection is closed
//
// What a command on the loop has written the first in line takes before the next command runs, as in Redis.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "endpoint/command_table.h"
#include "endpoint/owned_arguments.h"
#include "keyspace/wait_lines.h"
#include "larder/clock.h"

namespace larder::endpoint {

class BlockedCommand;
class Connection;
class EventLoop;

// What a handler is told of its waiting, and what it says.
struct Blocking {
  static Blocking of(const Command& command, keyspace::Keyspace& keyspace) noexcept {
    using keyspace::WaitsFor;
    return {keyspace, command.group == Group::kList ? WaitsFor::kList : WaitsFor::kSortedSet};
  }
  keyspace::Keyspace& keyspace;
  const keyspace::WaitsFor what;
  const keyspace::PlacesInLine* places = nullptr;  // of one that has waited

  // Those who came first go first.
  bool may_look(std::string_view key) const {
    return places == nullptr ? !keyspace::has_line(keyspace, key, what) : places->is_first(key);
  }

  // By a handler that has found nothing: which of its arguments are the keys, and for how long it waits (0: for ever).
  bool blocks = false;
  std::size_t first_key = 0;
  std::size_t keys = 0;
  Milliseconds at_most{0};
};

// In the loop's list of those that were woken (EventLoop::note_woken), as long as it lives.
class WokenLink {
 public:
  WokenLink(EventLoop& loop, BlockedCommand& command) noexcept : loop_(loop), command_(command) {}
  ~WokenLink();
  WokenLink(const WokenLink&) = delete;
  WokenLink& operator=(const WokenLink&) = delete;

 private:
  friend class EventLoop;
  EventLoop& loop_;
  BlockedCommand& command_;
  WokenLink* next_ = nullptr;
  bool is_listed_ = false;
};

// Thread safety: `wake` by any thread; all else belongs to the loop's, and nothing changes while it is tried on
// another.
class BlockedCommand final : public keyspace::Waiter {
 public:
  enum class End : std::uint8_t { kNot, kTimeout, kError };

  // Throws std::bad_alloc.
  BlockedCommand(EventLoop& loop, Connection& connection, const CommandTable::Place& place,
                 std::span<const std::string_view> arguments, const Blocking& blocking);
  ~BlockedCommand();
  BlockedCommand(const BlockedCommand&) = delete;
  BlockedCommand& operator=(const BlockedCommand&) = delete;

  void wake() noexcept override;
  // It is to be answered so, soon.
  void end(End how) noexcept;

  Connection& connection() const noexcept { return connection_; }
  const CommandTable::Place& place() const noexcept { return place_; }
  std::span<const std::string_view> arguments() const noexcept { return arguments_.view(); }
  const keyspace::PlacesInLine& places() const noexcept { return places_; }
  // What it takes, with its places in lines, which have a copy of their key.
  std::size_t bytes() const noexcept { return 2 * arguments_.bytes() + kPlaceBytes * arguments().size(); }
  End ended() const noexcept { return ended_; }
  std::uint64_t deadline_ms() const noexcept { return deadline_ms_; }  // on the loop's time; 0: none

 private:
  static constexpr std::size_t kPlaceBytes = 200;
  EventLoop& loop_;
  Connection& connection_;
  const CommandTable::Place& place_;
  const OwnedArguments arguments_;
  const std::uint64_t deadline_ms_;
  End ended_ = End::kNot;
  WokenLink woken_;
  const keyspace::PlacesInLine places_;  // left first: then nobody wakes it any more
};

}  // namespace larder::endpoint
