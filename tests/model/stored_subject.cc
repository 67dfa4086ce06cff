// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "model/stored_subject.h"

namespace larder::model {
namespace {

class DefectiveStore final : public support::ScriptedStore {
 public:
  explicit DefectiveStore(StoreDefect defect) : defect_(defect) {}

  Lookup<StoredValue> load(std::string_view key) override {
    Lookup<StoredValue> found = ScriptedStore::load(key);
    if (found && defect_ == StoreDefect::kLoadsNoEnd) found->expires_at.reset();
    const auto before = before_.find(key);
    if (defect_ == StoreDefect::kLoadsThePast && before != before_.end() && one_in(20)) return before->second;
    return found;
  }
  Status write(std::span<const Mutation> batch, std::span<WriteResult> results) override {
    const std::vector<support::Written> last = std::exchange(last_batch_, {});
    for (const Mutation& one : batch) {
      last_batch_.push_back(
          {one.kind, std::string(one.key), std::string(one.bytes), one.expires_at, one.sequence, 0, one.type});
    }
    std::vector<Mutation> changed;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Mutation one = batch[i];
      before_[std::string(one.key)] = ScriptedStore::load(one.key);
      if (is_lost(one)) continue;
      if (defect_ == StoreDefect::kLosesTheEnd) one.expires_at.reset();
      if (defect_ == StoreDefect::kWritesToAnother && one.is_put() && one_in(50)) one.key = last_;
      changed.push_back(one);
      places.push_back(i);
    }
    std::vector<WriteResult> answers(changed.size());
    const Status status = ScriptedStore::write(changed, answers);
    for (std::size_t i = 0; i < places.size(); ++i) results[places[i]] = answers[i];
    if (!batch.empty()) last_ = batch[0].key;
    if (defect_ == StoreDefect::kRepeatsABatch && one_in(10)) write_again(last);
    if (defect_ == StoreDefect::kWritesAnotherLater) write_again(std::exchange(due_, {}));
    return status;
  }
  std::function<UnixTime()> now;

 private:
  bool one_in(unsigned n) { return ++turn_ % n == 0; }
  bool is_lost(const Mutation& one) {
    switch (defect_) {
      case StoreDefect::kLosesAPut: return one.is_put() && one_in(50);
      case StoreDefect::kLosesAnErase: return !one.is_put() && one_in(5);
      case StoreDefect::kLosesWhatHasEnded: return one.expires_at && *one.expires_at <= now();
      case StoreDefect::kWritesAnotherLater: return is_kept_back(one);
      default: return false;
    }
  }
  bool is_kept_back(const Mutation& one) {
    if (const auto kept = kept_back_.find(one.key); kept != kept_back_.end()) {
      due_.push_back(kept->second);
      kept_back_.erase(kept);
      return false;
    }
    if (!one_in(20)) return false;
    kept_back_[std::string(one.key)] = {
        one.kind, std::string(one.key), std::string(one.bytes), one.expires_at, one.sequence, 0, one.type};
    return true;
  }
  void write_again(const std::vector<support::Written>& ones) {
    for (const support::Written& one : ones) {
      const Mutation again{
          .kind = one.kind, .type = one.type, .key = one.key, .bytes = one.bytes, .expires_at = one.expires_at};
      WriteResult ignored;
      (void)ScriptedStore::write({&again, 1}, {&ignored, 1});
    }
  }

  const StoreDefect defect_;
  unsigned turn_ = 0;
  std::string last_ = "a";
  std::vector<support::Written> last_batch_, due_;
  std::map<std::string, support::Written, std::less<>> kept_back_;
  std::map<std::string, Lookup<StoredValue>, std::less<>> before_;
};

}  // namespace

StoredSubject::StoredSubject(const RunSetup& setup, StoreOptions::Writes writes, StoreDefect defect)
    : writes_(writes), random_(setup.seed) {
  RunSetup with_store = setup;
  with_store.store.writes = writes;
  if (setup.seed % 2 == 0) {  // what is loaded again is what it was, as nobody else writes
    with_store.store.max_age = Milliseconds(50);
    with_store.store.staleness = {.refresh_ahead = Milliseconds(setup.seed % 3 * 10),
                                  .stale_for = Milliseconds(setup.seed % 5 * 20)};
  }
  WriteBackOptions& back = with_store.store.write_back;
  back.threads = 0;
  back.coalesce = setup.seed % 4 != 0;
  back.batch_max = 8;
  back.items_max = 50;
  back.breaker_failures = 0;
  back.attempts_max = ~0u;
  back.retry_first = back.retry_most = Milliseconds(1);
  back.close_wait = Milliseconds(0);
  back.dead_letters = [](const DeadLetter&) {};
  auto defective = std::make_shared<DefectiveStore>(defect);
  store_ = defective;
  with_store.store.backing = store_;
  inside_ = std::make_unique<LarderSubject>(with_store);
  defective->now = [this] { return UnixTime(inside_->clock().unix_time()); };
}

// Write-back writes some of what waits. What fails may be tried again a millisecond later, so failures come before time
// passes only: when the store is looked at, all may go.
void StoredSubject::write_some(const Command& command) {
  using support::Fault;
  constexpr Fault kFaults[] = {Fault::kNone,   Fault::kRetry,           Fault::kLost,       Fault::kLate,
                               Fault::kThrows, Fault::kWritesAndThrows, Fault::kFailsWhole, Fault::kFirstOnly};
  if (writes_ != StoreOptions::Writes::kBack) return;
  Cache& cache = inside_->cache();
  if (command.verb == Verb::kAdvance) {
    const Fault fault = kFaults[random_() % std::size(kFaults)];
    if (fault != Fault::kNone) store_->fail_writes({fault});
    (void)cache.flush(Milliseconds(0));
    store_->fail_no_writes();
  } else if (random_() % 8 == 0) {
    (void)cache.tick();
  } else if (random_() % 8 == 0) {
    (void)cache.flush(command.keys.empty() ? "a" : command.keys[0], Milliseconds(0));
  }
}

void StoredSubject::forget(const Command& command) {
  switch (random_() % 6) {
    case 0: (void)inside_->cache().clear(); break;
    case 1: (void)inside_->cache().invalidate_prefix("user:"); break;
    case 2:
      for (const std::string& key : command.keys) (void)inside_->cache().invalidate(key);
      break;
    default: break;
  }
}

Answer StoredSubject::run(const Command& command) {
  write_some(command);
  if (command.verb == Verb::kForEach) return rows();
  if (command.verb == Verb::kDbsize) return Answer::number(static_cast<std::int64_t>(rows().list.size()));
  forget(command);
  if (command.how != How::kPeek) return inside_->run(command);
  Command that_loads = command;
  that_loads.how = How::kPlain;
  return inside_->run(that_loads);
}

Answer StoredSubject::rows() {
  if (!inside_->cache().flush(Milliseconds(0)).complete()) return Answer::bytes("there are writes that do not go");
  const auto now_ms = inside_->clock().unix_time().count();
  std::vector<Answer> list;
  for (const auto& [key, row] : store_->rows()) {
    Answer ttl = Answer::never();
    if (row.expires_at) {
      const std::int64_t left = row.expires_at->time_since_epoch().count() - now_ms;
      if (left <= 0) continue;
      ttl = Answer::number(left);
    }
    list.push_back(Answer::items({Answer::bytes(key), Answer::bytes(row.bytes), ttl}));
  }
  return Answer::items(std::move(list));
}

SubjectFactory stored(StoreOptions::Writes writes, StoreDefect defect) {
  return [=](const RunSetup& setup) { return std::make_unique<StoredSubject>(setup, writes, defect); };
}

}  // namespace larder::model
