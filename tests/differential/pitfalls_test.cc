// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What re-implementations of Redis get wrong, one by one (REDIS.md, section 2): numbers, strings, bits, scans, globs.
// Each line is run on Larder, on the model and on the real server.
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "differential/pitfalls_fixture.h"

namespace larder::differential {
namespace {

constexpr auto kNotAnInteger = ErrorCode::kNotAnInteger;
constexpr auto kNotAFloat = ErrorCode::kNotAFloat;
constexpr auto kOverflow = ErrorCode::kOverflow;

// --- 1. Floats -------------------------------------------------------------------------------------------------------
TEST_F(Pitfalls, IncrByFloatComputesInLongDouble) {
  expect("SET f 1000", n(1));
  expect("INCRBYFLOAT f 0.1", s("1000.09999999999999998"));
  expect("SET f 0.1", n(1));
  expect("INCRBYFLOAT f 0.2", s("0.3"));   // in double: 0.30000000000000004
  expect("SET f 9007199254740993", n(1));  // 2^53 + 1: no double has it
  expect("INCRBYFLOAT f 1", s("9007199254740994"));
}

TEST_F(Pitfalls, IncrByFloatPrintsFixedNotationWithoutTrailingZeros) {
  expect("SET f 5e3", n(1));
  expect("INCRBYFLOAT f 2.0e2", s("5200"));
  expect("SET f 10.50", n(1));
  expect("INCRBYFLOAT f 0", s("10.5"));
  expect("SET f 3.0e-5", n(1));
  expect("INCRBYFLOAT f 0", s("0.00003"));
  expect("SET f 1e19", n(1));
  expect("INCRBYFLOAT f 1", s("10000000000000000001"));
  expect("SET f -0", n(1));
  expect("INCRBYFLOAT f 0", s("0"));
  expect("INCRBYFLOAT new 1.50", s("1.5"));
}

TEST_F(Pitfalls, IncrByFloatAcceptsWhatOnlyALongDoubleHolds) {
  expect("SET f 1e400", n(1));
  const auto command = model::parse("INCRBYFLOAT f 1");
  const model::Answer larder = driver_.run(*command);
  EXPECT_EQ(larder.text.size(), 401u) << printable(larder);
  EXPECT_EQ(printable(larder), printable(redis_.run(*command)));
  expect("SET f 0x10", n(1));
  expect("INCRBYFLOAT f 1", s("17"));
}

TEST_F(Pitfalls, IncrByFloatRefusesNanAndInfinityAndLeavesTheValue) {
  expect("SET f 1", n(1));
  expect("INCRBYFLOAT f nan", fails(kNotAFloat));
  expect("INCRBYFLOAT f inf", fails(kOverflow));
  expect("INCRBYFLOAT f -inf", fails(kOverflow));
  expect("GET f", s("1"));
  expect("INCRBYFLOAT missing nan", fails(kNotAFloat));
  expect("EXISTS missing", n(0));
  for (const char* text : {"inf", "-inf", "infinity"}) {
    expect(std::string("SET f ") + text, n(1));
    expect("INCRBYFLOAT f 1", fails(kOverflow));
  }
  for (const char* text : {"nan", "\" 1\"", "\"1 \"", "abc", "\"\"", "1e5000", "1e-5000", "1.2.3", "\"1\\x00\""}) {
    expect(std::string("SET f ") + text, n(1));
    expect("INCRBYFLOAT f 1", fails(kNotAFloat));
  }
}

// --- 2. Integers -----------------------------------------------------------------------------------------------------
TEST_F(Pitfalls, IntegersAreStrict) {
  for (const char* text :
       {"\" 11\"", "\"11 \"", "01", "-0", "+1", "1.0", "0x1", "1e3", "-", "\"\"", "9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "00000000000000000001", "\"1\\x00\""}) {
    expect(std::string("SET i ") + text, n(1));
    expect("INCRBY i 1", fails(kNotAnInteger));
    expect("DECRBY i 1", fails(kNotAnInteger));
    EXPECT_EQ(printable(driver_.run(*model::parse("GET i"))), printable(redis_.run(*model::parse("GET i"))));
  }
}

TEST_F(Pitfalls, IncrOverflowsAtBothEndsAndLeavesTheValue) {
  expect("SET i 9223372036854775807", n(1));
  expect("INCRBY i 1", fails(kOverflow));
  expect("INCRBY i 9223372036854775807", fails(kOverflow));
  expect("GET i", s("9223372036854775807"));
  expect("INCRBY i -9223372036854775808", n(-1));
  expect("SET i -9223372036854775808", n(1));
  expect("DECRBY i 1", fails(kOverflow));
  expect("INCRBY i -1", fails(kOverflow));
  expect("GET i", s("-9223372036854775808"));
  expect("INCRBY i 9223372036854775807", n(-1));
}

TEST_F(Pitfalls, DecrByTheSmallestIntegerOverflowsWhateverTheValue) {
  expect("DECRBY missing -9223372036854775808", fails(kOverflow));
  expect("EXISTS missing", n(0));
  expect("SET i -1", n(1));
  expect("DECRBY i -9223372036854775808", fails(kOverflow));
  expect("DECRBY i -9223372036854775807", n(9'223'372'036'854'775'806));
}

// --- 8. GETRANGE -----------------------------------------------------------------------------------------------------
TEST_F(Pitfalls, GetRangeClampsBothEnds) {
  expect("SET k Hello", n(1));
  expect("GETRANGE k -200 -100", s("H"));  // "" from Redis 8.0 on
  expect("GETRANGE k -100 -200", s(""));
  expect("GETRANGE k 0 -1", s("Hello"));
  expect("GETRANGE k -3 -2", s("ll"));
  expect("GETRANGE k 3 1", s(""));
  expect("GETRANGE k 4 100", s("o"));
  expect("GETRANGE k 5 100", s(""));
  expect("GETRANGE k -9223372036854775808 9223372036854775807", s("Hello"));
  expect("GETRANGE k 9223372036854775807 -9223372036854775808", s(""));
  expect("GETRANGE k -1 -9223372036854775808", s(""));
  expect("GETRANGE missing 0 -1", s(""));
  expect("SET empty \"\"", n(1));
  expect("GETRANGE empty 0 -1", s(""));
  expect("GETRANGE empty -1 0", s(""));
}

// --- 9. SETRANGE and APPEND ------------------------------------------------------------------------------------------
TEST_F(Pitfalls, SetRangeWithNothingMakesNoKey) {
  expect("SETRANGE k 5 \"\"", n(0));
  expect("EXISTS k", n(0));
  expect("SET k abc", n(1));
  expect("SETRANGE k 10 \"\"", n(3));
  expect("SETRANGE k 536870912 \"\"", n(3));
  expect("GET k", s("abc"));
}

TEST_F(Pitfalls, AppendOfNothingMakesAKey) {
  expect("APPEND k \"\"", n(0));
  expect("EXISTS k", n(1));
  expect("GET k", s(""));
}

TEST_F(Pitfalls, SetRangePadsWithZeroBytes) {
  expect("SETRANGE k 3 x", n(4));
  expect("GET k", s(std::string("\0\0\0x", 4)));
  expect("SETRANGE k 1 yz", n(4));
  expect("GET k", s(std::string("\0yzx", 4)));
}

TEST_F(Pitfalls, OffsetsBeyondTheLargestValueAreRefused) {
  expect("SETRANGE k 536870912 a", fails(ErrorCode::kValueTooLarge));
  expect("SETRANGE k 536870911 ab", fails(ErrorCode::kValueTooLarge));
  expect("SETRANGE k 9223372036854775807 a", fails(ErrorCode::kValueTooLarge));
  expect_larder("SETRANGE k 18446744073709551615 a", fails(ErrorCode::kValueTooLarge));  // must not wrap around
  expect("EXISTS k", n(0));
  expect("SETBIT k 4294967296 1", fails(ErrorCode::kOutOfRange));
  expect("GETBIT k 4294967296", fails(ErrorCode::kOutOfRange));
  expect_larder("SETBIT k 18446744073709551615 1", fails(ErrorCode::kOutOfRange));
  expect("EXISTS k", n(0));
}

// --- 10, 11. SET -----------------------------------------------------------------------------------------------------
TEST_F(Pitfalls, SetNxGoesWithGet) {
  expect("SET k new NX GET", list({n(1), nil()}));
  expect("SET k newer NX GET", list({n(0), s("new")}));
  expect("GET k", s("new"));
  expect("SET k newest XX GET", list({n(1), s("new")}));
  expect("SET missing x XX GET", list({n(0), nil()}));
  expect("EXISTS missing", n(0));
}

TEST_F(Pitfalls, SetRefusesATimeToLiveOfZeroAndLess) {
  expect("SET k old", n(1));
  for (const char* ttl : {"0", "-1", "-9223372036854775808", "9223372036854775807"}) {
    expect(std::string("SET k new PX ") + ttl, fails(ErrorCode::kInvalidExpireTime));
    expect(std::string("SET k new NX PX ") + ttl, fails(ErrorCode::kInvalidExpireTime));
    expect(std::string("GETEX k PX ") + ttl, fails(ErrorCode::kInvalidExpireTime));
  }
  expect("GET k", s("old"));
  expect("PTTL k", never());
}

TEST_F(Pitfalls, SetTakesTheTimeToLiveAwayAndKeepTtlKeepsIt) {
  expect("SET k a PX 100000000", n(1));
  expect("SET k b KEEPTTL", n(1));
  expect("PTTL k", n(100'000'000));
  expect("SET k c XX", n(1));
  expect("PTTL k", never());
  expect("SET k a PX 100000000", n(1));
  expect("SET k b NX", n(0));
  expect("PTTL k", n(100'000'000));
  expect("SET new x KEEPTTL", n(1));
  expect("PTTL new", never());
  expect("SET k a PX 100000000 KEEPTTL", fails(ErrorCode::kInvalidArgument));
}

TEST_F(Pitfalls, EditsKeepTheTimeToLiveAndReplacementsTakeItAway) {
  for (const char* edit : {"APPEND k 1", "INCRBY k 1", "DECRBY k 1", "SETRANGE k 0 7", "SETBIT k 7 1",
                           "INCRBYFLOAT k 1", "BITFIELD k OVERFLOW WRAP SET u8 0 49", "GETEX k", "SETRANGE k 2000 x"}) {
    expect("SET k 1 PX 100000000", n(1));
    run_on_all(edit);
    SCOPED_TRACE(edit);
    expect("PTTL k", n(100'000'000));
  }
  for (const char* replacement : {"GETSET k 2", "MSET k 2", "SET k 2", "SET k 2 GET", "COPY other k REPLACE",
                                  "RENAME other k", "BITOP NOT k k"}) {
    expect("SET other 3", n(1));
    expect("SET k 1 PX 100000000", n(1));
    run_on_all(replacement);
    SCOPED_TRACE(replacement);
    expect("PTTL k", never());
  }
}

TEST_F(Pitfalls, AFailedSetNxIsNullAndNothingElse) {
  expect("SET k a", n(1));
  expect("SET k b NX", n(0));
  expect_redis({"SET", "k", "b", "NX"}, "(nil)");
  expect("SET missing b XX", n(0));
  expect("MSETNX k x other y", n(0));
  expect("EXISTS other", n(0));
}

TEST_F(Pitfalls, MsetTakesTheLastOfAKeyNamedTwice) {
  expect("MSET k 1 k 2", ok());
  expect("GET k", s("2"));
  expect("MSETNX a 1 b 2 a 3", n(1));
  expect("MGET a b missing a", list({s("3"), s("2"), nil(), s("3")}));
}

// --- Bits ------------------------------------------------------------------------------------------------------------
TEST_F(Pitfalls, BitPositionsAndCountsClampAlikeButForReversedNegatives) {
  expect("SET k Hello", n(1));
  expect("BITCOUNT k -100 -200", n(0));
  expect("BITCOUNT k -200 -100", n(2));
  expect("BITPOS k 1 -100 -200", n(1));
  expect("BITPOS k 0 -100 -200", n(0));
  expect("BITCOUNT k 1 -1 BIT", n(20));
  expect("BITPOS k 1 2 10 BIT", n(4));
  expect("BITPOS k 1 9223372036854775807 -9223372036854775808", n(-1));
  expect("BITCOUNT missing 0 -1", n(0));
}

TEST_F(Pitfalls, LookingForAZeroBitPastTheEnd) {
  expect("SET k \"\\xff\\xff\"", n(1));
  expect("BITPOS k 0", n(16));
  expect("BITPOS k 0 1", n(16));
  expect("BITPOS k 0 0 -1", n(-1));
  expect("BITPOS k 0 2", n(-1));
  expect("BITPOS k 1 2", n(-1));
  expect("BITPOS missing 0", n(0));
  expect("BITPOS missing 0 5 7", n(0));
  expect("BITPOS missing 1", n(-1));
  expect("SET empty \"\"", n(1));
  expect("BITPOS empty 0", n(-1));
}

TEST_F(Pitfalls, BitFieldOverflows) {
  expect("BITFIELD k OVERFLOW WRAP INCRBY i8 0 127", list({n(127)}));
  expect("BITFIELD k OVERFLOW WRAP INCRBY i8 0 1", list({n(-128)}));
  expect("BITFIELD k OVERFLOW SAT INCRBY i8 0 -1", list({n(-128)}));
  expect("BITFIELD k OVERFLOW FAIL INCRBY i8 0 -1 GET i8 0", list({nil(), n(-128)}));
  expect("BITFIELD k OVERFLOW SAT SET u8 0 -1 GET u8 0", list({n(128), n(255)}));  // -1 is the largest unsigned
  expect("BITFIELD k OVERFLOW FAIL SET u8 0 256 GET u8 0", list({nil(), n(255)}));
  expect("BITFIELD w OVERFLOW WRAP SET i64 3 -9223372036854775808 GET i64 3 GET u63 3",
         list({n(0), n(std::numeric_limits<std::int64_t>::min()), n(4'611'686'018'427'387'904)}));
}

TEST_F(Pitfalls, BitFieldMakesNoKeyToReadAndOneToBeRefused) {
  expect("BITFIELD k GET u8 100", list({n(0)}));
  expect("EXISTS k", n(0));
  expect("BITFIELD k OVERFLOW FAIL INCRBY u2 0 5", list({nil()}));
  expect("GET k", s(std::string(1, '\0')));
  expect("BITFIELD k GET u64 0", fails(ErrorCode::kInvalidArgument));
  expect("BITFIELD k GET i65 0", fails(ErrorCode::kInvalidArgument));
  expect("BITFIELD k GET u0 0", fails(ErrorCode::kInvalidArgument));
}

TEST_F(Pitfalls, BitOpOfNothingDeletesTheDestination) {
  expect("SET to x PX 100000000", n(1));
  expect("BITOP AND to missing also-missing", n(0));
  expect("EXISTS to", n(0));
  expect("SET a \"\\xf0\"", n(1));
  expect("SET b \"\\xff\\x0f\"", n(1));
  expect("BITOP AND to a b", n(2));
  expect("GET to", s(std::string("\xf0\0", 2)));
  expect("BITOP NOT to b", n(2));
  expect("BITOP NOT to a b", fails(ErrorCode::kInvalidArgument));
  expect("BITOP XOR b b b", n(2));
  expect("GET b", s(std::string(2, '\0')));
}

// --- LCS -------------------------------------------------------------------------------------------------------------
TEST_F(Pitfalls, LcsChoosesAsRedisDoes) {
  expect("MSET a ohmytext b mynewtext", ok());
  expect("LCS a b", list({s("mytext"), n(6)}));
  expect("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN", list({list({list({n(4), n(7), n(5), n(8), n(4)})}), n(6)}));
  expect("LCS a missing", list({s(""), n(0)}));
  expect("MSET a abcbdab b bdcaba", ok());  // several of length 4
  const auto command = model::parse("LCS a b");
  EXPECT_EQ(printable(driver_.run(*command).list.at(0)), printable(redis_.run(*command)));
}

// --- 23. SCAN --------------------------------------------------------------------------------------------------------
TEST_F(Pitfalls, ScanShowsWhatIsThereAllTheTimeWhileTheTableGrowsAndShrinks) {
  constexpr int kStable = 1'000;
  constexpr int kPassing = 20'000;
  std::set<std::string> due;
  for (int i = 0; i < kStable; ++i) due.insert("stable:" + std::to_string(i));
  for (const std::string& key : due) cache_.set(key, "x");
  for (const bool growing : {true, false}) {
    std::set<std::string> missing = due;
    std::uint64_t cursor = 0;
    int step = 0;
    do {
      const auto page = cache_.scan(cursor, {.count = 7});
      ASSERT_TRUE(page.ok());
      for (const std::string& key : page->keys) missing.erase(key);
      cursor = page->cursor;
      for (int i = 0; i < 200 && step < kPassing; ++i, ++step) {
        const std::string key = "passing:" + std::to_string(step);
        growing ? void(cache_.set(key, "x")) : void(cache_.del(key));
      }
      cache_.tick();
    } while (cursor != 0);
    EXPECT_EQ(missing.size(), 0u) << (growing ? "growing, " : "shrinking, ") << *missing.begin();
  }
}

TEST_F(Pitfalls, ScanRefusesACountOfZeroAndTakesAnyCursor) {
  expect_redis({"SCAN", "0", "COUNT", "0"}, "(error) ERR syntax");
  EXPECT_EQ(cache_.scan(0, {.count = 0}).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(cache_.scan(0, {.count = 100'001}).status().code(), ErrorCode::kInvalidArgument);
  expect_redis({"SCAN", "18446744073709551615"}, "[");
  for (int i = 0; i < 100; ++i) cache_.set("k" + std::to_string(i), "x");
  for (const std::uint64_t cursor : {~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{12345}}) {
    EXPECT_TRUE(cache_.scan(cursor).ok());
  }
}

TEST_F(Pitfalls, ScanOfAnEmptyKeyspaceIsOver) {
  std::uint64_t cursor = 0;
  std::uint64_t steps = 0;
  do {
    const auto page = cache_.scan(cursor);
    ASSERT_TRUE(page.ok());
    EXPECT_TRUE(page->keys.empty());
    cursor = page->cursor;
  } while (cursor != 0 && ++steps < 1'000);
  EXPECT_LE(steps, cache_.stats().shards);
  expect("SCAN 0 COUNT 10", list({}));
}

// --- 27. Globs -------------------------------------------------------------------------------------------------------
TEST_F(Pitfalls, GlobsMatchBytes) {
  for (const char* key : {"hello", "hallo", "hxllo", "hllo", "heello", "h*llo", "h[llo", "h^llo", "h-llo", "h\\\\llo",
                          "h\\xffllo", "h\\x00llo"}) {
    expect(std::string("SET \"") + key + "\" x", n(1));
  }
  for (const char* pattern :
       {"h?llo",   "h*llo",   "h[ae]llo", "h[^e]llo", "h[a-b]llo", "h[b-a]llo", "h\\\\*llo", "h\\\\[llo", "h[\\\\^]llo",
        "h[*]llo", "h[[]llo", "h[-a]llo", "h[a-",     "h[a",       "h[",        "h[]llo",    "h[^]llo",   "*",
        "**",      "h**o",    "*l*l*",    "?????",    "hello\\\\", "\\\\hello", "",          "h\\xff*",   "*\\xff*",
        "[^h]*",   "*o",      "*oo",      "h[e-]llo", "h[^-^]llo"}) {
    const auto command = model::parse(std::string("KEYS \"") + pattern + "\"");
    ASSERT_TRUE(command) << pattern;
    const std::string redis = printable(redis_.run(*command));
    EXPECT_EQ(printable(driver_.run(*command)), redis) << pattern;
    EXPECT_EQ(printable(model_.run(*command)), redis) << pattern;
  }
}

TEST_F(Pitfalls, GlobsOfManyStarsAreNotExponential) {
  cache_.set(std::string(60'000, 'a'), "x");
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "a*";
  EXPECT_EQ(cache_.keys(pattern + "b")->size(), 0u);
  EXPECT_EQ(cache_.keys(pattern)->size(), 1u);
  std::string classes;
  for (int i = 0; i < 40; ++i) classes += "*[^b]";
  EXPECT_EQ(cache_.keys(classes + "*b")->size(), 0u);
}

}  // namespace
}  // namespace larder::differential
