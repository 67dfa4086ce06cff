// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What stands behind a cache: a database, another cache, a service. A simple one is a dozen lines:
//
//     class Users final : public larder::BackingStore {
//      public:
//       larder::Lookup<larder::StoredValue> load(std::string_view key) override {
//         std::optional<Row> row = table_.find(key);
//         if (!row) return {};  // there is none
//         return larder::StoredValue{.bytes = row->bytes, .expires_at = row->ends};
//       }
//       larder::Status write(std::span<const larder::Mutation> batch, std::span<larder::WriteResult>) override {
//         for (const larder::Mutation& one : batch) {
//           one.is_put() ? table_.put(one.key, {one.bytes, one.expires_at}) : table_.erase(one.key);
//         }
//         return {};
//       }
//     };
//
//     larder::Cache cache({.store = {.backing = std::make_shared<Users>()}});
//
// Contracts: docs/write_modes.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "larder/keys.h"
#include "larder/status.h"

namespace larder {

// The whole state of one key, as a store keeps it.
struct StoredValue {
  ValueType type = ValueType::kString;
  std::string bytes = {};  // of a string: the string itself
  // When the key ends. From then on it is as good as not there, whether or not the store has removed it.
  std::optional<UnixTime> expires_at = {};
  // The store's own mark of this state, another one after each change, whoever made it. 0: it keeps none.
  std::uint64_t version = 0;
};

// What a store can do beyond the least.
struct StoreCapabilities {
  bool atomic_groups = false;  // mutations of one group are all written, or none of them
  bool versions = false;       // gives each value a version, and honours Mutation::expected_version
};

// What became of one key: the whole of its new state, so that writing it twice, or leaving out what came before it,
// makes no difference.
struct Mutation {
  enum class Kind : std::uint8_t {
    kPut,    // the key has this state now, whatever it had
    kErase,  // the key is not there any more, if it was
  };

  Kind kind = Kind::kPut;
  ValueType type = ValueType::kString;      // kPut
  std::string_view key = {};                // valid during the call, as `bytes` is
  std::string_view bytes = {};              // kPut
  std::optional<UnixTime> expires_at = {};  // kPut
  // Of two mutations of a key by one cache, the later one has the larger sequence.
  std::uint64_t sequence = 0;
  // What one command did to several keys has one group, all of it in one batch; 0: alone.
  std::uint64_t group = 0;
  // If set: write it only if the store has this version of the key now; 0: only if it has no such key. Otherwise the
  // answer is WriteResult::conflict. Set with StoreOptions::check_versions.
  std::optional<std::uint64_t> expected_version = {};

  bool is_put() const noexcept { return kind == Kind::kPut; }
};

// What a store answers for one mutation.
struct WriteResult {
  enum class Outcome : std::uint8_t {
    kAsTheBatch,  // what `write` returns: ok: done; an error: unknown. So it is set before the store is called
    kDone,        // written, as durably as the store writes
    kRetry,       // certainly not written, and another time it may work: busy, no connection
    kNever,       // certainly not written, and it never will be: too large, a constraint
    kUnknown,     // it may or may not have been written: a time-out
  };

  Outcome outcome = Outcome::kAsTheBatch;
  Status error = {};          // why it is not done
  std::uint64_t version = 0;  // kDone, by a store that keeps versions: the one that a put has made

  static WriteResult done(std::uint64_t version = 0) { return {Outcome::kDone, {}, version}; }
  static WriteResult retry(std::string_view why) { return {Outcome::kRetry, {ErrorCode::kStoreFailed, why}, 0}; }
  static WriteResult never(std::string_view why) { return {Outcome::kNever, {ErrorCode::kStoreFailed, why}, 0}; }
  static WriteResult unknown(std::string_view why) { return {Outcome::kUnknown, {ErrorCode::kOutcomeUnknown, why}, 0}; }
  // It has another version than the one expected: somebody else has written it.
  static WriteResult conflict(std::string_view why) { return {Outcome::kNever, {ErrorCode::kConflict, why}, 0}; }
};

// Functions are called by the threads that call the cache, several at once, under no lock: they must be thread safe.
// They may block; they should have a time-out of their own. They may call the cache for other keys; for the key they
// are called for they get kReentrantLoad. What they throw is caught: kStoreThrew for a load, an unknown outcome for a
// write.
//
// A store must keep `expires_at` with the bytes; it must read what it has acknowledged (a replica that lags brings old
// values back); and when `write` has returned, none of its effects may still be on its way.
class BackingStore {
 public:
  virtual ~BackingStore() = default;

  virtual StoreCapabilities capabilities() const { return {}; }
  // The key's state, a miss if there is none, or an error (ErrorCode::kStoreFailed, and a text), which the caller gets.
  virtual Lookup<StoredValue> load(std::string_view key) = 0;
  // The same for several keys; found[i] is of keys[i], and begins as a miss. By default, one by one.
  virtual void load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found);
  // What `load` gives; but if that has the version given, which the cache has, its type and bytes may be left out.
  virtual Lookup<StoredValue> load_if_changed(std::string_view key, std::uint64_t version);
  // An ordered batch: of one key, or of those that one command changed, none of them twice. results[i] is of batch[i].
  // An error says that it failed as a whole; what has an answer of its own keeps it.
  virtual Status write(std::span<const Mutation> batch, std::span<WriteResult> results) = 0;
};

struct StoreOptions {
  enum class Writes : std::uint8_t {
    kThrough,  // a write is in the store before the cache, and the caller, know of it
    kRefuse,   // commands that write answer kReadOnly: others write, and call `invalidate`
  };

  std::shared_ptr<BackingStore> backing = {};  // none: nothing stands behind
  Writes writes = Writes::kThrough;
  // How long a call waits, all in all, for other calls' work on the same keys (a load, a write) before it gets kTimeout
  // and has changed nothing. Zero: without limit. Short ones fail where the store is slow, long ones let threads pile
  // up. get_or_load has one of its own, in LoadOptions.
  Milliseconds wait_max{30'000};
  // How long it is remembered that the store has no such key. Zero: not at all, so that what others write is found at
  // once; still there is one load at a time of a key. Raise it where many ask for keys that are not there.
  Milliseconds negative_ttl{0};
};

}  // namespace larder
