// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/arguments.h"

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

void reply_lookup(Call& call, Lookup<std::string>&& lookup) {
  if (lookup) return call.reply.bulk(std::move(*lookup));
  if (!lookup.status().ok()) return reply_error(call, lookup.status());
  call.reply.null();
}

}  // namespace larder::endpoint
