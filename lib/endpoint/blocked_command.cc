// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/blocked_command.h"

#include "endpoint/event_loop.h"

namespace larder::endpoint {

WokenLink::~WokenLink() { loop_.forget_woken(*this); }

BlockedCommand::BlockedCommand(EventLoop& loop, Connection& connection, const CommandTable::Place& place,
                               std::span<const std::string_view> arguments, const Blocking& blocking)
    : Waiter(blocking.what),
      loop_(loop),
      connection_(connection),
      place_(place),
      arguments_(arguments),
      deadline_ms_(
          blocking.at_most.count() == 0 ? 0 : loop.now_ms() + static_cast<std::uint64_t>(blocking.at_most.count())),
      woken_(loop, *this),
      places_(blocking.keyspace, arguments_.view().subspan(blocking.first_key, blocking.keys), *this) {
  if (deadline_ms_ != 0) loop_.arm(*this);
}

BlockedCommand::~BlockedCommand() {
  if (deadline_ms_ != 0) loop_.disarm(*this);
}

void BlockedCommand::wake() noexcept { loop_.note_woken(woken_); }

void BlockedCommand::end(End how) noexcept {
  ended_ = how;
  wake();
}

}  // namespace larder::endpoint
