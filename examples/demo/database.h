// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The database that the cache stands in front of: one SQLite file with one table, rows(id, version, payload).
//
// Set up as one would for speed: WAL, synchronous NORMAL (no fsync per update), prepared statements, memory-mapped
// reads, a connection per thread. The file is new, so all of it lies in the operating system's page cache: a faster
// database for single rows is hard to find, and the gain of a cache in front of one behind a network is larger than
// what is shown here.
//
// Thread safety: Database, any thread; a Connection belongs to one thread at a time. Errors are thrown as
// DatabaseError.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace demo {

class Workload;

class DatabaseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Database {
 public:
  // Told of the rows written so far; false ends it.
  using OnProgress = std::function<bool(std::uint64_t rows)>;

  // Makes the file and fills it in one transaction: each row in version 1.
  Database(std::filesystem::path file, const Workload& workload, const OnProgress& on_progress);

  const std::filesystem::path& file() const { return file_; }
  const Workload& workload() const { return workload_; }
  std::uint64_t file_bytes() const;  // write-ahead log included
  static std::string version();      // "SQLite 3.40.1"

 private:
  friend class Connection;
  std::filesystem::path file_;
  const Workload& workload_;
  // SQLite has one writer at a time. Those who wait do so here, in a queue, and not in its busy handler, which sleeps
  // for milliseconds between tries.
  std::mutex writer_;
};

class Connection {
 public:
  explicit Connection(Database& database);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The value of a row (row.h).
  std::string read(std::uint32_t id);
  // Writes a new version of a row and returns its number. It is committed when this returns.
  std::uint32_t update(std::uint32_t id, std::uint64_t stamp);

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;
  [[noreturn]] void fail(const std::string& what) const;

  Database& database_;
  std::unique_ptr<sqlite3, Close> connection_;
  Statement select_;
  Statement update_;
  std::string payload_;  // of the update at hand
};

}  // namespace demo
