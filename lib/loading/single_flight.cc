// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "loading/single_flight.h"

#include <algorithm>
#include <exception>

#include "loading/staleness.h"

namespace larder {

Lookup<std::string> Loading::load_through(std::string_view key, FunctionRef<Loaded()> load,
                                          const LoadOptions& options) {
  return flights_->get_or_load(key, load, options);
}

std::vector<Lookup<std::string>> Loading::load_many_through(
    std::span<const std::string_view> keys, FunctionRef<std::vector<Loaded>(std::span<const std::string_view>)> load,
    const LoadOptions& options) {
  return flights_->get_or_load_many(keys, load, options);
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
  bool lost = false;        // there was no memory for the outcome
  bool asks_store = false;  // before the loader
  bool again = false;       // what the store had was overtaken: everybody looks again
  Lookup<std::string> outcome;
};

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

template <typename Run>
auto SingleFlight::timed(Run&& run) {
  const std::uint64_t start = keyspace_.environment().monotonic_us();
  const Counted in_flight(in_flight_);
  const store::FencedStore::Inside inside;
  auto answer = run();
  latency_.record(keyspace_.environment().monotonic_us() - start);
  return answer;
}

// What a caller finds: a value, a remembered failure or absence, a load to join, or one to lead.
struct SingleFlight::Found {
  Status error;
  ValueCopy value;
  ValueCopy old;       // stale, or about to be: may be served while, or because, there is nothing newer
  bool ahead = false;  // it is fresh still
  bool absent = false;
  bool latched = false;
  std::shared_ptr<Flight> flight;
  bool leads = false;
  std::shared_ptr<keyspace::KeyWork> other;  // work on the key that is to be waited for

  void take(const Entry& entry) {
    absent = entry.is_ghost();
    latched = entry.latched();
    if (entry.is_collection()) error = keyspace::Keyspace::wrong_type();
    if (!absent && error.ok()) value.take(entry);
  }
  bool answers() const { return !error.ok() || value.taken() || absent; }
  Lookup<std::string> answer() {
    if (!error.ok()) return std::move(error);
    return value.taken() ? Lookup<std::string>(value.str()) : Lookup<std::string>();
  }
};

namespace {

// Somebody who is overtaken so often gets what the store had.
constexpr int kRoundsMax = 8;

Status valid(const LoadOptions& options) {
  constexpr auto kTtlMax = static_cast<std::int64_t>(keyspace::Environment::kDeadlineMax);
  if (options.ttl && (options.ttl->count() <= 0 || options.ttl->count() > kTtlMax)) {
    return {ErrorCode::kInvalidExpireTime, "a time to live must be positive and at most about 4,000 years"};
  }
  for (const Milliseconds time : {options.negative_ttl, options.error_ttl, options.wait_max}) {
    if (time.count() < 0 || time > kTimeMax) {
      return {ErrorCode::kInvalidArgument,
              "negative_ttl, error_ttl or wait_max of LoadOptions is negative or beyond 2,000 years"};
    }
  }
  if (const char* wrong = wrong_in(options.staleness, options.ttl.value_or(Milliseconds(0)))) {
    return {ErrorCode::kInvalidArgument, "LoadOptions: staleness." + std::string(wrong)};
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
    if (!find_or_begin(key, hash, round == 0, options, &found)) continue;
    if (found.absent && found.latched) {  // a transaction keeps the place
      if (Status status = keyspace_.wait_for_latch(hash, key); !status.ok()) return status;
      continue;
    }
    if (found.answers()) return found.answer();
    if (found.other != nullptr) {
      if (Status status = keyspace_.wait_for(*found.other, give_up_us); !status.ok()) return status;
      continue;
    }
    if (found.leads) lead(key, hash, *found.flight, load, options);
    std::optional<std::string> old;
    if (found.old.taken()) old = found.old.str();
    Lookup<std::string> outcome = outcome_of(found, old ? soft_give_up_us(options, give_up_us) : give_up_us);
    if (!outcome.status().ok() && old) return serve_old(*std::move(old), found.ahead);
    if (!outcome.status().ok() || !found.flight->again || round >= kRoundsMax) return outcome;
  }
}

Lookup<std::string> SingleFlight::serve_old(std::string old, bool fresh_still) noexcept {
  if (!fresh_still) keyspace_.count_stale();
  return old;
}

// When it has finished.
Lookup<std::string> SingleFlight::outcome_of(const Flight& flight) {
  return flight.lost ? keyspace::Keyspace::no_memory() : flight.outcome;
}

Lookup<std::string> SingleFlight::outcome_of(const Found& found, std::uint64_t give_up_us) {
  return found.leads ? outcome_of(*found.flight) : join(found.flight, give_up_us);
}

// --- Several keys ---------------------------------------------------------------------------------------------------------------

namespace {

std::vector<Loaded> run_bulk_loader(FunctionRef<std::vector<Loaded>(std::span<const std::string_view>)> load,
                                    std::span<const std::string_view> keys) {
  const auto all = [&](ErrorCode code, std::string_view why) {
    return std::vector<Loaded>(keys.size(), Loaded(Status(code, why)));
  };
  try {
    std::vector<Loaded> loaded = load(keys);
    if (loaded.size() == keys.size()) return loaded;
    return all(ErrorCode::kLoadFailed, "the loader gave " + std::to_string(loaded.size()) + " answers for " +
                                           std::to_string(keys.size()) + " keys");
  } catch (const std::exception& error) {
    return all(ErrorCode::kLoaderThrew, error.what());
  } catch (...) {
    return all(ErrorCode::kLoaderThrew, "the loader threw something that is no std::exception");
  }
}

}  // namespace

// Of those that are not answered at once: first what this call is to load, all of it, and then what it waits for: two
// who ask for the same keys in another order would wait for each other.
class SingleFlight::Many {
 public:
  Many(SingleFlight& flights, std::span<const std::string_view> keys, BulkLoader load, const LoadOptions& options,
       std::span<Lookup<std::string>> answers)
      : flights_(flights),
        keyspace_(flights.keyspace_),
        keys_(keys),
        load_(load),
        options_(options),
        answers_(answers),
        give_up_us_(keyspace_.give_up_us(options.wait_max)) {}

  void run() {
    for (std::size_t i = 0; i < keys_.size(); ++i) open_.push_back(i);
    for (int round = 0; !open_.empty(); ++round) {
      const std::vector<std::size_t> asked = std::exchange(open_, {});
      pending_.clear();
      {
        const keyspace::ListenerPause pause(keyspace_.environment());
        try {
          for (const std::size_t i : asked) ask(i, round == 0);
          lead();
        } catch (...) {  // no memory
          for (Pending& one : pending_) abandon(one);
          throw;
        }
      }
      for (Pending& one : pending_) conclude(one, round);
    }
  }

 private:
  struct Pending {
    std::size_t key;
    std::uint64_t hash;
    std::shared_ptr<Flight> flight;
    std::shared_ptr<keyspace::KeyWork> other;
    std::optional<std::string> old;
    bool ahead;
    bool leads;
    bool finished;
  };

  void ask(std::size_t i, bool first) {
    if (keys_[i].size() > kKeyBytesMax) {
      answers_[i] = keyspace::Keyspace::key_too_long();
      return;
    }
    pending_.reserve(keys_.size());  // so that a flight that begins has a place
    const std::uint64_t hash = keyspace_.hash_of(keys_[i]);
    Found found;
    while (!flights_.find_or_begin(keys_[i], hash, first, options_, &found)) {
    }
    if (found.absent && found.latched) {
      const Status status = flights_.keyspace_.wait_for_latch(hash, keys_[i]);
      if (status.ok()) return ask(i, first);
      answers_[i] = status;
      return;
    }
    if (found.answers()) {
      answers_[i] = found.answer();
      return;
    }
    pending_.push_back({i, hash, std::move(found.flight), std::move(found.other), {}, found.ahead, found.leads, false});
    if (found.old.taken()) pending_.back().old = found.old.str();
  }

  void lead() {
    ask_store();
    std::vector<Pending*> mine;
    for (Pending& one : pending_) {
      if (one.leads && !one.finished) mine.push_back(&one);
    }
    if (mine.empty()) return;
    const std::vector<std::string_view> names = names_of(mine);
    std::vector<Loaded> loaded = flights_.timed([&] { return run_bulk_loader(load_, names); });
    for (std::size_t n = 0; n < mine.size(); ++n) {
      flights_.conclude(names[n], mine[n]->hash, *mine[n]->flight, std::move(loaded[n]), options_);
      mine[n]->finished = true;
    }
  }

  void ask_store() {
    std::vector<Pending*> asking;
    for (Pending& one : pending_) {
      if (one.leads && one.flight->asks_store) asking.push_back(&one);
    }
    if (asking.empty()) return;
    std::vector<Lookup<StoredValue>> found(asking.size());
    keyspace_.environment().store->load_many(names_of(asking), found);
    for (std::size_t n = 0; n < asking.size(); ++n) {
      Pending& one = *asking[n];
      one.finished = flights_.take_from_store(keys_[one.key], one.hash, *one.flight, std::move(found[n]), options_);
    }
  }

  std::vector<std::string_view> names_of(const std::vector<Pending*>& some) const {
    std::vector<std::string_view> names;
    names.reserve(some.size());
    for (const Pending* one : some) names.push_back(keys_[one->key]);
    return names;
  }

  void abandon(Pending& one) noexcept {
    if (!one.leads || one.finished) return;
    one.flight->lost = true;
    flights_.finish(keys_[one.key], one.hash, *one.flight);
  }

  void conclude(Pending& one, int round) {
    Lookup<std::string>& answer = answers_[one.key];
    if (one.other != nullptr) {
      Status status = keyspace_.wait_for(*one.other, give_up_us_);
      if (status.ok()) return open_.push_back(one.key);
      answer = std::move(status);
      return;
    }
    const std::uint64_t until = one.old ? flights_.soft_give_up_us(options_, give_up_us_) : give_up_us_;
    answer = one.leads ? outcome_of(*one.flight) : flights_.join(one.flight, until);
    if (!answer.status().ok()) {
      if (one.old) answer = flights_.serve_old(*std::move(one.old), one.ahead);
    } else if (one.flight->again && round < kRoundsMax) {
      open_.push_back(one.key);
    }
  }

  SingleFlight& flights_;
  keyspace::Keyspace& keyspace_;
  const std::span<const std::string_view> keys_;
  const BulkLoader load_;
  const LoadOptions& options_;
  const std::span<Lookup<std::string>> answers_;
  const std::uint64_t give_up_us_;
  std::vector<std::size_t> open_;
  std::vector<Pending> pending_;
};

std::vector<Lookup<std::string>> SingleFlight::get_or_load_many(std::span<const std::string_view> keys, BulkLoader load,
                                                                const LoadOptions& options) {
  std::vector<Lookup<std::string>> answers(keys.size());
  if (const Status status = valid(options); !status.ok()) {
    for (Lookup<std::string>& answer : answers) answer = status;
  } else {
    Many(*this, keys, load, options, answers).run();
  }
  return answers;
}

// Until when a caller waits who could be served an old value.
std::uint64_t SingleFlight::soft_give_up_us(const LoadOptions& options, std::uint64_t give_up_us) noexcept {
  const std::uint64_t soft_us =
      keyspace_.environment().monotonic_us() + static_cast<std::uint64_t>(options.staleness.soft_wait.count()) * 1000;
  return give_up_us == 0 ? soft_us : std::min(give_up_us, soft_us);
}

// A load has failed. Whether there is a value, so that the failure is not remembered in its place: one that is fresh
// still, or a stale one, which is then served for a while.
bool SingleFlight::retry_later(std::string_view key, std::uint64_t hash, const LoadOptions& options) noexcept {
  Shard& shard = keyspace_.shard_of(hash);
  base::MutexLock lock(shard.mutex);
  const Shard::Place place = shard.find_any(hash, key);
  if (!place || shard.expired(*place.entry())) return false;
  if (!place.entry()->stale()) return place.entry()->refreshed();
  const auto after = static_cast<std::uint64_t>(options.staleness.retry_after.count());
  place.entry()->set_fresh_until(keyspace_.environment().now() + after);
  return true;
}

// False: an entry that had expired was removed, and a listener is told of it. It may ask for the same key, so nothing
// begins before it has returned.
bool SingleFlight::find_or_begin(std::string_view key, std::uint64_t hash, bool first, const LoadOptions& options,
                                 Found* found) {
  Shard& shard = keyspace_.shard_of(hash);
  keyspace::Discards discards(keyspace_.environment(), shard.memory());
  base::MutexLock lock(shard.mutex);
  if (shard.closed) {
    found->error = keyspace::Keyspace::closed();
    return true;
  }
  Shard::Place place = shard.find(hash, key, discards);
  if (discards.count() != 0) return false;
  bool asks_store = keyspace_.has_store();
  if (place && asks_store && place.entry()->type() == EntryType::kAbsent) {  // the loader may have it
    asks_store = false;
    place = {};
  }
  if (place && place.entry()->stale()) {
    const Entry& entry = *place.entry();
    if (!entry.is_collection() && options.staleness.stale_for.count() > 0) found->old.take(entry);
    if (found->old.taken() && !keyspace_.environment().reached(entry.fresh_until())) {  // a load has just failed
      shard.miss(hash, key);
      keyspace_.count_stale();
      found->value.take(entry);
      return true;
    }
    place = {};
  }
  if (place && is_due_ahead(*place.entry(), options) && shard.works.find(key) == nullptr) {
    shard.hit(place, hash);
    place.entry()->set_refreshed(true);
    found->old.take(*place.entry());
    found->ahead = true;
    first = false;
    place = {};
  }
  if (place) {
    const Entry& entry = *place.entry();
    if (entry.type() == EntryType::kFailed && !entry.inline_value().empty()) {
      shard.miss(hash, key);
      found->error = Status(ErrorCode::kLoadFailed, entry.inline_value());
    } else {
      if (!entry.is_collection()) shard.hit(place, hash);
      found->take(entry);
    }
    return true;
  }
  const Entry* dirty = found->ahead ? nullptr : shard.find_dirty(hash, key);
  if (dirty != nullptr && !shard.gone(*dirty)) {
    shard.hit_dirty(hash, *dirty);
    found->take(*dirty);
    return true;
  }
  if (first) shard.miss(hash, key);
  if (auto work = shard.works.find(key)) {
    if (work->kind != keyspace::KeyWork::Kind::kLoad) {
      found->other = std::move(work);
      return true;
    }
    found->flight = std::static_pointer_cast<Flight>(work);
    return true;
  }
  found->flight = std::make_shared<Flight>();
  found->flight->asks_store = asks_store && dirty == nullptr;  // what it has is what it will not have
  found->leads = true;
  shard.works.insert(key, found->flight);
  return true;
}

bool SingleFlight::is_due_ahead(const Entry& entry, const LoadOptions& options) noexcept {
  const auto ahead = static_cast<std::uint64_t>(options.staleness.refresh_ahead.count());
  if (ahead == 0 || entry.is_ghost() || entry.is_collection() || entry.refreshed()) return false;
  const std::uint64_t end = Shard::end_of(entry);
  return end != Entry::kNoDeadline && keyspace_.environment().reached(end - std::min(end, ahead));
}

// --- The leader ---------------------------------------------------------------------------------------------------------------

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
  const store::FencedStore::Inside inside;  // others wait for this, also while a listener hears of what it evicts
  try {
    if (flight.asks_store && take_from_store(key, hash, flight, keyspace_.environment().store->load(key), options))
      return;
    conclude(key, hash, flight, timed([&] { return run_loader(load); }), options);
  } catch (...) {  // no memory
    flight.lost = true;
    finish(key, hash, flight);
  }
}

void SingleFlight::conclude(std::string_view key, std::uint64_t hash, Flight& flight, Loaded loaded,
                            const LoadOptions& options) {
  const bool failed = !loaded.error.ok();
  if (failed) failed_.fetch_add(1, std::memory_order_relaxed);
  if (!failed || !retry_later(key, hash, options)) store(key, flight, loaded, options);
  if (failed) {
    flight.outcome = std::move(loaded.error);
  } else if (loaded.value) {
    flight.outcome = *std::move(loaded.value);
  }
  finish(key, hash, flight);
}

// False: it has no such key, and the loader is to be asked. A value that a write overtook is given to nobody: the store
// may have it from that very write, while others still see the value before (keyspace/read_through.cc).
bool SingleFlight::take_from_store(std::string_view key, std::uint64_t hash, Flight& flight, Lookup<StoredValue> found,
                                   const LoadOptions& options) {
  const std::uint64_t end = found ? keyspace_.environment().end_of(*found) : 0;
  if (found.status().ok() && end == 0) return false;
  bool kept = false;
  if (found) {
    const Result<bool> answer = keyspace_.keep(key, flight, {keyspace::entry_type_of(found->type), found->bytes, end});
    kept = answer.ok() && *answer;
    if (found->type == ValueType::kString) {
      flight.outcome = std::move(found->bytes);
    } else {
      const bool malformed = answer.status().code() == ErrorCode::kStoreMalformed;
      flight.outcome = malformed ? answer.status() : keyspace::Keyspace::wrong_type();
    }
  } else {
    flight.outcome = found.status();
    if (!retry_later(key, hash, options)) store(key, flight, found.status(), options);
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

Memory remember(const Loaded& loaded, const LoadOptions& options) {
  if (!loaded.error.ok()) {
    const std::string_view message = loaded.error.message();
    return {EntryType::kFailed, message.empty() ? "it failed" : message.substr(0, 256), options.error_ttl};
  }
  if (!loaded.value) return {EntryType::kAbsent, {}, loaded.ttl ? loaded.ttl : options.negative_ttl};
  return {EntryType::kString, *loaded.value, loaded.ttl ? loaded.ttl : options.ttl};
}

}  // namespace

void SingleFlight::store(std::string_view key, Flight& flight, const Loaded& loaded, const LoadOptions& options) {
  keyspace::Environment& environment = keyspace_.environment();
  Memory memory = remember(loaded, options);
  if (memory.type == EntryType::kAbsent) {
    forget_old(key, flight);
    if (keyspace_.has_store() && memory.ttl->count() > 0) {
      memory.type = EntryType::kFailed;  // of the store it says nothing
    } else if (flight.asks_store) {
      memory.ttl = environment.store->options().negative_ttl;
    }
  }
  if (memory.ttl && memory.ttl->count() <= 0) return;
  std::uint64_t end = Entry::kNoDeadline;
  if (memory.ttl) {
    const Result<std::uint64_t> deadline = environment.deadline_in(environment.jittered(*memory.ttl));
    end = deadline.ok() ? *deadline : 0;
  }
  const auto stale_for = static_cast<std::uint64_t>(options.staleness.stale_for.count());
  const bool may_be_stale = memory.type == EntryType::kString && end != Entry::kNoDeadline && stale_for != 0;
  const std::uint64_t stale_until = may_be_stale ? std::min(end + stale_for, Entry::kNoDeadline - 1) : 0;
  const Result<bool> kept = end == 0 ? Result<bool>(Status(ErrorCode::kInvalidExpireTime, "beyond what can be kept"))
                                     : keyspace_.keep(key, flight, {memory.type, memory.value, end, stale_until});
  // Not kept: the callers get the value all the same.
  if (!kept.ok()) not_stored_.fetch_add(1, std::memory_order_relaxed);
  if (kept.ok() && !*kept) discarded_.fetch_add(1, std::memory_order_relaxed);
}

// There is no such value any more, so none is served that was there before.
void SingleFlight::forget_old(std::string_view key, const Flight& flight) {
  const std::uint64_t hash = keyspace_.hash_of(key);
  Shard& shard = keyspace_.shard_of(hash);
  keyspace::Discards discards(keyspace_.environment(), shard.memory());
  base::MutexLock lock(shard.mutex);
  const Shard::Place place = shard.find_any(hash, key);
  if (!place || flight.overtaken || !(place.entry()->stale() || place.entry()->refreshed())) return;
  shard.remove(place, keyspace::id_of(hash), RemovalCause::kExpired, discards);
}

// --- The others -----------------------------------------------------------------------------------------------------------------

Lookup<std::string> SingleFlight::join(const std::shared_ptr<Flight>& flight, std::uint64_t give_up_us) {
  if (Status status = keyspace_.wait_for(*flight, give_up_us); !status.ok()) return status;
  return outcome_of(*flight);
}

void SingleFlight::add_to(Stats* stats) const {
  stats->load_latency = latency_.snapshot();
  stats->loads = stats->load_latency.count;
  stats->loads_failed = failed_.load(std::memory_order_relaxed);
  stats->loads_discarded = discarded_.load(std::memory_order_relaxed);
  stats->loads_not_stored = not_stored_.load(std::memory_order_relaxed);
  stats->loads_in_flight = in_flight_.load(std::memory_order_relaxed);
}

}  // namespace loading
}  // namespace larder
