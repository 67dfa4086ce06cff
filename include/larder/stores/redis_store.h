// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A Redis server behind a cache: native strings with their time to live, which other Redis clients read and write as
// they are, and collections as bytes, in a hash of two fields. Redis 7.0 or later, no cluster. CMake target:
// larder::redis_store. Contracts: docs/stores.md.
//
//     auto store = larder::RedisStore::open({.host = "cache-1", .key_prefix = "shop:"});
//     if (!store) return store.status();
//     larder::Cache cache({.store = {.backing = *store}});
//
// Thread safety: all of it; as many calls at a time as there are connections, the others wait. A batch is one round
// trip. Every call blocks for the server, at most for the time-outs below. A connection that has ended is replaced by
// the next call.
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

struct RedisStoreOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  // A unix socket in place of host and port.
  std::string unix_path = {};
  // Sent with AUTH if there is a password; without a user name, that of the default user. The user needs the commands
  // GET, SET, DEL, PEXPIRETIME, EVAL_RO, MULTI, EXEC, SELECT, INFO, CLIENT ID and CLIENT KILL.
  std::string username = {};
  std::string password = {};
  std::uint32_t database = 0;
  // Stands before each key, so that several programs share one server.
  std::string key_prefix = {};
  // Made when they are needed. More serve more threads that miss or write at one time.
  std::size_t connections_max = 8;
  // For one connection to be made.
  Milliseconds connect_timeout{2'000};
  // For all of one call, also while it waits for a connection; a write that was given up then takes a while longer, to
  // end it at the server. Longer than the server's slowest command takes.
  Milliseconds command_timeout{2'000};
  // Larger values are refused (never). At most the server's proto-max-bulk-len, which by default is this.
  std::uint64_t value_bytes_max = 512_MiB;
};

class RedisStore final : public BackingStore {
 public:
  // Connects, and tries what it needs. kInvalidArgument: options that make no sense, all of them named; kStoreFailed:
  // no connection, or the user lacks a right.
  static Result<std::shared_ptr<RedisStore>> open(const RedisStoreOptions& options);
  ~RedisStore() override;
  RedisStore(const RedisStore&) = delete;
  RedisStore& operator=(const RedisStore&) = delete;

  // Redis keeps no versions.
  StoreCapabilities capabilities() const override { return {.atomic_groups = true}; }
  Lookup<StoredValue> load(std::string_view key) override;
  void load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found) override;
  Status write(std::span<const Mutation> batch, std::span<WriteResult> results) override;

 private:
  struct State;
  explicit RedisStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace larder
