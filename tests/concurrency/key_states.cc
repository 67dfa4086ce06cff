// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The sequential specification of one key.
#include "concurrency/key_states.h"

#include <algorithm>

#include "model/naive_model.h"

namespace larder::concurrency {
namespace {

using model::Answer;

// A collection in a string that no test writes as such: its type, and each item, behind a byte of their own.
constexpr char kType = '\x01';
constexpr char kItem = '\x02';
std::vector<std::string> items_of(const std::string& collection) {
  std::vector<std::string> items;
  for (std::size_t i = 2; i < collection.size(); ++i) {
    collection[i] == kItem ? void(items.emplace_back()) : items.back().push_back(collection[i]);
  }
  return items;
}
std::optional<std::string> collection_of(char type, const std::vector<std::string>& items) {
  if (items.empty()) return std::nullopt;
  std::string collection = {kType, type};
  for (const std::string& item : items) collection += kItem + item;
  return collection;
}
// What it holds: 's' for a string, 0 for nothing.
char type_of(const KeyState& state) {
  if (!state.value) return 0;
  return !state.value->empty() && (*state.value)[0] == kType ? (*state.value)[1] : 's';
}

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
    case Action::kMget:
      return answer_if(type_of(state) == 's' ? value_or_miss(state) : Answer::miss(), operation, state);
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

// The type of what an action works on; 0: any.
char type_for(Action action) {
  switch (action) {
    case Action::kPush:
    case Action::kPop:
    case Action::kListSize: return 'l';
    case Action::kAddMember:
    case Action::kRemoveMember:
    case Action::kMembers: return 'm';
    case Action::kAddToField: return 'h';
    case Action::kMget:
    case Action::kExists:
    case Action::kExpireFar:
    case Action::kExpirePast:
    case Action::kSet:
    case Action::kSetIfAbsent:
    case Action::kSetIfPresent:
    case Action::kDelete:
    case Action::kCompareAndSet: return 0;
    default: return 's';
  }
}

std::optional<KeyState> after_list(const KeyState& state, const Operation& operation) {
  std::vector<std::string> items = state.value ? items_of(*state.value) : std::vector<std::string>();
  const auto size = [&] { return Answer::number(static_cast<std::int64_t>(items.size())); };
  if (operation.action == Action::kListSize) return answer_if(size(), operation, state);
  if (operation.action == Action::kPush) {
    items.push_back(operation.text);
    return answer_if(size(), operation, changed(collection_of('l', items)));
  }
  if (items.empty()) return answer_if(Answer::miss(), operation, state);
  const Answer first = Answer::bytes(items[0]);
  items.erase(items.begin());
  return answer_if(first, operation, changed(collection_of('l', items)));
}

std::optional<KeyState> after_set(const KeyState& state, const Operation& operation) {
  std::vector<std::string> items = state.value ? items_of(*state.value) : std::vector<std::string>();
  const auto at = std::lower_bound(items.begin(), items.end(), operation.text);
  const bool there = at != items.end() && *at == operation.text;
  if (operation.action == Action::kMembers) {
    std::string all;
    for (const std::string& item : items) all += item + " ";
    return answer_if(Answer::bytes(all), operation, state);
  }
  const bool adds = operation.action == Action::kAddMember;
  if (adds == there) return answer_if(Answer::number(0), operation, state);
  adds ? void(items.insert(at, operation.text)) : void(items.erase(at));
  return answer_if(Answer::number(1), operation, changed(collection_of('m', items)));
}

std::optional<KeyState> after_field(const KeyState& state, const Operation& operation) {
  const std::int64_t before = state.value ? std::stoll(items_of(*state.value).at(0)) : 0;
  const std::int64_t sum = before + operation.number;
  return answer_if(Answer::number(sum), operation, changed(collection_of('h', {std::to_string(sum)})));
}

std::optional<KeyState> step(const KeyState& state, const Operation& operation) {
  const char wanted = type_for(operation.action);
  const char there = type_of(state);
  if (wanted != 0 && there != 0 && wanted != there) {
    return answer_if(Answer::failure(ErrorCode::kWrongType), operation, state);
  }
  if (wanted == 'l') return after_list(state, operation);
  if (wanted == 'm') return after_set(state, operation);
  if (wanted == 'h') return after_field(state, operation);
  switch (operation.action) {
    case Action::kGet:
    case Action::kMget:
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
