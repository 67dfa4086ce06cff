// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Three layers: a copy here, Redis, and a loader. One load of a key at a time over all programs: who loads has put its
// token into a key beside it, and what it loads goes to Redis only if its token stands there still, and nobody else has
// written the key.
#include <algorithm>
#include <thread>
#include <utility>

#include "near/near_state.h"

namespace larder {

using near::Batch;
using near::Deadline;
using near::Link;

namespace {

constexpr Milliseconds kLookFirst{2};
constexpr Milliseconds kLookMax{50};

// KEYS: the key and its lease. ARGV: the token, the value, and its time to live or "".
constexpr std::string_view kStore = R"(
  if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
  redis.call('DEL', KEYS[2])
  if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
  if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
  return 1)";
constexpr std::string_view kGiveBack = R"(
  if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
  return 0)";

bool is_unreachable(const Status& status) {
  return status.code() == ErrorCode::kDisconnected || status.code() == ErrorCode::kTimeout ||
         status.code() == ErrorCode::kOutcomeUnknown;
}

Loaded not_kept(Loaded loaded) {
  loaded.ttl = Milliseconds(0);
  return loaded;
}

Status valid(const NearLoadOptions& options) {
  if (options.ttl && options.ttl->count() <= 0) {
    return {ErrorCode::kInvalidExpireTime, "NearLoadOptions: ttl is not positive"};
  }
  if (options.load_max < Milliseconds(1) || options.load_max > std::chrono::hours(1)) {
    return {ErrorCode::kInvalidArgument, "NearLoadOptions: load_max is not from 1 ms to an hour"};
  }
  return {};
}

}  // namespace

Lookup<std::string> NearCache::load_through(std::string_view key, FunctionRef<Loaded()> load,
                                            const NearLoadOptions& options) {
  return state_->load_through(key, load, options);
}

// "There is none" may be remembered here, so the load is one of another name, of which nothing is kept: the next read
// of the key gets it from Redis.
Lookup<std::string> near::State::load_through(std::string_view key, FunctionRef<Loaded()> load,
                                              const NearLoadOptions& how) {
  if (Status status = valid(how); !status.ok()) return status;
  Lookup<std::string> answer = get(key);
  const bool is_asked_for = answer.missing() || (is_unreachable(answer.status()) && way_of(key) != Way::kFail);
  if (!is_asked_for) return answer;
  LoadOptions loading;
  loading.wait_max = how.load_max + 2 * options.command_timeout;
  return cache.get_or_load(
      std::string("\0l", 2).append(key), [&] { return not_kept(load_once(key, load, how)); }, loading);
}

// Called by one thread of this program at a time for a key.
Loaded near::State::load_once(std::string_view key, FunctionRef<Loaded()> load, const NearLoadOptions& how) {
  const std::string lease = near::lease_of(key);
  const std::string token = tokens_ + std::to_string(next_token_.fetch_add(1, std::memory_order_relaxed));
  const Deadline deadline(how.load_max + options.command_timeout);
  for (Milliseconds wait = kLookFirst;; wait = std::min(2 * wait, kLookMax)) {
    Batch taking;
    taking.add({"SET", lease, token, "NX", "PX", std::to_string(how.load_max.count())});
    const Link::Answer taken = link->call(taking, Link::Reports::kNo, Deadline(options.command_timeout));
    if (!taken.status.ok()) return load();
    const redisReply& reply = *taken.replies[0];
    if (stores::redis::is_error(reply)) return near::status_of_error(stores::redis::view_of(reply));
    if (reply.type != REDIS_REPLY_NIL) return load_with_lease(key, lease, token, load, how);
    if (deadline.left_ms() == 0) {
      return Status(ErrorCode::kTimeout, "another program has not loaded it within load_max");
    }
    std::this_thread::sleep_for(wait);
    Loaded found = load_value(key);
    if (found.value || (!found.error.ok() && !is_unreachable(found.error))) return found;
  }
}

Loaded near::State::load_with_lease(std::string_view key, std::string_view lease, std::string_view token,
                                    FunctionRef<Loaded()> load, const NearLoadOptions& how) {
  const auto send = [&](std::initializer_list<std::string_view> words) {
    Batch commands;
    commands.add(words);
    link->call(commands, Link::Reports::kNo, Deadline(options.command_timeout));
  };
  const auto give_back = [&] { send({"EVAL", kGiveBack, "1", lease, token}); };
  try {
    Loaded loaded = load_value(key);  // somebody's load may have ended just before this lease was taken
    const bool is_there = loaded.value || !loaded.error.ok();
    if (!is_there) loaded = load();
    const std::optional<Milliseconds> ttl = loaded.ttl ? loaded.ttl : how.ttl;
    const std::string ttl_text = ttl ? std::to_string(ttl->count()) : std::string();
    if (is_there || !loaded.value || (ttl && ttl->count() <= 0)) {
      give_back();
    } else {
      send({"EVAL", kStore, "2", key, lease, token, *loaded.value, ttl_text});
    }
    return loaded;
  } catch (...) {
    give_back();
    throw;
  }
}

}  // namespace larder
