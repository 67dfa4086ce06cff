// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The sequential specification of one key.
#include "concurrency/key_states.h"

#include <algorithm>

#include "model/naive_model.h"

namespace larder::concurrency {
namespace {

using model::Answer;

KeyState changed(std::optional<std::string> value) { return {std::move(value), {}}; }

Answer value_or_miss(const KeyState& state) { return state.value ? Answer::bytes(*state.value) : Answer::miss(); }

Answer length(const std::string& value) { return Answer::number(static_cast<std::int64_t>(value.size())); }

// The state after an operation that answered so; none if it cannot have, in this state.
std::optional<KeyState> answer_if(const Answer& possible, const Operation& operation, KeyState next) {
  return possible == operation.answer ? std::optional(std::move(next)) : std::nullopt;
}

std::optional<KeyState> after_read(const KeyState& state, const Operation& operation) {
  switch (operation.action) {
    case Action::kGet: return answer_if(value_or_miss(state), operation, state);
    case Action::kStrlen: return answer_if(state.value ? length(*state.value) : Answer::miss(), operation, state);
    case Action::kGetVersioned: {
      KeyState next = state;
      const auto at = std::lower_bound(next.versions.begin(), next.versions.end(), operation.version_after);
      if (at == next.versions.end() || *at != operation.version_after)
        next.versions.insert(at, operation.version_after);
      return answer_if(value_or_miss(state), operation, std::move(next));
    }
    default: return answer_if(Answer::number(state.value.has_value()), operation, state);  // exists, expire far away
  }
}

std::optional<KeyState> after_edit(const KeyState& state, const Operation& operation) {
  const std::string before = state.value.value_or("");
  switch (operation.action) {
    case Action::kIncrBy: {
      const auto number = state.value ? model::strict_integer(before) : std::optional<std::int64_t>(0);
      if (!number) return answer_if(Answer::failure(ErrorCode::kNotAnInteger), operation, state);
      const std::int64_t sum = *number + operation.number;
      return answer_if(Answer::number(sum), operation, changed(std::to_string(sum)));
    }
    case Action::kAppend:
      return answer_if(length(before + operation.text), operation, changed(before + operation.text));
    case Action::kSetFirstByte: {
      std::string value = before.empty() ? std::string(1, '\0') : before;
      value[0] = operation.text[0];
      return answer_if(length(value), operation, changed(value));
    }
    default: {                                      // compare_and_set
      if (operation.answer.failed()) return state;  // a false conflict is allowed
      if (!std::binary_search(state.versions.begin(), state.versions.end(), operation.version)) return std::nullopt;
      KeyState next = changed(operation.text);
      next.versions.push_back(operation.version_after);
      return next;
    }
  }
}

std::optional<KeyState> after_replacement(const KeyState& state, const Operation& operation) {
  const bool there = state.value.has_value();
  const KeyState written = changed(operation.text);
  switch (operation.action) {
    case Action::kSet: return answer_if(Answer::number(1), operation, written);
    case Action::kSetIfAbsent: return answer_if(Answer::number(!there), operation, there ? state : written);
    case Action::kSetIfPresent: return answer_if(Answer::number(there), operation, there ? written : state);
    case Action::kGetSet: return answer_if(value_or_miss(state), operation, written);
    case Action::kGetDelete: return answer_if(value_or_miss(state), operation, there ? changed({}) : state);
    default:
      return answer_if(Answer::number(there), operation, there ? changed({}) : state);  // delete, expire in the past
  }
}

std::optional<KeyState> step(const KeyState& state, const Operation& operation) {
  switch (operation.action) {
    case Action::kGet:
    case Action::kExists:
    case Action::kStrlen:
    case Action::kExpireFar:
    case Action::kGetVersioned: return after_read(state, operation);
    case Action::kIncrBy:
    case Action::kAppend:
    case Action::kSetFirstByte:
    case Action::kCompareAndSet: return after_edit(state, operation);
    default: return after_replacement(state, operation);
  }
}

}  // namespace

KeyStates initial_states() { return {KeyState{}}; }

KeyStates after(const KeyStates& states, const Operation& operation, Loss loss) {
  KeyStates next;
  for (const KeyState& state : states) {
    if (auto one = step(state, operation)) next.push_back(*std::move(one));
    if (loss == Loss::kNone || !state.value) continue;
    if (auto one = step(changed({}), operation)) next.push_back(*std::move(one));
  }
  std::sort(next.begin(), next.end());
  next.erase(std::unique(next.begin(), next.end()), next.end());
  return next;
}

}  // namespace larder::concurrency
