// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the stores share: connections in turns, writes in doubt, batches as units.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "stores/batch.h"
#include "stores/complaints.h"
#include "stores/doubts.h"
#include "stores/pool.h"
#include "stores/table.h"
#include "support/run_threads.h"
#include "support/wait_until.h"

namespace larder::stores {
namespace {

using namespace std::chrono_literals;

TEST(Pool, GivesTheConnectionUsedLastAndNoMoreThanThereAre) {
  Pool<int> pool(2);
  {
    auto one = pool.take(0ms), two = pool.take(0ms);
    EXPECT_TRUE(one && two && one.connection == nullptr);
    one.connection = std::make_unique<int>(1);
    EXPECT_FALSE(pool.take(1ms));
  }
  auto again = pool.take(0ms);
  EXPECT_EQ(*again.connection, 1);
  EXPECT_EQ(pool.take(0ms).connection, nullptr);
  again.connection.reset();
}

TEST(Pool, ManyTakeTurns) {
  Pool<int> pool(2);
  std::atomic<int> out{0}, most{0};
  support::run_threads(8, [&](int) {
    for (int k = 0; k < 200; ++k) {
      auto lease = pool.take(60s);
      ASSERT_TRUE(lease);
      if (lease.connection == nullptr) lease.connection = std::make_unique<int>(0);
      ++*lease.connection;  // ThreadSanitizer sees it if two have it
      if (++out > most) most = out.load();
      --out;
    }
  });
  EXPECT_LE(most.load(), 2);
}

TEST(Doubts, StayUntilEachHasEnded) {
  Doubts<int> doubts;
  EXPECT_TRUE(doubts.settle([](int) { return false; }));
  doubts.add(1);
  doubts.add(2);
  EXPECT_FALSE(doubts.settle([](int one) { return one == 1; }));
  EXPECT_FALSE(doubts.settle([](int one) -> bool { throw std::runtime_error(std::to_string(one)); }));
  std::vector<int> asked;
  EXPECT_TRUE(doubts.settle([&](int one) {
    asked.push_back(one);
    return true;
  }));
  EXPECT_EQ(asked, std::vector<int>{2});
}

TEST(Doubts, OneAsksAndTheOthersTakeItsAnswer) {
  Doubts<int> doubts;
  doubts.add(1);
  std::atomic<int> asking{0}, refused{0};
  std::atomic<bool> may_end{false};
  const auto end = [&](int) {
    ++asking;
    support::wait_until([&] { return may_end.load(); });
    return false;
  };
  std::thread first([&] { refused += !doubts.settle(end); });
  ASSERT_TRUE(support::wait_until([&] { return asking.load() == 1; }));
  doubts.add(2);  // not asked about yet: whoever waits is not let through
  std::thread second([&] { refused += !doubts.settle(end); });
  may_end = true;
  first.join();
  second.join();
  EXPECT_EQ(refused.load(), 2);
  EXPECT_TRUE(doubts.settle([](int) { return true; }));
}

TEST(Batch, AGroupIsOneUnitWhereverItsMembersStand) {
  const std::vector<Mutation> batch = {{.group = 0}, {.group = 5}, {.group = 0}, {.group = 6}, {.group = 5}};
  EXPECT_EQ(units_of(batch), (std::vector<Unit>{{0}, {1, 4}, {2}, {3}}));
  EXPECT_TRUE(units_of({}).empty());
}

TEST(Batch, WhatCanNeverBeWrittenTakesItsGroupAlong) {
  const std::vector<Mutation> batch = {
      {.bytes = "123", .group = 1}, {.bytes = "1234", .group = 1}, {.bytes = "123"}, {.type = ValueType::kNone}};
  std::vector<WriteResult> results(4);
  std::vector<Unit> units = units_of(batch);
  refuse_impossible(batch, 3, units, results);
  EXPECT_EQ(units, std::vector<Unit>{{2}});
  for (const std::size_t i : {0u, 1u, 3u}) EXPECT_EQ(results[i].outcome, WriteResult::Outcome::kNever);
  EXPECT_EQ(results[2].outcome, WriteResult::Outcome::kAsTheBatch);
}

TEST(Table, ItsNameGoesWhereItStands) { EXPECT_EQ(with_table("<t> a \"<t>_x\"<t", "b"), "b a \"b_x\"<t"); }

TEST(Complaints, AreAllInOneText) {
  using namespace std::string_view_literals;
  Complaints none;
  none.check_table("_a9");
  none.check_time("t", 0ms, 0ms);
  none.add_if(false, "x");
  EXPECT_TRUE(none.status().ok());
  for (const std::string_view name : {""sv, "1a"sv, "a b"sv, "a\"; --"sv, "a\xc3\xa9"sv, "a.b"sv, "a\0b"sv}) {
    Complaints wrong;
    wrong.check_table(name);
    EXPECT_FALSE(wrong.status().ok()) << name;
  }
  Complaints wrong;
  wrong.check_table(std::string(49, 'a'));
  for (const Milliseconds time : {Milliseconds(0), Milliseconds::max()}) wrong.check_time("t", time, 1ms);
  wrong.add_if(true, "x");
  EXPECT_EQ(wrong.status().message(),
            "options: table is not of letters, digits and underscores, at most 48, with no digit first; "
            "t is not from 1 ms to 24 days; t is not from 1 ms to 24 days; x");
}

}  // namespace
}  // namespace larder::stores
