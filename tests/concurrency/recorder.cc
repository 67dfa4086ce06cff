// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Random operations, recorded.
#include "concurrency/recorder.h"

#include <algorithm>
#include <thread>

namespace larder::concurrency {
namespace {

using model::Answer;

template <typename T>
Answer text_or_miss(const Lookup<T>& lookup) {
  if (lookup.has_value()) return Answer::bytes(*lookup);
  return lookup.missing() ? Answer::miss() : Answer::failure(lookup.status().code());
}

template <typename T>
Answer number(const Result<T>& result) {
  return result.ok() ? Answer::number(static_cast<std::int64_t>(*result)) : Answer::failure(result.status().code());
}

Answer length_or_miss(const Lookup<std::uint64_t>& lookup) {
  if (lookup.has_value()) return Answer::number(static_cast<std::int64_t>(*lookup));
  return lookup.missing() ? Answer::miss() : Answer::failure(lookup.status().code());
}

// Large values take other ways through the engine than small ones.
std::string text_of(std::mt19937_64& random, int thread, std::uint64_t count) {
  std::string text = std::to_string(thread) + "." + std::to_string(count) + ".";
  if (random() % 4 == 0) text.resize(1'020 + random() % 10, '.');
  return random() % 5 == 0 ? std::to_string(random() % 100) : text;
}

}  // namespace

void Recorder::act(const std::string& key) {
  Operation operation;
  operation.action = static_cast<Action>(random_() % kActions);
  // Appends and numbers need something to work on: fewer deletions than the rest.
  const bool deletes = operation.action == Action::kDelete || operation.action == Action::kGetDelete ||
                       operation.action == Action::kExpirePast;
  if (deletes && random_() % 2 == 0) operation.action = Action::kGet;
  operation.number = static_cast<std::int64_t>(random_() % 5) - 2;
  operation.text =
      operation.action == Action::kAppend ? std::to_string(thread_ % 10) : text_of(random_, thread_, ++written_);
  const bool of_a_set = operation.action == Action::kAddMember || operation.action == Action::kRemoveMember;
  if (of_a_set) operation.text = std::to_string(random_() % 5);  // so that they meet
  if (operation.action == Action::kSetFirstByte) operation.text = std::string(1, static_cast<char>('a' + thread_));
  operation.thread = thread_;
  run(key, operation);
}

void Recorder::run(const std::string& key, Operation& operation) {
  if (operation.action == Action::kCompareAndSet && !versions_.contains(key)) operation.action = Action::kGetVersioned;
  const bool pause = random_() % 8 == 0;
  operation.called = order_.next();
  if (pause) std::this_thread::yield();
  switch (operation.action) {
    case Action::kGet:
    case Action::kMget:
    case Action::kExists:
    case Action::kStrlen: operation.answer = run_read(key, operation); break;
    case Action::kPush:
    case Action::kPop:
    case Action::kListSize:
    case Action::kAddMember:
    case Action::kRemoveMember:
    case Action::kMembers:
    case Action::kAddToField: operation.answer = run_on_collection(key, operation); break;
    case Action::kGetVersioned:
    case Action::kCompareAndSet: operation.answer = run_versioned(key, operation); break;
    default: operation.answer = run_write(key, operation); break;
  }
  operation.returned = order_.next();
  histories_[key].push_back(std::move(operation));
}

Answer Recorder::run_read(const std::string& key, const Operation& operation) {
  if (operation.action == Action::kExists) return number(cache_.exists(key));
  if (operation.action == Action::kStrlen) return length_or_miss(cache_.strlen(key));
  if (operation.action == Action::kMget) {
    const std::string_view keys[] = {key};
    return text_or_miss(cache_.mget(keys)[0]);
  }
  switch (random_() % (peeks_ ? 4 : 3)) {
    case 0: return text_or_miss(cache_.get(key));
    case 1: {
      const auto pinned = cache_.pin(key);
      if (!pinned && !pinned.missing()) return Answer::failure(pinned.status().code());
      return pinned ? Answer::bytes(pinned->view()) : Answer::miss();
    }
    case 2: {
      std::string seen;
      const auto length = cache_.read(key, [&](std::string_view bytes) { seen = bytes; });
      if (!length && !length.missing()) return Answer::failure(length.status().code());
      return length ? Answer::bytes(seen) : Answer::miss();
    }
    default: return text_or_miss(cache_.peek(key));
  }
}

Answer Recorder::run_write(const std::string& key, const Operation& operation) {
  switch (operation.action) {
    case Action::kSet: return number(cache_.set(key, operation.text));
    case Action::kSetIfAbsent: return number(cache_.set(key, operation.text, {.condition = SetOptions::If::kAbsent}));
    case Action::kSetIfPresent: return number(cache_.set(key, operation.text, {.condition = SetOptions::If::kPresent}));
    case Action::kGetSet: return text_or_miss(cache_.get_set(key, operation.text));
    case Action::kDelete: return number(cache_.del(key));
    case Action::kGetDelete: return text_or_miss(cache_.get_del(key));
    case Action::kIncrBy: return number(cache_.incr_by(key, operation.number));
    case Action::kAppend: return number(cache_.append(key, operation.text));
    case Action::kSetFirstByte: return number(cache_.set_range(key, 0, operation.text));
    case Action::kExpireFar: return number(cache_.expire(key, std::chrono::hours(1)));
    default: return number(cache_.expire(key, Milliseconds(-1)));
  }
}

Answer Recorder::run_on_collection(const std::string& key, const Operation& operation) {
  switch (operation.action) {
    case Action::kPush: return number(cache_.rpush(key, operation.text));
    case Action::kPop: return text_or_miss(cache_.lpop(key));
    case Action::kListSize: return number(cache_.llen(key));
    case Action::kAddMember: return number(cache_.sadd(key, operation.text));
    case Action::kRemoveMember: return number(cache_.srem(key, operation.text));
    case Action::kAddToField: return number(cache_.hincr_by(key, "field", operation.number));
    default: break;
  }
  auto members = cache_.smembers(key);
  if (!members.ok()) return Answer::failure(members.status().code());
  std::vector<std::string> all(members->begin(), members->end());
  std::sort(all.begin(), all.end());
  std::string text;
  for (const std::string& member : all) text += member + " ";
  return Answer::bytes(text);
}

Answer Recorder::run_versioned(const std::string& key, Operation& operation) {
  if (operation.action == Action::kGetVersioned) {
    const auto read = cache_.get_versioned(key);
    if (!read.ok()) return Answer::failure(read.status().code());
    versions_[key] = read->version;
    operation.version_after = read->version.number;
    return read->value ? Answer::bytes(*read->value) : Answer::miss();
  }
  operation.version = versions_[key].number;
  const auto stored = cache_.compare_and_set(key, versions_[key], operation.text);
  if (!stored.ok()) return Answer::failure(stored.status().code());
  versions_[key] = *stored;
  operation.version_after = stored->number;
  return Answer::number(1);
}

}  // namespace larder::concurrency
