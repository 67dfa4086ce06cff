// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Reading through: what is not resident is loaded from the store, once for all who ask (CONTRACTS L1-L4), kept, and
// shown.
//
// A load is registered in the key's shard under the hold of its lock that saw the miss, and taken out under the one
// that shows what it brought to the command, so a load that was not overtaken by then showed what the key was at that
// instant. One that was overtaken by a write shows nothing, unlike a loader's: the store may have given it what a write
// in progress has stored, while others still see the value before in the cache. Whoever waited for it looks again.
//
// A reader who was overtaken several times works on the key as a writer does: nobody writes it meanwhile.
#include <functional>
#include <optional>
#include <vector>

#include "keyspace/stored_value.h"

namespace larder::keyspace {
namespace {

constexpr int kRoundsMax = 3;

struct StoreLoad final : KeyWork {
  explicit StoreLoad(Kind its_kind) : KeyWork(its_kind) {}
  // Written by the leader before it has finished, read by others after that.
  bool lost = true;        // there was no memory for what was loaded
  bool unchanged = false;  // it is what the cache has, stale
  Lookup<StoredValue> found;
  std::uint64_t end = Entry::kNoDeadline;
};

// Reads one key.
class ReadThrough {
 public:
  enum class Next { kDone, kAgain, kLoad, kWait };

  ReadThrough(Keyspace& keyspace, std::string_view key)
      : keyspace_(keyspace), key_(key), hash_(keyspace.hash_of(key)), shard_(keyspace.shard_of(hash_)) {}

  std::string_view key() const noexcept { return key_; }
  // Of what the cache has, stale or about to be; 0: none.
  std::uint64_t version() const noexcept { return version_; }

  // Shows the key if it is resident, or known not to be there; otherwise, the load is to be done by this thread or
  // waited for.
  Result<Next> look(FunctionRef<void(const Entry*)> visit);
  // kLoad, with what the store has.
  Result<Next> finish(Lookup<StoredValue> found, FunctionRef<void(const Entry*)> visit);
  // The key is resident, and is to be loaded again. False: not now.
  bool begin_refresh();
  void finish_refresh(Lookup<StoredValue> found);
  // kLoad: nobody is to wait for it any more.
  void abandon() noexcept;
  // kWait.
  Result<Next> join(std::uint64_t give_up_us, FunctionRef<void(const Entry*)> visit);

 private:
  void take(Lookup<StoredValue> found);
  void keep(StoreLoad& load);
  bool keep_unchanged(const StoreLoad& load);
  bool show_stale(FunctionRef<void(const Entry*)> visit);
  Result<Next> show(const StoreLoad& load, bool leads, FunctionRef<void(const Entry*)> visit);
  // The entry, alive, and no negative one.
  const Entry* resident() {
    const Shard::Place place = shard_.find_any(hash_, key_);
    return place && !place.entry()->is_ghost() && !shard_.expired(*place.entry()) ? place.entry() : nullptr;
  }

  Keyspace& keyspace_;
  const std::string_view key_;
  const std::uint64_t hash_;
  Shard& shard_;
  int rounds_ = 0;
  bool stale_ = false;  // there is a value that may be served
  std::uint64_t version_ = 0;
  std::shared_ptr<KeyWork> work_;
};

Result<ReadThrough::Next> ReadThrough::look(FunctionRef<void(const Entry*)> visit) {
  Discards discards(keyspace_.environment(), shard_.memory());
  base::MutexLock lock(shard_.mutex);
  if (shard_.closed) return Keyspace::closed();
  const Shard::Place place = shard_.find(hash_, key_, discards);
  if (discards.count() != 0) return Next::kAgain;  // a listener is told first: it may ask for the same key
  // Of a loader's value, which callers of get_or_load may see, others see nothing.
  const bool is_stale = place && place.entry()->stale();
  stale_ = is_stale && keyspace_.environment().stale_ms != 0;
  version_ = stale_ ? place.entry()->version() : 0;
  if (place && !is_stale && place.entry()->type() != EntryType::kFailed) {
    visit(place.entry()->is_ghost() ? nullptr : place.entry());
    return Next::kDone;
  }
  if (const Entry* dirty = shard_.find_dirty(hash_, key_)) {
    visit(shard_.gone(*dirty) ? nullptr : dirty);
    return Next::kDone;
  }
  if (stale_ && !keyspace_.environment().reached(place.entry()->fresh_until())) {  // a load has just failed
    keyspace_.count_stale();
    visit(place.entry());
    return Next::kDone;
  }
  work_ = shard_.works.find(key_);
  if (work_ != nullptr) return Next::kWait;
  work_ = std::make_shared<StoreLoad>(rounds_++ < kRoundsMax ? KeyWork::Kind::kStoreLoad : KeyWork::Kind::kWrite);
  shard_.works.insert(key_, work_);
  return Next::kLoad;
}

void ReadThrough::take(Lookup<StoredValue> found) {
  auto& load = static_cast<StoreLoad&>(*work_);
  load.unchanged = found && version_ != 0 && found->version == version_;
  load.found = std::move(found);
  if (load.found) load.end = keyspace_.environment().end_of(*load.found);
  if (load.end == 0) {  // what has ended is not there
    load.found = Lookup<StoredValue>();
    load.unchanged = false;
  }
  if (!load.unchanged) {
    keep(load);
  } else if (!keep_unchanged(load)) {
    load.overtaken = true;  // what it was is gone: whoever asks looks again
  }
  load.lost = false;
}

Result<ReadThrough::Next> ReadThrough::finish(Lookup<StoredValue> found, FunctionRef<void(const Entry*)> visit) {
  take(std::move(found));
  Result<Next> next = show(static_cast<StoreLoad&>(*work_), true, visit);
  abandon();
  return next;
}

bool ReadThrough::begin_refresh() {
  base::MutexLock lock(shard_.mutex);
  const Entry* entry = resident();
  if (shard_.closed || entry == nullptr || shard_.works.find(key_) != nullptr) return false;
  if (shard_.find_dirty(hash_, key_) != nullptr) return false;  // the store does not have it yet
  version_ = entry->has_freshness() ? entry->version() : 0;
  work_ = std::make_shared<StoreLoad>(KeyWork::Kind::kStoreLoad);
  shard_.works.insert(key_, work_);
  return true;
}

// What failed leaves the value as it is: it is still fresh.
void ReadThrough::finish_refresh(Lookup<StoredValue> found) {
  if (found.status().ok()) {
    take(std::move(found));
  } else {
    static_cast<StoreLoad&>(*work_).found = std::move(found);
    static_cast<StoreLoad&>(*work_).lost = false;
  }
  abandon();
}

void ReadThrough::abandon() noexcept {
  {
    base::MutexLock lock(shard_.mutex);
    shard_.works.erase(key_, *work_);
  }
  keyspace_.waiting().finish(*work_);
}

// As far as there is room: those who wait get it all the same. What cannot be read has failed.
void ReadThrough::keep(StoreLoad& load) {
  const Milliseconds negative_ttl = keyspace_.environment().store->options().negative_ttl;
  if (load.found) {
    const StoredValue& found = *load.found;
    Result<bool> kept =
        keyspace_.keep(key_, load, {entry_type_of(found.type), found.bytes, load.end, 0, found.version});
    if (kept.status().code() != ErrorCode::kStoreMalformed) return;
    load.found = kept.status();
  }
  if (load.found.status().ok() && negative_ttl.count() > 0) {
    const Result<std::uint64_t> end = keyspace_.environment().deadline_in(negative_ttl);
    if (end.ok()) (void)keyspace_.keep(key_, load, {.type = EntryType::kAbsent, .end = *end});
    return;
  }
  Discards discards(keyspace_.environment(), shard_.memory());
  base::MutexLock lock(shard_.mutex);
  const Shard::Place place = shard_.find_any(hash_, key_);
  if (!place || load.overtaken || shard_.closed) return;
  Entry& entry = *place.entry();
  if (load.found.status().ok()) {  // it is not there any more
    if (entry.has_freshness()) shard_.remove(place, id_of(hash_), RemovalCause::kExpired, discards);
  } else if (entry.stale()) {
    const Milliseconds after = keyspace_.environment().store->options().staleness.retry_after;
    entry.set_fresh_until(keyspace_.environment().now() + static_cast<std::uint64_t>(after.count()));
  }
}

// False: the cache does not have it any more.
bool ReadThrough::keep_unchanged(const StoreLoad& load) {
  base::MutexLock lock(shard_.mutex);
  const Shard::Place place = shard_.find_any(hash_, key_);
  if (load.overtaken || !place || !place.entry()->has_freshness() || place.entry()->version() != version_) return false;
  shard_.renew(place, hash_);
  return true;
}

// False: there is none.
bool ReadThrough::show_stale(FunctionRef<void(const Entry*)> visit) {
  base::MutexLock lock(shard_.mutex);
  const Shard::Place place = shard_.find_any(hash_, key_);
  if (!place || !place.entry()->stale() || shard_.expired(*place.entry())) return false;
  keyspace_.count_stale();
  visit(place.entry());
  return true;
}

Result<ReadThrough::Next> ReadThrough::join(std::uint64_t give_up_us, FunctionRef<void(const Entry*)> visit) {
  if (stale_) {
    const Milliseconds soft_wait = keyspace_.environment().store->options().staleness.soft_wait;
    const std::uint64_t soft_us =
        keyspace_.environment().monotonic_us() + static_cast<std::uint64_t>(soft_wait.count()) * 1000;
    give_up_us = give_up_us == 0 ? soft_us : std::min(give_up_us, soft_us);
  }
  if (Status status = keyspace_.wait_for(*work_, give_up_us); !status.ok()) {
    if (stale_ && show_stale(visit)) return Next::kDone;
    return status.code() == ErrorCode::kTimeout && stale_ ? Next::kAgain : Result<Next>(std::move(status));
  }
  const auto* load = dynamic_cast<const StoreLoad*>(work_.get());
  if (load == nullptr) return Next::kAgain;  // a write, or a loader's load
  if (load->lost) return Keyspace::no_memory();
  return show(*load, false, visit);
}

// kAgain: it was overtaken.
Result<ReadThrough::Next> ReadThrough::show(const StoreLoad& load, bool leads, FunctionRef<void(const Entry*)> visit) {
  std::unique_ptr<DetachedEntry> detached;
  for (;;) {
    {
      base::MutexLock lock(shard_.mutex);
      const Entry* entry = resident();
      // Keeping it overtakes the load, too, but then it is resident. Who joins a work that an invalidation overtook
      // must not see what was before; who does the work began before it.
      const bool gone = load.unchanged && entry == nullptr;
      const bool current =
          entry != nullptr || (!load.overtaken && !gone) || (leads && load.kind == KeyWork::Kind::kWrite && !gone);
      const bool needs_copy = entry == nullptr && current && load.found && !load.unchanged;
      if (!needs_copy || detached) {
        if (leads) shard_.works.erase(key_, load);
        if (shard_.closed) return Keyspace::closed();
        if (!current) return Next::kAgain;
        if (entry == nullptr && !load.found.status().ok()) break;
        visit(needs_copy ? &detached->entry() : entry);
        return Next::kDone;
      }
    }
    Result<std::unique_ptr<DetachedEntry>> made = keyspace_.detach(key_, *load.found, load.end);
    if (!made.ok()) return made.status();
    detached = *std::move(made);
  }
  if (stale_ && show_stale(visit)) return Next::kDone;
  return load.found.status();
}

}  // namespace

Result<bool> Keyspace::keep(std::string_view key, const KeyWork& load, const Brought& brought) {
  if (!environment_.value_fits(brought.value.size())) return environment_.value_too_large(brought.value.size());
  if (key.size() > kKeyBytesMax) return key_too_long();
  LoadedValue value;
  if (Status status = value.make(*this, hash_of(key), environment_.account, brought.type, brought.value);
      !status.ok()) {
    return status;
  }
  bool kept = true;
  Status status = edit_resident(key, [&](const Entry*, Change& change) -> Status {
    kept = !load.overtaken;  // under the shard's lock, as all that follows
    if (!kept) return {};
    change = {.kind = Change::Kind::kReplace,
              .type = brought.type,
              .value = value.bytes(),
              .outside = value.outside() ? &value.outside() : nullptr,
              .end = Change::End::kSet,
              .ends_at = brought.end,
              .stale_until = brought.stale_until,
              .store_version = brought.version};
    return {};
  });
  if (!status.ok()) return status;
  return kept;
}

Result<std::unique_ptr<DetachedEntry>> Keyspace::detach(std::string_view key, const StoredValue& stored,
                                                        std::uint64_t end) {
  const EntryType type = entry_type_of(stored.type);
  try {
    LoadedValue value;
    if (Status status = value.make(*this, hash_of(key), *outside_, type, stored.bytes); !status.ok()) return status;
    auto entry = std::make_unique<DetachedEntry>(key, type, value.bytes(), value.outside(), end);
    value.outside() = {};  // the entry's now
    return entry;
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

void Keyspace::view_many(std::span<const std::string_view> keys, Use use, VisitOne visit) {
  const Use once = marks(use) ? Use::kMarkResident : Use::kPeek;
  std::vector<std::string_view> missing;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Status status = view(keys[i], once, [&](const Entry* entry) {
      if (entry != nullptr || !has_store() || !asks(use)) return visit(i, entry, {});
      missing.push_back(keys[i]);
      places.push_back(i);
    });
    if (!status.ok()) visit(i, nullptr, status);
  }
  if (missing.empty()) return;
  read_through(missing,
               [&](std::size_t i, const Entry* entry, const Status& status) { visit(places[i], entry, status); });
}

namespace {

// Asks the store for some of these: those of which the cache has a version, whether they have changed; the others at
// once.
void load_from(store::FencedStore& store, std::span<const ReadThrough> reads, std::span<const std::size_t> which,
               std::span<Lookup<StoredValue>> found) {
  std::vector<std::string_view> keys;
  std::vector<std::size_t> places;
  for (std::size_t n = 0; n < which.size(); ++n) {
    const ReadThrough& read = reads[which[n]];
    if (read.version() != 0) {
      found[n] = store.load_if_changed(read.key(), read.version());
    } else {
      keys.push_back(read.key());
      places.push_back(n);
    }
  }
  if (keys.size() == 1) {
    found[places[0]] = store.load(keys[0]);
  } else if (!keys.empty()) {
    std::vector<Lookup<StoredValue>> many(keys.size());
    store.load_many(keys, many);
    for (std::size_t n = 0; n < many.size(); ++n) found[places[n]] = std::move(many[n]);
  }
}

// Reads several keys. What this thread is to load it loads, and publishes, before it waits for others: two who read the
// same keys in another order would wait for each other.
class ReadMany {
 public:
  ReadMany(Keyspace& keyspace, std::span<const std::string_view> keys, Keyspace::VisitOne visit)
      : keyspace_(keyspace), store_(*keyspace.environment().store), visit_(visit) {
    for (auto* list : {&open_, &to_load_, &to_wait_}) list->reserve(keys.size());
    reads_.reserve(keys.size());
    for (const std::string_view key : keys) reads_.emplace_back(keyspace, key);
  }

  void run() {
    for (std::size_t i = 0; i < reads_.size(); ++i) open_.push_back(i);
    while (!open_.empty()) {
      const std::vector<std::size_t> round = std::exchange(open_, {});
      to_load_.clear();
      to_wait_.clear();
      try {
        for (const std::size_t i : round) sort(i, reads_[i].look(shown_as(i)));
        load();
      } catch (...) {  // no memory: nobody is to wait for what does not come
        for (const std::size_t i : to_load_) reads_[i].abandon();
        throw;
      }
      pause_.reset();
      if (!to_wait_.empty() && give_up_us_ == 0) give_up_us_ = keyspace_.give_up_us(store_.options().wait_max);
      for (const std::size_t i : to_wait_) sort(i, reads_[i].join(give_up_us_, shown_as(i)));
    }
  }

 private:
  using Next = ReadThrough::Next;

  void sort(std::size_t i, const Result<Next>& next) {
    if (!next.ok()) return visit_(i, nullptr, next.status());
    switch (*next) {
      case Next::kDone: break;
      case Next::kAgain: open_.push_back(i); break;
      case Next::kLoad: to_load_.push_back(i); break;
      case Next::kWait: to_wait_.push_back(i); break;
    }
  }

  // No listener runs until all of it is published: it may ask for these keys.
  void load() {
    if (to_load_.empty()) return;
    pause_.emplace(keyspace_.environment());
    std::vector<Lookup<StoredValue>> found(to_load_.size());
    load_from(store_, reads_, to_load_, found);
    while (!to_load_.empty()) {
      const std::size_t i = to_load_.back();
      Result<Next> next = reads_[i].finish(std::move(found[to_load_.size() - 1]), shown_as(i));
      to_load_.pop_back();
      sort(i, next);
    }
  }

  std::function<void(const Entry*)> shown_as(std::size_t i) {
    return [this, i](const Entry* entry) { visit_(i, entry, {}); };
  }

  Keyspace& keyspace_;
  store::FencedStore& store_;
  std::uint64_t give_up_us_ = 0;
  const Keyspace::VisitOne visit_;
  std::vector<ReadThrough> reads_;
  std::vector<std::size_t> open_, to_load_, to_wait_;
  std::optional<ListenerPause> pause_;
};

}  // namespace

void Keyspace::read_through(std::span<const std::string_view> keys, VisitOne visit) {
  ReadMany(*this, keys, visit).run();
}

// --- Ahead of time ---------------------------------------------------------------------------------------------------------------

namespace {

// Beyond so many, and where there is no memory, keys are loaded when their time has come.
constexpr std::size_t kToRefreshMax = 4'096;

}  // namespace

Keyspace::NotResident Keyspace::find_dirty(Shard& shard, std::uint64_t hash, std::string_view key, Use use) {
  if (parent_ != nullptr) return {nullptr, true};
  const Entry* dirty = shard.find_dirty(hash, key);
  const bool ask = dirty == nullptr && asks(use);
  if (dirty != nullptr && shard.gone(*dirty)) dirty = nullptr;
  if (marks(use)) dirty != nullptr ? shard.hit_dirty(hash, *dirty) : shard.miss(hash, key);
  return {dirty, ask};
}

Status Keyspace::view_afterwards(unsigned afterwards, std::uint64_t hash, std::string_view key,
                                 FunctionRef<void(const Entry*)> visit) {
  if ((afterwards & kReap) != 0) reap(hash, key);
  if ((afterwards & kRefresh) != 0) refresh_later(key);
  Status status;
  if ((afterwards & kAsk) == 0) return status;
  if (parent_ != nullptr) {
    if (!is_declared(key)) return undeclared();
    visit(nullptr);
    return status;
  }
  read_through({&key, 1}, [&](std::size_t, const Entry* entry, const Status& outcome) {
    status = outcome;
    if (status.ok()) visit(entry);
  });
  return status;
}

void Keyspace::refresh_later(std::string_view key) noexcept {
  base::LeafLock lock(refresh_mutex_);
  try {
    if (to_refresh_.size() < kToRefreshMax) to_refresh_.emplace_back(key);
  } catch (const std::bad_alloc&) {  // the same
  }
}

std::size_t Keyspace::refresh_some(std::size_t most) {
  std::vector<std::string> keys;
  {
    base::LeafLock lock(refresh_mutex_);
    const std::size_t from = to_refresh_.size() - std::min(most, to_refresh_.size());
    keys.reserve(to_refresh_.size() - from);
    for (std::size_t i = from; i < to_refresh_.size(); ++i) keys.push_back(std::move(to_refresh_[i]));
    to_refresh_.resize(from);
  }
  const ListenerPause pause(environment_);
  std::vector<ReadThrough> reads;
  reads.reserve(keys.size());
  std::vector<std::size_t> begun;
  begun.reserve(keys.size());
  std::size_t ended = 0;
  try {
    for (const std::string& key : keys) {
      reads.emplace_back(*this, key);
      if (reads.back().begin_refresh()) begun.push_back(reads.size() - 1);
    }
    std::vector<Lookup<StoredValue>> found(begun.size());
    load_from(*environment_.store, reads, begun, found);
    for (; ended < begun.size(); ++ended) reads[begun[ended]].finish_refresh(std::move(found[ended]));
  } catch (...) {  // no memory: nobody is to wait for what does not come
    for (; ended < begun.size(); ++ended) reads[begun[ended]].abandon();
    throw;
  }
  refreshes_.fetch_add(begun.size(), std::memory_order_relaxed);
  return keys.size();
}

}  // namespace larder::keyspace
