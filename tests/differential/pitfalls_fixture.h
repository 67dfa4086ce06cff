// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Command lines that are run on Larder, on the naive model and on the real redis-server, and must answer the same.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "differential/redis_subject.h"
#include "larder/cache.h"
#include "model/command_parser.h"
#include "model/larder_subject.h"
#include "model/naive_model.h"

namespace larder::differential {

// Answers, in few letters.
inline model::Answer ok() { return model::Answer::done(); }
inline model::Answer nil() { return model::Answer::miss(); }
inline model::Answer never() { return model::Answer::never(); }
inline model::Answer n(std::int64_t number) { return model::Answer::number(number); }
inline model::Answer s(std::string_view text) { return model::Answer::bytes(text); }
inline model::Answer fails(ErrorCode code) { return model::Answer::failure(code); }
inline model::Answer list(std::vector<model::Answer> items) { return model::Answer::items(std::move(items)); }

// A clock that begins at the machine's time, and moves only when told.
class MovableClock final : public Clock {
 public:
  explicit MovableClock(std::int64_t unix_ms) : unix_ms_(unix_ms) {}
  std::chrono::nanoseconds monotonic() override { return std::chrono::milliseconds(1'000'000 + moved_ms_.load()); }
  std::chrono::milliseconds unix_time() override { return std::chrono::milliseconds(unix_ms_ + moved_ms_.load()); }
  void advance_ms(std::int64_t by) { moved_ms_ += by; }

 private:
  const std::int64_t unix_ms_;
  std::atomic<std::int64_t> moved_ms_{0};
};

class Pitfalls : public testing::Test {
 protected:
  static constexpr std::int64_t kToleranceMs = 60'000;

  Pitfalls()
      : now_ms_(std::chrono::duration_cast<Milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count()),
        clock_(now_ms_),
        model_(now_ms_),
        cache_(options_for(clock_)),
        driver_(cache_),
        redis_(RedisServer::instance()) {}

  void SetUp() override {
    ASSERT_EQ(RedisServer::instance().failure(), "");
    redis_.clear();
  }
  void TearDown() override { EXPECT_EQ(cache_.check_invariants().to_string(), "ok"); }

  // The answer that all three must give. Times to live may differ by a minute from Redis's.
  void expect(std::string_view line, const model::Answer& expected) {
    expect_larder(line, expected);
    const auto command = model::parse(line);
    if (!command) return;
    const model::Answer redis = redis_.run(*command);
    const model::Answer as_redis = as_redis_says(*command, expected);
    const bool is_time = command->verb == model::Verb::kTtl || command->verb == model::Verb::kExpireTime;
    if (is_time && expected.kind == model::Answer::Kind::kInteger) {
      EXPECT_LE(std::abs(redis.integer - expected.integer), kToleranceMs)
          << "Redis, " << line << ": " << printable(redis);
    } else {
      EXPECT_EQ(printable(redis), printable(as_redis)) << "Redis, " << line;
    }
  }
  // For what differs on purpose.
  void expect_larder(std::string_view line, const model::Answer& expected) {
    const auto command = model::parse(line);
    ASSERT_TRUE(command) << "not a command: " << line;
    EXPECT_EQ(printable(driver_.run(*command)), printable(expected)) << "Larder, " << line;
    EXPECT_EQ(printable(model_.run(*command)), printable(expected)) << "the model, " << line;
  }
  void run_on_all(std::string_view line) {
    const auto command = model::parse(line);
    ASSERT_TRUE(command) << "not a command: " << line;
    driver_.run(*command);
    model_.run(*command);
    redis_.run(*command);
  }
  void expect_redis(const std::vector<std::string>& words, std::string_view reply_beginning) {
    const std::string reply = printable(redis_.call(words));
    EXPECT_EQ(reply.substr(0, reply_beginning.size()), reply_beginning) << words.front();
  }
  std::string at(std::int64_t from_now_ms) const { return std::to_string(now_ms_ + from_now_ms); }

  const std::int64_t now_ms_;
  MovableClock clock_;
  model::NaiveModel model_;
  Cache cache_;
  model::CacheDriver driver_;
  RedisSubject redis_;

 private:
  static Options options_for(Clock& clock) {
    Options options;
    options.max_memory = 0;
    options.clock = &clock;
    options.seed = 1;
    return options;
  }
};

}  // namespace larder::differential
