// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The naive model: strings.h.
#include <algorithm>

#include "model/naive_model.h"

namespace larder::model {

Answer NaiveModel::run_string_read(const Command& command) {
  switch (command.verb) {
    case Verb::kMget: {
      std::vector<Answer> values;
      for (const std::string& key : command.keys) {
        const Entry* entry = find(key);
        values.push_back(entry == nullptr ? Answer::miss() : Answer::bytes(entry->value));
      }
      return Answer::items(std::move(values));
    }
    case Verb::kGetRange: return get_range(command);
    case Verb::kLcs: return lcs(command);
    default: break;
  }
  const Entry* entry = find(command.key());
  if (entry == nullptr) return Answer::miss();
  if (command.verb == Verb::kStrlen) return Answer::number(static_cast<std::int64_t>(entry->value.size()));
  return Answer::bytes(entry->value);
}

Answer NaiveModel::get_range(const Command& command) const {
  const std::string value = value_or_empty(command.key());
  const auto size = static_cast<std::int64_t>(value.size());
  std::int64_t first = command.first;
  std::int64_t last = command.second;
  if (first < 0 && last < 0 && first > last) return Answer::bytes("");
  if (first < 0) first = std::max<std::int64_t>(0, first + size);
  if (last < 0) last = std::max<std::int64_t>(0, last + size);  // "Hello" -200 -100 is "H" (REDIS.md 8)
  last = std::min(last, size - 1);
  if (first > last) return Answer::bytes("");
  return Answer::bytes(value.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first + 1)));
}

// The table of lengths, and a walk back from its far corner. Where both ways are equally long, the walk leaves out a
// byte of `b`: so does Redis, and the answer depends on it.
Answer NaiveModel::lcs(const Command& command) const {
  const std::string a = value_or_empty(command.keys[0]);
  const std::string b = value_or_empty(command.keys[1]);
  if (cells(command) > kCellsMax) return Answer::failure(ErrorCode::kOutOfRange);
  std::vector<std::vector<std::uint32_t>> length(a.size() + 1, std::vector<std::uint32_t>(b.size() + 1, 0));
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      length[i][j] = a[i - 1] == b[j - 1] ? length[i - 1][j - 1] + 1 : std::max(length[i - 1][j], length[i][j - 1]);
    }
  }
  std::string subsequence;
  std::vector<LcsMatch> matches;
  bool adjoins = false;  // the next common byte belongs to the match begun
  for (std::size_t i = a.size(), j = b.size(); i > 0 && j > 0;) {
    if (a[i - 1] == b[j - 1]) {
      --i, --j;
      subsequence.insert(subsequence.begin(), a[i]);
      if (!adjoins) matches.push_back({i, i, j, j, 0});
      matches.back().a_first = i;
      matches.back().b_first = j;
      ++matches.back().length;
      adjoins = true;
    } else {
      length[i - 1][j] > length[i][j - 1] ? --i : --j;
      adjoins = false;
    }
  }
  const Answer total = Answer::number(static_cast<std::int64_t>(subsequence.size()));
  if (!command.lcs.with_matches) return Answer::items({Answer::bytes(subsequence), total});
  std::vector<Answer> list;
  for (const LcsMatch& match : matches) {
    if (match.length < command.lcs.match_bytes_min) continue;
    std::vector<Answer> numbers;
    for (const std::uint64_t n : {match.a_first, match.a_last, match.b_first, match.b_last, match.length}) {
      numbers.push_back(Answer::number(static_cast<std::int64_t>(n)));
    }
    list.push_back(Answer::items(std::move(numbers)));
  }
  return Answer::items({Answer::items(std::move(list)), total});
}

// Done, or an error.
Answer NaiveModel::end_of(const std::optional<Milliseconds>& ttl, const std::optional<UnixTime>& expires_at,
                          std::optional<std::int64_t>& deadline) const {
  if (ttl) {
    if (ttl->count() <= 0 || ttl->count() > kTtlMaxMs) return Answer::failure(ErrorCode::kInvalidExpireTime);
    deadline = now_ms_ + ttl->count();
  }
  if (expires_at) {
    const std::int64_t end = expires_at->time_since_epoch().count();
    if (end > now_ms_ && end - now_ms_ > kTtlMaxMs) return Answer::failure(ErrorCode::kInvalidExpireTime);
    deadline = end;
  }
  return Answer::done();
}

Answer NaiveModel::check_set(const Command& command, std::optional<std::int64_t>& deadline) const {
  const SetOptions& options = command.set;
  if (options.ttl.has_value() + options.expires_at.has_value() + options.keep_ttl > 1) {
    return Answer::failure(ErrorCode::kInvalidArgument);
  }
  const Answer checked = end_of(options.ttl, options.expires_at, deadline);
  if (checked.failed()) return checked;
  if (too_large(command.value().size())) return Answer::failure(ErrorCode::kValueTooLarge);
  if (const Entry* entry = find(command.key()); entry != nullptr && options.keep_ttl) deadline = entry->deadline;
  return Answer::done();
}

Answer NaiveModel::set(const Command& command) {
  std::optional<std::int64_t> deadline;
  const Answer checked = check_set(command, deadline);
  if (checked.failed()) return checked;
  const bool there = find(command.key()) != nullptr;
  if (command.set.condition == SetOptions::If::kAbsent && there) return Answer::number(0);
  if (command.set.condition == SetOptions::If::kPresent && !there) return Answer::number(0);
  replace(command.key(), command.value(), deadline);
  return Answer::number(1);
}

Answer NaiveModel::set_and_get(const Command& command) {
  const Entry* entry = find(command.key());
  const Answer before = entry == nullptr ? Answer::miss() : Answer::bytes(entry->value);
  const Answer stored = set(command);
  return stored.failed() ? stored : Answer::items({stored, before});
}

Answer NaiveModel::get_ex(const Command& command) {
  const GetExOptions& options = command.get_ex;
  if (options.ttl.has_value() + options.expires_at.has_value() + options.persist > 1) {
    return Answer::failure(ErrorCode::kInvalidArgument);
  }
  std::optional<std::int64_t> deadline;
  const Answer checked = end_of(options.ttl, options.expires_at, deadline);
  if (checked.failed()) return checked;
  const Entry* entry = find(command.key());
  if (entry == nullptr) return Answer::miss();
  const Answer value = Answer::bytes(entry->value);
  if (deadline || (options.persist && entry->deadline)) set_deadline(command.key(), deadline);
  return value;
}

Answer NaiveModel::mset(const Command& command) {
  if (command.keys.size() > 1024) return Answer::failure(ErrorCode::kTooManyKeys);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < command.keys.size(); ++i) {
    bytes += command.keys[i].size() + command.values[i].size();
    if (too_large(command.values[i].size())) return Answer::failure(ErrorCode::kValueTooLarge);
  }
  if (too_large(bytes / 2))
    return Answer::failure(ErrorCode::kValueTooLarge);  // all at once: at most twice the largest value
  const bool any =
      std::any_of(command.keys.begin(), command.keys.end(), [&](auto& key) { return find(key) != nullptr; });
  if (command.verb == Verb::kMsetNx && any) return Answer::number(0);
  // Of a key named twice the last value is stored, and nobody ever hears of the others.
  for (std::size_t i = 0; i < command.keys.size(); ++i) {
    const bool again = std::find(command.keys.begin() + static_cast<std::ptrdiff_t>(i) + 1, command.keys.end(),
                                 command.keys[i]) != command.keys.end();
    if (!again) replace(command.keys[i], command.values[i], std::nullopt);
  }
  return command.verb == Verb::kMset ? Answer::done() : Answer::number(1);
}

Answer NaiveModel::append(const Command& command) {
  const std::string value = value_or_empty(command.key()) + command.value();
  if (too_large(value.size())) return Answer::failure(ErrorCode::kValueTooLarge);
  edit(command.key(), value);
  return Answer::number(static_cast<std::int64_t>(value.size()));
}

Answer NaiveModel::set_range(const Command& command) {
  std::string value = value_or_empty(command.key());
  const std::string& bytes = command.value();
  if (bytes.empty()) return Answer::number(static_cast<std::int64_t>(value.size()));
  if (command.offset > kValueBytesMax || command.offset + bytes.size() > kValueBytesMax ||
      too_large(command.offset + bytes.size())) {
    return Answer::failure(ErrorCode::kValueTooLarge);
  }
  if (value.size() < command.offset + bytes.size()) value.resize(command.offset + bytes.size(), '\0');
  value.replace(command.offset, bytes.size(), bytes);
  edit(command.key(), value);
  return Answer::number(static_cast<std::int64_t>(value.size()));
}

Answer NaiveModel::run_string_write(const Command& command) {
  const Entry* entry = command.keys.empty() ? nullptr : find(command.key());
  const Answer before = entry == nullptr ? Answer::miss() : Answer::bytes(entry->value);
  switch (command.verb) {
    case Verb::kSet: return set(command);
    case Verb::kSetAndGet: return set_and_get(command);
    case Verb::kGetSet:
      if (too_large(command.value().size())) return Answer::failure(ErrorCode::kValueTooLarge);
      replace(command.key(), command.value(), std::nullopt);
      return before;
    case Verb::kGetDel:
      if (entry != nullptr) remove(command.key(), RemovalCause::kDeleted);
      return before;
    case Verb::kGetEx: return get_ex(command);
    case Verb::kMset:
    case Verb::kMsetNx: return mset(command);
    case Verb::kAppend: return append(command);
    case Verb::kSetRange: return set_range(command);
    default: return Answer::failure(ErrorCode::kInvalidArgument);
  }
}

Answer NaiveModel::get_versioned(const Command& command) {
  const Entry* entry = find(command.key());
  versions_[command.first] = {command.key(), changes_};
  return entry == nullptr ? Answer::miss() : Answer::bytes(entry->value);
}

// The version in a slot is the number of changes there were, of any key: what changed later has a higher number.
NaiveModel::Verdict NaiveModel::verdict(const Command& command) const {
  const auto slot = versions_.find(command.first);
  if (slot == versions_.end() || slot->second.key != command.key()) return {false, false};
  const auto changed = value_changes_.find(command.key());
  return {.may_store = changed == value_changes_.end() || changed->second <= slot->second.changes,
          .may_conflict = changes_ > slot->second.changes};
}

Answer NaiveModel::compare_and_set(const Command& command, bool stores) {
  const auto slot = versions_.find(command.first);
  if (slot == versions_.end() || slot->second.key != command.key()) return Answer::done();
  std::optional<std::int64_t> deadline;
  const Answer checked = check_set(command, deadline);
  if (checked.failed()) return checked;
  if (!stores) return Answer::failure(ErrorCode::kConflict);
  replace(command.key(), command.value(), deadline);
  slot->second.changes = changes_;
  return Answer::number(1);
}

}  // namespace larder::model
