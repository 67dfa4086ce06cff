// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "stores/sqlite/connection.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "stores/table.h"

namespace larder::stores::sqlite {
namespace {

// No value begins in SQLite as NULL: an empty one needs an address, too.
int bind_bytes(sqlite3_stmt* statement, int place, std::string_view bytes) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  return sqlite3_bind_blob64(statement, place, data, bytes.size(), SQLITE_STATIC);
}

int bind_end(sqlite3_stmt* statement, int place, const std::optional<UnixTime>& end) {
  if (!end) return sqlite3_bind_null(statement, place);
  return sqlite3_bind_int64(statement, place, end->time_since_epoch().count());
}

std::optional<UnixTime> end_at(sqlite3_stmt* statement, int place) {
  if (sqlite3_column_type(statement, place) == SQLITE_NULL) return {};
  return UnixTime(Milliseconds(sqlite3_column_int64(statement, place)));
}

// Ends what a statement has begun (a read transaction), whatever came of it.
class Reset {
 public:
  explicit Reset(sqlite3_stmt* statement) : statement_(statement) {}
  ~Reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Reset(const Reset&) = delete;
  Reset& operator=(const Reset&) = delete;

 private:
  sqlite3_stmt* statement_;
};

int execute(sqlite3* database, const std::string& sql) {
  return sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
}

}  // namespace

std::string explain(int code, std::string_view path) {
  const std::string file(path);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another writer holds " + file + " for longer than busy_timeout";
    case SQLITE_FULL: return "make room on the disk of " + file;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN: return "the program must be able to read and write " + file + " and its folder";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return "restore " + file + " from a copy: it is damaged, or no SQLite database";
    case SQLITE_TOOBIG: return "larger than SQLite takes (SQLITE_MAX_LENGTH)";
    case SQLITE_CONSTRAINT: return "a constraint or trigger of the table refuses it";
    default: return "file " + file;
  }
}

std::unique_ptr<Connection> Connection::open(const SqliteStoreOptions& options, Use use, Status* why) {
  std::unique_ptr<Connection> made(new Connection);
  made->path_ = options.path;
  const int code = made->set_up(options, use);
  if (code == SQLITE_OK) return made;
  std::string said = made->wrong_table_;
  if (said.empty()) {
    said = made->database_ == nullptr ? "no memory" : made->message();
    said += " (" + explain(code, options.path) + ")";
  }
  *why = Status(ErrorCode::kStoreFailed, "SQLite cannot be used: " + said);
  return nullptr;
}

Connection::~Connection() = default;

int Connection::set_up(const SqliteStoreOptions& options, Use use) {
  sqlite3* database = nullptr;
  // NOMUTEX: one user at a time. A reader does not make a file.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (use == Use::kWrite ? SQLITE_OPEN_CREATE : 0);
  int code = sqlite3_open_v2(options.path.c_str(), &database, flags, nullptr);
  database_.reset(database);
  if (code != SQLITE_OK) return code;
  sqlite3_busy_timeout(database, static_cast<int>(options.busy_timeout.count()));
  const bool full = options.synchronous == SqliteStoreOptions::Synchronous::kFull;
  code = execute(database, full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  if (code == SQLITE_OK && use == Use::kWrite) code = execute(database, "PRAGMA journal_mode = WAL");
  if (code == SQLITE_OK && use == Use::kWrite) code = make_table(options.table);
  if (code == SQLITE_OK && use == Use::kRead) code = execute(database, "PRAGMA query_only = ON");
  return code == SQLITE_OK ? prepare_all('"' + options.table + '"', use) : code;
}

// A version is a row's number, and AUTOINCREMENT never gives one twice: each put is a new row. What others change with
// UPDATE becomes a new row, too, which no write of a store has made. The bytes come last, so that they are not read for
// what stands before them.
int Connection::make_table(const std::string& table) {
  int code = execute(database_.get(), with_table(R"(
    CREATE TABLE IF NOT EXISTS "<t>" (
      version INTEGER PRIMARY KEY AUTOINCREMENT,
      key BLOB NOT NULL UNIQUE CHECK (typeof(key) = 'blob'),
      type INTEGER NOT NULL DEFAULT 1,
      expires_at INTEGER,
      sequence INTEGER,
      bytes BLOB NOT NULL))",
                                                 table));
  if (code == SQLITE_OK) code = check_table(table);
  if (code != SQLITE_OK) return code;
  return execute(database_.get(), with_table(R"(
    CREATE INDEX IF NOT EXISTS "<t>_expires_at" ON "<t>" (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TRIGGER IF NOT EXISTS "<t>_changed" AFTER UPDATE ON "<t>" BEGIN
      DELETE FROM "<t>" WHERE version = NEW.version;
      INSERT INTO "<t>" (key, type, expires_at, bytes) VALUES (NEW.key, NEW.type, NEW.expires_at, NEW.bytes);
    END)",
                                             table));
}

int Connection::check_table(const std::string& table) {
  static const Column kOurs[] = {{"version", "INTEGER PRIMARY KEY"}, {"key", "BLOB UNIQUE"},  {"type", "INTEGER"},
                                 {"expires_at", "INTEGER"},          {"sequence", "INTEGER"}, {"bytes", "BLOB"}};
  const std::string sql = with_table(R"(
    SELECT lower(name), CASE type WHEN '' THEN 'of no type' ELSE upper(type) END ||
      CASE WHEN pk THEN ' PRIMARY KEY' ELSE '' END || CASE WHEN EXISTS (
        SELECT 1 FROM pragma_index_list('<t>') AS i WHERE i."unique" AND NOT i.partial
        AND (SELECT count(*) = 1 AND max(name) = c.name FROM pragma_index_info(i.name))) THEN ' UNIQUE' ELSE '' END
    FROM pragma_table_info('<t>') AS c WHERE lower(name) IN ('version', 'key', 'type', 'expires_at', 'sequence', 'bytes')
      OR "notnull" AND dflt_value IS NULL)",
                                     table);
  std::vector<Column> theirs;
  const auto take = [](void* to, int, char** fields, char**) {
    static_cast<std::vector<Column>*>(to)->push_back({fields[0], fields[1]});
    return 0;
  };
  const int code = sqlite3_exec(database_.get(), sql.c_str(), take, &theirs, nullptr);
  if (code == SQLITE_OK) wrong_table_ = wrong_with(table, kOurs, theirs);
  return wrong_table_.empty() ? code : SQLITE_MISMATCH;
}

int Connection::prepare_all(const std::string& quoted_table, Use use) {
  int code = SQLITE_OK;
  const auto prepare = [&](Statement& to, const char* sql) {
    if (code != SQLITE_OK) return;
    sqlite3_stmt* made = nullptr;
    code = sqlite3_prepare_v3(database_.get(), with_table(sql, quoted_table).c_str(), -1, SQLITE_PREPARE_PERSISTENT,
                              &made, nullptr);
    to.reset(made);
  };
  if (use == Use::kRead) {
    prepare(load_,
            "SELECT type, version, expires_at, CASE version WHEN ?2 THEN NULL ELSE bytes END FROM <t> WHERE key = ?1");
    return code;
  }
  prepare(begin_, "BEGIN IMMEDIATE");
  prepare(commit_, "COMMIT");
  prepare(rollback_, "ROLLBACK");
  prepare(savepoint_, "SAVEPOINT unit");
  prepare(release_, "RELEASE unit");
  prepare(rollback_to_, "ROLLBACK TO unit");
  prepare(look_, "SELECT version, expires_at, sequence FROM <t> WHERE key = ?1");
  prepare(put_, "INSERT OR REPLACE INTO <t> (key, type, expires_at, sequence, bytes) VALUES (?1, ?2, ?3, ?4, ?5)");
  prepare(erase_, "DELETE FROM <t> WHERE key = ?1");
  prepare(remove_expired_,
          "DELETE FROM <t> WHERE version IN (SELECT version FROM <t> WHERE expires_at <= ?1 LIMIT ?2)");
  return code;
}

int Connection::run(const Statement& statement) {
  const Reset reset(statement.get());
  const int code = sqlite3_step(statement.get());
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

Lookup<StoredValue> Connection::load(std::string_view key, std::uint64_t known_version) {
  sqlite3_stmt* row = load_.get();
  const Reset reset(row);
  bind_bytes(row, 1, key);
  sqlite3_bind_int64(row, 2, static_cast<sqlite3_int64>(known_version));
  const int code = sqlite3_step(row);
  if (code == SQLITE_DONE) return {};
  StoredValue found;
  bool whole = code == SQLITE_ROW;
  if (whole) {
    found.type = static_cast<ValueType>(sqlite3_column_int(row, 0));
    found.version = static_cast<std::uint64_t>(sqlite3_column_int64(row, 1));
    found.expires_at = end_at(row, 2);
    // The bytes of a long value are read now, which may fail; then there is no address, as there is none of no bytes.
    if (const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, 3)); bytes != nullptr) {
      found.bytes.assign(bytes, static_cast<std::size_t>(sqlite3_column_bytes(row, 3)));
    } else {
      const int error = sqlite3_errcode(database_.get());
      whole = error == SQLITE_ROW || error == SQLITE_OK;
    }
  }
  if (whole) return found;
  return Status(ErrorCode::kStoreFailed, "SQLite cannot read: " + message() + " (" +
                                             explain(sqlite3_extended_errcode(database_.get()), path_) + ")");
}

int Connection::look(const Mutation& one, UnixTime now, Found* found) {
  using What = Found::What;
  sqlite3_stmt* row = look_.get();
  const Reset reset(row);
  int code = bind_bytes(row, 1, one.key);
  if (code == SQLITE_OK) code = sqlite3_step(row);
  if (code != SQLITE_ROW && code != SQLITE_DONE) return code;
  const std::uint64_t expected = *one.expected_version;
  const bool is_row = code == SQLITE_ROW;
  const std::uint64_t version = is_row ? static_cast<std::uint64_t>(sqlite3_column_int64(row, 0)) : 0;
  const auto end = is_row ? end_at(row, 1) : std::nullopt;
  const bool is_there = is_row && !(end && *end <= now);
  const bool is_ours = is_row && sqlite3_column_type(row, 2) != SQLITE_NULL &&
                       static_cast<std::uint64_t>(sqlite3_column_int64(row, 2)) == one.sequence;
  if (one.is_put() && is_ours) {
    *found = {What::kItsOwn, version};
  } else {
    const bool fits = is_there ? version == expected : expected == 0 || !one.is_put() || version == expected;
    found->what = fits ? What::kExpected : What::kAnother;
  }
  return SQLITE_OK;
}

int Connection::apply(const Mutation& one, std::uint64_t* version) {
  sqlite3_stmt* statement = one.is_put() ? put_.get() : erase_.get();
  const Reset reset(statement);
  int code = bind_bytes(statement, 1, one.key);
  if (one.is_put() && code == SQLITE_OK) {
    sqlite3_bind_int(statement, 2, static_cast<int>(one.type));
    bind_end(statement, 3, one.expires_at);
    sqlite3_bind_int64(statement, 4, static_cast<std::int64_t>(one.sequence));
    code = bind_bytes(statement, 5, one.bytes);
  }
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  if (code != SQLITE_DONE) return code;
  if (one.is_put()) *version = static_cast<std::uint64_t>(sqlite3_last_insert_rowid(database_.get()));
  return SQLITE_OK;
}

int Connection::remove_expired(UnixTime now, std::uint64_t limit, std::uint64_t* removed) {
  const Reset reset(remove_expired_.get());
  constexpr std::uint64_t kMax = std::numeric_limits<sqlite3_int64>::max();
  sqlite3_bind_int64(remove_expired_.get(), 1, now.time_since_epoch().count());
  sqlite3_bind_int64(remove_expired_.get(), 2, static_cast<sqlite3_int64>(std::min(limit, kMax)));
  const int code = sqlite3_step(remove_expired_.get());
  if (code != SQLITE_DONE) return code;
  *removed = static_cast<std::uint64_t>(sqlite3_changes(database_.get()));
  return SQLITE_OK;
}

}  // namespace larder::stores::sqlite
