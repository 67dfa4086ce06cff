// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What stands behind a cache: a database, another cache, a service. A simple one is a dozen lines:
//
//     class Users final : public larder::BackingStore {
//      public:
//       larder::Lookup<larder::StoredValue> load(std::string_view key) override {
//         std::optional<Row> row = table_.find(key);
//         if (!row) return {};  // there is none
//         return larder::StoredValue{.type = row->type, .bytes = row->bytes, .expires_at = row->ends};
//       }
//       larder::Status write(std::span<const larder::Mutation> batch, std::span<larder::WriteResult>) override {
//         for (const larder::Mutation& one : batch) {
//           one.is_put() ? table_.put(one.key, {one.type, one.bytes, one.expires_at}) : table_.erase(one.key);
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
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "larder/keys.h"
#include "larder/staleness.h"
#include "larder/status.h"

namespace larder {

// The whole state of one key, as a store keeps it.
struct StoredValue {
  ValueType type = ValueType::kString;
  // Of a string: the string itself. Of a hash, list, set or sorted set: all of it, in the form that is described in
  // docs/stores.md, and that Mutation::bytes has. What is none is kStoreMalformed for the caller.
  std::string bytes = {};
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
  std::string_view bytes = {};              // kPut: see StoredValue. Of a collection the whole, however little changed
  std::optional<UnixTime> expires_at = {};  // kPut
  // Of two mutations of a key by one cache, the later one has the larger sequence.
  std::uint64_t sequence = 0;
  // What one command did to several keys has one group, all of it in one batch; 0: alone.
  std::uint64_t group = 0;
  // If set: write it only if the store has this version of the key now; 0: only if it has no such key, or one that has
  // ended; an erase of what is not there is done. Otherwise the answer is WriteResult::conflict; but done, if the store
  // has written this very sequence before, and its answer was lost. Set with StoreOptions::check_versions.
  std::optional<std::uint64_t> expected_version = {};

  bool is_put() const noexcept { return kind == Kind::kPut; }
};

// What a store answers for one mutation.
struct WriteResult {
  enum class Outcome : std::uint8_t {
    kAsTheBatch,  // what `write` returns: ok: done; an error: unknown. So it is set before the store is called
    kDone,        // written, as durably as the store writes
    kRetry,       // certainly not written, and another time it may work: busy, no connection, a missing table or right
    kNever,       // certainly not written, and it never will be: too large, a constraint, one of its group is refused
    kUnknown,     // it may or may not have been written: a time-out
  };

  Outcome outcome = Outcome::kAsTheBatch;
  Status error = {};          // why it is not done
  std::uint64_t version = 0;  // kDone, by a store that keeps versions: the one that a put has made

  static WriteResult done(std::uint64_t version = 0) { return {Outcome::kDone, {}, version}; }
  static WriteResult retry(std::string_view why) { return {Outcome::kRetry, {ErrorCode::kStoreFailed, why}, 0}; }
  static WriteResult never(std::string_view why) { return {Outcome::kNever, {ErrorCode::kStoreRefused, why}, 0}; }
  static WriteResult unknown(std::string_view why) { return {Outcome::kUnknown, {ErrorCode::kOutcomeUnknown, why}, 0}; }
  // It has another version than the one expected: somebody else has written it.
  static WriteResult conflict(std::string_view why) { return {Outcome::kNever, {ErrorCode::kConflict, why}, 0}; }
};

// Functions are called by the threads that call the cache, several at once, under no lock: they must be thread safe.
// They may block; they should have a time-out of their own. They may call the cache for other keys; for the key they
// are called for they get kReentrantLoad. What they throw is caught: kStoreThrew for a load, an unknown outcome for a
// write.
//
// A store must keep `type` and `expires_at` with the bytes, or answer `never` to what it does not keep; it must read
// what it has acknowledged (a replica that lags brings old values back); and when `write` has returned, none of its
// effects may still be on its way.
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
  // An ordered batch, no key in it twice: what one command has changed, or, with write-back, what is due. results[i] is
  // of batch[i]. An error says that it failed as a whole; what has an answer of its own keeps it, unless it throws.
  // Those of one group need not stand side by side.
  virtual Status write(std::span<const Mutation> batch, std::span<WriteResult> results) = 0;
};

// A write that write-back does not get into the store.
struct DeadLetter {
  enum class Reason : std::uint8_t {
    kNever,     // the store says that it never will
    kAttempts,  // it has failed attempts_max times
    kClosed,    // the cache was closed, and time was up
  };

  const Mutation& mutation;  // valid during the call
  Reason reason;
  std::uint32_t attempts;  // as attempts_max counts them: without those of an outage
  const Status& error;     // of the last one
};
// Called under no lock by the thread that wrote, several at once. What it throws is caught and counted, and the write
// is kept, and tried again. When it has returned, the write is out of Larder's hands: the key is dropped from the
// cache, unless it was written again meanwhile. It may call the cache, also to write the key again; calls that would
// wait for writes (flush, a full buffer) do not wait.
using DeadLetterSink = std::function<void(const DeadLetter&)>;

// Write-back: a write is acknowledged when it is in the cache's buffer, and is in the store some time later. A process
// that dies loses what is in the buffer. Contracts: docs/write_modes.md.
struct WriteBackOptions {
  enum class WhenFull : std::uint8_t {
    kBlock,    // wait for room, up to StoreOptions::wait_max, then kQueueFull. A call from within a store, a loader, or
               // what takes dead letters does not wait: others may wait for it
    kThrough,  // write to the store at once, as Writes::kThrough does, whatever rate_max and breaker_failures say
    kRefuse,   // kQueueFull, at once. What is more than the whole buffer holds is written through all the same, if
               // nothing of its key is dirty that the store does not take now
  };

  // Where writes go that never get into the store: a file, a log, an alarm. There is none by default, and write-back
  // is refused without one: nobody would know of them.
  DeadLetterSink dead_letters = {};
  // A write waits so long for others of its key, so that they go as one. It goes no later than that, however often the
  // key is written, as long as the store keeps up. Long enough to spare a hot key most of its writes, and short enough
  // that a crash costs little.
  Milliseconds delay{100};
  // Off: each write of a key goes to the store by itself, in order, for stores that keep a history.
  bool coalesce = true;
  // What alone is more than the buffer holds is written through. The most that it holds, of keys, values, and about 300
  // bytes for each write. From 4 KiB; 0: an eighth of max_memory, or 64 MiB if that is unbounded. It counts in
  // max_memory, and cannot be evicted.
  std::uint64_t bytes_max = 0;
  std::uint64_t items_max = 1'000'000;
  WhenFull when_full = WhenFull::kBlock;
  // The most mutations of one call of the store. One command's are never parted.
  std::uint32_t batch_max = 128;
  // Threads that write to the store. 0: none; `tick` does it, `flush`, and writers that find the buffer full. More
  // than one help where the store writes several batches at a time.
  std::uint32_t threads = 1;
  // How often the store may fail to write one item, while it does write others, before that is a dead letter. Failures
  // while it writes nothing at all count for nobody: after an outage all is written.
  std::uint32_t attempts_max = 10;
  // The longest wait after the first failure. Doubled with each, up to retry_most; the wait is drawn at random below
  // that (full jitter).
  Milliseconds retry_first{50};
  Milliseconds retry_most{30'000};
  // After so many calls in a row that wrote nothing, the store is left alone, but for one call now and then (back-off
  // as of an item) that finds out whether it is back. The retry of one write by itself does not count where the store
  // answers: that may be the write's own fault, and its back-off spares the store. 0: never.
  std::uint32_t breaker_failures = 5;
  // The most mutations a second. 0: no limit.
  std::uint64_t rate_max = 0;
  // How long `close()` and the destructor go on writing; zero: until each write was tried once. What is left then goes
  // to dead_letters.
  Milliseconds close_wait{10'000};
};

// What `flush` and `close` leave.
struct FlushReport {
  std::uint64_t items = 0;         // writes that are neither in the store nor handed over as dead letters
  std::uint64_t bytes = 0;         // what they take in the buffer
  Milliseconds oldest{0};          // how long the oldest of them has waited
  std::uint64_t dead_letters = 0;  // writes, whichever, that were handed over meanwhile
  Status last_error = {};          // the last that the store answered, if any are left; or why nothing may be written

  bool complete() const noexcept { return items == 0; }
};

struct StoreOptions {
  enum class Writes : std::uint8_t {
    kThrough,  // a write is in the store before the cache, and the caller, know of it
    kBack,     // a write is in the cache, and in the store later
    kRefuse,   // commands that write answer kReadOnly: others write, and call `invalidate`
  };

  std::shared_ptr<BackingStore> backing = {};  // none: nothing stands behind
  Writes writes = Writes::kThrough;
  WriteBackOptions write_back = {};  // of Writes::kBack; else without effect, so that the mode can be one setting
  // How long a call waits, all in all, for other calls' work on the same keys (a load, a write) before it gets kTimeout
  // and has changed nothing. Zero: without limit. Short ones fail where the store is slow, long ones let threads pile
  // up. get_or_load has one of its own, in LoadOptions.
  Milliseconds wait_max{30'000};
  // How long it is remembered that the store has no such key. Zero: not at all, so that what others write is found at
  // once; still there is one load at a time of a key. Raise it where many ask for keys that are not there.
  Milliseconds negative_ttl{0};
  // What was loaded, or written through, is loaded again when it is asked for after so long: by its version, where the
  // store keeps versions. ExpiryOptions::ttl_jitter shortens it. Zero: never, which is right where nobody else writes.
  // The key's own time to live is not touched. Costs 26 bytes an entry.
  Milliseconds max_age{0};
  // Writes only over what the cache has seen: a write of a key that somebody else has changed in the store since it was
  // loaded is answered with kConflict, changes nothing, and drops the key from the cache, so that the next call sees
  // what there is. With write-back it is a dead letter. Every write of a key that is not resident loads it first. For
  // stores that keep versions (StoreCapabilities). Costs 26 bytes an entry.
  bool check_versions = false;
  // What becomes of a value whose max_age is over. Refreshing ahead is done by Options::background_thread, or whenever
  // the program calls `tick`; without either of them refresh_ahead does nothing.
  Staleness staleness = {};
};

}  // namespace larder
