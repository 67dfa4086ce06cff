// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A table of a SQLite database behind a cache. CMake target: larder::sqlite_store. Contracts: docs/stores.md.
//
//     auto store = larder::SqliteStore::open({.path = "users.db"});
//     if (!store) return store.status();
//     larder::Cache cache({.store = {.backing = *store}});
//
// Thread safety: all of it; reads run beside each other and beside a write (WAL), writes one after another, also those
// of other processes on the same machine. Every call blocks for the file's reads and writes, and for up to
// busy_timeout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "larder/backing_store.h"
#include "larder/clock.h"
#include "larder/memory.h"
#include "larder/status.h"

namespace larder {

struct SqliteStoreOptions {
  enum class Synchronous : std::uint8_t {
    kNormal,  // what is acknowledged survives the end of the program; a loss of power may take the last of it
    kFull,    // it survives a loss of power, too: an fsync for each batch
  };

  // The file, made if it is not there. On a local disk: SQLite's locks do not hold on network file systems.
  std::string path = {};
  // Letters, digits, underscores, at most 48. Made if it is not there.
  std::string table = "larder";
  // How long a call waits for other threads and processes. Longer than any write of others takes; callers wait so long.
  Milliseconds busy_timeout{5'000};
  // kNormal writes many times faster where fsync is slow.
  Synchronous synchronous = Synchronous::kFull;
  // Connections that read, each with about 2 MB of cache: as many as threads that miss at one time.
  std::size_t readers_max = 8;
  // Larger values are refused (never). At most 1e9, which is what SQLite itself takes; the default is what a cache
  // takes.
  std::uint64_t value_bytes_max = 512_MiB;
  // Says whether a row has ended, where a key is expected not to be there. Null: Clock::system(). Must outlive the
  // store.
  Clock* clock = nullptr;
};

class SqliteStore final : public BackingStore {
 public:
  // Opens the file, makes the table. kInvalidArgument: options that make no sense, all of them named; kStoreFailed: the
  // file cannot be opened, is no database, or has a table of that name with other columns.
  static Result<std::shared_ptr<SqliteStore>> open(const SqliteStoreOptions& options);
  ~SqliteStore() override;
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  StoreCapabilities capabilities() const override { return {.atomic_groups = true, .versions = true}; }
  Lookup<StoredValue> load(std::string_view key) override;
  void load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found) override;
  Lookup<StoredValue> load_if_changed(std::string_view key, std::uint64_t version) override;
  Status write(std::span<const Mutation> batch, std::span<WriteResult> results) override;

  // Removes rows that have ended by `now`, at most so many, and says how many. One transaction: other writers wait for
  // it, so call it with some thousands, until it removes fewer. kStoreFailed.
  Result<std::uint64_t> remove_expired(UnixTime now, std::uint64_t limit);

 private:
  struct State;
  explicit SqliteStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace larder
