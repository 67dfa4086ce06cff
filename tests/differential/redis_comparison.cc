// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Model, Redis and a third.
#include "differential/redis_comparison.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "model/command_generator.h"
#include "model/naive_model.h"
#include "support/depth.h"

namespace larder::differential {
namespace {

using model::Answer;
using model::Command;
using model::NaiveModel;
using model::Verb;

constexpr std::int64_t kToleranceMs = 60'000;
constexpr std::int64_t kSlots = 4;  // that the generator uses

Answer without_empty(Answer list) {
  std::erase(list.list, Answer::bytes(""));
  return list;
}

bool alike(const Command& command, const Answer& redis, const Answer& expected) {
  const bool is_time = command.verb == Verb::kTtl || command.verb == Verb::kExpireTime;
  if (is_time && redis.kind == Answer::Kind::kInteger && expected.kind == Answer::Kind::kInteger) {
    return std::abs(redis.integer - expected.integer) <= kToleranceMs;
  }
  // To Redis the empty key matches no pattern but "*" and the empty one, not even "**".
  if ((command.verb == Verb::kKeys || command.verb == Verb::kScan) && command.text != "*" && !command.text.empty()) {
    return without_empty(redis) == without_empty(expected);
  }
  return redis == expected;
}

std::string differ(const char* who, const Command& command, const Answer& answer, const Answer& expected) {
  return printable(command) + "\n    " + who + " answered " + printable(answer) + "\n    the model " +
         printable(expected);
}

class RedisComparison {
 public:
  RedisComparison(RedisSubject& redis, std::unique_ptr<Third> third, std::int64_t now_ms)
      : redis_(redis), third_(std::move(third)), model_(now_ms) {
    redis_.clear();
  }

  std::string step(const Command& command) {
    if (model_.cells(command) > NaiveModel::kCellsDear) return "";
    if (command.verb == Verb::kRandomKey) return random_key(command);
    const bool false_conflict = command.verb == Verb::kCompareAndSet;
    const Answer redis = redis_.run(command);
    Answer third = third_ ? third_->run(command) : Answer::miss();
    const Answer expected = model_.run(command);
    const Answer as_redis = as_redis_says(command, expected);
    if (!alike(command, redis, as_redis)) return differ("Redis", command, redis, as_redis);
    if (command.verb == Verb::kBitField) forget_versions();
    if (!third_ || third == expected) return "";
    // A version may be that of several keys: then the third conflicts, and has to be told again.
    if (false_conflict && third.failed_with(ErrorCode::kConflict)) return store_after_false_conflict(command, expected);
    return differ("Larder", command, third, expected);
  }

  // Everything there is.
  std::string check_state() {
    std::string wrong = step({.verb = Verb::kKeys, .text = "*"});
    Command all{.verb = Verb::kMget};
    for (const auto& [key, entry] : model_.entries()) {
      all.keys.push_back(key);
      if (wrong.empty()) wrong = step({.verb = Verb::kExpireTime, .keys = {key}});
    }
    if (wrong.empty() && !all.keys.empty()) wrong = step(all);
    return wrong.empty() ? step({.verb = Verb::kDbsize}) : wrong;
  }

 private:
  std::string random_key(const Command& command) {
    const auto is_right = [&](const Answer& answer) {
      return answer.kind == Answer::Kind::kText ? model_.entries().contains(answer.text)
                                                : answer == Answer::miss() && model_.entries().empty();
    };
    const Answer redis = redis_.run(command);
    if (!is_right(redis)) return differ("Redis", command, redis, model_.run(command));
    const Answer third = third_ ? third_->run(command) : redis;
    return is_right(third) ? "" : differ("Larder", command, third, model_.run(command));
  }

  std::string store_after_false_conflict(const Command& command, const Answer& expected) {
    Command again = command;
    again.verb = Verb::kGetVersioned;
    third_->run(again);
    const Answer answer = third_->run(command);
    return answer == expected ? "" : differ("Larder", command, answer, expected);
  }

  // A bit field all of whose writes were refused makes a value longer all the same, and Redis does not break the watch.
  void forget_versions() {
    for (std::int64_t slot = 0; slot < kSlots; ++slot) {
      const Command read{.verb = Verb::kGetVersioned, .keys = {""}, .first = slot};
      redis_.run(read);
      model_.run(read);
      if (third_) third_->run(read);
    }
  }

  RedisSubject& redis_;
  std::unique_ptr<Third> third_;
  NaiveModel model_;
};

}  // namespace

std::int64_t unix_now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::optional<model::Failure> compare_with_redis(RedisSubject& redis, const MakeThird& make_third, std::int64_t now_ms,
                                                 const std::vector<Command>& commands) {
  RedisComparison comparison(redis, make_third ? make_third(now_ms) : nullptr, now_ms);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const std::string wrong = comparison.step(commands[i]);
    if (!wrong.empty()) return model::Failure{i, wrong};
  }
  const std::string wrong = comparison.check_state();
  return wrong.empty() ? std::nullopt : std::optional(model::Failure{commands.size(), wrong});
}

std::string compare_random_runs_with_redis(const MakeThird& make_third, std::uint64_t sequences, std::size_t commands) {
  const RedisServer& server = RedisServer::instance();
  if (!server.failure().empty()) return server.failure();
  RedisSubject redis(server);
  const std::uint64_t first = support::seed(1);
  if (support::seed_is_given()) sequences = 1;
  for (std::uint64_t seed = first; seed < first + sequences; ++seed) {
    const std::int64_t now_ms = unix_now_ms();
    model::RandomChoices choices(seed);
    model::CommandGenerator generator(choices, {.keys = 8, .redis_too = true, .now_ms = now_ms});
    const auto run = [&](const std::vector<Command>& some) {
      return compare_with_redis(redis, make_third, now_ms, some);
    };
    const std::string failure = model::run_and_explain(run, generator.sequence(commands));
    if (!failure.empty()) return failure + support::how_to_repeat(seed);
  }
  return "";
}

}  // namespace larder::differential
