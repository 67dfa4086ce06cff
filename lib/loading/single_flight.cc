// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "loading/single_flight.h"

#include <algorithm>
#include <bit>
#include <exception>

namespace larder {

Lookup<std::string> Loading::load_through(std::string_view key, FunctionRef<Loaded()> load,
                                          const LoadOptions& options) {
  return flights_->get_or_load(key, load, options);
}

namespace loading {

using keyspace::Change;
using keyspace::Entry;
using keyspace::EntryType;
using keyspace::Shard;
using keyspace::ValueCopy;

struct SingleFlight::Flight final : keyspace::KeyWork {
  Flight() : KeyWork(Kind::kLoad) {}
  // Written by the leader before it has finished, read by others after that.
  bool lost = false;   // there was no memory for the outcome
  bool again = false;  // what the store had was overtaken: everybody looks again
  Lookup<std::string> outcome;
};

// What a caller finds: a value, a remembered failure or absence, a load to join, or one to lead.
struct SingleFlight::Found {
  Status error;
  ValueCopy value;
  bool absent = false;
  std::shared_ptr<Flight> flight;
  bool leads = false;
  std::shared_ptr<keyspace::KeyWork> other;  // work on the key that is to be waited for
};

namespace {

// Somebody who is overtaken so often gets what the store had.
constexpr int kRoundsMax = 8;

Status valid(const LoadOptions& options) {
  constexpr auto kTtlMax = static_cast<std::int64_t>(keyspace::Environment::kDeadlineMax);
  if (options.ttl && (options.ttl->count() <= 0 || options.ttl->count() > kTtlMax)) {
    return {ErrorCode::kInvalidExpireTime, "a time to live must be positive and at most about 4,000 years"};
  }
  if (options.negative_ttl.count() < 0 || options.error_ttl.count() < 0 || options.wait_max.count() < 0) {
    return {ErrorCode::kInvalidArgument, "negative_ttl, error_ttl and wait_max may not be negative"};
  }
  return {};
}

}  // namespace

Lookup<std::string> SingleFlight::get_or_load(std::string_view key, FunctionRef<Loaded()> load,
                                              const LoadOptions& options) {
  if (Status status = valid(options); !status.ok()) return status;
  if (key.size() > kKeyBytesMax) return keyspace::Keyspace::key_too_long();
  const std::uint64_t hash = keyspace_.hash_of(key);
  const std::uint64_t give_up_us = keyspace_.give_up_us(options.wait_max);
  for (int round = 0;; ++round) {
    Found found;
    if (!find_or_begin(key, hash, round == 0, &found)) continue;
    if (!found.error.ok()) return std::move(found.error);
    if (found.value.taken()) return found.value.str();
    if (found.absent) return {};
    if (found.other != nullptr) {
      if (Status status = keyspace_.wait_for(*found.other, give_up_us); !status.ok()) return status;
      continue;
    }
    if (found.leads) lead(key, hash, *found.flight, load, options);
    Lookup<std::string> outcome = found.leads ? found.flight->outcome : join(found.flight, give_up_us);
    if (!outcome.status().ok() || !found.flight->again || round >= kRoundsMax) return outcome;
  }
}

// False: an entry that had expired was removed, and a listener is told of it. It may ask for the same key, so nothing
// begins before it has returned.
bool SingleFlight::find_or_begin(std::string_view key, std::uint64_t hash, bool first, Found* found) {
  Shard& shard = keyspace_.shard_of(hash);
  keyspace::Discards discards(keyspace_.environment(), shard.memory());
  base::MutexLock lock(shard.mutex);
  if (shard.closed) {
    found->error = keyspace::Keyspace::closed();
    return true;
  }
  Shard::Place place = shard.find(hash, key, discards);
  if (discards.count() != 0) return false;
  const bool stored = keyspace_.has_store();
  if (place && stored && place.entry()->type() == EntryType::kAbsent)
    place = {};  // in the store: the loader may have it
  if (place) {
    const Entry& entry = *place.entry();
    if (entry.type() == EntryType::kFailed) {
      ++shard.misses;
      found->error = Status(ErrorCode::kLoadFailed, entry.inline_value());
    } else {
      shard.hit(place, hash);
      found->absent = entry.type() == EntryType::kAbsent;
      if (!found->absent) found->value.take(entry);
    }
    return true;
  }
  shard.misses += first;
  if (auto work = shard.works.find(key)) {
    if (work->kind != keyspace::KeyWork::Kind::kLoad) {
      found->other = std::move(work);
      return true;
    }
    found->flight = std::static_pointer_cast<Flight>(work);
    return true;
  }
  found->flight = std::make_shared<Flight>();
  found->leads = true;
  shard.works.insert(key, found->flight);
  return true;
}

// --- The leader ---------------------------------------------------------------------------------------------------------------

namespace {

class Counted {
 public:
  explicit Counted(std::atomic<std::uint64_t>& now) : now_(now) { now_.fetch_add(1, std::memory_order_relaxed); }
  ~Counted() { now_.fetch_sub(1, std::memory_order_relaxed); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::atomic<std::uint64_t>& now_;
};

}  // namespace

Loaded SingleFlight::run_loader(FunctionRef<Loaded()> load) {
  try {
    return load();
  } catch (const std::exception& error) {
    return Status(ErrorCode::kLoaderThrew, error.what());
  } catch (...) {
    return Status(ErrorCode::kLoaderThrew, "the loader threw something that is no std::exception");
  }
}

void SingleFlight::lead(std::string_view key, std::uint64_t hash, Flight& flight, FunctionRef<Loaded()> load,
                        const LoadOptions& options) {
  try {
    if (keyspace_.has_store() && take_from_store(key, hash, flight)) return;
    Loaded loaded = [&] {
      const std::uint64_t start = keyspace_.environment().monotonic_us();
      const Counted in_flight(in_flight_);
      Loaded answer = run_loader(load);
      record_latency(keyspace_.environment().monotonic_us() - start);
      return answer;
    }();
    if (!loaded.error.ok()) failed_.fetch_add(1, std::memory_order_relaxed);
    store(key, flight, loaded, options);
    if (!loaded.error.ok()) {
      flight.outcome = std::move(loaded.error);
    } else if (loaded.value) {
      flight.outcome = *std::move(loaded.value);
    }
    finish(key, hash, flight);
  } catch (...) {  // no memory
    flight.lost = true;
    finish(key, hash, flight);
    throw;
  }
}

// False: it has no such key, and the loader is to be asked. A value that a write overtook is given to nobody: the store
// may have it from that very write, while others still see the value before (keyspace/read_through.cc).
bool SingleFlight::take_from_store(std::string_view key, std::uint64_t hash, Flight& flight) {
  Lookup<StoredValue> found = keyspace_.environment().store->load(key);
  const std::uint64_t end = found ? keyspace_.environment().end_of(*found) : 0;
  if (found.status().ok() && end == 0) return false;
  bool kept = false;
  if (found) {
    const Result<bool> answer = keyspace_.keep(key, flight, {EntryType::kString, found->bytes, end});
    kept = answer.ok() && *answer;
    flight.outcome = std::move(found->bytes);
  } else {
    flight.outcome = found.status();
  }
  {
    Shard& shard = keyspace_.shard_of(hash);
    base::MutexLock lock(shard.mutex);
    flight.again = flight.overtaken && !kept;
  }
  finish(key, hash, flight);
  return true;
}

// The others wait for this, whatever has happened.
void SingleFlight::finish(std::string_view key, std::uint64_t hash, Flight& flight) noexcept {
  {
    Shard& shard = keyspace_.shard_of(hash);
    base::MutexLock lock(shard.mutex);
    shard.works.erase(key, flight);
  }
  keyspace_.waiting().finish(flight);
}

namespace {

// What is to be remembered of a load, and for how long.
struct Memory {
  EntryType type = EntryType::kString;
  std::string_view value;
  std::optional<Milliseconds> ttl;
};

bool remember(const Loaded& loaded, const LoadOptions& options, Memory* memory) {
  if (!loaded.error.ok()) {
    const std::string_view message = loaded.error.message();
    *memory = {EntryType::kFailed, message.substr(0, 256), options.error_ttl};
    return options.error_ttl.count() > 0;
  }
  if (!loaded.value) {
    *memory = {EntryType::kAbsent, {}, options.negative_ttl};
    return options.negative_ttl.count() > 0;
  }
  *memory = {EntryType::kString, *loaded.value, loaded.ttl ? loaded.ttl : options.ttl};
  return !memory->ttl || memory->ttl->count() > 0;
}

}  // namespace

void SingleFlight::store(std::string_view key, Flight& flight, const Loaded& loaded, const LoadOptions& options) {
  Memory memory;
  if (!remember(loaded, options, &memory)) return;
  if (memory.type == EntryType::kAbsent && keyspace_.has_store()) return;  // it would say so of the store
  keyspace::Environment& environment = keyspace_.environment();
  std::uint64_t end = Entry::kNoDeadline;
  if (memory.ttl) {
    const Result<std::uint64_t> deadline = environment.deadline_in(environment.jittered(*memory.ttl));
    end = deadline.ok() ? *deadline : 0;
  }
  const Result<bool> kept = end == 0 ? Result<bool>(Status(ErrorCode::kInvalidExpireTime, "beyond what can be kept"))
                                     : keyspace_.keep(key, flight, {memory.type, memory.value, end});
  // Not kept: the callers get the value all the same.
  if (!kept.ok()) not_stored_.fetch_add(1, std::memory_order_relaxed);
  if (kept.ok() && !*kept) discarded_.fetch_add(1, std::memory_order_relaxed);
}

void SingleFlight::record_latency(std::uint64_t us) {
  loads_.fetch_add(1, std::memory_order_relaxed);
  sum_us_.fetch_add(us, std::memory_order_relaxed);
  const auto bucket = std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(us)), latency_.size() - 1);
  latency_[bucket].fetch_add(1, std::memory_order_relaxed);
  std::uint64_t max = max_us_.load(std::memory_order_relaxed);
  while (us > max && !max_us_.compare_exchange_weak(max, us, std::memory_order_relaxed)) {
  }
}

// --- The others -----------------------------------------------------------------------------------------------------------------

Lookup<std::string> SingleFlight::join(const std::shared_ptr<Flight>& flight, std::uint64_t give_up_us) {
  if (Status status = keyspace_.wait_for(*flight, give_up_us); !status.ok()) return status;
  if (flight->lost) return Status(ErrorCode::kLoadFailed, "there was no memory for what was loaded");
  return flight->outcome;
}

void SingleFlight::add_to(Stats* stats) const {
  stats->loads = loads_.load(std::memory_order_relaxed);
  stats->loads_failed = failed_.load(std::memory_order_relaxed);
  stats->loads_discarded = discarded_.load(std::memory_order_relaxed);
  stats->loads_not_stored = not_stored_.load(std::memory_order_relaxed);
  stats->loads_in_flight = in_flight_.load(std::memory_order_relaxed);
  stats->load_latency.count = stats->loads;
  stats->load_latency.sum_us = sum_us_.load(std::memory_order_relaxed);
  stats->load_latency.max_us = max_us_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < latency_.size(); ++i)
    stats->load_latency.buckets[i] = latency_[i].load(std::memory_order_relaxed);
}

}  // namespace loading
}  // namespace larder
