// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What re-implementations of Redis get wrong, one by one (REDIS.md, section 2): expiry, keys, watched keys. Each line
// is run on Larder, on the model and on the real server.
#include <gtest/gtest.h>

#include <string>

#include "differential/pitfalls_fixture.h"

namespace larder::differential {
namespace {

constexpr auto kInvalidExpireTime = ErrorCode::kInvalidExpireTime;

// --- 10. EXPIRE of zero and less -------------------------------------------------------------------------------------
TEST_F(Pitfalls, ExpireOfZeroAndLessDeletes) {
  for (const char* ttl : {"0", "-1", "-1000000000000"}) {
    expect("SET k x", n(1));
    expect(std::string("PEXPIRE k ") + ttl, n(1));
    expect("EXISTS k", n(0));
    expect(std::string("PEXPIRE k ") + ttl, n(0));
  }
  for (const char* time : {"0", "1", "-1", "1600000000000"}) {
    expect("SET k x", n(1));
    expect(std::string("PEXPIREAT k ") + time, n(1));
    expect("EXISTS k", n(0));
  }
}

TEST_F(Pitfalls, ATimeInThePastDeletesInSetAndGetEx) {
  expect("SET k old", n(1));
  expect("SET k new PXAT 1", n(1));
  expect("EXISTS k", n(0));
  expect("SET k new NX PXAT 1", n(1));
  expect("GET k", nil());
  expect("SET k x", n(1));
  expect("GETEX k PXAT 1", s("x"));
  expect("EXISTS k", n(0));
}

// --- 12. Conditions --------------------------------------------------------------------------------------------------
TEST_F(Pitfalls, ExpireGreaterTakesNoTimeToLiveForInfinite) {
  expect("SET k x", n(1));
  expect("PEXPIRE k 100000000 GT", n(0));
  expect("PTTL k", never());
  expect("PEXPIRE k 100000000 LT", n(1));
  expect("PTTL k", n(100'000'000));
  expect("PEXPIRE k 200000000 LT", n(0));
  expect("PEXPIRE k 200000000 GT", n(1));
  expect("PTTL k", n(200'000'000));
}

TEST_F(Pitfalls, ExpireConditionsAreStrictAtEquality) {
  expect("SET k x", n(1));
  expect("PEXPIREAT k " + at(100'000'000), n(1));
  expect("PEXPIREAT k " + at(100'000'000) + " GT", n(0));
  expect("PEXPIREAT k " + at(100'000'000) + " LT", n(0));
  expect("PEXPIREAT k " + at(100'000'001) + " GT", n(1));
  expect("PEXPIREAT k " + at(100'000'000) + " LT", n(1));
}

TEST_F(Pitfalls, ANegativeTimeToLiveDeletesOnlyIfTheConditionHolds) {
  expect("SET k x PX 100000000", n(1));
  expect("PEXPIRE k -1 GT", n(0));
  expect("PEXPIRE k -1 NX", n(0));
  expect("EXISTS k", n(1));
  expect("PEXPIRE k -1 LT", n(1));
  expect("EXISTS k", n(0));
  expect("SET k x", n(1));
  expect("PEXPIRE k -1 XX", n(0));
  expect("PEXPIRE k -1 GT", n(0));
  expect("EXISTS k", n(1));
  expect("PEXPIRE k -1 NX", n(1));
  expect("EXISTS k", n(0));
}

TEST_F(Pitfalls, ExpireIfThereIsOneOrNone) {
  expect("SET k x", n(1));
  expect("PEXPIRE k 100000000 XX", n(0));
  expect("PEXPIRE k 100000000 NX", n(1));
  expect("PEXPIRE k 200000000 NX", n(0));
  expect("PEXPIRE k 300000000 XX", n(1));
  expect("PTTL k", n(300'000'000));
  expect("PERSIST k", n(1));
  expect("PERSIST k", n(0));
  expect("PERSIST missing", n(0));
  expect("PEXPIRE missing 100000000", n(0));
  expect_redis({"EXPIRE", "k", "100", "NX", "XX"}, "(error) ERR NX and XX, GT or LT");  // cannot be said to Larder
}

// --- 13. Overflow ----------------------------------------------------------------------------------------------------
TEST_F(Pitfalls, TimesToLiveThatOverflowAreErrors) {
  expect("SET k x", n(1));
  for (const char* ttl : {"9223372036854775807", "9223372036854775806", "9223372036854000000"}) {
    expect(std::string("PEXPIRE k ") + ttl, fails(kInvalidExpireTime));
    expect(std::string("PEXPIRE missing ") + ttl, fails(kInvalidExpireTime));
    expect(std::string("GETEX k PX ") + ttl, fails(kInvalidExpireTime));
    expect(std::string("SET k y PX ") + ttl, fails(kInvalidExpireTime));
  }
  expect("GET k", s("x"));
  expect("PTTL k", never());
  expect_redis({"EXPIRE", "k", "9223372036854775807"}, "(error) ERR invalid expire time");
  expect_redis({"EXPIRE", "k", "-9223372036854775808"}, "(error) ERR invalid expire time");
  expect_larder("PEXPIREAT k 9223372036854775807", fails(kInvalidExpireTime));  // Redis: in 292 million years
  expect_larder("PEXPIRE k 315576000000000", fails(kInvalidExpireTime));        // 10,000 years
  expect("PEXPIRE k 31557600000000", n(1));                                     // 1,000 years
}

TEST_F(Pitfalls, TheSmallestTimesDeleteOrAreErrorsAndNothingElse) {
  for (const auto least : {Milliseconds::min(), Milliseconds::min() + Milliseconds(1)}) {
    cache_.set("k", "x");
    const auto ended = cache_.expire("k", least);
    EXPECT_EQ(*cache_.exists("k"), !ended.ok());
    EXPECT_TRUE(ended.ok() || ended.status().code() == kInvalidExpireTime) << ended.status().to_string();
    cache_.set("k", "x");
    const auto ended_at = cache_.expire_at("k", UnixTime(least));
    EXPECT_EQ(*cache_.exists("k"), !ended_at.ok());
    EXPECT_TRUE(ended_at.ok() || ended_at.status().code() == kInvalidExpireTime) << ended_at.status().to_string();
  }
}

// --- 14. RENAME and COPY ---------------------------------------------------------------------------------------------
TEST_F(Pitfalls, RenameCarriesTheTimeToLive) {
  expect("SET a 1 PX 100000000", n(1));
  expect("SET b 2 PX 200000000", n(1));
  expect("RENAME a b", ok());
  expect("PTTL b", n(100'000'000));
  expect("EXISTS a", n(0));
  expect("SET c 3", n(1));
  expect("RENAME c b", ok());
  expect("PTTL b", never());
  expect("GET b", s("3"));
  expect("SET d 4 PX 100000000", n(1));
  expect("RENAMENX d b", n(0));
  expect("RENAMENX d e", n(1));
  expect("PTTL e", n(100'000'000));
}

TEST_F(Pitfalls, CopyCarriesTheTimeToLive) {
  expect("SET a 1 PX 100000000", n(1));
  expect("COPY a b", n(1));
  expect("PTTL b", n(100'000'000));
  expect("SET c 3", n(1));
  expect("COPY c b", n(0));
  expect("COPY c b REPLACE", n(1));
  expect("PTTL b", never());
  expect("APPEND b 4", n(2));
  expect("GET c", s("3"));
  expect("COPY missing b REPLACE", n(0));
  expect("GET b", s("34"));
}

TEST_F(Pitfalls, RenamingAndCopyingOntoItself) {
  expect("SET k x PX 100000000", n(1));
  expect("RENAME k k", ok());
  expect("PTTL k", n(100'000'000));
  expect("RENAMENX k k", n(0));
  expect("COPY k k", fails(ErrorCode::kInvalidArgument));
  expect("COPY k k REPLACE", fails(ErrorCode::kInvalidArgument));
  expect("COPY missing missing", fails(ErrorCode::kInvalidArgument));
  expect("RENAME missing missing", fails(ErrorCode::kNoSuchKey));
  expect("RENAMENX missing missing", fails(ErrorCode::kNoSuchKey));
  expect("RENAME missing k", fails(ErrorCode::kNoSuchKey));
  expect("GET k", s("x"));
}

// --- 15. An expired key is absent ------------------------------------------------------------------------------------
constexpr const char* kEveryCommand[] = {"GET k",
                                         "MGET k",
                                         "STRLEN k",
                                         "GETRANGE k 0 -1",
                                         "LCS k k",
                                         "SET k n NX",
                                         "SET k n XX",
                                         "SET k n GET",
                                         "GETSET k n",
                                         "GETDEL k",
                                         "GETEX k",
                                         "GETEX k PX 100000000",
                                         "MSETNX k n",
                                         "APPEND k n",
                                         "SETRANGE k 1 n",
                                         "INCRBY k 1",
                                         "DECRBY k 1",
                                         "INCRBYFLOAT k 1",
                                         "SETBIT k 1 1",
                                         "GETBIT k 1",
                                         "BITCOUNT k",
                                         "BITPOS k 1",
                                         "BITPOS k 0",
                                         "BITOP OR to k",
                                         "BITFIELD k GET u8 0",
                                         "BITFIELD k OVERFLOW WRAP INCRBY u8 0 1",
                                         "DEL k",
                                         "EXISTS k",
                                         "TOUCH k",
                                         "TYPE k",
                                         "PEXPIRE k 100000000",
                                         "PEXPIRE k 100000000 NX",
                                         "PEXPIREAT k 1",
                                         "PERSIST k",
                                         "PTTL k",
                                         "PEXPIRETIME k",
                                         "RENAME k to",
                                         "RENAMENX k to",
                                         "COPY k to",
                                         "RANDOMKEY",
                                         "SCAN 0 COUNT 10",
                                         "KEYS *",
                                         "SET k n KEEPTTL"};

TEST_F(Pitfalls, AnExpiredKeyIsAbsentForEveryCommand) {
  for (const char* line : kEveryCommand) {
    SCOPED_TRACE(line);
    cache_.clear();
    redis_.clear();
    model::NaiveModel empty(now_ms_);
    const auto command = model::parse(line);
    ASSERT_TRUE(command);
    ASSERT_TRUE(cache_.set("k", "5", {.ttl = Milliseconds(10)}).ok());
    clock_.advance_ms(9);
    ASSERT_TRUE(*cache_.exists("k"));
    clock_.advance_ms(1);  // nothing has turned the wheel
    redis_.call({"SET", "k", "5", "PXAT", "1"});
    const model::Answer expected = empty.run(*command);
    EXPECT_EQ(printable(driver_.run(*command)), printable(expected)) << "Larder";
    EXPECT_EQ(printable(redis_.run(*command)), printable(as_redis_says(*command, expected))) << "Redis";
    const auto ttl = cache_.ttl("k");
    if (ttl && command->get_ex.ttl == std::nullopt) {
      EXPECT_FALSE(ttl->left) << "the old time to live came back";
    }
  }
}

TEST_F(Pitfalls, AnExpiredTargetIsNoTarget) {
  for (const char* line : {"RENAMENX from k", "COPY from k"}) {
    ASSERT_TRUE(cache_.set("k", "old", {.ttl = Milliseconds(10)}).ok());
    cache_.set("from", "new");
    clock_.advance_ms(10);
    EXPECT_EQ(printable(driver_.run(*model::parse(line))), "1") << line;
    EXPECT_EQ(*cache_.get("k"), "new");
    EXPECT_FALSE(cache_.ttl("k")->left);
    redis_.clear();
    redis_.call({"SET", "from", "new"});
    redis_.call({"SET", "k", "old", "PXAT", "1"});
    EXPECT_EQ(printable(redis_.run(*model::parse(line))), "1") << line;
  }
}

TEST_F(Pitfalls, DbsizeDoesNotCountWhatHasExpired) {
  for (int i = 0; i < 100; ++i) cache_.set("k" + std::to_string(i), "x", {.ttl = Milliseconds(1 + i % 10)});
  clock_.advance_ms(5);
  EXPECT_EQ(*cache_.dbsize(), 50u);
  clock_.advance_ms(5);
  EXPECT_EQ(*cache_.dbsize(), 0u);
}

// --- 16. Watched keys, as versions (RULINGS 5) -------------------------------------------------------------------------
TEST_F(Pitfalls, AKeyThatExpiresAfterItsVersionWasReadConflicts) {
  cache_.set("k", "x", {.ttl = Milliseconds(10)});
  const auto read = cache_.get_versioned("k");
  ASSERT_EQ(read->value, "x");
  clock_.advance_ms(10);
  EXPECT_EQ(cache_.compare_and_set("k", read->version, "y").status().code(), ErrorCode::kConflict);
  EXPECT_FALSE(*cache_.exists("k"));
}

TEST_F(Pitfalls, AKeyThatHadExpiredBeforeItsVersionWasReadDoesNot) {
  cache_.set("k", "x", {.ttl = Milliseconds(10)});
  clock_.advance_ms(10);
  const auto read = cache_.get_versioned("k");
  EXPECT_FALSE(read->value);
  cache_.tick();
  EXPECT_TRUE(cache_.compare_and_set("k", read->version, "y").ok());
  EXPECT_EQ(*cache_.get("k"), "y");
}

TEST_F(Pitfalls, EveryWriteIsAConflict) {
  for (const char* line :
       {"SET k x", "GETSET k x", "DEL k", "GETDEL k", "MSET k x", "APPEND k y", "SETRANGE k 0 z", "SETBIT k 1 0",
        "RENAME k other", "RENAME other k", "COPY other k REPLACE", "BITOP NOT k other", "FLUSHALL",
        "BITFIELD k OVERFLOW WRAP SET u8 0 9", "PEXPIRE k -1", "PEXPIREAT k 1", "SET k x PXAT 1"}) {
    SCOPED_TRACE(line);
    run_on_all("MSET k x other o");
    run_on_all("GETVERSIONED k slot0");
    run_on_all(line);
    expect("COMPAREANDSET k new slot0", fails(ErrorCode::kConflict));
  }
  for (const char* line :
       {"GET k", "EXISTS k", "TOUCH k", "PTTL k", "MSETNX k y", "SET k y NX", "APPEND other y", "RENAMENX k other"}) {
    SCOPED_TRACE(line);
    run_on_all("MSET k x other o");
    run_on_all("GETVERSIONED k slot0");
    run_on_all(line);
    const auto command = model::parse("COMPAREANDSET k new slot0");
    EXPECT_EQ(printable(redis_.run(*command)), "1") << "Redis";
    // Larder may conflict with a write of another key.
    const model::Answer larder = driver_.run(*command);
    EXPECT_TRUE(larder == n(1) || larder == fails(ErrorCode::kConflict)) << printable(larder);
  }
}

TEST_F(Pitfalls, AKeyThatWasNotThereMustStillNotBeThere) {
  expect("GETVERSIONED k slot0", nil());
  expect("COMPAREANDSET k made slot0", n(1));
  expect("COMPAREANDSET k again slot0", n(1));
  expect("GETVERSIONED other slot1", nil());
  run_on_all("SET other x");
  run_on_all("DEL other");  // it was there in between
  expect("COMPAREANDSET other y slot1", fails(ErrorCode::kConflict));
}

}  // namespace
}  // namespace larder::differential
