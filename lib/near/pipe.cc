// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "near/pipe.h"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace larder::near {
namespace {

std::chrono::nanoseconds now() { return Clock::system().monotonic(); }

}  // namespace

Pipe::Pipe(std::unique_ptr<Socket> socket) : socket_(std::move(socket)), last_sign_(now()) {}

bool Pipe::usable() {
  base::LeafLock lock(mutex_);
  return !ended_;
}

void Pipe::end() {
  base::LeafLock lock(mutex_);
  end_locked();
}

void Pipe::end_locked() {
  ended_ = true;
  socket_->shut();
  for (const Awaited& one : awaited_) {
    if (one.call != nullptr) one.call->ready.notify_all();
  }
  awaited_.clear();
}

Status Pipe::call(const Batch& commands, const Deadline& deadline, std::vector<Reply>* replies) {
  replies->clear();
  replies->reserve(commands.count());
  Call mine{.replies = replies};
  {
    base::LeafLock turn(sending_);
    {
      base::LeafLock lock(mutex_);
      if (ended_) return {ErrorCode::kDisconnected, "the connection to Redis has ended"};
      awaited_.push_back({&mine, commands.count(), now(), false});
    }
    if (!send(commands.bytes(), deadline)) end();
  }
  base::LeafLock lock(mutex_);
  while (!mine.done && !ended_ && deadline.left_ms() > 0) {
    if (receiving_) {
      mine.ready.wait_for(mutex_, Milliseconds(deadline.left_ms()));
    } else {
      receive(&deadline);
    }
  }
  for (Awaited& one : awaited_) {
    if (one.call == &mine) one.call = nullptr;
  }
  wake_next();
  if (mine.done) return {};
  if (ended_) return {ErrorCode::kOutcomeUnknown, "the connection to Redis ended before the answer came"};
  return {ErrorCode::kTimeout, "Redis did not answer within command_timeout"};
}

// False: it has ended, or there was no room in time; half a command may have gone out then.
bool Pipe::send(std::string_view bytes, const Deadline& deadline) {
  bool goes_on = socket_->send(&bytes);
  while (goes_on && !bytes.empty()) goes_on = socket_->wait(POLLOUT, deadline) && socket_->send(&bytes);
  return goes_on;
}

// With a deadline it waits for something to come.
void Pipe::receive(const Deadline* deadline) {
  receiving_ = true;
  mutex_.unlock();
  const bool comes = deadline == nullptr || socket_->wait(POLLIN, *deadline);
  const Socket::Received received = comes ? socket_->receive() : Socket::Received::kNothing;
  std::vector<Reply> came;
  while (received == Socket::Received::kSome) {
    Reply reply = socket_->next();
    if (reply == nullptr) break;
    came.push_back(std::move(reply));
  }
  mutex_.lock();
  receiving_ = false;
  if (received == Socket::Received::kSome) last_sign_ = now();
  for (Reply& reply : came) hand_out(std::move(reply));
  if (received == Socket::Received::kEnd) end_locked();
}

void Pipe::hand_out(Reply reply) {
  if (awaited_.empty()) return end_locked();  // nobody has asked for this
  Awaited& first = awaited_.front();
  if (first.call != nullptr) first.call->replies->push_back(std::move(reply));
  if (--first.replies != 0) return;
  if (first.call != nullptr) {
    first.call->done = true;
    first.call->ready.notify_all();
  }
  awaited_.pop_front();
}

// Somebody else has to receive now.
void Pipe::wake_next() {
  if (receiving_) return;
  const auto next =
      std::find_if(awaited_.begin(), awaited_.end(), [](const Awaited& one) { return one.call != nullptr; });
  if (next != awaited_.end()) next->call->ready.notify_all();
}

bool Pipe::awaits_sign() {
  base::LeafLock lock(mutex_);
  return !awaited_.empty() && awaited_.back().is_ping;
}

bool Pipe::check(bool asks, Milliseconds patience) {
  {
    base::LeafLock lock(mutex_);
    if (!ended_ && socket_->hung_up()) end_locked();
    if (!ended_ && !receiving_ && !awaited_.empty()) {
      receive(nullptr);
      wake_next();
    }
    if (ended_) return false;
    if (!awaited_.empty()) return now() - std::max(last_sign_, awaited_.front().since) < patience;
  }
  return !asks || ask_for_sign();
}

// Where somebody sends, that is one.
bool Pipe::ask_for_sign() {
  if (!sending_.try_lock()) return true;
  Batch ping;
  ping.add({"PING"});
  {
    base::LeafLock lock(mutex_);
    awaited_.push_back({nullptr, 1, now(), true});
  }
  const bool sent = send(ping.bytes(), Deadline(Milliseconds(0)));
  sending_.unlock();
  return sent;
}

}  // namespace larder::near
