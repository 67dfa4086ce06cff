// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One client: bytes in, commands, bytes out.
//
//   reading   bytes come, and what is whole in them is run, in order
//   waiting   a command of it runs on another thread; or more waits to be taken by the client than kOutputPause; or
//             others have their turn. Nothing is read, nothing is run
//   blocked   a command of it waits for a key to hold something. Bytes are read, so that it is seen if the
//             client goes; nothing is run
//   ending    what it was answered is sent, then it is closed
//   closed    the handle is; the object goes when no other thread refers to it either
//
// So what is buffered for a client is bounded by what one request, and one reply, may have.
//
// Thread safety: none; it belongs to the loop's thread. A command on another thread reads the request in `input_`,
// which nobody changes meanwhile, and writes to an output of its own.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "endpoint/blocked_command.h"
#include "endpoint/output.h"
#include "endpoint/request_parser.h"
#include "endpoint/service.h"

namespace larder::endpoint {

class EventLoop;

class Connection {
 public:
  Connection(EventLoop& loop, std::uint64_t id);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Takes the descriptor. False: it could not be had, and the object goes when its handle is closed.
  bool open(int descriptor, bool is_unix, const std::string& path);
  // Runs what is whole.
  void process();
  // What it waits for may be there, or it is not to wait any more.
  void try_again();
  // Time passes.
  void check();
  void close();
  const Session& session() const noexcept { return session_; }
  bool is_open() const noexcept { return handle_open_; }

 private:
  struct Work;  // a command on another thread

  uv_stream_t* stream() noexcept { return reinterpret_cast<uv_stream_t*>(&handle_); }
  void name_addresses(bool is_unix, const std::string& path);
  void on_read(ssize_t count, const char* bytes);
  void on_written(int status);
  void on_closed();
  bool may_run() const noexcept;
  bool run_next();
  void run(std::span<const std::string_view> arguments);
  bool off_loop(const CommandTable::Place& place) const noexcept;
  void start_work(const CommandTable::Place& place, std::span<const std::string_view> arguments);
  void finish_work();
  void take(Work& work);
  void answer(const CommandTable::Place& place, std::span<const std::string_view> arguments);
  void block(const CommandTable::Place& place, std::span<const std::string_view> arguments, const Blocking& blocking);
  void try_blocked();
  void unblock();
  template <typename Write>
  void reply_with(std::string_view command, Write&& write);
  Output* target(std::string_view command, Output& aside) noexcept;
  void deliver(Output& aside);
  void flush();
  void write_rest(std::size_t written);
  void settle();
  void update_reading();
  void cut_off();
  RequestParser::Limits parser_limits() const noexcept;
  std::size_t waiting() const noexcept { return pending_.size() + writing_.size(); }

  EventLoop& loop_;
  Session session_;
  union {
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } handle_{};
  uv_write_t write_request_{};
  bool handle_open_ = false;
  bool closing_ = false;
  bool reading_ = false;
  bool again_ = false;   // its turn comes again
  bool writes_ = false;  // a write is under way
  std::string input_;
  std::size_t consumed_ = 0;  // of input_
  RequestParser parser_;
  Output pending_;
  Output writing_;
  std::unique_ptr<Work> work_;
  std::unique_ptr<BlockedCommand> blocked_;
  bool woken_meanwhile_ = false;  // while it was tried on another thread
  std::size_t accounted_ = 0;
  std::size_t queue_before_ = 0;  // what was left to write, and since when it has been that
  std::uint64_t progress_ms_ = 0;
};

}  // namespace larder::endpoint
