// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// SQLite, prepared.
#include "database.h"

#include <sqlite3.h>

#include <system_error>
#include <utility>

#include "figures.h"
#include "row.h"
#include "workload.h"

namespace demo {
namespace {

constexpr int kBusyTimeoutMs = 10'000;

[[noreturn]] void throw_error(sqlite3* connection, const std::string& what) {
  throw DatabaseError(what + ": " + (connection != nullptr ? sqlite3_errmsg(connection) : "no memory"));
}

sqlite3* open(const std::filesystem::path& file) {
  sqlite3* connection = nullptr;
  // NOMUTEX: a connection is never used by two threads at once.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(file.c_str(), &connection, flags, nullptr) != SQLITE_OK) {
    const std::string why = connection != nullptr ? sqlite3_errmsg(connection) : "no memory";
    sqlite3_close(connection);
    throw DatabaseError("cannot open " + file.string() + ": " + why);
  }
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
  return connection;
}

void execute(sqlite3* connection, const char* sql) {
  if (sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw_error(connection, sql);
}

sqlite3_stmt* prepare(sqlite3* connection, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    throw_error(connection, sql);
  }
  return statement;
}

void bind_blob(sqlite3_stmt* statement, int place, const std::string& bytes) {
  sqlite3_bind_blob64(statement, place, bytes.data(), bytes.size(), SQLITE_STATIC);
}

// Rows take their payload and some bytes of their own; pages are not quite full.
std::uint64_t file_bytes_expected(const Workload& workload) {
  return workload.data_bytes() + workload.data_bytes() / 4 + workload.rows() * 16;
}

void require_space(const std::filesystem::path& file, const Workload& workload) {
  std::error_code error;
  const auto space = std::filesystem::space(file.parent_path(), error);
  const std::uint64_t needed = file_bytes_expected(workload);
  if (error || space.available > needed) return;
  throw DatabaseError("the database needs about " + bytes_text(needed) + ", and " + file.parent_path().string() +
                      " has " + bytes_text(space.available) + " left: make it smaller with " +
                      "--value-bytes, --keys or --requests, or point TMPDIR elsewhere");
}

void fill(sqlite3* connection, const Workload& workload, const Database::OnProgress& on_progress) {
  constexpr std::uint64_t kRowsBetweenReports = 1'000;
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> insert(
      prepare(connection, "INSERT INTO rows (id, version, payload) VALUES (?, 1, ?)"), sqlite3_finalize);
  std::string payload;
  for (std::uint32_t id = 0; id < workload.rows(); ++id) {
    make_payload(id, mix(id), workload.payload_bytes(id), payload);
    sqlite3_bind_int64(insert.get(), 1, id);
    bind_blob(insert.get(), 2, payload);
    if (sqlite3_step(insert.get()) != SQLITE_DONE) throw_error(connection, "cannot fill the database");
    sqlite3_reset(insert.get());
    if (id % kRowsBetweenReports == 0 && !on_progress(id))
      throw DatabaseError("interrupted while the database was made");
  }
  on_progress(workload.rows());
}

}  // namespace

Database::Database(std::filesystem::path file, const Workload& workload, const OnProgress& on_progress)
    : file_(std::move(file)), workload_(workload) {
  require_space(file_, workload);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> connection(open(file_), sqlite3_close);
  // Nobody else sees it yet, and a crash leaves nothing worth keeping: neither journal nor fsync until it is full.
  execute(connection.get(), "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE");
  execute(connection.get(),
          "CREATE TABLE rows (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, payload BLOB NOT NULL); BEGIN");
  fill(connection.get(), workload, on_progress);
  execute(connection.get(), "COMMIT; PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL");
}

std::uint64_t Database::file_bytes() const {
  std::uint64_t bytes = 0;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code error;
    const std::uint64_t part = std::filesystem::file_size(file_.string() + suffix, error);
    if (!error) bytes += part;
  }
  return bytes;
}

std::string Database::version() { return std::string("SQLite ") + sqlite3_libversion(); }

void Connection::Close::operator()(sqlite3* connection) const { sqlite3_close(connection); }
void Connection::Close::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Connection::Connection(Database& database) : database_(database), connection_(open(database.file())) {
  execute(connection_.get(),
          "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; PRAGMA mmap_size = 1073741824; PRAGMA temp_store = "
          "MEMORY");
  select_.reset(prepare(connection_.get(), "SELECT version, payload FROM rows WHERE id = ?"));
  update_.reset(prepare(connection_.get(),
                        "UPDATE rows SET version = version + 1, payload = ?2 WHERE id = ?1 RETURNING version"));
}

Connection::~Connection() = default;

std::string Connection::read(std::uint32_t id) {
  sqlite3_bind_int64(select_.get(), 1, id);
  if (sqlite3_step(select_.get()) != SQLITE_ROW) fail("cannot read row " + std::to_string(id));
  const auto version = static_cast<std::uint32_t>(sqlite3_column_int64(select_.get(), 0));
  const auto* payload = static_cast<const char*>(sqlite3_column_blob(select_.get(), 1));
  const auto bytes = static_cast<std::size_t>(sqlite3_column_bytes(select_.get(), 1));
  std::string value = make_value(version, {payload, bytes});
  sqlite3_reset(select_.get());
  return value;
}

std::uint32_t Connection::update(std::uint32_t id, std::uint64_t stamp) {
  make_payload(id, stamp, database_.workload().payload_bytes(id), payload_);
  const std::lock_guard lock(database_.writer_);
  sqlite3_bind_int64(update_.get(), 1, id);
  bind_blob(update_.get(), 2, payload_);
  if (sqlite3_step(update_.get()) != SQLITE_ROW) fail("cannot update row " + std::to_string(id));
  const auto version = static_cast<std::uint32_t>(sqlite3_column_int64(update_.get(), 0));
  // The statement commits when it ends.
  if (sqlite3_step(update_.get()) != SQLITE_DONE) fail("cannot commit row " + std::to_string(id));
  sqlite3_reset(update_.get());
  return version;
}

void Connection::fail(const std::string& what) const {
  const std::string why = sqlite3_errmsg(connection_.get());
  sqlite3_reset(select_.get());
  sqlite3_reset(update_.get());
  throw DatabaseError(what + ": " + why);
}

}  // namespace demo
