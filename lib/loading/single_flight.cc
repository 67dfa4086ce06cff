// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "loading/single_flight.h"

#include <algorithm>
#include <bit>
#include <exception>

#include "keyspace/large_value.h"

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

struct SingleFlight::Flight final : keyspace::Load {
  std::thread::id leader = std::this_thread::get_id();
  bool finished = false;  // guarded by waiting_mutex_; the leader alone touches what follows before that
  bool lost = false;      // there was no memory for the outcome
  Lookup<std::string> outcome;
};

// What a caller finds: a value, a remembered failure or absence, a load to join, or one to lead.
struct SingleFlight::Found {
  Status error;
  ValueCopy value;
  bool absent = false;
  std::shared_ptr<Flight> flight;
  bool leads = false;
};

namespace {

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
  Found found;
  while (!find_or_begin(key, hash, &found)) {
  }
  if (!found.error.ok()) return std::move(found.error);
  if (found.value.taken()) return found.value.str();
  if (found.absent) return {};
  if (found.leads) return lead(key, hash, *found.flight, load, options);
  return join(found.flight, options);
}

// False: an entry that had expired was removed, and a listener is told of it. It may ask for the same key, so nothing
// begins before it has returned.
bool SingleFlight::find_or_begin(std::string_view key, std::uint64_t hash, Found* found) {
  Shard& shard = keyspace_.shard_of(hash);
  keyspace::Discards discards(keyspace_.environment(), shard.memory());
  base::MutexLock lock(shard.mutex);
  if (shard.closed) {
    found->error = keyspace::Keyspace::closed();
    return true;
  }
  Shard::Place place = shard.find(hash, key, discards);
  if (discards.count() != 0) return false;
  if (place) {
    const Entry& entry = *place.entry();
    if (entry.type() == EntryType::kFailed) {
      ++shard.misses;
      found->error = Status(ErrorCode::kLoadFailed, entry.inline_value());
    } else if (entry.type() == EntryType::kAbsent) {
      shard.hit(place, hash);
      found->absent = true;
    } else {
      shard.hit(place, hash);
      found->value.take(entry);
    }
    return true;
  }
  ++shard.misses;
  if (auto load = shard.loads.find(key)) {
    found->flight = std::static_pointer_cast<Flight>(load);
    return true;
  }
  found->flight = std::make_shared<Flight>();
  found->leads = true;
  shard.loads.insert(key, found->flight);
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

Lookup<std::string> SingleFlight::lead(std::string_view key, std::uint64_t hash, Flight& flight,
                                       FunctionRef<Loaded()> load, const LoadOptions& options) {
  try {
    Loaded loaded = [&] {
      const std::uint64_t start = keyspace_.environment().monotonic_us();
      const Counted in_flight(in_flight_);
      Loaded answer = run_loader(load);
      record_latency(keyspace_.environment().monotonic_us() - start);
      return answer;
    }();
    if (!loaded.error.ok()) failed_.fetch_add(1, std::memory_order_relaxed);
    store(key, flight, loaded, options);
    Lookup<std::string> outcome;
    if (!loaded.error.ok()) {
      outcome = std::move(loaded.error);
    } else if (loaded.value) {
      outcome = *std::move(loaded.value);
    }
    flight.outcome = outcome;
    finish(key, hash, flight);
    return outcome;
  } catch (...) {  // no memory
    flight.lost = true;
    finish(key, hash, flight);
    throw;
  }
}

// The others wait for this, whatever has happened.
void SingleFlight::finish(std::string_view key, std::uint64_t hash, Flight& flight) noexcept {
  {
    Shard& shard = keyspace_.shard_of(hash);
    base::MutexLock lock(shard.mutex);
    shard.loads.erase(key, flight);
  }
  base::LeafLock lock(waiting_mutex_);
  flight.finished = true;
  published_.notify_all();
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
  bool overtaken = false;
  const auto keep = [&]() -> Status {
    keyspace::Environment& environment = keyspace_.environment();
    if (!environment.value_fits(memory.value.size())) return environment.value_too_large(memory.value.size());
    std::uint64_t end = Entry::kNoDeadline;
    if (memory.ttl) {
      const Result<std::uint64_t> deadline = environment.deadline_in(environment.jittered(*memory.ttl));
      if (!deadline) return deadline.status();
      end = *deadline;
    }
    keyspace::LargeValue large;
    if (Status status = large.make(keyspace_, key, memory.value); !status.ok()) return status;
    return keyspace_.edit(key, [&](const Entry*, Change& change) -> Status {
      overtaken = flight.overtaken;  // under the shard's lock, as all that follows
      if (overtaken) return {};
      change = {.kind = Change::Kind::kReplace,
                .type = memory.type,
                .value = memory.value,
                .blob = large.slot(),
                .end = Change::End::kSet,
                .ends_at = end};
      return {};
    });
  };
  // Not kept: the callers get the value all the same.
  if (remember(loaded, options, &memory) && !keep().ok()) not_stored_.fetch_add(1, std::memory_order_relaxed);
  if (overtaken) discarded_.fetch_add(1, std::memory_order_relaxed);
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

// Whether whoever leads this load waits, over others, for this thread.
Status SingleFlight::would_wait_for_itself(const Flight& flight) {
  const std::thread::id self = std::this_thread::get_id();
  if (flight.leader == self) {
    return {ErrorCode::kReentrantLoad, "a loader asked for the key that it is loading"};
  }
  const Flight* next = &flight;
  for (;;) {
    const auto waits = waiting_.find(next->leader);
    if (waits == waiting_.end() || waits->second->finished) return {};
    next = waits->second;
    if (next->leader == self) return {ErrorCode::kLoadDeadlock, "loaders wait for each other's keys in a circle"};
  }
}

Lookup<std::string> SingleFlight::join(const std::shared_ptr<Flight>& flight, const LoadOptions& options) {
  constexpr std::uint64_t kWaitMs = std::uint64_t{1} << 50;  // or longer: all the same
  const std::uint64_t give_up = keyspace_.environment().monotonic_us() +
                                std::min(static_cast<std::uint64_t>(options.wait_max.count()), kWaitMs) * 1000;
  const std::thread::id self = std::this_thread::get_id();
  base::LeafLock lock(waiting_mutex_);
  if (!flight->finished) {
    if (Status status = would_wait_for_itself(*flight); !status.ok()) return status;
  }
  joined_.fetch_add(1, std::memory_order_relaxed);
  waiting_[self] = flight.get();
  bool timed_out = false;
  while (!flight->finished && !closed_ && !timed_out) {
    if (options.wait_max.count() <= 0) {
      published_.wait(waiting_mutex_);
      continue;
    }
    const std::uint64_t now = keyspace_.environment().monotonic_us();
    timed_out = now >= give_up;
    if (timed_out) break;
    published_.wait_for(waiting_mutex_, std::chrono::microseconds(std::min<std::uint64_t>(give_up - now, 10'000)));
  }
  waiting_.erase(self);
  if (closed_) return keyspace::Keyspace::closed();  // even if the load has finished meanwhile
  if (timed_out) return Status(ErrorCode::kTimeout, "the load of another caller took longer than wait_max");
  if (flight->lost) return Status(ErrorCode::kLoadFailed, "there was no memory for what was loaded");
  return flight->outcome;
}

void SingleFlight::close() {
  base::LeafLock lock(waiting_mutex_);
  closed_ = true;
  published_.notify_all();
}

void SingleFlight::add_to(Stats* stats) const {
  stats->loads = loads_.load(std::memory_order_relaxed);
  stats->loads_failed = failed_.load(std::memory_order_relaxed);
  stats->loads_joined = joined_.load(std::memory_order_relaxed);
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
