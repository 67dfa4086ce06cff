// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What is tried with every store.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"
#include "larder/store_conformance.h"
#include "support/wait_until.h"

namespace larder::stores {

using Outcome = WriteResult::Outcome;

// As a cache gives them: no two are the same.
inline std::uint64_t next_sequence() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

inline Mutation put(std::string_view key, std::string_view bytes, std::uint64_t group = 0) {
  return {.key = key, .bytes = bytes, .sequence = next_sequence(), .group = group};
}

inline Mutation erase(std::string_view key, std::uint64_t expected_version) {
  return {
      .kind = Mutation::Kind::kErase, .key = key, .sequence = next_sequence(), .expected_version = expected_version};
}

inline std::vector<WriteResult> write(BackingStore& store, std::initializer_list<Mutation> batch) {
  std::vector<WriteResult> results(batch.size());
  EXPECT_TRUE(store.write({batch.begin(), batch.size()}, results).ok());
  for (const WriteResult& one : results) {
    EXPECT_NE(one.outcome, Outcome::kAsTheBatch);
    EXPECT_EQ(one.error.ok(), one.outcome == Outcome::kDone) << one.error.to_string();
  }
  return results;
}
inline WriteResult write_one(BackingStore& store, const Mutation& one) { return write(store, {one})[0]; }

// The bytes; "(none)", or "(failed)".
inline std::string read(BackingStore& store, std::string_view key) {
  const Lookup<StoredValue> found = store.load(key);
  if (!found.status().ok()) return "(failed)";
  return found ? found->bytes : "(none)";
}

inline void expect_conforms(const ConformanceOptions& options) {
  for (const ConformanceFailure& failure : check_store(options)) ADD_FAILURE() << failure.to_string();
}

// A cache in front, which forgets all it has time and again.
inline void expect_serves_a_cache(const std::shared_ptr<BackingStore>& store) {
  using namespace std::chrono_literals;
  Cache cache({.store = {.backing = store}});
  const auto forgotten = [&]() -> Cache& {
    EXPECT_TRUE(cache.clear().ok());
    return cache;
  };
  EXPECT_TRUE(cache.get("smoke:a").missing());
  ASSERT_TRUE(cache.set("smoke:a", "Ada").ok());
  EXPECT_EQ(forgotten().get("smoke:a").value_or(""), "Ada");
  EXPECT_EQ(cache.incr_by("smoke:n", 41).value_or(0), 41);
  EXPECT_EQ(forgotten().incr_by("smoke:n", 1).value_or(0), 42);
  EXPECT_TRUE(cache.append("smoke:a", std::string(5'000, 'x')).ok());
  EXPECT_EQ(forgotten().strlen("smoke:a").value_or(0), 5'003u);
  EXPECT_TRUE(*cache.expire("smoke:a", 1h));
  const auto end = cache.expire_time("smoke:a");
  EXPECT_TRUE(end && *end && *forgotten().expire_time("smoke:a") == *end);
  EXPECT_TRUE(*cache.persist("smoke:a"));
  EXPECT_FALSE(forgotten().ttl("smoke:a")->left.has_value());
  EXPECT_TRUE(cache.mset({{"smoke:b", "1"}, {"smoke:c", "2"}, {"smoke:n", "3"}}).ok());
  EXPECT_EQ(forgotten().get("smoke:b").value_or("") + *cache.get("smoke:c") + *cache.get("smoke:n"), "123");
  EXPECT_TRUE(cache.rename("smoke:b", "smoke:d").ok());
  EXPECT_TRUE(forgotten().get("smoke:b").missing());
  EXPECT_EQ(*cache.del({"smoke:a", "smoke:b", "smoke:c", "smoke:d", "smoke:n"}), 4u);
  EXPECT_EQ(*forgotten().exists({"smoke:a", "smoke:b", "smoke:c", "smoke:d", "smoke:n"}), 0u);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

// Threads write ever higher numbers, each to a pair of keys as one group, while the server is killed and started again:
// what was acknowledged is there, nothing older comes back, and the pair is one.
class CrashTrial {
 public:
  explicit CrashTrial(BackingStore& store) : store_(store) {
    for (int i = 0; i < kWriters; ++i) threads_.emplace_back([this, i] { work(i); });
  }
  ~CrashTrial() { stop(); }
  CrashTrial(const CrashTrial&) = delete;
  CrashTrial& operator=(const CrashTrial&) = delete;

  void wait_for_writes(std::uint64_t more) { wait_for(done_, more); }
  void wait_for_failures(std::uint64_t more) { wait_for(failed_, more); }
  void stop() {
    over_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  void check() {
    for (int i = 0; i < kWriters; ++i) {
      const std::string first = read(store_, key(i, "a")), second = read(store_, key(i, "b"));
      EXPECT_EQ(first, second) << "a group was torn";
      const std::uint64_t found = std::strtoull(first.c_str(), nullptr, 10);
      EXPECT_GE(found, acknowledged_[static_cast<std::size_t>(i)]) << "a write was lost, or an old one came late";
      EXPECT_LE(found, tried_[static_cast<std::size_t>(i)]);
    }
  }

 private:
  static constexpr int kWriters = 4;
  static std::string key(int writer, const char* name) { return "crash:" + std::to_string(writer) + name; }

  static void wait_for(const std::atomic<std::uint64_t>& count, std::uint64_t more) {
    const std::uint64_t before = count.load();
    EXPECT_TRUE(support::wait_until([&] { return count.load() >= before + more; }));
  }
  void work(int writer) {
    const std::string a = key(writer, "a"), b = key(writer, "b");
    for (std::uint64_t number = 1; !over_; ++number) {
      const std::string bytes = std::to_string(number);
      const Mutation batch[] = {put(a, bytes, number), put(b, bytes, number)};
      std::vector<WriteResult> results(2);
      EXPECT_TRUE(store_.write(batch, results).ok());
      const bool done = results[0].outcome == Outcome::kDone;
      EXPECT_EQ(done, results[1].outcome == Outcome::kDone);
      EXPECT_NE(results[0].outcome, Outcome::kNever) << results[0].error.to_string();
      tried_[static_cast<std::size_t>(writer)] = number;
      if (done) acknowledged_[static_cast<std::size_t>(writer)] = number;
      ++(done ? done_ : failed_);
    }
  }

  BackingStore& store_;
  std::atomic<bool> over_{false};
  std::atomic<std::uint64_t> done_{0}, failed_{0};
  std::uint64_t acknowledged_[kWriters] = {};
  std::uint64_t tried_[kWriters] = {};
  std::vector<std::thread> threads_;
};

inline void expect_survives_kills(BackingStore& store, const std::function<void()>& kill,
                                  const std::function<void()>& start) {
  constexpr int kKills = 3;
  CrashTrial trial(store);
  for (int i = 0; i < kKills; ++i) {
    trial.wait_for_writes(50);
    kill();
    trial.wait_for_failures(4);
    start();
  }
  trial.wait_for_writes(50);
  trial.stop();
  trial.check();
}

}  // namespace larder::stores
