// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <optional>
#include <stdexcept>

#include "commands/every_call.h"
#include "larder/strings.h"
#include "support/cache_fixture.h"

namespace larder::commands {
namespace {

using support::binary;
using support::kKeySizes;
using support::kValueSizes;
using namespace std::chrono_literals;

class StringReads : public support::CacheFixture {};

using Text = std::optional<std::string>;

// Each way to read a whole value; no value: a miss.
const struct Reader {
  const char* name;
  Text (*read)(Cache& cache, std::string_view key);
} kReaders[] = {
    {"get",
     [](Cache& cache, std::string_view key) -> Text {
       auto value = cache.get(key);
       return value ? Text(*value) : std::nullopt;
     }},
    {"get into",
     [](Cache& cache, std::string_view key) -> Text {
       std::string value(300, 'o');
       const auto size = cache.get(key, value);
       if (size) {
         EXPECT_EQ(*size, value.size());
         return value;
       }
       EXPECT_EQ(value, std::string(300, 'o'));  // a miss leaves it
       return std::nullopt;
     }},
    {"pin",
     [](Cache& cache, std::string_view key) -> Text {
       const auto pinned = cache.pin(key);
       return pinned ? Text(pinned->view()) : std::nullopt;
     }},
    {"read",
     [](Cache& cache, std::string_view key) -> Text {
       Text value;
       const auto size = cache.read(key, [&](std::string_view bytes) { value = bytes; });
       EXPECT_EQ(size.has_value(), value.has_value());
       EXPECT_EQ(size.value_or(0), value.value_or("").size());
       return value;
     }},
    {"peek",
     [](Cache& cache, std::string_view key) -> Text {
       auto value = cache.peek(key);
       return value ? Text(*value) : std::nullopt;
     }},
    {"mget",
     [](Cache& cache, std::string_view key) -> Text {
       const auto values = cache.mget(std::span(&key, 1));
       return values.at(0) ? Text(*values[0]) : std::nullopt;
     }},
    {"mget with a function",
     [](Cache& cache, std::string_view key) -> Text {
       Text value;
       const auto found = cache.mget(std::span(&key, 1), [&](std::size_t, std::string_view bytes) { value = bytes; });
       EXPECT_EQ(found.value_or(9), value ? 1u : 0u);
       return value;
     }},
    {"get_range",
     [](Cache& cache, std::string_view key) -> Text {
       const auto value = cache.get_range(key, 0, -1);
       return value->empty() && !*cache.exists(key) ? std::nullopt : Text(*value);
     }},
    {"get_versioned", [](Cache& cache, std::string_view key) { return cache.get_versioned(key)->value; }},
};

TEST_F(StringReads, EachWayAnswersTheBytesThatWereSet) {
  for (const std::size_t key_size : kKeySizes) {
    const std::string key = binary(key_size, 3);
    for (const std::size_t size : kValueSizes) {
      const std::string value = binary(size);
      ASSERT_TRUE(cache_.set(key, value).ok());
      for (const Reader& reader : kReaders) {
        ASSERT_EQ(reader.read(cache_, key), value) << reader.name << " of " << size << " bytes";
      }
      EXPECT_EQ(*cache_.strlen(key), size);
    }
  }
}

TEST_F(StringReads, AMissIsAMissEachWay) {
  for (const Reader& reader : kReaders) EXPECT_EQ(reader.read(cache_, "missing"), std::nullopt) << reader.name;
  EXPECT_TRUE(cache_.strlen("missing").missing());
  EXPECT_EQ(*cache_.get_range("missing", 0, 9), "");
}

TEST_F(StringReads, AnExpiredKeyIsAMissBeforeTheWheelTurns) {
  for (const std::size_t size : {std::size_t{3}, std::size_t{2'000}}) {
    for (const Reader& reader : kReaders) {
      ASSERT_TRUE(cache_.set("k", binary(size), {.ttl = 10ms}).ok());
      advance(9ms);
      EXPECT_TRUE(reader.read(cache_, "k")) << reader.name;
      advance(1ms);
      EXPECT_EQ(reader.read(cache_, "k"), std::nullopt) << reader.name;
    }
  }
}

TEST_F(StringReads, ABufferLargeEnoughIsNotAllocatedAgain) {
  std::string buffer;
  buffer.reserve(6'000);
  const char* const bytes = buffer.data();
  for (const std::size_t size : {std::size_t{1'024}, std::size_t{3}, std::size_t{0}, std::size_t{5'000}}) {
    cache_.set("k", binary(size));
    ASSERT_EQ(cache_.get("k", buffer).value_or(9), size);
    EXPECT_EQ(buffer, binary(size));
    EXPECT_EQ(buffer.data(), bytes);
  }
}

TEST_F(StringReads, OnePastTheLongestKeyIsRefusedAndNothingAfterClose) {
  const Call calls[] = {
      {"get", [](Cache& cache, std::string_view key) { return code_of(cache.get(key)); }},
      {"get into",
       [](Cache& cache, std::string_view key) {
         std::string value;
         return code_of(cache.get(key, value));
       }},
      {"pin", [](Cache& cache, std::string_view key) { return code_of(cache.pin(key)); }},
      {"read", [](Cache& cache, std::string_view key) { return code_of(cache.read(key, [](std::string_view) {})); }},
      {"peek", [](Cache& cache, std::string_view key) { return code_of(cache.peek(key)); }},
      {"mget", [](Cache& cache, std::string_view key) { return code_of(cache.mget(std::span(&key, 1)).at(0)); }},
      {"mget with a function",
       [](Cache& cache, std::string_view key) {
         return code_of(cache.mget(std::span(&key, 1), [](std::size_t, std::string_view) {}));
       }},
      {"strlen", [](Cache& cache, std::string_view key) { return code_of(cache.strlen(key)); }},
      {"get_range", [](Cache& cache, std::string_view key) { return code_of(cache.get_range(key, 0, -1)); }},
      {"get_versioned", [](Cache& cache, std::string_view key) { return code_of(cache.get_versioned(key)); }},
  };
  expect_key_limit(cache_, calls);
  expect_closed(cache_, calls);
}

// --- Held in place ---------------------------------------------------------------------------------------------------

TEST_F(StringReads, APinnedValueStaysWhateverBecomesOfTheKey) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1'024}, std::size_t{1'025}, std::size_t{70'000}}) {
    const std::string value = binary(size);
    void (*const edits[])(Cache&) = {
        [](Cache& cache) { cache.set("k", "other"); },
        [](Cache& cache) { cache.append("k", "more"); },
        [](Cache& cache) { cache.set_range("k", 0, "XYZ"); },
        [](Cache& cache) { cache.set_bit("k", 0, true); },
        [](Cache& cache) { cache.del("k"); },
        [](Cache& cache) { cache.rename("k", "l"); },
        [](Cache& cache) { cache.clear(); },
    };
    for (const auto edit : edits) {
      cache_.set("k", value);
      const auto pinned = cache_.pin("k");
      const std::string before = *cache_.get("k");
      edit(cache_);
      ASSERT_EQ(pinned->view(), value);
      ASSERT_EQ(pinned->size(), size);
    }
  }
}

TEST_F(StringReads, AnEditOfAPinnedValueIsSeenByLaterReaders) {
  cache_.set("k", std::string(2'000, 'a'));
  const auto before = cache_.pin("k");
  cache_.set_range("k", 1, "b");
  const auto after = cache_.pin("k");
  cache_.append("k", "c");
  EXPECT_EQ(before->view(), std::string(2'000, 'a'));
  EXPECT_EQ(after->view(), "ab" + std::string(1'998, 'a'));
  EXPECT_EQ(*cache_.get("k"), "ab" + std::string(1'998, 'a') + "c");
}

TEST(Pinned, MayOutliveTheCache) {
  Pinned small;
  Pinned large;
  EXPECT_EQ(small.view(), "");
  {
    Cache cache;
    cache.set("small", "value");
    cache.set("large", binary(3'000));
    small = *cache.pin("small");
    large = *cache.pin("large");
    cache.close();
    EXPECT_EQ(large.view(), binary(3'000));
  }
  EXPECT_EQ(small.view(), "value");
  EXPECT_EQ(large.view(), binary(3'000));
  Pinned moved = std::move(large);
  EXPECT_EQ(moved.view(), binary(3'000));
  moved = std::move(small);
  EXPECT_EQ(moved.view(), "value");
}

TEST_F(StringReads, AReaderMayCallTheCache) {
  for (const std::size_t size : {std::size_t{5}, std::size_t{2'000}}) {
    cache_.set("k", binary(size));
    const auto read = cache_.read("k", [&](std::string_view bytes) {
      cache_.set("k", "written meanwhile");
      cache_.del("k");
      EXPECT_EQ(bytes, binary(size));
    });
    EXPECT_EQ(*read, size);
    EXPECT_FALSE(*cache_.exists("k"));
  }
}

TEST_F(StringReads, WhatAReaderThrowsIsAnError) {
  cache_.set("k", "v");
  const std::string_view key = "k";
  const auto standard = [](auto&&...) { throw std::runtime_error("no more"); };
  const auto other = [](auto&&...) { throw 42; };
  for (const auto& status : {cache_.read("k", standard).status(), cache_.mget(std::span(&key, 1), standard).status()}) {
    EXPECT_EQ(status.code(), ErrorCode::kCallbackThrew);
    EXPECT_EQ(status.message(), "no more");
  }
  for (const auto& status : {cache_.read("k", other).status(), cache_.mget(std::span(&key, 1), other).status()}) {
    EXPECT_EQ(status.code(), ErrorCode::kCallbackThrew);
    EXPECT_NE(status.message(), "");
  }
  EXPECT_EQ(*cache_.get("k"), "v");
  EXPECT_TRUE(cache_.read("missing", standard).missing());  // it does not run
}

// --- Many at once -----------------------------------------------------------------------------------------------------

TEST_F(StringReads, MgetAnswersInTheOrderOfTheKeys) {
  for (const std::size_t count : {0u, 1u, 15u, 16u, 17u, 32u, 100u}) {
    cache_.clear();
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("key" + std::to_string(i / 2));  // each twice
    std::vector<std::string_view> keys(names.begin(), names.end());
    for (std::size_t i = 0; i < count; i += 4) cache_.set(names[i], binary(i * 40, 1));  // every second is missing
    const auto values = cache_.mget(keys);
    std::map<std::size_t, std::string> seen;
    const auto found = cache_.mget(keys, [&](std::size_t i, std::string_view value) { seen.emplace(i, value); });
    ASSERT_EQ(values.size(), count);
    EXPECT_EQ(*found, seen.size());
    for (std::size_t i = 0; i < count; ++i) {
      const bool there = i % 4 < 2;
      EXPECT_EQ(values[i].has_value(), there) << i;
      EXPECT_EQ(seen.contains(i), there) << i;
      if (!there) continue;
      EXPECT_EQ(*values[i], binary(i / 4 * 160, 1)) << i;
      EXPECT_EQ(seen[i], *values[i]);
    }
  }
}

TEST_F(StringReads, MgetIsRefusedAsAWhole) {
  cache_.set("a", "1");
  const std::string long_key(kKeyBytesMax + 1, 'k');
  const std::string_view keys[] = {"a", long_key, "a"};
  for (const auto& value : cache_.mget(keys)) EXPECT_EQ(value.status().code(), ErrorCode::kKeyTooLong);
  cache_.close();
  for (const auto& value : cache_.mget(std::span(keys, 1))) EXPECT_EQ(value.status().code(), ErrorCode::kClosed);
}

TEST_F(StringReads, AFunctionOfMgetMayCallTheCache) {
  const std::string_view keys[] = {"a", "b"};
  cache_.set("a", "1");
  cache_.set("b", "2");
  std::string all;
  const auto found = cache_.mget(keys, [&](std::size_t, std::string_view value) {
    all += value;
    cache_.clear();
  });
  EXPECT_EQ(*found, all.size());
}

// --- Parts and use ------------------------------------------------------------------------------------------------------

TEST_F(StringReads, GetRangeCountsFromBothEnds) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const std::string value = binary(3'000);
  cache_.set("k", value);
  const struct {
    std::int64_t first, last;
    std::size_t from, bytes;
  } cases[] = {{0, 0, 0, 1},
               {0, 1'023, 0, 1'024},
               {1'000, 1'030, 1'000, 31},
               {-1, -1, 2'999, 1},
               {-3'000, 0, 0, 1},
               {-3'001, 0, 0, 1},
               {2'999, kMax, 2'999, 1},
               {3'000, kMax, 0, 0},
               {5, 4, 0, 0},
               {-1, 2'998, 0, 0},
               {-10, -11, 0, 0},
               {10, -2'990, 10, 1},
               {-kMax, kMax, 0, 3'000},
               {kMax, -kMax, 0, 0},
               {-5'000, -4'000, 0, 1},
               {-4'000, -5'000, 0, 0},
               {-kMax - 1, -3'000, 0, 1}};
  for (const auto& one : cases) {
    EXPECT_EQ(*cache_.get_range("k", one.first, one.last), value.substr(one.from, one.bytes))
        << one.first << " to " << one.last;
  }
}

// Which of two entries a third one drives out tells which was used last.
TEST_F(StringReads, EachWayButPeekMarksUse) {
  for (const Reader& reader : kReaders) {
    Cache& two = make({.max_memory = 0, .max_entries = 2, .eviction = Eviction::lru(), .shards = 1});
    two.set("a", "1");
    two.set("b", "2");
    ASSERT_EQ(reader.read(two, "a"), "1");
    two.set("c", "3");
    const bool marks = std::string_view(reader.name) != "peek";
    EXPECT_EQ(two.peek("a").has_value(), marks) << reader.name;
    EXPECT_EQ(two.peek("b").has_value(), !marks) << reader.name;
  }
}

TEST_F(StringReads, EachWayButPeekKeepsAnEntryFromIdling) {
  for (const Reader& reader : kReaders) {
    Cache& idling = make({.expiry = {.idle = 10ms}});
    idling.set("k", "v");
    advance(6ms);
    ASSERT_EQ(reader.read(idling, "k"), "v");
    advance(6ms);
    EXPECT_EQ(idling.peek("k").has_value(), std::string_view(reader.name) != "peek") << reader.name;
  }
}

}  // namespace
}  // namespace larder::commands
