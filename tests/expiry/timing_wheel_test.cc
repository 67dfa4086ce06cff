// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "expiry/timing_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "support/counting_allocator.h"

namespace larder::expiry {
namespace {

constexpr std::uint64_t kYearMs = 365ull * 24 * 3'600 * 1'000;
constexpr std::uint32_t kAll = 1'000'000'000;

// One entry an id, which goes when it fires.
class Entries final : public Timers {
 public:
  struct Fired {
    std::uint32_t id;
    std::uint64_t deadline;
    std::uint64_t at;
  };

  void find(std::uint32_t id, FunctionRef<bool(Timer&)> visit) override {
    const auto found = timers.find(id);
    if (found != timers.end()) visit(found->second);
  }
  void fire(std::uint32_t id, std::uint64_t now) override {
    const auto found = timers.find(id);
    if (found == timers.end()) {
      ++fired_for_nothing;
      return;
    }
    fired.push_back({id, found->second.deadline, now});
    timers.erase(found);
  }
  void prefetch(std::uint32_t) override {}
  void prefetch_entry(std::uint32_t) override {}
  std::uint64_t armed() const override { return timers.size(); }

  std::map<std::uint32_t, Timer> timers;
  std::vector<Fired> fired;
  int fired_for_nothing = 0;
};

class TimingWheelTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(check(), "");
    EXPECT_EQ(entries_.fired_for_nothing, 0);
    wheel_.clear();
    EXPECT_EQ(wheel_.timers(), 0u);
    EXPECT_EQ(memory_.allocated(), 0);
    EXPECT_EQ(allocator_.complaints(true), "");
    account_->release();
  }

  std::string check() const {
    const char* wrong = wheel_.check();
    return wrong == nullptr ? "" : wrong;
  }
  void arm(std::uint32_t id, std::uint64_t deadline) {
    Timer& timer = entries_.timers[id];
    timer.deadline = deadline;
    wheel_.arm(id, timer);
  }
  // As the shard does it.
  void move(std::uint32_t id, std::uint64_t deadline) {
    Timer& timer = entries_.timers.at(id);
    const std::uint64_t before = timer.deadline;
    timer.deadline = deadline;
    if (wheel_.must_rearm(before, deadline)) wheel_.arm(id, timer);
  }
  bool is_filed(std::uint32_t id, std::uint64_t deadline) const {
    bool found = false;
    wheel_.for_timers_of(deadline, [&](std::uint32_t other) { found |= other == id; });
    return found;
  }

  support::CountingAllocator allocator_;
  memory::Account* account_ = new memory::Account(allocator_, memory::Limit::kUnbounded);
  memory::ShardMemory memory_{*account_, 4096};
  Entries entries_;
  TimingWheel wheel_{memory_, entries_};
};

// On both sides of each power of 64, and what people use.
std::vector<std::uint64_t> distances() {
  std::vector<std::uint64_t> all = {1, 2, 10, 1'000, 60'000, 3'600'000, kYearMs, 10 * kYearMs, 50 * kYearMs};
  for (std::uint64_t power = 64; power < std::uint64_t{1} << 46; power *= 64) {
    for (const std::uint64_t at : {power - 1, power, power + 1, 3 * power}) all.push_back(at);
  }
  return all;
}

TEST_F(TimingWheelTest, EachDeadlineFiresWhenItIsDueAndNotBefore) {
  for (const std::uint64_t begin : {std::uint64_t{0}, std::uint64_t{63}, std::uint64_t{4'095}, 55 * kYearMs + 17}) {
    wheel_.advance(begin, kAll);
    for (const std::uint64_t distance : distances()) {
      const std::uint64_t deadline = wheel_.now() + distance;
      arm(1, deadline);
      wheel_.advance(deadline - 1, kAll);
      ASSERT_TRUE(entries_.fired.empty()) << distance << " from " << begin;
      EXPECT_FALSE(wheel_.due(deadline - 1));
      EXPECT_TRUE(wheel_.due(deadline));
      wheel_.advance(deadline, kAll);
      ASSERT_EQ(entries_.fired.size(), 1u) << distance << " from " << begin;
      EXPECT_EQ(entries_.fired[0].at, deadline);
      EXPECT_EQ(wheel_.timers(), 0u);
      entries_.fired.clear();
    }
  }
}

TEST_F(TimingWheelTest, OneLongStepFiresAllInOrderOfTheirDeadlines) {
  base::Random random(1);
  constexpr std::uint64_t kEnd = 30 * kYearMs;
  for (std::uint32_t id = 0; id < 2'000; ++id) {
    const std::uint64_t reach = std::uint64_t{1} << random.below(40);
    arm(id, 1 + random.below(std::min(kEnd, reach)));
  }
  arm(5'000, kEnd + 1);
  EXPECT_EQ(wheel_.timers(), 2'001u);
  EXPECT_LT(wheel_.advance(kEnd, kAll), kAll);
  EXPECT_EQ(entries_.fired.size(), 2'000u);
  std::uint64_t before = 0;
  for (const Entries::Fired& fired : entries_.fired) {
    ASSERT_EQ(fired.at, fired.deadline) << "the wheel's time is the deadline's, however far one step goes";
    ASSERT_GE(fired.deadline, before);
    before = fired.deadline;
  }
  EXPECT_EQ(wheel_.now(), kEnd);
  EXPECT_EQ(entries_.armed(), 1u);
}

TEST_F(TimingWheelTest, OverdueFiresWithTheNextMillisecond) {
  wheel_.advance(1'000, kAll);
  arm(1, 1'000);
  arm(2, 3);
  EXPECT_FALSE(wheel_.due(1'000));
  wheel_.advance(1'001, kAll);
  EXPECT_EQ(entries_.fired.size(), 2u);
}

TEST_F(TimingWheelTest, BeyondItsReachIsKept) {
  arm(1, TimingWheel::kNever - 1);
  arm(2, std::uint64_t{1} << 60);
  wheel_.advance((std::uint64_t{1} << 47) - 1, kAll);
  EXPECT_TRUE(entries_.fired.empty());
  EXPECT_EQ(wheel_.timers(), 2u);
}

TEST_F(TimingWheelTest, BudgetIsRespectedAndWorkResumes) {
  for (std::uint32_t id = 0; id < 1'000; ++id) arm(id, 5'000 + id % 3);
  std::uint32_t looked = 0;
  int calls = 0;
  for (; calls < 10'000; ++calls) {
    const std::size_t fired_before = entries_.fired.size();
    const std::uint32_t now = wheel_.advance(6'000, 7);
    ASSERT_LE(now, 7u);
    ASSERT_LE(entries_.fired.size() - fired_before, 7u);
    ASSERT_EQ(check(), "");
    looked += now;
    if (now < 7) break;
    ASSERT_TRUE(wheel_.due(6'000) || entries_.armed() == 0);
  }
  EXPECT_EQ(entries_.fired.size(), 1'000u);
  EXPECT_GE(calls, 1'000 / 7);
  EXPECT_LE(looked, 8u * 1'000);  // once a level at most
  EXPECT_FALSE(wheel_.due(6'000));
  EXPECT_EQ(wheel_.now(), 6'000u);
}

TEST_F(TimingWheelTest, NoBudgetNoWork) {
  arm(1, 10);
  EXPECT_EQ(wheel_.advance(100, 0), 0u);
  EXPECT_TRUE(entries_.fired.empty());
  EXPECT_TRUE(wheel_.due(100));
  wheel_.advance(100, 1'000);
}

TEST_F(TimingWheelTest, WhatIsArmedWhileASlotIsHalfDoneFiresToo) {
  for (std::uint32_t id = 0; id < 10; ++id) arm(id, 100);
  while (entries_.fired.empty()) wheel_.advance(200, 1);
  arm(50, 100);  // overdue by now
  arm(51, 150);
  wheel_.advance(200, kAll);
  EXPECT_EQ(entries_.fired.size(), 12u);
}

TEST_F(TimingWheelTest, CancelledTimerFiresNothing) {
  arm(1, 100);
  arm(2, 100);
  entries_.timers.erase(1);
  wheel_.advance(100, kAll);
  ASSERT_EQ(entries_.fired.size(), 1u);
  EXPECT_EQ(entries_.fired[0].id, 2u);
  EXPECT_EQ(wheel_.timers(), 0u);
}

TEST_F(TimingWheelTest, MovedDeadlineFiresOnceAtTheNewTime) {
  const std::uint64_t deadlines[] = {5, 70, 71, 4'000, 5'000, 300'000, 90};
  arm(1, 60);
  for (const std::uint64_t deadline : deadlines) move(1, deadline);
  wheel_.advance(89, kAll);
  EXPECT_TRUE(entries_.fired.empty());
  wheel_.advance(400'000, kAll);
  ASSERT_EQ(entries_.fired.size(), 1u);
  EXPECT_EQ(entries_.fired[0].at, 90u);
}

TEST_F(TimingWheelTest, MoveWithinASlotNeedsNoOtherTimer) {
  arm(1, 10 * 4'096);
  EXPECT_FALSE(wheel_.must_rearm(10 * 4'096, 10 * 4'096 + 4'095));
  EXPECT_TRUE(wheel_.must_rearm(10 * 4'096, 11 * 4'096));
  move(1, 10 * 4'096 + 4'095);
  EXPECT_EQ(wheel_.timers(), 1u);
  wheel_.advance(10 * 4'096 + 4'094, kAll);
  EXPECT_TRUE(entries_.fired.empty());
  wheel_.advance(10 * 4'096 + 4'095, kAll);
  EXPECT_EQ(entries_.fired.size(), 1u);
}

TEST_F(TimingWheelTest, DeadTimersNeverOutnumberTheLivingByMuch) {
  constexpr std::uint32_t kLiving = 500;
  for (std::uint32_t id = 0; id < kLiving; ++id) arm(id, 1'000'000 + id);
  base::Random random(2);
  std::uint64_t most = 0;
  for (std::uint32_t round = 0; round < 50'000; ++round) {
    const auto id = static_cast<std::uint32_t>(random.below(kLiving));
    arm(id, 1'000'000 + random.below(100'000'000));
    most = std::max(most, wheel_.timers());
  }
  // Twice as many start a sweep; while it runs, one comes for four that it looks at.
  EXPECT_LE(most, 3 * kLiving + 2 * 64);
  for (const auto& [id, timer] : entries_.timers) ASSERT_TRUE(is_filed(id, timer.deadline)) << id;
  wheel_.advance(200'000'000, kAll);
  EXPECT_EQ(entries_.fired.size(), kLiving);
  for (const Entries::Fired& fired : entries_.fired) ASSERT_EQ(fired.at, fired.deadline);
}

TEST_F(TimingWheelTest, SweepFindsCancelledTimersAndGivesTheirMemoryBack) {
  for (std::uint32_t id = 0; id < 10'000; ++id) arm(id, 1'000 + std::uint64_t{id} * 977);
  const std::int64_t full = memory_.allocated();
  for (std::uint32_t id = 0; id < 10'000; ++id) {
    if (id % 100 != 0) entries_.timers.erase(id);
  }
  std::uint32_t looked = 0;
  for (std::uint32_t now = 50; now == 50 && looked < 100'000; looked += now) {
    now = wheel_.sweep(50);
    ASSERT_LE(now, 50u);
    ASSERT_EQ(check(), "");
  }
  EXPECT_EQ(wheel_.timers(), 100u);
  EXPECT_LT(memory_.allocated(), full / 4);
  wheel_.advance(100'000'000, kAll);
  EXPECT_EQ(entries_.fired.size(), 100u);
}

TEST_F(TimingWheelTest, NothingIsSweptWhileFewAreDead) {
  for (std::uint32_t id = 0; id < 1'000; ++id) arm(id, 10'000 + id);
  for (std::uint32_t id = 0; id < 400; ++id) entries_.timers.erase(id);
  EXPECT_EQ(wheel_.sweep(1'000), 0u);
}

TEST_F(TimingWheelTest, EntryThatCameBackInTheSameSlotIsKeptOnce) {
  for (std::uint32_t round = 0; round < 200; ++round) arm(1, 100'000);  // gone and back, as far as the wheel knows
  while (wheel_.sweep(50) == 50) {
  }
  EXPECT_LE(wheel_.timers(), 2u + 64u);
  EXPECT_TRUE(is_filed(1, 100'000));
  wheel_.advance(100'000, kAll);
  EXPECT_EQ(entries_.fired.size(), 1u);
}

TEST_F(TimingWheelTest, TimePassesWhileASweepIsUnderWay) {
  base::Random random(3);
  std::uint32_t id = 0;
  for (int round = 0; round < 3'000; ++round) {
    for (int i = 0; i < 5; ++i) arm(++id, wheel_.now() + 1 + random.below(20'000));
    while (entries_.armed() > 300) entries_.timers.erase(entries_.timers.begin());
    wheel_.advance(wheel_.now() + random.below(20), 1 + static_cast<std::uint32_t>(random.below(20)));
    ASSERT_EQ(check(), "") << round;
    for (const Entries::Fired& fired : entries_.fired) ASSERT_GE(fired.at, fired.deadline);
    entries_.fired.clear();
  }
  const std::uint64_t end = wheel_.now() + 20'000;
  wheel_.advance(end, kAll);
  EXPECT_EQ(entries_.armed(), 0u);
}

TEST_F(TimingWheelTest, SaysWhenTheFirstTimerWasLostThatFoundNoMemory) {
  arm(1, 5'000);
  EXPECT_EQ(wheel_.first_lost(), TimingWheel::kNever);
  allocator_.refuse(true);
  memory_.give_back_surplus(true);
  arm(2, 70'000'000);
  EXPECT_EQ(wheel_.first_lost(), 70'000'000u);
  arm(3, 9'000'000);
  EXPECT_EQ(wheel_.first_lost(), 9'000'000u);
  arm(4, 80'000'000);
  EXPECT_EQ(wheel_.first_lost(), 9'000'000u);
  EXPECT_EQ(wheel_.timers(), 1u);
  // A move is not taken for served by a timer that may be lost.
  EXPECT_TRUE(wheel_.must_rearm(9'000'000, 9'000'000));

  allocator_.refuse(false);
  wheel_.forget_lost();
  EXPECT_EQ(wheel_.first_lost(), TimingWheel::kNever);
  for (auto& [id, timer] : entries_.timers) {
    if (id != 1) wheel_.arm(id, timer);
  }
  EXPECT_EQ(wheel_.first_lost(), TimingWheel::kNever);
  wheel_.advance(100'000'000, kAll);
  EXPECT_EQ(entries_.fired.size(), 4u);
}

// Every entry either fires in time or is lost, and then the wheel has said so.
TEST_F(TimingWheelTest, NoTimerIsLostSilently) {
  base::Random random(4);
  allocator_.fail_one_in(3);
  std::uint32_t id = 0;
  std::size_t lost = 0;
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < 3; ++i) arm(++id, wheel_.now() + 1 + random.below(30'000));
    wheel_.advance(wheel_.now() + random.below(500), kAll);
    const std::uint64_t first_lost = wheel_.first_lost();
    for (const auto& [each, timer] : entries_.timers) {
      if (timer.deadline > wheel_.now() && is_filed(each, timer.deadline)) continue;
      ++lost;
      ASSERT_LE(first_lost, timer.deadline) << "id " << each << ", round " << round;
    }
    if (first_lost > wheel_.now()) continue;
    // As the owner does: what is overdue goes, the others are armed again.
    wheel_.forget_lost();
    std::erase_if(entries_.timers, [&](const auto& one) { return one.second.deadline <= wheel_.now(); });
    for (auto& [each, timer] : entries_.timers) {
      if (!is_filed(each, timer.deadline)) wheel_.arm(each, timer);
    }
  }
  EXPECT_GT(lost, 0u);
  for (const Entries::Fired& fired : entries_.fired) ASSERT_GE(fired.at, fired.deadline);
}

TEST_F(TimingWheelTest, MemoryComesBackAsTimersFire) {
  for (std::uint32_t id = 0; id < 10'000; ++id) arm(id, 1 + id * 31);
  EXPECT_LE(memory_.allocated(), 10'000 * 9 + 3 * 600 + 64 * 3 * 64);
  wheel_.advance(10'000 * 31, kAll);
  EXPECT_EQ(entries_.fired.size(), 10'000u);
  EXPECT_LE(memory_.allocated(), 8 * 600);  // the levels stay
}

TEST_F(TimingWheelTest, ClearForgetsAllAndCanBeUsedAgain) {
  for (std::uint32_t id = 0; id < 1'000; ++id) arm(id, 100 + id * 1'001);
  wheel_.advance(5'000, 3);  // a slot is half done
  wheel_.clear();
  entries_.timers.clear();
  entries_.fired.clear();
  EXPECT_EQ(wheel_.timers(), 0u);
  EXPECT_EQ(memory_.allocated(), 0);
  EXPECT_FALSE(wheel_.due(1'000'000'000));
  arm(1, wheel_.now() + 7);
  wheel_.advance(wheel_.now() + 7, kAll);
  EXPECT_EQ(entries_.fired.size(), 1u);
}

}  // namespace
}  // namespace larder::expiry
