// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/multi_key.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"
#include "keyspace/stored_value.h"

namespace larder::keyspace {

// The one place where several shards are locked (docs/concurrency.md): in ascending order, each once.
ShardLocks::ShardLocks(Keyspace& keyspace, std::span<const KeyRef> keys) NO_THREAD_SAFETY_ANALYSIS {
  std::pmr::vector<std::uint32_t> numbers(room_.get());
  numbers.reserve(keys.size());
  for (const KeyRef& key : keys) numbers.push_back(key.shard);
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  held_.reserve(numbers.size());
  for (const std::uint32_t number : numbers) {
    Shard& shard = keyspace.shard(number);
    void* place = room_.get()->allocate(sizeof(Discards), alignof(Discards));
    held_.push_back({number, &shard, new (place) Discards(keyspace.environment(), shard.memory())});
  }
  for (Held& held : held_) held.shard->mutex.lock();
}

ShardLocks::~ShardLocks() NO_THREAD_SAFETY_ANALYSIS {
  for (auto held = held_.rbegin(); held != held_.rend(); ++held) held->shard->mutex.unlock();
  for (const Held& held : held_) held.discards->~Discards();
}

Discards& ShardLocks::discards(std::uint32_t shard) {
  const auto held = std::lower_bound(held_.begin(), held_.end(), shard,
                                     [](const Held& one, std::uint32_t number) { return one.number < number; });
  return *held->discards;
}

MultiKey::MultiKey(Keyspace& keyspace, std::span<const std::string_view> keys)
    : keyspace_(keyspace),
      checks_versions_(keyspace.has_store() && keyspace.environment().store->options().check_versions) {
  keys_.reserve(keys.size());
  seen_.resize(keys.size());
  staged_.reserve(keys.size());
  dropped_.reserve(keys.size());
  needs_.reserve(keys.size());
  for (const std::string_view key : keys) {
    const std::uint64_t hash = keyspace.hash_of(key);
    keys_.push_back({key, hash, keyspace.shard_number(hash)});
  }
}

MultiKey::~MultiKey() {
  for (std::size_t n = 0; n < drafts_.size(); ++n) {  // something was thrown
    base::MutexLock lock(shard(staged_[n].key).mutex);
    shard(staged_[n].key).dirty->discard(drafts_[n]);
  }
  for (const Staged& one : staged_) {  // something was thrown
    Shard& its_shard = shard(one.key);
    Discards discards(keyspace_.environment(), its_shard.memory());
    base::MutexLock lock(its_shard.mutex);
    if (store_is_asked_) drop(one.key, discards);
    if (one.entry != nullptr) its_shard.free_entry(one.entry);
  }
  if (!latched_.empty()) unlatch();
  if (!claims_.empty()) release();
}

Status MultiKey::run(FunctionRef<bool(MultiKey&)> step) {
  if (keys_.size() > kKeysAtOnceMax) return {ErrorCode::kTooManyKeys, "an atomic command may name at most 1,024 keys"};
  for (const KeyRef& key : keys_) {
    if (key.key.size() > kKeyBytesMax) return Keyspace::key_too_long();
    if (!keyspace_.is_declared(key.key)) return Keyspace::undeclared();
  }
  for (Next next = Next::kAgain; next != Next::kDone;) {
    next = attempt(step);
    if (next != Next::kDone) next = see_to(next);
  }
  for (const Outside outside : dropped_) outside.release();
  if (!latched_.empty()) unlatch();
  if (!claims_.empty()) release();
  pause_.reset();
  return std::move(status_);
}

// One hold of all locks.
MultiKey::Next MultiKey::attempt(FunctionRef<bool(MultiKey&)> step) {
  waiting_ = no_room_ = false;
  work_ = nullptr;
  needs_.clear();
  ShardLocks locks(keyspace_, keys_);
  locks_ = &locks;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (!shard(i).closed) continue;
    status_ = Keyspace::closed();
    return Next::kDone;
  }
  if (claims_all_ && claims_.empty() && !claim_all()) return Next::kOther;
  ++attempts_;
  const bool is_done = step(*this) || !status_.ok();
  if (!is_done || !status_.ok() || staged_.empty()) {
    unstage();
    if (is_done) return Next::kDone;
    if (work_) return Next::kCompute;
    if (waiting_) return waits_for_;
    return no_room_ ? Next::kReclaim : Next::kAgain;
  }
  if (!keyspace_.has_store()) {
    commit();
    return Next::kDone;
  }
  if (keyspace_.write_back() != nullptr && !through_) {
    const Next next = buffer();
    next == Next::kDone ? commit() : unstage();
    return next;
  }
  // All keys: what is written may depend on those that are only read.
  for (std::size_t i = 0; i < keys_.size(); ++i) claim(i);
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (shard(i).find_dirty(keys_[i].hash, keys_[i].key) == nullptr) continue;
    unstage();
    return Next::kDrain;
  }
  return Next::kWrite;
}

// With no lock held.
MultiKey::Next MultiKey::see_to(Next next) {
  switch (next) {
    case Next::kDone:
    case Next::kAgain: return next;
    case Next::kLatch: status_ = keyspace_.wait_for_latch(keyspace_.shard(wait_shard_), wait_epoch_); break;
    case Next::kOther: status_ = keyspace_.wait_for(*other_, give_up_us()); break;
    case Next::kLoad:
      if (!claims_.empty()) status_ = load();
      claims_all_ = true;
      break;
    case Next::kReclaim:
      if (!keyspace_.reclaim(lacking_.shard, lacking_.bytes, lacking_.entries, &idle_)) {
        status_ = keyspace_.out_of_memory();
      }
      break;
    case Next::kCompute: status_ = work_(); break;
    case Next::kFull: status_ = see_to_full(); break;
    case Next::kDrain:
      let_go();
      for (const KeyRef& key : keys_) {
        if (status_.ok()) status_ = keyspace_.write_back()->drain(key.hash, key.key, give_up_us());
      }
      break;
    case Next::kWrite: write(); return Next::kDone;
  }
  return status_.ok() ? Next::kAgain : Next::kDone;
}

// Of all that this call waits for.
std::uint64_t MultiKey::give_up_us() {
  if (give_up_us_ == 0) give_up_us_ = keyspace_.give_up_us(keyspace_.environment().store->options().wait_max);
  return give_up_us_;
}

// Of the keys, before it waits for writes: who writes to the store may need them.
void MultiKey::let_go() noexcept {
  was_let_go_ = true;
  if (!claims_.empty()) release();
  loaded_.clear();
}

Status MultiKey::see_to_full() {
  WriteBack& back = *keyspace_.write_back();
  using WhenFull = WriteBackOptions::WhenFull;
  back.count_full();
  switch (back.options().when_full) {
    case WhenFull::kThrough: through_ = true; return {};
    case WhenFull::kRefuse: return WriteBack::full();
    case WhenFull::kBlock: break;
  }
  let_go();
  return back.wait_for_room(full_bytes_, static_cast<std::int64_t>(full_items_), give_up_us());
}

// --- For the step -------------------------------------------------------------------------------------------------------------

const Entry* MultiKey::find(std::size_t i, Want want) {
  Shard& its_shard = shard(i);
  const KeyRef& ref = keys_[i];
  const bool stored = keyspace_.has_store();
  if (checks_versions_ && want == Want::kOverwrite) want = Want::kChange;
  // For the first that is in the way; but of what must be loaded all is loaded at once.
  const auto wait = [&](Next next) {
    if (!waiting_) waits_for_ = next;
    waiting_ = true;
    return nullptr;
  };
  const bool changes = want == Want::kChange || want == Want::kOverwrite;
  seen_[i] = {};
  if (stored && changes && keyspace_.environment().store->options().writes == StoreOptions::Writes::kRefuse) {
    status_ = {ErrorCode::kReadOnly, "the store behind this cache is only read: write it yourself, and invalidate"};
    return wait(Next::kAgain);
  }
  if (stored && want != Want::kRead && claims_.empty() && !waiting_) {
    std::shared_ptr<KeyWork> other = its_shard.works.find(ref.key);
    if (other != nullptr && other->kind == KeyWork::Kind::kWrite) {
      other_ = std::move(other);
      return wait(Next::kOther);
    }
  }
  Shard::Place place = its_shard.find_any(ref.hash, ref.key);
  if (place && changes && place.entry()->latched() && latched_.empty()) {
    if (waiting_) return nullptr;
    wait_shard_ = ref.shard;
    wait_epoch_ = its_shard.latch_epoch();
    return wait(Next::kLatch);
  }
  if (place && its_shard.expired(*place.entry())) place = its_shard.find(ref.hash, ref.key, discards(i));
  const bool resident = place && !place.entry()->is_ghost();
  seen_[i] = {.place = static_cast<bool>(place)};
  if (resident) {
    seen_[i].unkept = place.entry()->is_collection() && is_foreign(*place.entry());
    if (checks_versions_) seen_[i].version = place.entry()->version();
    if (!changes) its_shard.mark_use(place, ref.hash);  // a change is a use itself
    return place.entry();
  }
  const bool known_absent = place && place.entry()->type() == EntryType::kAbsent;
  if (!stored || want == Want::kOverwrite || known_absent) return nullptr;
  if (const Entry* dirty = its_shard.find_dirty(ref.hash, ref.key)) {
    return its_shard.gone(*dirty) ? nullptr : dirty;
  }
  if (loaded_.empty()) loaded_.resize(keys_.size());
  Loaded& loaded = loaded_[i];
  if (!claims_.empty() && loaded.known) {
    seen_[i].version = loaded.version;
    seen_[i].unkept = loaded.entry != nullptr;
    return seen_[i].unkept ? &loaded.entry->entry() : nullptr;
  }
  loaded.wanted = true;
  return wait(Next::kLoad);
}

const Entry* MultiKey::find_as(EntryType type, std::size_t i, Want want) {
  const Entry* entry = find(i, want);
  if (entry == nullptr || entry->type() == type) return entry;
  refuse(Keyspace::wrong_type());
  return nullptr;
}

void MultiKey::need(std::size_t i, EntryType type, std::size_t value_bytes, bool with_end, bool moves) {
  Shard& its_shard = shard(i);
  const bool external = value_bytes > kInlineBytesMax;
  const EntryShape shape = its_shard.shape_for(type, external, with_end);
  const std::int64_t bytes = its_shard.footprint_for(shape, keys_[i].key.size(), external ? 0 : value_bytes).charge;
  const bool insert = !seen_[i].place;
  const bool one_more = insert && !moves;
  for (Need& one : needs_) {
    if (one.shard != keys_[i].shard) continue;
    one.bytes += bytes + keyspace_.environment().slack.another_key;
    one.entries += one_more;
    one.inserts += insert;
    return;
  }
  needs_.push_back({keys_[i].shard, bytes, one_more, insert});
}

void MultiKey::need_pages(std::size_t i, std::int64_t bytes) {
  for (Need& one : needs_) {
    if (one.shard == keys_[i].shard) one.bytes += bytes;
  }
}

bool MultiKey::has_room() {
  // What one shard lacks is not to be taken from another that needs it: all of them together, then.
  lacking_ = {};
  for (const Need& one : needs_) {
    lacking_.bytes += one.bytes + (&one == needs_.data() ? 0 : keyspace_.environment().slack.write);
    lacking_.entries += one.entries;
  }
  no_room_ = !keyspace_.environment().may_make_room_for(lacking_.bytes, lacking_.entries);
  if (no_room_) return false;
  for (const Need& one : needs_) {
    Shard& its_shard = keyspace_.shard(one.shard);
    lacking_.shard = one.shard;
    if (its_shard.has_room(one.bytes, one.entries, was_short_)) {
      if (one.inserts == 0 || its_shard.reserve(one.inserts, one.bytes)) continue;
      no_room_ = was_short_ = true;
      return false;
    }
    const Room room = its_shard.make_room(one.bytes, one.entries, locks_->discards(one.shard));
    no_room_ = room == Room::kNone;
    was_short_ |= no_room_;
    return false;
  }
  return true;
}

bool MultiKey::compute(std::function<Status()> work) {
  work_ = std::move(work);
  return false;
}

// --- Latches ------------------------------------------------------------------------------------------------------------------

bool MultiKey::latch() {
  if (!latched_.empty()) return true;
  if (keyspace_.has_store()) {  // whoever has claimed them all has them to himself
    claims_all_ = true;
    return !claims_.empty();
  }
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (!seen_[i].place) need(i, EntryType::kAbsent, 0, false);
  }
  if (!has_room()) return false;
  latched_.resize(keys_.size(), Latched::kNot);
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (!latch_one(i)) return refuse(keyspace_.out_of_memory());
  }
  pause_.emplace(keyspace_.environment());
  return true;
}

bool MultiKey::latch_one(std::size_t i) {
  Shard& its_shard = shard(i);
  const KeyRef& ref = keys_[i];
  Shard::Place place = its_shard.find_any(ref.hash, ref.key);
  latched_[i] = place ? Latched::kEntry : Latched::kPlaceholder;
  if (!place) {
    const EntryShape shape = its_shard.shape_for(EntryType::kAbsent, false, false);
    const Footprint footprint = its_shard.footprint_for(shape, ref.key.size(), 0);
    Entry* entry = its_shard.new_entry(shape, footprint, ref.key, 0);
    if (entry == nullptr) {  // the allocator has none, though the limit allowed it
      latched_[i] = Latched::kNot;
      return false;
    }
    its_shard.add(ref.hash, entry, footprint, Entry::kNoDeadline);
    place = its_shard.find_any(ref.hash, ref.key);
  }
  its_shard.latch(place);
  return true;
}

void MultiKey::unlatch() noexcept {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (latched_[i] == Latched::kNot) continue;
    Shard& its_shard = shard(i);
    const KeyRef& ref = keys_[i];
    Discards discards(keyspace_.environment(), its_shard.memory());
    base::MutexLock lock(its_shard.mutex);
    const Shard::Place place = its_shard.find_any(ref.hash, ref.key);
    const bool is_unused = place && latched_[i] == Latched::kPlaceholder && place.entry()->is_ghost();
    if (is_unused) {
      its_shard.remove(place, id_of(ref.hash), RemovalCause::kDeleted, discards);
    } else if (place) {
      place.entry()->set_latched(false);
    }
    its_shard.release_latches();
  }
  latched_.clear();
}

bool MultiKey::stage(std::size_t i, const Value& value, std::uint64_t end, bool whole) {
  Shard& its_shard = shard(i);
  const bool external = static_cast<bool>(value.outside);
  if (external && is_for_store_alone(i, value)) {
    staged_.push_back({i, Mutation::Kind::kPut, nullptr, {}, end, value, true, true});
    return true;
  }
  const EntryShape shape = its_shard.shape_for(value.type, external, end != Entry::kNoDeadline);
  const std::size_t value_bytes = external ? 0 : value.bytes.size();
  const Footprint footprint = its_shard.footprint_for(shape, keys_[i].key.size(), value_bytes);
  Entry* entry = its_shard.new_entry(shape, footprint, keys_[i].key, value_bytes);
  if (entry == nullptr) {  // the allocator has none, though the limit allowed it
    status_ = keyspace_.out_of_memory();
    return false;
  }
  if (external) {
    entry->set_outside(value.outside);
  } else if (!value.bytes.empty()) {
    std::memcpy(entry->inline_bytes(), value.bytes.data(), value.bytes.size());
  }
  const std::string_view bytes = external ? std::string_view() : entry->inline_value();
  staged_.push_back({i, Mutation::Kind::kPut, entry, footprint, end, {value.type, bytes, value.outside}, whole, false});
  return true;
}

void MultiKey::stage_unkept(std::size_t i, const Value& value, std::uint64_t end) {
  staged_.push_back({i, Mutation::Kind::kPut, nullptr, {}, end, value, true, false});
}

void MultiKey::stage_removal(std::size_t i) {
  staged_.push_back({i, Mutation::Kind::kErase, nullptr, {}, Entry::kNoDeadline, {}, true, false});
}

void MultiKey::unstage() noexcept {
  for (const Staged& one : staged_) {
    if (one.entry != nullptr) shard(one.key).free_entry(one.entry);
  }
  staged_.clear();
}

// --- Commit -------------------------------------------------------------------------------------------------------------------

// Places are found anew for each: storing one moves others.
void MultiKey::commit(std::span<const WriteResult> results) {
  for (std::size_t n = 0; n < staged_.size(); ++n) {
    Staged& one = staged_[n];
    commit_one(one);
    one.entry = nullptr;
    if (!results.empty()) shard(one.key).note_version(keys_[one.key].hash, keys_[one.key].key, results[n].version);
  }
  staged_.clear();
  committed_ = true;
  version_ = shard(0).version(id_of(keys_[0].hash));
  for (std::size_t i = 0; i < keys_.size(); ++i) shard(i).housekeep(discards(i));
}

void MultiKey::commit_one(const Staged& one) {
  Shard& its_shard = shard(one.key);
  const KeyRef& ref = keys_[one.key];
  const Shard::Place place = its_shard.find_any(ref.hash, ref.key);
  if (one.kind == Mutation::Kind::kErase) {
    if (place) return its_shard.remove(place, id_of(ref.hash), RemovalCause::kDeleted, discards(one.key));
    // Removing what is not there is a write, too; and with a store it may be there.
    keyspace_.has_store() ? its_shard.changed(id_of(ref.hash), ref.key) : its_shard.works.overtake_load(ref.key);
    return;
  }
  const bool overtaken = !claims_.empty() && claims_[one.key]->overtaken;
  bool keeps = one.entry != nullptr && !its_shard.closed && !overtaken;
  // With a store, the locks were released since room was made.
  if (keeps && !place && keyspace_.has_store()) keeps = its_shard.has_room(0, 1) && its_shard.reserve(1, 0);
  if (!keeps) {
    drop(one.key, discards(one.key));
    if ((one.entry != nullptr || one.hands_over) && one.value.outside) dropped_.push_back(one.value.outside);
    if (one.entry != nullptr) its_shard.free_entry(one.entry);
  } else if (place) {
    const bool told = one.whole || place.entry()->is_ghost();
    its_shard.replace(place, ref.hash, one.entry, one.end, told ? Shard::Old::kTold : Shard::Old::kFreed,
                      discards(one.key));
  } else {
    its_shard.add(ref.hash, one.entry, one.footprint, one.end);
  }
}

// --- Write-back ---------------------------------------------------------------------------------------------------------

// Records what is staged as not yet in the store, under the same hold as the commit. kDone, or with nothing changed:
// what is to be seen to before the step runs again.
MultiKey::Next MultiKey::buffer() {
  for (const Staged& one : staged_) {
    if (one.kind != Mutation::Kind::kPut || one.entry != nullptr) continue;
    through_ = true;  // it cannot be kept, so it cannot be buffered
    return Next::kAgain;
  }
  needs_.clear();
  for (const Staged& one : staged_) {
    const std::int64_t bytes = shard(one.key).dirty->charge_for(keys_[one.key].key.size(), one.entry);
    needs_.push_back({keys_[one.key].shard, bytes, 0, 0});
  }
  if (!has_room()) return no_room_ ? Next::kReclaim : Next::kAgain;
  std::shared_ptr<DirtyGroup> group;
  if (staged_.size() > 1) {
    group = std::make_shared<DirtyGroup>();
    group->members.reserve(staged_.size());
  }
  drafts_.reserve(staged_.size());
  const Next next = draft();
  if (next == Next::kDone) {
    record(group);
  } else {
    for (std::size_t n = 0; n < drafts_.size(); ++n) shard(staged_[n].key).dirty->discard(drafts_[n]);
  }
  drafts_.clear();
  return next;
}

MultiKey::Next MultiKey::draft() {
  full_bytes_ = 0;
  for (const Staged& one : staged_) {
    bool full = false;
    drafts_.push_back(shard(one.key).dirty->draft(keys_[one.key].hash, keys_[one.key].key, one.entry, one.end,
                                                  staged_.size() > 1, &full));
    if (drafts_.back().item != nullptr) {
      full_bytes_ += std::max<std::int64_t>(drafts_.back().leased, 0);
      continue;
    }
    const std::int64_t leased = drafts_.back().leased;
    drafts_.pop_back();
    if (!full) {  // the allocator has none, though the limit allowed it
      status_ = keyspace_.out_of_memory();
      return Next::kAgain;
    }
    full_bytes_ += leased;
    full_items_ = staged_.size();
    if (keyspace_.write_back()->ever_fits(full_bytes_, static_cast<std::int64_t>(full_items_))) return Next::kFull;
    through_ = true;
    return Next::kAgain;
  }
  return Next::kDone;
}

void MultiKey::record(const std::shared_ptr<DirtyGroup>& group) {
  WriteBack& back = *keyspace_.write_back();
  store::FencedStore& store = *keyspace_.environment().store;
  const std::uint64_t now_ms = keyspace_.environment().now();
  if (group != nullptr) {
    group->number = store.next_sequence();
    group->waiting = staged_.size();
    for (const DirtyTable::Draft& draft : drafts_) group->members.push_back(draft.item);
  }
  for (std::size_t n = 0; n < staged_.size(); ++n) {
    if (drafts_[n].merges) back.count_merged();
    shard(staged_[n].key)
        .dirty->record(drafts_[n],
                       {store.next_sequence(), now_ms, back.done(), expected_version(staged_[n].key), group},
                       discards(staged_[n].key));
  }
}

// --- With a store -------------------------------------------------------------------------------------------------------------

// REQUIRES: nobody else writes the key.
void MultiKey::claim(std::size_t i) {
  if (claims_.empty()) claims_.resize(keys_.size());
  if (claims_[i] != nullptr) return;
  if (!pause_) pause_.emplace(keyspace_.environment());
  WorkTable& works = shard(i).works;
  works.overtake_load(keys_[i].key);
  claims_[i] = works.find(keys_[i].key);  // by us, as the key was named before
  if (claims_[i] != nullptr) return;
  claims_[i] = std::make_shared<KeyWork>(KeyWork::Kind::kWrite);
  works.insert(keys_[i].key, claims_[i]);
}

// All or none. Joins loads of the store, and overtakes those of loaders, which may write the key themselves.
bool MultiKey::claim_all() {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    other_ = shard(i).works.find(keys_[i].key);
    if (other_ != nullptr && other_->kind != KeyWork::Kind::kLoad) return false;
  }
  for (std::size_t i = 0; i < keys_.size(); ++i) claim(i);
  for (Loaded& loaded : loaded_) loaded.wanted = false;  // somebody may have loaded it meanwhile
  return true;
}

// EXCLUDES all locks.
void MultiKey::release() noexcept {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (claims_[i] == nullptr) continue;
    {
      base::MutexLock lock(shard(i).mutex);
      shard(i).works.erase(keys_[i].key, *claims_[i]);
    }
    keyspace_.waiting().finish(*claims_[i]);
  }
  claims_.clear();
}

// What the step wants and is not resident.
Status MultiKey::load() {
  std::vector<std::size_t> wanted;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (!loaded_[i].wanted) continue;
    wanted.push_back(i);
    names.push_back(keys_[i].key);
  }
  std::vector<Lookup<StoredValue>> found(names.size());
  store::FencedStore& store = *keyspace_.environment().store;
  if (names.size() == 1) {
    found[0] = store.load(names[0]);
  } else {
    store.load_many(names, found);
  }
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    if (Status status = take_loaded(wanted[n], found[n]); !status.ok()) return status;
  }
  return {};
}

// Keeps it in the cache the first time. What is not kept, or was evicted meanwhile, is there for the step alone.
Status MultiKey::take_loaded(std::size_t i, const Lookup<StoredValue>& found) {
  Loaded& loaded = loaded_[i];
  loaded.wanted = false;
  if (!found.status().ok()) return found.status();
  const std::uint64_t end = found ? keyspace_.environment().end_of(*found) : 0;
  loaded.known = true;
  if (!found || end == 0) return {};
  if (!loaded.kept) {
    const Result<bool> kept =
        keyspace_.keep(keys_[i].key, *claims_[i], {entry_type_of(found->type), found->bytes, end, 0, found->version});
    if (kept.status().code() == ErrorCode::kStoreMalformed) return kept.status();
    loaded.kept = kept.ok() && *kept;
    loaded.known = !loaded.kept;
    if (loaded.kept) return {};
  }
  loaded.version = found->version;
  Result<std::unique_ptr<DetachedEntry>> detached = keyspace_.detach(keys_[i].key, *found, end);
  if (!detached.ok()) return detached.status();
  loaded.entry = *std::move(detached);
  return {};
}

void MultiKey::write() {
  using Outcome = WriteResult::Outcome;
  keyspace::Environment& environment = keyspace_.environment();
  store::FencedStore& store = *environment.store;
  std::vector<Mutation> batch;
  std::vector<std::string> forms(staged_.size());
  const std::uint64_t group = staged_.size() > 1 ? store.next_sequence() : 0;
  for (const Staged& one : staged_) {
    std::optional<UnixTime> expires_at;
    if (one.end != Entry::kNoDeadline) expires_at = UnixTime(Milliseconds(environment.unix_of(one.end)));
    const std::string_view bytes =
        stored_bytes(one.value.type, one.value.bytes, one.value.outside, &forms[batch.size()]);
    batch.push_back({one.kind, type_of(one.value.type), keys_[one.key].key, bytes, expires_at, store.next_sequence(),
                     group, expected_version(one.key)});
  }
  std::vector<WriteResult> results(batch.size());
  store_is_asked_ = true;
  store.write(batch, results);
  const auto is = [](Outcome outcome) { return [outcome](const WriteResult& one) { return one.outcome == outcome; }; };
  const auto done = static_cast<std::size_t>(std::count_if(results.begin(), results.end(), is(Outcome::kDone)));
  // After a conflict, too: the cache does not have what the store has.
  const bool drops = done != 0 || std::any_of(results.begin(), results.end(), [](const WriteResult& one) {
                       return one.error.code() == ErrorCode::kOutcomeUnknown || one.outcome == Outcome::kUnknown ||
                              one.error.code() == ErrorCode::kConflict;
                     });
  {
    ShardLocks locks(keyspace_, keys_);
    locks_ = &locks;
    if (done == results.size()) {
      commit(results);
    } else if (drops) {
      for (const Staged& one : staged_) drop(one.key, discards(one.key));
    }
    unstage();
    store_is_asked_ = false;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (claims_[i] != nullptr) shard(i).works.erase(keys_[i].key, *claims_[i]);
    }
  }
  if (done == results.size()) return;
  // Of a group, one may be refused for the conflict of another.
  auto worst = std::find_if(results.begin(), results.end(),
                            [](const WriteResult& one) { return one.error.code() == ErrorCode::kConflict; });
  if (worst == results.end()) worst = std::find_if_not(results.begin(), results.end(), is(Outcome::kDone));
  const WriteResult& failed = *worst;
  status_ = failed.error;
  if (done != 0) {
    status_ = {ErrorCode::kOutcomeUnknown, "the store wrote " + std::to_string(done) + " of " +
                                               std::to_string(results.size()) +
                                               " keys, and not the others: " + std::string(failed.error.message())};
  }
}

}  // namespace larder::keyspace
