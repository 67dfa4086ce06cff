// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What every store on a server must do, when connections and servers end, and when they stand still.
#pragma once

#include <signal.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "stores/every_store.h"
#include "support/wait_until.h"

namespace larder::stores {

template <typename Store, typename Options, typename Server>
class ServerTest : public StoreTest<Store, Options> {
 protected:
  template <typename... Arguments>
  explicit ServerTest(Arguments... arguments) : server_(arguments...) {}

  void SetUp() override { ASSERT_EQ(server_.failure(), ""); }
  ConformanceOptions conformance() override {
    return {.open = [this] { return this->open(); },
            .stop = [this] { server_.process().stop(SIGINT); },
            .start = [this] { server_.start(); }};
  }
  // Gives up soon.
  virtual Options hasty() const = 0;
  // Ends the connections of all stores.
  virtual void end_connections() = 0;
  // What serves the store's last connection stands still, and goes on.
  virtual void halt() = 0;
  virtual void go_on() = 0;
  // What another client reads.
  virtual std::string theirs(const std::string& key) = 0;

  Server server_;
};

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

template <typename Fixture>
class EveryServer : public Fixture {};
TYPED_TEST_SUITE_P(EveryServer);

TYPED_TEST_P(EveryServer, AConnectionThatEndedWhileIdleIsReplaced) {
  const auto store = this->open();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(write_one(*store, put("k", std::to_string(i))).outcome, Outcome::kDone);
    this->end_connections();
    EXPECT_EQ(read(*store, "k"), std::to_string(i));
    this->end_connections();
  }
}

// A write is given up; when the server goes on with it, it must not come after what followed it.
TYPED_TEST_P(EveryServer, NothingIsReadOrWrittenBeforeAWriteInDoubtHasEnded) {
  const auto store = this->open(this->hasty());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(write_one(*store, put("k", "old")).outcome, Outcome::kDone);
    this->halt();
    EXPECT_EQ(write_one(*store, put("k", "in doubt")).outcome, Outcome::kUnknown);
    for (const char* key : {"k", "other"}) {
      EXPECT_EQ(write_one(*store, put(key, "too early")).outcome, Outcome::kRetry);
    }
    EXPECT_EQ(read(*store, "k"), "(failed)");
    this->go_on();
    ASSERT_TRUE(support::wait_until([&] { return write_one(*store, put("k", "later")).outcome == Outcome::kDone; }));
    for (int k = 0; k < 2; ++k) EXPECT_EQ(this->theirs("k"), "later");
  }
}

TYPED_TEST_P(EveryServer, WhatIsAcknowledgedSurvivesKills) {
  constexpr int kKills = 3;
  const auto store = this->open();
  CrashTrial trial(*store);
  for (int i = 0; i < kKills; ++i) {
    trial.wait_for_writes(50);
    this->server_.process().stop(SIGKILL);
    trial.wait_for_failures(4);
    this->server_.start();
  }
  trial.wait_for_writes(50);
  trial.stop();
  trial.check();
}

REGISTER_TYPED_TEST_SUITE_P(EveryServer, AConnectionThatEndedWhileIdleIsReplaced,
                            NothingIsReadOrWrittenBeforeAWriteInDoubtHasEnded, WhatIsAcknowledgedSurvivesKills);

}  // namespace larder::stores
