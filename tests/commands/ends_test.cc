// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "commands/ends.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

namespace larder::commands {
namespace {

using keyspace::Change;
using keyspace::Environment;
using namespace std::chrono_literals;

class Ends : public testing::Test {
 protected:
  ~Ends() override { account_->release(); }

  Environment environment(double jitter = 0.0) {
    Options options;
    options.clock = &clock_;
    options.seed = 1;
    options.expiry.ttl_jitter = jitter;
    return Environment(options, *account_);
  }
  UnixTime in(Milliseconds from_now) { return UnixTime(clock_.unix_time() + from_now); }

  ManualClock clock_;
  memory::Account* account_ = new memory::Account(Allocator::standard(), memory::Limit::kUnbounded);
};

TEST_F(Ends, NothingSaidMeansWhatTheCommandDoesOtherwise) {
  Environment here = environment();
  for (const Change::End otherwise : {Change::End::kKeep, Change::End::kClear}) {
    Change change;
    ASSERT_TRUE(read_end(here, {}, {}, false, otherwise, &change).ok());
    EXPECT_EQ(change.end, otherwise);
    ASSERT_TRUE(read_end(here, {}, {}, true, otherwise, &change).ok());
    EXPECT_EQ(change.end, Change::End::kKeep);
  }
}

TEST_F(Ends, AreOnTheCachesOwnTime) {
  Environment here = environment();
  clock_.advance(5s);
  const struct {
    std::optional<Milliseconds> ttl;
    std::optional<UnixTime> expires_at;
    std::uint64_t ends_at;
  } cases[] = {
      {1ms, {}, here.now() + 1},
      {1h, {}, here.now() + 3'600'000},
      {Milliseconds(std::int64_t{1} << 47), {}, here.now() + Environment::kDeadlineMax},
      {{}, in(1ms), here.now() + 1},
      {{}, in(1h), here.now() + 3'600'000},
      {{}, in(0ms), 0},  // 0: it has ended
      {{}, in(-1ms), 0},
      {{}, UnixTime(1ms), 0},
  };
  for (const auto& one : cases) {
    Change change;
    ASSERT_TRUE(read_end(here, one.ttl, one.expires_at, false, Change::End::kClear, &change).ok());
    EXPECT_EQ(change.end, Change::End::kSet);
    EXPECT_EQ(change.ends_at, one.ends_at);
  }
}

TEST_F(Ends, RefusesWhatContradictsItselfOrIsNoTimeToLive) {
  Environment here = environment();
  constexpr auto kLast = Milliseconds::max();
  constexpr auto kBeyond = Milliseconds((std::int64_t{1} << 47) + 1);
  const struct {
    std::optional<Milliseconds> ttl;
    std::optional<UnixTime> expires_at;
    bool keep;
    ErrorCode code;
  } cases[] = {
      {1ms, in(1ms), false, ErrorCode::kInvalidArgument},
      {1ms, {}, true, ErrorCode::kInvalidArgument},
      {{}, in(1ms), true, ErrorCode::kInvalidArgument},
      {1ms, in(1ms), true, ErrorCode::kInvalidArgument},
      {0ms, in(1ms), false, ErrorCode::kInvalidArgument},
      {0ms, {}, false, ErrorCode::kInvalidExpireTime},
      {-1ms, {}, false, ErrorCode::kInvalidExpireTime},
      {Milliseconds::min(), {}, false, ErrorCode::kInvalidExpireTime},
      {kBeyond, {}, false, ErrorCode::kInvalidExpireTime},
      {kLast, {}, false, ErrorCode::kInvalidExpireTime},
      {{}, in(kBeyond), false, ErrorCode::kInvalidExpireTime},
      {{}, UnixTime(kLast), false, ErrorCode::kInvalidExpireTime},
  };
  for (const auto& one : cases) {
    Change change;
    const Status status = read_end(here, one.ttl, one.expires_at, one.keep, Change::End::kClear, &change);
    EXPECT_EQ(status.code(), one.code) << status.to_string();
    EXPECT_NE(status.message(), "");
  }
}

TEST_F(Ends, JitterShortensTimesToLiveByUpToItsShare) {
  Environment here = environment(0.5);
  std::set<std::uint64_t> left;
  for (int i = 0; i < 1'000; ++i) {
    Change change;
    ASSERT_TRUE(read_end(here, 1'000ms, {}, false, Change::End::kClear, &change).ok());
    left.insert(change.ends_at - here.now());
  }
  EXPECT_GE(*left.begin(), 500u);
  EXPECT_LT(*left.begin(), 520u);
  EXPECT_LE(*left.rbegin(), 1'000u);
  EXPECT_GT(*left.rbegin(), 980u);
  EXPECT_GT(left.size(), 300u);
}

TEST_F(Ends, JitterLeavesAbsoluteTimesAndTheShortestAlone) {
  Environment here = environment(1.0);
  for (int i = 0; i < 100; ++i) {
    Change change;
    ASSERT_TRUE(read_end(here, {}, in(1'000ms), false, Change::End::kClear, &change).ok());
    EXPECT_EQ(change.ends_at, here.now() + 1'000);
    ASSERT_TRUE(read_end(here, 1ms, {}, false, Change::End::kClear, &change).ok());
    EXPECT_EQ(change.ends_at, here.now() + 1);
    ASSERT_TRUE(read_end(here, 2ms, {}, false, Change::End::kClear, &change).ok());
    EXPECT_GT(change.ends_at, here.now());  // shortened to nothing it would delete
    EXPECT_EQ(read_end(here, 0ms, {}, false, Change::End::kClear, &change).code(), ErrorCode::kInvalidExpireTime);
  }
}

}  // namespace
}  // namespace larder::commands
