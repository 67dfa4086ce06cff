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
    std::vector<Mutation> changed;
    for (Mutation one : batch) {
      before_[std::string(one.key)] = ScriptedStore::load(one.key);
      const bool loses_put = defect_ == StoreDefect::kLosesAPut && one.is_put() && one_in(50);
      const bool loses_erase = defect_ == StoreDefect::kLosesAnErase && !one.is_put() && one_in(5);
      if (loses_put || loses_erase) continue;
      if (defect_ == StoreDefect::kLosesTheEnd) one.expires_at.reset();
      if (defect_ == StoreDefect::kWritesToAnother && one.is_put() && one_in(50)) one.key = last_;
      changed.push_back(one);
    }
    const Status status = ScriptedStore::write(changed, results);
    if (!batch.empty()) last_ = batch[0].key;
    return status;
  }

 private:
  bool one_in(unsigned n) { return ++turn_ % n == 0; }

  const StoreDefect defect_;
  unsigned turn_ = 0;
  std::string last_ = "a";
  std::map<std::string, Lookup<StoredValue>, std::less<>> before_;
};

}  // namespace

StoredSubject::StoredSubject(const RunSetup& setup, StoreDefect defect) : random_(setup.seed) {
  store_ = defect == StoreDefect::kNone ? std::make_shared<support::ScriptedStore>()
                                        : std::make_shared<DefectiveStore>(defect);
  RunSetup with_store = setup;
  with_store.backing = store_;
  inside_ = std::make_unique<LarderSubject>(with_store);
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
  if (command.verb == Verb::kForEach) return rows();
  if (command.verb == Verb::kDbsize) return Answer::number(static_cast<std::int64_t>(rows().list.size()));
  forget(command);
  if (command.how != How::kPeek) return inside_->run(command);
  Command that_loads = command;
  that_loads.how = How::kPlain;
  return inside_->run(that_loads);
}

Answer StoredSubject::rows() {
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

std::unique_ptr<Subject> make_stored(const RunSetup& setup) { return std::make_unique<StoredSubject>(setup); }

}  // namespace larder::model
