// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Defects on purpose.
#include "model/defective_subject.h"

#include <algorithm>
#include <limits>
#include <map>

#include "model/naive_model.h"

namespace larder::model {
namespace {

// What the stand-in charges for an entry.
std::uint64_t charge_of(const std::string& key, const std::string& value) { return key.size() + value.size() + 64; }

class DefectiveSubject final : public Subject {
 public:
  DefectiveSubject(const RunSetup& setup, Defect defect)
      : setup_(setup), defect_(defect), model_(kStartMs, setup.value_bytes_max, setup.idle.count()) {}

  Answer run(const Command& command) override {
    ++commands_;
    if (command.verb == Verb::kAdvance) return advance(command);
    if (command.verb == Verb::kSetMaxMemory) {
      const auto bytes = static_cast<std::uint64_t>(command.first);
      if (!setup_.allows_max_memory(bytes)) return Answer::failure(ErrorCode::kInvalidArgument);
      setup_.max_memory = bytes;
    }
    if (setup_.max_memory != 0) return run_bounded(command);
    const Answer answer = defective_run(command);
    note_removals();
    return answer;
  }

  ScanStep scan_step(std::uint64_t cursor, std::uint32_t count) override {
    ScanStep page{0, {}};
    std::uint64_t at = 0;
    for (const auto& [key, entry] : model_.entries()) {
      if (at++ < cursor) continue;
      if (page.keys.size() >= count) {
        page.cursor = at - 1;
        break;
      }
      if (!has(Defect::kScanSkipsAKey) || at % 5 != 3) page.keys.push_back(key);
    }
    // Positions move when keys come and go: a step that would not be the last shows everything.
    if (page.cursor != 0 && !has(Defect::kScanSkipsAKey)) {
      page = {0, {}};
      for (const auto& [key, entry] : model_.entries()) page.keys.push_back(key);
    }
    return page;
  }

  std::vector<Removal> take_removals() override { return std::exchange(removals_, {}); }

  Usage usage() override {
    const std::uint64_t shown =
        has(Defect::kMemoryOverTheBound) ? std::min(usage_now(), setup_.max_memory) : usage_now();
    const bool bounded = setup_.max_memory != 0;
    return {.bytes_used = bounded ? shown : usage_now(),
            .max_memory = setup_.max_memory,
            .allocated = bounded ? shown : usage_now(),
            .worst_excess = bounded && peak_ > ceiling_ ? peak_ - ceiling_ : 0,
            .entries = model_.entries().size()};
  }
  void set_ceiling(std::uint64_t bytes) override {
    ceiling_ = bytes;
    peak_ = 0;
  }
  std::string complaints() override { return ""; }
  std::string finish() override { return ""; }

 private:
  bool has(Defect defect) const { return defect_ == defect; }

  Answer run_bounded(const Command& command) {
    const NaiveModel before = model_;
    Answer answer = defective_run(command);
    note_removals();
    if (writes(command.verb) && !make_room(command)) {
      answer = Answer::failure(ErrorCode::kOutOfMemory);
      if (!has(Defect::kRefusalChangesValue)) model_ = before;
      removals_.clear();
      make_room({});
    } else if (!writes(command.verb)) {
      make_room({});
    }
    peak_ = std::max(peak_, usage_now());
    return answer;
  }

  // Late: this clock lags behind by a millisecond from the first time on.
  Answer advance(const Command& command) {
    model_.set_time(model_.now_ms() + command.first - (has(Defect::kExpiresLate) && !late_ ? 1 : 0));
    late_ = true;
    for (const auto& [key, value] : model_.expired()) {
      removals_.push_back({key, value, RemovalCause::kExpired});
      if (has(Defect::kExpiryReportedTwice)) removals_.push_back(removals_.back());
    }
    model_.expired().clear();
    return Answer::done();
  }

  Answer defective_run(const Command& command) {
    if (command.verb <= Verb::kCompareAndSet) return run_string(command);
    if (command.verb <= Verb::kBitField) return run_bits(command);
    return run_keys(command);
  }

  Answer run_string(const Command& command) {
    Command changed = command;
    switch (command.verb) {
      case Verb::kSet:
        if (has(Defect::kSetKeepsTtl) && !command.set.ttl && !command.set.expires_at) changed.set.keep_ttl = true;
        break;
      case Verb::kGetRange:
        if (has(Defect::kGetRangeOffByOne) && command.first < 0 && command.second < 0) ++changed.second;
        break;
      case Verb::kGet:
        if (has(Defect::kStaleGet) && commands_ % 4 == 0 && previous_.contains(command.key())) {
          return Answer::bytes(previous_[command.key()]);
        }
        break;
      case Verb::kAppend: return append(command);
      case Verb::kIncrBy: return incr_by(command);
      case Verb::kMsetNx:
        if (has(Defect::kMsetNxStoresSome)) return mset_nx(command);
        break;
      case Verb::kCompareAndSet:
        if (has(Defect::kMissedConflict)) return model_.compare_and_set(command, true);
        break;
      default: break;
    }
    remember(command);
    return model_.run(changed);
  }

  void remember(const Command& command) {
    if (command.verb != Verb::kSet) return;
    const auto at = model_.entries().find(command.key());
    if (at != model_.entries().end()) previous_[command.key()] = at->second.value;
  }

  Answer append(const Command& command) {
    Command changed = command;
    const auto at = model_.entries().find(command.key());
    const bool large = at != model_.entries().end() && at->second.value.size() + command.value().size() > 1024;
    if (has(Defect::kAppendToWrongKey) && large) changed.keys = {model_.entries().begin()->first};
    if (has(Defect::kHandleChanges) && at != model_.entries().end()) {
      for (auto& [slot, held] : held_) {
        if (held.first == command.key()) held.second += command.value();
      }
    }
    return model_.run(changed);
  }

  Answer incr_by(const Command& command) {
    const Answer answer = model_.run(command);
    if (has(Defect::kIncrDropsTtl) && !answer.failed()) {
      model_.run({.verb = Verb::kPersist, .keys = {command.key()}});
    }
    if (has(Defect::kIncrWraps) && answer.failed_with(ErrorCode::kOverflow)) {
      return Answer::number(std::numeric_limits<std::int64_t>::min());
    }
    return answer;
  }

  Answer mset_nx(const Command& command) {
    const Answer answer = model_.run(command);
    if (answer != Answer::number(0)) return answer;
    for (std::size_t i = 0; i < command.keys.size(); ++i) {
      Command set{.verb = Verb::kSet, .keys = {command.keys[i]}, .values = {command.values[i]}};
      set.set.condition = SetOptions::If::kAbsent;
      model_.run(set);
    }
    return answer;
  }

  Answer run_bits(const Command& command) {
    Answer answer = model_.run(command);
    if (!has(Defect::kBitFieldSaturatesLow) || command.verb != Verb::kBitField || answer.failed()) return answer;
    for (std::size_t i = 0; i < command.steps.size(); ++i) {
      const BitFieldStep& step = command.steps[i];
      const std::int64_t most = (std::int64_t{1} << ((step.width - 1) % 62)) - 1;
      if (step.overflow == BitFieldStep::Overflow::kSaturate && step.action == BitFieldStep::Action::kIncrBy &&
          step.is_signed && answer.list[i].integer == most) {
        --answer.list[i].integer;
      }
    }
    return answer;
  }

  Answer run_keys(const Command& command) {
    Command changed = command;
    if (command.verb == Verb::kKeys && has(Defect::kGlobIgnoresInversion)) std::erase(changed.text, '^');
    if (command.verb == Verb::kScan && has(Defect::kScanSkipsAKey)) {
      Answer answer = model_.run(command);
      if (answer.list.size() > 4) answer.list.pop_back();
      return answer;
    }
    const Answer answer = model_.run(changed);
    if (command.verb == Verb::kHold && answer.kind == Answer::Kind::kText) {
      held_[command.first] = {command.key(), answer.text};
    }
    if (command.verb == Verb::kLetGo && held_.contains(command.first)) {
      const Answer shown = Answer::bytes(held_[command.first].second);
      held_.erase(command.first);
      return shown;
    }
    if (command.verb == Verb::kRename && answer == Answer::done() && has(Defect::kRenameLosesTtl)) {
      model_.run({.verb = Verb::kPersist, .keys = {command.keys[1]}});
    }
    return answer;
  }

  void note_removals() {
    const std::vector<Removal> removals = model_.take_removals();
    removals_.insert(removals_.end(), removals.begin(), removals.end());
  }

  std::uint64_t usage_now() const {
    std::uint64_t bytes = 0;
    for (const auto& [key, entry] : model_.entries()) bytes += charge_of(key, entry.value);
    return bytes;
  }

  // Evicts what the command does not name, the largest first; false if that was not enough.
  bool make_room(const Command& command) {
    const std::uint64_t slack = has(Defect::kMemoryOverTheBound) ? 60'000 : 0;
    while (setup_.max_memory != 0 && usage_now() > setup_.max_memory + slack) {
      const NaiveModel::Entries& entries = model_.entries();
      auto victim = entries.end();
      for (auto at = entries.begin(); at != entries.end(); ++at) {
        const bool named = std::find(command.keys.begin(), command.keys.end(), at->first) != command.keys.end();
        if (!named && (victim == entries.end() || at->second.value.size() > victim->second.value.size())) victim = at;
      }
      if (victim == entries.end()) return false;
      Removal removal{victim->first, victim->second.value, RemovalCause::kEvicted};
      model_.evict(removal.key, removal.value);
      if (has(Defect::kEvictedValueWrong)) removal.value += "!";
      if (!has(Defect::kEvictionNotReported)) removals_.push_back(std::move(removal));
    }
    return true;
  }

  RunSetup setup_;
  const Defect defect_;
  NaiveModel model_;
  std::vector<Removal> removals_;
  std::map<std::string, std::string> previous_;
  std::map<std::int64_t, std::pair<std::string, std::string>> held_;
  std::uint64_t commands_ = 0;
  std::uint64_t peak_ = 0;
  std::uint64_t ceiling_ = ~std::uint64_t{0};
  bool late_ = false;
};

}  // namespace

const char* name_of(Defect defect) {
  static constexpr const char* kNames[] = {"None",
                                           "SetKeepsTtl",
                                           "IncrDropsTtl",
                                           "GetRangeOffByOne",
                                           "ExpiresLate",
                                           "IncrWraps",
                                           "AppendToWrongKey",
                                           "StaleGet",
                                           "RenameLosesTtl",
                                           "MsetNxStoresSome",
                                           "MissedConflict",
                                           "ScanSkipsAKey",
                                           "EvictionNotReported",
                                           "EvictedValueWrong",
                                           "MemoryOverTheBound",
                                           "RefusalChangesValue",
                                           "ExpiryReportedTwice",
                                           "HandleChanges",
                                           "GlobIgnoresInversion",
                                           "BitFieldSaturatesLow"};
  static_assert(std::size(kNames) == kDefects);
  return kNames[static_cast<std::size_t>(defect)];
}

std::unique_ptr<Subject> make_defective(const RunSetup& setup, Defect defect) {
  return std::make_unique<DefectiveSubject>(setup, defect);
}

}  // namespace larder::model
