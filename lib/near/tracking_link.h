// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A link to one server by RESP2, as hiredis 0.14 has no other: one connection subscribes to __redis__:invalidate, and
// the others have what changes reported there (CLIENT TRACKING ON REDIRECT). Reference:
// https://redis.io/commands/client-tracking/
//
// A session is one life of all of them together. The server says nothing when it stops reporting: neither when the
// connection that subscribes has ended, nor when one has through which was read. So when any of them ends, so does the
// session: all copies are unfit, and another session is made, in which no connection is of the one before.
//
// Thread safety: all of it. process() by one thread at a time, others wait for it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "near/link.h"
#include "near/opening.h"
#include "near/pipe.h"
#include "stats/latency_recorder.h"

namespace larder::near {

class TrackingLink final : public Link {
 public:
  // Throws std::system_error where the system has no descriptors left.
  TrackingLink(const NearCacheOptions& options, Copies& copies);
  ~TrackingLink() override;

  Answer call(const Batch& commands, Reports reports, const Deadline& deadline, std::string_view key) override;
  int descriptor() const noexcept override { return events_; }
  void process() override;
  LinkStats stats() override;
  Status wait_for_session(const Deadline& deadline) override;

 private:
  using Time = std::chrono::nanoseconds;
  struct Session {
    std::atomic<bool> reports{false};
    std::unique_ptr<Socket> invalidations;
    std::vector<std::unique_ptr<Pipe>> pipes;
  };

  // --- The session that there is ---------------------------------------------------------------------------------
  void keep_alive() REQUIRES_LOCK(turn_);
  bool take_invalidations() REQUIRES_LOCK(turn_);
  void take_message(const redisReply& message) REQUIRES_LOCK(turn_);
  bool ping() REQUIRES_LOCK(turn_);
  void lose(FlushCause cause, std::string why) REQUIRES_LOCK(turn_);
  // --- The next one ------------------------------------------------------------------------------------------------
  void open_session() REQUIRES_LOCK(turn_);
  void begin_opening() REQUIRES_LOCK(turn_);
  void open_pipes() REQUIRES_LOCK(turn_);
  void begin_session() REQUIRES_LOCK(turn_);
  void fail_opening(std::string why) REQUIRES_LOCK(turn_);
  Batch greeting() const;
  Batch pipe_greeting(std::size_t number) const REQUIRES_LOCK(turn_);

  std::shared_ptr<Session> usable_session(const Deadline& deadline);
  void watch(int descriptor, unsigned events, bool again = false) const;
  void set_timer(Time at) const;

  const NearCacheOptions options_;
  Copies& copies_;
  const int events_;  // epoll
  const int timer_;

  base::LeafMutex turn_;  // of process()
  std::shared_ptr<Session> current_ GUARDED_BY(turn_);
  bool reporting_ GUARDED_BY(turn_) = false;
  Time pinged_ GUARDED_BY(turn_){0};  // the last heartbeat
  bool awaits_pong_ GUARDED_BY(turn_) = false;
  std::vector<std::unique_ptr<Opening>> openings_ GUARDED_BY(turn_);  // first the one that subscribes
  std::int64_t subscriber_ GUARDED_BY(turn_) = 0;                     // its id at the server
  Time retry_at_ GUARDED_BY(turn_){0};
  unsigned failures_ GUARDED_BY(turn_) = 0;  // in a row
  base::Random random_ GUARDED_BY(turn_);

  base::LeafMutex mutex_;  // of what calls see
  std::shared_ptr<Session> session_ GUARDED_BY(mutex_);
  bool given_up_ GUARDED_BY(mutex_) = false;  // the last attempt to connect has failed
  std::string last_error_ GUARDED_BY(mutex_);
  base::Condition changed_;

  std::atomic<std::size_t> next_pipe_{0};
  std::atomic<std::uint64_t> sessions_{0}, round_trips_{0};
  stats::LatencyRecorder round_trip_;
  std::atomic<Time::rep> last_sign_{0}, lag_{0};
};

}  // namespace larder::near
