// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "support/depth.h"
#include "support/run_threads.h"
#include "support/wait_until.h"

namespace larder::base {
namespace {

template <typename M, typename Lock>
struct Counter {
  M mutex;
  std::uint64_t value GUARDED_BY(mutex) = 0;
  bool inside GUARDED_BY(mutex) = false;
  std::atomic<int> met{0};

  void add(std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) {
      const Lock lock(mutex);
      if (inside) ++met;
      inside = true;
      ++value;
      inside = false;
    }
  }
  std::uint64_t read() {
    const Lock lock(mutex);
    return value;
  }
};

TEST(Mutex, LetsOneInAtATime) {
  Counter<Mutex, MutexLock> counter;
  const std::uint64_t times = support::count(200'000, 5'000'000);
  support::run_threads(4, [&](int) { counter.add(times); });
  EXPECT_EQ(counter.read(), 4 * times);
  EXPECT_EQ(counter.met, 0);
}

// Somebody who takes the lock again and again, and holds it nearly all the time, does so a few times at most while
// another waits.
TEST(SliceLock, LetsOthersIn) {
  Mutex mutex;
  std::atomic<std::uint64_t> slices{0};
  std::atomic<bool> done{false};
  std::thread sliced([&] {
    while (!done) {
      const SliceLock lock(mutex);
      for (int i = 0; i < 2'000; ++i) slices.fetch_add(i == 0 ? 1 : 0, std::memory_order_relaxed);
    }
  });
  ASSERT_TRUE(support::wait_until([&] { return slices > 10; }));
  std::uint64_t missed = 0;
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t before = slices;
    const MutexLock lock(mutex);
    missed += slices - before;
  }
  done = true;
  sliced.join();
  EXPECT_LE(missed, 50u * 20);
}

TEST(LeafMutex, LetsOneInAtATime) {
  Counter<LeafMutex, LeafLock> counter;
  const std::uint64_t times = support::count(100'000, 1'000'000);
  support::run_threads(4, [&](int) { counter.add(times); });
  EXPECT_EQ(counter.read(), 4 * times);
  EXPECT_EQ(counter.met, 0);
}

TEST(Mutex, WhoeverWaitsForLongGetsItInTheEnd) {
  Mutex mutex;
  int written = 0;  // by the holder alone, until it unlocks
  std::atomic<int> asking{0};
  std::atomic<int> got{0};
  std::vector<std::thread> waiters;
  mutex.lock();
  for (int i = 0; i < 3; ++i) {
    waiters.emplace_back([&] {
      ++asking;
      const MutexLock lock(mutex);
      if (written == 1) ++got;
    });
  }
  const bool all_ask = support::wait_until([&] { return asking == 3; });
  // Long enough for them to have spun and yielded.
  for (int i = 0; i < 10'000; ++i) std::this_thread::yield();
  const int got_while_held = got;
  written = 1;
  mutex.unlock();
  for (auto& waiter : waiters) waiter.join();
  EXPECT_TRUE(all_ask);
  EXPECT_EQ(got_while_held, 0);
  EXPECT_EQ(got, 3);
}

TEST(Mutex, TakesTwoBytes) { EXPECT_EQ(sizeof(Mutex), 2u); }

struct Ball {
  LeafMutex mutex;
  Condition thrown;
  int at GUARDED_BY(mutex) = 0;
};

TEST(Condition, HandsTheTurnToAndFro) {
  Ball ball;
  constexpr int kThrows = 1'000;
  const auto play = [&](int me) {
    for (int i = 0; i < kThrows; ++i) {
      const LeafLock lock(ball.mutex);
      while (ball.at % 2 != me) ball.thrown.wait(ball.mutex);
      ++ball.at;
      ball.thrown.notify_all();
    }
  };
  std::thread other([&] { play(1); });
  play(0);
  other.join();
  const LeafLock lock(ball.mutex);
  EXPECT_EQ(ball.at, 2 * kThrows);
}

TEST(Condition, WakesAllWhoWait) {
  Ball ball;
  std::atomic<int> waiting{0};
  std::vector<std::thread> waiters;
  for (int i = 0; i < 4; ++i) {
    waiters.emplace_back([&] {
      const LeafLock lock(ball.mutex);
      ++waiting;
      while (ball.at == 0) ball.thrown.wait(ball.mutex);
    });
  }
  EXPECT_TRUE(support::wait_until([&] { return waiting == 4; }));
  {
    const LeafLock lock(ball.mutex);  // got only when all four wait, for they count under the lock
    ball.at = 1;
  }
  ball.thrown.notify_all();
  for (auto& waiter : waiters) waiter.join();
  SUCCEED() << "whoever is not woken hangs in join";
}

TEST(Condition, WaitForGivesUpAndHoldsTheLockAgain) {
  Ball ball;
  {
    const LeafLock lock(ball.mutex);
    ball.thrown.wait_for(ball.mutex, std::chrono::milliseconds(1));
    ball.at = 1;
  }
  std::thread other([&] {
    const LeafLock lock(ball.mutex);  // was released once, and once only
    ++ball.at;
  });
  other.join();
  const LeafLock lock(ball.mutex);
  EXPECT_EQ(ball.at, 2);
}

}  // namespace
}  // namespace larder::base
