// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "near/opening.h"

#include <poll.h>

#include <utility>

namespace larder::near {

Opening::Opening(const NearCacheOptions& options, Batch greeting, unsigned attempt)
    : greeting_(std::move(greeting)),
      unsent_(greeting_.bytes()),
      deadline_(options.connect_timeout),
      socket_(Socket::begin(options, attempt, &error_)) {
  if (socket_ == nullptr) state_ = State::kFailed;
}

Opening::State Opening::fail(std::string why) {
  error_ = std::move(why);
  return state_ = State::kFailed;
}

short Opening::events() const noexcept { return static_cast<short>(unsent_.empty() ? POLLIN : POLLOUT); }

Opening::State Opening::step() {
  if (state_ == State::kReady && socket_->hung_up()) return fail("the server closed the connection");
  if (state_ != State::kGoing) return state_;
  if (deadline_.left_ms() == 0) return fail("no answer within connect_timeout");
  if (!connected_) {
    if (!socket_->wait(POLLOUT, Deadline(Milliseconds(0)))) return state_;
    if (std::string why = socket_->outcome(); !why.empty()) return fail(std::move(why));
    connected_ = true;
  }
  if (!socket_->send(&unsent_)) return fail("the server closed the connection");
  const Socket::Received received = socket_->receive();
  while (replies_.size() < greeting_.count()) {
    Reply reply = socket_->next();
    if (reply == nullptr) break;
    if (stores::redis::is_error(*reply)) return fail("the server says " + stores::redis::text_of(*reply));
    replies_.push_back(std::move(reply));
  }
  if (replies_.size() == greeting_.count()) return state_ = State::kReady;
  if (received == Socket::Received::kEnd) return fail("the server closed the connection");
  return state_;
}

}  // namespace larder::near
