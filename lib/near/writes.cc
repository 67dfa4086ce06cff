// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Writes, and any other command, in the server's words.
#include <algorithm>
#include <cctype>
#include <utility>

#include "commands/numbers.h"
#include "near/near_state.h"
#include "near/words.h"

namespace larder {

using near::CommandInfo;
using near::Words;
using Type = RemoteReply::Type;

namespace {

template <typename T>
Result<T> number_of(const Result<RemoteReply>& answer) {
  if (!answer) return answer.status();
  return static_cast<T>(answer->integer);
}

Lookup<std::string> text_of(Result<RemoteReply> answer) {
  if (!answer) return answer.status();
  if (answer->type == Type::kNothing) return {};
  return std::move(answer->text);
}

}  // namespace

Result<bool> NearCache::set(std::string_view key, std::string_view value, const SetOptions& options) {
  Words words({"SET", key, value});
  if (options.ttl) words.add(std::string("PX")).add(options.ttl->count());
  if (options.expires_at) words.add(std::string("PXAT")).add(options.expires_at->time_since_epoch().count());
  if (options.keep_ttl) words.add(std::string("KEEPTTL"));
  if (options.condition == SetOptions::If::kAbsent) words.add(std::string("NX"));
  if (options.condition == SetOptions::If::kPresent) words.add(std::string("XX"));
  const Result<RemoteReply> answer = state_->write({&key, 1}, words);
  if (!answer) return answer.status();
  return answer->type != Type::kNothing;
}

Status NearCache::mset(const PairList& pairs) {
  std::vector<std::string_view> words = {"MSET"};
  std::vector<std::string_view> keys;
  for (const KeyValue& pair : std::span<const KeyValue>(pairs)) {
    words.insert(words.end(), {pair.key, pair.value});
    keys.push_back(pair.key);
  }
  return state_->write(keys, words).status();
}

namespace {

// So that nothing that is being loaded comes back.
near::Batch ending_loads(std::span<const std::string_view> keys) {
  std::vector<std::string> leases;
  for (const std::string_view key : keys) leases.push_back(near::lease_of(key));
  std::vector<std::string_view> words = {"DEL"};
  words.insert(words.end(), leases.begin(), leases.end());
  near::Batch commands;
  commands.add(words);
  return commands;
}

}  // namespace

Result<std::uint64_t> NearCache::del(const KeyList& keys) {
  return number_of<std::uint64_t>(state_->write(keys, Words({"DEL"}).add(keys), ending_loads(keys)));
}

Result<bool> NearCache::del(std::string_view key) {
  return number_of<bool>(state_->write({&key, 1}, Words({"DEL", key}), ending_loads({&key, 1})));
}

Result<bool> NearCache::expire(std::string_view key, Milliseconds ttl) {
  return number_of<bool>(state_->write({&key, 1}, Words({"PEXPIRE", key}).add(ttl.count())));
}

Result<bool> NearCache::persist(std::string_view key) {
  return number_of<bool>(state_->write({&key, 1}, Words({"PERSIST", key})));
}

Result<std::int64_t> NearCache::incr_by(std::string_view key, std::int64_t by) {
  return number_of<std::int64_t>(state_->write({&key, 1}, Words({"INCRBY", key}).add(by)));
}

Result<std::uint64_t> NearCache::append(std::string_view key, std::string_view suffix) {
  return number_of<std::uint64_t>(state_->write({&key, 1}, Words({"APPEND", key, suffix})));
}

Result<bool> NearCache::hset(std::string_view key, std::string_view field, std::string_view value) {
  return number_of<bool>(state_->write({&key, 1}, Words({"HSET", key, field, value})));
}

Result<std::uint64_t> NearCache::hset(std::string_view key, const PairList& fields) {
  std::vector<std::string_view> words = {"HSET", key};
  for (const KeyValue& one : std::span<const KeyValue>(fields)) words.insert(words.end(), {one.key, one.value});
  return number_of<std::uint64_t>(state_->write({&key, 1}, words));
}

Result<std::uint64_t> NearCache::hdel(std::string_view key, const KeyList& fields) {
  return number_of<std::uint64_t>(state_->write({&key, 1}, Words({"HDEL", key}).add(fields)));
}

Result<std::int64_t> NearCache::hincr_by(std::string_view key, std::string_view field, std::int64_t by) {
  return number_of<std::int64_t>(state_->write({&key, 1}, Words({"HINCRBY", key, field}).add(by)));
}

Result<std::uint64_t> NearCache::lpush(std::string_view key, const KeyList& elements) {
  return number_of<std::uint64_t>(state_->write({&key, 1}, Words({"LPUSH", key}).add(elements)));
}

Result<std::uint64_t> NearCache::rpush(std::string_view key, const KeyList& elements) {
  return number_of<std::uint64_t>(state_->write({&key, 1}, Words({"RPUSH", key}).add(elements)));
}

Lookup<std::string> NearCache::lpop(std::string_view key) {
  return text_of(state_->write({&key, 1}, Words({"LPOP", key})));
}

Lookup<std::string> NearCache::rpop(std::string_view key) {
  return text_of(state_->write({&key, 1}, Words({"RPOP", key})));
}

Result<std::uint64_t> NearCache::sadd(std::string_view key, const KeyList& members) {
  return number_of<std::uint64_t>(state_->write({&key, 1}, Words({"SADD", key}).add(members)));
}

Result<std::uint64_t> NearCache::srem(std::string_view key, const KeyList& members) {
  return number_of<std::uint64_t>(state_->write({&key, 1}, Words({"SREM", key}).add(members)));
}

Result<std::uint64_t> NearCache::zadd(std::string_view key, const ScoreList& members) {
  Words words({"ZADD", key});
  for (const MemberScore& one : std::span<const MemberScore>(members)) {
    words.add(near::text_of_score(one.score)).add(std::string(one.member));
  }
  return number_of<std::uint64_t>(state_->write({&key, 1}, words));
}

Result<double> NearCache::zincr_by(std::string_view key, std::string_view member, double by) {
  const Lookup<std::string> text =
      text_of(state_->write({&key, 1}, Words({"ZINCRBY", key}).add(near::text_of_score(by)).add(std::string(member))));
  if (!text) return text.status();
  return commands::parse_double(*text).value_or(0);
}

Result<std::uint64_t> NearCache::zrem(std::string_view key, const KeyList& members) {
  return number_of<std::uint64_t>(state_->write({&key, 1}, Words({"ZREM", key}).add(members)));
}

// --- Any command --------------------------------------------------------------------------------------------------

Result<CommandInfo> near::State::info_of(std::string_view word) {
  std::string name(word);
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (const CommandInfo* known = infos.find(name)) return *known;
  near::Batch asking;
  asking.add({"COMMAND", "INFO", name});
  const near::Link::Answer answer =
      link->call(asking, near::Link::Reports::kNo, near::Deadline(options.command_timeout));
  if (!answer.status.ok()) return answer.status;
  const redisReply& reply = *answer.replies[0];
  if (stores::redis::is_error(reply)) return near::status_of_error(stores::redis::view_of(reply));
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements != 1) return CommandInfo();
  const CommandInfo info = near::command_info_of(name, *reply.element[0]);
  if (info.kind != CommandInfo::Kind::kUnknown) infos.add(name, info);
  return info;
}

// Of a command with its arguments.
Result<std::vector<std::string>> near::State::keys_of(const CommandInfo& info, Words words) {
  std::vector<std::string> keys;
  if (info.keys_move) {
    std::vector<std::string_view> asking = {"COMMAND", "GETKEYS"};
    asking.insert(asking.end(), words.begin(), words.end());
    const Result<RemoteReply> answer = ask(asking);
    // The command itself answers what is wrong with its arguments; that it has none of a key is no error.
    if (!answer && answer.status().code() == ErrorCode::kDisconnected) return answer.status();
    if (answer) {
      for (const RemoteReply& one : answer->list) keys.push_back(one.text);
    }
    return keys;
  }
  const auto count = static_cast<std::int64_t>(words.size());
  const std::int64_t last = info.last_key < 0 ? count + info.last_key : info.last_key;
  for (std::int64_t i = info.first_key; i > 0 && i <= last && i < count; i += std::max(1, info.key_step)) {
    keys.emplace_back(words[static_cast<std::size_t>(i)]);
  }
  return keys;
}

Result<RemoteReply> NearCache::command(std::span<const std::string_view> words) {
  if (words.empty()) return Status(ErrorCode::kInvalidArgument, "a command has a name");
  const Result<CommandInfo> info = state_->info_of(words[0]);
  if (!info) return info.status();
  if (info->kind == CommandInfo::Kind::kRefused) {
    return Status(ErrorCode::kInvalidArgument,
                  std::string(words[0]) + " would wait at the server, or change a connection that others use");
  }
  const Result<std::vector<std::string>> keys = state_->keys_of(*info, words);
  if (!keys) return keys.status();
  if (info->kind == CommandInfo::Kind::kRead && keys->size() == 1) return state_->read(keys->front(), words);
  const std::vector<std::string_view> names(keys->begin(), keys->end());
  return state_->write(names, words);
}

}  // namespace larder
