// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One session of a PostgreSQL server, driven through libpq's pipeline mode: any number of prepared statements in one
// round trip, divided into segments, each of which is a transaction of its own unless one is open.
//
// Each session holds an advisory lock with a number of its own. Who gets that lock knows that the session has ended:
// the server gives it back after the session's transaction.
//
// Thread safety: none; a connection has one user at a time.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "larder/backing_store.h"
#include "larder/stores/postgres_store.h"
#include "stores/deadline.h"

namespace larder::stores::postgres {

using Value = std::variant<std::monostate, std::int64_t, std::string_view>;  // null, bigint, bytea

// The use of a prepared statement.
struct Call {
  const char* statement;
  std::vector<Value> values;
};

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Rows = std::unique_ptr<PGresult, ClearResult>;

// What became of a segment.
struct Answer {
  enum class Outcome : std::uint8_t {
    kDone,      // committed, unless a transaction is open
    kRefused,   // rolled back, or it will be
    kNotKnown,  // the connection broke before the answer
  };
  Outcome outcome = Outcome::kNotKnown;
  std::vector<Rows> rows = {};  // kDone: of each call
  std::string state = {};       // SQLSTATE; empty if the connection broke
  std::string error = {};
};

class Connection {
 public:
  using Options = PostgresStoreOptions;
  using Identity = std::int64_t;  // the lock that it holds
  static constexpr std::string_view kServer = "PostgreSQL";

  // Connects and prepares the statements below. With `make_table`, makes the table before.
  static Result<std::unique_ptr<Connection>> open(const Options& options, bool make_table = false);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Without waiting: false if it has ended, or was left in the middle of a call.
  bool usable();
  // One round trip. All the answers are kNotKnown from where the connection broke; then it is not usable.
  std::vector<Answer> run(std::span<const std::vector<Call>> segments);
  Answer run_one(std::vector<Call> calls);
  Identity identity() const { return lock_; }
  // Ends the session that holds this lock, and waits for its end for a part of the statement time-out.
  bool end(Identity lock);

 private:
  struct Close {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };

  explicit Connection(Milliseconds statement_timeout) : statement_timeout_(statement_timeout) {}
  Status connect(const Options& options);
  Status set_up(const Options& options, bool make_table);
  Status make_table(const std::string& table);
  Status check_table(const std::string& table);
  Status prepare_all(const std::string& quoted_table);
  // A statement that has not been prepared, without values.
  Status run_text(const std::string& sql, Rows* rows = nullptr);
  bool send(const Call& call);
  bool wait(const Deadline& deadline);
  Answer receive(std::size_t calls, const Deadline& deadline);
  // The next result, null between two calls. False: broken.
  bool next(Rows* rows, const Deadline& deadline);
  void note_broken(Answer* answer);

  const Milliseconds statement_timeout_;
  std::unique_ptr<PGconn, Close> connection_;
  Identity lock_ = 0;
  bool busy_ = false;  // a call is under way, or broke off
};

}  // namespace larder::stores::postgres
