// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "commands/every_call.h"
#include "larder/keys.h"
#include "support/cache_fixture.h"

namespace larder::commands {
namespace {

using support::binary;
using support::kKeySizes;
using namespace std::chrono_literals;

class Scans : public support::CacheFixture, public testing::WithParamInterface<std::uint32_t> {
 protected:
  // So many keys, some of them gone: "key0" ... are there, "expired0" ... and "absent0" ... are not.
  void fill(Cache& cache, int keys) {
    for (int i = 0; i < keys; ++i) cache.set("key" + std::to_string(i), "value" + std::to_string(i));
    for (int i = 0; i < keys; ++i) cache.set("expired" + std::to_string(i), "x", {.ttl = 10ms});
    for (int i = 0; i < keys / 10; ++i) {
      const auto nothing = [] { return std::nullopt; };
      EXPECT_TRUE(cache.get_or_load("absent" + std::to_string(i), nothing, {.negative_ttl = 1h}).missing());
    }
    advance(10ms);
  }
  std::multiset<std::string> scan_all(Cache& cache, const ScanOptions& options) {
    std::multiset<std::string> seen;
    std::uint64_t cursor = 0;
    do {
      const auto page = cache.scan(cursor, options);
      EXPECT_TRUE(page.ok());
      seen.insert(page->keys.begin(), page->keys.end());
      EXPECT_LE(page->keys.size(), options.count + 100);
      cursor = page->cursor;
    } while (cursor != 0);
    return seen;
  }
  Cache& sharded() { return make({.shards = GetParam()}); }
};
INSTANTIATE_TEST_SUITE_P(Shards, Scans, testing::Values(1, 64));

TEST_P(Scans, ShowEachKeyOnceWhileNothingChanges) {
  for (const int keys : {0, 1, 7, 1'000}) {
    Cache& cache = sharded();
    fill(cache, keys);
    std::multiset<std::string> expected;
    for (int i = 0; i < keys; ++i) expected.insert("key" + std::to_string(i));
    for (const std::uint32_t count : {1u, 10u, 777u, 100'000u}) {
      EXPECT_EQ(scan_all(cache, {.count = count}), expected) << count << " at a time";
    }
    const auto all = *cache.keys();
    EXPECT_EQ(std::multiset<std::string>(all.begin(), all.end()), expected);
    EXPECT_EQ(*cache.dbsize(), expected.size());
  }
}

TEST_P(Scans, ShowWhatMatches) {
  Cache& cache = sharded();
  fill(cache, 100);
  EXPECT_EQ(scan_all(cache, {.match = "key1?"}).size(), 10u);
  EXPECT_EQ(scan_all(cache, {.match = "*"}).size(), 100u);
  EXPECT_EQ(scan_all(cache, {.match = "expired*"}).size(), 0u);
  EXPECT_EQ(scan_all(cache, {.match = "key[^0-8]"}), std::multiset<std::string>{"key9"});
  EXPECT_EQ(*cache.keys("key42"), std::vector<std::string>{"key42"});
  EXPECT_EQ(cache.keys("")->size(), 0u);
  cache.set("", "the empty key");
  EXPECT_EQ(*cache.keys(""), std::vector<std::string>{""});
}

TEST_P(Scans, ShowKeysOfAnyLength) {
  Cache& cache = sharded();
  std::multiset<std::string> expected;
  for (const std::size_t size : kKeySizes) expected.insert(binary(size));
  for (const std::string& key : expected) cache.set(key, binary(key.size()));
  EXPECT_EQ(scan_all(cache, {.count = 1}), expected);
  std::size_t seen = 0;
  ASSERT_TRUE(cache
                  .for_each([&](const EntryView& entry) {
                    EXPECT_EQ(entry.key, entry.value);
                    return ++seen != 0;
                  })
                  .ok());
  EXPECT_EQ(seen, expected.size());
}

TEST_F(Scans, RefuseACountOutOfRangeAndEndAtAnyOtherCursor) {
  for (const std::uint32_t count : {0u, 100'001u, ~0u}) {
    EXPECT_EQ(cache_.scan(0, {.count = count}).status().code(), ErrorCode::kInvalidArgument);
  }
  fill(cache_, 100);
  for (std::uint64_t cursor : {std::uint64_t{1}, std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
    int pages = 0;
    do {
      const auto page = cache_.scan(cursor);
      ASSERT_TRUE(page.ok());
      cursor = page->cursor;
    } while (cursor != 0 && ++pages < 1'000);
    EXPECT_EQ(cursor, 0u);
  }
}

// --- for_each -----------------------------------------------------------------------------------------------------------

TEST_P(Scans, ForEachShowsKeyValueAndEnd) {
  Cache& cache = sharded();
  fill(cache, 100);
  cache.set("large", binary(3'000), {.ttl = 50ms});
  cache.set("small", "s", {.ttl = 70ms});
  std::map<std::string, std::string> seen;
  const auto hits = cache.stats().hits;
  const Status status = cache.for_each([&](const EntryView& entry) {
    EXPECT_TRUE(seen.emplace(entry.key, entry.value).second) << entry.key << " twice";
    const auto end = entry.key == "large"   ? std::optional<Milliseconds>(50ms)
                     : entry.key == "small" ? std::optional<Milliseconds>(70ms)
                                            : std::nullopt;
    EXPECT_EQ(entry.ttl, end) << entry.key;
    return true;
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(seen.size(), 102u);
  EXPECT_EQ(seen["key42"], "value42");
  EXPECT_EQ(seen["large"], binary(3'000));
  EXPECT_EQ(cache.stats().hits, hits);
}

TEST_P(Scans, ForEachMayChangeTheCacheAndStop) {
  Cache& cache = sharded();
  fill(cache, 1'000);
  std::set<std::string> seen;
  ASSERT_TRUE(cache
                  .for_each([&](const EntryView& entry) {
                    seen.emplace(entry.key);
                    cache.del(entry.key);
                    return true;
                  })
                  .ok());
  EXPECT_EQ(seen.size(), 1'000u);
  EXPECT_EQ(*cache.dbsize(), 0u);

  fill(cache, 50);
  int shown = 0;
  EXPECT_TRUE(cache.for_each([&](const EntryView&) { return ++shown < 7; }).ok());
  EXPECT_EQ(shown, 7);
}

TEST_F(Scans, WhatAVisitorThrowsIsAnError) {
  cache_.set("k", "v");
  const Status standard = cache_.for_each([](const EntryView&) -> bool { throw std::runtime_error("no more"); });
  EXPECT_EQ(standard.to_string(), "callback_threw: no more");
  EXPECT_EQ(cache_.for_each([](const EntryView&) -> bool { throw 42; }).code(), ErrorCode::kCallbackThrew);
  EXPECT_EQ(*cache_.get("k"), "v");
}

// --- random_key -----------------------------------------------------------------------------------------------------------

TEST_P(Scans, ARandomKeyIsAnyOfThem) {
  for (const int keys : {0, 1, 3, 200}) {
    Cache& cache = sharded();
    fill(cache, keys);
    if (keys < 10) {
      const auto nothing = [] { return std::nullopt; };
      EXPECT_TRUE(cache.get_or_load("absent", nothing, {.negative_ttl = 1h}).missing());
    }
    std::map<std::string, int> drawn;
    const int draws = keys * 40;
    for (int i = 0; i < draws; ++i) ++drawn[*cache.random_key()];
    EXPECT_EQ(drawn.size(), static_cast<std::size_t>(keys));
    for (const auto& [key, times] : drawn) {
      EXPECT_EQ(key.substr(0, 3), "key");
      EXPECT_GT(times, 10) << key;
      EXPECT_LT(times, 90) << key;
    }
    EXPECT_EQ(cache.random_key().missing(), keys == 0);
  }
}

// --- Removing many ----------------------------------------------------------------------------------------------------------

TEST_P(Scans, InvalidatingAPrefixDropsThoseThatBeginWithIt) {
  Cache& cache = sharded();
  fill(cache, 1'000);
  EXPECT_EQ(*cache.invalidate_prefix("missing"), 0u);
  EXPECT_EQ(*cache.invalidate_prefix("key1"), 111u);
  EXPECT_EQ(*cache.dbsize(), 889u);
  EXPECT_EQ(*cache.exists("key1"), false);
  EXPECT_EQ(*cache.exists("key2"), true);
  EXPECT_EQ(*cache.invalidate_prefix("expired"), 0u);
  EXPECT_EQ(*cache.invalidate_prefix(std::string(70'000, 'k')), 0u);
  EXPECT_EQ(*cache.invalidate_prefix(""), 889u);
  EXPECT_EQ(*cache.dbsize(), 0u);
  EXPECT_EQ(cache.stats().removed(RemovalCause::kInvalidated), 1'000u);
  EXPECT_EQ(cache.stats().removed(RemovalCause::kExpired), 1'000u);
}

TEST_P(Scans, ClearDropsEverythingAndNearlyAllMemory) {
  Cache& cache = sharded();
  fill(cache, 1'000);
  cache.set("large", binary(100'000));
  EXPECT_TRUE(cache.clear().ok());
  EXPECT_EQ(*cache.dbsize(), 0u);
  EXPECT_TRUE(cache.keys()->empty());
  const Stats stats = cache.stats();
  EXPECT_EQ(stats.removed(RemovalCause::kCleared), 1'001u);
  EXPECT_EQ(stats.bytes_data, 0u);
  EXPECT_EQ(stats.bytes_entries, 0u);
  EXPECT_LT(stats.bytes_index, stats.shards * 1'024);
  fill(cache, 10);
  EXPECT_EQ(*cache.dbsize(), 10u);
}

TEST_F(Scans, NothingIsWalkedAfterClose) {
  cache_.set("k", "v");
  cache_.close();
  EXPECT_EQ(cache_.scan(0).status().code(), ErrorCode::kClosed);
  EXPECT_EQ(cache_.keys().status().code(), ErrorCode::kClosed);
  EXPECT_EQ(cache_.for_each([](const EntryView&) { return true; }).code(), ErrorCode::kClosed);
  EXPECT_EQ(cache_.dbsize().status().code(), ErrorCode::kClosed);
  EXPECT_EQ(cache_.random_key().status().code(), ErrorCode::kClosed);
  EXPECT_EQ(cache_.invalidate_prefix("").status().code(), ErrorCode::kClosed);
  EXPECT_EQ(cache_.clear().code(), ErrorCode::kClosed);
}

}  // namespace
}  // namespace larder::commands
