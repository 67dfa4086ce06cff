// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The naive model: time, changes, and which command goes where.
#include "model/naive_model.h"

#include <algorithm>
#include <limits>

namespace larder::model {

std::string printable(const Removal& removal) {
  static constexpr const char* kCauses[] = {"deleted", "replaced", "invalidated", "expired",
                                            "idle",    "evicted",  "cleared"};
  return printable(removal.key) + "=" + printable(removal.value) + " " +
         kCauses[static_cast<std::size_t>(removal.cause)];
}

void NaiveModel::set_time(std::int64_t now_ms) {
  now_ms_ = now_ms;
  for (auto at = entries_.begin(); at != entries_.end();) {
    const Entry& entry = at->second;
    if ((entry.deadline && *entry.deadline <= now_ms_) || (idle_ms_ != 0 && entry.last_used + idle_ms_ <= now_ms_)) {
      expired_.emplace(at->first, at->second.value);
      value_changed(at->first);
      at = entries_.erase(at);
    } else {
      ++at;
    }
  }
}

bool NaiveModel::evict(const std::string& key, const std::string& value) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.value != value) return false;
  entries_.erase(at);
  value_changed(key);
  return true;
}

const NaiveModel::Entry* NaiveModel::find(const std::string& key) const {
  const auto at = entries_.find(key);
  return at == entries_.end() ? nullptr : &at->second;
}

std::string NaiveModel::value_or_empty(const std::string& key) const {
  const Entry* entry = find(key);
  return entry == nullptr ? std::string() : entry->value;
}

void NaiveModel::replace(const std::string& key, std::string value, std::optional<std::int64_t> deadline) {
  if (deadline && *deadline <= now_ms_) {
    if (find(key) != nullptr) remove(key, RemovalCause::kDeleted);
    other_changes_[key] = ++changes_;  // a write, though nobody sees it if there was no such key
    return;
  }
  if (const Entry* entry = find(key)) removals_.push_back({key, entry->value, RemovalCause::kReplaced});
  entries_[key] = Entry{std::move(value), deadline, now_ms_};
  value_changed(key);
}

void NaiveModel::edit(const std::string& key, std::string value) {
  const Entry* entry = find(key);
  if (entry != nullptr && entry->value == value) {
    other_changes_[key] = ++changes_;
    return;
  }
  entries_[key].value = std::move(value);
  value_changed(key);
}

void NaiveModel::set_deadline(const std::string& key, std::optional<std::int64_t> deadline) {
  if (deadline && *deadline <= now_ms_) {
    remove(key, RemovalCause::kDeleted);
    return;
  }
  entries_[key].deadline = deadline;
  other_changes_[key] = ++changes_;
}

void NaiveModel::remove(const std::string& key, RemovalCause cause) {
  removals_.push_back({key, entries_.at(key).value, cause});
  entries_.erase(key);
  value_changed(key);
}

Answer NaiveModel::run(const Command& command) {
  const Answer answer = dispatch(command);
  const bool uses = command.how != How::kPeek && command.verb != Verb::kExists && command.verb != Verb::kType &&
                    command.verb != Verb::kTtl && command.verb != Verb::kExpireTime;
  for (const std::string& key : command.keys) {
    if (const auto at = entries_.find(key); uses && at != entries_.end()) at->second.last_used = now_ms_;
  }
  return answer;
}

std::uint64_t NaiveModel::cells(const Command& command) const {
  if (command.verb != Verb::kLcs) return 0;
  return std::uint64_t{value_or_empty(command.keys[0]).size()} * value_or_empty(command.keys[1]).size();
}

std::set<ErrorCode> NaiveModel::objections(const Command& command) const {
  std::set<ErrorCode> all;
  const SetOptions& set = command.set;
  const GetExOptions& get_ex = command.get_ex;
  std::uint64_t bytes = 0;
  for (const std::string& key : command.keys) {
    if (key.size() > kKeyBytesMax) all.insert(ErrorCode::kKeyTooLong);
    bytes += key.size();
  }
  for (const std::string& value : command.values) {
    if (too_large(command.offset + value.size())) all.insert(ErrorCode::kValueTooLarge);
    bytes += value.size();
  }
  const bool many = command.verb == Verb::kMset || command.verb == Verb::kMsetNx;
  if (many && too_large(bytes / 2)) all.insert(ErrorCode::kValueTooLarge);
  if (many && command.keys.size() > 1024) all.insert(ErrorCode::kTooManyKeys);
  if (set.ttl.has_value() + set.expires_at.has_value() + set.keep_ttl > 1) all.insert(ErrorCode::kInvalidArgument);
  if (get_ex.ttl.has_value() + get_ex.expires_at.has_value() + get_ex.persist > 1) {
    all.insert(ErrorCode::kInvalidArgument);
  }
  std::optional<std::int64_t> unused;
  if (end_of(set.ttl, set.expires_at, unused).failed() || end_of(get_ex.ttl, get_ex.expires_at, unused).failed()) {
    all.insert(ErrorCode::kInvalidExpireTime);
  }
  if (command.verb == Verb::kCopy && command.keys[0] == command.keys[1]) all.insert(ErrorCode::kInvalidArgument);
  if ((command.verb == Verb::kExpire || command.verb == Verb::kExpireAt) && command.first > now_ms_ + kTtlMaxMs) {
    all.insert(ErrorCode::kInvalidExpireTime);
  }
  for (const BitFieldStep& step : command.steps) {
    if (step.width == 0 || step.width > (step.is_signed ? 64 : 63)) all.insert(ErrorCode::kInvalidArgument);
    if (step.bit_offset > kValueBytesMax * 8 - step.width) all.insert(ErrorCode::kOutOfRange);
  }
  if (command.verb == Verb::kSetRange && command.offset > kValueBytesMax) all.insert(ErrorCode::kValueTooLarge);
  if (command.verb == Verb::kBitOp && command.operation == BitOperation::kNot && command.keys.size() != 2) {
    all.insert(ErrorCode::kInvalidArgument);
  }
  if (command.verb == Verb::kIncrByFloat && !strict_float(command.text)) all.insert(ErrorCode::kNotAFloat);
  if (command.verb == Verb::kDecrBy && command.first == std::numeric_limits<std::int64_t>::min()) {
    all.insert(ErrorCode::kOverflow);
  }
  const bool bit = command.verb == Verb::kSetBit || command.verb == Verb::kGetBit;
  if (bit && command.offset >= kValueBytesMax * 8) all.insert(ErrorCode::kOutOfRange);
  return all;
}

Answer NaiveModel::dispatch(const Command& command) {
  for (const std::string& key : command.keys) {
    if (key.size() > kKeyBytesMax) return Answer::failure(ErrorCode::kKeyTooLong);
  }
  if (command.verb <= Verb::kLcs) return run_string_read(command);
  if (command.verb <= Verb::kSetRange) return run_string_write(command);
  if (command.verb <= Verb::kCompareAndSet) return run_number(command);
  if (command.verb <= Verb::kBitField) return run_bits(command);
  if (command.verb <= Verb::kCopy) return run_key(command);
  if (command.verb <= Verb::kClear) return run_many_keys(command);
  return run_other(command);
}

Answer NaiveModel::run_key(const Command& command) {
  std::int64_t there = 0;
  for (const std::string& key : command.keys) there += find(key) != nullptr;
  const Entry* entry = find(command.key());
  switch (command.verb) {
    case Verb::kDel: {
      std::int64_t deleted = 0;
      for (const std::string& key : command.keys) {
        if (find(key) == nullptr) continue;
        remove(key, RemovalCause::kDeleted);
        ++deleted;
      }
      return Answer::number(deleted);
    }
    case Verb::kExists:
    case Verb::kTouch: return Answer::number(there);
    case Verb::kType: return Answer::bytes(entry == nullptr ? "none" : "string");
    case Verb::kExpire:
      if (command.first > kTtlMaxMs) return Answer::failure(ErrorCode::kInvalidExpireTime);
      return expire(command, command.first <= 0 ? now_ms_ : now_ms_ + command.first);
    case Verb::kExpireAt:
      if (command.first > now_ms_ && command.first - now_ms_ > kTtlMaxMs) {
        return Answer::failure(ErrorCode::kInvalidExpireTime);
      }
      return expire(command, command.first);
    case Verb::kPersist:
      if (entry == nullptr || !entry->deadline) return Answer::number(0);
      set_deadline(command.key(), std::nullopt);
      return Answer::number(1);
    case Verb::kTtl:
      if (entry == nullptr) return Answer::miss();
      return entry->deadline ? Answer::number(*entry->deadline - now_ms_) : Answer::never();
    case Verb::kExpireTime:
      if (entry == nullptr) return Answer::miss();
      return entry->deadline ? Answer::number(*entry->deadline) : Answer::never();
    case Verb::kRename:
    case Verb::kRenameNx: return rename(command);
    case Verb::kCopy: return copy(command);
    default: return Answer::failure(ErrorCode::kInvalidArgument);
  }
}

Answer NaiveModel::expire(const Command& command, std::int64_t deadline) {
  const Entry* entry = find(command.key());
  if (entry == nullptr) return Answer::number(0);
  const bool has_one = entry->deadline.has_value();
  bool holds = true;
  switch (command.expire_if) {
    case ExpireIf::kAlways: break;
    case ExpireIf::kHasNone: holds = !has_one; break;
    case ExpireIf::kHasOne: holds = has_one; break;
    case ExpireIf::kGreater: holds = has_one && deadline > *entry->deadline; break;
    case ExpireIf::kLess: holds = !has_one || deadline < *entry->deadline; break;
    case ExpireIf::kHasOneAndLess: holds = has_one && deadline < *entry->deadline; break;
  }
  if (!holds) return Answer::number(0);
  set_deadline(command.key(), deadline);
  return Answer::number(1);
}

Answer NaiveModel::rename(const Command& command) {
  const std::string& from = command.keys[0];
  const std::string& to = command.keys[1];
  if (find(from) == nullptr) return Answer::failure(ErrorCode::kNoSuchKey);
  const Answer yes = command.verb == Verb::kRename ? Answer::done() : Answer::number(1);
  if (command.verb == Verb::kRenameNx && find(to) != nullptr) return Answer::number(0);
  if (from == to) return yes;
  const Entry moved = *find(from);
  remove(from, RemovalCause::kDeleted);
  replace(to, moved.value, moved.deadline);
  return yes;
}

Answer NaiveModel::copy(const Command& command) {
  const std::string& from = command.keys[0];
  const std::string& to = command.keys[1];
  if (from == to) return Answer::failure(ErrorCode::kInvalidArgument);
  if (find(from) == nullptr || (find(to) != nullptr && !command.flag)) return Answer::number(0);
  const Entry copied = *find(from);
  replace(to, copied.value, copied.deadline);
  return Answer::number(1);
}

Answer NaiveModel::run_many_keys(const Command& command) {
  switch (command.verb) {
    case Verb::kRandomKey:  // any would be right
      return entries_.empty() ? Answer::miss() : Answer::bytes(entries_.begin()->first);
    case Verb::kKeys: return matching(command.text);
    case Verb::kScan: return matching(command.text.empty() ? "*" : command.text);
    case Verb::kScanStep: return Answer::done();  // judged by the one who compares
    case Verb::kForEach: return all();
    case Verb::kDbsize: return Answer::number(static_cast<std::int64_t>(entries_.size()));
    case Verb::kInvalidate:
      if (find(command.key()) == nullptr) return Answer::number(0);
      remove(command.key(), RemovalCause::kInvalidated);
      return Answer::number(1);
    case Verb::kInvalidatePrefix: return invalidate_prefix(command.text);
    case Verb::kClear:
      while (!entries_.empty()) remove(std::string(entries_.begin()->first), RemovalCause::kCleared);
      return Answer::done();
    default: return Answer::failure(ErrorCode::kInvalidArgument);
  }
}

Answer NaiveModel::matching(std::string_view pattern) const {
  std::vector<Answer> keys;
  for (const auto& [key, entry] : entries_) {
    if (glob_matches(pattern, key)) keys.push_back(Answer::bytes(key));
  }
  return Answer::items(std::move(keys));
}

Answer NaiveModel::all() const {
  std::vector<Answer> list;
  for (const auto& [key, entry] : entries_) {
    const Answer ttl = entry.deadline ? Answer::number(*entry.deadline - now_ms_) : Answer::never();
    list.push_back(Answer::items({Answer::bytes(key), Answer::bytes(entry.value), ttl}));
  }
  return Answer::items(std::move(list));
}

Answer NaiveModel::invalidate_prefix(const std::string& prefix) {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : entries_) {
    if (key.starts_with(prefix)) keys.push_back(key);
  }
  for (const std::string& key : keys) remove(key, RemovalCause::kInvalidated);
  return Answer::number(static_cast<std::int64_t>(keys.size()));
}

Answer NaiveModel::run_other(const Command& command) {
  switch (command.verb) {
    case Verb::kAdvance: set_time(now_ms_ + command.first); return Answer::done();
    case Verb::kHold: {
      const Entry* entry = find(command.key());
      if (entry == nullptr) return Answer::miss();
      held_[command.first] = entry->value;
      return Answer::bytes(entry->value);
    }
    case Verb::kLetGo: {
      const auto at = held_.find(command.first);
      if (at == held_.end()) return Answer::miss();
      const Answer answer = Answer::bytes(at->second);
      held_.erase(at);
      return answer;
    }
    default: return Answer::done();
  }
}

}  // namespace larder::model
