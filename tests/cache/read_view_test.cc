// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A cache seen from outside: nothing of it is moved.
#include "larder/read_view.h"

#include <gtest/gtest.h>

#include "larder/cache.h"
#include "store/store_fixture.h"

namespace larder {
namespace {

using namespace std::chrono_literals;

class ReadViewTest : public store::StoreFixture {
 protected:
  // Every function, on a key.
  static void read_all(ReadView& view, std::string_view key) {
    (void)view.get(key);
    (void)view.peek(key);
    (void)view.pin(key);
    (void)view.read(key, [](std::string_view) {});
    (void)view.mget({key});
    (void)view.mget({key}, [](std::size_t, std::string_view) {});
    (void)view.strlen(key);
    (void)view.get_range(key, 0, -1);
    (void)view.lcs(key, key);
    (void)view.get_bit(key, 1);
    (void)view.bit_count(key);
    (void)view.bit_pos(key, true);
    const BitFieldStep step;
    (void)view.bit_field(key, {&step, 1});
    (void)view.exists(key);
    (void)view.exists({key});
    (void)view.touch(key);
    (void)view.touch({key});
    (void)view.type(key);
    (void)view.ttl(key);
    (void)view.expire_time(key);
    (void)view.inspect(key);
    (void)view.dbsize();
    (void)view.keys();
    (void)view.random_key();
    (void)view.scan(0);
    (void)view.for_each([](const EntryView&) { return true; });
  }
};

TEST_F(ReadViewTest, ALookCountsAsNothing) {
  cache_.set("key", "value");
  const Stats before = cache_.stats();
  ReadView view(cache_);
  read_all(view, "key");
  read_all(view, "absent");
  EXPECT_EQ(cache_.stats().hits, before.hits);
  EXPECT_EQ(cache_.stats().misses, before.misses);
}

TEST_F(ReadViewTest, ALookKeepsNothingAlive) {
  Cache& idle = make({.expiry = {.idle = 1s}});
  idle.set("key", "value");
  ReadView view(idle);
  advance(900ms);
  read_all(view, "key");
  EXPECT_EQ(view.inspect("key")->idle, 900ms);
  advance(200ms);
  EXPECT_FALSE(view.get("key"));
}

TEST_F(ReadViewTest, ALookAsksNoStore) {
  store_->put("key", {.bytes = "from the store"});
  ReadView view(stored_);
  read_all(view, "key");
  EXPECT_TRUE(store_->loaded().empty());
  EXPECT_TRUE(view.get("key").missing());
  EXPECT_FALSE(*view.exists("key"));
  ASSERT_TRUE(stored_.get("key"));
  EXPECT_EQ(*view.get("key"), "from the store");
  EXPECT_EQ(*view.strlen("key"), 14u);
}

TEST_F(ReadViewTest, AMarkingViewReadsAsTheCacheDoes) {
  store_->put("key", {.bytes = "from the store"});
  ReadView view(stored_, ReadView::Use::kMark);
  EXPECT_EQ(*view.get("key"), "from the store");
  EXPECT_EQ(store_->loaded().size(), 1u);
  const std::uint64_t hits = stored_.stats().hits;
  EXPECT_TRUE(view.get("key"));
  EXPECT_EQ(stored_.stats().hits, hits + 1);
}

TEST_F(ReadViewTest, ReadsWhatTheCacheReads) {
  cache_.set("key", "\x0f value");
  cache_.set("other", "a value");
  ReadView view(cache_);
  EXPECT_EQ(*view.get("key"), *cache_.get("key"));
  EXPECT_EQ(view.pin("key")->view(), *cache_.get("key"));
  EXPECT_EQ(*view.get_range("key", 2, -1), "value");
  EXPECT_EQ(view.lcs("key", "other")->subsequence, " value");
  EXPECT_EQ(*view.bit_pos("key", true), 4);
  BitFieldStep step{.width = 8};
  EXPECT_EQ(view.bit_field("key", {&step, 1})->front(), 15);
  step.action = BitFieldStep::Action::kSet;
  EXPECT_EQ(view.bit_field("key", {&step, 1}).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(*view.dbsize(), 2u);
}

TEST_F(ReadViewTest, InspectTellsWhatAnEntryIs) {
  ReadView view(cache_);
  EXPECT_TRUE(view.inspect("absent").missing());
  const auto encoding = [&](std::string_view value) {
    cache_.set("key", value);
    return std::string(view.inspect("key")->encoding);
  };
  EXPECT_EQ(encoding("12345"), "int");
  EXPECT_EQ(encoding("-9223372036854775808"), "int");
  EXPECT_EQ(encoding("9223372036854775808"), "embstr");
  EXPECT_EQ(encoding("012"), "embstr");
  EXPECT_EQ(encoding(""), "embstr");
  EXPECT_EQ(encoding(std::string(44, 'x')), "embstr");
  EXPECT_EQ(encoding(std::string(45, 'x')), "raw");
  EXPECT_EQ(encoding(std::string(100'000, 'x')), "raw");
  EXPECT_GE(view.inspect("key")->bytes, 100'000u + 3);
  EXPECT_LE(view.inspect("key")->bytes, 110'000u);
  EXPECT_EQ(view.inspect("key")->type, ValueType::kString);
  EXPECT_FALSE(view.inspect("key")->idle);
  EXPECT_FALSE(view.inspect("key")->frequency);
}

TEST_F(ReadViewTest, InspectTellsHowOftenWhereThePolicyCounts) {
  Cache& counting = make({.eviction = Eviction::lfu()});
  counting.set("key", "value");
  ReadView view(counting);
  const unsigned first = *view.inspect("key")->frequency;
  for (int i = 0; i < 10'000; ++i) (void)counting.get("key");
  EXPECT_GT(*view.inspect("key")->frequency, first);
}

TEST_F(ReadViewTest, AClosedCacheSaysSo) {
  ReadView view(cache_);
  cache_.close();
  EXPECT_EQ(view.get("key").status().code(), ErrorCode::kClosed);
  EXPECT_EQ(view.inspect("key").status().code(), ErrorCode::kClosed);
}

}  // namespace
}  // namespace larder
