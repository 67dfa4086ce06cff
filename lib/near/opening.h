// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A connection that is being made: connects, says what it is to begin with, and waits for the answers. Never blocks.
//
// Thread safety: none.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "near/socket.h"

namespace larder::near {

class Opening {
 public:
  enum class State : std::uint8_t { kGoing, kReady, kFailed };

  Opening(const NearCacheOptions& options, Batch greeting, unsigned attempt);

  // As far as it comes now.
  State step();
  State state() const noexcept { return state_; }
  const std::string& error() const noexcept { return error_; }
  // -1: none. And which events it waits for.
  int descriptor() const noexcept { return socket_ == nullptr ? -1 : socket_->descriptor(); }
  short events() const noexcept;
  // When it is ready: the answers, one for each command, none of them an error; and the socket.
  const std::vector<Reply>& replies() const noexcept { return replies_; }
  std::unique_ptr<Socket> take() noexcept { return std::move(socket_); }

 private:
  State fail(std::string why);

  const Batch greeting_;
  std::string_view unsent_;
  const Deadline deadline_;
  State state_ = State::kGoing;
  bool connected_ = false;
  std::string error_;
  std::unique_ptr<Socket> socket_;
  std::vector<Reply> replies_;
};

}  // namespace larder::near
