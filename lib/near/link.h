// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a near cache needs of a server: to carry out commands, and to be told what of that is no longer true.
//
// Coherence stands on these (CONTRACTS R): copies are kept only of what was read while changes were reported, from
// before it was asked for until it is kept; and when they are reported no more, all copies are unfit until they have
// been dropped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "larder/near_cache.h"
#include "near/socket.h"

namespace larder::near {

// Who keeps copies. Called by the thread that is in process().
class Copies {
 public:
  virtual ~Copies() = default;
  // A key has changed: no copy of it stays, and no answer that is under way becomes one.
  virtual void drop(std::string_view key) noexcept = 0;
  // All keys have.
  virtual void drop_all() noexcept = 0;
  // Changes are reported no more.
  virtual void lost(FlushCause cause) noexcept = 0;
  // They are again, as soon as this returns. No copy from before stays.
  virtual void renew() noexcept = 0;
  // From now on copies are fit to be used.
  virtual void found() noexcept = 0;
};

struct LinkStats {
  bool connected = false;
  std::size_t connections = 0;
  std::uint64_t sessions = 0;
  std::uint64_t round_trips = 0;
  Milliseconds since_sign_of_life{0};
  Milliseconds lag{0};
  std::string last_error = {};
  LatencyHistogram round_trip = {};
};

// Thread safety: all of it.
class Link {
 public:
  // Whether the server is to report changes of what these commands read.
  enum class Reports : std::uint8_t { kNo, kYes };
  struct Answer {
    Status status;               // kDisconnected: nothing was sent. kTimeout, kOutcomeUnknown
    std::vector<Reply> replies;  // one for each command
    bool reported = false;       // changes were reported from before they were carried out until now
  };

  virtual ~Link() = default;
  // Waits. With kYes, changes are reported of what the first of them reads. Each connection through which a key was
  // read reports its change, so what reads it goes by one of them: that of its `key`. Empty: any.
  virtual Answer call(const Batch& commands, Reports reports, const Deadline& deadline, std::string_view key = {}) = 0;
  // Waits until changes are reported. What was wrong, if they are not by then.
  virtual Status wait_for_session(const Deadline& deadline) = 0;
  virtual int descriptor() const noexcept = 0;
  virtual void process() = 0;
  virtual LinkStats stats() = 0;
};

}  // namespace larder::near
