// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What outlives what: close under load, policies and limits that change under load, listeners that call back, handles
// that outlive eviction, overwriting, clear and the cache itself. Named interleavings are made with latches in
// callbacks, which run under no lock (RULINGS 3).
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "larder/cache.h"
#include "support/counting_allocator.h"
#include "support/depth.h"
#include "support/scripted_store.h"
#include "support/wait_until.h"

namespace larder::concurrency {
namespace {

std::string large(char fill) { return std::string(5'000, fill); }

bool all_are(std::string_view bytes, char fill) { return bytes.find_first_not_of(fill) == std::string_view::npos; }

Options unbounded() {
  Options options;
  options.max_memory = 0;
  options.shards = 4;
  return options;
}

// --- close -----------------------------------------------------------------------------------------------------------
TEST(Close, UnderLoadEveryCallAnswersOrIsClosed) {
  const std::uint64_t rounds = support::count(30, 1'000);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    Cache cache(unbounded());
    std::latch busy(4);
    std::atomic<std::uint64_t> wrong{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        std::mt19937_64 random(round * 10 + static_cast<std::uint64_t>(i));
        bool counted = false;
        for (int n = 0;; ++n) {
          const std::string key = "k" + std::to_string(random() % 100);
          const auto stored = cache.set(key, large('v'));
          const auto seen = cache.get(key);
          const auto loaded = cache.get_or_load("l" + key, [] { return "loaded"; });
          const auto pinned = cache.pin(key);
          if (pinned && !all_are(pinned->view(), 'v')) ++wrong;
          for (const ErrorCode code : {stored.status().code(), seen.status().code(), loaded.status().code()}) {
            if (code != ErrorCode::kOk && code != ErrorCode::kClosed) ++wrong;
          }
          if (n > 20 && !std::exchange(counted, true)) busy.count_down();
          if (stored.status().code() == ErrorCode::kClosed) return;
        }
      });
    }
    busy.wait();
    cache.close();
    threads.clear();
    ASSERT_EQ(wrong.load(), 0u);
    ASSERT_EQ(cache.get("k1").status().code(), ErrorCode::kClosed);
    ASSERT_EQ(cache.stats().entries, 0u);
    cache.close();
  }
}

TEST(Close, TellsListenersOfEveryEntryOnce) {
  std::atomic<int> cleared{0};
  std::atomic<int> others{0};
  Options options = unbounded();
  options.on_removal = [&](std::string_view, std::string_view, RemovalCause cause) {
    ++(cause == RemovalCause::kCleared ? cleared : others);
  };
  Cache cache(options);
  for (int i = 0; i < 1'000; ++i) cache.set("k" + std::to_string(i), i % 2 == 0 ? "small" : large('x'));
  cache.close();
  cache.close();
  EXPECT_EQ(cleared.load(), 1'000);
  EXPECT_EQ(others.load(), 0);
}

TEST(Close, EveryCallIsClosedAfterwards) {
  Cache cache(unbounded());
  cache.set("k", "v");
  cache.close();
  const std::string_view keys[] = {"k"};
  const KeyValue pairs[] = {{"k", "v"}};
  const BitFieldStep steps[] = {{}};
  const ErrorCode codes[] = {cache.get("k").status().code(),
                             cache.pin("k").status().code(),
                             cache.peek("k").status().code(),
                             cache.mget(keys)[0].status().code(),
                             cache.strlen("k").status().code(),
                             cache.get_range("k", 0, 1).status().code(),
                             cache.lcs("k", "k").status().code(),
                             cache.set("k", "v").status().code(),
                             cache.set_and_get("k", "v").status().code(),
                             cache.get_set("k", "v").status().code(),
                             cache.get_del("k").status().code(),
                             cache.get_ex("k", {}).status().code(),
                             cache.mset(pairs).code(),
                             cache.mset_nx(pairs).status().code(),
                             cache.append("k", "v").status().code(),
                             cache.set_range("k", 0, "v").status().code(),
                             cache.incr("k").status().code(),
                             cache.decr_by("k", 1).status().code(),
                             cache.incr_by_float("k", 1).status().code(),
                             cache.get_versioned("k").status().code(),
                             cache.compare_and_set("k", {}, "v").status().code(),
                             cache.set_bit("k", 0, true).status().code(),
                             cache.get_bit("k", 0).status().code(),
                             cache.bit_count("k").status().code(),
                             cache.bit_pos("k", true).status().code(),
                             cache.bit_op(BitOperation::kAnd, "k", keys).status().code(),
                             cache.bit_field("k", steps).status().code(),
                             cache.del("k").status().code(),
                             cache.exists("k").status().code(),
                             cache.touch(keys).status().code(),
                             cache.type("k").status().code(),
                             cache.expire("k", Milliseconds(1)).status().code(),
                             cache.persist("k").status().code(),
                             cache.ttl("k").status().code(),
                             cache.expire_time("k").status().code(),
                             cache.rename("k", "l").code(),
                             cache.rename_nx("k", "l").status().code(),
                             cache.copy("k", "l").status().code(),
                             cache.random_key().status().code(),
                             cache.scan(0).status().code(),
                             cache.keys().status().code(),
                             cache.for_each([](const EntryView&) { return true; }).code(),
                             cache.dbsize().status().code(),
                             cache.invalidate("k").status().code(),
                             cache.invalidate_prefix("k").status().code(),
                             cache.clear().code(),
                             cache.get_or_load("k", [] { return "v"; }).status().code()};
  for (std::size_t i = 0; i < std::size(codes); ++i) EXPECT_EQ(codes[i], ErrorCode::kClosed) << "call " << i;
  EXPECT_EQ(cache.tick().steps, 0u);
}

// --- Listeners -------------------------------------------------------------------------------------------------------
// Every way in which an entry leaves, with a listener that calls back for the very key and for others.
TEST(Listener, MayCallTheCacheFromEveryRemoval) {
  Cache* cache_in_listener = nullptr;
  std::array<std::atomic<int>, kRemovalCauses> heard{};
  ManualClock clock;
  Options options;
  options.max_memory = 1 << 20;
  options.shards = 1;
  options.clock = &clock;
  options.on_removal = [&](std::string_view key, std::string_view value, RemovalCause cause) {
    ++heard[static_cast<std::size_t>(cause)];
    if (key.starts_with("echo")) return;
    cache_in_listener->set("echo:" + std::string(key), value.substr(0, 10));
    (void)cache_in_listener->get(key);
    (void)cache_in_listener->stats();
    (void)cache_in_listener->dbsize();
  };
  Cache cache(options);
  cache_in_listener = &cache;
  const auto count = [&](RemovalCause cause) { return heard[static_cast<std::size_t>(cause)].load(); };
  cache.set("deleted", "x"), cache.del("deleted");
  cache.set("replaced", "x"), cache.set("replaced", "y");
  cache.set("invalidated", "x"), cache.invalidate("invalidated");
  cache.set("expired", "x", {.ttl = Milliseconds(5)}), clock.advance(Milliseconds(5)), (void)cache.get("expired");
  cache.set("ticked", "x", {.ttl = Milliseconds(5)}), clock.advance(Milliseconds(5)), cache.tick();
  EXPECT_EQ(count(RemovalCause::kDeleted), 1);
  EXPECT_EQ(count(RemovalCause::kReplaced), 1);
  EXPECT_EQ(count(RemovalCause::kInvalidated), 1);
  EXPECT_EQ(count(RemovalCause::kExpired), 2);
  EXPECT_EQ(*cache.get("echo:deleted"), "x");
  for (int i = 0; i < 1'000; ++i) cache.set("evicted" + std::to_string(i), large('e'));
  EXPECT_GT(count(RemovalCause::kEvicted), 0);
  cache.clear();
  EXPECT_GT(count(RemovalCause::kCleared), 0);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

TEST(Listener, ThatThrowsIsCountedAndDoesNoHarm) {
  Options options = unbounded();
  options.on_removal = [](std::string_view, std::string_view, RemovalCause) { throw 1; };
  Cache cache(options);
  for (int i = 0; i < 10; ++i) cache.set("k", std::to_string(i));
  EXPECT_TRUE(*cache.del("k"));
  EXPECT_EQ(cache.stats().listener_failures, 10u);
  EXPECT_FALSE(*cache.exists("k"));
}

// Evict and edit: while the listener of one thread is told of an eviction, another writes the key anew.
TEST(Listener, RunsUnderNoLock) {
  std::latch in_listener(1);
  std::latch may_end(1);
  std::string told;
  Options options = unbounded();
  options.shards = 1;
  options.on_removal = [&](std::string_view, std::string_view value, RemovalCause cause) {
    if (cause != RemovalCause::kInvalidated) return;
    in_listener.count_down();
    may_end.wait();
    told = value;  // valid during the call, whatever others do
  };
  Cache cache(options);
  cache.set("k", large('a'));
  std::jthread remover([&] { cache.invalidate("k"); });
  in_listener.wait();
  EXPECT_FALSE(*cache.exists("k"));
  cache.set("k", large('b'));
  for (int i = 0; i < 100; ++i) cache.set("other" + std::to_string(i), large('c'));
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  may_end.count_down();
  remover.join();
  EXPECT_EQ(told, large('a'));
  EXPECT_EQ(*cache.get("k"), large('b'));
}

TEST(Reading, InPlaceRunsUnderNoLock) {
  std::latch reading(1);
  std::latch may_end(1);
  Options options = unbounded();
  options.shards = 1;
  Cache cache(options);
  cache.set("k", large('a'));
  std::string after;
  std::jthread reader([&] {
    const auto length = cache.read("k", [&](std::string_view bytes) {
      reading.count_down();
      may_end.wait();
      after = bytes;  // unchanged by what happened meanwhile
    });
    EXPECT_EQ(*length, 5'000u);
  });
  reading.wait();
  cache.append("k", "b");
  cache.set_range("k", 0, "c");
  cache.set("k", "d");
  cache.del("k");
  cache.clear();
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  may_end.count_down();
  reader.join();
  EXPECT_EQ(after, large('a'));
  EXPECT_EQ(cache.stats().bytes_pinned, 0u);
}

TEST(Reading, MgetInPlaceRunsUnderNoLockAndMayCallTheCache) {
  Options options = unbounded();
  options.shards = 1;
  Cache cache(options);
  for (int i = 0; i < 10; ++i) cache.set(std::to_string(i), i % 2 == 0 ? "small" : large('x'));
  const std::string_view keys[] = {"0", "1", "missing", "2", "3", "1"};
  std::size_t shown = 0;
  const auto found = cache.mget(keys, [&](std::size_t i, std::string_view bytes) {
    cache.set(keys[i], "changed");
    cache.del("3");
    shown += !bytes.empty();
  });
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, shown);
  EXPECT_GE(shown, 3u);
}

TEST(Reading, AFunctionThatThrowsBecomesAnErrorOrIsNotStopped) {
  Cache cache(unbounded());
  cache.set("k", large('a'));
  const auto length = cache.read("k", [](std::string_view) { throw std::runtime_error("mine"); });
  EXPECT_EQ(length.status().code(), ErrorCode::kCallbackThrew);
  EXPECT_EQ(cache.for_each([](const EntryView&) -> bool { throw 1; }).code(), ErrorCode::kCallbackThrew);
  const std::string_view keys[] = {"k"};
  EXPECT_EQ(cache.mget(keys, [](std::size_t, std::string_view) { throw 1; }).status().code(),
            ErrorCode::kCallbackThrew);
  EXPECT_EQ(cache.stats().bytes_pinned, 0u);
  EXPECT_EQ(*cache.get("k"), large('a'));
}

// --- Handles ---------------------------------------------------------------------------------------------------------
TEST(Handle, OutlivesEveryEndOfItsKey) {
  support::CountingAllocator allocator;
  std::vector<Pinned> handles;
  std::vector<char> fills;
  {
    Options options;
    options.max_memory = 2 << 20;
    options.shards = 1;
    options.allocator = &allocator;
    ManualClock clock;
    options.clock = &clock;
    Cache cache(options);
    char fill = 'a';
    const auto hold = [&](const std::function<void()>& end) {
      cache.set("k", large(fill), {.ttl = Milliseconds(10)});
      handles.push_back(*cache.pin("k"));
      fills.push_back(fill);
      ++fill;
      end();
      EXPECT_EQ(cache.check_invariants().to_string(), "ok");
    };
    hold([&] { cache.del("k"); });
    hold([&] { cache.set("k", large('z')); });
    hold([&] { cache.append("k", large('z')); });
    hold([&] { cache.set_range("k", 0, large('z')); });
    hold([&] { cache.set_bit("k", 0, true); });
    hold([&] { cache.rename("k", "l"), cache.set("l", "x"); });
    hold([&] { clock.advance(Milliseconds(10)), cache.tick(); });
    hold([&] { cache.invalidate("k"); });
    hold([&] { cache.clear(); });
    hold([&] { cache.copy("k", "copied"), cache.append("copied", "z"); });
    hold([&] {
      for (int i = 0; i < 2'000; ++i) cache.set("e" + std::to_string(i), large('z'));
    });
    EXPECT_GT(cache.stats().bytes_pinned, 0u);
    EXPECT_LE(cache.stats().bytes_used, cache.stats().max_memory);
    hold([&] { cache.close(); });
    for (std::size_t i = 0; i < handles.size(); ++i) EXPECT_TRUE(all_are(handles[i].view(), fills[i])) << fills[i];
  }
  for (std::size_t i = 0; i < handles.size(); ++i) EXPECT_TRUE(all_are(handles[i].view(), fills[i])) << fills[i];
  EXPECT_GT(allocator.live(), 0u);
  handles.clear();
  EXPECT_EQ(allocator.complaints(true), "");
}

TEST(Handle, IsNotWrittenToWhileOthersEditTheKey) {
  Options options = unbounded();
  options.shards = 1;
  Cache cache(options);
  cache.set("k", large('a'));
  std::atomic<bool> running{true};
  std::vector<std::jthread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&, i] {
      std::mt19937_64 random(static_cast<std::uint64_t>(i));
      while (running.load()) {
        const char fill = static_cast<char>('a' + random() % 26);
        switch (random() % 4) {
          case 0: cache.set("k", large(fill)); break;
          case 1: cache.set_range("k", 0, large(fill)); break;  // the whole of it
          case 2: cache.append("k", std::string(10, fill)), cache.set("k", large(fill)); break;
          default: cache.set("k", std::string(10, fill)); break;
        }
      }
    });
  }
  std::uint64_t torn = 0;
  const std::uint64_t reads = support::count(30'000, 1'000'000);
  for (std::uint64_t i = 0; i < reads; ++i) {
    const auto pinned = cache.pin("k");
    if (!pinned) continue;
    const std::string first(pinned->view());
    if (i % 8 == 0) std::this_thread::yield();
    torn += pinned->view() != first;
    torn += pinned->size() == 5'000 && !all_are(pinned->view(), pinned->view()[0]);
  }
  running = false;
  writers.clear();
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(cache.stats().bytes_pinned, 0u);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

TEST(Handle, MayBeDroppedByAnotherThreadAndAfterTheCache) {
  support::CountingAllocator allocator;
  const std::uint64_t rounds = support::count(200, 5'000);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    Options options = unbounded();
    options.allocator = &allocator;
    auto cache = std::make_unique<Cache>(options);
    for (int i = 0; i < 8; ++i) cache->set(std::to_string(i), large('x'));
    std::vector<std::jthread> droppers;
    std::latch start(5);
    for (int i = 0; i < 4; ++i) {
      droppers.emplace_back([&start, a = *cache->pin(std::to_string(i)), b = *cache->pin("0")]() mutable {
        start.arrive_and_wait();
        { const Pinned gone = std::move(a); }
        b = Pinned();
      });
    }
    start.arrive_and_wait();
    cache.reset();
    droppers.clear();
    ASSERT_EQ(allocator.complaints(true), "");
  }
}

// --- Policies and limits under load ------------------------------------------------------------------------------------
TEST(Policies, ChangeUnderLoadWithoutLoss) {
  Options options = unbounded();
  Cache cache(options);
  constexpr int kKeys = 3'000;
  std::atomic<bool> running{true};
  std::atomic<std::uint64_t> lost{0};
  for (int i = 0; i < kKeys; ++i) cache.set(std::to_string(i), std::to_string(i));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937_64 random(static_cast<std::uint64_t>(i));
      while (running.load()) {
        const std::string key = std::to_string(random() % kKeys);
        lost += cache.get(key).value_or("") != key;
        if (random() % 4 == 0) cache.set(key, key);
        if (random() % 16 == 0) cache.expire(key, std::chrono::hours(1));
        if (random() % 16 == 0) cache.persist(key);
      }
    });
  }
  const char* names[] = {"lru",     "lfu",     "random",      "sieve",      "fifo",   "none",
                         "s3-fifo", "lru-ttl", "s3-fifo-ttl", "random-ttl", "lfu-ttl"};
  const std::uint64_t changes = support::count(90, 5'000);
  for (std::uint64_t i = 0; i < changes; ++i) {
    ASSERT_TRUE(cache.set_eviction(Eviction::named(names[i % std::size(names)]).value()).ok());
    ASSERT_EQ(cache.stats().policy, names[i % std::size(names)]);
    if (i % 10 == 0) {
      ASSERT_EQ(cache.check_invariants().to_string(), "ok") << names[i % std::size(names)];
    }
  }
  running = false;
  threads.clear();
  EXPECT_EQ(lost.load(), 0u);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

TEST(Background, ThreadDoesTheWorkOfTick) {
  std::atomic<int> expired{0};
  ManualClock clock;
  Options options = unbounded();
  options.clock = &clock;
  options.background_thread = true;
  options.background_interval = Milliseconds(1);
  options.on_removal = [&](std::string_view, std::string_view, RemovalCause cause) {
    expired += cause == RemovalCause::kExpired;
  };
  Cache cache(options);
  for (int i = 0; i < 1'000; ++i) cache.set(std::to_string(i), "x", {.ttl = Milliseconds(1 + i % 50)});
  clock.advance(Milliseconds(50));
  EXPECT_TRUE(support::wait_until([&] { return expired.load() == 1'000; }));
  EXPECT_EQ(cache.stats().entries, 0u);
  cache.close();
}

TEST(Background, ThreadEndsWithTheCacheAtAnyMoment) {
  const std::uint64_t rounds = support::count(100, 3'000);
  for (std::uint64_t i = 0; i < rounds; ++i) {
    Options options = unbounded();
    options.background_thread = true;
    options.background_interval = Milliseconds(1);
    Cache cache(options);
    for (int n = 0; n < 20; ++n) cache.set(std::to_string(n), "x", {.ttl = Milliseconds(1)});
    if (i % 2 == 0) cache.close();
  }
}

// --- fork ------------------------------------------------------------------------------------------------------------
// What a child process makes of `act`: its exit status, or -1 if it was killed; after twenty seconds it is.
int in_a_child(const std::function<bool()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(act() ? 0 : 1);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#if defined(__SANITIZE_THREAD__)
constexpr bool kChildMayHaveThreads = false;  // ThreadSanitizer ends such a child
#else
constexpr bool kChildMayHaveThreads = true;
#endif

// What was dirty is the parent's to write.
TEST(Fork, AChildNeverWritesToTheStore) {
  for (const std::uint32_t threads : {0u, 2u}) {
    auto store = std::make_shared<support::ScriptedStore>();
    std::atomic<int> letters{0};
    Options options = unbounded();
    options.store = {.backing = store, .writes = StoreOptions::Writes::kBack};
    options.store.write_back.dead_letters = [&](const DeadLetter&) { ++letters; };
    options.store.write_back.threads = threads;
    options.store.write_back.delay = Milliseconds(3'600'000);
    auto cache = std::make_unique<Cache>(options);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(cache->set(std::to_string(i), "dirty").ok());
    const auto use = [&] {
      bool right = *cache->get("7") == "dirty" && cache->set("8", "in the child").ok() && cache->clear().ok();
      right &= *cache->get("8") == "in the child" && cache->stats().dirty_items == 10;
      const FlushReport report = cache->flush(Milliseconds(60'000));
      right &= report.items == 10 && report.last_error.message().find("fork") != std::string_view::npos;
      right &= cache->tick().written == 0;
      cache.reset();
      return right && store->written().empty() && letters == 0;
    };
    EXPECT_EQ(in_a_child(use), 0) << "threads " << threads;
    EXPECT_TRUE(cache->flush(Milliseconds(60'000)).complete());
    EXPECT_EQ(store->rows().size(), 10u);
    EXPECT_EQ(store->row("8"), "dirty");
  }
}

TEST(Fork, AChildMayUseAndEndItsCopy) {
  for (const bool background : {false, true}) {
    Options options = unbounded();
    options.background_thread = background;
    options.background_interval = Milliseconds(1);
    auto cache = std::make_unique<Cache>(options);
    for (int i = 0; i < 100; ++i) cache->set(std::to_string(i), large('x'));
    const auto use = [&] {
      bool right = *cache->get("7") == large('x') && *cache->incr("counter") == 1 && *cache->del("8");
      cache->tick();
      right &= *cache->get_or_load("loaded", [] { return "in the child"; }) == "in the child";
      return right && cache->check_invariants().ok();
    };
    EXPECT_EQ(in_a_child(use), 0) << "background " << background;
    EXPECT_EQ(in_a_child([&] {
                cache->close();
                // It may stand where the parent's background thread did, and have its name.
                std::atomic<bool> ended{false};
                std::thread of_the_child;
                if (kChildMayHaveThreads) of_the_child = std::thread([&] { ended.wait(false); });
                cache.reset();
                ended = true;
                ended.notify_all();
                if (of_the_child.joinable()) of_the_child.join();
                return true;
              }),
              0)
        << "background " << background;
    EXPECT_TRUE(*cache->exists("8"));  // what the child did stays with it
    EXPECT_FALSE(*cache->exists("counter"));
  }
}

}  // namespace
}  // namespace larder::concurrency
