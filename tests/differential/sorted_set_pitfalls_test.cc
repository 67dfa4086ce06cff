// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What re-implementations of Redis get wrong about sorted sets, one by one: each line is sent to an endpoint and to the
// real server, in RESP2 and RESP3, and the replies must be the same.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "differential/wire_comparison.h"
#include "support/is_well.h"

namespace larder::differential {
namespace {

class SortedSetPitfalls : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    ASSERT_EQ(comparison_.failure(), "");
    comparison_.clear();
  }
  void TearDown() override { EXPECT_TRUE(support::is_well(comparison_.check_state())); }

  // Lines, of words without spaces; '' is an empty word.
  void compare(std::string_view lines) {
    Words words;
    std::string word;
    const auto end_word = [&] {
      if (!word.empty()) words.push_back(word == "''" ? "" : word);
      word.clear();
    };
    for (const char c : lines) {
      if (c != ' ' && c != ';' && c != '\n') {
        word += c;
        continue;
      }
      end_word();
      if (c != ';') continue;
      EXPECT_TRUE(support::is_well(comparison_.step(words)));
      words.clear();
    }
    EXPECT_TRUE(words.empty()) << "a line without its end";
  }
  // So many members.
  void fill(std::string_view key, int count) {
    Words words{"ZADD", std::string(key)};
    for (int i = 0; i < count; ++i) words.insert(words.end(), {std::to_string(i * 7 % 50), "n" + std::to_string(i)});
    EXPECT_TRUE(support::is_well(comparison_.step(words)));
  }
  WireComparison comparison_{GetParam()};
};

// --- 3. Scores -----------------------------------------------------------------------------------------------------
TEST_P(SortedSetPitfalls, ScoresAreReadAndWrittenWithoutLoss) {
  compare(R"(

ADD z 0.1 a 1e17 b 123456789012345678 c 0.30000000000000004 d 4.9e-324 e 1.7976931348623157e308 f -0 g 0x10 h .5 i 5. j;
ZRANGE z 0 -1 WITHSCORES; ZSCORE z a; ZSCORE z b; ZMSCORE z a b c d e f g h i j k; ZINCRBY z 0.2 a; ZSCAN z 0;
ZADD z inf p +inf q -inf r infinity s -Infinity t; ZRANGE z 0 -1 WITHSCORES; ZRANGEBYSCORE z -inf (0 WITHSCORES;
ZPOPMAX z; ZPOPMIN z; ZPOPMAX z 3;
)");
}

TEST_P(SortedSetPitfalls, WhatIsNoScoreIsRefused) {
  for (const char* text :
       {"nan", "-nan", "NaN", "1e400", "-1e400", "1e-400", "abc", "''", "1x", "0x", "--1", "1e", "."}) {
    compare("ZADD z " + std::string(text) + " m; ZINCRBY z " + text + " m; ZADD z INCR " + text + " m; EXISTS z;");
    compare("ZADD z 1 a " + std::string(text) + " m; ZCARD z;");
  }
}

TEST_P(SortedSetPitfalls, InfinitiesThatMeet) {
  compare(R"(
ZADD a inf m 1 n; ZADD b -inf m 2 o; ZINCRBY a -inf m; ZADD a INCR -inf m; ZSCORE a m; ZUNION 2 a b WITHSCORES;
ZINTER 2 a b WITHSCORES; ZINTER 2 a b AGGREGATE MIN WITHSCORES; ZUNION 2 a b WEIGHTS 0 0 WITHSCORES;
ZUNION 2 a b WEIGHTS 0 1 AGGREGATE MAX WITHSCORES; ZINTER 2 b a WEIGHTS 0 -1 AGGREGATE MIN WITHSCORES;
ZUNION 2 a b WEIGHTS nan 1;
)");
}

// --- 4. ZADD -------------------------------------------------------------------------------------------------------
TEST_P(SortedSetPitfalls, FlagsOfZaddInEveryEncoding) {
  for (const int others : {0, 100, 128, 200}) {
    compare("DEL z;");
    if (others != 0) fill("z", others);
    for (const std::string& member :
         {std::string("m"), std::string(33, 'x'), std::string(64, 'y'), std::string(65, 'z')}) {
      const auto add = [&](const std::string& rest) {
        compare("ZADD z " + rest + " " + member + "; ZSCORE z " + member + ";");
      };
      for (const char* rest :
           {"XX 5", "XX INCR 5", "GT 5", "GT 4", "GT CH 6", "LT 7", "LT CH 5", "NX 9", "NX CH 9", "XX CH 5", "XX CH 9",
            "GT INCR -1", "GT INCR 1", "LT INCR 1", "LT INCR -1", "NX INCR 1", "XX INCR 1", "INCR 0", "GT XX CH 100"}) {
        add(rest);
      }
      compare("OBJECT ENCODING z;");
    }
  }
}

TEST_P(SortedSetPitfalls, FlagsOfZaddThatContradictEachOther) {
  compare(R"(
ZADD z NX XX 1 a; ZADD z NX GT 1 a; ZADD z NX LT 1 a; ZADD z GT LT 1 a; ZADD z XX GT LT 1 a; ZADD z INCR 1 a 2 b;
ZADD z NX; ZADD z NX 1; ZADD z 1 a 2; ZADD z NX XX 1 a 2; ZADD z INCR abc a 2 b; ZADD z XX 1 a; EXISTS z;
ZADD z XX INCR 1 a; EXISTS z; ZINCRBY z NX a; ZINCRBY z 1 NX; ZADD z ch 1 ch nx 2 xx; ZADD z CH CH NX NX 3 q;
SET s text; ZADD s 1 a; ZADD s abc a; ZADD s NX XX 1 a; ZADD s XX 1 a; ZINCRBY s 1 a;
)");
}

// --- 5. ZRANGE -----------------------------------------------------------------------------------------------------
TEST_P(SortedSetPitfalls, ReversedRangesHaveTheGreatestBoundFirst) {
  compare(R"(
ZADD z 1 a 2 b 3 c 4 d; ZADD l 0 a 0 b 0 c 0 d;
ZRANGE z 1 3 BYSCORE REV; ZRANGE z 3 1 BYSCORE REV; ZRANGE z (3 1 BYSCORE REV WITHSCORES; ZREVRANGEBYSCORE z 3 1;
ZREVRANGEBYSCORE z 1 3; ZRANGE l [a [c BYLEX REV; ZRANGE l [c [a BYLEX REV; ZRANGE l + - BYLEX REV;
ZRANGE l - + BYLEX REV;
ZREVRANGEBYLEX l (c -; ZRANGEBYLEX l + -; ZRANGEBYLEX l + +; ZRANGEBYLEX l - -; ZRANGE z 0 1 REV;
ZREVRANGE z 0 1 WITHSCORES;
ZRANGE z -2 -1 REV;
)");
}

TEST_P(SortedSetPitfalls, LimitsAndWhatTheyGoWith) {
  compare(R"(
ZADD z 1 a 2 b 3 c 4 d; ZRANGE z 0 -1 LIMIT 0 1; ZRANGE z 0 -1 LIMIT 0 -1; ZRANGE z 0 9 BYSCORE LIMIT 1 2;
ZRANGE z 0 9 BYSCORE LIMIT -1 2; ZRANGE z 0 9 BYSCORE LIMIT 1 -1; ZRANGE z 0 9 BYSCORE LIMIT 1 -5;
ZRANGE z 0 9 BYSCORE LIMIT 0 0;
ZRANGE z 0 9 BYSCORE LIMIT 9 9; ZRANGE z 9 0 BYSCORE REV LIMIT 1 2 WITHSCORES; ZRANGE z 0 9 BYSCORE LIMIT 1;
ZRANGE z 0 9 LIMIT a b;
ZRANGE z - + BYLEX WITHSCORES; ZRANGE z 0 9 BYSCORE BYLEX; ZRANGE z - + BYLEX LIMIT 0 2 WITHSCORES;
ZRANGEBYLEX z - + WITHSCORES;
ZREVRANGE z 0 1 REV; ZRANGEBYSCORE z 0 9 BYSCORE; ZREVRANGE z 0 1 LIMIT 0 1;
ZRANGE z 0 9 BYSCORE LIMIT -9223372036854775808 -1;
ZRANGE z 0 9 BYSCORE LIMIT 9223372036854775807 9223372036854775807; ZRANGE z 0 9 REV REV; ZRANGE z (1 2;
ZRANGE z a b BYSCORE;
ZRANGE nothing a b BYSCORE; ZRANGE z a b BYLEX; ZCOUNT z '' 9; ZCOUNT z ( 9; ZCOUNT z 1e400 9; ZCOUNT z nan 9;
ZCOUNT z 1 1x;
ZRANGEBYLEX z + [; ZLEXCOUNT z '' +; ZLEXCOUNT z ++ +; ZREMRANGEBYLEX z a +; ZREMRANGEBYSCORE z a 1;
ZREMRANGEBYRANK z 1.5 2;
)");
}

// --- 6. Ranks ------------------------------------------------------------------------------------------------------
TEST_P(SortedSetPitfalls, RanksBeforeTheFirstAreNone) {
  for (const int count : {3, 200}) {
    compare("DEL z;");
    fill("z", count);
    for (const char* range : {"-1000 -500", "-9223372036854775808 -9223372036854775808", "1000 2000", "2 1", "-1 -2",
                              "0 -1000", "9223372036854775807 -1", "1000 -1"}) {
      for (const char* command : {"ZRANGE", "ZREVRANGE", "ZREMRANGEBYRANK"})
        compare(std::string(command) + " z " + range + ";");
    }
    compare(
        "ZCARD z; ZREMRANGEBYRANK z -1000 0; ZREMRANGEBYRANK z -1 9223372036854775807; ZCARD z; ZREMRANGEBYRANK z 0 "
        "-1; EXISTS z;");
  }
}

// --- 7. Equal scores -----------------------------------------------------------------------------------------------
TEST_P(SortedSetPitfalls, EqualScoresAreOrderedByUnsignedBytes) {
  for (const int others : {0, 200}) {
    compare("DEL z;");
    if (others != 0) fill("z", others);
    const Words add{"ZADD", "z",    "0", "b",  "0", "", "0", "\xff", "0", "a", "-0", "\x7f", "0", std::string("\0", 1),
                    "0",    "\x80", "0", "aa", "0", "A"};
    EXPECT_TRUE(support::is_well(comparison_.step(add)));
    compare(
        "ZRANGE z 0 -1; ZRANK z ''; ZRANK z a; ZRANK z \xff; ZREVRANK z \x80; ZPOPMIN z 4; ZRANGE z 0 -1 REV "
        "WITHSCORES;");
  }
}

// --- 18 and 19. Popped and drawn -----------------------------------------------------------------------------------
TEST_P(SortedSetPitfalls, CountsOfWhatIsPoppedAndDrawn) {
  compare(
      "ZPOPMIN nothing; ZPOPMIN nothing 0; ZPOPMAX nothing 3; ZRANDMEMBER nothing; ZRANDMEMBER nothing 3; ZRANDMEMBER "
      "nothing -3;");
  compare(
      "SET s text; ZPOPMIN s; ZPOPMIN s 0; ZPOPMIN s -1; ZPOPMIN s abc; ZRANDMEMBER s; ZRANDMEMBER s 0; ZRANDMEMBER s "
      "abc;");
  for (const int count : {3, 200}) {
    fill("z", count);
    compare(R"(
ZPOPMIN z 0; ZPOPMIN z -1; ZPOPMIN z abc; ZPOPMIN z 9223372036854775808; ZPOPMIN z 1 2; ZRANDMEMBER z 0;
ZRANDMEMBER z abc;
ZRANDMEMBER z -9223372036854775808; ZRANDMEMBER z 9223372036854775807; ZRANDMEMBER z 9223372036854775807 WITHSCORES;
ZRANDMEMBER z -4611686018427387905 WITHSCORES; ZRANDMEMBER z 4611686018427387903 WITHSCORES;
ZRANDMEMBER z 2 WITHVALUES;
ZRANDMEMBER z -1000; ZRANDMEMBER z -1000 WITHSCORES; ZRANDMEMBER z 2; ZRANDMEMBER z 2 WITHSCORES;
ZRANDMEMBER z 1 WITHSCORES 2;
ZPOPMIN z; ZPOPMAX z 1; ZPOPMIN z 9223372036854775807; EXISTS z;
)");
  }
}

// --- 24. What is checked first -------------------------------------------------------------------------------------
TEST_P(SortedSetPitfalls, CombinationsAndTheirArguments) {
  compare(R"(
ZADD a 1 x 2 y; ZADD b 3 y 4 z; SET s text; ZUNION 0 a; ZUNION -1 a; ZUNION abc a; ZUNION 3 a b; ZUNION 2 a b FOO;
ZUNION 2 a b WEIGHTS 1; ZUNION 2 a b WEIGHTS 1 a; ZUNION 2 a b AGGREGATE; ZUNION 2 a b AGGREGATE FOO;
ZUNION 2 a b LIMIT 1;
ZDIFF 2 a b WEIGHTS 1 1; ZDIFF 2 a b WITHSCORES; ZDIFF 1 nothing; ZINTERCARD 2 a b; ZINTERCARD 2 a b LIMIT 0;
ZINTERCARD 2 a b LIMIT -1;
ZINTERCARD 2 a b LIMIT a; ZINTERCARD 2 a b LIMIT; ZINTERCARD 2 a b WITHSCORES; ZUNION 2 a s; ZINTER 2 nothing s;
ZDIFF 1 s;
ZUNION 2 a b WEIGHTS 2 3 AGGREGATE MAX WITHSCORES; ZUNION 2 a b WITHSCORES WEIGHTS 2 3 AGGREGATE MIN;
ZUNION 2 a a WITHSCORES;
ZINTER 2 a b WEIGHTS 1 1 WEIGHTS 5 5 WITHSCORES; ZUNION 9223372036854775807 a;
)");
}

INSTANTIATE_TEST_SUITE_P(Protocols, SortedSetPitfalls, testing::Values(2, 3));

}  // namespace
}  // namespace larder::differential
