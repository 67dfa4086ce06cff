// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The thread that waits for the network: listeners, connections, and the time that passes. libuv's loop is below it.
//
//   listening --stop()--> closing: listeners, timer and connections are closed --> done: nothing is open, no command
//   runs on another thread, uv_run returns --> the thread is joined
//
// Thread safety: open, stop, port and the destructor as Endpoint says; all else is called by the loop's thread.
#pragma once

#include <uv.h>

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "endpoint/connection.h"
#include "endpoint/listener.h"
#include "endpoint/service.h"

namespace larder::endpoint {

class EventLoop {
 public:
  EventLoop(Cache& cache, const EndpointOptions& options);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  Status open();
  void stop();
  std::uint16_t port() const noexcept { return port_; }

  // --- For connections and listeners -----------------------------------------------------------------------------
  uv_loop_t* uv() noexcept { return &uv_; }
  Service& service() noexcept { return *service_; }
  std::uint64_t now_ms() noexcept { return uv_now(&uv_); }
  // A client has come.
  void welcome(int descriptor, const Listener& listener);
  // There are more commands of it, which run after those of others.
  void again(Connection& connection);
  // It is closed, and nothing refers to it any more: it goes.
  void gone(std::uint64_t id);
  // Tries those that were woken again, in the order of their being woken.
  void serve_woken();
  // It was woken. Thread safety: any thread, with a shard's lock or not.
  void note_woken(WokenLink& link) noexcept;
  void forget_woken(WokenLink& link) noexcept;
  // It is to end at its deadline.
  void arm(BlockedCommand& command);
  void disarm(BlockedCommand& command) noexcept;
  // Closes those that CLIENT KILL has named.
  void end_sessions();
  // What is buffered for all has become more or less. Returns whether it is within the limit.
  bool account(std::size_t before, std::size_t now) noexcept;
  // For bytes that are read, until the call that reads them returns.
  uv_buf_t read_buffer() noexcept { return uv_buf_init(read_buffer_.data(), unsigned(read_buffer_.size())); }
  // For the pieces of one write.
  std::vector<uv_buf_t>& pieces() noexcept { return pieces_; }
  // Marks this thread as one that runs a command of this loop.
  class Running {
   public:
    explicit Running(const EventLoop* loop) noexcept : before_(running_) { running_ = loop; }
    ~Running() { running_ = before_; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    const EventLoop* const before_;
  };

 private:
  static constexpr std::size_t kReadBytes = std::size_t{64} << 10;
  static constexpr std::uint64_t kTickMs = 100;

  Status open_sockets();
  Status start_thread();
  void run();
  void tick();
  void run_again();
  void end_overdue();
  BlockedCommand* take_woken() noexcept;
  void shut();

  const EndpointOptions options_;
  Cache& cache_;
  std::unique_ptr<Service> service_;
  std::uint16_t port_ = 0;

  uv_loop_t uv_{};
  bool uv_open_ = false;
  uv_async_t wake_{};
  uv_async_t woken_{};
  uv_timer_t deadline_{};
  uv_timer_t timer_{};
  uv_idle_t idle_{};
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<std::uint64_t> again_;
  std::uint64_t next_id_ = 1;
  std::size_t buffered_ = 0;
  std::uint64_t commands_before_ = 0;
  std::vector<char> read_buffer_;
  std::vector<uv_buf_t> pieces_;

  base::LeafMutex mutex_;
  bool can_wake_ GUARDED_BY(mutex_) = false;
  WokenLink* first_woken_ GUARDED_BY(mutex_) = nullptr;
  WokenLink* last_woken_ GUARDED_BY(mutex_) = nullptr;
  std::atomic<bool> any_woken_{false};
  bool serving_ = false;
  std::set<std::pair<std::uint64_t, BlockedCommand*>> deadlines_;
  base::LeafMutex join_mutex_;  // taken alone
  std::thread thread_ GUARDED_BY(join_mutex_);
  static thread_local const EventLoop* running_;
};

}  // namespace larder::endpoint
