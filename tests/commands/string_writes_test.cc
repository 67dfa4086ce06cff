// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>
#include <optional>

#include "commands/every_call.h"
#include "larder/strings.h"
#include "support/cache_fixture.h"
#include "support/depth.h"

namespace larder::commands {
namespace {

using support::binary;
using support::kKeySizes;
using support::kValueSizes;
using If = SetOptions::If;
using namespace std::chrono_literals;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

class StringWrites : public support::CacheFixture {
 protected:
  std::string value(std::string_view key) { return cache_.peek(key).value_or("(missing)"); }
  std::int64_t left(std::string_view key) {
    const auto ttl = cache_.ttl(key);
    return ttl && ttl->left ? ttl->left->count() : -1;
  }
};

// Each way to give a key a whole value.
const struct Writer {
  const char* name;
  bool (*write)(Cache& cache, std::string_view key, std::string_view value);
} kWriters[] = {
    {"set", [](Cache& cache, std::string_view key, std::string_view value) { return cache.set(key, value).ok(); }},
    {"set with a ttl", [](Cache& cache, std::string_view key,
                          std::string_view value) { return cache.set(key, value, {.ttl = 1h}).ok(); }},
    {"set_and_get",
     [](Cache& cache, std::string_view key, std::string_view value) { return cache.set_and_get(key, value).ok(); }},
    {"get_set", [](Cache& cache, std::string_view key,
                   std::string_view value) { return cache.get_set(key, value).status().ok(); }},
    {"mset",
     [](Cache& cache, std::string_view key, std::string_view value) {
       const KeyValue pair[] = {{key, value}};
       return cache.mset(pair).ok();
     }},
    {"compare_and_set",
     [](Cache& cache, std::string_view key, std::string_view value) {
       return cache.compare_and_set(key, cache.get_versioned(key)->version, value).ok();
     }},
    {"append to nothing",
     [](Cache& cache, std::string_view key, std::string_view value) {
       cache.del(key);
       return cache.append(key, value).value_or(0) == value.size();
     }},
};

TEST_F(StringWrites, AnySizeMayFollowAnyOther) {
  for (const Writer& writer : kWriters) {
    for (const std::size_t before : kValueSizes) {
      for (const std::size_t after : kValueSizes) {
        ASSERT_TRUE(writer.write(cache_, "k", binary(before, 1))) << writer.name;
        ASSERT_TRUE(writer.write(cache_, "k", binary(after, 2))) << writer.name;
        ASSERT_EQ(value("k"), binary(after, 2)) << writer.name << ": " << after << " bytes after " << before;
      }
    }
  }
}

TEST_F(StringWrites, AnyBytesAreAKey) {
  for (const Writer& writer : kWriters) {
    for (const std::size_t size : kKeySizes) ASSERT_TRUE(writer.write(cache_, binary(size), std::to_string(size)));
    for (const std::size_t size : kKeySizes) EXPECT_EQ(value(binary(size)), std::to_string(size)) << writer.name;
    EXPECT_EQ(*cache_.dbsize(), std::size(kKeySizes));
  }
}

// --- SET and its kin --------------------------------------------------------------------------------------------------

TEST_F(StringWrites, ConditionsDecideWhetherItIsStored) {
  for (const bool present : {false, true}) {
    for (const If condition : {If::kAlways, If::kAbsent, If::kPresent}) {
      const bool stores = condition == If::kAlways || (condition == If::kPresent) == present;
      const SetOptions options{.ttl = 20ms, .condition = condition};
      const auto prepare = [&] {
        cache_.clear();
        if (present) cache_.set("k", "old", {.ttl = 50ms});
      };
      prepare();
      EXPECT_EQ(*cache_.set("k", "new", options), stores);
      EXPECT_EQ(value("k"), stores ? "new" : present ? "old" : "(missing)");
      EXPECT_EQ(left("k"), stores ? 20 : present ? 50 : -1);
      prepare();
      const auto answer = cache_.set_and_get("k", "new", options);
      EXPECT_EQ(answer->stored, stores);
      EXPECT_EQ(answer->previous, present ? std::optional<std::string>("old") : std::nullopt);
      EXPECT_EQ(value("k"), stores ? "new" : present ? "old" : "(missing)");
    }
  }
}

TEST_F(StringWrites, TheEndOfAKeyIsWhatTheOptionsSay) {
  const UnixTime later(clock_.unix_time() + 70ms);
  const struct {
    SetOptions options;
    std::int64_t left_without, left_with;  // a time to live of 50 ms before
  } cases[] = {{{}, -1, -1}, {{.ttl = 20ms}, 20, 20}, {{.expires_at = later}, 70, 70}, {{.keep_ttl = true}, -1, 50}};
  for (const auto& one : cases) {
    for (const std::size_t size : {std::size_t{3}, std::size_t{3'000}}) {
      for (const bool had_one : {false, true}) {
        const SetOptions before{.ttl = had_one ? std::optional<Milliseconds>(50ms) : std::nullopt};
        ASSERT_TRUE(cache_.set("k", "old", before).ok());
        ASSERT_TRUE(*cache_.set("k", binary(size), one.options));
        EXPECT_EQ(left("k"), had_one ? one.left_with : one.left_without);
      }
    }
  }
}

TEST_F(StringWrites, OptionsThatAreRefusedChangeNothing) {
  const UnixTime later(clock_.unix_time() + 1h);
  const struct {
    SetOptions options;
    ErrorCode code;
  } cases[] = {{{.ttl = 1ms, .expires_at = later}, ErrorCode::kInvalidArgument},
               {{.ttl = 1ms, .keep_ttl = true}, ErrorCode::kInvalidArgument},
               {{.expires_at = later, .keep_ttl = true}, ErrorCode::kInvalidArgument},
               {{.ttl = 0ms}, ErrorCode::kInvalidExpireTime},
               {{.ttl = -1ms}, ErrorCode::kInvalidExpireTime},
               {{.ttl = Milliseconds::max()}, ErrorCode::kInvalidExpireTime},
               {{.expires_at = UnixTime::max()}, ErrorCode::kInvalidExpireTime}};
  cache_.set("k", "old", {.ttl = 50ms});
  const Version version = cache_.get_versioned("k")->version;
  for (const auto& one : cases) {
    EXPECT_EQ(cache_.set("k", "new", one.options).status().code(), one.code);
    EXPECT_EQ(cache_.set_and_get("k", "new", one.options).status().code(), one.code);
    EXPECT_EQ(cache_.compare_and_set("k", version, "new", one.options).status().code(), one.code);
    if (one.options.keep_ttl) continue;
    const GetExOptions get_ex{.ttl = one.options.ttl, .expires_at = one.options.expires_at};
    EXPECT_EQ(cache_.get_ex("k", get_ex).status().code(), one.code);
  }
  EXPECT_EQ(cache_.get_ex("k", {.ttl = 1ms, .persist = true}).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(cache_.get_ex("k", {.expires_at = later, .persist = true}).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(value("k"), "old");
  EXPECT_EQ(left("k"), 50);
  EXPECT_EQ(cache_.get_versioned("k")->version.number, version.number);
}

TEST_F(StringWrites, AnEndInThePastDeletes) {
  const UnixTime past(clock_.unix_time() - 1ms);
  for (const std::size_t size : {std::size_t{3}, std::size_t{3'000}}) {
    cache_.set("k", "old");
    EXPECT_TRUE(*cache_.set("k", binary(size), {.expires_at = past}));
    EXPECT_FALSE(*cache_.exists("k"));
    EXPECT_TRUE(*cache_.set("k", binary(size), {.expires_at = past}));
    EXPECT_FALSE(*cache_.exists("k"));
    cache_.set("k", binary(size));
    EXPECT_EQ(*cache_.get_ex("k", {.expires_at = past}), binary(size));
    EXPECT_FALSE(*cache_.exists("k"));
  }
  EXPECT_EQ(cache_.stats().removed(RemovalCause::kDeleted), 4u);
}

TEST_F(StringWrites, TheValueBeforeIsAnsweredWhateverItsSize) {
  EXPECT_TRUE(cache_.get_set("k", "first").missing());
  EXPECT_EQ(cache_.set_and_get("l", "first")->previous, std::nullopt);
  EXPECT_TRUE(cache_.get_del("missing").missing());
  EXPECT_TRUE(cache_.get_ex("missing", {.ttl = 1ms}).missing());
  for (const std::size_t size : kValueSizes) {
    cache_.set("k", binary(size), {.ttl = 50ms});
    EXPECT_EQ(*cache_.get_ex("k", {}), binary(size));
    EXPECT_EQ(left("k"), 50);
    EXPECT_EQ(*cache_.get_ex("k", {.ttl = 30ms}), binary(size));
    EXPECT_EQ(left("k"), 30);
    EXPECT_EQ(*cache_.get_ex("k", {.persist = true}), binary(size));
    EXPECT_EQ(left("k"), -1);
    EXPECT_EQ(*cache_.get_ex("k", {.ttl = 40ms}), binary(size));  // which it had no room for
    EXPECT_EQ(*cache_.get_set("k", "other"), binary(size));
    EXPECT_EQ(left("k"), -1);
    cache_.set("k", binary(size));
    EXPECT_EQ(cache_.set_and_get("k", "other")->previous, binary(size));
    cache_.set("k", binary(size));
    EXPECT_EQ(*cache_.get_del("k"), binary(size));
    EXPECT_FALSE(*cache_.exists("k"));
  }
}

// --- Limits -----------------------------------------------------------------------------------------------------------

const Call kWrites[] = {
    {"set", [](Cache& cache, std::string_view key) { return code_of(cache.set(key, "v")); }},
    {"set with a ttl", [](Cache& cache, std::string_view key) { return code_of(cache.set(key, "v", {.ttl = 1h})); }},
    {"set if absent",
     [](Cache& cache, std::string_view key) { return code_of(cache.set(key, "v", {.condition = If::kAbsent})); }},
    {"set of a large value",
     [](Cache& cache, std::string_view key) { return code_of(cache.set(key, std::string(2'000, 'v'))); }},
    {"set_and_get", [](Cache& cache, std::string_view key) { return code_of(cache.set_and_get(key, "v")); }},
    {"get_set", [](Cache& cache, std::string_view key) { return code_of(cache.get_set(key, "v")); }},
    {"mset",
     [](Cache& cache, std::string_view key) {
       const KeyValue pairs[] = {{key, "v"}};
       return code_of(cache.mset(pairs));
     }},
    {"mset of a large value",
     [](Cache& cache, std::string_view key) {
       const std::string value(2'000, 'v');
       const KeyValue pairs[] = {{key, value}};
       return code_of(cache.mset(pairs));
     }},
    {"mset_nx",
     [](Cache& cache, std::string_view key) {
       const KeyValue pairs[] = {{key, "v"}};
       return code_of(cache.mset_nx(pairs));
     }},
    {"append", [](Cache& cache, std::string_view key) { return code_of(cache.append(key, "7")); }},
    {"append of much",
     [](Cache& cache, std::string_view key) { return code_of(cache.append(key, std::string(2'000, 'v'))); }},
    {"set_range",
     [](Cache& cache, std::string_view key) {
       cache.del(key);
       return code_of(cache.set_range(key, 3, "v"));
     }},
    {"set_range far away",
     [](Cache& cache, std::string_view key) {
       const ErrorCode code = code_of(cache.set_range(key, 3'000, "v"));
       if (code == ErrorCode::kOk) cache.del(key);
       return code;
     }},
    {"incr", [](Cache& cache, std::string_view key) { return code_of(cache.incr(key)); }},
    {"decr_by", [](Cache& cache, std::string_view key) { return code_of(cache.decr_by(key, 3)); }},
    {"incr_by_float", [](Cache& cache, std::string_view key) { return code_of(cache.incr_by_float(key, 0.5L)); }},
    {"compare_and_set",
     [](Cache& cache, std::string_view key) {
       const auto read = cache.get_versioned(key);
       return read ? code_of(cache.compare_and_set(key, read->version, "v")) : code_of(read);
     }},
};

TEST_F(StringWrites, OnePastTheLongestKeyIsRefusedAndNothingAfterClose) {
  const Call others[] = {
      {"get_del", [](Cache& cache, std::string_view key) { return code_of(cache.get_del(key)); }},
      {"get_ex", [](Cache& cache, std::string_view key) { return code_of(cache.get_ex(key, {.ttl = 1ms})); }},
  };
  expect_key_limit(cache_, kWrites);
  expect_key_limit(cache_, others);
  expect_closed(make({}), kWrites);
  expect_closed(make({}), others);
}

TEST_F(StringWrites, WithoutRoomNothingIsStored) {
  expect_no_room(make(one_entry()), kWrites);
  expect_no_memory(kWrites);
}

TEST_F(StringWrites, InAFullCacheWhatIsThereMayStillChange) {
  Cache& full = make(one_entry());
  full.set("k", "1");
  EXPECT_EQ(*full.incr("k"), 2);
  EXPECT_EQ(*full.append("k", std::string(2'000, 'x')), 2'001u);
  EXPECT_TRUE(*full.set("k", "3"));
  const KeyValue both[] = {{"k", "4"}, {"other", "5"}};
  EXPECT_EQ(full.mset(both).code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(*full.get("k"), "3");
}

TEST_F(StringWrites, AValueAboveTheBoundIsRefusedAndChangesNothing) {
  Cache& small = make({.value_bytes_max = 2'000});
  Cache& eighth = make({.max_memory = 128_KiB, .shards = 1});
  for (const auto& [cache, most] : {std::pair(&small, std::size_t{2'000}), std::pair(&eighth, std::size_t{16'384})}) {
    const std::string fits(most, 'f');
    const std::string large = fits + "x";
    ASSERT_TRUE(cache->set("k", fits).ok());
    const Version version = cache->get_versioned("k")->version;
    const KeyValue pair[] = {{"k", large}};
    const Status refusals[] = {cache->set("k", large).status(),
                               cache->set("new", large, {.ttl = 1ms}).status(),
                               cache->set_and_get("k", large).status(),
                               cache->get_set("k", large).status(),
                               cache->mset(pair),
                               cache->mset_nx(pair).status(),
                               cache->append("k", "x").status(),
                               cache->append("new", large).status(),
                               cache->set_range("k", most, "x").status(),
                               cache->set_range("new", most, "x").status(),
                               cache->compare_and_set("k", version, large).status()};
    for (const Status& status : refusals) EXPECT_EQ(status.code(), ErrorCode::kValueTooLarge) << status.to_string();
    EXPECT_EQ(*cache->get("k"), fits);
    EXPECT_EQ(*cache->dbsize(), 1u);
    EXPECT_EQ(*cache->set_range("k", most - 1, "x"), most);
    EXPECT_EQ(cache->stats().removed(RemovalCause::kEvicted), 0u);
  }
}

TEST_F(StringWrites, NoStringIsLongerThanTheAbsoluteLimit) {
  Cache& unbounded = make({.max_memory = 0});
  unbounded.set("k", "v");
  for (const std::uint64_t offset : {kValueBytesMax, kValueBytesMax + 1, ~std::uint64_t{0}}) {
    EXPECT_EQ(unbounded.set_range("k", offset, "x").status().code(), ErrorCode::kValueTooLarge) << offset;
    EXPECT_EQ(*unbounded.set_range("k", offset, ""), 1u);
  }
  EXPECT_EQ(*unbounded.get("k"), "v");
}

// --- Parts --------------------------------------------------------------------------------------------------------------

TEST_F(StringWrites, AppendGrowsByteByByteAcrossTheBoundary) {
  cache_.set("k", "", {.ttl = 50ms});
  std::string expected;
  for (unsigned i = 0; i < 1'100; ++i) {
    const std::string byte = binary(1, i);
    expected += byte;
    ASSERT_EQ(*cache_.append("k", byte), expected.size());
    ASSERT_EQ(value("k"), expected);
  }
  EXPECT_EQ(left("k"), 50);
  EXPECT_EQ(*cache_.append("k", ""), 1'100u);
  EXPECT_EQ(*cache_.append("k", binary(70'000)), 71'100u);
  EXPECT_EQ(value("k"), expected + binary(70'000));
}

TEST_F(StringWrites, SetRangeOverwritesAndPads) {
  for (const std::size_t size : kValueSizes) {
    for (const std::size_t offset : {0u, 1u, 1'000u, 1'024u, 1'030u, 20'000u}) {
      for (const std::size_t bytes : {1u, 30u, 20'000u}) {
        const std::string before = binary(size, 1);
        const std::string patch = binary(bytes, 2);
        std::string expected = before;
        expected.resize(std::max(size, offset + bytes), '\0');
        expected.replace(offset, bytes, patch);
        size == 0 ? void(cache_.del("k")) : void(cache_.set("k", before));
        ASSERT_EQ(*cache_.set_range("k", offset, patch), expected.size());
        ASSERT_EQ(value("k"), expected) << bytes << " at " << offset << " of " << size;
      }
    }
  }
}

// --- Counting -----------------------------------------------------------------------------------------------------------

TEST_F(StringWrites, CountsUpAndDownToTheLastNumber) {
  EXPECT_EQ(*cache_.incr("k"), 1);
  EXPECT_EQ(*cache_.decr("k"), 0);
  EXPECT_EQ(*cache_.decr("k"), -1);
  EXPECT_EQ(*cache_.decr_by("k", 9), -10);
  EXPECT_EQ(*cache_.incr_by("k", kMax), kMax - 10);
  EXPECT_EQ(*cache_.decr_by("k", -10), kMax);
  EXPECT_EQ(value("k"), "9223372036854775807");
  EXPECT_EQ(*cache_.incr_by("k", kMin), -1);
  EXPECT_EQ(*cache_.incr_by("min", kMin), kMin);
  cache_.expire("k", 50ms);
  EXPECT_EQ(*cache_.incr("k"), 0);
  EXPECT_EQ(left("k"), 50);
}

TEST_F(StringWrites, WhatCannotBeCountedStaysAsItIs) {
  const struct {
    std::string before;
    ErrorCode incr, incr_by_float;
  } cases[] = {{"", ErrorCode::kNotAnInteger, ErrorCode::kNotAFloat},
               {"x", ErrorCode::kNotAnInteger, ErrorCode::kNotAFloat},
               {"1.5", ErrorCode::kNotAnInteger, ErrorCode::kOk},
               {std::string(2'000, '1'), ErrorCode::kNotAnInteger, ErrorCode::kOk},
               {binary(2'000), ErrorCode::kNotAnInteger, ErrorCode::kNotAFloat},
               {std::to_string(kMax), ErrorCode::kOverflow, ErrorCode::kOk},
               {"inf", ErrorCode::kNotAnInteger, ErrorCode::kOverflow}};
  for (const auto& one : cases) {
    cache_.set("k", one.before, {.ttl = 50ms});
    EXPECT_EQ(cache_.incr("k").status().code(), one.incr) << one.before;
    EXPECT_EQ(value("k"), one.before);
    const auto sum = cache_.incr_by_float("k", 1);
    EXPECT_EQ(sum.status().code(), one.incr_by_float) << one.before;
    EXPECT_EQ(value("k"), sum ? *sum : one.before);
    EXPECT_EQ(left("k"), 50);
  }
  EXPECT_EQ(cache_.decr_by("k", kMin).status().code(), ErrorCode::kOverflow);
  EXPECT_EQ(cache_.decr_by("new", kMin).status().code(), ErrorCode::kOverflow);
  EXPECT_EQ(cache_.incr_by_float("new", std::numeric_limits<long double>::quiet_NaN()).status().code(),
            ErrorCode::kNotAFloat);
  EXPECT_EQ(cache_.incr_by_float("new", std::numeric_limits<long double>::infinity()).status().code(),
            ErrorCode::kOverflow);
  EXPECT_FALSE(*cache_.exists("new"));
}

// --- Several at once ------------------------------------------------------------------------------------------------------

TEST_F(StringWrites, MsetSetsAllOrNothing) {
  std::vector<std::string> names;
  for (int i = 0; i <= 1'024; ++i) names.push_back("key" + std::to_string(i));
  const std::string large = binary(2'000);
  std::vector<KeyValue> pairs;
  for (std::size_t i = 0; i < 1'024; ++i) pairs.push_back({names[i], i % 100 == 0 ? large : names[i]});
  cache_.set(names[5], "old", {.ttl = 50ms});
  EXPECT_TRUE(cache_.mset(pairs).ok());
  EXPECT_EQ(*cache_.dbsize(), 1'024u);
  for (std::size_t i = 0; i < 1'024; ++i) ASSERT_EQ(value(names[i]), pairs[i].value);
  EXPECT_EQ(left(names[5]), -1);

  cache_.clear();
  pairs.push_back({names[1'024], "one too many"});
  EXPECT_EQ(cache_.mset(pairs).code(), ErrorCode::kTooManyKeys);
  EXPECT_EQ(cache_.mset_nx(pairs).status().code(), ErrorCode::kTooManyKeys);
  EXPECT_EQ(cache_.mset({}).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(cache_.mset_nx({}).status().code(), ErrorCode::kInvalidArgument);
  const std::string long_key(kKeyBytesMax + 1, 'k');
  const KeyValue with_long_key[] = {{"a", "1"}, {long_key, "2"}, {"b", "3"}};
  EXPECT_EQ(cache_.mset(with_long_key).code(), ErrorCode::kKeyTooLong);
  EXPECT_EQ(*cache_.dbsize(), 0u);
}

TEST_F(StringWrites, OfAKeyNamedTwiceTheLastValueStays) {
  const std::string large = binary(2'000);
  const KeyValue pairs[] = {{"k", "1"}, {"k", large}, {"l", large}, {"k", "3"}, {"l", "4"}};
  EXPECT_TRUE(*cache_.mset_nx(pairs));
  EXPECT_EQ(value("k") + value("l"), "34");
  const KeyValue again[] = {{"k", "5"}, {"k", large}};
  EXPECT_TRUE(cache_.mset(again).ok());
  EXPECT_EQ(value("k"), large);
}

TEST_F(StringWrites, MsetNxStoresNothingIfAnyIsThere) {
  const std::string large = binary(2'000);
  const KeyValue pairs[] = {{"a", large}, {"b", "2"}, {"c", "3"}};
  cache_.set("c", "old", {.ttl = 10ms});
  EXPECT_FALSE(*cache_.mset_nx(pairs));
  EXPECT_EQ(*cache_.dbsize(), 1u);
  EXPECT_EQ(value("c"), "old");
  advance(10ms);
  EXPECT_TRUE(*cache_.mset_nx(pairs));
  EXPECT_EQ(value("a"), large);
  EXPECT_EQ(left("c"), -1);
}

// --- Optimistic concurrency -------------------------------------------------------------------------------------------------

TEST_F(StringWrites, CompareAndSetStoresIfNothingChanged) {
  const auto read = cache_.get_versioned("k");
  EXPECT_EQ(read->value, std::nullopt);
  const auto first = cache_.compare_and_set("k", read->version, "1", {.ttl = 50ms});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(left("k"), 50);
  const auto second = cache_.compare_and_set("k", *first, binary(2'000), {.keep_ttl = true});  // without reading again
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(left("k"), 50);
  EXPECT_EQ(cache_.get_versioned("k")->value, binary(2'000));
  EXPECT_EQ(cache_.get_versioned("k")->version.number, second->number);

  for (const Version stale : {read->version, *first, Version{}}) {
    const Status status = cache_.compare_and_set("k", stale, "3").status();
    EXPECT_EQ(status.code(), ErrorCode::kConflict) << status.to_string();
  }
  EXPECT_EQ(value("k"), binary(2'000));
  ASSERT_TRUE(cache_.compare_and_set("k", *second, "4", {.expires_at = UnixTime(1ms)}).ok());
  EXPECT_FALSE(*cache_.exists("k"));
}

TEST_F(StringWrites, NothingIsEvictedForWhatDoesNotFit) {
  Cache& full = make({.max_memory = 64_KiB});
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(full.set("key" + std::to_string(i), "value").ok());
  const std::uint64_t entries = full.stats().entries;
  std::vector<std::string> keys;
  for (int i = 0; i < 400; ++i) keys.push_back("pair" + std::to_string(i));
  std::vector<KeyValue> pairs;
  for (const std::string& key : keys) pairs.push_back({key, "value"});
  EXPECT_EQ(full.mset(pairs).code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(full.set(std::string(kKeyBytesMax, 'k'), "value").status().code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(full.append(std::string(kKeyBytesMax, 'k'), "value").status().code(), ErrorCode::kOutOfMemory);
  EXPECT_GE(full.stats().entries + 3, entries);  // each call may evict one, for the next write
}

TEST_F(StringWrites, CompareAndSetHasNoOtherCondition) {
  for (const If condition : {If::kAbsent, If::kPresent}) {
    const Version version = cache_.get_versioned("k")->version;
    EXPECT_EQ(cache_.compare_and_set("k", version, "v", {.condition = condition}).status().code(),
              ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(*cache_.exists("k"));
}

TEST_F(StringWrites, ReadingLeavesTheVersionAsItIs) {
  cache_.set("k", "v");
  const Version version = cache_.get_versioned("k")->version;
  static_cast<void>(cache_.get("k"));
  cache_.get_range("k", 0, 1);
  EXPECT_FALSE(*cache_.set("k", "w", {.condition = If::kAbsent}));
  EXPECT_FALSE(cache_.incr("k").ok());
  EXPECT_EQ(*cache_.set_range("k", 0, ""), 1u);
  EXPECT_EQ(*cache_.get_ex("k", {.persist = true}), "v");
  EXPECT_FALSE(*cache_.persist("k"));
  EXPECT_EQ(cache_.get_versioned("k")->version.number, version.number);
}

// The table grows while there is room for that beside what the write needs itself.
TEST_F(StringWrites, AFullCacheTakesLongKeys) {
  Cache& full = make({.max_memory = 1_MiB, .shards = 1});
  const std::string tail(5'000, 'k');
  for (int i = 0; i < 6'000; ++i) {
    ASSERT_TRUE(full.append(std::to_string(i) + (i % 3 == 0 ? tail : ""), "value").ok()) << i;
    ASSERT_TRUE(full.incr("n" + std::to_string(i)).ok()) << i;
  }
}

TEST_F(StringWrites, MsetKnowsHowManyEntriesThereMayBe) {
  Cache& few = make({.max_memory = 0, .max_entries = 10, .shards = 1});
  for (int i = 0; i < 10; ++i) few.set("key" + std::to_string(i), "value");
  std::vector<std::string> keys;
  std::vector<KeyValue> pairs;
  for (int i = 0; i < 11; ++i) keys.push_back("pair" + std::to_string(i));
  for (const std::string& key : keys) pairs.push_back({key, "value"});
  EXPECT_EQ(few.mset(pairs).code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(few.stats().entries, 10u);
  EXPECT_EQ(few.stats().removed(RemovalCause::kEvicted), 0u);
  EXPECT_TRUE(few.mset(std::vector<KeyValue>(20, {"one", "value"})).ok());
  EXPECT_EQ(few.stats().removed(RemovalCause::kEvicted), 1u);
}

// Where hardly any bucket of a large table has an entry, sampling finds those that are left.
TEST_F(StringWrites, WhatIsLeftOfManyEntriesIsEvicted) {
  const auto many = static_cast<int>(support::count(500'000, 500'000));
  for (const char* policy : {"random", "lfu", "lru", "s3-fifo"}) {
    Cache& cache = make({.max_memory = 64_MiB, .eviction = *Eviction::named(policy), .shards = 1});
    for (int i = 0; i < many; ++i) ASSERT_TRUE(cache.set("many" + std::to_string(i), "v").ok());
    ASSERT_TRUE(cache.invalidate_prefix("many").ok());
    for (int i = 0; i < 40; ++i) {
      ASSERT_TRUE(cache.set("large" + std::to_string(i), std::string(7'000'000, 'v')).ok()) << policy << " " << i;
    }
  }
}

TEST_F(StringWrites, AFullCacheMakesRoomForVersions) {
  Cache& full = make({.max_memory = 128_KiB, .shards = 4});
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(full.set("key" + std::to_string(i), "value").ok());
  for (int i = 0; i < 20; ++i) {
    const std::string key = "versioned" + std::to_string(i);
    const auto read = full.get_versioned(key);
    ASSERT_TRUE(read.ok());
    ASSERT_TRUE(full.compare_and_set(key, read->version, "value").ok());
  }
}

TEST_F(StringWrites, AVersionedReadCountsOnce) {
  cache_.set("k", "v");
  ASSERT_TRUE(cache_.get_versioned("k").ok());  // the first on its stripe
  ASSERT_TRUE(cache_.get_versioned("k").ok());
  EXPECT_EQ(cache_.stats().hits, 2u);
}

TEST_F(StringWrites, StoringWhatHasExpiredAlreadyIsAChange) {
  const Version version = cache_.get_versioned("k")->version;
  EXPECT_TRUE(*cache_.set("k", "v", {.expires_at = UnixTime(1ms)}));
  EXPECT_EQ(cache_.compare_and_set("k", version, "w").status().code(), ErrorCode::kConflict);
  EXPECT_FALSE(*cache_.exists("k"));
}

// As in Redis, whose WATCH sees it, too.
TEST_F(StringWrites, AppendingNothingIsAChange) {
  cache_.set("k", "v");
  const Version version = cache_.get_versioned("k")->version;
  EXPECT_EQ(*cache_.append("k", ""), 1u);
  EXPECT_NE(cache_.get_versioned("k")->version.number, version.number);
}

}  // namespace
}  // namespace larder::commands
