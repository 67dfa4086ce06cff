// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the commands on collections have in common: keyspace::change and its kin, seen through hashes.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/hold_work.h"
#include "support/cache_fixture.h"

namespace larder::keyspace {
namespace {

using support::binary;
using namespace std::chrono_literals;
using Model = std::map<std::string, std::string>;

Model contents(Cache& cache, std::string_view key) {
  const auto all = cache.hget_all(key);
  EXPECT_TRUE(all.ok()) << all.status().to_string();
  return all ? Model(all->begin(), all->end()) : Model();
}

Model contents(const HashSnapshot& snapshot) {
  Model model;
  snapshot.for_each([&](std::string_view field, std::string_view value) {
    model.emplace(field, value);
    return true;
  });
  return model;
}

class CollectionChange : public support::CacheFixture {
 protected:
  // Fields from..to, in the order of their names.
  static Model fields(int from, int to) {
    Model made;
    for (int i = from; i < to; ++i) made["field" + std::to_string(100'000 + i)] = "value" + std::to_string(i);
    return made;
  }
  static void fill(Cache& cache, std::string_view key, int count) {
    for (const auto& [field, value] : fields(0, count)) ASSERT_TRUE(cache.hset(key, field, value).ok());
  }
  std::string encoding(std::string_view key) {
    const auto report = cache_.inspect(key);
    return report ? std::string(report->encoding) : "(missing)";
  }
};

// Sizes on both sides of the limits, one field at a time, many at once, and back to nothing.
TEST_F(CollectionChange, GrowsAndShrinksThroughAllForms) {
  for (const int count : {1, 20, 63, 64, 65, 127, 128, 129, 1'000, 20'000}) {
    for (const bool at_once : {false, true}) {
      Cache& cache = make({});
      const Model model = fields(0, count);
      if (at_once) {
        EXPECT_EQ(cache.hset("h", model).value_or(0), static_cast<std::uint64_t>(count));
      } else {
        fill(cache, "h", count);
      }
      EXPECT_EQ(contents(cache, "h"), model) << count;
      EXPECT_EQ(cache.hlen("h").value_or(0), static_cast<std::uint64_t>(count));
      EXPECT_EQ(cache.check_invariants().to_string(), "ok");
      std::vector<std::string> names;
      for (const auto& [field, value] : model) names.push_back(field);
      const std::vector<std::string> first(names.begin(), names.begin() + count / 2);
      if (!first.empty()) {
        EXPECT_EQ(cache.hdel("h", first).value_or(0), first.size());
      }
      EXPECT_EQ(contents(cache, "h"), fields(count / 2, count)) << count;
      EXPECT_EQ(cache.hdel("h", names).value_or(0), names.size() - first.size());
      EXPECT_FALSE(*cache.exists("h"));
      EXPECT_EQ(cache.dbsize().value_or(9), 0u);
    }
  }
}

// The last edit of a large one is done where it is, and the policy is told that all of it has gone.
TEST_F(CollectionChange, ALargeOneMayBeEmptiedOneByOne) {
  for (const int count : {1, 100, 1'000}) {
    for (const Eviction& eviction : {Eviction::adaptive(), Eviction::s3_fifo(), Eviction::lru(), Eviction::lfu()}) {
      Cache& cache = make({.eviction = eviction, .shards = 1});
      fill(cache, "h", count);
      ASSERT_TRUE(cache.hset("h", "big", binary(5'000)).ok());
      for (const auto& [field, value] : fields(0, count)) ASSERT_TRUE(*cache.hdel("h", field));
      EXPECT_TRUE(*cache.hdel("h", "big"));
      EXPECT_FALSE(*cache.exists("h"));
      EXPECT_EQ(cache.check_invariants().to_string(), "ok") << count;
    }
  }
}

TEST_F(CollectionChange, WhatIsCountedIsGivenBack) {
  const std::uint64_t before = cache_.stats().bytes_used - cache_.stats().bytes_set_aside;
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(cache_.hset("a", fields(0, 5'000)).ok());
    EXPECT_TRUE(cache_.hset("b", "big", binary(100'000)).ok());
    EXPECT_TRUE(cache_.rename("a", "c").ok());
    EXPECT_TRUE(cache_.copy("c", "d").ok());
    EXPECT_TRUE(cache_.hset("d", fields(4'000, 6'000)).ok());
    EXPECT_EQ(contents(cache_, "c"), fields(0, 5'000));
    EXPECT_EQ(contents(cache_, "d"), fields(0, 6'000));
    EXPECT_TRUE(cache_.clear().ok());
  }
  while (cache_.tick().more) {
  }
  const std::uint64_t after = cache_.stats().bytes_used - cache_.stats().bytes_set_aside;
  EXPECT_LE(after, before + (64 << 10));
}

// A reader's version stays as it was, whatever becomes of the key.
TEST_F(CollectionChange, AVersionStaysAsItWas) {
  for (const int count : {5, 5'000}) {
    Cache& cache = make({});
    fill(cache, "h", count);
    std::vector<HashSnapshot> versions;
    std::vector<Model> models;
    Model model = fields(0, count);
    for (int i = 0; i < 20; ++i) {
      versions.push_back(*cache.hsnapshot("h"));
      models.push_back(model);
      const std::string field = "field" + std::to_string(100'000 + i % count);
      ASSERT_TRUE(cache.hset("h", field, "round" + std::to_string(i)).ok());
      model[field] = "round" + std::to_string(i);
    }
    EXPECT_TRUE(*cache.del("h"));
    EXPECT_TRUE(cache.close().complete());
    for (std::size_t i = 0; i < versions.size(); ++i) EXPECT_EQ(contents(versions[i]), models[i]);
  }
}

TEST_F(CollectionChange, OtherTypesAreLeftAlone) {
  ASSERT_TRUE(cache_.set("s", "text").ok());
  fill(cache_, "h", 3);
  const auto code = [](const Status& status) { return status.code(); };
  EXPECT_EQ(code(cache_.hset("s", "f", "v").status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.hset("s", fields(0, 100)).status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.hget("s", "f").status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.hdel("s", "f").status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.hget_all("s").status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.get("h").status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.append("h", "x").status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.incr("h").status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.set_bit("h", 1, true).status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.bit_op(BitOperation::kOr, "to", {"s", "h"}).status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.lcs("s", "h").status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.set_and_get("h", "x").status()), ErrorCode::kWrongType);
  EXPECT_EQ(code(cache_.get_or_load("h", [] { return std::string(); }).status()), ErrorCode::kWrongType);
  const auto values = cache_.mget({"s", "h", "none"});
  EXPECT_EQ(values[0].value_or(""), "text");
  EXPECT_TRUE(values[1].missing());
  EXPECT_EQ(contents(cache_, "h"), fields(0, 3));
  EXPECT_EQ(*cache_.type("h"), ValueType::kHash);
  EXPECT_TRUE(cache_.set("h", "text").ok());  // replaces any type
  EXPECT_EQ(*cache_.type("h"), ValueType::kString);
}

// It ends with its key: with what it was given, whatever form it takes meanwhile.
TEST_F(CollectionChange, KeepsItsTimeToLive) {
  fill(cache_, "h", 2);
  ASSERT_TRUE(*cache_.expire("h", 1'000ms));
  fill(cache_, "h", 500);
  EXPECT_TRUE(cache_.hset("h", fields(500, 800)).ok());
  EXPECT_EQ(cache_.ttl("h")->left->count(), 1'000);
  advance(999ms);
  EXPECT_EQ(*cache_.hlen("h"), 800u);
  advance(1ms);
  EXPECT_EQ(*cache_.hlen("h"), 0u);
  EXPECT_TRUE(*cache_.hset("h", "f", "v"));
  EXPECT_FALSE(cache_.ttl("h")->left.has_value());
}

TEST_F(CollectionChange, TheMemoryBoundHolds) {
  std::mt19937 random(7);
  for (const Eviction& eviction : {Eviction::s3_fifo(), Eviction::lru(), Eviction::lfu(), Eviction::random()}) {
    Cache& cache = make({.max_memory = 2_MiB, .eviction = eviction, .shards = 2});
    for (int i = 0; i < 60'000; ++i) {
      const std::string key = "h" + std::to_string(random() % 200);
      const std::string field = std::to_string(random() % 400);
      if (random() % 300 == 0) {
        (void)cache.hset(key, fields(0, 300));
      } else if (random() % 4 == 0) {
        EXPECT_TRUE(cache.hdel(key, field).ok());
      } else {
        const auto set = cache.hset(key, field, binary(random() % (random() % 30 == 0 ? 3'000 : 40)));
        EXPECT_TRUE(set.ok()) << set.status().to_string();
      }
      ASSERT_LE(cache.stats().bytes_used, 2_MiB);
    }
    EXPECT_GT(cache.stats().removals[static_cast<std::size_t>(RemovalCause::kEvicted)], 0u);
    EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  }
}

// Without eviction: what finds no room has changed nothing.
TEST_F(CollectionChange, WhatFindsNoRoomHasChangedNothing) {
  Cache& cache = make({.max_memory = 256 << 10, .eviction = Eviction::none(), .shards = 1});
  Model model;
  bool refused = false;
  for (int i = 0; i < 100'000 && !refused; i += 10) {
    const Model more = fields(i, i + 10);
    const auto set = cache.hset("h", more);
    refused = !set.ok();
    if (refused) {
      EXPECT_EQ(set.status().code(), ErrorCode::kOutOfMemory);
    } else {
      model.insert(more.begin(), more.end());
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_EQ(contents(cache, "h"), model);
  EXPECT_EQ(cache.hset("h", fields(100'000, 103'000)).status().code(), ErrorCode::kOutOfMemory);
  EXPECT_TRUE(*cache.hdel("h", "field100000"));  // what takes away finds room
  model.erase("field100000");
  EXPECT_EQ(contents(cache, "h"), model);
  EXPECT_TRUE(*cache.del("h"));
  EXPECT_TRUE(cache.hset("h", fields(0, 100)).ok());
}

TEST_F(CollectionChange, ListenersHearOfTheKeyAndNoValue) {
  std::vector<std::string> heard;
  Options options;
  options.on_removal = [&](std::string_view key, std::string_view value, RemovalCause cause) {
    heard.push_back(std::string(key) + "/" + std::string(value) + "/" + std::string(to_string(cause)));
  };
  Cache& cache = make(options);
  fill(cache, "h", 500);
  EXPECT_EQ(heard.size(), 0u);  // edits are no removals
  EXPECT_TRUE(*cache.del("h"));
  fill(cache, "h", 2);
  EXPECT_TRUE(cache.set("h", "text").ok());
  fill(cache, "g", 1);
  EXPECT_TRUE(*cache.hdel("g", "field100000"));
  EXPECT_EQ(heard, (std::vector<std::string>{"h//deleted", "h//replaced", "g//deleted"}));
}

TEST_F(CollectionChange, EncodingsAreNamedAsInRedis) {
  fill(cache_, "h", 20);
  EXPECT_EQ(encoding("h"), "listpack");
  fill(cache_, "h", 513);
  EXPECT_EQ(encoding("h"), "hashtable");
  for (int i = 1; i < 513; ++i) EXPECT_TRUE(*cache_.hdel("h", "field" + std::to_string(100'000 + i)));
  EXPECT_EQ(encoding("h"), "hashtable");  // for good
  EXPECT_TRUE(cache_.hset("long", "f", std::string(65, 'x')).ok());
  EXPECT_EQ(encoding("long"), "hashtable");
  EXPECT_TRUE(cache_.hset("short", "f", std::string(64, 'x')).ok());
  EXPECT_EQ(encoding("short"), "listpack");
}

#if defined(LARDER_CHECKS)
TEST_F(CollectionChange, NoHoldIsLong) {
  constexpr std::uint64_t kBytes = 100 << 10;
  constexpr std::uint64_t kAllocations = 700;
  const auto expect_bounded = [&](const char* when) {
    const base::HoldWork most = base::take_most_work();
    EXPECT_LE(most.bytes, kBytes) << when;
    EXPECT_LE(most.allocations, kAllocations) << when;
  };
  base::take_most_work();
  EXPECT_TRUE(cache_.hset("h", fields(0, 200'000)).ok());
  expect_bounded("many at once");
  fill(cache_, "h", 1'000);
  expect_bounded("one at a time");
  const HashSnapshot held = *cache_.hsnapshot("h");
  fill(cache_, "h", 1'000);
  EXPECT_TRUE(cache_.hset("h", fields(0, 64)).ok());
  expect_bounded("beside a version");
  EXPECT_EQ(contents(cache_, "h").size(), 200'000u);
  expect_bounded("reading it");
  EXPECT_TRUE(cache_.hset("h", "big", binary(5'000'000)).ok());
  EXPECT_EQ(cache_.hget("h", "big")->size(), 5'000'000u);
  expect_bounded("a large value");
  EXPECT_TRUE(cache_.copy("h", "g").ok());
  EXPECT_TRUE(cache_.rename("g", "h").ok());
  expect_bounded("another name");
  EXPECT_TRUE(*cache_.del("h"));
  expect_bounded("deleting it");
}
#endif

}  // namespace
}  // namespace larder::keyspace
