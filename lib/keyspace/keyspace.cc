// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/keyspace.h"

#include <algorithm>
#include <bit>
#include <new>
#include <optional>
#include <thread>
#include <utility>

#include "keyspace/own_latches.h"

namespace larder::keyspace {
namespace {

constexpr std::uint32_t kEntriesAHold = 64;
constexpr std::uint32_t kBucketsAHold = 8;
constexpr int kIdleRoundsMax = 64;

// So many that threads on all cores seldom meet, and so few that what a write touches in each stays in the second-level
// cache (docs/decisions/0007-number-of-shards.md).
constexpr std::uint64_t kShardsACore = 16;

std::int64_t bytes_limit(const Options& options) {
  return options.max_memory == 0 ? memory::Limit::kUnbounded : static_cast<std::int64_t>(options.max_memory);
}

// Small enough that leases not spent stay below a sixteenth of the whole.
std::int64_t slice_of(std::int64_t limit, std::uint32_t shards, std::int64_t least, std::int64_t most) {
  return std::clamp<std::int64_t>(limit / (std::int64_t{shards} * 32), least, most);
}

}  // namespace

std::uint32_t Keyspace::choose_shards(const Options& options) {
  if (options.shards != 0) return options.shards;
  std::uint64_t most =
      std::clamp<std::uint64_t>(std::bit_ceil(kShardsACore * std::thread::hardware_concurrency()), 32, 256);
  if (options.max_memory != 0) most = std::min(most, options.max_memory >> 18);     // a shard for 256 KiB
  if (options.max_entries != 0) most = std::min(most, options.max_entries / 4096);  // or for 4,096 entries
  return static_cast<std::uint32_t>(std::bit_floor(std::max<std::uint64_t>(most, 1)));
}

Keyspace::Keyspace(const Options& options)
    : account_(new memory::Account(options.allocator == nullptr ? Allocator::standard() : *options.allocator,
                                   bytes_limit(options))),
      outside_(options.store.backing ? new memory::Account(account_->allocator(), memory::Limit::kUnbounded) : nullptr),
      environment_(options, *account_),
      special_(environment_.store != nullptr),
      shard_count_(choose_shards(options)),
      eviction_(options.eviction.for_one_cache(environment_.shared_bytes(options.eviction))),
      policy_seeds_(environment_.seed ^ 0x3c6ef372fe94f82bULL) {
  const std::size_t bytes = shard_count_ * sizeof(Shard);
  fixed_bytes_ = static_cast<std::int64_t>(account_->allocator().charge(bytes, 64) + sizeof(Keyspace) +
                                           shard_count_ * EvictionPolicy::kBytes);
  if (environment_.advisor != nullptr) fixed_bytes_ += static_cast<std::int64_t>(environment_.advisor->bytes_max());
  fixed_bytes_ += static_cast<std::int64_t>(advice::HotKeys::bytes_for(options.hot_keys));
  const std::int64_t shared = shared_bytes(environment_.shared_bytes(options.eviction));
  if (account_->bytes().lease(fixed_bytes_ + shared)) {
    memory::FixedLease(account_->bytes(), shared).swap(shared_);
    shards_ = static_cast<Shard*>(account_->allocator().allocate(bytes, 64));
  }
  std::uint32_t made = 0;
  try {
    if (shards_ == nullptr) throw std::bad_alloc();
    base::Random random(environment_.seed);
    for (; made < shard_count_; ++made) {
      new (&shards_[made]) Shard(environment_, slice_of(account_->bytes().max(), shard_count_, 512, 64 << 10),
                                 slice_of(environment_.entries.max(), shard_count_, 1, 256), random.next(), eviction_);
    }
    if (has_store() && options.store.writes == StoreOptions::Writes::kBack) {
      write_back_ = std::make_unique<WriteBack>(*this, options.store.write_back, options.max_memory);
    }
  } catch (...) {  // a policy's factory may throw, too
    while (made != 0) shards_[--made].~Shard();
    if (shards_ != nullptr) account_->allocator().deallocate(shards_, bytes, 64);
    throw;
  }
}

Keyspace::Keyspace(Keyspace& parent, std::span<const std::string_view> declared)
    : account_((parent.account_->acquire(), parent.account_.get())),
      environment_(parent.environment_),
      parent_(&parent),
      declared_(declared),
      special_(true),
      shard_count_(1),
      eviction_(Eviction::none()),
      policy_seeds_(environment_.seed) {
  const auto charge = static_cast<std::int64_t>(account_->allocator().charge(sizeof(Shard), 64));
  if (!parent.lease(charge)) throw std::bad_alloc();
  fixed_bytes_ = charge;
  shards_ = static_cast<Shard*>(account_->allocator().allocate(sizeof(Shard), 64));
  if (shards_ == nullptr) {
    account_->bytes().give_back(charge);
    throw std::bad_alloc();
  }
  new (shards_) Shard(environment_, 512, 1, environment_.seed, eviction_);  // throws nothing: there is no policy
}

Keyspace::~Keyspace() {
  environment_.quiet.store(true, std::memory_order_relaxed);
  close();
  for (std::uint32_t i = 0; i < shard_count_; ++i) shards_[i].~Shard();
  account_->allocator().deallocate(shards_, shard_count_ * sizeof(Shard), 64);
  if (parent_ != nullptr) account_->bytes().give_back(fixed_bytes_);
}

bool Keyspace::is_declared(std::string_view key) const noexcept {
  return parent_ == nullptr || std::binary_search(declared_.begin(), declared_.end(), key);
}

Status Keyspace::edit_special(std::string_view key, Decide decide, Before before) {
  if (parent_ == nullptr) return edit_stored(key, decide, before);
  return is_declared(key) ? edit_resident(key, decide) : undeclared();
}

// --- Errors -----------------------------------------------------------------------------------------------------------------

Status Keyspace::key_too_long() { return {ErrorCode::kKeyTooLong, "a key may have at most 65,535 bytes"}; }
Status Keyspace::check_sizes(std::span<const std::string_view> keys) {
  const bool fit =
      std::all_of(keys.begin(), keys.end(), [](std::string_view key) { return key.size() <= kKeyBytesMax; });
  return fit ? Status() : key_too_long();
}
Status Keyspace::undeclared() {
  return {ErrorCode::kUndeclaredKey, "a transaction used a key that was not declared: name it to atomically"};
}
Status Keyspace::wait_for_latch(Shard& shard, std::uint32_t epoch) {
  if (OwnLatches::of(*this)) {
    return {ErrorCode::kUndeclaredKey,
            "the function of a transaction wrote to the cache itself what a transaction holds, this one or another"};
  }
  shard.wait_for_latch(epoch);
  return {};
}
Status Keyspace::wait_for_latch(std::uint64_t hash, std::string_view key) {
  Shard& shard = shard_of(hash);
  std::uint32_t epoch = 0;
  {
    base::MutexLock lock(shard.mutex);
    const Shard::Place place = shard.find_any(hash, key);
    if (!place || !place.entry()->latched()) return {};
    epoch = shard.latch_epoch();
  }
  return wait_for_latch(shard, epoch);
}
Status Keyspace::wrong_type() {
  return {ErrorCode::kWrongType, "the key holds another type than the command works on"};
}
Status Keyspace::closed() { return {ErrorCode::kClosed, "the cache was closed"}; }
Status Keyspace::no_memory() { return {ErrorCode::kOutOfMemory, "there was no memory for what was loaded"}; }
Status Keyspace::out_of_memory() {
  refused_.fetch_add(1, std::memory_order_relaxed);
  return {ErrorCode::kOutOfMemory,
          "max_memory or max_entries is reached and the eviction policy finds nothing that it may evict, or the write "
          "would take more than half of max_memory: raise the bound, or choose a policy that may evict more"};
}

void Keyspace::reap(std::uint64_t hash, std::string_view key) {
  Shard& shard = shard_of(hash);
  Discards discards(environment_, shard.memory());
  base::MutexLock lock(shard.mutex);
  if (!shard.closed) shard.find(hash, key, discards);
}

// --- Removing many -----------------------------------------------------------------------------------------------------------

Result<std::uint64_t> Keyspace::remove_if(RemovalCause cause, FunctionRef<bool(const Entry&)> chosen) {
  std::uint64_t removed = 0;
  for (std::uint32_t i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[i];
    std::uint64_t cursor = 0;
    for (bool more = true; more;) {
      std::uint32_t epoch = 0;
      bool latched = false;
      {
        Discards discards(environment_, shard.memory());
        base::SliceLock lock(shard.mutex);
        if (shard.closed) return closed();
        epoch = shard.latch_epoch();
        const RemovalResult result = shard.remove_some(&cursor, kBucketsAHold, cause, chosen, discards);
        removed += result.removed;
        shard.compact(kEntriesAHold);
        latched = result.latched;
        more = latched || cursor != 0;
      }
      if (!latched) continue;
      if (Status status = wait_for_latch(shard, epoch); !status.ok()) return status;
    }
    forget(shard, false);
  }
  return removed;
}

// What an empty shard does not need goes, in slices.
void Keyspace::forget(Shard& shard, bool closes) {
  for (bool more = true; more;) {
    base::SliceLock lock(shard.mutex);
    if (shard.index().size() != 0) return;
    more = shard.compact(kEntriesAHold) >= kEntriesAHold;
  }
  base::LeafLock no_other_policy(policy_mutex_);
  std::unique_ptr<EvictionPolicy> policy;
  try {
    if (!closes) policy = Shard::new_policy(eviction_, policy_seeds_.next());
  } catch (const std::bad_alloc&) {  // it keeps what it has
    return;
  }
  {
    base::MutexLock lock(shard.mutex);
    if (shard.index().size() == 0) {
      shard.forget_all();
      shard.exchange_policy(policy, eviction_.scope());
    }
  }
  shard.retire(std::move(policy));
}

void Keyspace::close() {
  for (std::uint32_t i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[i];
    {
      base::MutexLock lock(shard.mutex);
      shard.closed = true;
      shard.lines.wake_all();
    }
    std::uint64_t cursor = 0;
    for (bool more = true; more;) {
      Discards discards(environment_, shard.memory());
      base::SliceLock lock(shard.mutex);
      // Latched entries go, too: who holds the latch finds the shard closed.
      const auto all = [](const Entry&) { return true; };
      shard.remove_some(&cursor, kBucketsAHold, RemovalCause::kCleared, all, discards, true);
      more = shard.index().size() != 0;
    }
    {
      base::MutexLock lock(shard.mutex);
      shard.release_latches();
    }
    forget(shard, true);
  }
  waiting_.close();
}

std::uint64_t Keyspace::give_up_us(Milliseconds at_most) noexcept {
  constexpr std::int64_t kAtMostMs = std::int64_t{1} << 50;  // or longer: all the same
  if (at_most.count() <= 0) return 0;
  return environment_.monotonic_us() + static_cast<std::uint64_t>(std::min(at_most.count(), kAtMostMs)) * 1000;
}

Status Keyspace::wait_for(KeyWork& work, std::uint64_t give_up_us) {
  using Ended = base::Waiting::Ended;
  switch (waiting_.wait(
      work, give_up_us, [this] { return environment_.monotonic_us(); }, waits_)) {
    case Ended::kFinished: return {};
    case Ended::kOwnWork:
      return {ErrorCode::kReentrantLoad, "a loader, or a store, asked for the key that it is called for"};
    case Ended::kCircle:
      return {ErrorCode::kLoadDeadlock, "loaders, or stores, wait for each other's keys in a circle"};
    case Ended::kTimeout:
      return {ErrorCode::kTimeout, "the work of another caller on the key took longer than wait_max"};
    case Ended::kClosed: break;
  }
  return closed();
}

// --- Memory --------------------------------------------------------------------------------------------------------------------

bool Keyspace::reclaim(std::uint32_t but, std::int64_t bytes, std::int64_t entries, int* idle) {
  if (parent_ != nullptr) return parent_->reclaim(parent_->shard_count_, bytes, 0, idle);
  if (!environment_.may_make_room_for(bytes, entries)) return false;
  const Slack& slack = environment_.slack;
  bytes += slack.write + slack.empty_shard;
  const auto enough = [&] {
    return environment_.account.bytes().left() >= bytes && environment_.entries.left() >= entries;
  };
  const std::int64_t left_before = environment_.account.bytes().left();
  const std::int64_t entries_before = environment_.entries.left();
  if (++*idle > kIdleRoundsMax) return false;
  // What others have leased and do not use comes first, then what they hold.
  for (const bool evict : {false, true}) {
    const std::uint32_t start = next_victim_.fetch_add(1, std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < shard_count_; ++i) {
      if (enough()) return true;
      const std::uint32_t number = (start + i) & (shard_count_ - 1);
      if (number == but) continue;
      Shard& shard = shards_[number];
      if (evict) {
        Discards discards(environment_, shard.memory());
        base::SliceLock lock(shard.mutex);
        if (shard.evict_for(bytes + slack.write, entries, discards)) *idle = 0;
      }
      base::SliceLock lock(shard.mutex);
      if (evict) shard.compact(4 * kEntriesAHold);
      shard.give_back_leases();
    }
  }
  // What was evicted here, others may have taken already.
  return *idle == 0 || environment_.account.bytes().left() > left_before ||
         environment_.entries.left() > entries_before;
}

Status Keyspace::with_room(std::uint64_t hash, std::size_t charge, FunctionRef<bool(Shard&)> take) {
  const auto bytes = static_cast<std::int64_t>(charge);
  Shard& shard = shard_of(hash);
  int idle = 0;
  std::optional<EntryId> spared = id_of(hash);
  for (;;) {
    {
      Discards discards(environment_, shard.memory());
      base::MutexLock lock(shard.mutex);
      if (shard.closed) return closed();
      const Room room = shard.make_room(bytes, 0, discards, spared);
      if (room == Room::kReady && take(shard)) return {};
      if (room == Room::kReady) break;
      if (room == Room::kFreeFirst) continue;
    }
    if (reclaim(shard_number(hash), bytes, 0, &idle)) continue;
    if (!spared) break;
    spared.reset();  // nothing else can go
    idle = 0;
  }
  return out_of_memory();
}

Status Keyspace::keep_versions(std::uint64_t hash) {
  return with_room(hash, account_->charge(Shard::kVersions * sizeof(std::uint64_t)),
                   [](Shard& shard) { return shard.keep_versions(); });
}

Result<Blob*> Keyspace::make_blob(std::uint64_t hash, std::size_t size, std::size_t capacity,
                                  memory::Account& account) {
  const std::size_t charge = account.charge(Blob::block_bytes(capacity));
  const auto bytes = static_cast<std::int64_t>(charge);
  if (&account != account_.get()) {
    account.bytes().lease(bytes);  // without a limit
  } else if (Status status = with_room(hash, charge, [&](Shard& shard) { return shard.memory().spend(bytes); });
             !status.ok()) {
    return status;
  }
  Blob* blob = Blob::create(account, size, capacity);
  if (blob != nullptr) return blob;
  account.bytes().give_back(bytes);
  return out_of_memory();
}

Result<Blob*> Keyspace::make_blob(std::uint64_t hash, std::string_view bytes) {
  Result<Blob*> blob = make_blob(hash, bytes.size(), bytes.size());
  if (blob && !bytes.empty()) std::memcpy((*blob)->bytes(), bytes.data(), bytes.size());
  return blob;
}

bool Keyspace::lease(std::int64_t bytes) {
  for (int idle = 0; bytes != 0 && !account_->bytes().lease(bytes);) {
    if (!reclaim(shard_count_, bytes, 0, &idle)) return false;
  }
  return true;
}

Status Keyspace::set_max_memory(std::uint64_t bytes) {
  advice::Questions asked;
  if (bytes != 0 && environment_.advisor != nullptr) asked = environment_.advisor->asked();
  const std::uint32_t hot_keys = environment_.hot_keys == nullptr ? 0 : environment_.hot_keys->names();
  const Options options{.max_memory = bytes,
                        .size_advice = asked.sizes,
                        .policy_advice = asked.policies,
                        .hot_keys = hot_keys,
                        .shards = shard_count_};
  if (Status status = options.validate(); !status.ok()) return status;
  memory::Limit& limit = account_->bytes();
  limit.set_max(bytes == 0 ? memory::Limit::kUnbounded : static_cast<std::int64_t>(bytes));
  if (Status status = fit_shared(); !status.ok()) return status;
  if (environment_.advisor != nullptr) environment_.advisor->begin_anew();
  int idle = 0;
  while (limit.left() < 0) {
    if (!reclaim(shard_count_, 0, 0, &idle) && limit.left() < 0) return out_of_memory();
  }
  return {};
}

// Where nobody may be evicted there may be no room for what the policies are to share: then they come without, and make
// room for it.
Status Keyspace::set_eviction(const Eviction& eviction) {
  const std::size_t each = environment_.shared_bytes(eviction);
  const bool has_room = lease(shared_bytes(each));
  if (Status status = exchange_policies(eviction, has_room ? each : 0); !status.ok()) return status;
  return fit_shared();
}

// What the policies share is a part of the bound: where that has changed, they are exchanged, unless somebody sets
// another meanwhile. If there is no memory for that, they stay.
Status Keyspace::fit_shared() {
  try {
    for (;;) {
      std::optional<Eviction> eviction;
      std::size_t each = 0;
      std::uint64_t change = 0;
      bool shares_nothing = false;
      {
        base::LeafLock lock(policy_mutex_);
        each = environment_.shared_bytes(eviction_);
        if (shared_.size() == shared_bytes(each)) return {};
        eviction = eviction_;
        change = policy_changes_;
        shares_nothing = shared_.size() == 0;
      }
      if (!lease(shared_bytes(each))) {
        if (shares_nothing) return {};
        each = 0;
      }
      if (Status status = exchange_policies(*eviction, each, change); !status.ok()) return status;
    }
  } catch (const std::bad_alloc&) {
    return {};
  }
}

// All new objects are made before anything changes: a factory may throw. Listeners run after each slice, so no lock of
// ours is held then. Whoever sets another policy meanwhile gives it to all shards, and this change ends early; `after`:
// it does nothing if that was not the last change. REQUIRES: shared_bytes(each) were leased.
Status Keyspace::exchange_policies(const Eviction& eviction, std::size_t each, std::optional<std::uint64_t> after) {
  memory::FixedLease shared(account_->bytes(), shared_bytes(each));
  base::Random seeds(0);
  {
    base::LeafLock lock(policy_mutex_);
    seeds = base::Random(policy_seeds_.next());
  }
  Eviction own = eviction.for_one_cache(each);
  std::vector<std::unique_ptr<EvictionPolicy>> policies(shard_count_);
  for (auto& policy : policies) policy = Shard::new_policy(own, seeds.next());
  std::uint64_t change = 0;
  {
    base::LeafLock lock(policy_mutex_);
    if (after && *after != policy_changes_) return {};
    if (environment_.advisor != nullptr) environment_.advisor->set_eviction(eviction, each);
    eviction_ = std::move(own);
    shared_.swap(shared);
    shared_before_.join(shared);
    change = ++policy_changes_;
  }
  for (std::uint32_t i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[i];
    const auto adopt = [&] {
      for (bool more = true; more;) {
        Discards discards(environment_, shard.memory());
        base::SliceLock lock(shard.mutex);
        more = shard.adopt(kBucketsAHold, true, discards);
      }
    };
    for (bool exchanged = false; !exchanged; adopt()) {
      Result<bool> done = exchange_policy(shard, policies[i], change);
      if (!done.ok()) return done.status();
      exchanged = *done;
    }
  }
  memory::FixedLease before;
  base::LeafLock lock(policy_mutex_);
  if (change == policy_changes_) shared_before_.swap(before);
  return {};
}

// True if the shard has the policy, or there was another change. False: it has not finished with the last one.
Result<bool> Keyspace::exchange_policy(Shard& shard, std::unique_ptr<EvictionPolicy>& policy, std::uint64_t change) {
  base::LeafLock no_other(policy_mutex_);
  if (change != policy_changes_) return true;
  {
    base::MutexLock lock(shard.mutex);
    if (shard.closed) return closed();
    if (!shard.exchange_policy(policy, eviction_.scope())) return false;
  }
  shard.retire(std::move(policy));
  return true;
}

std::string Keyspace::policy_name() {
  base::LeafLock lock(policy_mutex_);
  return eviction_.name();
}

// Of the cache's own policies and of those that advise on them, where each cache's share so many.
std::int64_t Keyspace::shared_bytes(std::size_t each) const noexcept {
  const std::size_t miniatures = environment_.advisor == nullptr ? 0 : environment_.advisor->miniatures();
  return static_cast<std::int64_t>(each * (1 + miniatures));
}

std::int64_t Keyspace::fixed_bytes() {
  base::LeafLock lock(policy_mutex_);
  return fixed_bytes_ + shared_.size() + shared_before_.size();
}

// --- Housekeeping ----------------------------------------------------------------------------------------------------------------

std::uint64_t Keyspace::tick(std::uint64_t budget, bool* more, base::LeafMutex* gate) {
  const std::uint64_t now = environment_.now();
  const std::uint32_t start = next_tick_.fetch_add(1, std::memory_order_relaxed);
  std::uint64_t looked = 0;
  *more = false;
  for (std::uint32_t i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[(start + i) & (shard_count_ - 1)];
    for (bool again = true; again;) {
      if (looked >= budget) {
        *more = true;
        return looked;
      }
      Discards discards(environment_, shard.memory());
      base::GateLock open(gate);
      base::SliceLock lock(shard.mutex);
      const std::uint32_t expired = shard.expire(now, kEntriesAHold, discards);
      const std::uint32_t compacted = shard.compact(kEntriesAHold);
      shard.tell_advisor();
      looked += expired + compacted;
      again = expired >= kEntriesAHold || compacted >= kEntriesAHold;
    }
  }
  return looked;
}

void Keyspace::expire_all() {
  const std::uint64_t now = environment_.now();
  for (std::uint32_t i = 0; i < shard_count_; ++i) {
    for (bool more = true; more;) {
      Discards discards(environment_, shards_[i].memory());
      base::SliceLock lock(shards_[i].mutex);
      more = shards_[i].expire(now, kEntriesAHold, discards) >= kEntriesAHold;
      shards_[i].compact(kEntriesAHold);
    }
  }
}

Status Keyspace::check() {
  for (std::uint32_t i = 0; i < shard_count_; ++i) {
    base::MutexLock lock(shards_[i].mutex);
    if (const char* wrong = shards_[i].check()) return {ErrorCode::kInvalidArgument, wrong};
  }
  if (environment_.entries.left() < 0) return {ErrorCode::kInvalidArgument, "memory: more entries than max_entries"};
  return {};
}

}  // namespace larder::keyspace
