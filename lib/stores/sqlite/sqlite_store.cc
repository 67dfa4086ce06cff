// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A batch is one transaction. If something in it fails, it is done again with a savepoint around each unit, so that
// what can be written is.
#include "larder/stores/sqlite_store.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "stores/batch.h"
#include "stores/complaints.h"
#include "stores/pool.h"
#include "stores/sqlite/connection.h"

namespace larder {

using stores::Pool;
using stores::Unit;
using stores::sqlite::Connection;

struct SqliteStore::State {
  explicit State(SqliteStoreOptions given)
      : options(std::move(given)), readers(options.readers_max), writer(1), clock(options.clock) {
    if (clock == nullptr) clock = &Clock::system();
  }
  // The lease has no connection if `why` says why.
  Pool<Connection>::Lease lease(Connection::Use use, Status* why);

  const SqliteStoreOptions options;
  Pool<Connection> readers;
  Pool<Connection> writer;  // SQLite has one at a time; who waits for it here is woken, and does not poll the file
  Clock* clock;
};

Pool<Connection>::Lease SqliteStore::State::lease(Connection::Use use, Status* why) {
  Pool<Connection>& pool = use == Connection::Use::kRead ? readers : writer;
  Pool<Connection>::Lease lease = pool.take(options.busy_timeout);
  if (!lease) {
    *why = Status(ErrorCode::kStoreFailed, "SQLite: all connections were in use for longer than busy_timeout");
  } else if (lease.connection == nullptr) {
    lease.connection = Connection::open(options, use, why);
  }
  return lease;
}

namespace {

// What became of a write that failed before its commit.
WriteResult failed(int code, const Connection& connection, std::string_view path) {
  const std::string why = "SQLite: " + connection.message() + " (" + stores::sqlite::explain(code, path) + ")";
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH: return WriteResult::never(why);
    default: return WriteResult::retry(why);  // nothing is wrong with the mutation
  }
}

// One batch.
class Writing {
 public:
  Writing(Connection& connection, std::span<const Mutation> batch, std::span<WriteResult> results, UnixTime now,
          std::string_view path)
      : connection_(connection), batch_(batch), results_(results), now_(now), path_(path) {}

  // False: the connection must go.
  bool run(std::vector<Unit>& units) {
    int code = connection_.begin();
    if (code == SQLITE_OK) {
      for (std::size_t i = 0; i < units.size() && code == SQLITE_OK; ++i) code = write(units[i]);
      if (code == SQLITE_OK) return commit(units);
      const WriteResult alone = failed(code, connection_, path_);
      roll_back();
      if (units.size() == 1) {
        stores::answer(units[0], alone, results_);
        return true;
      }
      code = connection_.begin();
    }
    if (code == SQLITE_OK) return run_apart(units);
    const WriteResult result = failed(code, connection_, path_);
    for (const Unit& unit : units) stores::answer(unit, result, results_);
    return true;
  }

 private:
  // In a transaction. Answers the unit as if it were committed.
  int write(const Unit& unit) {
    for (const std::size_t i : unit) {
      results_[i] = {};
      if (!batch_[i].expected_version) continue;
      Connection::Found found;
      if (const int code = connection_.look(batch_[i], now_, &found); code != SQLITE_OK) {
        return code;
      }
      if (found.what == Connection::Found::What::kAnother) {
        stores::answer_conflict(unit, i, results_);
        return SQLITE_OK;
      }
      if (found.what == Connection::Found::What::kItsOwn) results_[i] = WriteResult::done(found.version);
    }
    for (const std::size_t i : unit) {
      if (results_[i].outcome == WriteResult::Outcome::kDone) continue;  // sent again
      std::uint64_t version = 0;
      if (const int code = connection_.apply(batch_[i], &version); code != SQLITE_OK) return code;
      results_[i] = WriteResult::done(version);
    }
    return SQLITE_OK;
  }

  bool run_apart(std::vector<Unit>& units) {
    std::vector<Unit> written;
    for (std::size_t k = 0; k < units.size(); ++k) {
      int code = connection_.savepoint();
      if (code == SQLITE_OK) code = write(units[k]);
      const WriteResult result = code == SQLITE_OK ? WriteResult() : failed(code, connection_, path_);
      if (code != SQLITE_OK && connection_.in_transaction()) connection_.rollback_to();
      if (!connection_.in_transaction()) {  // the error has ended it: nothing of it is written
        const WriteResult others = WriteResult::retry("SQLite: another key of the batch rolled it back");
        for (const Unit& unit : units) stores::answer(unit, others, results_);
        stores::answer(units[k], result, results_);
        return true;
      }
      connection_.release();
      if (code == SQLITE_OK) written.push_back(units[k]);
      if (code != SQLITE_OK) stores::answer(units[k], result, results_);
    }
    return commit(written);
  }

  bool commit(const std::vector<Unit>& written) {
    const int code = connection_.commit();
    if (code == SQLITE_OK) return true;
    // Of these, SQLite says that the transaction is as it was before. Of others, an fsync that failed for one, nobody
    // knows what a restart will find in the log.
    const int kind = code & 0xff;
    const bool known = kind == SQLITE_BUSY || kind == SQLITE_LOCKED || kind == SQLITE_FULL || kind == SQLITE_NOMEM;
    const WriteResult result = known || kind == SQLITE_CONSTRAINT
                                   ? failed(code, connection_, path_)
                                   : WriteResult::unknown("SQLite could not commit: " + connection_.message() + " (" +
                                                          stores::sqlite::explain(code, path_) + ")");
    for (const Unit& unit : written) {
      for (const std::size_t i : unit) {
        if (results_[i].outcome == WriteResult::Outcome::kDone) results_[i] = result;
      }
    }
    roll_back();
    return known || kind == SQLITE_CONSTRAINT;
  }

  void roll_back() {
    if (connection_.in_transaction()) connection_.rollback();
  }

  Connection& connection_;
  const std::span<const Mutation> batch_;
  const std::span<WriteResult> results_;
  const UnixTime now_;
  const std::string_view path_;
};

Status check(const SqliteStoreOptions& options) {
  stores::Complaints wrong;
  wrong.add_if(options.path.empty() || options.path == ":memory:",
               "path is empty or :memory:, and connections share a file");
  wrong.check_table(options.table);
  wrong.check_time("busy_timeout", options.busy_timeout, Milliseconds{0});
  wrong.add_if(options.readers_max == 0, "readers_max is 0");
  wrong.add_if(options.value_bytes_max == 0, "value_bytes_max is 0");
  wrong.add_if(options.value_bytes_max > 1'000'000'000,
               "value_bytes_max is more than SQLite takes, 1,000,000,000 bytes");
  return wrong.status();
}

}  // namespace

SqliteStore::SqliteStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteStore::~SqliteStore() = default;

Result<std::shared_ptr<SqliteStore>> SqliteStore::open(const SqliteStoreOptions& options) {
  if (Status wrong = check(options); !wrong.ok()) return wrong;
  auto state = std::make_unique<State>(options);
  // Both kinds at once, so that what is wrong with the file is said here.
  for (const Connection::Use use : {Connection::Use::kWrite, Connection::Use::kRead}) {
    Status why;
    if (state->lease(use, &why).connection == nullptr) return why;
  }
  return std::shared_ptr<SqliteStore>(new SqliteStore(std::move(state)));
}

Lookup<StoredValue> SqliteStore::load(std::string_view key) { return load_if_changed(key, 0); }

Lookup<StoredValue> SqliteStore::load_if_changed(std::string_view key, std::uint64_t version) {
  Status why;
  const auto lease = state_->lease(Connection::Use::kRead, &why);
  if (lease.connection == nullptr) return why;
  return lease.connection->load(key, version);
}

void SqliteStore::load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found) {
  Status why;
  const auto lease = state_->lease(Connection::Use::kRead, &why);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    found[i] = lease.connection == nullptr ? Lookup<StoredValue>(why) : lease.connection->load(keys[i], 0);
  }
}

Status SqliteStore::write(std::span<const Mutation> batch, std::span<WriteResult> results) {
  return stores::write_units(
      batch, results, state_->options.value_bytes_max,
      [this](Status* why) { return state_->lease(Connection::Use::kWrite, why); },
      [&](Connection& connection, std::vector<Unit>& units) {
        const UnixTime now{state_->clock->unix_time()};
        return Writing(connection, batch, results, now, state_->options.path).run(units);
      },
      [](auto& lease) { lease.connection.reset(); });  // closing rolls back
}

Result<std::uint64_t> SqliteStore::remove_expired(UnixTime now, std::uint64_t limit) {
  Status why;
  const auto lease = state_->lease(Connection::Use::kWrite, &why);
  if (lease.connection == nullptr) return why;
  std::uint64_t removed = 0;
  const int code = lease.connection->remove_expired(now, limit, &removed);
  if (code == SQLITE_OK) return removed;
  return Status(ErrorCode::kStoreFailed, "SQLite: " + lease.connection->message() + " (" +
                                             stores::sqlite::explain(code, state_->options.path) + ")");
}

}  // namespace larder
