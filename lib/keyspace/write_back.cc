// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/write_back.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "keyspace/keyspace.h"

namespace larder::keyspace {
namespace {

using Outcome = WriteResult::Outcome;

constexpr std::uint64_t kDefaultBytes = 64_MiB;
constexpr std::uint64_t kNewsUs = 10'000;  // waited for at a time: the clock may be one that is advanced by hand

std::int64_t bytes_limit(const WriteBackOptions& options, std::uint64_t max_memory) {
  if (options.bytes_max != 0) return static_cast<std::int64_t>(options.bytes_max);
  return static_cast<std::int64_t>(max_memory == 0 ? kDefaultBytes : max_memory / 8);
}

store::Backoff backoff_of(const WriteBackOptions& options) {
  return {static_cast<std::uint64_t>(options.retry_first.count()),
          static_cast<std::uint64_t>(options.retry_most.count())};
}

}  // namespace

// A batch that was sent, and the answer.
struct WriteBack::Sent {
  Batch batch;
  std::vector<Mutation> mutations;
  std::vector<WriteResult> results;
  std::vector<std::size_t> failed;  // places in the batch
  std::vector<DirtyItem*> again;    // of those: to be tried again
};

// Leave to call the store with so many mutations.
class WriteBack::Turn {
 public:
  Turn(WriteBack& back, std::uint64_t now_ms) : back_(back), granted_(back.may_go(now_ms)) {}
  // What was not used is given back, whatever has happened.
  ~Turn() {
    if (granted_ != 0) back_.correct_pace(granted_, went_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  std::size_t granted() const noexcept { return granted_; }
  void goes(std::size_t count) noexcept { went_ = count; }

 private:
  WriteBack& back_;
  const std::size_t granted_;
  std::size_t went_ = 0;
};

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
      batch_limit_(options.batch_max),
      breaker_(options.breaker_failures, backoff_of(options), keyspace.environment().seed),
      rate_(options.rate_max),
      backoff_(backoff_of(options)),
      random_(keyspace.environment().seed + 1) {
  for (std::uint32_t i = 0; i < keyspace.shards(); ++i) {
    Shard& shard = keyspace.shard(i);
    shard.dirty = std::make_unique<DirtyTable>(shard.memory(), bytes_, items_, options.coalesce,
                                               static_cast<std::uint64_t>(options.delay.count()));
  }
}

// The store belongs to the process that made the cache.
bool WriteBack::in_child() const noexcept { return ::getpid() != process_; }

// Calls call(shard, discards) under the lock of the hash's shard.
template <typename Call>
auto WriteBack::in_shard(std::uint64_t hash, base::LeafMutex* gate, Call&& call) {
  base::LeafMutex no_gate;
  Shard& shard = keyspace_.shard_of(hash);
  Discards discards(keyspace_.environment(), shard.memory());
  base::LeafLock open(gate != nullptr ? *gate : no_gate);
  base::MutexLock lock(shard.mutex);
  return call(shard, discards);
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
  if (flush_key(hash, key, DirtyTable::kNever - 1, give_up_us, true)) return {};
  return {ErrorCode::kQueueFull, "earlier writes of the key wait for the backing store"};
}

// Until the store has what was written of the key up to that sequence.
bool WriteBack::flush_key(std::uint64_t hash, std::string_view key, std::uint64_t up_to, std::uint64_t give_up_us,
                          bool waits) {
  const auto is_clean = [&] {
    return in_shard(hash, nullptr, [&](Shard& shard, Discards&) {
      const DirtyItem* oldest = shard.dirty->oldest_of(hash, key);
      return oldest == nullptr || oldest->first_sequence > up_to;
    });
  };
  const auto flush_one = [&] {
    bool grouped = false;
    const std::size_t sent = flush_key_once(hash, key, &grouped);
    // Of a command on several keys: what is before it, of the other keys, must go first.
    return sent == 0 && grouped ? flush_some(true) : sent;
  };
  return flush_until(is_clean, flush_one, give_up_us, waits);
}

// --- Cutting a batch ----------------------------------------------------------------------------------------------------

// How many mutations may go now.
std::size_t WriteBack::may_go(std::uint64_t now_ms) {
  base::LeafLock lock(pace_mutex_);
  const store::CircuitBreaker::May may = breaker_.ask(now_ms);
  if (may == store::CircuitBreaker::May::kNotYet) return 0;
  const std::size_t most = may == store::CircuitBreaker::May::kProbe ? 1 : options_.batch_max;
  const auto granted = static_cast<std::size_t>(rate_.take(most, now_ms));
  if (granted == 0) breaker_.not_called();
  return granted;
}

void WriteBack::correct_pace(std::size_t most, std::size_t went) noexcept {
  base::LeafLock lock(pace_mutex_);
  rate_.correct(most, went);
  if (went == 0) breaker_.not_called();
}

bool WriteBack::wants_haste() const noexcept {
  return hasty_.load(std::memory_order_relaxed) != 0 || bytes_.left() < bytes_.max() / 2 ||
         items_.left() < items_.max() / 2;
}

std::size_t WriteBack::flush_some(bool waives_delay, base::LeafMutex* gate) {
  if (store::FencedStore::inside() || in_child()) return 0;
  waives_delay = waives_delay || wants_haste();
  const std::uint64_t now_ms = keyspace_.environment().now();
  const std::uint64_t delay_ms = waives_delay ? static_cast<std::uint64_t>(options_.delay.count()) : 0;
  const DirtyTable::Due due{now_ms + delay_ms, now_ms};
  bool any = false;
  for (std::uint32_t i = 0; i < keyspace_.shards() && !any; ++i)
    any = keyspace_.shard(i).dirty->first_due() <= due.fresh_until_ms;
  if (!any) return 0;
  Turn turn(*this, now_ms);
  if (turn.granted() == 0) return 0;
  Batch batch = cut(due, turn.granted(), gate);
  const std::size_t count = batch.size();
  if (count != 0) send(std::move(batch), turn, gate);
  return count;
}

WriteBack::Batch WriteBack::cut(const DirtyTable::Due& due, std::size_t most, base::LeafMutex* gate) {
  Batch batch;
  batch.reserve(most + kKeysAtOnceMax);
  most = std::min<std::size_t>(most, batch_limit_.load(std::memory_order_relaxed));
  const std::uint32_t start = next_shard_.fetch_add(1, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < keyspace_.shards() && batch.size() < most; ++i) {
    Shard& shard = keyspace_.shard((start + i) & (keyspace_.shards() - 1));
    bool more = shard.dirty->first_due() <= due.fresh_until_ms;
    while (more && batch.size() < most) {
      DirtyItem* group = nullptr;
      more = cut_some(shard, due, most, &batch, &group, gate);
      if (group != nullptr) add_group(*group, &batch, gate);
      if (batch.size() == 1 && batch.front()->goes_alone) return batch;
    }
  }
  return batch;
}

// One hold: up to a group, or so many that others need not wait. False: there are no more in this shard.
bool WriteBack::cut_some(Shard& shard, const DirtyTable::Due& due, std::size_t most, Batch* batch, DirtyItem** group,
                         base::LeafMutex* gate) {
  constexpr int kItemsAHold = 64;
  base::LeafMutex no_gate;
  base::LeafLock open(gate != nullptr ? *gate : no_gate);
  base::SliceLock lock(shard.mutex);
  for (int n = 0; n < kItemsAHold && batch->size() < most; ++n) {
    if (out_of_time_.load()) return false;  // they are being handed over
    DirtyItem* item = shard.dirty->take_due(due, batch->size(), most);
    if (item == nullptr) return false;
    if (item->group != nullptr && !take_group(*item)) return false;
    batch->push_back(item);
    if (item->goes_alone) return false;
    if (item->group == nullptr) continue;
    *group = item;
    return true;
  }
  return true;
}

// The one that stands for all is in flight, and now the others are as good as that: who hands over what is left when
// time is up passes them by. Either it sees this, or this sees that time is up.
bool WriteBack::take_group(DirtyItem& item) noexcept {
  item.group->taken.store(true);
  if (!out_of_time_.load()) return true;
  item.group->taken.store(false);
  item.in_flight = false;
  return false;
}

// The others of a group one of which was taken. They are all the oldest of their keys, and nobody else takes them.
void WriteBack::add_group(DirtyItem& item, Batch* batch, base::LeafMutex* gate) {
  for (DirtyItem* other : item.group->members) {
    if (other == &item) continue;
    in_shard(other->hash, gate, [&](Shard& shard, Discards&) { shard.dirty->fly(*other); });
    batch->push_back(other);
  }
}

// Sends the oldest write of a key. `grouped`: it could not, for a group that does not go yet or is led by another key.
std::size_t WriteBack::flush_key_once(std::uint64_t hash, std::string_view key, bool* grouped) {
  const std::uint64_t now_ms = keyspace_.environment().now();
  Batch batch;
  batch.reserve(kKeysAtOnceMax);
  Turn turn(*this, now_ms);
  if (turn.granted() == 0) return 0;
  DirtyItem* item = in_shard(hash, nullptr, [&](Shard& shard, Discards&) -> DirtyItem* {
    if (out_of_time_.load()) return nullptr;
    const DirtyItem* oldest = shard.dirty->oldest_of(hash, key);
    *grouped = oldest != nullptr && oldest->group != nullptr && !oldest->in_flight;
    DirtyItem* taken = shard.dirty->take(hash, key, now_ms);
    return taken == nullptr || taken->group == nullptr || take_group(*taken) ? taken : nullptr;
  });
  if (item == nullptr) return 0;
  batch.push_back(item);
  if (item->group != nullptr) add_group(*item, &batch, nullptr);
  const std::size_t count = batch.size();
  send(std::move(batch), turn, nullptr);
  return count;
}

// --- Sending ------------------------------------------------------------------------------------------------------------

Mutation WriteBack::mutation_of(const DirtyItem& item) {
  Mutation mutation;
  mutation.kind = item.is_put() ? Mutation::Kind::kPut : Mutation::Kind::kErase;
  mutation.key = item.key();
  mutation.sequence = item.sequence;
  mutation.group = item.group == nullptr ? 0 : item.group->number;
  mutation.expected_version = item.expected_version;
  if (!item.is_put()) return mutation;
  mutation.bytes = item.state->value();
  if (item.state->has_deadline()) {
    mutation.expires_at = UnixTime(Milliseconds(keyspace_.environment().unix_of(item.state->deadline())));
  }
  return mutation;
}

void WriteBack::send(Batch batch, Turn& turn, base::LeafMutex* gate) {
  const store::FencedStore::Inside inside;  // whoever is told of what this does must not wait for it
  Sent sent;
  sent.batch = std::move(batch);
  try {
    std::sort(sent.batch.begin(), sent.batch.end(),
              [](const DirtyItem* one, const DirtyItem* other) { return one->sequence < other->sequence; });
    sent.mutations.reserve(sent.batch.size());
    for (const DirtyItem* item : sent.batch) sent.mutations.push_back(mutation_of(*item));
    sent.results.resize(sent.batch.size());
    sent.failed.reserve(sent.batch.size());
    sent.again.reserve(sent.batch.size());
  } catch (...) {  // no memory: another time
    come_back(sent.batch, gate);
    throw;
  }
  turn.goes(sent.batch.size());
  const std::uint64_t began = keyspace_.environment().monotonic_us();
  try {
    store_.write(sent.mutations, sent.results);
  } catch (...) {  // no memory to say what went wrong
    for (WriteResult& result : sent.results) result = {};
  }
  latency_.record(keyspace_.environment().monotonic_us() - began);
  batches_.fetch_add(1, std::memory_order_relaxed);
  settle(sent, gate);
  tell_news();
}

// They go again. What is left of a group goes together, and the last of it stands for all.
void WriteBack::come_back(std::span<DirtyItem* const> items, base::LeafMutex* gate) {
  const std::uint64_t now_ms = keyspace_.environment().now();
  for (DirtyItem* item : items) {
    if (item->group == nullptr) continue;
    item->group->members.clear();
    item->group->taken.store(false);
  }
  for (DirtyItem* item : items) {
    if (item->group != nullptr) item->group->members.push_back(item);
  }
  for (DirtyItem* item : items) {
    const bool goes = item->group == nullptr || item == item->group->members.back();
    std::uint64_t due_ms = DirtyTable::kNever;
    if (goes) {
      base::LeafLock lock(pace_mutex_);
      due_ms = now_ms + backoff_.wait_ms(std::max(item->failures, 1u), random_);
    }
    in_shard(item->hash, gate, [&](Shard& shard, Discards& discards) { shard.dirty->retry(*item, due_ms, discards); });
  }
}

// --- Settling -----------------------------------------------------------------------------------------------------------

// Nothing in here allocates: what is in flight must not stay so.
void WriteBack::settle(Sent& sent, base::LeafMutex* gate) noexcept {
  std::uint64_t decided = 0;
  for (std::size_t i = 0; i < sent.batch.size(); ++i) {
    const Outcome outcome = sent.results[i].outcome;
    decided += outcome == Outcome::kDone || outcome == Outcome::kNever;
    if (outcome != Outcome::kDone) sent.failed.push_back(i);
  }
  const std::uint64_t done_before = done_.fetch_add(decided, std::memory_order_relaxed);
  judge_call(sent, decided);
  if (!sent.failed.empty()) settle_failed(sent, decided, done_before, gate);
  for (std::size_t i = 0; i < sent.batch.size(); ++i) {
    if (sent.results[i].outcome != Outcome::kDone) continue;
    DirtyItem& item = *sent.batch[i];
    std::optional<std::uint64_t> version;
    if (item.expected_version) version = item.is_put() ? sent.results[i].version : 0;
    in_shard(item.hash, gate, [&](Shard& shard, Discards& discards) {
      if (version && item.newer == nullptr) shard.note_version(item.hash, item.key(), *version);
      shard.dirty->finish(item, version, discards);
    });
  }
}

// What a call says of the store as a whole, and of how many mutations it should get at a time.
void WriteBack::judge_call(const Sent& sent, std::uint64_t decided) noexcept {
  const std::size_t count = sent.batch.size();
  const bool unanswered = sent.results.front().outcome == Outcome::kAsTheBatch;
  const std::uint64_t now_ms = keyspace_.environment().now();
  if (decided != 0) {
    const std::uint32_t limit = batch_limit_.load(std::memory_order_relaxed);
    batch_limit_.store(std::min(options_.batch_max, limit * 2), std::memory_order_relaxed);
  } else if (count > 1 && unanswered && !one_group(sent)) {
    batch_limit_.store(
        static_cast<std::uint32_t>(std::max<std::size_t>(1, std::min<std::size_t>(count, options_.batch_max) / 2)),
        std::memory_order_relaxed);
  }
  base::LeafLock lock(pace_mutex_);
  if (decided != 0) {
    breaker_.succeeded();
  } else if (count == 1 && !unanswered && sent.batch.front()->failures != 0 && !breaker_.open()) {
    breaker_.not_called();  // an item that fails again: the store did answer
  } else {
    breaker_.failed(now_ms);
  }
  if (sent.failed.empty()) return;
  try {
    last_error_ = sent.results[sent.failed.front()].error;
  } catch (const std::bad_alloc&) {
    last_error_ = {};
  }
}

bool WriteBack::one_group(const Sent& sent) noexcept {
  const DirtyGroup* group = sent.batch.front()->group.get();
  return group != nullptr && std::all_of(sent.batch.begin(), sent.batch.end(),
                                         [&](const DirtyItem* item) { return item->group.get() == group; });
}

void WriteBack::settle_failed(Sent& sent, std::uint64_t decided, std::uint64_t done_before,
                              base::LeafMutex* gate) noexcept {
  const bool alone = sent.batch.size() == 1 || one_group(sent);
  for (const std::size_t i : sent.failed) {
    DirtyItem& item = *sent.batch[i];
    const bool answered = sent.results[i].outcome != Outcome::kAsTheBatch;
    // The store did write others: in this batch, or since the item failed last.
    const bool others_went = decided != 0 || (item.failures != 0 && item.done_by_then != done_before);
    ++item.failures;
    item.done_by_then = done_before + decided;
    if (others_went && (answered || alone)) ++item.attempts;
    if (others_went && alone && !answered && item.group == nullptr) item.goes_alone = true;
    const std::optional<DeadLetter::Reason> dies = verdict(item, sent.results[i].outcome);
    if (dies && bury(item, sent.mutations[i], *dies, sent.results[i].error, gate)) continue;
    sent.again.push_back(&item);
  }
  retries_.fetch_add(sent.again.size(), std::memory_order_relaxed);
  come_back(sent.again, gate);
}

std::optional<DeadLetter::Reason> WriteBack::verdict(const DirtyItem& item, Outcome outcome) const noexcept {
  if (outcome == Outcome::kNever) return DeadLetter::Reason::kNever;
  if (item.attempts >= options_.attempts_max) return DeadLetter::Reason::kAttempts;
  if (out_of_time_.load()) return DeadLetter::Reason::kClosed;
  return {};
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

// --- Flush and close ----------------------------------------------------------------------------------------------------

std::uint64_t WriteBack::oldest_sequence() const {
  std::uint64_t oldest = DirtyTable::kNever;
  for (std::uint32_t i = 0; i < keyspace_.shards(); ++i) {
    Shard& shard = keyspace_.shard(i);
    base::MutexLock lock(shard.mutex);
    if (!shard.dirty->empty()) oldest = std::min(oldest, shard.dirty->oldest()->first_sequence);
  }
  return oldest;
}

std::uint64_t WriteBack::oldest_since_ms() const {
  std::uint64_t oldest = DirtyTable::kNever;
  for (std::uint32_t i = 0; i < keyspace_.shards(); ++i) {
    Shard& shard = keyspace_.shard(i);
    base::MutexLock lock(shard.mutex);
    if (!shard.dirty->empty()) oldest = std::min(oldest, shard.dirty->oldest()->since_ms);
  }
  return oldest;
}

FlushReport WriteBack::report(bool complete) const {
  FlushReport report;
  if (complete) return report;
  const std::uint64_t now_ms = keyspace_.environment().now();
  report.items = static_cast<std::uint64_t>(items_.used());
  report.bytes = static_cast<std::uint64_t>(bytes_.used());
  report.oldest = Milliseconds(now_ms - std::min(now_ms, oldest_since_ms()));
  if (in_child()) return report;  // somebody may have held the lock when the process forked
  base::LeafLock lock(pace_mutex_);
  report.last_error = last_error_;
  return report;
}

// Whoever asks for a flush, or closes, wants to know now: the store is asked once more, left alone or not, and what has
// failed does not wait for its time.
void WriteBack::ask_again() {
  {
    base::LeafLock lock(pace_mutex_);
    breaker_.succeeded();
  }
  for (std::uint32_t i = 0; i < keyspace_.shards(); ++i) {
    base::MutexLock lock(keyspace_.shard(i).mutex);
    keyspace_.shard(i).dirty->hasten();
  }
}

FlushReport WriteBack::flush(Milliseconds at_most) {
  if (!in_child() && !store::FencedStore::inside()) ask_again();
  const std::uint64_t now = store_.next_sequence();
  const bool waits = at_most.count() > 0;
  // This thread must be back in time, whatever the store does.
  const auto flush_one = [&] { return waits && options_.threads != 0 ? 0 : flush_some(true); };
  return report(flush_until([&] { return oldest_sequence() > now; }, flush_one, keyspace_.give_up_us(at_most), waits));
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
  if (in_child() || store::FencedStore::inside()) return report(oldest_sequence() == DirtyTable::kNever);
  if (out_of_time_.load()) return hand_over();
  if (flush(at_most).complete()) return {};
  return hand_over();
}

FlushReport WriteBack::hand_over() {
  if (in_child()) return {};
  out_of_time_.store(true);
  const store::FencedStore::Inside inside;
  const Status error = report(false).last_error;
  for (std::uint32_t i = 0; i < keyspace_.shards(); ++i) {
    Shard& shard = keyspace_.shard(i);
    Batch refused;
    const auto next = [&] {
      base::MutexLock lock(shard.mutex);
      return shard.dirty->take_all();
    };
    for (Batch batch = next(); !batch.empty(); batch = next()) {
      refused.reserve(refused.size() + batch.size());
      for (DirtyItem* item : batch) {
        if (!bury(*item, mutation_of(*item), DeadLetter::Reason::kClosed, error, nullptr)) refused.push_back(item);
      }
    }
    for (DirtyItem* item : refused) {  // for the next time
      in_shard(item->hash, nullptr,
               [&](Shard&, Discards& discards) { shard.dirty->retry(*item, DirtyTable::kNever, discards); });
    }
  }
  return report(oldest_sequence() == DirtyTable::kNever);
}

void WriteBack::add_to(Stats* stats) const {
  stats->dirty_items = static_cast<std::uint64_t>(items_.used());
  stats->bytes_dirty = static_cast<std::uint64_t>(bytes_.used());
  const std::uint64_t now_ms = keyspace_.environment().now();
  stats->dirty_oldest_ms = now_ms - std::min(now_ms, oldest_since_ms());
  stats->writes_coalesced = merged_.load(std::memory_order_relaxed);
  stats->write_batches = batches_.load(std::memory_order_relaxed);
  stats->write_retries = retries_.load(std::memory_order_relaxed);
  stats->write_queue_full = full_.load(std::memory_order_relaxed);
  stats->dead_letters = dead_letters_.load(std::memory_order_relaxed);
  stats->dead_letter_failures = sink_failures_.load(std::memory_order_relaxed);
  stats->store_write_latency = latency_.snapshot();
  if (in_child()) return;
  base::LeafLock lock(pace_mutex_);
  stats->store_left_alone = breaker_.open();
}

}  // namespace larder::keyspace
