// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Write-back: what the shards have acknowledged and the store has not (dirty_table.h), who waits for it, and who sends
// it (write_batch.h).
//
// When time is up (close), nobody takes anything any more, and what is left is handed over; what is in flight then, by
// whoever it is in the hands of, and what that misses when all threads have ended.
//
// Thread safety: all of it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "keyspace/dirty_table.h"
#include "larder/stats.h"
#include "stats/latency_recorder.h"
#include "store/pace.h"

namespace larder::keyspace {

class Keyspace;
class Shard;
class WriteBatch;

class WriteBack {
 public:
  // Gives each shard its table. Throws std::bad_alloc.
  WriteBack(Keyspace& keyspace, const WriteBackOptions& options, std::uint64_t max_memory);

  const WriteBackOptions& options() const noexcept { return options_; }

  // --- For writers --------------------------------------------------------------------------------------------------
  // How many mutations the store has done.
  std::uint64_t done() const noexcept { return done_.load(std::memory_order_relaxed); }
  bool ever_fits(std::int64_t bytes, std::int64_t items) const noexcept {
    return bytes <= bytes_.max() && items <= items_.max();
  }
  static Status full();
  // Waits until so much may be recorded. kQueueFull, kClosed.
  Status wait_for_room(std::int64_t bytes, std::int64_t items, std::uint64_t give_up_us);
  // Waits until nothing of the key is dirty. kQueueFull, if it takes too long, and in a call of a store; with kRefuse
  // there is one try.
  Status drain(std::uint64_t hash, std::string_view key, std::uint64_t give_up_us);
  void count_full() noexcept { full_.fetch_add(1, std::memory_order_relaxed); }
  void count_merged() noexcept { merged_.fetch_add(1, std::memory_order_relaxed); }

  // --- Flushing -----------------------------------------------------------------------------------------------------
  // Writes one batch of what is due; `waives_delay`: or would be, were there no delay. Takes locks under the gate, if
  // there is one. Returns how many mutations were sent; none in a call of a store, or without memory for it.
  std::size_t flush_some(bool waives_delay, base::LeafMutex* gate = nullptr) noexcept;
  // Writes what was written before the call. Zero: what may go now, goes, and nothing is waited for.
  FlushReport flush(Milliseconds at_most);
  FlushReport flush(std::string_view key, Milliseconds at_most);
  // The same, and what is left goes to the dead letters. No writer waits any more. REQUIRES: all shards are closed.
  FlushReport close(Milliseconds at_most);
  // Hands over what is left. REQUIRES: closed, and for the last time: no thread flushes any more.
  FlushReport hand_over() noexcept;
  std::uint64_t dead_letters() const noexcept { return dead_letters_.load(std::memory_order_relaxed); }
  // How threads that flush are woken.
  void wake_by(std::function<void()> wake) { wake_ = std::move(wake); }

  void add_to(Stats* stats) const;

 private:
  friend class WriteBatch;
  class Haste;
  // Of all writes that are not in the store, the first.
  struct First {
    std::uint64_t sequence = DirtyTable::kNever;
    std::uint64_t since_ms = DirtyTable::kNever;
  };

  bool in_child() const noexcept;
  bool bury(DirtyItem& item, const Mutation& mutation, DeadLetter::Reason reason, const Status& error,
            base::LeafMutex* gate) noexcept;
  // The bytes of a collection are put into `form`. With no lock held. Throws std::bad_alloc.
  Mutation mutation_of(const DirtyItem& item, std::string* form);
  bool bury_rest(DirtyItem& item, const Status& error) noexcept;
  std::size_t flush_oldest_of(std::uint64_t hash, std::string_view key, bool* grouped) noexcept;
  std::size_t send(base::LeafMutex* gate, FunctionRef<void(WriteBatch&)> cut) noexcept;
  bool flush_key(std::uint64_t hash, std::string_view key, std::uint64_t up_to, std::uint64_t give_up_us, bool waits);
  bool flush_until(FunctionRef<bool()> done, FunctionRef<std::size_t()> flush_one, std::uint64_t give_up_us,
                   bool waits);
  std::uint64_t wait_for_news(std::uint64_t at_most_us);
  void tell_news() noexcept;
  void ask_again();
  bool wants_haste() const noexcept;
  FlushReport report(bool complete) const;
  First first() const;
  // Calls `call` under the lock of the hash's shard.
  void in_shard(std::uint64_t hash, base::LeafMutex* gate, FunctionRef<void(Shard&, Discards&)> call);

  Keyspace& keyspace_;
  store::FencedStore& store_;
  const WriteBackOptions options_;
  const int process_;
  memory::Limit bytes_;
  memory::Limit items_;
  std::function<void()> wake_;
  std::atomic<std::uint32_t> next_shard_{0};
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint32_t> hasty_{0};   // who waits for room, or flushes
  std::atomic<bool> closed_{false};       // no writer waits any more
  std::atomic<bool> out_of_time_{false};  // nobody takes anything any more, and what fails goes to the dead letters
  std::atomic<std::uint32_t> rounds_{0};  // of handing over
  store::Pace pace_;

  base::LeafMutex news_mutex_;
  base::Condition news_;
  std::atomic<std::uint32_t> listeners_{0};  // who waits for news

  std::atomic<std::uint64_t> merged_{0}, batches_{0}, retries_{0}, dead_letters_{0}, sink_failures_{0}, full_{0};
  stats::LatencyRecorder latency_;  // of calls of the store
};

}  // namespace larder::keyspace
