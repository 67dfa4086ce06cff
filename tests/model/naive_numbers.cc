// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The naive model: values that are numbers, and versions.
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

#include "model/naive_model.h"

namespace larder::model {

std::optional<std::int64_t> strict_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  // Only one spelling of a number counts: no leading zeros, no -0.
  if (std::to_string(number) != text) return std::nullopt;
  return number;
}

std::optional<long double> strict_float(std::string_view text) {
  if (text.empty() || text.size() >= 5'120 || std::isspace(static_cast<unsigned char>(text.front())))
    return std::nullopt;
  const std::string copy(text);
  errno = 0;
  char* end = nullptr;
  const long double number = std::strtold(copy.c_str(), &end);
  if (end != copy.c_str() + copy.size() || std::isnan(number)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(number) || number == 0)) return std::nullopt;
  return number;
}

std::string fixed_notation(long double number) {
  std::string text(6'000, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.17Lf", number)));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

Answer NaiveModel::incr_by(const std::string& key, Wide by) {
  const Entry* entry = find(key);
  const auto number = entry == nullptr ? std::optional<std::int64_t>(0) : strict_integer(entry->value);
  if (!number) return Answer::failure(ErrorCode::kNotAnInteger);
  const Wide sum = *number + by;
  if (sum > std::numeric_limits<std::int64_t>::max() || sum < std::numeric_limits<std::int64_t>::min()) {
    return Answer::failure(ErrorCode::kOverflow);
  }
  edit(key, std::to_string(static_cast<std::int64_t>(sum)));
  return Answer::number(static_cast<std::int64_t>(sum));
}

Answer NaiveModel::incr_by_float(const Command& command) {
  const Entry* entry = find(command.key());
  const auto number = entry == nullptr ? std::optional<long double>(0) : strict_float(entry->value);
  const auto by = strict_float(command.text);
  if (!number || !by) return Answer::failure(ErrorCode::kNotAFloat);
  const long double sum = *number + *by;
  if (std::isnan(sum) || std::isinf(sum)) return Answer::failure(ErrorCode::kOverflow);
  const std::string text = fixed_notation(sum);
  edit(command.key(), text);
  return Answer::bytes(text);
}

Answer NaiveModel::run_number(const Command& command) {
  constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();
  switch (command.verb) {
    case Verb::kIncrBy: return incr_by(command.key(), command.first);
    case Verb::kDecrBy:
      // Refused as an argument, whatever the value is (REDIS.md 2).
      if (command.first == kSmallest) return Answer::failure(ErrorCode::kOverflow);
      return incr_by(command.key(), -static_cast<Wide>(command.first));
    case Verb::kIncrByFloat: return incr_by_float(command);
    case Verb::kGetVersioned: return get_versioned(command);
    case Verb::kCompareAndSet: {
      const auto changed = other_changes_.find(command.key());
      const auto slot = versions_.find(command.first);
      const bool otherwise_changed =
          changed != other_changes_.end() && slot != versions_.end() && changed->second > slot->second.changes;
      return compare_and_set(command, verdict(command).may_store && !otherwise_changed);  // Redis's rule (WATCH)
    }
    default: return Answer::failure(ErrorCode::kInvalidArgument);
  }
}

}  // namespace larder::model
