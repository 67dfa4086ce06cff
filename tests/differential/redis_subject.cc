// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Redis's replies as answers.
#include "differential/redis_subject.h"

#include <algorithm>
#include <set>
#include <utility>

namespace larder::differential {
namespace {

using model::Answer;
using model::Command;
using model::Verb;

Answer plain(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::kStatus: return reply.text == "OK" ? Answer::done() : Answer::bytes(reply.text);
    case Reply::Kind::kInteger: return Answer::number(reply.integer);
    case Reply::Kind::kText: return Answer::bytes(reply.text);
    case Reply::Kind::kNil: return Answer::miss();
    case Reply::Kind::kBroken: return Answer::bytes("(broken: " + reply.text + ")");
    case Reply::Kind::kError: {
      const ErrorCode code = class_of(reply.text);
      return code == ErrorCode::kOk ? Answer::bytes("(unknown error: " + reply.text + ")") : Answer::failure(code);
    }
    case Reply::Kind::kList: break;
  }
  std::vector<Answer> list;
  for (const Reply& item : reply.list) list.push_back(plain(item));
  return Answer::items(std::move(list));
}

Answer sorted(Answer answer) {
  std::set<std::string> texts;
  for (const Answer& item : answer.list) texts.insert(item.text);
  answer.list.clear();
  for (const std::string& text : texts) answer.list.push_back(Answer::bytes(text));
  return answer;
}

// ["matches", [[[a, a], [b, b], length] ...], "len", n], as Larder has it.
Answer lcs_answer(const Answer& reply) {
  std::vector<Answer> matches;
  for (const Answer& match : reply.list.at(1).list) {
    const auto& a = match.list.at(0).list;
    const auto& b = match.list.at(1).list;
    matches.push_back(Answer::items({a.at(0), a.at(1), b.at(0), b.at(1), match.list.at(2)}));
  }
  return Answer::items({Answer::items(std::move(matches)), reply.list.at(3)});
}

// -2: no key; -1: no end.
Answer time_answer(const Answer& reply) {
  if (reply == Answer::number(-2)) return Answer::miss();
  return reply == Answer::number(-1) ? Answer::never() : reply;
}

}  // namespace

ErrorCode class_of(std::string_view redis_error) {
  static constexpr std::pair<std::string_view, ErrorCode> kClasses[] = {
      {"WRONGTYPE", ErrorCode::kWrongType},
      {"ERR value is not an integer", ErrorCode::kNotAnInteger},
      {"ERR value is not a valid float", ErrorCode::kNotAFloat},
      {"ERR increment or decrement would overflow", ErrorCode::kOverflow},
      {"ERR decrement would overflow", ErrorCode::kOverflow},
      {"ERR increment would produce NaN or Infinity", ErrorCode::kOverflow},
      {"ERR invalid expire time", ErrorCode::kInvalidExpireTime},
      {"ERR syntax error", ErrorCode::kInvalidArgument},
      {"ERR no such key", ErrorCode::kNoSuchKey},
      {"ERR bit offset is not an integer or out of range", ErrorCode::kOutOfRange},
      {"ERR offset is out of range", ErrorCode::kOutOfRange},
      {"ERR string exceeds maximum allowed size", ErrorCode::kValueTooLarge},
      {"ERR source and destination objects are the same", ErrorCode::kInvalidArgument},
      {"ERR BITOP NOT must be called with a single source key", ErrorCode::kInvalidArgument},
      {"ERR Invalid bitfield type", ErrorCode::kInvalidArgument},
      {"ERR wrong number of arguments", ErrorCode::kInvalidArgument},
  };
  for (const auto& [text, code] : kClasses) {
    if (redis_error.starts_with(text)) return code;
  }
  return ErrorCode::kOk;
}

RedisSubject::RedisSubject(const RedisServer& server) : server_(server), client_(server.socket_path()) {}

void RedisSubject::clear() {
  watches_.clear();
  client_.call({"FLUSHALL"});
}

Answer RedisSubject::run(const Command& command) {
  switch (command.verb) {
    case Verb::kScan: return scan_all(command);
    case Verb::kGetVersioned: return get_versioned(command);
    case Verb::kCompareAndSet: return compare_and_set(command);
    default: break;
  }
  const Answer reply = plain(client_.call(words_of(command)));
  // A key set to end in the past is counted by DBSIZE until somebody looks at it.
  if (command.set.expires_at) client_.call({"EXISTS", command.key()});
  if (reply.failed()) return reply;
  switch (command.verb) {
    case Verb::kKeys: return sorted(reply);
    case Verb::kTtl:
    case Verb::kExpireTime: return time_answer(reply);
    case Verb::kLcs: return command.lcs.with_matches ? lcs_answer(reply) : reply;
    default: return reply;
  }
}

Answer RedisSubject::scan_all(const Command& command) {
  std::vector<Answer> keys;
  std::vector<std::string> words = words_of(command);
  do {
    const Answer page = plain(client_.call(words));
    if (page.list.size() != 2) return page;
    words[1] = page.list[0].text;
    keys.insert(keys.end(), page.list[1].list.begin(), page.list[1].list.end());
  } while (words[1] != "0");
  return sorted(Answer::items(std::move(keys)));
}

Answer RedisSubject::get_versioned(const Command& command) {
  Watch& watch = watches_[command.first];
  if (!watch.client) watch.client = std::make_unique<RespClient>(server_.socket_path());
  watch.key = command.key();
  watch.broken = false;
  watch.client->call({"UNWATCH"});
  watch.client->call({"WATCH", watch.key});
  return plain(watch.client->call({"GET", watch.key}));
}

Answer RedisSubject::compare_and_set(const Command& command) {
  const auto at = watches_.find(command.first);
  if (at == watches_.end() || at->second.key != command.key()) return Answer::done();
  if (at->second.broken) return Answer::failure(ErrorCode::kConflict);
  RespClient& client = *at->second.client;
  Command set = command;
  set.verb = Verb::kSet;
  client.call({"MULTI"});
  client.call(words_of(set));
  const Reply reply = client.call({"EXEC"});
  if (reply.kind == Reply::Kind::kNil) {
    at->second.broken = true;  // until it is read again
    return Answer::failure(ErrorCode::kConflict);
  }
  client.call({"WATCH", at->second.key});
  if (reply.list.size() != 1) return plain(reply);
  const Answer answer = plain(reply.list[0]);
  return answer == Answer::done() ? Answer::number(1) : answer;
}

Answer as_redis_says(const Command& command, const Answer& answer) {
  if (answer.failed()) return answer;
  switch (command.verb) {
    case Verb::kStrlen: return answer.kind == Answer::Kind::kMiss ? Answer::number(0) : answer;
    case Verb::kSet: return answer == Answer::number(1) ? Answer::done() : Answer::miss();
    case Verb::kSetAndGet: return answer.list.at(1);
    case Verb::kLcs: return command.lcs.with_matches ? answer : answer.list.at(0);
    default: return answer;
  }
}

}  // namespace larder::differential
