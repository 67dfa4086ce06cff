// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What every write does beside its own work: it counts as use, and it takes no notice of what loads remember.
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "support/cache_fixture.h"

namespace larder::keyspace {
namespace {

using namespace std::chrono_literals;

const struct Call {
  const char* name;
  void (*run)(Cache& cache);
} kUses[] = {
    {"set", [](Cache& cache) { EXPECT_TRUE(cache.set("k", "6").ok()); }},
    {"get", [](Cache& cache) { EXPECT_TRUE(cache.get("k").has_value()); }},
    {"get_set", [](Cache& cache) { EXPECT_TRUE(cache.get_set("k", "6").has_value()); }},
    {"incr", [](Cache& cache) { EXPECT_TRUE(cache.incr("k").ok()); }},
    {"incr_by_float", [](Cache& cache) { EXPECT_TRUE(cache.incr_by_float("k", 0.5L).ok()); }},
    {"append", [](Cache& cache) { EXPECT_TRUE(cache.append("k", "1").ok()); }},
    {"set_range", [](Cache& cache) { EXPECT_TRUE(cache.set_range("k", 0, "7").ok()); }},
    {"set_bit", [](Cache& cache) { EXPECT_TRUE(cache.set_bit("k", 7, true).ok()); }},
    {"expire", [](Cache& cache) { EXPECT_TRUE(cache.expire("k", 1h).ok()); }},
    {"copy", [](Cache& cache) { EXPECT_TRUE(cache.copy("k", "copied").ok()); }},
    {"lcs", [](Cache& cache) { EXPECT_TRUE(cache.lcs("k", "other").ok()); }},
    {"touch",
     [](Cache& cache) {
       const std::vector<std::string_view> keys = {"k"};
       EXPECT_TRUE(cache.touch(keys).ok());
     }},
    {"mset",
     [](Cache& cache) {
       const KeyValue pairs[] = {{"k", "9"}};
       EXPECT_TRUE(cache.mset(pairs).ok());
     }},
};

class EditTest : public support::CacheFixture {
 protected:
  Cache& idle_cache() {
    Options options;
    options.expiry.idle = 10ms;
    return make(options);
  }
};

TEST_F(EditTest, UseKeepsAnEntryFromIdling) {
  for (const Call& call : kUses) {
    Cache& cache = idle_cache();
    ASSERT_TRUE(cache.set("k", "5").ok());
    advance(6ms);
    call.run(cache);
    advance(6ms);
    EXPECT_TRUE(*cache.exists("k")) << call.name;
    advance(5ms);
    EXPECT_FALSE(*cache.exists("k")) << call.name;
  }
}

// Every one of them, once for each hundred other keys that come, keeps a key that would be evicted otherwise.
TEST_F(EditTest, UseKeepsAnEntryFromEviction) {
  for (const char* policy : {"adaptive", "s3-fifo", "lru"}) {
    for (const Call& call : kUses) {
      Cache& cache = make({.max_memory = 512_KiB, .eviction = *Eviction::named(policy), .shards = 1});
      ASSERT_TRUE(cache.set("k", "5").ok());
      for (int i = 0; i < 20'000; ++i) {
        if (i % 100 == 0) {
          ASSERT_TRUE(*cache.exists("k")) << call.name << " " << policy << " " << i;
          call.run(cache);
        }
        ASSERT_TRUE(cache.set("other" + std::to_string(i), std::string(50, 'x')).ok());
      }
    }
    Cache& cache = make({.max_memory = 512_KiB, .eviction = *Eviction::named(policy), .shards = 1});
    ASSERT_TRUE(cache.set("k", std::string(50, 'x')).ok());  // a light one may stay longer
    for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(cache.set("other" + std::to_string(i), std::string(50, 'x')).ok());
    EXPECT_FALSE(*cache.exists("k")) << policy;
  }
}

TEST_F(EditTest, UseOfALargeValueKeepsItFromIdling) {
  Cache& cache = idle_cache();
  ASSERT_TRUE(cache.set("k", std::string(50'000, 'v')).ok());
  for (int i = 0; i < 5; ++i) {
    advance(6ms);
    ASSERT_TRUE(cache.append("k", "and more").ok());  // now in place, now in another block
  }
  advance(6ms);
  EXPECT_TRUE(*cache.exists("k"));
}

TEST_F(EditTest, PeekingKeepsNothingFromIdling) {
  Cache& cache = idle_cache();
  ASSERT_TRUE(cache.set("k", "5").ok());
  advance(6ms);
  EXPECT_TRUE(cache.peek("k").has_value());
  EXPECT_TRUE(*cache.exists("k"));
  advance(4ms);
  EXPECT_FALSE(*cache.exists("k"));
}

// A load that found nothing is remembered for a while, for loads alone.
const Call kWritesOverAnAbsence[] = {
    {"append", [](Cache& cache) { EXPECT_TRUE(cache.append("k", "1").ok()); }},
    {"incr", [](Cache& cache) { EXPECT_TRUE(cache.incr("k").ok()); }},
    {"set, keep_ttl", [](Cache& cache) { EXPECT_TRUE(cache.set("k", "v", {.keep_ttl = true}).ok()); }},
    {"set_range, large", [](Cache& cache) { EXPECT_TRUE(cache.set_range("k", 5'000, "v").ok()); }},
};

TEST_F(EditTest, WriteOverARememberedAbsenceDoesNotEndWithIt) {
  for (const bool idle : {false, true}) {
    for (const Eviction& eviction : {Eviction::s3_fifo(), Eviction::lru(Eviction::Scope::kKeysWithTtl)}) {
      for (const Call& call : kWritesOverAnAbsence) {
        SCOPED_TRACE(call.name + std::string(idle ? ", idle, " : ", ") + eviction.name());
        Options options;
        if (idle) options.expiry.idle = 1h;
        options.eviction = eviction;
        Cache& cache = make(options);
        ASSERT_TRUE(
            cache.get_or_load("k", [] { return std::optional<std::string>(); }, {.negative_ttl = 10ms}).missing());
        call.run(cache);
        EXPECT_FALSE(cache.ttl("k")->left.has_value());
        advance(20ms);
        EXPECT_TRUE(*cache.exists("k"));
      }
    }
  }
}

TEST_F(EditTest, RememberedAbsencesAreNoEntriesWithATtl) {
  ASSERT_TRUE(cache_.set("k", "v").ok());
  ASSERT_TRUE(cache_.get_or_load("none", [] { return std::optional<std::string>(); }, {.negative_ttl = 1h}).missing());
  EXPECT_EQ(cache_.stats().entries, 1u);
  EXPECT_EQ(cache_.stats().entries_with_ttl, 0u);
}

TEST_F(EditTest, NumbersMayNotGrowBeyondTheLargestValue) {
  Options options;
  options.value_bytes_max = 4;
  Cache& cache = make(options);
  ASSERT_TRUE(cache.set("k", "9999").ok());
  EXPECT_EQ(cache.incr("k").status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(cache.incr_by_float("k", 0.25L).status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(cache.get("k").value_or(""), "9999");
}

TEST_F(EditTest, ReplacementsAreCountedWithAndWithoutAListener) {
  Options options;
  options.on_removal = [](std::string_view, std::string_view, RemovalCause) {};
  for (Cache* cache : {&cache_, &make(options)}) {
    for (const char* value : {"one", "two", "a longer one"}) ASSERT_TRUE(cache->set("k", value).ok());
    EXPECT_EQ(cache->stats().removed(RemovalCause::kReplaced), 2u);
  }
}

TEST_F(EditTest, PairsAreMeasuredOneByOneAndTogether) {
  Options options;
  options.value_bytes_max = 100;
  options.max_memory = 256_KiB;
  Cache& cache = make(options);
  const std::string fits(100, 'v');
  const std::string too_large(101, 'v');
  std::vector<KeyValue> pairs = {{"a", fits}, {"b", fits}, {"c", fits}};
  EXPECT_TRUE(cache.mset(pairs).ok());
  pairs.push_back({"d", too_large});
  EXPECT_EQ(cache.mset(pairs).code(), ErrorCode::kValueTooLarge);
  EXPECT_TRUE(cache.get("d").missing());
  pairs.assign(700, {"e", fits});  // 70,700 bytes
  EXPECT_EQ(cache.mset(pairs).code(), ErrorCode::kValueTooLarge);
}

// A clock whose unix time is far behind the cache's own: no arithmetic may overflow.
class EarlyClock final : public Clock {
 public:
  std::chrono::nanoseconds monotonic() override { return now; }
  Milliseconds unix_time() override { return Milliseconds(1'000); }
  std::chrono::nanoseconds now = 1h;
};

TEST(ExpireAt, EndOfTimeIsOutOfRange) {
  EarlyClock clock;
  Options options;
  options.clock = &clock;
  Cache cache(options);
  clock.now += 1h;
  ASSERT_TRUE(cache.set("k", "v").ok());
  EXPECT_EQ(cache.expire_at("k", UnixTime(Milliseconds::max())).status().code(), ErrorCode::kInvalidExpireTime);
  EXPECT_TRUE(*cache.expire_at("k", UnixTime(Milliseconds::min())));
  EXPECT_FALSE(*cache.exists("k"));
}

}  // namespace
}  // namespace larder::keyspace
