// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a client says between MULTI and EXEC, and how that is run:
//
//   run      what names keys, in order, in one transaction on all of them and those that are watched; then what is to
//            run off the loop
//   answer   what is left (it is about the connection, or the cache as a whole), and all replies in their order
//
// Thread safety: none. `run` by any thread, the rest by the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "endpoint/command_table.h"
#include "endpoint/output.h"
#include "endpoint/owned_arguments.h"
#include "endpoint/reply_writer.h"
#include "larder/keys.h"
#include "larder/status.h"

namespace larder::endpoint {

class Service;

// What WATCH has seen.
struct Watched {
  std::string key;
  Version version;
};

class CommandQueue {
 public:
  using Arguments = std::span<const std::string_view>;

  // What a command takes here. Throws std::bad_alloc, as `add` does.
  static std::size_t bytes_for(Arguments arguments) noexcept;
  void add(const CommandTable::Place& place, Arguments arguments);
  // One was not understood, or may not run: EXEC is to run none.
  void spoil() noexcept { is_spoiled_ = true; }
  bool is_spoiled() const noexcept { return is_spoiled_; }
  std::size_t size() const noexcept { return commands_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }
  // Whether `run` may block, or take long.
  bool off_loop(const Service& service) const noexcept;

  void run(Service& service, std::span<const Watched> watched, int protocol);
  // REQUIRES: not spoiled. Runs it, if nobody has. If not all can be told, the reply is begun and not whole.
  void answer(Call& call, std::span<const Watched> watched);

 private:
  struct Queued {
    Queued(const CommandTable::Place& its_place, Arguments its_arguments) : place(its_place), owned(its_arguments) {}
    const CommandTable::Place& place;
    const OwnedArguments owned;
    Output output;
    std::optional<ReplyWriter> reply;
    std::uint64_t took_us = 0;

    Arguments arguments() const noexcept { return owned.view(); }
    bool names_keys() const noexcept { return place.command->names_keys(); }
    bool is_answered() const noexcept { return reply && reply->replies() == 1; }
  };
  Status run_keys(Service& service, std::span<const Watched> watched);
  // False: there are more bytes of replies than may wait for a client.
  template <typename Run>
  bool timed(Service& service, Queued& queued, Run&& run);

  std::deque<Queued> commands_;
  std::size_t bytes_ = 0;
  bool is_spoiled_ = false;
  bool has_run_ = false;
  bool lacks_memory_ = false;  // so nothing was done
  std::size_t replies_ = 0;    // bytes of them, so far
  Status status_;              // of the transaction
};

}  // namespace larder::endpoint
