// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Many threads, allocations of all of them failing at random, and a store that fails, too. In the end the store and the
// dead letters have what was accepted.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <new>
#include <set>
#include <string>

#include "base/random.h"
#include "commands/every_call.h"
#include "out_of_memory/failing_new.h"
#include "out_of_memory/well_fed.h"
#include "support/depth.h"
#include "support/run_threads.h"
#include "support/unreliable_store.h"
#include "support/watchdog.h"

namespace larder::out_of_memory {
namespace {

constexpr int kThreads = 6;
constexpr std::uint64_t kKeys = 20;  // of each thread
constexpr const char* kNone = "(none)";

using Store = WellFed<support::UnreliableStore>;

// What each key may be, as its only writer knows.
using Possible = std::map<std::string, std::set<std::string>>;

// Each thread has keys of its own; what is loaded is the same for all.
class Actor {
 public:
  Actor(Cache& cache, const support::Letters& letters, int thread)
      : cache_(cache),
        letters_(letters),
        name_("own" + std::to_string(thread) + "/"),
        random_(support::seed(1) * 64 + static_cast<std::uint64_t>(thread)) {}

  void act() {
    const std::string key = name(), other = name();
    const std::string value = std::to_string(random_.next()) + std::string(random_.below(8) == 0 ? 2'000 : 10, 'v');
    switch (random_.below(12)) {
      case 0:
      case 1:
      case 2:
      case 3: write({{key, value}}, [&] { return cache_.set(key, value); }); break;
      case 4: write({{key, kNone}}, [&] { return cache_.del(key); }); break;
      case 5: write({{key, value}, {other, value}}, [&] { return cache_.mset({{key, value}, {other, value}}); }); break;
      case 6: read(key); break;
      case 7: (void)try_call([&] { return cache_.mget({key, other, "nowhere"}), Status(); }); break;
      case 8: (void)try_call([&] { return cache_.invalidate(key); }); break;
      case 9: (void)try_call([&] { return cache_.tick(), Status(); }); break;
      case 10: (void)try_call([&] { return cache_.flush(key, Milliseconds(0)), Status(); }); break;
      default: load(); break;
    }
  }
  const Possible& possible() const noexcept { return possible_; }

 private:
  // Without plenty.
  template <typename Call>
  static ErrorCode try_call(Call&& call) {
    const Want want;
    try {
      return commands::code_of(call());
    } catch (const std::bad_alloc&) {
      return ErrorCode::kOutOfMemory;
    }
  }
  template <typename Call>
  void write(const std::map<std::string, std::string>& values, Call&& call) {
    const ErrorCode code = try_call(call);
    for (const auto& [key, value] : values) {
      std::set<std::string>& may_be = possible_.try_emplace(key, std::set<std::string>{kNone}).first->second;
      if (code == ErrorCode::kOk) may_be.clear();
      may_be.insert(value);
    }
  }
  void read(const std::string& key) {
    std::string value = kNone;
    const ErrorCode code = try_call([&] {
      Lookup<std::string> found = cache_.get(key);
      if (found) value = *std::move(found);
      return found;
    });
    const auto known = possible_.find(key);
    if (code != ErrorCode::kOk || known == possible_.end() || letters_.last(key) != "(no letter)") return;
    EXPECT_TRUE(known->second.contains(value)) << key << " is " << value;
  }
  void load() {
    const std::string key = "load" + std::to_string(random_.below(50));
    std::string value = "loaded";
    (void)try_call([&] {
      Lookup<std::string> found = cache_.get_or_load(key, [] { return "loaded"; });
      if (found) value = *std::move(found);
      return found;
    });
    EXPECT_EQ(value, "loaded");
  }
  std::string name() { return name_ + std::to_string(random_.below(kKeys)); }

  Cache& cache_;
  const support::Letters& letters_;
  const std::string name_;
  base::Random random_;
  Possible possible_;
};

class OutOfMemoryThreads : public testing::TestWithParam<StoreOptions::Writes> {
 protected:
  Options options() {
    Options options{.max_memory = 256_KiB, .shards = 4, .background_thread = true};
    options.background_interval = Milliseconds(1);
    options.on_removal = [](std::string_view, std::string_view, RemovalCause) {};
    options.store.backing = store_;
    options.store.writes = GetParam();
    options.store.max_age = Milliseconds(20);
    options.store.staleness = {.refresh_ahead = Milliseconds(15)};
    WriteBackOptions& back = options.store.write_back;
    back.dead_letters = [take = letters_.sink()](const DeadLetter& letter) {
      const Plenty plenty;
      take(letter);
    };
    back.items_max = 60;
    back.batch_max = 16;
    back.delay = back.retry_first = Milliseconds(1);
    back.retry_most = Milliseconds(4);
    back.attempts_max = 1'000;
    return options;
  }

  support::Letters letters_;
  std::shared_ptr<Store> store_ = std::make_shared<Store>(support::seed(1));
};

TEST_P(OutOfMemoryThreads, WhatWasAcceptedIsInTheStoreOrADeadLetter) {
  SCOPED_TRACE(support::how_to_repeat(support::seed(1)));
  const support::Watchdog watchdog(std::chrono::seconds(100), [] { return "threads without memory"; });
  Cache cache(options());
  const std::uint64_t turns = support::count(5'000, 200'000);
  std::mutex mutex;
  Possible possible;
  {
    const Plenty plenty;
    const FailAtRandom failing(30, support::seed(1));
    support::run_threads(kThreads, [&](int thread) {
      const Plenty its_own;
      Actor actor(cache, letters_, thread);
      for (std::uint64_t i = 0; i < turns; ++i) actor.act();
      const std::lock_guard lock(mutex);
      possible.insert(actor.possible().begin(), actor.possible().end());
    });
  }
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  store_->be_reliable();
  EXPECT_TRUE(cache.flush(Milliseconds(20'000)).complete());
  EXPECT_EQ(cache.stats().loads_in_flight, 0u);
  for (const auto& [key, may_be] : possible) {
    EXPECT_TRUE(may_be.contains(store_->row(key)) || may_be.contains(letters_.last(key))) << key;
    EXPECT_TRUE(*cache.set(key, "last")) << key;  // nobody has it
  }
  EXPECT_EQ(store_->went_back(), 0u);
  EXPECT_GT(store_->applied(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Modes, OutOfMemoryThreads,
                         testing::Values(StoreOptions::Writes::kThrough, StoreOptions::Writes::kBack));

}  // namespace
}  // namespace larder::out_of_memory
