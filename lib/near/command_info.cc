// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "near/command_info.h"

#include <algorithm>
#include <memory>

namespace larder::near {
namespace {

using stores::redis::view_of;

constexpr std::size_t kNamesMax = 4'096;

// Those that change the connection, or whose answer comes in another way, beside what is flagged blocking or pubsub.
constexpr std::string_view kRefused[] = {"auth",   "asking", "client",  "discard", "exec",     "hello",     "monitor",
                                         "multi",  "psync",  "quit",    "reset",   "readonly", "readwrite", "replconf",
                                         "select", "sync",   "unwatch", "wait",    "waitaof",  "watch",     "shutdown"};
// It answers how many there are, and is there to mark them used.
constexpr std::string_view kNotKept[] = {"touch"};

bool has(const redisReply& list, std::string_view word) {
  if (list.type != REDIS_REPLY_ARRAY) return false;
  return std::any_of(list.element, list.element + list.elements,
                     [&](const redisReply* one) { return view_of(*one) == word; });
}

}  // namespace

// https://redis.io/commands/command/: name, arity, flags, first key, last key, step, ACL categories, tips, ...
CommandInfo command_info_of(std::string_view name, const redisReply& reply) {
  CommandInfo info;
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements < 6) return info;
  const redisReply& flags = *reply.element[2];
  info.first_key = static_cast<int>(reply.element[3]->integer);
  info.last_key = static_cast<int>(reply.element[4]->integer);
  info.key_step = static_cast<int>(reply.element[5]->integer);
  info.keys_move = has(flags, "movablekeys");
  const bool varies = has(flags, "random") || (reply.elements > 7 && has(*reply.element[7], "nondeterministic_output"));
  info.kind = CommandInfo::Kind::kOther;
  if (has(flags, "blocking") || has(flags, "pubsub") || std::ranges::count(kRefused, name) != 0) {
    info.kind = CommandInfo::Kind::kRefused;
  } else if (has(flags, "readonly") && !varies && !info.keys_move && info.first_key > 0 &&
             std::ranges::count(kNotKept, name) == 0) {
    info.kind = CommandInfo::Kind::kRead;
  }
  return info;
}

const CommandInfo* CommandInfos::find(std::string_view name) const {
  base::LeafLock lock(mutex_);
  const auto found = infos_.find(name);
  return found == infos_.end() ? nullptr : found->second.get();
}

void CommandInfos::add(std::string_view name, const CommandInfo& info) {
  base::LeafLock lock(mutex_);
  if (infos_.size() < kNamesMax) infos_.try_emplace(std::string(name), std::make_unique<const CommandInfo>(info));
}

}  // namespace larder::near
