// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Proves the checker: it accepts what a real order explains, rejects what none does, and agrees with trying every
// order.
#include "concurrency/linearizability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "concurrency/key_states.h"
#include "support/depth.h"

namespace larder::concurrency {
namespace {

using model::Answer;

// An operation of a thread of its own, from `called` to `returned`.
Operation op(std::uint64_t called, std::uint64_t returned, Action action, const Answer& answer, std::string text = {}) {
  return {
      .action = action, .text = std::move(text), .number = 1, .answer = answer, .called = called, .returned = returned};
}
Operation set(std::uint64_t called, std::uint64_t returned, std::string text) {
  return op(called, returned, Action::kSet, Answer::number(1), std::move(text));
}
Operation get(std::uint64_t called, std::uint64_t returned, const char* value) {
  return op(called, returned, Action::kGet, value == nullptr ? Answer::miss() : Answer::bytes(value));
}
Operation incr(std::uint64_t called, std::uint64_t returned, std::int64_t answer) {
  return op(called, returned, Action::kIncrBy, Answer::number(answer));
}

Verdict verdict(const std::vector<Operation>& history, Loss loss = Loss::kNone) { return judge(history, loss).verdict; }

TEST(Linearizability, NothingIsLinearizable) { EXPECT_EQ(verdict({}), Verdict::kLinearizable); }

TEST(Linearizability, AReadDuringAWriteMaySeeItOrNot) {
  EXPECT_EQ(verdict({set(1, 4, "a"), get(2, 3, "a")}), Verdict::kLinearizable);
  EXPECT_EQ(verdict({set(1, 4, "a"), get(2, 3, nullptr)}), Verdict::kLinearizable);
}

TEST(Linearizability, AStaleReadIsRejected) {
  EXPECT_EQ(verdict({set(1, 2, "a"), set(3, 4, "b"), get(5, 6, "a")}), Verdict::kNot);
  EXPECT_EQ(verdict({set(1, 2, "a"), get(3, 4, nullptr)}), Verdict::kNot);
}

TEST(Linearizability, TwoReadsMayNotGoBack) {
  EXPECT_EQ(verdict({set(1, 2, "a"), set(3, 10, "b"), get(4, 5, "b"), get(6, 7, "a")}), Verdict::kNot);
  EXPECT_EQ(verdict({set(1, 2, "a"), set(3, 10, "b"), get(4, 5, "a"), get(6, 7, "b")}), Verdict::kLinearizable);
}

TEST(Linearizability, AValueNobodyWroteIsRejected) {
  EXPECT_EQ(verdict({set(1, 2, "a"), get(3, 4, "c")}), Verdict::kNot);
  EXPECT_EQ(verdict({set(1, 2, "a"), get(3, 4, "c")}, Loss::kAnyTime), Verdict::kNot);
}

TEST(Linearizability, ALostUpdateIsRejected) {
  EXPECT_EQ(verdict({incr(1, 4, 1), incr(2, 3, 1)}), Verdict::kNot);
  EXPECT_EQ(verdict({incr(1, 4, 2), incr(2, 3, 1)}), Verdict::kLinearizable);
  EXPECT_EQ(verdict({incr(1, 4, 1), incr(2, 3, 2), get(5, 6, "1")}), Verdict::kNot);
}

TEST(Linearizability, TwoWinnersOfSetIfAbsentAreRejected) {
  const auto set_if_absent = [](std::uint64_t called, std::uint64_t returned, bool stored) {
    return op(called, returned, Action::kSetIfAbsent, Answer::number(stored), "a");
  };
  EXPECT_EQ(verdict({set_if_absent(1, 4, true), set_if_absent(2, 3, true)}), Verdict::kNot);
  EXPECT_EQ(verdict({set_if_absent(1, 4, true), set_if_absent(2, 3, false)}), Verdict::kLinearizable);
  EXPECT_EQ(verdict({set_if_absent(1, 4, false), set_if_absent(2, 3, false)}), Verdict::kNot);
}

TEST(Linearizability, ALostAppendIsRejected) {
  const auto append = [](std::uint64_t called, std::uint64_t returned, std::int64_t length) {
    return op(called, returned, Action::kAppend, Answer::number(length), "xy");
  };
  EXPECT_EQ(verdict({append(1, 4, 2), append(2, 3, 2)}), Verdict::kNot);
  EXPECT_EQ(verdict({append(1, 4, 4), append(2, 3, 2), get(5, 6, "xy")}), Verdict::kNot);
}

TEST(Linearizability, TwoTakersOfOneValueAreRejected) {
  const auto take = [](std::uint64_t called, std::uint64_t returned) {
    return op(called, returned, Action::kGetDelete, Answer::bytes("a"));
  };
  EXPECT_EQ(verdict({set(1, 2, "a"), take(3, 6), take(4, 5)}), Verdict::kNot);
}

TEST(Linearizability, AMissedConflictIsRejected) {
  Operation read = op(1, 2, Action::kGetVersioned, Answer::miss());
  read.version_after = 7;
  Operation store = op(5, 6, Action::kCompareAndSet, Answer::number(1), "b");
  store.version = 7;
  store.version_after = 9;
  EXPECT_EQ(verdict({read, store, get(7, 8, "b")}), Verdict::kLinearizable);
  EXPECT_EQ(verdict({read, set(3, 4, "a"), store}), Verdict::kNot);
  EXPECT_EQ(verdict({read, set(3, 7, "a"), store}), Verdict::kLinearizable);  // the set came after it
  store.answer = Answer::failure(ErrorCode::kConflict);
  EXPECT_EQ(verdict({read, store}), Verdict::kLinearizable);  // a false conflict
  EXPECT_EQ(verdict({read, store, get(7, 8, "b")}), Verdict::kNot);
}

TEST(Linearizability, CollectionsAreWhatWasPutIntoThem) {
  const auto push = [](std::uint64_t called, std::uint64_t returned, std::string text, std::int64_t size) {
    return op(called, returned, Action::kPush, Answer::number(size), std::move(text));
  };
  const auto pop = [](std::uint64_t called, std::uint64_t returned, const char* value) {
    return op(called, returned, Action::kPop, value == nullptr ? Answer::miss() : Answer::bytes(value));
  };
  const auto members = [](std::uint64_t called, std::uint64_t returned, std::string all) {
    return op(called, returned, Action::kMembers, Answer::bytes(all));
  };
  EXPECT_EQ(verdict({push(1, 2, "a", 1), push(3, 4, "b", 2), pop(5, 6, "a"), pop(7, 8, "b"), pop(9, 10, nullptr)}),
            Verdict::kLinearizable);
  EXPECT_EQ(verdict({push(1, 2, "a", 1), push(3, 4, "b", 2), pop(5, 6, "b")}), Verdict::kNot) << "overtaken";
  EXPECT_EQ(verdict({push(1, 2, "a", 1), pop(3, 5, "a"), pop(4, 6, "a")}), Verdict::kNot) << "taken twice";
  EXPECT_EQ(verdict({push(1, 4, "a", 1), push(2, 3, "b", 1)}), Verdict::kNot) << "one was lost";
  const auto add = [](std::uint64_t called, std::uint64_t returned, std::string text, int added) {
    return op(called, returned, Action::kAddMember, Answer::number(added), std::move(text));
  };
  EXPECT_EQ(verdict({add(1, 2, "b", 1), add(3, 4, "a", 1), members(5, 6, "a b ")}), Verdict::kLinearizable);
  EXPECT_EQ(verdict({add(1, 3, "a", 1), add(2, 4, "a", 1)}), Verdict::kNot);
  EXPECT_EQ(verdict({add(1, 2, "a", 1), pop(3, 4, nullptr)}), Verdict::kNot) << "another type";
  EXPECT_EQ(verdict({add(1, 2, "a", 1), op(3, 4, Action::kPop, Answer::failure(ErrorCode::kWrongType))}),
            Verdict::kLinearizable);
}

TEST(Linearizability, WhatMayBeLostMayBeMissingAndNeverComesBack) {
  EXPECT_EQ(verdict({set(1, 2, "a"), get(3, 4, nullptr)}, Loss::kAnyTime), Verdict::kLinearizable);
  EXPECT_EQ(verdict({set(1, 2, "a"), get(3, 4, nullptr), get(5, 6, "a")}, Loss::kAnyTime), Verdict::kNot);
  EXPECT_EQ(verdict({set(1, 2, "a"), set(3, 4, "b"), get(5, 6, "a")}, Loss::kAnyTime), Verdict::kNot);
  EXPECT_EQ(verdict({incr(1, 2, 1), incr(3, 4, 1)}, Loss::kAnyTime), Verdict::kLinearizable);
}

// A history that a real order explains: operations take effect one after the other, at a point inside their span. Twice
// as many points as needed, so that spans overlap.
std::vector<Operation> good_history(std::mt19937_64& random, std::size_t size, int threads) {
  std::vector<Operation> history;
  KeyStates states = initial_states();
  std::vector<std::uint64_t> free_from(static_cast<std::size_t>(threads), 0);
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint64_t effect = 1'000 * (i + 1);
    Operation operation;
    operation.action = static_cast<Action>(random() % static_cast<unsigned>(Action::kPush));
    operation.thread = static_cast<int>(random() % static_cast<std::uint64_t>(threads));
    operation.text = "v" + std::to_string(random() % 3);
    operation.number = 1;
    std::uint64_t& from = free_from[static_cast<std::size_t>(operation.thread)];
    operation.called = std::max(from + 1, effect - random() % 3'000 - (effect < 3'000 ? 0 : 1));
    if (operation.called >= effect || operation.called > effect + 1'000)
      operation.called = std::max(from + 1, effect - 1);
    operation.returned = std::max(operation.called, effect) + 1 + random() % 3'000;
    if (operation.called > effect) continue;  // the thread is busy
    // The answer is the one that is possible.
    const Answer candidates[] = {Answer::miss(), Answer::number(0), Answer::number(1),
                                 Answer::failure(ErrorCode::kNotAnInteger)};
    std::vector<Answer> answers(std::begin(candidates), std::end(candidates));
    if (states[0].value) answers.push_back(Answer::bytes(*states[0].value));
    for (std::int64_t number = 2; number < 400; ++number) answers.push_back(Answer::number(number));
    KeyStates next;
    for (const Answer& answer : answers) {
      operation.answer = answer;
      next = after(states, operation, Loss::kNone);
      if (!next.empty()) break;
    }
    states = next;
    from = operation.returned;
    history.push_back(operation);
  }
  // Points must differ.
  std::vector<std::uint64_t*> points;
  for (Operation& operation : history) points.push_back(&operation.called), points.push_back(&operation.returned);
  std::sort(points.begin(), points.end(), [](auto* a, auto* b) { return *a < *b; });
  for (std::size_t i = 0; i < points.size(); ++i) *points[i] = i + 1;
  return history;
}

TEST(Linearizability, RealHistoriesAreAccepted) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  std::mt19937_64 random(seed);
  for (std::uint64_t i = 0; i < support::count(300, 20'000); ++i) {
    const auto history = good_history(random, 5 + random() % 120, 1 + static_cast<int>(random() % 16));
    ASSERT_EQ(verdict(history), Verdict::kLinearizable) << printable(history);
    ASSERT_EQ(verdict(history, Loss::kAnyTime), Verdict::kLinearizable) << printable(history);
  }
}

// Most changed answers make a history impossible, not all: the checker must say what trying every order says.
TEST(Linearizability, AgreesWithTryingEveryOrder) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  std::mt19937_64 random(seed);
  int rejected = 0;
  for (std::uint64_t i = 0; i < support::count(2'000, 50'000); ++i) {
    auto history = good_history(random, 1 + random() % 6, 1 + static_cast<int>(random() % 4));
    if (!history.empty()) {
      Operation& one = history[random() % history.size()];
      const Answer changed[] = {Answer::miss(), Answer::number(0), Answer::number(1), Answer::number(2),
                                Answer::bytes("v" + std::to_string(random() % 3))};
      one.answer = changed[random() % std::size(changed)];
    }
    for (const Loss loss : {Loss::kNone, Loss::kAnyTime}) {
      const bool expected = is_linearizable_by_brute_force(history, loss);
      ASSERT_EQ(verdict(history, loss), expected ? Verdict::kLinearizable : Verdict::kNot) << printable(history);
      rejected += !expected;
    }
  }
  EXPECT_GT(rejected, 100);
}

}  // namespace
}  // namespace larder::concurrency
