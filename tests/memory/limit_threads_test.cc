// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/random.h"
#include "memory/limit.h"
#include "support/depth.h"
#include "support/run_threads.h"
#include "support/wait_until.h"

namespace larder::memory {
namespace {

constexpr int kThreads = 4;

// Each counts what it holds in `held` before it could be leased again, and after it was leased.
TEST(Limit, IsNeverOverLeased) {
  constexpr std::int64_t kMax = 100;
  Limit limit(kMax);
  std::atomic<std::int64_t> held{0};
  std::atomic<std::int64_t> most{0};
  std::atomic<int> refused{0};
  const std::uint64_t rounds = support::count(100'000, 2'000'000);
  support::run_threads(kThreads, [&](int t) {
    base::Random random(static_cast<std::uint64_t>(t));
    std::int64_t mine = 0;
    for (std::uint64_t i = 0; i < rounds; ++i) {
      const auto n = static_cast<std::int64_t>(1 + random.below(40));
      if (limit.lease(n)) {
        mine += n;
        const std::int64_t now = held.fetch_add(n) + n;
        std::int64_t seen = most.load();
        while (seen < now && !most.compare_exchange_weak(seen, now)) {
        }
      } else {
        ++refused;
        held.fetch_sub(mine);
        limit.give_back(mine);
        mine = 0;
      }
    }
    held.fetch_sub(mine);
    limit.give_back(mine);
  });
  EXPECT_LE(most, kMax);
  EXPECT_GT(most, kMax / 2);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(limit.left(), kMax);
}

TEST(Limit, KeepsItsSumWhileTheMaximumMoves) {
  Limit limit(1'000);
  std::atomic<int> wrong{0};
  const std::uint64_t rounds = support::count(50'000, 1'000'000);
  support::run_threads(kThreads, [&](int t) {
    base::Random random(static_cast<std::uint64_t>(t));
    for (std::uint64_t i = 0; i < rounds; ++i) {
      const auto n = static_cast<std::int64_t>(1 + random.below(400));
      if (limit.lease(n)) limit.give_back(n);
      if (i % 16 == 0) limit.set_max(static_cast<std::int64_t>(random.below(2'000)));
      const std::int64_t used = limit.used();
      if (used < 0 || used > 400 * kThreads) ++wrong;
    }
  });
  EXPECT_EQ(limit.used(), 0);
  EXPECT_EQ(limit.left(), limit.max());
  EXPECT_EQ(wrong, 0);
}

// One owner spends, others free what it spent, with no lock.
TEST(Lease, LosesNothingThatOthersReturnLater) {
  constexpr std::int64_t kMax = 64;
  Limit limit(kMax);
  Lease lease(limit, 8);
  std::atomic<std::int64_t> to_return{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads - 1; ++t) {
    threads.emplace_back([&] {
      while (!done || to_return > 0) {
        std::int64_t n = to_return.load();
        if (n > 0 && to_return.compare_exchange_weak(n, n - 1)) {
          lease.return_later(1);
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  const std::uint64_t rounds = support::count(50'000, 1'000'000);
  bool all_given = true;
  for (std::uint64_t i = 0; i < rounds && all_given; ++i) {
    all_given = lease.ensure(1) || support::wait_until([&] { return lease.ensure(1); });
    if (all_given) {
      lease.spend(1);
      ++to_return;
    }
  }
  done = true;
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(all_given);
  lease.give_back_surplus(true);
  EXPECT_EQ(limit.left(), kMax);
}

}  // namespace
}  // namespace larder::memory
