// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/event_loop.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/check.h"

namespace larder::endpoint {
namespace {

constexpr std::string_view kFullText = "-ERR max number of clients reached\r\n";

Status from_uv(const char* what, int error) {
  return {ErrorCode::kOutOfMemory, std::string("endpoint: ") + what + ": " + uv_strerror(error)};
}

// The host program's signals are its own threads' business; and a client that has gone makes no SIGPIPE here.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGPROF}) sigdelset(&all, fault);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

EventLoop& of(void* data) noexcept { return *static_cast<EventLoop*>(data); }

template <typename Handle>
void close_handle(Handle& handle) {
  uv_close(reinterpret_cast<uv_handle_t*>(&handle), nullptr);
}

}  // namespace

thread_local const EventLoop* EventLoop::running_ = nullptr;

EventLoop::EventLoop(Cache& cache, const EndpointOptions& options)
    : options_(options), cache_(cache), read_buffer_(kReadBytes) {}

EventLoop::~EventLoop() {
  stop();
  base::LeafLock lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
  if (!uv_open_) return;
  uv_run(&uv_, UV_RUN_DEFAULT);  // has something to close where the thread was never made
  LARDER_CHECK(uv_loop_close(&uv_) == 0, "an endpoint left a handle open");
}

// --- Beginning ------------------------------------------------------------------------------------------------------

Status EventLoop::open() {
  if (const int error = uv_loop_init(&uv_); error != 0) return from_uv("no event loop", error);
  uv_open_ = true;
  uv_.data = this;
  if (const int error = uv_async_init(&uv_, &wake_, [](uv_async_t* wake) { of(wake->loop->data).shut(); }); error != 0)
    return from_uv("no event loop", error);
  uv_async_init(&uv_, &woken_, [](uv_async_t* woken) { of(woken->loop->data).serve_woken(); });
  uv_timer_init(&uv_, &timer_);
  uv_timer_init(&uv_, &deadline_);
  uv_idle_init(&uv_, &idle_);
  Status status = open_sockets();
  if (status.ok()) status = start_thread();
  if (!status.ok()) shut();
  return status;
}

Status EventLoop::open_sockets() {
  if (options_.port) {
    auto listener = std::make_unique<Listener>(*this);
    if (Status status = listener->listen_tcp(options_.bind, *options_.port); !status.ok()) return status;
    port_ = listener->port();
    listeners_.push_back(std::move(listener));
  }
  if (!options_.unix_socket.empty()) {
    auto listener = std::make_unique<Listener>(*this);
    if (Status status = listener->listen_unix(options_.unix_socket); !status.ok()) return status;
    listeners_.push_back(std::move(listener));
  }
  service_ = std::make_unique<Service>(cache_, options_, port_);
  service_->started_ms = service_->now_ms = now_ms();
  for (const auto& listener : listeners_) {
    if (Status status = listener->begin(); !status.ok()) return status;
  }
  uv_timer_start(
      &timer_, [](uv_timer_t* timer) { of(timer->loop->data).tick(); }, kTickMs, kTickMs);
  return {};
}

Status EventLoop::start_thread() {
  const BlockedSignals blocked;
  base::LeafLock join_lock(join_mutex_);
  try {
    {
      base::LeafLock lock(mutex_);
      can_wake_ = true;
    }
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    base::LeafLock lock(mutex_);
    can_wake_ = false;
    return {ErrorCode::kOutOfMemory, std::string("endpoint: no thread: ") + error.what()};
  }
  return {};
}

// --- The thread -----------------------------------------------------------------------------------------------------

void EventLoop::run() {
  const Running running(this);
  uv_run(&uv_, UV_RUN_DEFAULT);
}

void EventLoop::tick() {
  service_->now_ms = now_ms();
  const std::uint64_t commands = service_->counters().commands;
  const double now_a_second =
      static_cast<double>(commands - std::min(commands, commands_before_)) * 1000 / static_cast<double>(kTickMs);
  constexpr double kWeight = 0.2;
  service_->commands_a_second += kWeight * (now_a_second - service_->commands_a_second);
  commands_before_ = commands;
  for (const auto& listener : listeners_) listener->tick();
  for (const auto& [id, connection] : connections_) connection->check();
}

void EventLoop::welcome(int descriptor, const Listener& listener) {
  Counters& counters = service_->counters();
  if (connections_.size() >= service_->limits().connections_max) {
    ++counters.connections_rejected;
    (void)!send(descriptor, kFullText.data(), kFullText.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(descriptor);
    return;
  }
  ++counters.connections;
  const std::uint64_t id = next_id_++;
  auto connection = std::make_unique<Connection>(*this, id);
  Connection& its = *connection;
  connections_.emplace(id, std::move(connection));
  if (!its.open(descriptor, listener.is_unix(), listener.path()) && !its.is_open()) connections_.erase(id);
}

void EventLoop::again(Connection& connection) {
  again_.push_back(connection.session().id);
  uv_idle_start(&idle_, [](uv_idle_t* idle) { of(idle->loop->data).run_again(); });
}

void EventLoop::run_again() {
  for (const std::uint64_t id : std::exchange(again_, {})) {
    if (const auto found = connections_.find(id); found != connections_.end()) found->second->process();
  }
  if (again_.empty()) uv_idle_stop(&idle_);
}

// --- Those that wait ------------------------------------------------------------------------------------------------

void EventLoop::note_woken(WokenLink& link) noexcept {
  base::LeafLock lock(mutex_);
  if (link.is_listed_) return;
  link.is_listed_ = true;
  link.next_ = nullptr;
  (last_woken_ == nullptr ? first_woken_ : last_woken_->next_) = &link;
  last_woken_ = &link;
  any_woken_.store(true, std::memory_order_relaxed);
  if (can_wake_) uv_async_send(&woken_);
}

void EventLoop::forget_woken(WokenLink& link) noexcept {
  base::LeafLock lock(mutex_);
  if (!link.is_listed_) return;
  WokenLink* before = nullptr;
  for (WokenLink* one = first_woken_; one != &link; one = one->next_) before = one;
  (before == nullptr ? first_woken_ : before->next_) = link.next_;
  if (last_woken_ == &link) last_woken_ = before;
}

BlockedCommand* EventLoop::take_woken() noexcept {
  base::LeafLock lock(mutex_);
  WokenLink* first = first_woken_;
  if (first == nullptr) {
    any_woken_.store(false, std::memory_order_relaxed);
    return nullptr;
  }
  first_woken_ = first->next_;
  if (first_woken_ == nullptr) last_woken_ = nullptr;
  first->is_listed_ = false;
  return &first->command_;
}

void EventLoop::serve_woken() {
  if (serving_ || !any_woken_.load(std::memory_order_relaxed)) return;
  serving_ = true;
  while (BlockedCommand* command = take_woken()) command->connection().try_again();
  serving_ = false;
}

void EventLoop::arm(BlockedCommand& command) {
  deadlines_.emplace(command.deadline_ms(), &command);
  end_overdue();
}

void EventLoop::disarm(BlockedCommand& command) noexcept { deadlines_.erase({command.deadline_ms(), &command}); }

// And waits for the next.
void EventLoop::end_overdue() {
  uv_update_time(&uv_);
  for (const auto& [deadline, command] : deadlines_) {
    if (deadline > now_ms()) {
      uv_timer_start(
          &deadline_, [](uv_timer_t* timer) { of(timer->loop->data).end_overdue(); }, deadline - now_ms(), 0);
      break;
    }
    command->end(BlockedCommand::End::kTimeout);
  }
}

void EventLoop::gone(std::uint64_t id) { connections_.erase(id); }

void EventLoop::end_sessions() {
  service_->somebody_ends = false;
  for (const auto& [id, connection] : connections_) {
    if (connection->session().end == Session::End::kNow) connection->close();
  }
}

bool EventLoop::account(std::size_t before, std::size_t now) noexcept {
  buffered_ = buffered_ - before + now;
  return service_ == nullptr || buffered_ <= service_->limits().buffers_bytes_max;
}

// --- The end --------------------------------------------------------------------------------------------------------

void EventLoop::stop() {
  {
    base::LeafLock lock(mutex_);
    if (can_wake_) uv_async_send(&wake_);
  }
  if (running_ == this) return;
  base::LeafLock lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

// Closes all that is open: then uv_run returns, as soon as commands on other threads have ended.
void EventLoop::shut() {
  {
    base::LeafLock lock(mutex_);
    can_wake_ = false;
  }
  for (const auto& listener : listeners_) listener->close();
  for (const auto& [id, connection] : connections_) connection->close();
  close_handle(timer_);
  close_handle(deadline_);
  close_handle(woken_);
  close_handle(idle_);
  close_handle(wake_);
}

}  // namespace larder::endpoint
