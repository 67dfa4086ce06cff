// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A table of a PostgreSQL database behind a cache. CMake target: larder::postgres_store. Contracts: docs/stores.md.
//
//     auto store = larder::PostgresStore::open({.conninfo = "host=db dbname=shop user=shop"});
//     if (!store) return store.status();
//     larder::Cache cache({.store = {.backing = *store}});
//
// Thread safety: all of it; as many calls at a time as there are connections, the others wait. A batch is one round
// trip. Every call blocks for the server, at most for the time-outs below. A connection that has ended is replaced by
// the next call. Sessions are held (advisory locks, prepared statements): a pooler must not share them out by
// transaction.
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

struct PostgresStoreOptions {
  // As libpq has it: "host=... dbname=... user=... password=...", or a postgresql:// address.
  std::string conninfo = {};
  // Letters, digits, underscores, at most 48; of the first schema in the search path. Made if it is not there.
  std::string table = "larder";
  // Made when they are needed. More serve more threads that miss or write at one time; the server pays some MB for
  // each.
  std::size_t connections_max = 8;
  // For one connection to be made.
  Milliseconds connect_timeout{5'000};
  // The server gives a statement up after this; a call gives the server up after twice this, also while it waits for a
  // connection; a write that it has given up then takes a while longer, to end it at the server. Shorter fails where
  // the database is slow, longer lets callers pile up.
  Milliseconds statement_timeout{5'000};
  // Larger values are refused (never). PostgreSQL takes 1 GB less some; the default is what a cache takes.
  std::uint64_t value_bytes_max = 512_MiB;
  // Says whether a row has ended, where a key is expected not to be there. Null: Clock::system(). Must outlive the
  // store.
  Clock* clock = nullptr;
};

class PostgresStore final : public BackingStore {
 public:
  // Connects, makes the table. kInvalidArgument: options that make no sense, all of them named; kStoreFailed: no
  // connection, or a table of that name with other columns.
  static Result<std::shared_ptr<PostgresStore>> open(const PostgresStoreOptions& options);
  ~PostgresStore() override;
  PostgresStore(const PostgresStore&) = delete;
  PostgresStore& operator=(const PostgresStore&) = delete;

  StoreCapabilities capabilities() const override { return {.atomic_groups = true, .versions = true}; }
  Lookup<StoredValue> load(std::string_view key) override;
  void load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found) override;
  Lookup<StoredValue> load_if_changed(std::string_view key, std::uint64_t version) override;
  Status write(std::span<const Mutation> batch, std::span<WriteResult> results) override;

  // Removes rows that have ended by `now`, at most so many, and says how many. One statement: a limit that is reached
  // within statement_timeout, some thousands; call it until it removes fewer. kStoreFailed.
  Result<std::uint64_t> remove_expired(UnixTime now, std::uint64_t limit);

 private:
  struct State;
  explicit PostgresStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace larder
