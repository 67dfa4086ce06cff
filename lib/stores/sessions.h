// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The connections of a store to its server. One that has ended is replaced when its turn comes; and none is given to
// anybody before the writes that broke off on others are known to have ended (stores/doubts.h).
//
// A Connection has
//
//     using Options = ...;       // of the store: connections_max, value_bytes_max
//     using Identity = ...;      // at the server; no other connection ever has the same
//     static constexpr std::string_view kServer;  // for texts
//     static Result<std::unique_ptr<Connection>> open(const Options& options);
//     bool usable();             // without waiting: false if it has ended
//     Identity identity() const;
//     bool end(const Identity&)  // whether that one has ended, now that this was called
//
// Thread safety: all of it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "larder/backing_store.h"
#include "larder/clock.h"
#include "larder/status.h"
#include "stores/batch.h"
#include "stores/doubts.h"
#include "stores/pool.h"

namespace larder::stores {

template <typename Connection>
class Sessions {
 public:
  using Options = typename Connection::Options;
  using Lease = typename Pool<Connection>::Lease;

  // wait_max: how long a call waits for a connection that others use.
  Sessions(Options options, Milliseconds wait_max)
      : options_(std::move(options)), wait_max_(wait_max), pool_(options_.connections_max) {}

  const Options& options() const { return options_; }

  void add(std::unique_ptr<Connection> connection) { pool_.take(wait_max_).connection = std::move(connection); }
  // With a connection that may be used, and no write of an earlier one on its way; or without one, and why.
  Lease lease(Status* why) {
    Lease lease = pool_.take(wait_max_);
    if (!lease) {
      *why = failed("all connections were in use for too long (connections_max)");
      return lease;
    }
    *why = connect(lease);
    if (why->ok() && !settle(*lease.connection)) *why = failed("an earlier write has not ended yet at the server");
    if (!why->ok()) lease.connection.reset();
    return lease;
  }

  // work(connection, units) writes and answers the units; false: the connection broke with a write under way.
  template <typename Work>
  Status write(std::span<const Mutation> batch, std::span<WriteResult> results, Work&& work) {
    return write_units(
        batch, results, options_.value_bytes_max, [this](Status* why) { return lease(why); }, work,
        [this](Lease& lease) { abandon(lease); });
  }

 private:
  static Status failed(std::string_view why) {
    return {ErrorCode::kStoreFailed, std::string(Connection::kServer) + ": " + std::string(why)};
  }

  // Connects if there is no connection that can be used.
  Status connect(Lease& lease) const {
    if (lease.connection != nullptr && lease.connection->usable()) return {};
    lease.connection.reset();
    auto made = Connection::open(options_);
    if (!made) return made.status();
    lease.connection = std::move(*made);
    return {};
  }

  bool settle(Connection& connection) {
    return doubts_.settle([&](const auto& identity) { return connection.end(identity); });
  }

  // A write broke off.
  void abandon(Lease& lease) {
    doubts_.add(lease.connection->identity());
    lease.connection.reset();
    // If it cannot be done now, the next call does it.
    if (connect(lease).ok() && !settle(*lease.connection)) lease.connection.reset();
  }

  const Options options_;
  const Milliseconds wait_max_;
  Pool<Connection> pool_;
  Doubts<typename Connection::Identity> doubts_;
};

}  // namespace larder::stores
