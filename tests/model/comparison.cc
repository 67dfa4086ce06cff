// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Model against subject.
#include "model/comparison.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "support/watchdog.h"

namespace larder::model {
namespace {

constexpr std::size_t kCommandsBetweenChecks = 50;
constexpr std::chrono::seconds kHangs(120);  // one sequence takes a fraction of a second

// For a sentence; the sequence before it has all of it.
std::string brief(const Command& command) {
  const std::string line = printable(command);
  return line.size() < 300 ? line : line.substr(0, 300) + " ...";
}

std::string differ(const Command& command, const Answer& answer, const Answer& expected) {
  return brief(command) + "\n    answered " + printable(answer) + "\n    instead of " + printable(expected);
}

bool names(const Command& command, const std::string& key) {
  return std::find(command.keys.begin(), command.keys.end(), key) != command.keys.end();
}

bool keeps_all_keys_evictable(const std::string& policy) {
  return policy != "none" && !policy.ends_with("-ttl") && !policy.starts_with("volatile");
}

}  // namespace

std::string printable(const RunSetup& setup) {
  return "max_memory " + std::to_string(setup.max_memory) + ", max_entries " + std::to_string(setup.max_entries) +
         ", policy " + setup.policy + ", shards " + std::to_string(setup.shards) + ", value_bytes_max " +
         std::to_string(setup.value_bytes_max) + ", idle " + std::to_string(setup.idle.count()) + " ms, " +
         (setup.listens ? "" : "no listener, ") +
         (setup.allocations_fail_one_in == 0
              ? ""
              : "one allocation in " + std::to_string(setup.allocations_fail_one_in) + " fails, ") +
         "seed " + std::to_string(setup.seed);
}

Comparison::Comparison(const RunSetup& setup, Subject& subject, Tally& tally)
    : setup_(setup),
      subject_(subject),
      tally_(tally),
      model_(kStartMs, setup.value_bytes_max, setup.idle.count()),
      bytes_allowed_(setup.max_memory) {}

std::string Comparison::step(const Command& command) {
  const std::uint64_t cells = model_.cells(command);
  if (cells > NaiveModel::kCellsDear && cells <= NaiveModel::kCellsMax) return "";
  ++tally_.commands;
  follow_limits(command);
  std::string wrong;
  if (command.verb == Verb::kScanStep) {
    wrong = scan_step(command);
  } else if (command.verb == Verb::kRandomKey) {
    wrong = random_key(command);
  } else {
    const Answer answer = subject_.run(command);
    wrong = compare(command, answer);
    if (wrong.empty()) wrong = check_usage(command, answer);
  }
  for (auto& [slot, scan] : scans_) {
    std::erase_if(scan.due, [&](const std::string& key) { return !model_.entries().contains(key); });
  }
  return wrong;
}

std::string Comparison::scan_step(const Command& command) {
  Scan& scan = scans_[command.first];
  if (!scan.open) {
    scan = {.open = true};
    for (const auto& [key, entry] : model_.entries()) scan.due.insert(key);
  }
  const ScanStep page = subject_.scan_step(scan.cursor, static_cast<std::uint32_t>(command.second));
  for (const std::string& key : page.keys) {
    if (!model_.entries().contains(key)) return brief(command) + " shows " + printable(key) + ", which is not there";
    scan.seen.insert(key);
  }
  scan.cursor = page.cursor;
  scan.open = page.cursor != 0;
  if (!scan.open) {
    for (const std::string& key : scan.due) {
      if (!scan.seen.contains(key)) return brief(command) + " ended without " + printable(key);
    }
  }
  return compare_removals(command, subject_.take_removals());
}

std::string Comparison::random_key(const Command& command) {
  const Answer answer = subject_.run(command);
  const auto& entries = model_.entries();
  const bool right =
      answer.kind == Answer::Kind::kText ? entries.contains(answer.text) : answer == Answer::miss() && entries.empty();
  if (!right) return brief(command) + " answered " + printable(answer) + ", which is not there";
  return compare_removals(command, subject_.take_removals());
}

bool Comparison::may_refuse(const Command& command, const Answer& answer) const {
  const bool needs_memory = writes(command.verb) || command.verb == Verb::kGetVersioned;
  if (answer.failed_with(ErrorCode::kOutOfMemory)) {
    return needs_memory && (short_of_memory() || setup_.allocations_fail_one_in != 0);
  }
  return answer.failed_with(ErrorCode::kValueTooLarge) && writes(command.verb) && setup_.max_memory != 0;
}

std::string Comparison::compare(const Command& command, const Answer& answer) {
  const std::vector<Removal> removals = subject_.take_removals();
  const bool own_keys_evicted = std::any_of(removals.begin(), removals.end(), [&](const Removal& removal) {
    return removal.cause == RemovalCause::kEvicted && names(command, removal.key);
  });
  if (!own_keys_evicted) return compare_in_order(command, answer, removals, true);
  // A key of this very command was evicted: before the command came to it, or after. The answer may allow both.
  const NaiveModel before = model_;
  const std::string wrong = compare_in_order(command, answer, removals, true);
  const Command all{.verb = Verb::kForEach};
  if (wrong.empty() && subject_.run(all) == model_.run(all)) return wrong;
  model_ = before;
  const std::string also_wrong = compare_in_order(command, answer, removals, false);
  return also_wrong.empty() || wrong.empty() ? also_wrong : wrong;
}

std::string Comparison::compare_in_order(const Command& command, const Answer& answer, std::vector<Removal> removals,
                                         bool own_keys_first) {
  if (command.verb == Verb::kAdvance) model_.set_time(model_.now_ms() + command.first);
  std::string wrong = evict(removals, command, own_keys_first);
  if (!wrong.empty()) return wrong;
  if (may_refuse(command, answer)) {
    ++tally_.refusals;
  } else if (command.verb != Verb::kAdvance) {
    wrong = compare_answers(command, answer);
  }
  if (wrong.empty()) wrong = evict(removals, command, true);
  return wrong.empty() ? compare_removals(command, removals) : wrong;
}

// Takes what was evicted out of `removals` and out of the model; keys of the command itself only if `own_keys`.
std::string Comparison::evict(std::vector<Removal>& removals, const Command& command, bool own_keys) {
  std::string wrong;
  std::erase_if(removals, [&](const Removal& removal) {
    if (removal.cause != RemovalCause::kEvicted || (!own_keys && names(command, removal.key))) return false;
    ++tally_.evictions;
    if (!short_of_memory()) wrong = "evicted with no need: " + printable(removal);
    if (!model_.evict(removal.key, removal.value)) {
      // Perhaps by the command's own write: seen when it has been run, in the second pass.
      if (names(command, removal.key) && own_keys && wrong.empty()) return false;
      wrong = "evicted what was not there: " + printable(removal);
    }
    return true;
  });
  return wrong;
}

std::string Comparison::compare_answers(const Command& command, const Answer& answer) {
  if (command.verb == Verb::kCompareAndSet) return compare_versioned(command, answer);
  if (command.verb == Verb::kSetMaxMemory) {
    if (!setup_.allows_max_memory(static_cast<std::uint64_t>(command.first))) {
      const Answer refused = Answer::failure(ErrorCode::kInvalidArgument);
      return answer == refused ? "" : differ(command, answer, refused);
    }
    const bool right = answer == Answer::done() || answer.failed_with(ErrorCode::kOutOfMemory);
    return right ? "" : differ(command, answer, Answer::done());
  }
  const std::set<ErrorCode> objections = model_.objections(command);
  const Answer expected = model_.run(command);
  if (expected.failed() && answer.failed() && objections.contains(expected.error) &&
      objections.contains(answer.error)) {
    return "";  // several things are wrong with the arguments
  }
  if (answer != expected) return differ(command, answer, expected);
  if (command.verb == Verb::kHold && answer.kind == Answer::Kind::kText) held_[command.first] = answer.text.size();
  if (command.verb == Verb::kLetGo) held_.erase(command.first);
  return "";
}

std::string Comparison::compare_versioned(const Command& command, const Answer& answer) {
  if (answer.failed() && model_.objections(command).contains(answer.error)) return "";
  const NaiveModel::Verdict verdict = model_.verdict(command);
  const bool conflict = answer.failed_with(ErrorCode::kConflict);
  if (!conflict || !verdict.may_conflict) {
    const Answer expected = model_.compare_and_set(command, verdict.may_store);
    tally_.compared_and_set += expected == Answer::number(1);
    return answer == expected ? "" : differ(command, answer, expected);
  }
  const Answer expected = model_.compare_and_set(command, false);
  if (expected != answer) return differ(command, answer, expected);
  tally_.false_conflicts += verdict.may_store;
  return "";
}

std::string Comparison::compare_removals(const Command& command, const std::vector<Removal>& removals) {
  std::vector<Removal> due = model_.take_removals();
  if (!setup_.listens) {
    model_.expired().clear();
    return "";
  }
  for (const Removal& removal : removals) {
    if (const auto at = std::find(due.begin(), due.end(), removal); at != due.end()) {
      due.erase(at);
      continue;
    }
    // A number that is replaced by another: whether that is a replacement or an edit is not settled.
    const bool counts = command.verb >= Verb::kIncrBy && command.verb <= Verb::kIncrByFloat;
    if (counts && removal.cause == RemovalCause::kReplaced) continue;
    auto& expired = model_.expired();
    const auto at = expired.find({removal.key, removal.value});
    const bool by_time = removal.cause == RemovalCause::kExpired || removal.cause == RemovalCause::kIdle;
    if (at == expired.end() || (!by_time && removal.cause != RemovalCause::kCleared)) {
      return "the listener heard of what did not happen: " + printable(removal) + "\n    after " + brief(command);
    }
    ++tally_.expirations;
    expired.erase(at);
  }
  if (due.empty()) return "";
  return "the listener did not hear of: " + printable(due.front()) + "\n    after " + brief(command);
}

// The ceiling rises before a limit is raised.
void Comparison::follow_limits(const Command& command) {
  const auto bytes = static_cast<std::uint64_t>(command.first);
  if (command.verb != Verb::kSetMaxMemory || !setup_.allows_max_memory(bytes)) return;
  setup_.max_memory = bytes;
  bytes_allowed_ = std::max(setup_.max_memory, subject_.usage().bytes_used);
  subject_.set_ceiling(bytes_allowed_);
}

std::string Comparison::check_usage(const Command& command, const Answer& answer) {
  if (!short_of_memory()) return "";
  const Usage usage = subject_.usage();
  const std::string after = " after " + brief(command);
  if (command.verb == Verb::kSetEviction) setup_.policy = command.text;
  if (usage.worst_excess != 0)
    return std::to_string(usage.worst_excess) + " bytes above the bound were allocated" + after;
  if (setup_.max_entries != 0 && usage.entries > setup_.max_entries) {
    return std::to_string(usage.entries) + " entries, above max_entries," + after;
  }
  if (setup_.max_memory == 0) return "";
  if (usage.allocated > usage.bytes_used) return "more is allocated than bytes_used" + after;
  const bool freed = command.verb == Verb::kSetMaxMemory && answer == Answer::done();
  if (freed) bytes_allowed_ = setup_.max_memory;
  if (usage.bytes_used > bytes_allowed_) {
    return "bytes_used is " + std::to_string(usage.bytes_used) + ", above " + std::to_string(bytes_allowed_) + after;
  }
  bytes_allowed_ = std::max(setup_.max_memory, usage.bytes_used);
  subject_.set_ceiling(bytes_allowed_);
  if (answer.failed_with(ErrorCode::kOutOfMemory) && must_find_room(command)) {
    return "refused though everything may be evicted:" + after;
  }
  return "";
}

// Whether eviction can always make room for it: nothing is held, and what it needs is small against the bound.
bool Comparison::must_find_room(const Command& command) const {
  const bool small_keys = std::all_of(command.keys.begin(), command.keys.end(),
                                      [&](const std::string& key) { return key.size() < setup_.max_memory / 16; });
  const bool at_once = command.verb == Verb::kMset || command.verb == Verb::kMsetNx;
  return keeps_all_keys_evictable(setup_.policy) && held_.empty() && small_keys && !at_once;
}

std::string Comparison::check_state() {
  const Command all{.verb = Verb::kForEach};
  const Answer shown = subject_.run(all);
  const Answer expected = model_.run(all);
  if (shown != expected) return differ(all, shown, expected);
  std::string wrong = subject_.complaints();
  if (wrong.empty()) wrong = compare_removals(all, subject_.take_removals());
  const std::uint64_t entries = subject_.usage().entries;
  const std::uint64_t live = model_.entries().size();
  if (wrong.empty() && setup_.listens && (entries < live || entries > live + model_.expired().size())) {
    wrong = "stats count " + std::to_string(entries) + " entries, there are " + std::to_string(live);
  }
  return wrong;
}

std::string Comparison::finish() {
  std::string wrong = check_state();
  // dbsize gives back what has expired: then the listener must have heard of all of it.
  if (wrong.empty()) wrong = step({.verb = Verb::kDbsize});
  if (wrong.empty() && !model_.expired().empty()) {
    wrong = "the listener never heard that " + printable(model_.expired().begin()->first) + " expired";
  }
  return wrong.empty() ? subject_.finish() : wrong;
}

std::optional<Failure> compare(const RunSetup& setup, const SubjectFactory& make, const std::vector<Command>& commands,
                               Tally& tally) {
  std::atomic<std::size_t> at{0};
  const support::Watchdog watchdog(kHangs, [&] {
    std::string text = "setup: " + printable(setup) + ", command " + std::to_string(at.load()) + "; the last ones:\n";
    for (std::size_t i = at.load() < 30 ? 0 : at.load() - 30; i < commands.size() && i <= at.load(); ++i) {
      text += "  " + printable(commands[i]) + "\n";
    }
    return text;
  });
  const std::unique_ptr<Subject> subject = make(setup);
  Comparison comparison(setup, *subject, tally);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    at = i;
    std::string wrong = comparison.step(commands[i]);
    if (wrong.empty() && i % kCommandsBetweenChecks == 0) wrong = comparison.check_state();
    if (!wrong.empty()) return Failure{i, wrong};
  }
  const std::string wrong = comparison.finish();
  return wrong.empty() ? std::nullopt : std::optional(Failure{commands.size(), wrong});
}

std::string compare_and_explain(const RunSetup& setup, const SubjectFactory& make, const std::vector<Command>& commands,
                                Tally& tally) {
  const Runner run = [&](const std::vector<Command>& some) { return compare(setup, make, some, tally); };
  const std::string failure = run_and_explain(run, commands);
  return failure.empty() ? failure : "setup: " + printable(setup) + "\n" + failure;
}

}  // namespace larder::model
