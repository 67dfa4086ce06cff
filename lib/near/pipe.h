// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A connection for commands that any number of threads share. Their commands go out one behind the other, and each
// waits for its own answers. No thread of its own: of those who wait, one receives, for all of them.
//
// Thread safety: all of it.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "larder/status.h"
#include "near/socket.h"

namespace larder::near {

class Pipe {
 public:
  explicit Pipe(std::unique_ptr<Socket> socket);

  int descriptor() const noexcept { return socket_->descriptor(); }
  // Sends them, and waits for their answers. kTimeout: none within the deadline; kDisconnected: it has ended, and
  // nothing was sent; kOutcomeUnknown: it has ended, and they may have been carried out.
  Status call(const Batch& commands, const Deadline& deadline, std::vector<Reply>* replies);
  bool usable();
  bool hung_up() const noexcept { return socket_->hung_up(); }
  // Takes what has come if nobody waits for it, and `asks` for a sign of life where nothing is to come. False: it has
  // ended, or gave none within `patience` of being asked for anything.
  bool check(bool asks, Milliseconds patience);
  // Whether it waits for a sign of life that check() would take.
  bool awaits_sign();
  // Whoever waits gets kOutcomeUnknown.
  void end();

 private:
  using Time = std::chrono::nanoseconds;
  struct Call {
    std::vector<Reply>* replies;
    base::Condition ready = {};
    bool done = false;
  };
  // What is to come.
  struct Awaited {
    Call* call;  // null: nobody waits for it any more
    std::size_t replies;
    Time since;
    bool is_ping;
  };

  bool send(std::string_view bytes, const Deadline& deadline) REQUIRES_LOCK(sending_);
  void receive(const Deadline* deadline) REQUIRES_LOCK(mutex_);
  bool ask_for_sign();
  void hand_out(Reply reply) REQUIRES_LOCK(mutex_);
  void wake_next() REQUIRES_LOCK(mutex_);
  void end_locked() REQUIRES_LOCK(mutex_);

  const std::unique_ptr<Socket> socket_;
  // Held while a call's commands are sent, so that answers come in the order of `awaited_`. Who holds it began before
  // those who wait for it, and gives up before them.
  base::LeafMutex sending_;
  base::LeafMutex mutex_;  // taken after `sending_`
  std::deque<Awaited> awaited_ GUARDED_BY(mutex_);
  Time last_sign_ GUARDED_BY(mutex_);
  bool receiving_ GUARDED_BY(mutex_) = false;  // somebody receives, with no lock held
  bool ended_ GUARDED_BY(mutex_) = false;
};

}  // namespace larder::near
