// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What several threads did to one key and what they were answered, with the order of calls and returns.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "larder/strings.h"
#include "model/answer.h"

namespace larder::concurrency {

enum class Action : std::uint8_t {
  kGet,           // text or miss
  kMget,          // the same, and a miss for what is no string
  kExists,        // 0 or 1
  kStrlen,        // number or miss
  kSet,           // 1
  kSetIfAbsent,   // 1, or 0
  kSetIfPresent,  // 1, or 0
  kGetSet,        // the value before, or miss
  kDelete,        // 1, or 0
  kGetDelete,     // the value, or miss
  kIncrBy,        // the number, or an error: not an integer
  kAppend,        // the length
  kSetFirstByte,  // set_range at 0: the length
  kExpireFar,     // 1, or 0: to a time that never comes
  kExpirePast,    // 1 and the key is gone, or 0
  // Of collections. The key of another type: an error, here and above.
  kPush,           // rpush: the size
  kPop,            // lpop: the element, or miss
  kListSize,       // the size, or 0
  kAddMember,      // sadd: 1, or 0
  kRemoveMember,   // srem: 1, or 0
  kMembers,        // all, sorted, in one text; empty: none
  kAddToField,     // hincr_by: the number
  kGetVersioned,   // text or miss, and the version
  kCompareAndSet,  // 1 and the new version, or an error: conflict
};
inline constexpr int kActions = static_cast<int>(Action::kCompareAndSet) + 1;
const char* name_of(Action action);

struct Operation {
  Action action = Action::kGet;
  std::string text = {};      // what is written
  std::int64_t number = 0;    // by how much
  std::uint64_t version = 0;  // compare_and_set: expected
  model::Answer answer = {};
  std::uint64_t version_after = 0;  // that was answered
  std::uint64_t called = 0;         // points in one order over all threads
  std::uint64_t returned = 0;
  int thread = 0;
};
std::string printable(const Operation& operation);
std::string printable(const std::vector<Operation>& history);

// Hands out points in one order.
class Order {
 public:
  std::uint64_t next() { return next_.fetch_add(1); }

 private:
  std::atomic<std::uint64_t> next_{1};
};

}  // namespace larder::concurrency
