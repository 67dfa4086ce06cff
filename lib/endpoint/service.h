// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What all clients of an endpoint share, and how a request becomes a reply. Knows nothing of the network.
//
//   prepare   which command it is, and whether it may run: known, well formed, allowed. Between MULTI and EXEC it is
//             queued instead
//   run       its handler
//   account   what INFO commandstats and SLOWLOG say of it later
//
// `answer` does all three. Where the handler is to run on another thread (off_loop), the loop does the first and the
// last, and that thread the one between.
//
// Thread safety: none, but for `run` with no session; all else belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/blocked_command.h"
#include "endpoint/command_table.h"
#include "endpoint/config.h"
#include "endpoint/session.h"
#include "endpoint/slow_log.h"
#include "larder/endpoint.h"

namespace larder::endpoint {

struct CommandStats {
  std::uint64_t calls = 0;
  std::uint64_t took_us = 0;
  std::uint64_t rejected = 0;
  std::uint64_t failed = 0;
};

struct Counters {
  std::uint64_t connections = 0;  // all that were accepted
  std::uint64_t connections_rejected = 0;
  std::uint64_t connections_cut_off = 0;  // for a limit that they broke
  std::uint64_t commands = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t errors = 0;
};

class Service {
 public:
  Service(Cache& cache, const EndpointOptions& options, std::uint16_t port);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  using Arguments = std::span<const std::string_view>;
  // Null: it is not to run, and the client has been told why.
  const CommandTable::Place* prepare(Session& session, Arguments arguments, ReplyWriter& reply);
  // REQUIRES: a session, or off_loop(place). If memory runs out, the reply may be begun and not whole (ReplyWriter::
  // replies is negative): the client cannot be answered any more.
  // With `blocking`, a command may write no reply, and wait instead.
  void run(const CommandTable::Place& place, Session* session, Arguments arguments, ReplyWriter& reply,
           Blocking* blocking = nullptr);
  // The same within a transaction. REQUIRES: the command names keys.
  void run_in(Transaction& transaction, const CommandTable::Place& place, Arguments arguments, ReplyWriter& reply);
  void account(const CommandTable::Place& place, const Session& session, Arguments arguments, std::uint64_t took_us,
               const ReplyWriter& reply);
  // The three in a row. `now_ns` is any monotonic time.
  void answer(Session& session, Arguments arguments, ReplyWriter& reply, std::uint64_t (*now_ns)());
  bool off_loop(const CommandTable::Place& place) const noexcept;
  // What reads does not ask the store behind the cache.
  bool looks_past_store() const noexcept {
    return cache_.has_store() && options_.reads == EndpointOptions::Reads::kLook;
  }
  // kConflict: one of these keys has changed.
  Status check_unchanged(std::span<const Unchanged> unchanged);

  Cache& cache() noexcept { return cache_; }
  keyspace::Keyspace& keyspace() noexcept { return keyspace::keyspace_of(cache_); }
  const EndpointOptions& options() const noexcept { return options_; }
  EndpointLimits& limits() noexcept { return options_.limits; }
  std::uint16_t port() const noexcept { return port_; }
  Config& config() noexcept { return config_; }
  SlowLog& slow_log() noexcept { return slow_log_; }
  Counters& counters() noexcept { return counters_; }
  const std::vector<CommandStats>& command_stats() const noexcept { return stats_; }
  const std::map<std::string, std::uint64_t>& error_stats() const noexcept { return errors_; }
  void reset_stats();
  bool password_is(std::string_view password) const noexcept;

  // All clients, by id.
  std::map<std::uint64_t, Session*>& sessions() noexcept { return sessions_; }
  // What the loop says of itself, in milliseconds.
  std::uint64_t started_ms = 0;
  std::uint64_t now_ms = 0;
  double commands_a_second = 0;
  // The most that INFO has seen in use.
  std::uint64_t memory_peak = 0;
  // Some session's `end` has become kNow.
  bool somebody_ends = false;
  const std::string run_id;

 private:
  const CommandTable::Place* find(Arguments arguments, ReplyWriter& reply);
  bool may_run(const CommandTable::Place& place, const Session& session, ReplyWriter& reply);
  bool check(const CommandTable::Place& place, const Session& session, Arguments arguments, ReplyWriter& reply);
  bool enqueue(const CommandTable::Place& place, CommandQueue& queue, Arguments arguments, ReplyWriter& reply);
  void run(Call& call);

  Cache& cache_;
  EndpointOptions options_;
  const std::uint16_t port_;
  ReadView view_;
  Config config_;
  SlowLog slow_log_;
  Counters counters_;
  std::vector<CommandStats> stats_;
  std::map<std::string, std::uint64_t> errors_;  // by the first word of their texts
  std::map<std::uint64_t, Session*> sessions_;
};

// INFO: all sections, or those that are named (or "all", "everything", "default").
std::string info_text(Service& service, std::span<const std::string_view> sections);

}  // namespace larder::endpoint
