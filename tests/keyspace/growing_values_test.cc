// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A value that grows takes its place from other keys, wherever those are; it is not forgotten to make room for itself.
#include <gtest/gtest.h>

#include <string>

#include "larder/cache.h"

namespace larder::keyspace {
namespace {

class GrowingValues : public testing::TestWithParam<std::string_view> {
 protected:
  // Full of keys that nobody uses, in more shards than one that grows can fill.
  GrowingValues() {
    for (int i = 0; i < 12'000; ++i) EXPECT_TRUE(cache_.set("cold" + std::to_string(i), std::string(1'000, 'c')).ok());
  }
  Cache cache_{{.max_memory = 8_MiB, .eviction = *Eviction::named(GetParam()), .shards = 16, .seed = 1}};
};

TEST_P(GrowingValues, AHashIsWholeUntilItIsAllThereIs) {
  std::uint64_t fields = 0;
  Status status;
  for (; fields < 20'000; ++fields) {
    const Result<bool> added = cache_.hset("hot", "field" + std::to_string(fields), std::string(1'000, 'v'));
    status = added.status();
    if (!status.ok()) break;
    ASSERT_EQ(cache_.hlen("hot").value_or(0), fields + 1);
  }
  EXPECT_EQ(status.code(), ErrorCode::kOutOfMemory);
  EXPECT_GT(fields, 6'000u);
  EXPECT_EQ(cache_.hlen("hot").value_or(0), fields);
  EXPECT_LE(cache_.stats().bytes_used, 8_MiB);
  // Other keys may take its place.
  EXPECT_TRUE(cache_.set("other", "value").ok());
  EXPECT_EQ(cache_.check_invariants().to_string(), "ok");
}

TEST_P(GrowingValues, AListIsWholeUntilItIsAllThereIs) {
  std::uint64_t elements = 0;
  for (; elements < 100'000; ++elements) {
    const Result<std::uint64_t> size = cache_.rpush("hot", std::string(500, 'v'));
    if (!size.ok()) break;
    ASSERT_EQ(*size, elements + 1);
  }
  EXPECT_GT(elements, 12'000u);
  EXPECT_EQ(cache_.llen("hot").value_or(0), elements);
}

TEST_P(GrowingValues, AStringIsNotBegunAnew) {
  std::uint64_t size = 0;
  while (size < 900'000) {
    const Result<std::uint64_t> longer = cache_.append("hot", std::string(1'000, 'v'));
    ASSERT_TRUE(longer.ok()) << longer.status().to_string();
    ASSERT_EQ(*longer, size += 1'000);
  }
}

TEST_P(GrowingValues, AnotherValueTakesThePlaceOfAHashThatIsAllThereIs) {
  for (int i = 0; cache_.hset("hot", "field" + std::to_string(i), std::string(1'000, 'v')).ok();) ++i;
  EXPECT_TRUE(cache_.set("hot", std::string(500'000, 's')).ok());
  EXPECT_EQ(cache_.strlen("hot").value_or(0), 500'000u);
}

TEST_P(GrowingValues, TakesThePlaceOfWhatIsUsedMore) {
  Cache few({.max_memory = 1_MiB, .eviction = *Eviction::named(GetParam()), .shards = 1, .seed = 1});
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(few.set("used" + std::to_string(i), std::string(100'000, 'u')).ok());
  for (int i = 0; i < 8'000; ++i) EXPECT_TRUE(few.get("used" + std::to_string(i % 8)));
  for (int i = 0; i < 80; ++i) {
    EXPECT_TRUE(few.hset("hot", "field" + std::to_string(i), std::string(10'000, 'v')).ok());
  }
  EXPECT_EQ(few.hlen("hot").value_or(0), 80u);
}

TEST_P(GrowingValues, ANewKeyTakesThePlaceOfTheOnlyOne) {
  Cache one({.max_memory = 1_MiB, .max_entries = 1, .eviction = *Eviction::named(GetParam()), .seed = 1});
  EXPECT_TRUE(one.set("a", "").ok());
  EXPECT_TRUE(one.set_range("b", 0, "x").ok());
  EXPECT_TRUE(one.sadd("c", "x").ok());
  EXPECT_TRUE(one.append("d", std::string(50'000, 'x')).ok());
  EXPECT_TRUE(one.append("d", std::string(50'000, 'x')).ok());
  EXPECT_EQ(one.dbsize().value_or(0), 1u);
  EXPECT_EQ(one.strlen("d").value_or(0), 100'000u);
}

INSTANTIATE_TEST_SUITE_P(Policies, GrowingValues, testing::ValuesIn(Eviction::names()), [](const auto& its) {
  std::string name(its.param);
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace larder::keyspace
