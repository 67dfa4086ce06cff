// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One client, as commands see it.
//
// Thread safety: none; it belongs to the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "endpoint/command_queue.h"
#include "endpoint/command_table.h"

namespace larder::endpoint {

class BlockedCommand;

struct Session {
  std::uint64_t id = 0;
  int descriptor = -1;
  bool unix_socket = false;
  std::string address = {};  // "127.0.0.1:51234"; of a unix socket its path and ":0"
  std::string local_address = {};
  std::uint64_t since_ms = 0;  // on the loop's time
  std::uint64_t last_use_ms = 0;

  int protocol = 2;
  bool authenticated = true;
  std::string name = {};
  std::string library_name = {};  // CLIENT SETINFO
  std::string library_version = {};
  bool protected_from_eviction = false;  // CLIENT NO-EVICT
  enum class Replies : std::uint8_t { kOn, kOff, kSkipNext, kSkipThis };
  Replies replies = Replies::kOn;  // CLIENT REPLY

  enum class End : std::uint8_t {
    kNot,
    kAfterReply,  // when what it was answered is on its way
    kNow,
  };
  End end = End::kNot;
  const CommandTable::Place* last_command = nullptr;

  BlockedCommand* blocked = nullptr;         // it waits
  std::unique_ptr<CommandQueue> queue = {};  // between MULTI and EXEC
  std::vector<Watched> watched = {};
  std::size_t transaction_bytes() const noexcept {
    std::size_t sum = queue == nullptr ? 0 : queue->bytes();
    for (const Watched& one : watched) sum += sizeof(Watched) + one.key.capacity();
    return sum;
  }
  void leave_transaction() noexcept {
    queue.reset();
    watched.clear();
  }

  // Of its buffers, for CLIENT LIST.
  std::size_t input_bytes = 0;
  std::size_t input_free = 0;
  std::size_t output_bytes = 0;
  std::size_t output_chunks = 0;
};

}  // namespace larder::endpoint
