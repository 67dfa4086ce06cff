// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How a call waits for one of its keys to hold something (blocking.h).
#pragma once

#include <span>
#include <string_view>

#include "base/mutex.h"
#include "keyspace/keyspace.h"
#include "keyspace/wait_lines.h"
#include "larder/blocking.h"

namespace larder::commands {

// A thread that waits.
class BlockedThread final : public keyspace::Waiter {
 public:
  BlockedThread(keyspace::WaitsFor what, Interrupt* interrupt);  // throws std::bad_alloc
  ~BlockedThread();
  BlockedThread(const BlockedThread&) = delete;
  BlockedThread& operator=(const BlockedThread&) = delete;

  void wake() noexcept override;
  // Until it is woken, also if that was since the last time; kTimeout when the cache's clock says give_up_us (0:
  // never), kInterrupted.
  Status wait(keyspace::Environment& environment, std::uint64_t give_up_us);

 private:
  Interrupt* const interrupt_;
  base::LeafMutex mutex_;
  base::Condition condition_;
  bool woken_ GUARDED_BY(mutex_) = false;
};

// kInvalidArgument, kTooManyKeys, kKeyTooLong.
Status check_waited_for(std::span<const std::string_view> keys);

// kWrongType: the key holds something else than that.
Status check_type(keyspace::Keyspace& keyspace, std::string_view key, keyspace::WaitsFor what);

// pop(key) answers a Lookup: a miss if there is nothing. It may run several times, under no lock. What is of another
// type only now is passed by.
template <typename Pop>
auto pop_or_wait(keyspace::Keyspace& keyspace, keyspace::WaitsFor what, std::span<const std::string_view> keys,
                 const BlockOptions& options, Pop&& pop) -> decltype(pop(keys[0])) {
  if (Status status = check_waited_for(keys); !status.ok()) return status;
  for (const std::string_view key : keys) {
    if (keyspace::has_line(keyspace, key, what)) {  // they came first
      if (Status status = check_type(keyspace, key, what); !status.ok()) return status;
      continue;
    }
    if (auto found = pop(key); !found.missing()) return found;
  }
  if (options.at_most < Milliseconds(0) || !keyspace.may_wait()) return {};
  const std::uint64_t give_up_us = keyspace.give_up_us(options.at_most);
  BlockedThread thread(what, options.interrupt);
  const keyspace::PlacesInLine places(keyspace, keys, thread);
  for (;;) {
    for (const std::string_view key : keys) {
      if (!places.is_first(key)) continue;
      auto found = pop(key);
      if (!found.missing() && found.status().code() != ErrorCode::kWrongType) return found;
    }
    if (Status status = thread.wait(keyspace.environment(), give_up_us); !status.ok()) {
      if (status.code() == ErrorCode::kTimeout) return {};
      return status;
    }
  }
}

}  // namespace larder::commands
