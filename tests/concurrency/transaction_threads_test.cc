// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Transactions of several threads on keys that they share, beside others that read and write the same.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <vector>

#include "larder/cache.h"
#include "support/depth.h"
#include "support/run_threads.h"

namespace larder {
namespace {

constexpr int kThreads = 4;
constexpr int kAccounts = 8;

std::string account(unsigned i) { return "account:" + std::to_string(i); }

// Money moves, is refused, is thrown for; there is never more or less of it.
TEST(TransactionThreads, NoMoneyIsMadeOrLost) {
  const auto rounds = static_cast<int>(support::count(3'000, 50'000));
  Cache cache({.max_memory = 0, .shards = 4});
  std::vector<std::string> all;
  for (unsigned i = 0; i < kAccounts; ++i) {
    all.push_back(account(i));
    ASSERT_TRUE(cache.set(all.back(), "100").ok());
  }
  std::atomic<std::int64_t> from_outside = 0;
  support::run_threads(kThreads, [&](int thread) {
    std::mt19937 random(static_cast<unsigned>(thread));
    for (int round = 0; round < rounds; ++round) {
      const std::string from = account(static_cast<unsigned>(random() % kAccounts));
      const std::string to = account(static_cast<unsigned>(random() % kAccounts));
      const auto amount = static_cast<std::int64_t>(random() % 50);
      switch (random() % 8) {
        case 0: {
          std::int64_t sum = 0;
          EXPECT_TRUE(cache
                          .atomically(all,
                                      [&](Transaction& t) -> Status {
                                        for (const std::string& one : all)
                                          sum += t.incr_by(one, 0).value_or(-1'000'000);
                                        return {};
                                      })
                          .ok());
          EXPECT_EQ(sum % 10, 0);  // what comes from outside comes by tens
          break;
        }
        case 1:
          if (cache.incr_by(to, 10).ok()) from_outside += 10;
          break;
        case 2: EXPECT_TRUE(cache.get(from).has_value()); break;
        default: {
          const Status status = cache.atomically({from, to}, [&](Transaction& t) -> Status {
            const Result<std::int64_t> left = t.decr_by(from, amount);
            if (!left.ok()) return left.status();
            if (*left < 0) return {ErrorCode::kOutOfRange, "not enough"};
            if (amount == 13) throw 13;
            return t.incr_by(to, amount).status();
          });
          EXPECT_TRUE(status.ok() || status.code() == ErrorCode::kOutOfRange ||
                      status.code() == ErrorCode::kCallbackThrew)
              << status.to_string();
        }
      }
    }
  });
  std::int64_t sum = 0;
  for (const std::string& one : all) sum += cache.incr_by(one, 0).value_or(0);
  EXPECT_EQ(sum, 100 * kAccounts + from_outside);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

// A member is in exactly one of two sets, or in none while it is with the mover; keys come and go meanwhile.
TEST(TransactionThreads, KeysThatComeAndGo) {
  const auto rounds = static_cast<int>(support::count(3'000, 50'000));
  Cache cache({.max_memory = 4_MiB, .shards = 4});
  support::run_threads(kThreads, [&](int thread) {
    std::mt19937 random(static_cast<unsigned>(thread));
    for (int round = 0; round < rounds; ++round) {
      const std::string a = "k" + std::to_string(random() % 6);
      const std::string b = "k" + std::to_string(random() % 6);
      switch (random() % 6) {
        case 0: EXPECT_TRUE(cache.del(a).ok()); break;
        case 1: EXPECT_TRUE(cache.expire(a, Milliseconds(random() % 2)).ok()); break;
        case 2: (void)cache.rename(a, b); break;
        case 3: EXPECT_TRUE(cache.get_or_load(a, [] { return "loaded"; }).status().ok() || cache.type(a).ok()); break;
        case 4: (void)cache.set(a, "text"); break;
        default:
          (void)cache.atomically({a, b}, [&](Transaction& t) -> Status {
            (void)t.del(a);
            for (int i = 0; i < 100; ++i) {
              if (Status status = t.sadd(b, "m" + std::to_string(i)).status(); !status.ok()) return status;
            }
            return random() % 3 == 0 ? Status(ErrorCode::kConflict, "no") : Status();
          });
      }
      if (round % 64 == 0) {
        EXPECT_LE(cache.stats().bytes_used, 4_MiB);
      }
    }
  });
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  EXPECT_TRUE(cache.clear().ok());
  EXPECT_EQ(cache.dbsize().value_or(9), 0u);
}

}  // namespace
}  // namespace larder
