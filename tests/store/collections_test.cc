// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// CONTRACTS T4, and L, T1, T2 and W for collections: hashes, lists, sets and sorted sets behind a store, step by step.
// Random commands: tests/differential/stored_wire_test.cc.
#include <gmock/gmock.h>

#include <limits>
#include <set>
#include <utility>

#include "store/store_fixture.h"
#include "support/counting_allocator.h"

namespace larder::store {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::vector<std::string> list(Cache& cache, std::string_view key) {
  std::vector<std::string> elements;
  const auto range = cache.lrange(key, 0, -1);
  EXPECT_TRUE(range.ok()) << range.status().to_string();
  if (range.ok()) {
    for (const std::string_view element : *range) elements.emplace_back(element);
  }
  return elements;
}

std::vector<std::string> members(int from, int to) {
  std::vector<std::string> names;
  for (int i = from; i < to; ++i) names.push_back("member" + std::to_string(10'000 + i));
  return names;
}

std::uint64_t add(Cache& cache, std::string_view key, const std::vector<std::string>& names) {
  return cache.sadd(key, std::vector<std::string_view>(names.begin(), names.end())).value_or(0);
}

class StoredCollections : public StoreFixture {
 protected:
  Cache& another(StoreOptions options = {}, Options all = {}) {
    options.backing = store_;
    all.store = options;
    return make(all);
  }
  // One of each type.
  void make_all(Cache& cache) {
    EXPECT_EQ(*cache.hset("hash", {{"f", "1"}, {"e", "2"}}), 2u);
    EXPECT_EQ(*cache.rpush("list", {"b", "a", "b"}), 3u);
    EXPECT_EQ(*cache.sadd("set", {"y", "x"}), 2u);
    EXPECT_TRUE(*cache.zadd("sorted", "m", 1));
    EXPECT_TRUE(*cache.zadd("sorted", "l", 1));
  }
  void expect_all(Cache& cache) {
    EXPECT_THAT(*cache.hget_all("hash"), testing::UnorderedElementsAre(Pair("f", "1"), Pair("e", "2")));
    EXPECT_THAT(list(cache, "list"), ElementsAre("b", "a", "b"));
    EXPECT_THAT(*cache.smembers("set"), testing::UnorderedElementsAre("x", "y"));
    EXPECT_EQ(*cache.zrank("sorted", "m"), 1u);
    EXPECT_EQ(*cache.zscore("sorted", "l"), 1);
  }
  ValueType type_of(std::string_view key) {
    const auto rows = store_->rows();
    const auto row = rows.find(key);
    return row == rows.end() ? ValueType::kNone : row->second.type;
  }
};

TEST_F(StoredCollections, T4TheStoreGetsTypeAndStoredForm) {
  make_all(stored_);
  EXPECT_EQ(type_of("hash"), ValueType::kHash);
  EXPECT_EQ(store_->row("hash"), "\1\2\1e\1"s + "2\1f\1"s + "1");
  EXPECT_EQ(type_of("list"), ValueType::kList);
  EXPECT_EQ(store_->row("list"), "\1\3\1b\1a\1b");
  EXPECT_EQ(type_of("set"), ValueType::kSet);
  EXPECT_EQ(store_->row("set"), "\1\2\1x\1y");
  EXPECT_EQ(type_of("sorted"), ValueType::kSortedSet);
  EXPECT_EQ(store_->row("sorted"), "\1\2\0\0\0\0\0\0\xf0\x3f\1l\0\0\0\0\0\0\xf0\x3f\1m"s);
}

TEST_F(StoredCollections, T4WhatIsInTheStoreIsLoadedOnceByWhoeverAsks) {
  make_all(stored_);
  Cache& other = another();
  expect_all(other);
  expect_all(other);
  EXPECT_EQ(store_->loaded().size(), 4u + 4u) << "each once, when it was made and when it was read";
  EXPECT_EQ(*other.type("list"), ValueType::kList);
}

TEST_F(StoredCollections, T4LargeOnesRoundTrip) {
  const std::vector<std::string> names = members(0, 20'000);
  EXPECT_EQ(add(stored_, "set", names), names.size());
  EXPECT_EQ(store_->written().size(), 1u);
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(
        stored_.hset("hash", "field" + std::to_string(i), std::string(static_cast<std::size_t>(i) * 90, 'v')).ok());
    ASSERT_TRUE(stored_.zadd("sorted", std::to_string(i), i).ok());
    ASSERT_TRUE(stored_.lpush("list", std::to_string(i)).ok());
  }
  Cache& other = another();
  const ItemList loaded = *other.smembers("set");
  EXPECT_EQ(std::set<std::string>(loaded.begin(), loaded.end()), std::set<std::string>(names.begin(), names.end()));
  EXPECT_EQ(*other.hlen("hash"), 300u);
  EXPECT_EQ(*other.hstrlen("hash", "field299"), 299u * 90);
  EXPECT_EQ(*other.zrank("sorted", "150"), 150u);
  EXPECT_EQ(*other.lindex("list", 0), "299");
  EXPECT_TRUE(*other.srem("set", names[0]));
  EXPECT_EQ(*another().scard("set"), names.size() - 1);
}

TEST_F(StoredCollections, T4WritesLoadBeforeTheyDecide) {
  store_->put("h", {.type = ValueType::kHash, .bytes = "\1\1\1n\2"s + "41"});
  EXPECT_EQ(*stored_.hincr_by("h", "n", 1), 42);
  EXPECT_FALSE(*stored_.hset_nx("h", "n", "x"));
  store_->put("l", {.type = ValueType::kList, .bytes = "\1\1\1a"});
  EXPECT_EQ(*stored_.rpush_x("l", "b"), 2u);
  EXPECT_EQ(store_->row("l"), "\1\2\1a\1b");
}

TEST_F(StoredCollections, T4WhatChangesNothingIsNotWrittenAndWhatIsEmptiedIsErased) {
  make_all(stored_);
  const std::size_t before = store_->written().size();
  EXPECT_FALSE(*stored_.sadd("set", "x"));
  EXPECT_FALSE(*stored_.srem("set", "none"));
  EXPECT_EQ(stored_.hincr_by("hash", "f", std::numeric_limits<std::int64_t>::max()).status().code(),
            ErrorCode::kOverflow);
  EXPECT_EQ(stored_.rpush("hash", "x").status().code(), ErrorCode::kWrongType);
  EXPECT_EQ(store_->written().size(), before);
  EXPECT_EQ(*stored_.srem("set", {"x", "y"}), 2u);
  EXPECT_EQ(stored_.lpop("list", 3)->size(), 3u);
  EXPECT_EQ(*stored_.zrem("sorted", {"l", "m"}), 2u);
  EXPECT_TRUE(*stored_.del("hash"));
  EXPECT_THAT(store_->rows(), IsEmpty());
  EXPECT_FALSE(*stored_.exists("set"));
}

TEST_F(StoredCollections, T1OnAnErrorTheCacheKeepsWhatItHas) {
  make_all(stored_);
  for (const auto& [fault, code] :
       {std::pair(Fault::kRetry, ErrorCode::kStoreFailed), std::pair(Fault::kNever, ErrorCode::kStoreRefused)}) {
    store_->fail_writes({fault, fault, fault, fault, fault, fault});
    EXPECT_EQ(stored_.hset("hash", "f", "other").status().code(), code);
    EXPECT_EQ(stored_.lpop("list").status().code(), code);
    EXPECT_EQ(stored_.srem("set", {"x", "y"}).status().code(), code);
    EXPECT_EQ(stored_.zadd("sorted", "new", 3).status().code(), code);
    EXPECT_EQ(stored_.expire("hash", 5s).status().code(), code);
    EXPECT_EQ(stored_.smove("set", "set2", "x").status().code(), code);
    expect_all(stored_);
    EXPECT_FALSE(stored_.ttl("hash")->left);
  }
  expect_all(another());
}

TEST_F(StoredCollections, T2WhereTheOutcomeIsNotKnownTheyAreForgotten) {
  for (const Fault fault : {Fault::kLost, Fault::kLate, Fault::kThrows, Fault::kWritesAndThrows, Fault::kFailsWhole}) {
    ASSERT_TRUE(stored_.sadd("set", "x").ok());
    store_->fail_writes({fault});
    EXPECT_EQ(stored_.sadd("set", "new").status().code(), ErrorCode::kOutcomeUnknown);
    EXPECT_FALSE(stored_.inspect("set")) << "not resident";
    EXPECT_EQ(*stored_.sis_member("set", "new"), store_->row("set") != "\1\1\1x");
    ASSERT_TRUE(stored_.srem("set", "new").ok());
  }
}

TEST_F(StoredCollections, T4TheirEndGoesAlong) {
  make_all(stored_);
  EXPECT_TRUE(*stored_.expire("hash", 5s));
  EXPECT_TRUE(*stored_.hset("hash", "g", "3"));
  EXPECT_EQ(store_->rows()["hash"].expires_at, in(5s));
  EXPECT_EQ(another().ttl("hash")->left, 5s);
  EXPECT_TRUE(*stored_.persist("hash"));
  EXPECT_FALSE(store_->rows()["hash"].expires_at);
  EXPECT_EQ(type_of("hash"), ValueType::kHash);
  EXPECT_TRUE(*stored_.expire("hash", 5s));
  advance(5s);
  EXPECT_FALSE(*stored_.exists("hash"));
  EXPECT_TRUE(*stored_.hset("hash", "f", "1")) << "a new one";
  EXPECT_EQ(store_->row("hash"), "\1\1\1f\1"s + "1");
}

TEST_F(StoredCollections, T4CommandsOnSeveralKeysAreOneGroup) {
  make_all(stored_);
  EXPECT_TRUE(*stored_.smove("set", "set2", "x"));
  EXPECT_EQ(*stored_.lmove("list", "list2", ListEnd::kLeft, ListEnd::kRight), "b");
  EXPECT_TRUE(stored_.rename("hash", "hash2").ok());
  const auto written = store_->written();
  for (std::size_t i = written.size() - 6; i < written.size(); i += 2) {
    EXPECT_NE(written[i].group, 0u);
    EXPECT_EQ(written[i].group, written[i + 1].group);
  }
  EXPECT_TRUE(*stored_.copy("sorted", "sorted2"));
  EXPECT_EQ(*stored_.sunion_store("union", {"set", "set2", "none"}), 2u);
  EXPECT_EQ(*stored_.zunion_store("zunion", {"sorted", "set"}), 3u);
  EXPECT_EQ(stored_.lmpop({"none", "list"}, ListEnd::kLeft, 5)->elements.size(), 2u);
  EXPECT_EQ(stored_.zmpop_min({"sorted"}, 5)->members.size(), 2u);
  EXPECT_EQ(store_->row("union"), "\1\2\1x\1y");
  EXPECT_EQ(store_->row("set2"), "\1\1\1x");
  EXPECT_EQ(store_->row("list"), "(none)");
  EXPECT_EQ(store_->row("list2"), "\1\1\1b");
  EXPECT_EQ(store_->row("hash"), "(none)");
  EXPECT_EQ(store_->row("sorted"), "(none)");
  Cache& other = another();
  EXPECT_EQ(*other.zcard("zunion"), 3u);
  EXPECT_EQ(*other.zcard("sorted2"), 2u);
  EXPECT_EQ(*other.hget("hash2", "f"), "1");
}

TEST_F(StoredCollections, AtomicallyIsOneGroupAndWhatItRefusesIsNotWritten) {
  make_all(stored_);
  ASSERT_TRUE(stored_.clear().ok());
  const std::size_t before = store_->written().size();
  EXPECT_EQ(stored_
                .atomically({"hash", "list"},
                            [](Transaction& t) -> Status {
                              EXPECT_TRUE(t.hset("hash", "f", "other").ok());
                              EXPECT_EQ(*t.lpop("list"), "b");
                              return {ErrorCode::kInvalidArgument, "no"};
                            })
                .code(),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(store_->written().size(), before);
  EXPECT_TRUE(stored_
                  .atomically({"hash", "list", "set", "sorted", "new"},
                              [](Transaction& t) -> Status {
                                EXPECT_EQ(*t.hincr_by("hash", "f", 1), 2);
                                EXPECT_EQ(*t.lpop("list"), "b");
                                EXPECT_TRUE(*t.smove("set", "new", "x"));
                                EXPECT_EQ(*t.zcard("sorted"), 2u);
                                return {};
                              })
                  .ok());
  const auto written = store_->written();
  ASSERT_EQ(written.size(), before + 4);
  for (std::size_t i = before; i < written.size(); ++i) EXPECT_EQ(written[i].group, written[before].group);
  EXPECT_EQ(store_->row("new"), "\1\1\1x");
  EXPECT_EQ(store_->row("list"), "\1\2\1a\1b");
}

TEST_F(StoredCollections, OfAnotherTypeIsAnErrorWhereverItIs) {
  make_all(stored_);
  store_->put("text", {.bytes = "text"});
  Cache& other = another();
  EXPECT_EQ(other.get("hash").status().code(), ErrorCode::kWrongType);
  EXPECT_EQ(other.append("list", "x").status().code(), ErrorCode::kWrongType);
  EXPECT_EQ(other.hget("text", "f").status().code(), ErrorCode::kWrongType);
  EXPECT_EQ(other.sadd("text", "x").status().code(), ErrorCode::kWrongType);
  const auto loader = []() -> Loaded { return {"loaded"}; };
  EXPECT_EQ(other.get_or_load("set", loader).status().code(), ErrorCode::kWrongType);
  EXPECT_EQ(other.get_or_load("set", loader).status().code(), ErrorCode::kWrongType) << "resident now";
  EXPECT_EQ(*other.scard("set"), 2u);
  EXPECT_TRUE(*other.set("sorted", "a string")) << "whatever it was";
  EXPECT_EQ(type_of("sorted"), ValueType::kString);
}

TEST_F(StoredCollections, BytesThatAreNoneAreAnErrorOfTheirOwnAndMayBeOverwritten) {
  for (const ValueType type : {ValueType::kHash, ValueType::kList, ValueType::kSet, ValueType::kSortedSet}) {
    store_->put("k", {.type = type, .bytes = "text"});
    Cache& other = another();
    EXPECT_EQ(other.exists("k").status().code(), ErrorCode::kStoreMalformed);
    EXPECT_EQ(other.hset("k", "f", "v").status().code(), ErrorCode::kStoreMalformed);
    EXPECT_EQ(other.scard("k").status().code(), ErrorCode::kStoreMalformed);
    EXPECT_EQ(other.rename("k", "l").code(), ErrorCode::kStoreMalformed);
    EXPECT_EQ(other.get_or_load("k", []() -> Loaded { return {"x"}; }).status().code(), ErrorCode::kStoreMalformed);
    EXPECT_EQ(store_->row("k"), "text");
    EXPECT_EQ(*other.dbsize(), 0u);
    EXPECT_TRUE(*other.set("k", "mine"));
    EXPECT_EQ(store_->row("k"), "mine");
  }
  store_->put("k", {.type = static_cast<ValueType>(9), .bytes = "text"});
  EXPECT_EQ(another().exists("k").status().code(), ErrorCode::kStoreFailed);
}

// --- Not kept -----------------------------------------------------------------------------------------------------------

// A cache that keeps no value of more than so many bytes, or that has no room for any more.
class UnkeptCollections : public StoredCollections, public testing::WithParamInterface<bool> {
 protected:
  Cache& small() {
    if (!GetParam()) return another({}, {.value_bytes_max = 500});
    Cache& full = another({}, {.max_memory = 128_KiB, .eviction = Eviction::none(), .shards = 1});
    for (int i = 0; full.set("other" + std::to_string(i), std::string(500, 'x')).ok();) ++i;
    return full;
  }
  void SetUp() override {
    EXPECT_EQ(add(stored_, "set", members(0, 1'000)), 1'000u);
    for (int i = 0; i < 1'000; ++i) {
      elements_.push_back("element" + std::to_string(i));
      scores_.push_back({"member" + std::to_string(i), static_cast<double>(i)});
    }
    EXPECT_TRUE(stored_.rpush("list", std::vector<std::string_view>(elements_.begin(), elements_.end())).ok());
    EXPECT_TRUE(stored_.zadd("sorted", scores_).ok());
    EXPECT_TRUE(stored_.hset("hash", "field", std::string(100'000, 'v')).ok());
    EXPECT_TRUE(*stored_.expire("hash", 50s));
  }
  std::vector<std::string> elements_;
  std::vector<ScoredMember> scores_;
};

TEST_P(UnkeptCollections, AreReadFromTheStoreEachTime) {
  Cache& cache = small();
  const std::uint64_t resident = *cache.dbsize();
  const std::size_t loads = store_->loaded().size();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*cache.scard("set"), 1'000u);
    EXPECT_EQ(list(cache, "list"), elements_);
    EXPECT_EQ(*cache.zrank("sorted", "member999"), 999u);
    EXPECT_EQ(cache.hget("hash", "field")->size(), 100'000u);
  }
  EXPECT_EQ(store_->loaded().size(), loads + 12);
  EXPECT_EQ(*cache.dbsize(), resident);
  EXPECT_EQ(cache.sinter({"set", "set"})->size(), 1'000u);
  EXPECT_EQ(cache.ssnapshot("set")->size(), 1'000u);
}

TEST_P(UnkeptCollections, AreEditedThroughToTheStore) {
  Cache& cache = small();
  const std::uint64_t resident = *cache.dbsize();
  EXPECT_TRUE(*cache.sadd("set", "one more"));
  EXPECT_EQ(*cache.srem("set", {"one more", "member10000"}), 2u);
  EXPECT_EQ(add(cache, "set", members(1'000, 1'500)), 500u) << "many at once";
  EXPECT_EQ(*cache.lpop("list"), "element0");
  EXPECT_TRUE(cache.ltrim("list", 0, 599).ok());
  EXPECT_EQ(*cache.zincr_by("sorted", "member0", 5'000), 5'000);
  EXPECT_FALSE(*cache.hset("hash", "field", std::string(400, 'w')));
  EXPECT_EQ(*cache.dbsize(), resident);
  Cache& other = another();
  EXPECT_EQ(*other.scard("set"), 1'499u);
  EXPECT_EQ(list(other, "list"), std::vector<std::string>(elements_.begin() + 1, elements_.begin() + 601));
  EXPECT_EQ(*other.zrank("sorted", "member0"), 999u);
  EXPECT_EQ(*other.hstrlen("hash", "field"), 400u);
  EXPECT_EQ(other.ttl("hash")->left, 50s);
  EXPECT_EQ(cache.lpop("list", 600)->size(), 600u);
  EXPECT_EQ(store_->row("list"), "(none)");
}

TEST_P(UnkeptCollections, AreMovedCopiedEndedAndDeleted) {
  Cache& cache = small();
  EXPECT_TRUE(*cache.copy("hash", "hash2"));
  EXPECT_TRUE(cache.rename("hash", "hash3").ok());
  EXPECT_TRUE(*cache.persist("hash2"));
  EXPECT_TRUE(*cache.expire("list", 7s));
  EXPECT_EQ(*cache.copy("set", "set2"), true);
  EXPECT_TRUE(*cache.smove("set", "set2", "member10001")) << "which has it";
  EXPECT_TRUE(cache.rename("list", "list2").ok());
  EXPECT_EQ(*cache.lmove("list2", "list2", ListEnd::kLeft, ListEnd::kRight), "element0");
  EXPECT_EQ(cache.zmpop_max({"none", "sorted"}, 900)->members.size(), 900u);
  EXPECT_EQ(cache.lmpop({"list2"}, ListEnd::kRight, 2)->elements.size(), 2u);
  Cache& other = another();
  EXPECT_FALSE(*other.exists("hash"));
  EXPECT_FALSE(other.ttl("hash2")->left);
  EXPECT_EQ(other.ttl("hash3")->left, 50s);
  EXPECT_EQ(other.hget("hash3", "field")->size(), 100'000u);
  EXPECT_EQ(*other.scard("set"), 999u);
  EXPECT_EQ(*other.scard("set2"), 1'000u);
  EXPECT_EQ(other.ttl("list2")->left, 7s);
  EXPECT_EQ(list(other, "list2"), std::vector<std::string>(elements_.begin() + 1, elements_.begin() + 999));
  EXPECT_EQ(*other.zcard("sorted"), 100u);
  EXPECT_TRUE(*cache.del("list2"));
  EXPECT_EQ(store_->row("list2"), "(none)");
}

TEST_P(UnkeptCollections, AreChangedAtomically) {
  if (GetParam()) return;  // a transaction needs room of its own
  Cache& cache = small();
  for (const bool refused : {true, false}) {
    const Status status = cache.atomically({"set", "set2", "list", "sorted", "hash"}, [&](Transaction& t) -> Status {
      EXPECT_TRUE(*t.sadd("set", "one"));
      EXPECT_TRUE(*t.sadd("set", "two"));
      EXPECT_TRUE(*t.smove("set", "set2", "member10003"));
      EXPECT_EQ(*t.scard("set"), 1'001u);
      EXPECT_EQ(t.lmpop({"list"}, ListEnd::kLeft, 100)->elements.size(), 100u);
      EXPECT_EQ(*t.lmove("list", "list", ListEnd::kLeft, ListEnd::kRight), "element100");
      EXPECT_TRUE(*t.del("sorted"));
      EXPECT_TRUE(*t.expire("hash", 9s));
      return refused ? Status(ErrorCode::kInvalidArgument, "no") : Status();
    });
    EXPECT_EQ(status.ok(), !refused) << status.to_string();
    Cache& other = another();
    EXPECT_EQ(*other.scard("set"), refused ? 1'000u : 1'001u);
    EXPECT_EQ(*other.scard("set2"), refused ? 0u : 1u);
    EXPECT_EQ(*other.llen("list"), refused ? 1'000u : 900u);
    EXPECT_EQ(*other.exists("sorted"), refused);
    EXPECT_EQ(other.ttl("hash")->left, refused ? 50s : 9s);
  }
}

TEST_P(UnkeptCollections, CountInNobodysMemory) {
  support::CountingAllocator allocator;
  {
    Options options;
    options.max_memory = 256_KiB;
    options.shards = 1;
    options.clock = &clock_;
    options.allocator = &allocator;
    options.store.backing = store_;
    Cache cache(options);
    const std::uint64_t before = cache.stats().bytes_used;
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(cache.hget("hash", "field")->size(), 100'000u);
      EXPECT_TRUE(*cache.hset("hash", std::to_string(i), "x"));
      EXPECT_EQ(cache.atomically({"hash"}, [](Transaction& t) { return t.hset("hash", "t", "x").status(); }).code(),
                ErrorCode::kOk);
    }
    EXPECT_LE(cache.stats().bytes_used, before + 20'000);
    EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  }
  EXPECT_EQ(allocator.complaints(true), "");
}

INSTANTIATE_TEST_SUITE_P(Why, UnkeptCollections, testing::Bool(),
                         [](const auto& full) { return full.param ? "NoRoom" : "TooLarge"; });

// --- Written back -------------------------------------------------------------------------------------------------------

class CollectionsWrittenBack : public StoredCollections {
 protected:
  Cache& back(WriteBackOptions options = {}, Options all = {}) {
    options.threads = 0;
    options.close_wait = 0ms;
    options.breaker_failures = 0;
    options.dead_letters = [letters = letters_](const DeadLetter& letter) {
      letters->push_back(std::string(letter.mutation.key) + "=" + std::string(letter.mutation.bytes));
    };
    return another({.writes = StoreOptions::Writes::kBack, .write_back = options}, std::move(all));
  }
  std::shared_ptr<std::vector<std::string>> letters_ = std::make_shared<std::vector<std::string>>();
};

TEST_F(CollectionsWrittenBack, W2EditsCoalesceAndTheStoreGetsTheLast) {
  Cache& cache = back();
  make_all(cache);
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(cache.rpush("long", std::to_string(i)).ok());
  EXPECT_THAT(store_->rows(), IsEmpty());
  expect_all(cache);
  ASSERT_TRUE(cache.clear().ok());
  expect_all(cache);  // W9, W10: dirty, and not resident
  EXPECT_TRUE(*cache.hset("hash", "g", "3"));
  EXPECT_EQ(*cache.hdel("hash", {"g"}), 1u);
  EXPECT_EQ(*cache.llen("long"), 500u);
  EXPECT_TRUE(cache.flush(1s).complete());
  EXPECT_EQ(store_->written().size(), 5u);
  Cache& other = another();
  expect_all(other);
  EXPECT_EQ(*other.llen("long"), 500u);
}

// What is on its way is one version, edits make another.
TEST_F(CollectionsWrittenBack, W1WhatIsEditedInFlightIsWrittenAfterwards) {
  Cache& cache = back();
  EXPECT_EQ(add(cache, "set", members(0, 500)), 500u);
  bool is_first = true;
  store_->before_write = [&](std::span<const Mutation> batch) {
    if (!std::exchange(is_first, false)) return;
    const std::string bytes(batch[0].bytes);
    EXPECT_EQ(add(cache, "set", members(500, 510)), 10u);
    EXPECT_TRUE(*cache.srem("set", "member10000"));
    EXPECT_EQ(bytes, batch[0].bytes);
  };
  EXPECT_TRUE(cache.flush(1s).complete());
  EXPECT_EQ(cache.stats().dirty_items, 1u);
  EXPECT_TRUE(cache.flush(1s).complete());
  EXPECT_EQ(store_->written().size(), 2u);
  EXPECT_EQ(*another().scard("set"), 509u);
}

TEST_F(CollectionsWrittenBack, W10WhatWasEmptiedDoesNotComeBack) {
  Cache& cache = back();
  EXPECT_TRUE(*cache.sadd("set", "x"));
  EXPECT_TRUE(cache.flush(1s).complete());
  EXPECT_TRUE(*cache.srem("set", "x"));
  ASSERT_TRUE(cache.clear().ok());
  EXPECT_FALSE(*cache.exists("set"));
  EXPECT_EQ(store_->row("set"), "\1\1\1x");
  EXPECT_TRUE(*cache.sadd("set", "y")) << "to an empty one";
  EXPECT_TRUE(cache.flush(1s).complete());
  EXPECT_EQ(store_->row("set"), "\1\1\1y");
}

TEST_F(CollectionsWrittenBack, W7DeadLettersCarryTheStoredForm) {
  Cache& cache = back();
  EXPECT_TRUE(*cache.sadd("set", "x"));
  store_->fail_writes_of("set", {Fault::kNever});
  (void)cache.flush(0ms);
  EXPECT_THAT(*letters_, ElementsAre("set=\1\1\1x"));
  EXPECT_FALSE(*cache.exists("set"));
  EXPECT_TRUE(*cache.rpush("list", "a"));
  store_->fail_writes_of("list", {Fault::kRetry});
  EXPECT_TRUE(cache.close(0ms).complete());
  EXPECT_THAT(*letters_, ElementsAre("set=\1\1\1x", "list=\1\1\1a"));
}

TEST_F(CollectionsWrittenBack, W8WhatIsLargerThanTheBufferIsWrittenThrough) {
  Cache& cache = back({.bytes_max = 64_KiB});
  EXPECT_EQ(add(cache, "set", members(0, 10'000)), 10'000u);
  EXPECT_EQ(*another().scard("set"), 10'000u);
  EXPECT_EQ(cache.stats().bytes_dirty, 0u);
  EXPECT_TRUE(*cache.sadd("set", "one more"));
  EXPECT_EQ(*another().scard("set"), 10'001u);
}

// While an edit waits for room the collection leaves the cache, and does not get back into it: what the first attempt
// made is not what is written in the end.
TEST_F(CollectionsWrittenBack, W8WhatWasMadeBeforeItWaitedForRoomIsFreed) {
  support::CountingAllocator allocator;
  {
    Options options;
    options.allocator = &allocator;
    options.clock = &clock_;
    options.store = {.backing = store_, .writes = StoreOptions::Writes::kBack};
    options.store.write_back = {.dead_letters = [](const DeadLetter&) {}, .items_max = 1, .threads = 0};
    Cache cache(options);
    EXPECT_EQ(add(cache, "set", members(0, 1'000)), 1'000u);
    EXPECT_TRUE(cache.flush(1s).complete());
    EXPECT_TRUE(cache.set("other", "takes the room").ok());
    int times_left = 0;
    const auto leave = [&](auto) { times_left += cache.invalidate("set").ok(); };
    store_->before_write = leave;
    store_->after_load = leave;
    EXPECT_TRUE(*cache.sadd("set", "one more"));
    EXPECT_GE(times_left, 2);
    store_->before_write = nullptr;
    store_->after_load = nullptr;
    EXPECT_EQ(*cache.scard("set"), 1'001u);
    EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  }
  EXPECT_EQ(allocator.complaints(true), "");
}

// However large it is: pages on the way to one item are copied, and nothing is encoded.
TEST_F(CollectionsWrittenBack, AnEditOfALargeOneIsShort) {
  support::CountingAllocator allocator;
  {
    Options options;
    options.allocator = &allocator;
    options.max_memory = 0;
    options.store = {.backing = store_, .writes = StoreOptions::Writes::kBack};
    options.store.write_back = {.dead_letters = [](const DeadLetter&) {}, .threads = 0};
    Cache cache(options);
    EXPECT_EQ(add(cache, "set", members(0, 89'000)), 89'000u);
    const std::uint64_t before = allocator.live();
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(*cache.sadd("set", std::to_string(i)));
    }
    EXPECT_LE(allocator.live(), before + 1'000'000);
    EXPECT_EQ(cache.stats().writes_coalesced, 100u);
    EXPECT_TRUE(cache.flush(10s).complete());
  }
  EXPECT_EQ(allocator.complaints(true), "");
}

// --- Old ones -----------------------------------------------------------------------------------------------------------

// Gives each put a version, and leaves type and bytes out where it may.
class VersionedStore final : public ScriptedStore {
 public:
  StoreCapabilities capabilities() const override { return {.versions = true}; }
  Lookup<StoredValue> load_if_changed(std::string_view key, std::uint64_t version) override {
    Lookup<StoredValue> found = load(key);
    if (!found || found->version != version) return found;
    return StoredValue{.version = version};
  }
};

TEST_F(StoredCollections, L5OldOnesAreLoadedAgainByTheirVersion) {
  store_ = std::make_shared<VersionedStore>();
  store_->put("set", {.type = ValueType::kSet, .bytes = "\1\1\1x", .version = 7});
  Cache& cache = another({.max_age = 10s, .staleness = {.stale_for = 60s}});
  EXPECT_TRUE(*cache.sis_member("set", "x"));
  advance(10s);
  EXPECT_TRUE(*cache.sis_member("set", "x"));
  EXPECT_EQ(store_->loaded().size(), 2u);
  store_->put("set", {.type = ValueType::kSet, .bytes = "\1\1\1y", .version = 8});
  advance(10s);
  EXPECT_FALSE(*cache.sis_member("set", "x"));
  EXPECT_TRUE(*cache.sis_member("set", "y"));
  advance(10s);
  store_->fail_loads({Fault::kRetry});
  EXPECT_TRUE(*cache.sis_member("set", "y")) << "stale";
  EXPECT_EQ(cache.stats().served_stale, 1u);
  store_->put("set", {.type = ValueType::kHash, .bytes = "\1\1\1f\1v", .version = 9});
  advance(10s);
  EXPECT_EQ(*cache.hget("set", "f"), "v");
  store_->put("set", {.type = ValueType::kHash, .bytes = "none", .version = 10});
  advance(10s);
  EXPECT_EQ(*cache.hget("set", "f"), "v") << "stale, as what there is cannot be read";
  EXPECT_EQ(cache.get_or_load("set", []() -> Loaded { return {"x"}; }).status().code(), ErrorCode::kStoreMalformed);
}

}  // namespace
}  // namespace larder::store
