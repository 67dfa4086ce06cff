// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One connection to a SQLite file, with its prepared statements.
//
// Thread safety: none; a connection has one user at a time. Functions that give an int give SQLite's result code, and
// SQLITE_OK when it worked.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "larder/backing_store.h"
#include "larder/stores/sqlite_store.h"

namespace larder::stores::sqlite {

// The advice that goes with an error.
std::string explain(int code, std::string_view path);

class Connection {
 public:
  enum class Use : std::uint8_t { kRead, kWrite };

  // Null, and why.
  static std::unique_ptr<Connection> open(const SqliteStoreOptions& options, Use use, Status* why);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // known_version: of that one the bytes are left out. Versions begin with 1.
  Lookup<StoredValue> load(std::string_view key, std::uint64_t known_version);

  // Use::kWrite only.
  int begin() { return run(begin_); }
  int commit() { return run(commit_); }
  void rollback() { run(rollback_); }
  int savepoint() { return run(savepoint_); }
  int release() { return run(release_); }
  int rollback_to() { return run(rollback_to_); }
  // An error may have ended the transaction as a whole.
  bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }
  // What a mutation that expects a version finds.
  struct Found {
    enum class What : std::uint8_t { kExpected, kItsOwn, kAnother };
    What what = What::kExpected;
    std::uint64_t version = 0;  // kItsOwn: the one that it has made, when it was written before
  };
  // A row that has ended counts as none.
  int look(const Mutation& one, UnixTime now, Found* found);
  int apply(const Mutation& one, std::uint64_t* version);
  int remove_expired(UnixTime now, std::uint64_t limit, std::uint64_t* removed);

  std::string message() const { return sqlite3_errmsg(database_.get()); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  Connection() = default;
  int set_up(const SqliteStoreOptions& options, Use use);
  int make_table(const std::string& table);
  int check_table(const std::string& table);
  int prepare_all(const std::string& quoted_table, Use use);
  int run(const Statement& statement);

  std::string path_;
  std::string wrong_table_;                   // why the table cannot be used; empty: it can
  std::unique_ptr<sqlite3, Close> database_;  // before the statements, which go first
  Statement load_, look_, put_, erase_, remove_expired_;
  Statement begin_, commit_, rollback_, savepoint_, release_, rollback_to_;
};

}  // namespace larder::stores::sqlite
