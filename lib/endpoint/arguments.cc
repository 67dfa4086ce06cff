// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/arguments.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "commands/numbers.h"
#include "endpoint/command_table.h"

namespace larder::endpoint {

bool read_integer(Call& call, std::string_view word, std::int64_t* number, std::string_view otherwise) {
  const std::optional<std::int64_t> read = commands::parse_integer(word);
  if (!read) {
    call.reply.error(otherwise);
    return false;
  }
  *number = *read;
  return true;
}

bool read_count(Call& call, std::string_view word, std::int64_t* count) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (!read_integer(call, word, count)) return false;
  if (*count >= -kMost) return true;
  call.reply.error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
  return false;
}

bool check_pairs(Call& call, std::int64_t count) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 2;
  if (count >= -kMost && count <= kMost) return true;
  call.reply.error("ERR value is out of range");
  return false;
}

bool read_end(std::string_view word, ListEnd* end) {
  *end = is_word(word, "left") ? ListEnd::kLeft : ListEnd::kRight;
  return *end == ListEnd::kLeft || is_word(word, "right");
}

bool read_min_or_max(std::string_view word, bool* lowest) {
  *lowest = is_word(word, "min");
  return *lowest || is_word(word, "max");
}

bool read_pop(Call& call, std::size_t at, FunctionRef<bool(std::string_view)> read_where, PopArguments* pop) {
  const auto read_positive = [&](std::string_view word, std::string_view otherwise, std::uint64_t* number) {
    const std::optional<std::int64_t> read = commands::parse_integer(word);
    if (!read || *read < 1) {
      call.reply.error(otherwise);
      return false;
    }
    *number = static_cast<std::uint64_t>(*read);
    return true;
  };
  std::uint64_t keys = 0;
  if (!read_positive(call[at], "ERR numkeys should be greater than 0", &keys)) return false;
  const bool fits = keys < call.size() - at - 1;
  bool counted = false;
  std::size_t i = fits ? at + 1 + static_cast<std::size_t>(keys) : 0;
  if (!fits || !read_where(call[i++])) {
    reply_syntax_error(call);
    return false;
  }
  for (; i < call.size(); i += 2) {
    if (counted || !is_word(call[i], "count") || i + 1 == call.size()) {
      reply_syntax_error(call);
      return false;
    }
    if (!read_positive(call[i + 1], "ERR count should be greater than 0", &pop->count)) return false;
    counted = true;
  }
  pop->keys = call.from(at + 1).first(static_cast<std::size_t>(keys));
  return true;
}

bool read_database(Call& call, std::string_view word) {
  std::int64_t database = 0;
  if (!read_integer(call, word, &database)) return false;
  if (database == 0) return true;
  const bool fits = database >= std::numeric_limits<int>::min() && database <= std::numeric_limits<int>::max();
  call.reply.error(fits ? "ERR DB index is out of range"
                        : "ERR value is out of range, value must between -2147483648 and 2147483647");
  return false;
}

bool read_time(Call& call, std::string_view word, TimeUnit unit, TimeRange range, Milliseconds* time) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t number = 0;
  if (!read_integer(call, word, &number)) return false;
  const bool fits = !unit.seconds || (number <= kMost / 1000 && number >= -(kMost / 1000));
  std::int64_t ms = fits && unit.seconds ? number * 1000 : number;
  const bool adds_up = unit.absolute || ms <= kMost - Clock::system().unix_time().count();
  if (!fits || !adds_up || (range == TimeRange::kPositive && ms <= 0)) {
    reply_expire_error(call);
    return false;
  }
  *time = Milliseconds(ms);
  return true;
}

namespace {

// Digits, and a sign, or nothing, as strtoul has it.
bool read_cursor(Call& call, std::string_view word, std::uint64_t* cursor) {
  if (word.empty()) return true;
  const bool has_sign = word.starts_with('-') || word.starts_with('+');
  const std::string_view digits = has_sign ? word.substr(1) : word;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *cursor);
  if (error == std::errc() && end == digits.data() + digits.size()) {
    if (word[0] == '-') *cursor = 0 - *cursor;
    return true;
  }
  call.reply.error("ERR invalid cursor");
  return false;
}

bool read_options(Call& call, std::size_t first, bool has_type, ScanArguments* scan) {
  constexpr std::int64_t kCountMax = 100'000;
  for (std::size_t i = first; i < call.size(); i += 2) {
    const bool has_value = i + 1 < call.size();
    if (is_word(call[i], "count") && has_value) {
      std::int64_t count = 0;
      if (!read_integer(call, call[i + 1], &count)) return false;
      if (count < 1) {
        reply_syntax_error(call);
        return false;
      }
      scan->count = static_cast<std::uint32_t>(std::min(count, kCountMax));
    } else if (is_word(call[i], "match") && has_value) {
      scan->match = call[i + 1];
    } else if (has_type && is_word(call[i], "type") && has_value) {
      scan->type = call[i + 1];
    } else {
      reply_syntax_error(call);
      return false;
    }
  }
  return true;
}

}  // namespace

bool read_scan(Call& call, ScanArguments* scan) {
  return read_cursor(call, call[1], &scan->cursor) && read_options(call, 2, true, scan);
}

bool read_item_scan(Call& call, ValueType type, ScanArguments* scan) {
  if (!read_cursor(call, call[2], &scan->cursor)) return false;
  const Result<ValueType> found = call.view.type(call[1]);
  if (found && (*found == type || *found == ValueType::kNone)) {
    if (*found == type) return read_options(call, 3, false, scan);
    call.reply.array(2);
    call.reply.bulk("0");
    call.reply.array(0);
  } else {
    found ? call.reply.error(kWrongTypeText) : reply_error(call, found.status());
  }
  return false;
}

void reply_error(Call& call, const Status& status) {
  switch (status.code()) {
    case ErrorCode::kWrongType: return call.reply.error(kWrongTypeText);
    case ErrorCode::kInvalidExpireTime: return reply_expire_error(call);
    case ErrorCode::kOutOfMemory: return call.reply.error("OOM command not allowed when used memory > 'maxmemory'.");
    case ErrorCode::kReadOnly: return call.reply.error("READONLY the store behind this cache is only read");
    case ErrorCode::kNotAnInteger:
    case ErrorCode::kNotAFloat:
    case ErrorCode::kOverflow:
    case ErrorCode::kOutOfRange:
    case ErrorCode::kNoSuchKey:
    case ErrorCode::kValueTooLarge:
    case ErrorCode::kKeyTooLong:
    case ErrorCode::kTooManyKeys:
    case ErrorCode::kInvalidArgument: return call.reply.error("ERR " + std::string(status.message()));
    default: return call.reply.error("ERR " + status.to_string());
  }
}

void reply_syntax_error(Call& call) { call.reply.error(kSyntaxErrorText); }

namespace {

// "config|get", or the name.
std::string full_name(const Call& call) {
  const CommandTable::Place* place = CommandTable::instance().find(call[0]);
  std::string name = place == nullptr ? std::string(call.command.name) : place->full_name;
  if (place != nullptr && place->command != &call.command) name += "|" + std::string(call.command.name);
  return name;
}

}  // namespace

void reply_arity_error(Call& call) {
  call.reply.error("ERR wrong number of arguments for '" + full_name(call) + "' command");
}

void reply_expire_error(Call& call) {
  call.reply.error("ERR invalid expire time in '" + full_name(call) + "' command");
}

void reply_help(Call& call) {
  const CommandTable::Place* place = CommandTable::instance().find(call[0]);
  std::string name(call[0]);
  for (char& c : name) c = to_upper(c);
  call.reply.array(1 + 2 * place->subcommands.size());
  call.reply.status(name + " <subcommand> [<arg> ...]. Subcommands are:");
  for (const CommandTable::Place& sub : place->subcommands) {
    std::string line(sub.command->name);
    for (char& c : line) c = to_upper(c);
    if (!sub.command->syntax.empty()) line += " " + std::string(sub.command->syntax);
    call.reply.status(line);
    call.reply.status("    " + std::string(sub.command->summary) + ".");
  }
}

void reply_popped(Call& call, const PoppedElements& popped) {
  call.reply.array(2);
  call.reply.bulk(popped.key);
  call.reply.array(popped.elements.size());
  for (const std::string_view element : popped.elements) call.reply.bulk(element);
}

void reply_popped(Call& call, const PoppedMembers& popped) {
  call.reply.array(2);
  call.reply.bulk(popped.key);
  call.reply.array(popped.members.size());
  for (const auto& [member, score] : popped.members) {
    call.reply.array(2);
    call.reply.bulk(member);
    call.reply.real(score);
  }
}

void reply_lookup(Call& call, Lookup<std::string>&& lookup) {
  if (lookup) return call.reply.bulk(std::move(*lookup));
  if (!lookup.status().ok()) return reply_error(call, lookup.status());
  call.reply.null();
}

}  // namespace larder::endpoint
