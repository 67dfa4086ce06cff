// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands that wait for a list, or a sorted set: BLPOP, BLMOVE, BZPOPMIN and their kin.
#include <cmath>
#include <string>
#include <utility>

#include "commands/numbers.h"
#include "endpoint/arguments.h"
#include "endpoint/blocked_command.h"

namespace larder::endpoint {
namespace {

// Seconds, and parts of one. Zero: without limit. False: it makes no sense, and the client has been told.
bool read_timeout(Call& call, std::string_view word, Milliseconds* time) {
  constexpr long double kMax = 9'223'372'036'854'775'807.0L;
  const std::optional<long double> seconds = commands::parse_float(word);
  const long double milliseconds = std::ceil(seconds.value_or(0) * 1000);
  if (!seconds) {
    call.reply.error("ERR timeout is not a float or out of range");
  } else if (milliseconds < 0 || milliseconds > kMax) {  // as Redis says of both
    call.reply.error("ERR timeout is negative");
  } else {
    *time = Milliseconds(static_cast<std::int64_t>(milliseconds));
    return true;
  }
  return false;
}

// Which of the arguments a command waits for, and how long.
struct WaitsFor {
  std::size_t first = 1;
  std::size_t count = 1;
  Milliseconds at_most{0};
};

bool is_of_another_type(Call& call, std::string_view key) {
  const Result<ValueType> type = call.keys.type(key);
  const ValueType wanted = call.command.group == Group::kList ? ValueType::kList : ValueType::kSortedSet;
  return type.ok() && *type != ValueType::kNone && *type != wanted;
}

// pop(key) answers a Lookup, which is written by reply(value); the first that is there is the answer. Otherwise the
// command waits. What is of another type is an error when it is first looked at, and passed by later.
template <typename Pop, typename Reply>
void pop_or_wait(Call& call, const WaitsFor& waits_for, Pop&& pop, Reply&& reply) {
  constexpr std::size_t kKeysMax = 1'024;
  if (waits_for.count > kKeysMax) return call.reply.error("ERR a command may wait for 1,024 keys at most");
  for (const std::string_view key : call.arguments.subspan(waits_for.first, waits_for.count)) {
    const bool waited = call.blocking != nullptr && call.blocking->places != nullptr;
    if (call.blocking != nullptr && !call.blocking->may_look(key)) {
      if (!waited && is_of_another_type(call, key)) return call.reply.error(kWrongTypeText);
      continue;
    }
    auto found = pop(key);
    if (found) return reply(*std::move(found));
    const bool passes = found.missing() || (waited && found.status().code() == ErrorCode::kWrongType);
    if (!passes) return reply_error(call, found.status());
  }
  if (call.blocking == nullptr) return call.reply.null_array();
  call.blocking->blocks = true;
  call.blocking->first_key = waits_for.first;
  call.blocking->keys = waits_for.count;
  call.blocking->at_most = waits_for.at_most;
}

// BLPOP key [key ...] timeout, and its kin.
bool read_keys_and_timeout(Call& call, WaitsFor* waits_for) {
  waits_for->count = call.size() - 2;
  return read_timeout(call, call[call.size() - 1], &waits_for->at_most);
}

// --- Lists ----------------------------------------------------------------------------------------------------------

void pop_one(Call& call, ListEnd end) {
  WaitsFor waits_for;
  if (!read_keys_and_timeout(call, &waits_for)) return;
  pop_or_wait(
      call, waits_for, [&](std::string_view key) { return call.keys.lmpop({key}, end, 1); },
      [&](const PoppedElements& popped) {
        call.reply.array(2);
        call.reply.bulk(popped.key);
        call.reply.bulk(popped.elements[0]);
      });
}
void blpop(Call& call) { pop_one(call, ListEnd::kLeft); }
void brpop(Call& call) { pop_one(call, ListEnd::kRight); }

void blmpop(Call& call) {
  WaitsFor waits_for{.first = 3};
  PopArguments pop;
  ListEnd end = ListEnd::kLeft;
  if (!read_pop(
          call, 2, [&](std::string_view word) { return read_end(word, &end); }, &pop))
    return;
  if (!read_timeout(call, call[1], &waits_for.at_most)) return;
  waits_for.count = pop.keys.size();
  pop_or_wait(
      call, waits_for, [&](std::string_view key) { return call.keys.lmpop({key}, end, pop.count); },
      [&](const PoppedElements& popped) { reply_popped(call, popped); });
}

void move(Call& call, std::string_view timeout, ListEnd from, ListEnd to) {
  WaitsFor waits_for;
  if (!read_timeout(call, timeout, &waits_for.at_most)) return;
  // Null, where it does not wait, and not a null array.
  if (call.blocking == nullptr) return reply_lookup(call, call.keys.lmove(call[1], call[2], from, to));
  Status target;
  const auto lmove = [&](std::string_view) {
    Lookup<std::string> moved = call.keys.lmove(call[1], call[2], from, to);
    // A source of another type is passed by; a target of another type is the answer.
    if (moved.status().code() != ErrorCode::kWrongType || !call.keys.llen(call[1]).ok()) return moved;
    target = moved.status();
    return Lookup<std::string>(std::string());
  };
  pop_or_wait(call, waits_for, lmove, [&](std::string&& element) {
    target.ok() ? call.reply.bulk(std::move(element)) : reply_error(call, target);
  });
}
void blmove(Call& call) {
  ListEnd from = ListEnd::kLeft;
  ListEnd to = ListEnd::kLeft;
  if (!read_end(call[3], &from) || !read_end(call[4], &to)) return reply_syntax_error(call);
  move(call, call[5], from, to);
}
void brpoplpush(Call& call) { move(call, call[3], ListEnd::kRight, ListEnd::kLeft); }

// --- Sorted sets ----------------------------------------------------------------------------------------------------

Lookup<PoppedMembers> pop_members(Call& call, std::string_view key, bool lowest, std::uint64_t count) {
  return lowest ? call.keys.zmpop_min({key}, count) : call.keys.zmpop_max({key}, count);
}

void pop_member(Call& call, bool lowest) {
  WaitsFor waits_for;
  if (!read_keys_and_timeout(call, &waits_for)) return;
  pop_or_wait(
      call, waits_for, [&](std::string_view key) { return pop_members(call, key, lowest, 1); },
      [&](const PoppedMembers& popped) {
        call.reply.array(3);
        call.reply.bulk(popped.key);
        call.reply.bulk(popped.members[0].member);
        call.reply.real(popped.members[0].score);
      });
}
void bzpopmin(Call& call) { pop_member(call, true); }
void bzpopmax(Call& call) { pop_member(call, false); }

void bzmpop(Call& call) {
  WaitsFor waits_for{.first = 3};
  PopArguments pop;
  bool lowest = false;
  if (!read_pop(
          call, 2, [&](std::string_view word) { return read_min_or_max(word, &lowest); }, &pop))
    return;
  if (!read_timeout(call, call[1], &waits_for.at_most)) return;
  waits_for.count = pop.keys.size();
  pop_or_wait(
      call, waits_for, [&](std::string_view key) { return pop_members(call, key, lowest, pop.count); },
      [&](const PoppedMembers& popped) { reply_popped(call, popped); });
}

constexpr std::uint32_t kTakes = kWrite | kNoScript | kBlocks;
constexpr std::uint32_t kMoves = kTakes | kDenyOom;
constexpr KeyPositions kKeysAndTimeout{1, -2, 1};
constexpr KeyPositions kTwoKeys{1, 2, 1};
constexpr KeyPositions kCountedBehindTimeout{.count_at = 2};
constexpr Command kCommands[] = {
    {"blmove", 6, kMoves, kTwoKeys, Group::kList, "6.2.0", "source destination LEFT|RIGHT LEFT|RIGHT timeout",
     "Moves an element to another list, as soon as there is one", blmove},
    {"blmpop", -5, kTakes, kCountedBehindTimeout, Group::kList, "7.0.0",
     "timeout numkeys key [key ...] LEFT|RIGHT [COUNT count]",
     "Removes elements from the first list that is there, as soon as one is", blmpop},
    {"blpop", -3, kTakes, kKeysAndTimeout, Group::kList, "2.0.0", "key [key ...] timeout",
     "Removes an element from the beginning, as soon as there is one", blpop},
    {"brpop", -3, kTakes, kKeysAndTimeout, Group::kList, "2.0.0", "key [key ...] timeout",
     "Removes an element from the end, as soon as there is one", brpop},
    {"brpoplpush", 4, kMoves, kTwoKeys, Group::kList, "2.2.0", "source destination timeout",
     "An old spelling of BLMOVE RIGHT LEFT", brpoplpush},
    {"bzmpop", -5, kTakes, kCountedBehindTimeout, Group::kSortedSet, "7.0.0",
     "timeout numkeys key [key ...] MIN|MAX [COUNT count]",
     "Takes members away from the first sorted set that is there, as soon as one is", bzmpop},
    {"bzpopmax", -3, kTakes | kFast, kKeysAndTimeout, Group::kSortedSet, "5.0.0", "key [key ...] timeout",
     "Takes the member with the highest score away, as soon as there is one", bzpopmax},
    {"bzpopmin", -3, kTakes | kFast, kKeysAndTimeout, Group::kSortedSet, "5.0.0", "key [key ...] timeout",
     "Takes the member with the lowest score away, as soon as there is one", bzpopmin},
};

}  // namespace

std::span<const Command> blocking_commands() { return kCommands; }

}  // namespace larder::endpoint
