// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "commands/every_call.h"
#include "larder/hashes.h"
#include "support/cache_fixture.h"

namespace larder::commands {
namespace {

using support::binary;
using support::kValueSizes;
using Model = std::map<std::string, std::string>;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

class HashesTest : public support::CacheFixture {
 protected:
  Model contents(std::string_view key) {
    const auto all = cache_.hget_all(key);
    return all ? Model(all->begin(), all->end()) : Model{{"error", all.status().to_string()}};
  }
  // One of each form.
  void fill() {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(cache_.hset("small", "f" + std::to_string(i), std::to_string(i)).ok());
    for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(cache_.hset("large", "f" + std::to_string(i), std::to_string(i)).ok());
  }
};

constexpr const char* kBoth[] = {"small", "large"};

const Call kCalls[] = {
    {"hset", [](Cache& cache, std::string_view key) { return code_of(cache.hset(key, "f", "1")); }},
    {"hset_nx", [](Cache& cache, std::string_view key) { return code_of(cache.hset_nx(key, "f", "1")); }},
    {"hget", [](Cache& cache, std::string_view key) { return code_of(cache.hget(key, "f")); }},
    {"hmget",
     [](Cache& cache, std::string_view key) {
       return code_of(cache.hmget(key, {"f", "g"}));
     }},
    {"hget_all", [](Cache& cache, std::string_view key) { return code_of(cache.hget_all(key)); }},
    {"hkeys", [](Cache& cache, std::string_view key) { return code_of(cache.hkeys(key)); }},
    {"hvals", [](Cache& cache, std::string_view key) { return code_of(cache.hvals(key)); }},
    {"hsnapshot", [](Cache& cache, std::string_view key) { return code_of(cache.hsnapshot(key)); }},
    {"hexists", [](Cache& cache, std::string_view key) { return code_of(cache.hexists(key, "f")); }},
    {"hlen", [](Cache& cache, std::string_view key) { return code_of(cache.hlen(key)); }},
    {"hstrlen", [](Cache& cache, std::string_view key) { return code_of(cache.hstrlen(key, "f")); }},
    {"hrand_field", [](Cache& cache, std::string_view key) { return code_of(cache.hrand_field(key)); }},
    {"hrand_fields", [](Cache& cache, std::string_view key) { return code_of(cache.hrand_fields(key, 2)); }},
    {"hscan", [](Cache& cache, std::string_view key) { return code_of(cache.hscan(key, 0)); }},
    {"hincr_by", [](Cache& cache, std::string_view key) { return code_of(cache.hincr_by(key, "f", 1)); }},
    {"hincr_by_float", [](Cache& cache, std::string_view key) { return code_of(cache.hincr_by_float(key, "g", 1)); }},
    {"hdel", [](Cache& cache, std::string_view key) { return code_of(cache.hdel(key, "f")); }},
};

TEST_F(HashesTest, KeysHaveTheLimitOfAllKeys) { expect_key_limit(cache_, kCalls); }

TEST_F(HashesTest, AStringIsNoHash) {
  ASSERT_TRUE(cache_.set("s", "text").ok());
  for (const Call& call : kCalls) EXPECT_EQ(call.run(cache_, "s"), ErrorCode::kWrongType) << call.name;
  EXPECT_EQ(cache_.get("s").value_or(""), "text");
}

TEST_F(HashesTest, FieldsAndValuesAreBytesOfAnyLength) {
  Model model;
  for (const std::size_t size : kValueSizes) {
    const std::string field = binary(size, 1);
    EXPECT_TRUE(*cache_.hset("h", field, "short")) << size;
    EXPECT_FALSE(*cache_.hset("h", field, binary(size, 2))) << size;
    model[field] = binary(size, 2);
    EXPECT_EQ(cache_.hget("h", field).value_or("none"), binary(size, 2));
    EXPECT_EQ(cache_.hstrlen("h", field).value_or(9), size);
    EXPECT_TRUE(*cache_.hexists("h", field));
  }
  EXPECT_EQ(contents("h"), model);
  for (const std::size_t size : kValueSizes) EXPECT_TRUE(*cache_.hdel("h", binary(size, 1)));
  EXPECT_FALSE(*cache_.exists("h"));
}

TEST_F(HashesTest, WhatIsTooLongIsRefused) {
  Cache& cache = make({.value_bytes_max = 1'000});
  const std::string fits(1'000, 'x');
  const std::string too_long(1'001, 'x');
  EXPECT_TRUE(cache.hset("h", fits, fits).ok());
  EXPECT_EQ(cache.hset("h", too_long, "v").status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(cache.hset("h", "f", too_long).status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(cache.hset("h", {{"f", "v"}, {"g", too_long}}).status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(cache.hset_nx("h", "f", too_long).status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(cache.hincr_by("h", too_long, 1).status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(cache.hlen("h").value_or(0), 1u);
}

TEST_F(HashesTest, ReadsOfBothForms) {
  fill();
  for (const char* key : kBoth) {
    EXPECT_EQ(cache_.hget(key, "f7").value_or(""), "7");
    EXPECT_TRUE(cache_.hget(key, "none").missing());
    EXPECT_EQ(cache_.hstrlen(key, "none").value_or(9), 0u);
    const auto some = cache_.hmget(key, {"f1", "none", "f2", "f1"});
    ASSERT_TRUE(some);
    EXPECT_EQ(*some, (std::vector<std::optional<std::string>>{"1", std::nullopt, "2", "1"}));
    EXPECT_EQ(cache_.hkeys(key)->size(), *cache_.hlen(key));
    EXPECT_EQ(cache_.hvals(key)->size(), *cache_.hlen(key));
  }
  EXPECT_TRUE(cache_.hget("none", "f").missing());
  EXPECT_TRUE(cache_.hget_all("none")->empty());
  EXPECT_TRUE(cache_.hsnapshot("none").missing());
  EXPECT_EQ(cache_.hset("small", PairList({})).status().code(), ErrorCode::kInvalidArgument);
}

TEST_F(HashesTest, SetIfAbsent) {
  EXPECT_TRUE(*cache_.hset_nx("h", "f", "1"));
  EXPECT_FALSE(*cache_.hset_nx("h", "f", "2"));
  EXPECT_EQ(cache_.hget("h", "f").value_or(""), "1");
}

// The pitfalls of numbers: strict, and an overflow changes nothing, at both ends.
TEST_F(HashesTest, Counting) {
  EXPECT_EQ(cache_.hincr_by("h", "n", 5).value_or(0), 5);
  EXPECT_EQ(cache_.hincr_by("h", "n", -7).value_or(0), -2);
  ASSERT_TRUE(cache_.hset("h", {{"max", std::to_string(kMax)}, {"min", std::to_string(kMin)}, {"text", "01"}}).ok());
  EXPECT_EQ(cache_.hincr_by("h", "max", 1).status().code(), ErrorCode::kOverflow);
  EXPECT_EQ(cache_.hincr_by("h", "min", -1).status().code(), ErrorCode::kOverflow);
  EXPECT_EQ(cache_.hincr_by("h", "text", 1).status().code(), ErrorCode::kNotAnInteger);
  EXPECT_EQ(cache_.hincr_by_float("h", "new", 1000.5L).value_or(""), "1000.5");
  EXPECT_EQ(cache_.hincr_by_float("h", "new", 5e3L).value_or(""), "6000.5");
  ASSERT_TRUE(cache_.hset("h", "word", "word").ok());
  EXPECT_EQ(cache_.hincr_by_float("h", "word", 1).status().code(), ErrorCode::kNotAFloat);
  EXPECT_EQ(cache_.hincr_by_float("h", "new", std::numeric_limits<long double>::infinity()).status().code(),
            ErrorCode::kOverflow);
  EXPECT_EQ(cache_.hincr_by_float("h", "new", std::numeric_limits<long double>::quiet_NaN()).status().code(),
            ErrorCode::kNotAFloat);
  EXPECT_EQ(cache_.hget("h", "max").value_or(""), std::to_string(kMax));
  EXPECT_EQ(cache_.hget("h", "new").value_or(""), "6000.5");
}

TEST_F(HashesTest, DrawsFields) {
  fill();
  for (const char* key : kBoth) {
    const Model all = contents(key);
    for (const std::int64_t count : {std::int64_t{0}, std::int64_t{1}, std::int64_t{5}, std::int64_t{400}, kMax}) {
      const auto drawn = cache_.hrand_fields(key, count);
      ASSERT_TRUE(drawn);
      EXPECT_EQ(drawn->size(), std::min<std::uint64_t>(static_cast<std::uint64_t>(count), all.size()));
      const Model different(drawn->begin(), drawn->end());
      EXPECT_EQ(different.size(), drawn->size());
      for (const auto& [field, value] : *drawn) EXPECT_EQ(all.at(std::string(field)), value);
    }
    const auto repeated = cache_.hrand_fields(key, -3'000);
    ASSERT_TRUE(repeated);
    EXPECT_EQ(repeated->size(), 3'000u);
    std::set<std::string> seen;
    for (int i = 0; i < 2'000; ++i) seen.insert(cache_.hrand_field(key).value_or("none"));
    EXPECT_GE(seen.size(), std::min<std::size_t>(all.size(), 500)) << key;
  }
  EXPECT_TRUE(cache_.hrand_field("none").missing());
  EXPECT_TRUE(cache_.hrand_fields("none", -5)->empty());
  EXPECT_EQ(cache_.hrand_fields("none", -kDrawnMax - 1).status().code(), ErrorCode::kOutOfRange);
}

// What is there from the first call to the last is shown, whatever comes and goes, and whichever form the hash takes.
TEST_F(HashesTest, AWalkShowsWhatStays) {
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(cache_.hset("h", "stays" + std::to_string(i), "x").ok());
  std::set<std::string> shown;
  std::uint64_t cursor = 0;
  int round = 0;
  do {
    const auto page = cache_.hscan("h", cursor, {.match = "stays*", .count = 7});
    ASSERT_TRUE(page);
    for (const auto& [field, value] : page->fields) shown.emplace(field);
    cursor = page->cursor;
    for (int i = 0; i < 40; ++i) {
      const std::string field = "comes" + std::to_string(round % 20 * 40 + i);
      round % 40 < 20 ? (void)cache_.hset("h", field, "x") : (void)cache_.hdel("h", field);
    }
    ASSERT_LT(++round, 10'000);
  } while (cursor != 0);
  EXPECT_EQ(shown.size(), 300u);
  EXPECT_EQ(cache_.hscan("h", 0, {.count = 0}).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(cache_.hscan("none", 5)->cursor, 0u);
}

TEST_F(HashesTest, ASnapshotFindsAndStops) {
  fill();
  for (const char* key : kBoth) {
    const Lookup<HashSnapshot> snapshot = cache_.hsnapshot(key);
    ASSERT_TRUE(snapshot);
    ASSERT_TRUE(cache_.hset(key, "f7", "other").ok());
    EXPECT_EQ(snapshot->get("f7").value_or(""), "7");
    EXPECT_FALSE(snapshot->get("none").has_value());
    int shown = 0;
    snapshot->for_each([&](std::string_view, std::string_view) { return ++shown < 3; });
    EXPECT_EQ(shown, 3);
  }
}

}  // namespace
}  // namespace larder::commands
