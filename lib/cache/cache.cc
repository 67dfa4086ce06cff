// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/cache.h"

#include <new>
#include <system_error>
#include <vector>

#include "advice/sentence.h"
#include "base/check.h"
#include "cache/background.h"
#include "commands/user_function.h"
#include "keyspace/keyspace.h"
#include "keyspace/transaction.h"
#include "larder/read_view.h"
#include "loading/single_flight.h"

namespace larder {

struct Cache::Parts {
  explicit Parts(const Options& options) : keyspace(options), flights(keyspace) {}
  keyspace::Keyspace keyspace;
  loading::SingleFlight flights;
  std::unique_ptr<cache::Background> background;
  std::vector<std::unique_ptr<cache::Background>> writers;  // of write-back
};

Cache::Cache(std::unique_ptr<Parts> parts)
    : Commands(&parts->keyspace), Contents(&parts->keyspace), Loading(&parts->flights), parts_(std::move(parts)) {}

Status Cache::atomically(const KeyList& keys, FunctionRef<Status(Transaction&)> function) {
  return atomically(keys, {}, function);
}

Status Cache::atomically(const KeyList& keys, std::span<const Unchanged> unchanged,
                         FunctionRef<Status(Transaction&)> function) {
  return keyspace::transact(parts_->keyspace, keys, unchanged, [&](keyspace::Keyspace& own) -> Status {
    Transaction transaction(&own);
    Status answer;
    const Status thrown = commands::run_user("atomically", [&] { answer = function(transaction); });
    return thrown.ok() ? answer : thrown;
  });
}

namespace {

// What is due is found so late at most.
constexpr std::chrono::milliseconds kWriterInterval{5};

// Loads some keys ahead of their time. Returns whether there were any, and there was memory.
bool refresh(keyspace::Keyspace& keyspace) {
  constexpr std::size_t kKeysAtOnce = 64;
  try {
    return keyspace.has_store() && keyspace.refresh_some(kKeysAtOnce) != 0;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// How many entries have ended so far.
std::uint64_t expired(keyspace::Keyspace& keyspace) {
  std::uint64_t count = 0;
  for (std::uint32_t i = 0; i < keyspace.shards(); ++i) {
    keyspace::Shard& shard = keyspace.shard(i);
    base::MutexLock lock(shard.mutex);
    for (const RemovalCause cause : {RemovalCause::kExpired, RemovalCause::kIdle}) {
      count += shard.counters.removals[static_cast<std::size_t>(cause)];
    }
  }
  return count;
}

// What write-back says that it left, and what became dead letters on the way.
FlushReport report(keyspace::Keyspace& keyspace, FunctionRef<FlushReport(keyspace::WriteBack&)> flush) {
  keyspace::WriteBack* write_back = keyspace.write_back();
  if (write_back == nullptr) return {};
  const std::uint64_t before = write_back->dead_letters();
  FlushReport report = flush(*write_back);
  report.dead_letters = write_back->dead_letters() - before;
  return report;
}

bool writes_in_ticks(keyspace::Keyspace& keyspace) {
  return keyspace.write_back() != nullptr && keyspace.write_back()->options().threads == 0;
}

const Options& checked(const Options& options) {
  const Status status = options.validate();
  LARDER_CHECK(status.ok(), status.to_string());
  return options;
}

}  // namespace

Cache::Cache(const Options& options) : Cache(std::make_unique<Parts>(checked(options))) {
  keyspace::Keyspace& keyspace = parts_->keyspace;
  if (keyspace::WriteBack* write_back = keyspace.write_back()) {
    const auto slice = [write_back](base::LeafMutex& gate) { return write_back->flush_some(false, &gate) != 0; };
    for (std::uint32_t i = 0; i < options.store.write_back.threads; ++i) {
      parts_->writers.push_back(std::make_unique<cache::Background>(slice, kWriterInterval));
    }
    write_back->wake_by([&writers = parts_->writers] {
      for (const auto& writer : writers) writer->wake();
    });
  }
  if (!options.background_thread) return;
  parts_->background = std::make_unique<cache::Background>(
      [&keyspace](base::LeafMutex& gate) {
        bool more = false;
        keyspace.tick(1'000, &more, &gate);
        more = refresh(keyspace) || more;
        return (writes_in_ticks(keyspace) && keyspace.write_back()->flush_some(false, &gate) != 0) || more;
      },
      options.background_interval);
}

Result<std::unique_ptr<Cache>> Cache::open(const Options& options) {
  if (Status status = options.validate(); !status.ok()) return status;
  try {
    return std::make_unique<Cache>(options);
  } catch (const std::bad_alloc&) {
    return Status(ErrorCode::kOutOfMemory, "no memory for the shards of a cache, in max_memory or from the allocator");
  } catch (const std::system_error& error) {
    return Status(ErrorCode::kOutOfMemory, std::string("the background thread could not be made: ") + error.what());
  }
}

Cache::~Cache() {
  parts_->background.reset();
  parts_->keyspace.environment().quiet.store(true, std::memory_order_relaxed);
  close();
  parts_->writers.clear();
  // What was on its way when time was up, and came back.
  if (keyspace::WriteBack* write_back = parts_->keyspace.write_back()) write_back->hand_over();
}

FlushReport Cache::close() {
  const keyspace::WriteBack* write_back = parts_->keyspace.write_back();
  return close(write_back == nullptr ? Milliseconds(0) : write_back->options().close_wait);
}

FlushReport Cache::close(Milliseconds at_most) {
  parts_->keyspace.close();
  return report(parts_->keyspace, [&](keyspace::WriteBack& back) { return back.close(at_most); });
}

FlushReport Cache::flush(Milliseconds at_most) {
  return report(parts_->keyspace, [&](keyspace::WriteBack& back) { return back.flush(at_most); });
}

FlushReport Cache::flush(std::string_view key, Milliseconds at_most) {
  return report(parts_->keyspace, [&](keyspace::WriteBack& back) { return back.flush(key, at_most); });
}

TickReport Cache::tick(TickBudget budget) {
  TickReport report;
  const std::uint64_t before = expired(parts_->keyspace);
  report.steps = parts_->keyspace.tick(budget.steps_max, &report.more);
  report.expired = expired(parts_->keyspace) - before;
  while (refresh(parts_->keyspace)) {
  }
  if (!writes_in_ticks(parts_->keyspace)) return report;
  keyspace::WriteBack* write_back = parts_->keyspace.write_back();
  for (std::size_t sent = 1; sent != 0;) {
    if (report.steps >= budget.steps_max) {
      report.more = true;
      break;
    }
    sent = write_back->flush_some(false);
    report.steps += sent;
    report.written += sent;
  }
  return report;
}

Stats Cache::stats() const {
  keyspace::Keyspace& keyspace = parts_->keyspace;
  Stats stats;
  std::uint64_t payload = 0;
  std::uint64_t blocks = 0;
  std::uint64_t allocated = 0;
  for (std::uint32_t i = 0; i < keyspace.shards(); ++i) {
    keyspace::Shard& shard = keyspace.shard(i);
    base::MutexLock lock(shard.mutex);
    shard.tell_advisor();
    stats.hits += shard.hits;
    stats.misses += shard.misses;
    stats.writes += shard.counters.writes;
    for (std::size_t cause = 0; cause < kRemovalCauses; ++cause)
      stats.removals[cause] += shard.counters.removals[cause];
    stats.entries += shard.entries();
    stats.entries_with_ttl += shard.entries_with_ttl();
    stats.entries_negative += shard.entries_negative();
    payload += shard.payload();
    blocks += shard.entry_blocks();
    allocated += static_cast<std::uint64_t>(shard.memory().allocated());
    stats.bytes_set_aside += static_cast<std::uint64_t>(shard.memory().available());
  }
  keyspace::Environment& environment = keyspace.environment();
  const memory::Limit::Usage memory = environment.account.bytes().usage();
  stats.shards = keyspace.shards();
  stats.max_memory = memory.max < memory::Limit::kUnbounded ? static_cast<std::uint64_t>(memory.max) : 0;
  stats.bytes_fixed = static_cast<std::uint64_t>(keyspace.fixed_bytes());
  stats.bytes_used = static_cast<std::uint64_t>(memory.used);
  stats.bytes_entries = blocks - payload;
  stats.bytes_index = allocated - blocks;
  // What is neither in a shard nor set aside is in large values.
  const std::uint64_t known = stats.bytes_fixed + allocated + stats.bytes_set_aside;
  const std::uint64_t large = stats.bytes_used > known ? stats.bytes_used - known : 0;
  stats.bytes_data = payload + large;
  stats.bytes_pinned = static_cast<std::uint64_t>(std::max<std::int64_t>(0, environment.account.pinned().load()));
  stats.refused_out_of_memory = keyspace.refused();
  stats.listener_failures = environment.listener_failures.load(std::memory_order_relaxed);
  stats.policy = keyspace.policy_name();
  const memory::Limit* bound = environment.nearer_bound();
  if (environment.advisor != nullptr && bound != nullptr) {
    stats.size_advice = environment.advisor->size_advice();
    const auto of = bound == &environment.entries ? advice::BoundOf::kEntries : advice::BoundOf::kBytes;
    if (stats.size_advice.known)
      stats.size_advice.sentence = advice::sentence_of(stats.size_advice, static_cast<std::uint64_t>(bound->max()), of);
    stats.policy_advice = environment.advisor->policy_advice();
    if (stats.policy_advice.known) stats.policy_advice.sentence = advice::sentence_of(stats.policy_advice);
  }
  if (environment.hot_keys != nullptr) stats.hot_keys = environment.hot_keys->top();
  parts_->flights.add_to(&stats);
  stats.loads_joined = keyspace.waits();
  stats.waiting_for_items = keyspace.waiters();
  stats.served_stale = keyspace.served_stale();
  stats.refreshes = keyspace.refreshes();
  if (environment.store != nullptr) {
    const store::StoreCounters& store = environment.store->counters();
    stats.store_loads = store.loads.load(std::memory_order_relaxed);
    stats.store_loads_failed = store.loads_failed.load(std::memory_order_relaxed);
    stats.store_writes = store.writes.load(std::memory_order_relaxed);
    stats.store_writes_failed = store.writes_failed.load(std::memory_order_relaxed);
    stats.store_writes_unknown = store.writes_unknown.load(std::memory_order_relaxed);
    if (keyspace.write_back() != nullptr) keyspace.write_back()->add_to(&stats);
  }
  return stats;
}

keyspace::Keyspace& keyspace::keyspace_of(Cache& cache) noexcept { return cache.parts_->keyspace; }

bool Cache::has_store() const noexcept { return parts_->keyspace.has_store(); }

ReadView::ReadView(Cache& cache, Use use) noexcept : ReadView(&cache.parts_->keyspace, use) {}

void Cache::set_compact_limits(const CompactLimits& limits) noexcept {
  parts_->keyspace.environment().set_small_limits(limits);
}
CompactLimits Cache::compact_limits() const noexcept { return parts_->keyspace.environment().compact_limits(); }

Status Cache::set_max_memory(std::uint64_t bytes) { return parts_->keyspace.set_max_memory(bytes); }

Status Cache::set_eviction(const Eviction& eviction) { return parts_->keyspace.set_eviction(eviction); }

Status Cache::check_invariants() { return parts_->keyspace.check(); }

}  // namespace larder
