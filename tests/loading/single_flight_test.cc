// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Loads as one thread sees them. What several do at once: tests/concurrency/loading_threads_test.cc.
#include "loading/single_flight.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>

#include "support/cache_fixture.h"
#include "support/counting_allocator.h"

namespace larder::loading {
namespace {

using support::binary;
using support::kKeySizes;
using support::kValueSizes;
using namespace std::chrono_literals;

// A loader that counts how often it runs.
class CountedLoader {
 public:
  explicit CountedLoader(Loaded gives) : gives_(std::move(gives)) {}
  Loaded operator()() {
    ++runs;
    return gives_;
  }
  int runs = 0;

 private:
  Loaded gives_;
};

Loaded never_asked() {
  ADD_FAILURE() << "a loader ran for a key that is there";
  return std::nullopt;
}

class SingleFlightTest : public support::CacheFixture {
 protected:
  std::int64_t left(std::string_view key) {
    const auto ttl = cache_.ttl(key);
    return ttl && ttl->left ? ttl->left->count() : -1;
  }
};

// --- What a loader may give -------------------------------------------------------------------------------------------

TEST_F(SingleFlightTest, AnyKeyAndValueIsLoadedOnce) {
  for (const std::size_t key_size : kKeySizes) {
    for (const std::size_t size : kValueSizes) {
      const std::string key = binary(key_size);
      CountedLoader load(binary(size));
      cache_.del(key);
      ASSERT_EQ(*cache_.get_or_load(key, load), binary(size));
      ASSERT_EQ(*cache_.get_or_load(key, never_asked), binary(size));
      ASSERT_EQ(*cache_.peek(key), binary(size));
      ASSERT_EQ(load.runs, 1);
    }
  }
}

TEST_F(SingleFlightTest, WhatIsThereIsNotLoaded) {
  cache_.set("k", "there");
  EXPECT_EQ(*cache_.get_or_load("k", never_asked), "there");
  cache_.set("empty", "");
  EXPECT_EQ(*cache_.get_or_load("empty", never_asked), "");
}

TEST_F(SingleFlightTest, ALoaderMayGiveAnythingThatConverts) {
  EXPECT_EQ(*cache_.get_or_load("a", [] { return "a literal"; }), "a literal");
  EXPECT_EQ(*cache_.get_or_load("b", [] { return std::string("a string"); }), "a string");
  EXPECT_EQ(*cache_.get_or_load("c", [] { return std::optional<std::string>("an optional"); }), "an optional");
  EXPECT_TRUE(cache_.get_or_load("d", [] { return std::optional<std::string>(); }).missing());
  EXPECT_TRUE(cache_.get_or_load("d", [] { return std::nullopt; }).missing());
  EXPECT_TRUE(cache_.get_or_load("d", [] { return static_cast<const char*>(nullptr); }).missing());
  EXPECT_TRUE(cache_.get_or_load("d", [] { return Status(); }).missing());
  EXPECT_EQ(*cache_.get_or_load("i", [] { return std::string_view("a view"); }), "a view");
  EXPECT_EQ(*cache_.get_or_load("j", [] { return Result<std::string>(std::string("a result")); }), "a result");
  EXPECT_EQ(*cache_.get_or_load("e", [&] { return cache_.get("a"); }), "a literal");
  EXPECT_TRUE(cache_.get_or_load("f", [&] { return cache_.get("missing"); }).missing());
  EXPECT_EQ(cache_.get_or_load("g", [] { return Status(ErrorCode::kTimeout, "slow"); }).status().to_string(),
            "timeout: slow");
  auto once = std::make_unique<std::string>("moved in");  // a loader that cannot be copied
  EXPECT_EQ(*cache_.get_or_load("h", [once = std::move(once)] { return *once; }), "moved in");
  EXPECT_EQ(*cache_.dbsize(), 7u);
}

// --- For how long -------------------------------------------------------------------------------------------------------

TEST_F(SingleFlightTest, TheTimeToLiveIsTheLoadersOrElseTheOptions) {
  const struct {
    std::optional<Milliseconds> option, loader;
    std::int64_t left;
  } cases[] = {{{}, {}, -1}, {20ms, {}, 20}, {{}, 30ms, 30}, {20ms, 30ms, 30}, {20ms, 1ms, 1}};
  for (const auto& one : cases) {
    cache_.del("k");
    Loaded loaded("v");
    loaded.ttl = one.loader;
    CountedLoader load(loaded);
    EXPECT_EQ(*cache_.get_or_load("k", load, {.ttl = one.option}), "v");
    EXPECT_EQ(left("k"), one.left);
    if (one.left < 0) continue;
    advance(Milliseconds(one.left) - 1ms);
    EXPECT_EQ(*cache_.get_or_load("k", never_asked), "v");
    advance(1ms);
    EXPECT_EQ(*cache_.get_or_load("k", load), "v");
    EXPECT_EQ(load.runs, 2);
    EXPECT_EQ(left("k"), one.loader ? one.left : -1);  // nothing of the old time to live
  }
}

TEST_F(SingleFlightTest, JitterShortensTheTimeToLiveOfAValue) {
  Cache& jittery = make({.expiry = {.ttl_jitter = 0.5}});
  std::set<std::int64_t> lefts;
  for (int i = 0; i < 200; ++i) {
    const std::string key = std::to_string(i);
    ASSERT_EQ(*jittery.get_or_load(key, [] { return "v"; }, {.ttl = 1'000ms}), "v");
    lefts.insert(jittery.ttl(key)->left->count());
  }
  EXPECT_GE(*lefts.begin(), 500);
  EXPECT_LT(*lefts.begin(), 530);
  EXPECT_LE(*lefts.rbegin(), 1'000);
  EXPECT_GT(*lefts.rbegin(), 970);
}

// "There is nothing" and failures are remembered as long as the options of the load say, and found by loads alone.
TEST_F(SingleFlightTest, WhatIsNoValueIsRememberedForAWhile) {
  const struct {
    Loaded gives;
    LoadOptions options;
    std::int64_t remembered_ms;
  } cases[] = {
      {std::nullopt, {}, 0},
      {std::nullopt, {.ttl = 1h, .error_ttl = 1h}, 0},
      {std::nullopt, {.negative_ttl = 20ms}, 20},
      {Status(ErrorCode::kTimeout, "slow"), {}, 0},
      {Status(ErrorCode::kTimeout, "slow"), {.ttl = 1h, .negative_ttl = 1h}, 0},
      {Status(ErrorCode::kTimeout, "slow"), {.error_ttl = 20ms}, 20},
  };
  for (const auto& one : cases) {
    cache_.invalidate("k");
    CountedLoader load(one.gives);
    const auto first = cache_.get_or_load("k", load, one.options);
    EXPECT_EQ(first.status().code(), one.gives.error.code());
    if (one.remembered_ms != 0) {
      advance(Milliseconds(one.remembered_ms - 1));
      const auto again = cache_.get_or_load("k", never_asked, one.options);
      EXPECT_EQ(again.has_value(), false);
      EXPECT_EQ(again.status().code(), one.gives.error.ok() ? ErrorCode::kOk : ErrorCode::kLoadFailed);
      EXPECT_EQ(again.status().message(), one.gives.error.message());
      advance(1ms);
    }
    EXPECT_EQ(load.runs, 1);
    static_cast<void>(cache_.get_or_load("k", load, one.options));
    EXPECT_EQ(load.runs, 2);
  }
}

TEST_F(SingleFlightTest, OptionsThatMakeNoSenseAreRefusedBeforeAnythingIsLoaded) {
  const std::pair<LoadOptions, ErrorCode> cases[] = {{{.ttl = 0ms}, ErrorCode::kInvalidExpireTime},
                                                     {{.ttl = -1ms}, ErrorCode::kInvalidExpireTime},
                                                     {{.ttl = Milliseconds::max()}, ErrorCode::kInvalidExpireTime},
                                                     {{.ttl = Milliseconds::min()}, ErrorCode::kInvalidExpireTime},
                                                     {{.negative_ttl = -1ms}, ErrorCode::kInvalidArgument},
                                                     {{.error_ttl = -1ms}, ErrorCode::kInvalidArgument},
                                                     {{.wait_max = -1ms}, ErrorCode::kInvalidArgument}};
  for (const auto& [options, code] : cases) {
    EXPECT_EQ(cache_.get_or_load("k", never_asked, options).status().code(), code);
  }
}

// The loader's own time to live may say: not at all.
TEST_F(SingleFlightTest, ALoaderMayForbidThatItsValueIsStored) {
  for (const Milliseconds ttl : {0ms, -5ms}) {
    Loaded gives("v");
    gives.ttl = ttl;
    CountedLoader load(gives);
    EXPECT_EQ(*cache_.get_or_load("k", load), "v");
    EXPECT_FALSE(*cache_.exists("k"));
  }
  EXPECT_EQ(cache_.stats().loads_not_stored, 0u);  // nobody wanted it stored
}

TEST_F(SingleFlightTest, WhatCannotBeStoredIsCounted) {
  Cache& small = make({.max_memory = 1_MiB, .eviction = Eviction::none(), .value_bytes_max = 100});
  EXPECT_EQ(small.get_or_load("large", [] { return std::string(101, 'x'); })->size(), 101u);
  EXPECT_EQ(small.stats().loads_not_stored, 1u);
  for (int i = 0; small.set(std::to_string(i), std::string(100, 'x')).ok(); ++i) {
  }
  EXPECT_EQ(small.get_or_load("no room", [] { return std::string(100, 'x'); })->size(), 100u);
  EXPECT_EQ(small.stats().loads_not_stored, 2u);
  EXPECT_EQ(small.stats().loads, 2u);
}

TEST_F(SingleFlightTest, WhatIsRememberedCountsAsNegativeEntries) {
  static_cast<void>(cache_.get_or_load("absent", [] { return std::nullopt; }, {.negative_ttl = 1s}));
  static_cast<void>(
      cache_.get_or_load("failed", [] { return Status(ErrorCode::kLoadFailed, "no"); }, {.error_ttl = 1s}));
  EXPECT_EQ(cache_.stats().entries_negative, 2u);
  EXPECT_EQ(cache_.stats().entries, 0u);
  EXPECT_EQ(cache_.stats().entries_with_ttl, 0u);
  cache_.set("absent", "there now");
  EXPECT_EQ(cache_.stats().entries_negative, 1u);
  EXPECT_EQ(cache_.stats().entries, 1u);
  advance(1s);
  while (cache_.tick().more) {
  }
  EXPECT_EQ(cache_.stats().entries_negative, 0u);
}

TEST_F(SingleFlightTest, OfAFailureTheBeginningOfItsMessageIsRemembered) {
  const std::string message(1'000, 'm');
  const auto fails = [&] { return Status(ErrorCode::kLoadFailed, message); };
  EXPECT_EQ(cache_.get_or_load("k", fails, {.error_ttl = 1h}).status().message(), message);
  EXPECT_EQ(cache_.get_or_load("k", never_asked).status().message(), message.substr(0, 256));
}

// Remembered: as if there were no key, for all but loads.
TEST_F(SingleFlightTest, WhatIsRememberedIsNoKey) {
  const auto remember = [&](std::string_view key) {
    cache_.clear();
    ASSERT_TRUE(cache_.get_or_load(key, [] { return std::nullopt; }, {.negative_ttl = 1h}).missing());
  };
  remember("k");
  EXPECT_FALSE(*cache_.exists("k"));
  EXPECT_TRUE(cache_.get("k").missing());
  EXPECT_TRUE(cache_.pin("k").missing());
  EXPECT_TRUE(cache_.ttl("k").missing());
  EXPECT_TRUE(cache_.expire_time("k").missing());
  EXPECT_EQ(*cache_.type("k"), ValueType::kNone);
  EXPECT_EQ(cache_.get_versioned("k")->value, std::nullopt);
  EXPECT_FALSE(*cache_.persist("k"));
  EXPECT_FALSE(*cache_.expire("k", 1ms));
  EXPECT_FALSE(*cache_.copy("k", "to"));
  EXPECT_EQ(cache_.rename("k", "to").code(), ErrorCode::kNoSuchKey);
  EXPECT_FALSE(*cache_.set("k", "v", {.condition = SetOptions::If::kPresent}));
  EXPECT_TRUE(cache_.random_key().missing());
  EXPECT_TRUE(cache_.keys()->empty());
  EXPECT_EQ(*cache_.dbsize(), 0u);
  EXPECT_EQ(cache_.stats().entries, 0u);
  EXPECT_FALSE(*cache_.del("k"));
  EXPECT_EQ(cache_.stats().removed(RemovalCause::kDeleted), 0u);
  EXPECT_EQ(*cache_.get_or_load("k", [] { return "now"; }), "now");  // deleting it made the cache forget
}

TEST_F(SingleFlightTest, AWriteTakesThePlaceOfWhatIsRemembered) {
  const struct {
    const char* name;
    void (*write)(Cache& cache);
    std::string left;
  } cases[] = {
      {"set", [](Cache& cache) { cache.set("k", "v"); }, "v"},
      {"set_nx", [](Cache& cache) { cache.set("k", "v", {.condition = SetOptions::If::kAbsent}); }, "v"},
      {"append", [](Cache& cache) { cache.append("k", "v"); }, "v"},
      {"append of much", [](Cache& cache) { cache.append("k", std::string(2'000, 'v')); }, std::string(2'000, 'v')},
      {"incr", [](Cache& cache) { cache.incr("k"); }, "1"},
      {"set_range", [](Cache& cache) { cache.set_range("k", 0, "v"); }, "v"},
      {"set_bit", [](Cache& cache) { cache.set_bit("k", 7, true); }, "\x01"},
      {"rename", [](Cache& cache) { cache.set("o", "v"), cache.rename_nx("o", "k"); }, "v"},
      {"copy", [](Cache& cache) { cache.set("o", "v"), cache.copy("o", "k"); }, "v"},
      {"mset_nx",
       [](Cache& cache) {
         const KeyValue pair[] = {{"k", "v"}};
         cache.mset_nx(pair);
       },
       "v"},
  };
  for (const auto& one : cases) {
    cache_.clear();
    ASSERT_TRUE(cache_.get_or_load("k", [] { return std::nullopt; }, {.negative_ttl = 10ms}).missing());
    one.write(cache_);
    EXPECT_EQ(cache_.peek("k").value_or("(missing)"), one.left) << one.name;
    EXPECT_EQ(left("k"), -1) << one.name;
    advance(10ms);
    EXPECT_EQ(*cache_.get_or_load("k", never_asked), one.left) << one.name;
  }
}

// --- Loaders that misbehave ---------------------------------------------------------------------------------------------

TEST_F(SingleFlightTest, WhatALoaderThrowsIsAnErrorAndLeavesNothing) {
  const auto standard = []() -> Loaded { throw std::runtime_error("no database"); };
  const auto other = []() -> Loaded { throw 42; };
  EXPECT_EQ(cache_.get_or_load("k", standard).status().to_string(), "loader_threw: no database");
  const auto unknown = cache_.get_or_load("k", other);
  EXPECT_EQ(unknown.status().code(), ErrorCode::kLoaderThrew);
  EXPECT_NE(unknown.status().message(), "");
  EXPECT_EQ(cache_.stats().loads_in_flight, 0u);
  EXPECT_EQ(*cache_.get_or_load("k", [] { return "now"; }), "now");
  EXPECT_EQ(cache_.stats().loads_failed, 2u);

  EXPECT_EQ(cache_.get_or_load("l", standard, {.error_ttl = 10ms}).status().code(), ErrorCode::kLoaderThrew);
  EXPECT_EQ(cache_.get_or_load("l", never_asked).status().to_string(), "load_failed: no database");
}

TEST_F(SingleFlightTest, AConversionThatThrowsIsTheLoadersFault) {
  struct Unwilling {
    operator std::string() const { throw std::runtime_error("no text"); }
  };
  const auto load = []() -> Loaded { return std::string(Unwilling{}); };
  EXPECT_EQ(cache_.get_or_load("k", load).status().to_string(), "loader_threw: no text");
}

TEST_F(SingleFlightTest, ALoaderThatAsksForItsOwnKeyIsRefusedAtAnyDepth) {
  for (int depth = 0; depth < 5; ++depth) {
    Lookup<std::string> innermost;
    const auto load = [&](auto&& self, int level) -> Lookup<std::string> {
      return cache_.get_or_load("k" + std::to_string(level), [&]() -> Loaded {
        if (level < depth) return self(self, level + 1);
        innermost = cache_.get_or_load("k0", never_asked);
        return "loaded";
      });
    };
    cache_.clear();
    EXPECT_EQ(*load(load, 0), "loaded");
    EXPECT_EQ(innermost.status().code(), ErrorCode::kReentrantLoad);
    for (int level = 0; level <= depth; ++level) {
      EXPECT_EQ(cache_.get("k" + std::to_string(level)).value_or(""), "loaded");
    }
    EXPECT_EQ(cache_.stats().loads_in_flight, 0u);
  }
}

TEST_F(SingleFlightTest, ALoaderMayInvalidateItsKeyAndLoadItAnew) {
  int runs = 0;
  const auto load = [&]() -> Loaded {
    if (++runs == 1) {
      cache_.invalidate("k");
      EXPECT_EQ(*cache_.get_or_load("k", [&] { return ++runs, "inner"; }), "inner");
    }
    return "outer";
  };
  EXPECT_EQ(*cache_.get_or_load("k", load), "outer");  // its caller gets what it loaded
  EXPECT_EQ(*cache_.get("k"), "inner");                // and the later load stays
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(cache_.stats().loads_discarded, 1u);
}

TEST_F(SingleFlightTest, WhatALoaderWritesUnderItsKeyWinsOverWhatItFinds) {
  const Loaded finds[] = {"loaded", Loaded(std::nullopt), Status(ErrorCode::kLoadFailed, "no")};
  for (const Loaded& found : finds) {
    cache_.clear();
    const auto load = [&]() -> Loaded {
      cache_.set("k", "written", {.ttl = 50ms});
      return found;
    };
    const auto got = cache_.get_or_load("k", load, {.ttl = 1h, .negative_ttl = 1h, .error_ttl = 1h});
    EXPECT_EQ(got.value_or("none"), found.value.value_or("none"));
    EXPECT_EQ(got.status().code(), found.error.code());
    EXPECT_EQ(*cache_.get_or_load("k", never_asked), "written");
    EXPECT_EQ(left("k"), 50);
  }
  EXPECT_EQ(cache_.stats().loads_discarded, 3u);
}

TEST_F(SingleFlightTest, ReadingItsKeyOrFailingToWriteItDoesNotDisturbALoad) {
  const auto load = [&]() -> Loaded {
    EXPECT_TRUE(cache_.get("k").missing());
    EXPECT_FALSE(*cache_.exists("k"));
    EXPECT_FALSE(*cache_.set("k", "v", {.condition = SetOptions::If::kPresent}));
    EXPECT_EQ(cache_.rename("k", "l").code(), ErrorCode::kNoSuchKey);
    EXPECT_EQ(cache_.set("k", "v", {.ttl = 0ms}).status().code(), ErrorCode::kInvalidExpireTime);
    cache_.invalidate("ke");
    cache_.invalidate_prefix("kk");
    return "loaded";
  };
  EXPECT_EQ(*cache_.get_or_load("k", load), "loaded");
  EXPECT_EQ(*cache_.get("k"), "loaded");
  EXPECT_EQ(cache_.stats().loads_discarded, 0u);
}

// --- What cannot be stored, and refusals ----------------------------------------------------------------------------------

TEST_F(SingleFlightTest, ThereMayBeNoRoomForWhatIsLoaded) {
  Cache& small = make({.value_bytes_max = 100});
  EXPECT_EQ(*small.get_or_load("k", [] { return std::string(101, 'v'); }), std::string(101, 'v'));
  EXPECT_FALSE(*small.exists("k"));
  EXPECT_EQ(*small.get_or_load("k", [] { return std::string(100, 'v'); }), std::string(100, 'v'));
  EXPECT_TRUE(*small.exists("k"));

  Cache& full = make({.max_memory = 0, .max_entries = 1, .eviction = Eviction::none()});
  full.set("full", "v");
  for (const std::size_t size : {std::size_t{5}, std::size_t{3'000}}) {
    EXPECT_EQ(*full.get_or_load("k", [&] { return binary(size); }), binary(size));
    EXPECT_TRUE(full.get_or_load("k", [] { return std::nullopt; }, {.negative_ttl = 1h}).missing());
    EXPECT_EQ(*full.dbsize(), 1u);
  }
  EXPECT_EQ(full.stats().refused_out_of_memory, 4u);
}

TEST_F(SingleFlightTest, WithoutMemoryTheCallerGetsTheValueAllTheSame) {
  support::CountingAllocator allocator;
  {
    Cache cache({.shards = 1, .clock = &clock_, .allocator = &allocator, .seed = 1});
    allocator.refuse(true);
    for (const std::size_t size : {std::size_t{5}, std::size_t{3'000}}) {
      EXPECT_EQ(*cache.get_or_load("k", [&] { return binary(size); }, {.ttl = 1h}), binary(size));
    }
    allocator.refuse(false);
    EXPECT_EQ(*cache.dbsize(), 0u);
    EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  }
  EXPECT_EQ(allocator.complaints(true), "");
}

TEST_F(SingleFlightTest, NoLoaderRunsForWhatIsRefused) {
  EXPECT_EQ(cache_.get_or_load(std::string(kKeyBytesMax + 1, 'k'), never_asked).status().code(),
            ErrorCode::kKeyTooLong);
  cache_.set("k", "v");
  cache_.close();
  EXPECT_EQ(cache_.get_or_load("k", never_asked).status().code(), ErrorCode::kClosed);
  EXPECT_EQ(cache_.get_or_load("l", never_asked).status().code(), ErrorCode::kClosed);
}

TEST_F(SingleFlightTest, ALoaderMayCloseTheCache) {
  const auto load = [&]() -> Loaded {
    cache_.close();
    EXPECT_EQ(cache_.get_or_load("l", never_asked).status().code(), ErrorCode::kClosed);
    return "loaded";
  };
  EXPECT_EQ(*cache_.get_or_load("k", load), "loaded");  // it ends in its own time
  EXPECT_EQ(cache_.get("k").status().code(), ErrorCode::kClosed);
  EXPECT_EQ(cache_.stats().loads_in_flight, 0u);
}

// --- Statistics -------------------------------------------------------------------------------------------------------------

TEST_F(SingleFlightTest, CountsWhatLoadsDo) {
  static_cast<void>(cache_.get_or_load("a", [&] { return advance(3ms), "v"; }));
  static_cast<void>(cache_.get_or_load("a", never_asked));
  static_cast<void>(cache_.get_or_load("b", [] { return std::nullopt; }));
  static_cast<void>(cache_.get_or_load("c", [&] { return advance(9ms), Status(ErrorCode::kLoadFailed, "no"); }));
  static_cast<void>(cache_.get_or_load("d", []() -> Loaded { throw 42; }));
  static_cast<void>(cache_.get_or_load("e", [&] { return cache_.set("e", "w"), "v"; }));
  static_cast<void>(cache_.get_or_load("f", [&] {
    EXPECT_EQ(cache_.stats().loads_in_flight, 1u);
    EXPECT_EQ(cache_.stats().loads, 5u);
    static_cast<void>(cache_.get_or_load("g", [&] {
      EXPECT_EQ(cache_.stats().loads_in_flight, 2u);
      return "inner";
    }));
    return "outer";
  }));
  const Stats stats = cache_.stats();
  EXPECT_EQ(stats.loads, 7u);
  EXPECT_EQ(stats.loads_failed, 2u);
  EXPECT_EQ(stats.loads_joined, 0u);
  EXPECT_EQ(stats.loads_discarded, 1u);
  EXPECT_EQ(stats.loads_in_flight, 0u);
  EXPECT_EQ(stats.hits, 1u);
  EXPECT_EQ(stats.misses, 7u);
  EXPECT_EQ(stats.entries, 4u);
  EXPECT_EQ(stats.load_latency.count, 7u);
  EXPECT_EQ(stats.load_latency.sum_us, 12'000u);
  EXPECT_EQ(stats.load_latency.max_us, 9'000u);
}

TEST_F(SingleFlightTest, SortsLatenciesByPowersOfTwo) {
  const struct {
    std::chrono::microseconds took;
    std::size_t bucket;
  } cases[] = {{0us, 0}, {1us, 1}, {2us, 2}, {3us, 2}, {4us, 3}, {1'023us, 10}, {1'024us, 11}, {1s, 20}};
  for (const auto& one : cases) {
    const auto before = cache_.stats().load_latency;
    cache_.del("k");
    static_cast<void>(cache_.get_or_load("k", [&] { return clock_.advance(one.took), "v"; }));
    const auto after = cache_.stats().load_latency;
    for (std::size_t i = 0; i < after.buckets.size(); ++i) {
      EXPECT_EQ(after.buckets[i] - before.buckets[i], i == one.bucket ? 1u : 0u) << one.took.count() << " us in " << i;
    }
  }
}

}  // namespace
}  // namespace larder::loading
