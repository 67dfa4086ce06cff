// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A batch is one round trip: SET and DEL, a group between MULTI and EXEC. A value and its end are read by a script:
// apart, they could be of two states.
//
// A collection is a hash of two fields, its type and its stored form, written by a script: the store is handed bytes,
// and that is what it keeps. Native lists and sets would have to be taken apart and put together here.
//
// A write whose connection breaks, or that gets no answer in time, may still be in the server's buffer. The store has
// the server end that client before anything else is read or written (stores/sessions.h).
#include "larder/stores/redis_store.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "stores/batch.h"
#include "stores/complaints.h"
#include "stores/redis/connection.h"
#include "stores/sessions.h"

namespace larder {

using stores::Deadline;
using stores::Sessions;
using stores::Unit;
using stores::redis::Commands;
using stores::redis::Connection;
using stores::redis::is_error;
using stores::redis::Reply;
using stores::redis::text_of;

struct RedisStore::State : Sessions<Connection> {
  using Sessions::Sessions;
};

namespace {

// Of something the server refused before it did anything.
WriteResult refused(const std::string& why) {
  // Above proto-max-bulk-len. Of everything else the mutation is not to blame.
  if (why.starts_with("ERR Protocol error")) return WriteResult::never("Redis: " + why);
  return WriteResult::retry("Redis: " + why);
}

// A collection. That it begins so has Redis refuse it as a whole where there is no memory (OOM), and not after the DEL.
constexpr std::string_view kPut = R"(#!lua
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'larder.type', ARGV[1], 'larder.bytes', ARGV[2])
  if ARGV[3] ~= '0' then redis.call('PEXPIREAT', KEYS[1], ARGV[3]) end
  return redis.status_reply('OK'))";

// One batch.
class Writing {
 public:
  Writing(Connection& connection, const RedisStoreOptions& options, std::span<const Mutation> batch,
          std::span<WriteResult> results)
      : connection_(connection),
        prefix_(options.key_prefix),
        deadline_(options.command_timeout),
        batch_(batch),
        results_(results) {}

  // False: the connection broke with a write under way.
  bool run(const std::vector<Unit>& units) {
    Commands commands;
    for (const Unit& unit : units) {
      if (unit.size() > 1) commands.add({"MULTI"});
      for (const std::size_t i : unit) add(batch_[i], &commands);
      if (unit.size() > 1) commands.add({"EXEC"});
    }
    bool whole = connection_.send(commands, deadline_);
    for (const Unit& unit : units) {
      // What was answered before it broke counts.
      whole = unit.size() == 1 ? take_single(unit) : take_group(unit);
    }
    return whole;
  }

 private:
  void add(const Mutation& one, Commands* commands) const {
    const std::string key = prefix_ + std::string(one.key);
    const auto end = one.expires_at ? one.expires_at->time_since_epoch().count() : 0;
    if (!one.is_put() || (one.expires_at && end <= 0)) {
      commands->add({"DEL", key});  // Redis takes no end before 1970
    } else if (one.type != ValueType::kString) {
      const std::string type = std::to_string(static_cast<int>(one.type));
      commands->add({"EVAL", kPut, "1", key, type, one.bytes, std::to_string(end)});
    } else if (one.expires_at) {
      commands->add({"SET", key, one.bytes, "PXAT", std::to_string(end)});
    } else {
      commands->add({"SET", key, one.bytes});
    }
  }

  bool not_known(const Unit& unit) {
    stores::answer(unit, WriteResult::unknown("Redis: the write was not answered: " + connection_.error()), results_);
    return false;
  }

  bool take_single(const Unit& unit) {
    const Reply reply = connection_.receive(deadline_);
    if (reply == nullptr) return not_known(unit);
    stores::answer(unit, is_error(*reply) ? refused(text_of(*reply)) : WriteResult::done(), results_);
    return true;
  }

  // MULTI, QUEUED..., and the replies of all as one; or an error if one of them was refused, and nothing is done.
  bool take_group(const Unit& unit) {
    std::string refusal;
    for (std::size_t i = 0; i < unit.size() + 1; ++i) {
      const Reply reply = connection_.receive(deadline_);
      if (reply == nullptr) return not_known(unit);
      if (is_error(*reply) && refusal.empty()) refusal = text_of(*reply);
    }
    const Reply ended = connection_.receive(deadline_);
    if (ended == nullptr) return not_known(unit);
    if (is_error(*ended) || ended->type != REDIS_REPLY_ARRAY) {
      stores::answer(unit, refused(refusal.empty() ? text_of(*ended) : refusal), results_);
      return true;
    }
    for (std::size_t i = 0; i < unit.size() && i < ended->elements; ++i) {
      const redisReply& one = *ended->element[i];
      results_[unit[i]] = is_error(one) ? refused(text_of(one)) : WriteResult::done();
    }
    return true;
  }

  Connection& connection_;
  const std::string& prefix_;
  const Deadline deadline_;
  const std::span<const Mutation> batch_;
  const std::span<WriteResult> results_;
};

constexpr std::string_view kLoad = R"(
  local bytes, type = redis.pcall('GET', KEYS[1]), '1'
  if bytes and bytes.err then
    local form = redis.pcall('HMGET', KEYS[1], 'larder.type', 'larder.bytes')
    if form[1] and form[2] then type, bytes = form[1], form[2] end
  end
  return {bytes, redis.pcall('PEXPIRETIME', KEYS[1]), type})";

Lookup<StoredValue> value_of(const redisReply& reply) {
  constexpr long long kNone = -2;
  constexpr long long kEndless = -1;
  const bool whole = reply.type == REDIS_REPLY_ARRAY && reply.elements == 3;
  for (const redisReply* one : {&reply, whole ? reply.element[0] : &reply, whole ? reply.element[1] : &reply}) {
    if (is_error(*one)) return Status(ErrorCode::kStoreFailed, "Redis: " + text_of(*one));
  }
  if (!whole) return Status(ErrorCode::kStoreFailed, "Redis: an odd reply");
  const redisReply& bytes = *reply.element[0];
  const long long end = reply.element[1]->integer;
  if (bytes.type == REDIS_REPLY_NIL || end == kNone) return {};
  const std::string type = text_of(*reply.element[2]);
  if (type.size() != 1) return Status(ErrorCode::kStoreFailed, "Redis: a collection of an odd type");
  StoredValue found{.type = static_cast<ValueType>(type[0] - '0'), .bytes = text_of(bytes)};
  if (end != kEndless) found.expires_at = UnixTime(Milliseconds(end));
  return found;
}

Status check(const RedisStoreOptions& options) {
  stores::Complaints wrong;
  wrong.add_if(options.host.empty() && options.unix_path.empty(), "neither host nor unix_path is set");
  wrong.add_if(options.password.empty() && !options.username.empty(), "username is set, and password is not");
  wrong.add_if(options.connections_max == 0, "connections_max is 0");
  wrong.check_time("connect_timeout", options.connect_timeout, Milliseconds{1});
  wrong.check_time("command_timeout", options.command_timeout, Milliseconds{1});
  wrong.add_if(options.value_bytes_max == 0, "value_bytes_max is 0");
  return wrong.status();
}

}  // namespace

RedisStore::RedisStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
RedisStore::~RedisStore() = default;

Result<std::shared_ptr<RedisStore>> RedisStore::open(const RedisStoreOptions& options) {
  if (Status wrong = check(options); !wrong.ok()) return wrong;
  auto state = std::make_unique<State>(options, options.command_timeout);
  Status why;
  {
    const auto lease = state->lease(&why);
    if (lease.connection == nullptr) return why;
    // Without this right a write that got no answer would block the store for ever. No client has that number.
    constexpr std::string_view kNobody = "9223372036854775807";
    const Reply reply = lease.connection->call({"CLIENT", "KILL", "ID", kNobody});
    if (reply == nullptr) return Status(ErrorCode::kStoreFailed, "Redis: " + lease.connection->error());
    if (is_error(*reply)) return Status(ErrorCode::kStoreFailed, "Redis: CLIENT KILL is needed: " + text_of(*reply));
  }
  return std::shared_ptr<RedisStore>(new RedisStore(std::move(state)));
}

Lookup<StoredValue> RedisStore::load(std::string_view key) {
  Lookup<StoredValue> found;
  load_many({&key, 1}, {&found, 1});
  return found;
}

void RedisStore::load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found) {
  Status why;
  const auto lease = state_->lease(&why);
  const Deadline deadline(state_->options().command_timeout);
  if (lease.connection != nullptr) {
    Commands commands;
    for (const std::string_view key : keys) {
      commands.add({"EVAL_RO", kLoad, "1", state_->options().key_prefix + std::string(key)});
    }
    lease.connection->send(commands, deadline);
  }
  for (Lookup<StoredValue>& one : found) {
    const Reply reply = lease.connection == nullptr ? nullptr : lease.connection->receive(deadline);
    if (reply != nullptr) {
      one = value_of(*reply);
    } else {
      one = why.ok() ? Status(ErrorCode::kStoreFailed, "Redis: " + lease.connection->error()) : why;
    }
  }
}

Status RedisStore::write(std::span<const Mutation> batch, std::span<WriteResult> results) {
  return state_->write(batch, results, [&](Connection& connection, std::vector<Unit>& units) {
    return Writing(connection, state_->options(), batch, results).run(units);
  });
}

}  // namespace larder
