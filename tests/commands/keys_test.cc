// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/keys.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <set>
#include <stdexcept>

#include "commands/every_call.h"
#include "support/cache_fixture.h"
#include "support/counting_allocator.h"

namespace larder::commands {
namespace {

using support::binary;
using support::kKeySizes;
using support::kValueSizes;
using namespace std::chrono_literals;

class KeyCommands : public support::CacheFixture {
 protected:
  std::string value(std::string_view key) { return cache_.peek(key).value_or("(missing)"); }
  std::int64_t left(std::string_view key) { return left(cache_, key); }
  static std::int64_t left(Cache& cache, std::string_view key) {
    const auto ttl = cache.ttl(key);
    return ttl && ttl->left ? ttl->left->count() : -1;
  }
  UnixTime in(Milliseconds from_now) { return UnixTime(clock_.unix_time() + from_now); }
};

TEST(Names, EachTypeAndCauseHasItsOwn) {
  EXPECT_EQ(to_string(ValueType::kNone), "none");
  EXPECT_EQ(to_string(ValueType::kString), "string");
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kRemovalCauses; ++i) names.insert(to_string(static_cast<RemovalCause>(i)));
  EXPECT_EQ(names.size(), kRemovalCauses);
  EXPECT_EQ(to_string(RemovalCause::kDeleted), "deleted");
  EXPECT_EQ(to_string(RemovalCause::kCleared), "cleared");
  EXPECT_EQ(to_string(static_cast<RemovalCause>(kRemovalCauses)), "unknown");
}

// --- There or not -----------------------------------------------------------------------------------------------------

TEST_F(KeyCommands, DelCountsWhatWasThere) {
  cache_.set("a", "1");
  cache_.set("b", binary(2'000));
  cache_.set("expired", "3", {.ttl = 10ms});
  advance(10ms);
  const std::string_view keys[] = {"a", "missing", "b", "a", "expired"};
  EXPECT_EQ(*cache_.exists(keys), 3u);  // a twice
  EXPECT_EQ(*cache_.touch(keys), 3u);
  EXPECT_EQ(*cache_.del(keys), 2u);
  EXPECT_EQ(*cache_.exists(keys), 0u);
  EXPECT_FALSE(*cache_.del("a"));
  EXPECT_EQ(*cache_.del(std::span<const std::string_view>()), 0u);
}

TEST_F(KeyCommands, AKeyThatIsTooLongIsRefusedBeforeTheOthersAreDeleted) {
  cache_.set("a", "1");
  const std::string long_key(kKeyBytesMax + 1, 'k');
  EXPECT_EQ(cache_.del({"a", long_key}).status().code(), ErrorCode::kKeyTooLong);
  EXPECT_EQ(value("a"), "1");
}

TEST_F(KeyCommands, TypeIsStringOrNone) {
  cache_.set("k", "", {.ttl = 10ms});
  EXPECT_EQ(*cache_.type("k"), ValueType::kString);
  EXPECT_EQ(*cache_.type("missing"), ValueType::kNone);
  advance(10ms);
  EXPECT_EQ(*cache_.type("k"), ValueType::kNone);
}

TEST_F(KeyCommands, OnlyTouchMarksUse) {
  for (const bool touched : {true, false}) {
    Cache& two = make({.max_memory = 0, .max_entries = 2, .eviction = Eviction::lru(), .shards = 1});
    two.set("a", "1");
    two.set("b", "2");
    const std::string_view keys[] = {"a"};
    if (touched) {
      EXPECT_EQ(*two.touch(keys), 1u);
    } else {
      EXPECT_EQ(*two.exists(keys), 1u);
      EXPECT_TRUE(*two.exists("a"));
      EXPECT_EQ(*two.type("a"), ValueType::kString);
      EXPECT_TRUE(two.ttl("a").has_value());
      EXPECT_TRUE(two.expire_time("a").has_value());
    }
    two.set("c", "3");
    EXPECT_EQ(*two.exists("a"), touched);
  }
}

// --- When it ends -------------------------------------------------------------------------------------------------------

TEST_F(KeyCommands, ExpireActsOnlyIfItsConditionHolds) {
  using enum ExpireIf;
  const struct {
    ExpireIf when;
    std::optional<Milliseconds> now_ends;
    Milliseconds would_end;
    bool acts;
  } cases[] = {{kAlways, {}, 100ms, true},
               {kAlways, 100ms, 50ms, true},
               {kHasNone, {}, 100ms, true},
               {kHasNone, 100ms, 50ms, false},
               {kHasOne, {}, 100ms, false},
               {kHasOne, 100ms, 50ms, true},
               {kGreater, {}, 100ms, false},
               {kGreater, 100ms, 50ms, false},
               {kGreater, 100ms, 100ms, false},
               {kGreater, 100ms, 101ms, true},
               {kLess, {}, 100ms, true},
               {kLess, 100ms, 50ms, true},
               {kLess, 100ms, 100ms, false},
               {kLess, 100ms, 101ms, false},
               {kAlways, {}, 0ms, true},
               {kHasNone, 100ms, -1ms, false},
               {kGreater, 100ms, 0ms, false},
               {kLess, {}, -5ms, true},
               {kHasOneAndLess, {}, 100ms, false},
               {kHasOneAndLess, 100ms, 50ms, true},
               {kHasOneAndLess, 100ms, 101ms, false}};
  for (const auto& one : cases) {
    for (const bool absolute : {false, true}) {
      cache_.set("k", "v", {.ttl = one.now_ends});
      const auto acted =
          absolute ? cache_.expire_at("k", in(one.would_end), one.when) : cache_.expire("k", one.would_end, one.when);
      EXPECT_EQ(*acted, one.acts);
      EXPECT_EQ(*cache_.exists("k"), !one.acts || one.would_end > 0ms);
      if (*cache_.exists("k")) {
        EXPECT_EQ(left("k"), one.acts ? one.would_end.count() : one.now_ends ? one.now_ends->count() : -1);
      }
      EXPECT_FALSE(*cache_.expire("missing", one.would_end, one.when));
    }
  }
  EXPECT_FALSE(*cache_.exists("missing"));
}

TEST_F(KeyCommands, TheLastMillisecondIsThere) {
  for (const std::size_t size : kValueSizes) {
    cache_.set("k", binary(size));
    EXPECT_EQ(left("k"), -1);
    EXPECT_EQ(*cache_.expire_time("k"), std::nullopt);
    ASSERT_TRUE(*cache_.expire("k", 100ms));
    EXPECT_EQ(*cache_.expire_time("k"), in(100ms));
    advance(99ms);
    EXPECT_EQ(left("k"), 1);
    EXPECT_EQ(value("k"), binary(size));
    advance(1ms);
    EXPECT_TRUE(cache_.ttl("k").missing());
    EXPECT_TRUE(cache_.expire_time("k").missing());
    EXPECT_FALSE(*cache_.persist("k"));
    EXPECT_FALSE(*cache_.expire("k", 1h));
  }
}

TEST_F(KeyCommands, PersistTakesTheEndAway) {
  for (const std::size_t size : kValueSizes) {
    cache_.set("k", binary(size), {.ttl = 10ms});
    EXPECT_TRUE(*cache_.persist("k"));
    EXPECT_FALSE(*cache_.persist("k"));
    advance(1h);
    EXPECT_EQ(value("k"), binary(size));
  }
  EXPECT_FALSE(*cache_.persist("missing"));
}

TEST_F(KeyCommands, EndsBeyondTheRangeAreRefused) {
  constexpr Milliseconds kLast(std::int64_t{1} << 47);
  cache_.set("k", "v");
  for (const Milliseconds ttl : {kLast + 1ms, Milliseconds::max(), -kLast - 1ms, Milliseconds::min()}) {
    EXPECT_EQ(cache_.expire("k", ttl).status().code(), ErrorCode::kInvalidExpireTime) << ttl.count();
    EXPECT_EQ(cache_.expire("missing", ttl).status().code(), ErrorCode::kInvalidExpireTime) << ttl.count();
  }
  EXPECT_EQ(cache_.expire_at("k", in(kLast + 1ms)).status().code(), ErrorCode::kInvalidExpireTime);
  EXPECT_EQ(cache_.expire_at("k", UnixTime::max()).status().code(), ErrorCode::kInvalidExpireTime);
  EXPECT_EQ(left("k"), -1);
  EXPECT_TRUE(*cache_.expire("k", kLast));
  EXPECT_EQ(left("k"), kLast.count());
  EXPECT_TRUE(*cache_.expire_at("k", in(kLast)));
  EXPECT_EQ(left("k"), kLast.count());
  EXPECT_TRUE(*cache_.expire_at("k", std::chrono::sys_time<std::chrono::nanoseconds>(in(1s) + 999us)));
  EXPECT_EQ(left("k"), 1'000);
  EXPECT_TRUE(*cache_.expire_at("k", UnixTime::min()));
  EXPECT_FALSE(*cache_.exists("k"));
}

TEST_F(KeyCommands, JitterIsForWritesAlone) {
  Cache& jittery = make({.expiry = {.ttl_jitter = 1.0}});
  jittery.set("k", "v");
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(*jittery.expire("k", 1'000ms));
    ASSERT_EQ(jittery.ttl("k")->left, 1'000ms);
    ASSERT_TRUE(*jittery.expire_at("k", in(2'000ms)));
    ASSERT_EQ(jittery.ttl("k")->left, 2'000ms);
  }
}

// --- Another name -------------------------------------------------------------------------------------------------------

TEST_F(KeyCommands, RenameAndCopyCarryAnyValueAndItsEnd) {
  for (const std::size_t size : kValueSizes) {
    for (const std::size_t over : {std::size_t{0}, std::size_t{3}, std::size_t{3'000}}) {
      for (const auto ttl : {std::optional<Milliseconds>(), std::optional<Milliseconds>(50ms)}) {
        const auto prepare = [&] {
          cache_.set("from", binary(size), {.ttl = ttl});
          cache_.set("to", binary(over, 9), {.ttl = 70ms});
        };
        const std::int64_t expected = ttl ? ttl->count() : -1;
        prepare();
        EXPECT_FALSE(*cache_.rename_nx("from", "to"));
        EXPECT_FALSE(*cache_.copy("from", "to"));
        EXPECT_EQ(value("to"), binary(over, 9));
        EXPECT_TRUE(*cache_.copy("from", "to", true));
        EXPECT_EQ(value("to"), binary(size));
        EXPECT_EQ(left("to"), expected);
        EXPECT_EQ(value("from"), binary(size));
        prepare();
        EXPECT_TRUE(cache_.rename("from", "to").ok());
        EXPECT_EQ(value("to"), binary(size));
        EXPECT_EQ(left("to"), expected);
        EXPECT_TRUE(*cache_.rename_nx("to", "from"));
        EXPECT_EQ(value("from"), binary(size));
        EXPECT_EQ(left("from"), expected);
        EXPECT_EQ(*cache_.dbsize(), 1u);
        EXPECT_TRUE(*cache_.copy("from", "to"));
        EXPECT_EQ(left("to"), expected);
      }
    }
  }
}

TEST_F(KeyCommands, ACopyIsAValueOfItsOwn) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{3'000}}) {
    void (*const edits[])(Cache&, std::string_view) = {
        [](Cache& cache, std::string_view key) { cache.append(key, "more"); },
        [](Cache& cache, std::string_view key) { cache.set_range(key, 2, "XYZ"); },
        [](Cache& cache, std::string_view key) { cache.set_bit(key, 1, true); },
        [](Cache& cache, std::string_view key) { cache.expire(key, 5ms); },
        [](Cache& cache, std::string_view key) { cache.del(key); },
    };
    for (const auto edit : edits) {
      for (const auto& [edited, other] : {std::pair("from", "to"), std::pair("to", "from")}) {
        cache_.set("from", binary(size));
        ASSERT_TRUE(*cache_.copy("from", "to", true));
        edit(cache_, edited);
        EXPECT_EQ(value(other), binary(size));
        EXPECT_EQ(left(other), -1);
      }
    }
  }
}

TEST_F(KeyCommands, KeysOfAnyLengthTakeEachOthersPlace) {
  for (const std::size_t from : kKeySizes) {
    for (const std::size_t to : kKeySizes) {
      if (from == to) continue;
      cache_.clear();
      cache_.set(binary(from), "v");
      ASSERT_TRUE(cache_.rename(binary(from), binary(to)).ok());
      EXPECT_EQ(value(binary(to)), "v");
      EXPECT_EQ(*cache_.dbsize(), 1u);
    }
  }
}

TEST_F(KeyCommands, ASourceMustBeThere) {
  cache_.set("to", "v");
  cache_.set("expired", "x", {.ttl = 10ms});
  advance(10ms);
  for (const std::string_view from : {"missing", "expired"}) {
    for (const std::string_view to : {"to", "new", "missing"}) {
      EXPECT_EQ(cache_.rename(from, to).code(), ErrorCode::kNoSuchKey);
      EXPECT_EQ(cache_.rename_nx(from, to).status().code(), ErrorCode::kNoSuchKey);
      EXPECT_FALSE(cache_.copy(from, to, true).value_or(false));
    }
  }
  EXPECT_EQ(cache_.copy("to", "to").status().code(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(cache_.rename("to", "to").ok());
  EXPECT_FALSE(*cache_.rename_nx("to", "to"));
  EXPECT_EQ(value("to"), "v");
  EXPECT_EQ(*cache_.dbsize(), 1u);
}

// --- Limits -------------------------------------------------------------------------------------------------------------

TEST_F(KeyCommands, OnePastTheLongestKeyIsRefusedAndNothingAfterClose) {
  const Call calls[] = {
      {"del", [](Cache& cache, std::string_view key) { return code_of(cache.del(key)); }},
      {"del of many", [](Cache& cache, std::string_view key) { return code_of(cache.del(std::span(&key, 1))); }},
      {"exists", [](Cache& cache, std::string_view key) { return code_of(cache.exists(key)); }},
      {"exists of many", [](Cache& cache, std::string_view key) { return code_of(cache.exists(std::span(&key, 1))); }},
      {"touch", [](Cache& cache, std::string_view key) { return code_of(cache.touch(std::span(&key, 1))); }},
      {"type", [](Cache& cache, std::string_view key) { return code_of(cache.type(key)); }},
      {"expire", [](Cache& cache, std::string_view key) { return code_of(cache.expire(key, 1ms)); }},
      {"expire_at", [](Cache& cache, std::string_view key) { return code_of(cache.expire_at(key, UnixTime(1ms))); }},
      {"persist", [](Cache& cache, std::string_view key) { return code_of(cache.persist(key)); }},
      {"ttl", [](Cache& cache, std::string_view key) { return code_of(cache.ttl(key)); }},
      {"expire_time", [](Cache& cache, std::string_view key) { return code_of(cache.expire_time(key)); }},
      {"copy from it", [](Cache& cache, std::string_view key) { return code_of(cache.copy(key, "to")); }},
      {"copy to it", [](Cache& cache, std::string_view key) { return code_of(cache.copy("from", key)); }},
      {"invalidate", [](Cache& cache, std::string_view key) { return code_of(cache.invalidate(key)); }},
  };
  const Call renames[] = {
      {"rename from it", [](Cache& cache, std::string_view key) { return code_of(cache.rename(key, "to")); }},
      {"rename to it", [](Cache& cache, std::string_view key) { return code_of(cache.rename("k", key)); }},
      {"rename_nx from it", [](Cache& cache, std::string_view key) { return code_of(cache.rename_nx(key, "to")); }},
      {"rename_nx to it", [](Cache& cache, std::string_view key) { return code_of(cache.rename_nx("k", key)); }},
  };
  expect_key_limit(cache_, calls);
  expect_closed(make({}), calls);
  cache_.set("k", "v");
  for (const Call& call : renames) {
    EXPECT_EQ(call.run(cache_, std::string(kKeyBytesMax + 1, 'k')), ErrorCode::kKeyTooLong) << call.name;
  }
  EXPECT_EQ(value("k"), "v");
  expect_closed(make({}), renames);
}

TEST_F(KeyCommands, ACopyNeedsRoomAndARenameDoesNot) {
  Cache& full = make(one_entry());
  full.set("k", "v");
  EXPECT_EQ(full.copy("k", "new").status().code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(*full.dbsize(), 1u);
  EXPECT_TRUE(full.rename("k", "new").ok());
  EXPECT_TRUE(*full.rename_nx("new", "newer"));
  EXPECT_EQ(*full.get("newer"), "v");
}

TEST_F(KeyCommands, WithoutMemoryNothingChanges) {
  for (const std::size_t size : {std::size_t{5}, std::size_t{3'000}}) {
    support::CountingAllocator allocator;
    {
      Cache cache({.shards = 1, .clock = &clock_, .allocator = &allocator, .seed = 1});
      cache.set("k", binary(size));
      allocator.refuse(true);
      EXPECT_EQ(cache.expire("k", 10ms).status().code(), ErrorCode::kOutOfMemory);
      EXPECT_EQ(cache.rename("k", "l").code(), ErrorCode::kOutOfMemory);
      EXPECT_EQ(cache.rename_nx("k", "l").status().code(), ErrorCode::kOutOfMemory);
      EXPECT_EQ(cache.copy("k", "l").status().code(), ErrorCode::kOutOfMemory);
      allocator.refuse(false);
      EXPECT_EQ(cache.get("k").value_or("(missing)"), binary(size));
      EXPECT_EQ(left(cache, "k"), -1);
      EXPECT_EQ(*cache.dbsize(), 1u);
      EXPECT_EQ(cache.check_invariants().to_string(), "ok");
    }
    EXPECT_EQ(allocator.complaints(true), "");
  }
}

// --- Told of removals -----------------------------------------------------------------------------------------------------

class Removals : public support::CacheFixture {
 protected:
  // What was told since the last call.
  std::string told() { return std::exchange(told_, ""); }

  std::string told_;
  Cache& listened_ = make({.on_removal = [this](std::string_view key, std::string_view value, RemovalCause cause) {
    told_ += std::string(key) + "=" + std::string(value.substr(0, 8)) + " " + std::string(to_string(cause)) + "; ";
  }});
};

TEST_F(Removals, SayWhatLeftAndWhy) {
  const struct {
    const char* name;
    void (*run)(Cache& cache);
    const char* told;
  } cases[] = {
      {"del", [](Cache& cache) { cache.del("k"); }, "k=v deleted; "},
      {"get_del", [](Cache& cache) { static_cast<void>(cache.get_del("k")); }, "k=v deleted; "},
      {"set", [](Cache& cache) { cache.set("k", "w"); }, "k=v replaced; "},
      {"set of a large value", [](Cache& cache) { cache.set("k", std::string(2'000, 'w')); }, "k=v replaced; "},
      {"mset",
       [](Cache& cache) {
         const KeyValue pair[] = {{"k", "w"}};
         cache.mset(pair);
       },
       "k=v replaced; "},
      {"expire", [](Cache& cache) { cache.expire("k", 0ms); }, "k=v deleted; "},
      {"expire later", [](Cache& cache) { cache.expire("k", 1ms); }, ""},
      {"rename", [](Cache& cache) { cache.rename("k", "l"); }, "k=v deleted; "},
      {"rename over it", [](Cache& cache) { cache.rename("other", "k"); }, "k=v replaced; other=o deleted; "},
      {"copy over it", [](Cache& cache) { cache.copy("other", "k", true); }, "k=v replaced; "},
      {"append", [](Cache& cache) { cache.append("k", std::string(2'000, 'w')); }, ""},
      {"invalidate", [](Cache& cache) { cache.invalidate("k"); }, "k=v invalidated; "},
      {"invalidate_prefix", [](Cache& cache) { cache.invalidate_prefix("k"); }, "k=v invalidated; "},
      {"set refused", [](Cache& cache) { cache.set("k", "w", {.condition = SetOptions::If::kAbsent}); }, ""},
  };
  for (const auto& one : cases) {
    listened_.clear();
    listened_.set("k", "v");
    listened_.set("other", "o");
    told_.clear();
    one.run(listened_);
    std::string text = told();
    if (text == "other=o deleted; k=v replaced; ") text = "k=v replaced; other=o deleted; ";  // in any order
    EXPECT_EQ(text, one.told) << one.name;
  }
}

TEST_F(Removals, AnExpiredEntryLeavesAsExpiredWhoeverFindsIt) {
  void (*const finders[])(Cache&) = {[](Cache& cache) { static_cast<void>(cache.get("k")); },
                                     [](Cache& cache) { cache.set("k", "w"); },
                                     [](Cache& cache) { cache.del("k"); },
                                     [](Cache& cache) { cache.invalidate("k"); },
                                     [](Cache& cache) { cache.invalidate_prefix("k"); },
                                     [](Cache& cache) { cache.clear(); },
                                     [](Cache& cache) { cache.rename("k", "l"); },
                                     [](Cache& cache) { cache.tick(); },
                                     [](Cache& cache) { cache.dbsize(); },
                                     [](Cache& cache) { cache.close(); }};
  for (const auto find : finders) {
    Cache& cache = make({.on_removal = [this](std::string_view key, std::string_view, RemovalCause cause) {
      told_ += std::string(key) + " " + std::string(to_string(cause)) + "; ";
    }});
    cache.set("k", "v", {.ttl = 10ms});
    advance(10ms);
    find(cache);
    EXPECT_EQ(told(), "k expired; ");
  }
}

TEST_F(Removals, AListenerMayCallTheCacheAndThrow) {
  Cache* self = nullptr;
  Cache& cache = make({.on_removal = [&](std::string_view key, std::string_view value, RemovalCause) {
    if (key != "k") return;
    self->set("last", value);
    throw std::runtime_error("not interested");
  }});
  self = &cache;
  for (int i = 1; i <= 3; ++i) {
    cache.set("k", std::to_string(i));
    EXPECT_TRUE(*cache.del("k"));
    EXPECT_EQ(*cache.get("last"), std::to_string(i));
    EXPECT_EQ(cache.stats().listener_failures, static_cast<std::uint64_t>(i));
  }
}

}  // namespace
}  // namespace larder::commands
