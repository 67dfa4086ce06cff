// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Larder: an embeddable, in-process cache. This is the header to include.
//
//     larder::Cache cache({.max_memory = 256_MiB});
//     cache.set("user:42", "Ada", {.ttl = 5min});
//     if (auto name = cache.get("user:42")) greet(*name);
//     auto row = cache.get_or_load("query:7", [&] { return db.run(q); }, {.ttl = 30s});
#pragma once

#if __cplusplus < 202002L
#error "Larder needs C++20: compile with -std=c++20 or later"
#endif

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "larder/commands.h"
#include "larder/contents.h"
#include "larder/loading.h"
#include "larder/options.h"
#include "larder/stats.h"
#include "larder/transaction.h"

namespace larder {

namespace keyspace {
Keyspace& keyspace_of(Cache& cache) noexcept;  // for the endpoint
}

// What one tick may do.
struct TickBudget {
  std::uint32_t steps_max = 100'000;  // entries looked at, over all shards. One step takes about 100 ns
};
struct TickReport {
  std::uint64_t steps = 0;
  std::uint64_t expired = 0;
  std::uint64_t written = 0;  // mutations sent to the store
  bool more = false;          // the budget ended before the work did
};

// Thread safety: every function may be called by any thread at any time; only the destructor must be alone.
//
// After close, every call that would look at an entry answers kClosed, and handles stay valid. A child made by fork may
// use its copy of a cache if no other thread of the parent was in a call at that moment: the background thread is none,
// unless a removal listener that it runs calls the cache. It does not exist in the child.
class Cache final : public Commands, public Contents, public Loading {
 public:
  // REQUIRES: options.validate() is ok; otherwise the program stops with all that is wrong. Throws std::bad_alloc if
  // there is no memory for the shards, and std::system_error if the background thread cannot be made.
  explicit Cache(const Options& options = {});
  // The same, with the error as a value.
  static Result<std::unique_ptr<Cache>> open(const Options& options);
  // Closes. REQUIRES: no other call runs, nor will. Waits for the threads of this cache, also while one of them is in a
  // call of the store. Removal listeners are not called.
  ~Cache();
  Cache(const Cache&) = delete;  // nor is it moved: hold it by pointer (open) where it must change hands
  Cache& operator=(const Cache&) = delete;

  // Drops everything and answers kClosed from now on. Callers that wait for a load get kClosed; a load that runs ends
  // in its own time. Listeners are called with kCleared. May be called twice.
  //
  // With write-back, what the store has not is written for so long at most (WriteBackOptions::close_wait, if nothing is
  // said); what is left then goes to the dead letters. What is on its way at that moment, and fails, goes there when
  // the store has answered. The report says what nobody has taken. From within a call of the store, or of what takes
  // dead letters, it closes, writes nothing, and reports.
  FlushReport close();
  FlushReport close(Milliseconds at_most);

  // Write-back: the store gets what was written to the cache before this call, with no delay, and what has failed is
  // tried again at once; waits for that for so long at most. What the store refuses for ever becomes a dead letter.
  // Zero, or without threads that write: this thread writes what may go now, and blocks as long as the store's calls
  // do. Called by the store, or by what takes its dead letters, it only reports. If anything is left, the report counts
  // all that is dirty then. Otherwise, and without write-back, it is empty.
  FlushReport flush(Milliseconds at_most);
  // The same for one key, always in this thread, and ahead of all others, unless it was written by a command on several
  // keys, which go together.
  FlushReport flush(std::string_view key, Milliseconds at_most);

  // Runs `function` once on these keys (at most 1,024: kTooManyKeys), all or nothing: what it does becomes visible, and
  // goes to a store behind the cache, as one batch, at one instant after it has returned ok. If it returns an error,
  // its own or that of a command, that is answered, and nothing has changed; what it throws becomes kCallbackThrew. An
  // error of one of its commands ends nothing by itself: `function` says, by what it returns, whether the others count.
  //
  // While it runs, other writers of these keys wait, readers see what was there before, and eviction and expiry pass
  // the keys by. It runs in this thread, under no lock. What it does to the cache itself is no part of the transaction:
  // it may read it; what it writes stays, whatever it returns, and is kUndeclaredKey where it would wait: for one of
  // its own keys, or for those of another transaction, which might wait for it. Transactions never deadlock: all keys
  // are taken at one instant.
  //
  // O(keys), and what `function` costs; a large value costs what an edit beside a snapshot does. kKeyTooLong,
  // kOutOfMemory, kClosed, and with a store what mset answers.
  Status atomically(const KeyList& keys, FunctionRef<Status(Transaction&)> function);
  Status atomically(std::initializer_list<std::string_view> keys, FunctionRef<Status(Transaction&)> function) {
    return atomically(KeyList(keys), function);
  }
  // The same, if none of these has changed since its version was read: otherwise kConflict, and `function` is not run.
  // They are declared with it, and count among the 1,024. A rare conflict with another key's write is possible, a
  // missed one is not.
  //
  //     const Result<larder::Version> seen = cache.version("stock");
  //     ...
  //     cache.atomically({"orders"}, {{"stock", *seen}}, [](larder::Transaction& t) { return t.incr("orders"); });
  Status atomically(const KeyList& keys, std::span<const Unchanged> unchanged,
                    FunctionRef<Status(Transaction&)> function);
  Status atomically(std::initializer_list<std::string_view> keys, std::initializer_list<Unchanged> unchanged,
                    FunctionRef<Status(Transaction&)> function) {
    return atomically(KeyList(keys), std::span(unchanged.begin(), unchanged.size()), function);
  }

  // Does what time has made due: gives back what expired, compacts timers and queues, shrinks the index. Not needed for
  // correctness, and not with `background_thread`. Never holds a lock for more than a few dozen microseconds. With
  // write-back that has no threads of its own, it writes to the store what is due, and blocks as long as that takes.
  TickReport tick(TickBudget budget = {});

  // O(shards). Counters of different shards are read one after the other.
  Stats stats() const;
  // Whether a store stands behind it (Options::store): then what writes, and what reads and misses, may block.
  bool has_store() const noexcept;

  // Changes the bound. Lowering it evicts and shrinks the index until usage is under it, in slices, before this
  // returns; kOutOfMemory if not enough may be evicted: nothing grows then until there is room. 0: unbounded.
  // kInvalidArgument, with nothing changed, below kMaxMemoryMin or kShardMemoryMin for each of stats().shards.
  Status set_max_memory(std::uint64_t bytes);
  // Changes up to where collections stay compact, from now on: those that are there change their form when they are
  // edited next, if at all.
  void set_compact_limits(const CompactLimits& limits) noexcept;
  CompactLimits compact_limits() const noexcept;
  // Changes the policy. What is resident moves over before this returns, in no particular order: O(entries), some 0.2
  // to 0.5 microseconds each, in slices between which others go on. Where the new policy keeps more for each entry,
  // some are evicted for that, and this thread runs the removal listener. What `adaptive` shares (320 KiB, and as much
  // for each of its miniatures that advise) is charged beside that of the policy before, for the time of the call.
  // Advice begins anew. kClosed.
  Status set_eviction(const Eviction& eviction);

  // Recounts usage, index, timers and policy from scratch and says what does not agree. For tests: O(entries), under
  // locks.
  Status check_invariants();

 private:
  friend class ReadView;
  friend keyspace::Keyspace& keyspace::keyspace_of(Cache& cache) noexcept;
  struct Parts;
  explicit Cache(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace larder
