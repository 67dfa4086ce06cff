// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One connection to a Redis server: commands are gathered, sent at once, and their replies read one after another.
// hiredis connects and parses; sending is done here, as hiredis 0.14 raises SIGPIPE where the server has gone.
//
// Thread safety: none; a connection has one user at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "larder/status.h"
#include "larder/stores/redis_store.h"
#include "stores/deadline.h"
#include "stores/redis/wire.h"

namespace larder::stores::redis {

class Connection {
 public:
  using Options = RedisStoreOptions;
  // Which client of which run of which server.
  struct Identity {
    std::string run_id;
    std::int64_t client = 0;
    bool operator==(const Identity&) const = default;
  };
  static constexpr std::string_view kServer = "Redis";

  // Connects, signs in, chooses the database.
  static Result<std::unique_ptr<Connection>> open(const Options& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Without waiting: false if it has ended, or replies are still to come.
  bool usable() const;
  // Then there are count() replies to be read. False: it broke, and any of them may be carried out.
  bool send(const Commands& commands, const Deadline& deadline);
  // Null: it broke.
  Reply receive(const Deadline& deadline);
  // send and receive of one; null: it broke.
  Reply call(std::initializer_list<std::string_view> words);
  // Whether that client has ended, now that this has been called.
  bool end(const Identity& identity);

  const Identity& identity() const { return identity_; }
  const std::string& error() const { return error_; }  // why it broke

 private:
  struct Close {
    void operator()(redisContext* context) const { redisFree(context); }
  };

  explicit Connection(const Options& options) : timeout_(options.command_timeout) {}
  Status connect(const Options& options);
  Status sign_in(const Options& options);
  bool wait(short events, const Deadline& deadline);
  void note_broken(std::string_view why);

  const Milliseconds timeout_;
  std::unique_ptr<redisContext, Close> context_;
  Identity identity_;
  std::size_t awaited_ = 0;  // replies
  bool broken_ = false;
  std::string error_;
};

}  // namespace larder::stores::redis
