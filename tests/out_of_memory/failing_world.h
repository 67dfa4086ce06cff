// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A cache and what is around it, in one thread, for calls whose n-th allocation fails. What is the user's, the store,
// the listener and what takes dead letters, has memory.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "out_of_memory/failing_new.h"
#include "out_of_memory/well_fed.h"
#include "support/cache_fixture.h"
#include "support/scripted_store.h"

namespace larder::out_of_memory {

using namespace std::chrono_literals;

// The cache's own memory, which runs out when it is told to.
class RefusingAllocator final : public Allocator {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) noexcept override {
    return refuses.load() ? nullptr : standard().allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept override {
    standard().deallocate(block, bytes, alignment);
  }
  std::size_t charge(std::size_t bytes, std::size_t alignment) const noexcept override {
    return standard().charge(bytes, alignment);
  }
  std::atomic<bool> refuses{false};
};

// Which cache it is.
enum class Kind {
  kPlain,
  kListened,  // with a removal listener
  kRead,      // with a store that it only reads
  kThrough,   // that it writes
  kBack,      // that it writes later, when told to
  kStale,     // whose values are refreshed ahead, and served stale
};

struct World {
  // What there is at the beginning: three keys that are resident, and three that a store has.
  static constexpr const char* kKeys[] = {"a", "b", "large", "s", "t", "u", "new", "other"};

  explicit World(Kind its_kind, Allocator* its_allocator = nullptr) : kind(its_kind), allocator(its_allocator) {
    const bool stored = kind >= Kind::kRead;
    for (const char* key : {"s", "t", "u"}) store->put(key, {.bytes = std::string(300, *key)});
    if (stored) {
      for (const char* key : {"a", "b", "large"}) store->put(key, {.bytes = first_value(key)});
    }
    cache = std::make_unique<Cache>(options());
    for (const char* key : {"a", "b", "large"}) {
      EXPECT_TRUE(stored ? cache->get(key).has_value() : cache->set(key, first_value(key)).ok());
    }
  }

  Options options() {
    Options options{.max_memory = 1_MiB, .shards = 2, .clock = &clock, .allocator = allocator, .seed = 1};
    if (kind == Kind::kListened) {
      options.on_removal = [this](std::string_view key, std::string_view, RemovalCause) {
        const Plenty plenty;
        ++told[std::string(key)];
        if (on_removal) on_removal(key);
      };
    }
    if (kind < Kind::kRead) return options;
    options.store.backing = store;
    if (kind == Kind::kRead) options.store.writes = StoreOptions::Writes::kRefuse;
    if (kind == Kind::kBack) options.store.writes = StoreOptions::Writes::kBack;
    options.store.write_back.threads = 0;
    options.store.write_back.close_wait = 20ms;
    options.store.write_back.dead_letters = [this](const DeadLetter& letter) {
      const Plenty plenty;
      if (sink_failures-- > 0) throw std::runtime_error("not now");
      letters[std::string(letter.mutation.key)] = std::string(letter.mutation.bytes);
    };
    if (kind == Kind::kStale) {
      options.store.max_age = 100ms;
      options.store.staleness = {.refresh_ahead = 50ms, .stale_for = 1'000ms};
    }
    return options;
  }
  static std::string first_value(const std::string& key) {
    return key == "large" ? std::string(5'000, 'l') : key == "a" ? "1" : std::string(300, 'b');
  }

  // What everybody sees. Where there is a store, it comes from there if it is not resident.
  std::string state() {
    std::string all;
    for (const char* key : kKeys) {
      const Lookup<std::string> value = cache->get(key);
      all += std::string(key) + "=" + (value.status().ok() ? value.value_or("-") : value.status().to_string()) + "\n";
    }
    return all;
  }

  const Kind kind;
  Allocator* const allocator;
  ManualClock clock;
  std::shared_ptr<support::ScriptedStore> store = std::make_shared<WellFed<support::ScriptedStore>>();
  std::map<std::string, std::string> letters, letters_due;  // dead letters: what there is, and is to be in the end
  int sink_failures = 0;
  std::map<std::string, int> told;  // how often of each key
  std::function<void(std::string_view)> on_removal;
  std::unique_ptr<Cache> cache;
};

}  // namespace larder::out_of_memory
