// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "near/tracking_link.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <system_error>
#include <utility>

namespace larder::near {
namespace {

constexpr std::string_view kChannel = "__redis__:invalidate";
constexpr Milliseconds kRetryFirst{5};
constexpr Milliseconds kRetryMax{200};
constexpr int kReceivesATurn = 64;
// A sign of life of a connection for commands wakes nobody: it is looked for.
constexpr Milliseconds kLookForSign{5};

std::chrono::nanoseconds now() { return Clock::system().monotonic(); }

int checked(int descriptor, const char* what) {
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), what);
  return descriptor;
}

std::string where(const NearCacheOptions& options) {
  return options.unix_path.empty() ? options.host + ":" + std::to_string(options.port) : options.unix_path;
}

}  // namespace

TrackingLink::TrackingLink(const NearCacheOptions& options, Copies& copies)
    : options_(options),
      copies_(copies),
      events_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(checked(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")),
      random_(static_cast<std::uint64_t>(now().count())) {
  watch(timer_, EPOLLIN);
  set_timer(now());
}

TrackingLink::~TrackingLink() {
  close(timer_);
  close(events_);
}

void TrackingLink::watch(int descriptor, unsigned events, bool again) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  epoll_ctl(events_, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &event);
}

void TrackingLink::set_timer(Time at) const {
  const Time from_now = std::max(at - now(), Time(1));
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(from_now.count() / 1'000'000'000);
  when.it_value.tv_nsec = static_cast<long>(from_now.count() % 1'000'000'000);
  timerfd_settime(timer_, 0, &when, nullptr);
}

void TrackingLink::process() {
  base::LeafLock turn(turn_);
  std::uint64_t ticks = 0;
  [[maybe_unused]] const ssize_t ignored = read(timer_, &ticks, sizeof ticks);
  if (reporting_) keep_alive();
  if (!reporting_) open_session();
}

// --- The session that there is ------------------------------------------------------------------------------------

void TrackingLink::keep_alive() {
  if (!take_invalidations()) {
    return lose(FlushCause::kInvalidationsLost, "the connection that reports changes has ended");
  }
  const bool is_time = !awaits_pong_ && now() - pinged_ >= options_.heartbeat;
  const bool is_late = awaits_pong_ && now() - pinged_ >= options_.command_timeout;
  if (is_late || (is_time && !ping())) return lose(FlushCause::kNoPong, "no sign of life within command_timeout");
  bool looks = false;
  for (const auto& pipe : current_->pipes) {
    if (!pipe->check(is_time, options_.command_timeout)) {
      return lose(FlushCause::kConnectionLost, "a connection for commands has ended, or gave no sign of life");
    }
    looks = looks || pipe->awaits_sign();
  }
  const Time time = now();
  Time next = pinged_ + (awaits_pong_ ? options_.command_timeout : options_.heartbeat);
  if (looks) next = std::min<Time>(next, time + kLookForSign);
  set_timer(std::max<Time>(next, time + Milliseconds(1)));
}

// False: it has ended.
bool TrackingLink::take_invalidations() {
  Socket& socket = *current_->invalidations;
  for (int i = 0; i < kReceivesATurn; ++i) {
    const Socket::Received received = socket.receive();
    while (const Reply message = socket.next()) take_message(*message);
    if (received == Socket::Received::kEnd) return false;
    if (received == Socket::Received::kNothing) return true;
  }
  return true;
}

void TrackingLink::take_message(const redisReply& message) {
  if (message.type != REDIS_REPLY_ARRAY || message.elements < 2) return;
  last_sign_ = now().count();
  if (message.elements == 2) {  // pong
    lag_ = (now() - pinged_).count();
    awaits_pong_ = false;
    return;
  }
  const redisReply& keys = *message.element[2];
  if (keys.type == REDIS_REPLY_NIL) return copies_.drop_all();
  if (keys.type != REDIS_REPLY_ARRAY) return;
  for (std::size_t i = 0; i < keys.elements; ++i) copies_.drop(stores::redis::view_of(*keys.element[i]));
}

// Also while reports come: the answer stands behind those that the server had not yet sent, so it says how old they
// are. False: it cannot be sent.
bool TrackingLink::ping() {
  Batch asking;
  asking.add({"PING"});
  std::string_view unsent = asking.bytes();
  pinged_ = now();
  awaits_pong_ = true;
  return current_->invalidations->send(&unsent) && unsent.empty();
}

void TrackingLink::lose(FlushCause cause, std::string why) {
  current_->reports.store(false, std::memory_order_seq_cst);
  reporting_ = false;
  copies_.lost(cause);
  epoll_ctl(events_, EPOLL_CTL_DEL, current_->invalidations->descriptor(), nullptr);
  for (const auto& pipe : current_->pipes) {
    epoll_ctl(events_, EPOLL_CTL_DEL, pipe->descriptor(), nullptr);
    if (cause == FlushCause::kNoPong || pipe->hung_up()) pipe->end();
  }
  current_.reset();  // calls may have it still
  retry_at_ = Time(0);
  failures_ = 0;
  base::LeafLock lock(mutex_);
  given_up_ = false;
  last_error_ = "Redis at " + where(options_) + ": " + std::move(why);
}

// --- The next one -------------------------------------------------------------------------------------------------

Batch TrackingLink::greeting() const {
  Batch commands;
  if (!options_.password.empty() && options_.username.empty()) commands.add({"AUTH", options_.password});
  if (!options_.password.empty() && !options_.username.empty()) {
    commands.add({"AUTH", options_.username, options_.password});
  }
  return commands;
}

Batch TrackingLink::pipe_greeting(std::size_t number) const {
  Batch commands = greeting();
  commands.add({"SELECT", std::to_string(options_.database)});
  const std::string redirect = std::to_string(subscriber_);
  if (options_.prefixes.empty()) {
    commands.add({"CLIENT", "TRACKING", "ON", "REDIRECT", redirect, "OPTIN"});
  } else if (number == 0) {  // one of them is enough
    std::vector<std::string_view> words = {"CLIENT", "TRACKING", "ON", "REDIRECT", redirect, "BCAST"};
    for (const std::string& prefix : options_.prefixes) words.insert(words.end(), {"PREFIX", prefix});
    commands.add(words);
  }
  return commands;
}

void TrackingLink::open_session() {
  if (openings_.empty() && now() >= retry_at_) begin_opening();
  bool all_ready = !openings_.empty();
  for (const auto& opening : openings_) {
    const Opening::State state = opening->step();
    if (state == Opening::State::kFailed) return fail_opening(opening->error());
    all_ready = all_ready && state == Opening::State::kReady;
    watch(opening->descriptor(), static_cast<unsigned>(opening->events()), true);
  }
  if (all_ready && openings_.size() == 1) return open_pipes();
  if (all_ready) return begin_session();
  set_timer(openings_.empty() ? retry_at_ : now() + Milliseconds(20));  // deadlines
}

void TrackingLink::begin_opening() {
  Batch commands = greeting();
  commands.add({"CLIENT", "ID"});
  commands.add({"SUBSCRIBE", kChannel});
  openings_.push_back(std::make_unique<Opening>(options_, std::move(commands), failures_));
  if (openings_[0]->descriptor() >= 0) watch(openings_[0]->descriptor(), EPOLLOUT);
}

// The one that subscribes is confirmed.
void TrackingLink::open_pipes() {
  const auto& replies = openings_[0]->replies();
  subscriber_ = replies[replies.size() - 2]->integer;
  for (std::size_t i = 0; i < options_.connections; ++i) {
    openings_.push_back(std::make_unique<Opening>(options_, pipe_greeting(i), failures_));
    if (openings_.back()->descriptor() >= 0) watch(openings_.back()->descriptor(), EPOLLOUT);
  }
  open_session();
}

void TrackingLink::begin_session() {
  auto session = std::make_shared<Session>();
  session->invalidations = openings_[0]->take();
  watch(session->invalidations->descriptor(), EPOLLIN | EPOLLRDHUP, true);
  for (std::size_t i = 1; i < openings_.size(); ++i) {
    session->pipes.push_back(std::make_unique<Pipe>(openings_[i]->take()));
    watch(session->pipes.back()->descriptor(), EPOLLRDHUP, true);
  }
  openings_.clear();
  failures_ = 0;
  copies_.renew();
  pinged_ = now();
  awaits_pong_ = false;
  last_sign_ = pinged_.count();
  session->reports.store(true, std::memory_order_seq_cst);
  current_ = session;
  reporting_ = true;
  ++sessions_;
  {
    base::LeafLock lock(mutex_);
    session_ = std::move(session);
    given_up_ = false;
  }
  changed_.notify_all();
  copies_.found();
  keep_alive();
}

void TrackingLink::fail_opening(std::string why) {
  openings_.clear();
  const Milliseconds back_off = std::min(kRetryMax, kRetryFirst * (1 << std::min(failures_, 10u)));
  // From half of it to all of it, so that many clients do not come back at one time.
  const auto least = static_cast<std::uint64_t>(Time(back_off).count()) / 2;
  retry_at_ = now() + Time(static_cast<Time::rep>(least + random_.below(least + 1)));
  ++failures_;
  set_timer(retry_at_);
  {
    base::LeafLock lock(mutex_);
    given_up_ = true;
    last_error_ = "Redis at " + where(options_) + ": " + std::move(why);
  }
  changed_.notify_all();
}

// --- Calls --------------------------------------------------------------------------------------------------------

// Right after a session has ended, the next one is worth waiting for; after a failed attempt it is not.
std::shared_ptr<TrackingLink::Session> TrackingLink::usable_session(const Deadline& deadline) {
  const auto is_usable = [](const std::unique_ptr<Pipe>& pipe) { return pipe->usable(); };
  base::LeafLock lock(mutex_);
  while (true) {
    if (session_ != nullptr && std::any_of(session_->pipes.begin(), session_->pipes.end(), is_usable)) return session_;
    if (given_up_ || deadline.left_ms() == 0) return nullptr;
    if (options_.own_thread) {
      changed_.wait_for(mutex_, Milliseconds(deadline.left_ms()));
    } else {
      mutex_.unlock();
      pollfd events{events_, POLLIN, 0};
      poll(&events, 1, deadline.left_ms());
      process();
      mutex_.lock();
    }
  }
}

Link::Answer TrackingLink::call(const Batch& commands, Reports reports, const Deadline& deadline,
                                std::string_view key) {
  Answer answer;
  const std::shared_ptr<Session> session = usable_session(deadline);
  if (session == nullptr) {
    base::LeafLock lock(mutex_);
    answer.status = Status(ErrorCode::kDisconnected, last_error_);
    return answer;
  }
  const bool asks = reports == Reports::kYes && options_.prefixes.empty();
  Batch all;
  if (asks) all.add({"CLIENT", "CACHING", "YES"});
  all.append(commands);
  const Time began = now();
  const std::size_t first =
      key.empty() ? next_pipe_.fetch_add(1, std::memory_order_relaxed) : std::hash<std::string_view>()(key);
  answer.status = Status(ErrorCode::kDisconnected, "the connection to Redis has ended");
  for (std::size_t i = 0; i < session->pipes.size() && answer.status.code() == ErrorCode::kDisconnected; ++i) {
    answer.status = session->pipes[(first + i) % session->pipes.size()]->call(all, deadline, &answer.replies);
  }
  round_trips_.fetch_add(1, std::memory_order_relaxed);
  if (!answer.status.ok()) return answer;
  round_trip_.record(static_cast<std::uint64_t>((now() - began).count()) / 1'000);
  if (asks) answer.replies.erase(answer.replies.begin());
  answer.reported = reports == Reports::kYes && session->reports.load(std::memory_order_seq_cst);
  return answer;
}

Status TrackingLink::wait_for_session(const Deadline& deadline) {
  while (true) {
    {
      base::LeafLock lock(mutex_);
      if (session_ != nullptr) return {};
      if (given_up_) return {ErrorCode::kDisconnected, last_error_};
      if (deadline.left_ms() == 0) return {ErrorCode::kDisconnected, "Redis at " + where(options_) + ": no answer"};
    }
    pollfd events{events_, POLLIN, 0};
    poll(&events, 1, deadline.left_ms());
    process();
  }
}

LinkStats TrackingLink::stats() {
  LinkStats stats;
  stats.sessions = sessions_;
  stats.round_trips = round_trips_;
  stats.round_trip = round_trip_.snapshot();
  stats.since_sign_of_life = std::chrono::duration_cast<Milliseconds>(now() - Time(last_sign_));
  stats.lag = std::chrono::duration_cast<Milliseconds>(Time(lag_));
  base::LeafLock lock(mutex_);
  stats.last_error = last_error_;
  if (session_ == nullptr) return stats;
  stats.connected = session_->reports;
  stats.connections = static_cast<std::size_t>(std::count_if(session_->pipes.begin(), session_->pipes.end(),
                                                             [](const auto& pipe) { return pipe->usable(); })) +
                      stats.connected;
  return stats;
}

}  // namespace larder::near
