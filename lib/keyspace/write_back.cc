// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/write_back.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <new>

#include "keyspace/stored_value.h"
#include "keyspace/write_batch.h"

namespace larder::keyspace {
namespace {

constexpr std::uint64_t kDefaultBytes = 64_MiB;
constexpr std::uint64_t kNewsUs = 10'000;  // waited for at a time: the clock may be one that is advanced by hand

std::int64_t bytes_limit(const WriteBackOptions& options, std::uint64_t max_memory) {
  if (options.bytes_max != 0) return static_cast<std::int64_t>(options.bytes_max);
  return static_cast<std::int64_t>(max_memory == 0 ? kDefaultBytes : max_memory / 8);
}

}  // namespace

// While one lives, the delay is waived.
class WriteBack::Haste {
 public:
  explicit Haste(WriteBack& back) noexcept : back_(back) { back_.hasty_.fetch_add(1, std::memory_order_relaxed); }
  ~Haste() { back_.hasty_.fetch_sub(1, std::memory_order_relaxed); }
  Haste(const Haste&) = delete;
  Haste& operator=(const Haste&) = delete;

 private:
  WriteBack& back_;
};

WriteBack::WriteBack(Keyspace& keyspace, const WriteBackOptions& options, std::uint64_t max_memory)
    : keyspace_(keyspace),
      store_(*keyspace.environment().store),
      options_(options),
      process_(::getpid()),
      bytes_(bytes_limit(options, max_memory)),
      items_(static_cast<std::int64_t>(options.items_max)),
      pace_(options, keyspace.environment().seed) {
  for (std::uint32_t i = 0; i < keyspace.shards(); ++i) {
    Shard& shard = keyspace.shard(i);
    shard.dirty = std::make_unique<DirtyTable>(shard.memory(), bytes_, items_, options.coalesce,
                                               static_cast<std::uint64_t>(options.delay.count()));
  }
}

// The store belongs to the process that made the cache.
bool WriteBack::in_child() const noexcept { return ::getpid() != process_; }

void WriteBack::in_shard(std::uint64_t hash, base::LeafMutex* gate, FunctionRef<void(Shard&, Discards&)> call) {
  Shard& shard = keyspace_.shard_of(hash);
  Discards discards(keyspace_.environment(), shard.memory());
  base::GateLock open(gate);
  base::MutexLock lock(shard.mutex);
  call(shard, discards);
}

// --- Waiting ------------------------------------------------------------------------------------------------------------

// How long it has waited in vain.
std::uint64_t WriteBack::wait_for_news(std::uint64_t at_most_us) {
  const std::uint64_t us = std::min(at_most_us, kNewsUs);
  listeners_.fetch_add(1, std::memory_order_seq_cst);
  bool notified = false;
  {
    base::LeafLock lock(news_mutex_);
    notified = news_.wait_for(news_mutex_, std::chrono::microseconds(us));
  }
  listeners_.fetch_sub(1, std::memory_order_relaxed);
  return notified ? 0 : us;
}

// One who begins to listen at this moment looks again soon by himself.
void WriteBack::tell_news() noexcept {
  if (listeners_.load(std::memory_order_seq_cst) == 0) return;
  base::LeafLock lock(news_mutex_);
  news_.notify_all();
}

// False: time is up, or nothing is to be waited for. A clock that is advanced by hand may stand still: what was waited
// while it did counts as well.
bool WriteBack::flush_until(FunctionRef<bool()> done, FunctionRef<std::size_t()> flush_one, std::uint64_t give_up_us,
                            bool waits) {
  if (store::FencedStore::inside() || in_child()) return done();
  const Haste haste(*this);
  if (wake_) wake_();
  std::uint64_t stood_still_us = 0;
  auto once = static_cast<std::uint64_t>(items_.used());  // with no time to wait: each that is there now
  bool is_done = done();
  for (; !is_done && !out_of_time_.load(); is_done = done()) {
    const std::size_t sent = flush_one();
    const std::uint64_t now_us = keyspace_.environment().monotonic_us();
    once -= std::min<std::uint64_t>(once, sent);
    if (!waits && (sent == 0 || once == 0)) break;
    if (waits && give_up_us != 0 && now_us + stood_still_us >= give_up_us) break;
    if (sent != 0) continue;
    const std::uint64_t left_us = give_up_us == 0 ? kNewsUs : give_up_us - now_us - stood_still_us;
    const std::uint64_t waited_us = wait_for_news(left_us);
    const std::uint64_t passed_us = keyspace_.environment().monotonic_us() - now_us;
    stood_still_us += waited_us - std::min(waited_us, passed_us);
  }
  return is_done || done();
}

Status WriteBack::wait_for_room(std::int64_t bytes, std::int64_t items, std::uint64_t give_up_us) {
  const auto has_room = [&] {
    return closed_.load(std::memory_order_relaxed) || (bytes_.left() >= bytes && items_.left() >= items);
  };
  const auto flush_one = [&] { return options_.threads == 0 ? flush_some(true) : std::size_t{0}; };
  // Others may have taken it by then; who asked for it looks again.
  bool found = false;
  flush_until([&] { return found = found || has_room(); }, flush_one, give_up_us, true);
  if (closed_.load(std::memory_order_relaxed)) return Keyspace::closed();
  return found ? Status() : full();
}

Status WriteBack::full() {
  return {ErrorCode::kQueueFull,
          "as many writes wait for the backing store as may: it writes too slowly, or not at all"};
}

Status WriteBack::drain(std::uint64_t hash, std::string_view key, std::uint64_t give_up_us) {
  const bool waits = options_.when_full != WriteBackOptions::WhenFull::kRefuse;
  if (flush_key(hash, key, DirtyTable::kNever - 1, give_up_us, waits)) return {};
  return {ErrorCode::kQueueFull, "earlier writes of the key wait for the backing store"};
}

// Until the store has what was written of the key up to that sequence.
bool WriteBack::flush_key(std::uint64_t hash, std::string_view key, std::uint64_t up_to, std::uint64_t give_up_us,
                          bool waits) {
  const auto is_clean = [&] {
    bool clean = false;
    in_shard(hash, nullptr, [&](Shard& shard, Discards&) {
      const DirtyItem* oldest = shard.dirty->oldest_of(hash, key);
      clean = oldest == nullptr || oldest->first_sequence > up_to;
    });
    return clean;
  };
  const auto flush_one = [&] {
    bool grouped = false;
    const std::size_t sent = flush_oldest_of(hash, key, &grouped);
    // Of a command on several keys: what is before it, of the other keys, must go first.
    return sent == 0 && grouped ? flush_some(true) : sent;
  };
  return flush_until(is_clean, flush_one, give_up_us, waits);
}

// --- Flushing -----------------------------------------------------------------------------------------------------------

bool WriteBack::wants_haste() const noexcept {
  return hasty_.load(std::memory_order_relaxed) != 0 || bytes_.left() < bytes_.max() / 2 ||
         items_.left() < items_.max() / 2;
}

std::size_t WriteBack::flush_some(bool waives_delay, base::LeafMutex* gate) noexcept {
  if (store::FencedStore::inside() || in_child()) return 0;
  waives_delay = waives_delay || wants_haste();
  const std::uint64_t now_ms = keyspace_.environment().now();
  const std::uint64_t delay_ms = waives_delay ? static_cast<std::uint64_t>(options_.delay.count()) : 0;
  const DirtyTable::Due due{now_ms + delay_ms, now_ms};
  const std::uint32_t start = next_shard_.fetch_add(1, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < keyspace_.shards(); ++i) {
    const std::uint32_t number = (start + i) & (keyspace_.shards() - 1);
    if (keyspace_.shard(number).dirty->first_due() > due.fresh_until_ms) continue;
    return send(gate, [&](WriteBatch& batch) { batch.cut(due, number); });
  }
  return 0;
}

std::size_t WriteBack::flush_oldest_of(std::uint64_t hash, std::string_view key, bool* grouped) noexcept {
  return send(nullptr, [&](WriteBatch& batch) { batch.cut_key(hash, key, grouped); });
}

// Where there is no memory for a batch, it goes another time.
std::size_t WriteBack::send(base::LeafMutex* gate, FunctionRef<void(WriteBatch&)> cut) noexcept {
  try {
    WriteBatch batch(*this, gate);
    if (!batch.may_go()) return 0;
    cut(batch);
    return batch.send();
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

Mutation WriteBack::mutation_of(const DirtyItem& item, std::string* form) {
  Mutation mutation;
  mutation.kind = item.is_put() ? Mutation::Kind::kPut : Mutation::Kind::kErase;
  mutation.key = item.key();
  mutation.sequence = item.sequence;
  mutation.group = item.group == nullptr ? 0 : item.group->number;
  mutation.expected_version = item.expected_version;
  if (!item.is_put()) return mutation;
  const Entry& state = *item.state;
  mutation.type = type_of(state.type());
  mutation.bytes = state.external() ? stored_bytes(state.type(), {}, state.outside(), form)
                                    : stored_bytes(state.type(), state.inline_value(), {}, form);
  if (state.has_deadline()) {
    mutation.expires_at = UnixTime(Milliseconds(keyspace_.environment().unix_of(state.deadline())));
  }
  return mutation;
}

// False: nobody has taken it.
bool WriteBack::bury(DirtyItem& item, const Mutation& mutation, DeadLetter::Reason reason, const Status& error,
                     base::LeafMutex* gate) noexcept {
  try {
    const store::FencedStore::Inside inside;
    options_.dead_letters({mutation, reason, item.attempts, error});
  } catch (...) {
    sink_failures_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  dead_letters_.fetch_add(1, std::memory_order_relaxed);
  in_shard(item.hash, gate, [&](Shard& shard, Discards& discards) {
    if (item.newer == nullptr) shard.drop(item.hash, item.key(), discards);
    // What was built on it meets the same refusal.
    shard.dirty->finish(item, item.expected_version, discards);
  });
  return true;
}

// What is left when time is up. A collection for whose bytes there is no memory was not taken either.
bool WriteBack::bury_rest(DirtyItem& item, const Status& error) noexcept {
  std::string form;
  try {
    return bury(item, mutation_of(item, &form), DeadLetter::Reason::kClosed, error, nullptr);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// --- Flush and close ----------------------------------------------------------------------------------------------------

WriteBack::First WriteBack::first() const {
  First first;
  for (std::uint32_t i = 0; i < keyspace_.shards(); ++i) {
    Shard& shard = keyspace_.shard(i);
    base::MutexLock lock(shard.mutex);
    const DirtyItem* item = shard.dirty->oldest();
    if (item != nullptr && item->first_sequence < first.sequence) first = {item->first_sequence, item->since_ms};
  }
  return first;
}

FlushReport WriteBack::report(bool complete) const {
  FlushReport report;
  if (complete) return report;
  const std::uint64_t now_ms = keyspace_.environment().now();
  report.items = static_cast<std::uint64_t>(items_.used());
  report.bytes = static_cast<std::uint64_t>(bytes_.used());
  report.oldest = Milliseconds(now_ms - std::min(now_ms, first().since_ms));
  // In a child somebody may have held the lock of that at the fork.
  report.last_error = in_child() ? Status(ErrorCode::kStoreFailed, "a child made by fork does not write to the store")
                                 : pace_.last_error();
  return report;
}

// Whoever asks for a flush, or closes, wants to know now: the store is asked once more, left alone or not, and what has
// failed does not wait for its time.
void WriteBack::ask_again() {
  pace_.ask_again();
  constexpr std::size_t kItemsAHold = 64;
  const std::uint64_t now_ms = keyspace_.environment().now();
  std::int64_t left = items_.used();  // what fails meanwhile waits its time
  for (std::uint32_t i = 0; i < keyspace_.shards(); ++i) {
    Shard& shard = keyspace_.shard(i);
    for (std::size_t hastened = kItemsAHold; hastened == kItemsAHold && left > 0;) {
      base::SliceLock lock(shard.mutex);
      hastened = shard.dirty->hasten(now_ms, kItemsAHold);
      left -= static_cast<std::int64_t>(hastened);
    }
  }
}

FlushReport WriteBack::flush(Milliseconds at_most) {
  if (!in_child() && !store::FencedStore::inside()) ask_again();
  const std::uint64_t now = store_.next_sequence();
  const bool waits = at_most.count() > 0;
  // This thread must be back in time, whatever the store does.
  const auto flush_one = [&] { return waits && options_.threads != 0 ? 0 : flush_some(true); };
  return report(flush_until([&] { return first().sequence > now; }, flush_one, keyspace_.give_up_us(at_most), waits));
}

FlushReport WriteBack::flush(std::string_view key, Milliseconds at_most) {
  const std::uint64_t hash = keyspace_.hash_of(key);
  if (!in_child() && !store::FencedStore::inside()) ask_again();
  const std::uint64_t now = store_.next_sequence();
  return report(flush_key(hash, key, now, keyspace_.give_up_us(at_most), at_most.count() > 0));
}

FlushReport WriteBack::close(Milliseconds at_most) {
  closed_.store(true, std::memory_order_relaxed);
  tell_news();
  if (in_child() || store::FencedStore::inside()) return report(first().sequence == DirtyTable::kNever);
  if (out_of_time_.load()) return hand_over();
  if (flush(at_most).complete()) return {};
  return hand_over();
}

// What somebody refuses to take comes back, for the next time. Needs no memory but for the bytes of collections: it is
// the last chance of a destructor.
FlushReport WriteBack::hand_over() noexcept {
  if (in_child()) return {};
  out_of_time_.store(true);
  const store::FencedStore::Inside inside;
  const Status error = pace_.last_error();
  const std::uint32_t round = rounds_.fetch_add(1, std::memory_order_relaxed) + 1;
  for (std::uint32_t i = 0; i < keyspace_.shards(); ++i) {
    Shard& shard = keyspace_.shard(i);
    std::array<DirtyItem*, 64> taken;
    const auto take = [&] {
      base::MutexLock lock(shard.mutex);
      return std::span(taken).first(shard.dirty->take_for(round, taken));
    };
    for (std::span<DirtyItem*> some = take(); !some.empty(); some = take()) {
      for (DirtyItem* item : some) {
        if (bury_rest(*item, error)) continue;
        in_shard(item->hash, nullptr,
                 [&](Shard&, Discards& discards) { shard.dirty->retry(*item, DirtyTable::kNever, discards); });
      }
    }
  }
  return report(first().sequence == DirtyTable::kNever);
}

void WriteBack::add_to(Stats* stats) const {
  stats->dirty_items = static_cast<std::uint64_t>(items_.used());
  stats->bytes_dirty = static_cast<std::uint64_t>(bytes_.used());
  const std::uint64_t now_ms = keyspace_.environment().now();
  stats->dirty_oldest_ms = now_ms - std::min(now_ms, first().since_ms);
  stats->writes_coalesced = merged_.load(std::memory_order_relaxed);
  stats->write_batches = batches_.load(std::memory_order_relaxed);
  stats->write_retries = retries_.load(std::memory_order_relaxed);
  stats->write_queue_full = full_.load(std::memory_order_relaxed);
  stats->dead_letters = dead_letters();
  stats->dead_letter_failures = sink_failures_.load(std::memory_order_relaxed);
  stats->store_write_latency = latency_.snapshot();
  if (in_child()) return;
  stats->store_left_alone = pace_.left_alone();
  stats->store_last_error = std::string(pace_.last_error().message());
}

}  // namespace larder::keyspace
