// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands on collections with each of their allocations failing, be it of operator new or of the cache's allocator:
// they throw std::bad_alloc or answer kOutOfMemory, and have changed nothing; or they have done their work. Nothing is
// lost: what they took comes back. The same with a store behind, which has memory; there a call may throw when the
// store has written already.
#include <gtest/gtest.h>

#include <map>
#include <new>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "commands/every_call.h"
#include "out_of_memory/failing_new.h"
#include "out_of_memory/well_fed.h"
#include "support/depth.h"
#include "support/page_source.h"
#include "support/scripted_store.h"

namespace larder::out_of_memory {
namespace {

using commands::code_of;
using support::NthFails;

constexpr const char* kKeys[] = {"small", "large", "new"};

struct Row {
  const char* name;
  ErrorCode (*call)(Cache&);
};

std::vector<std::pair<std::string, std::string>> pairs(int count, std::size_t bytes) {
  std::vector<std::pair<std::string, std::string>> made;
  for (int i = 0; i < count; ++i) made.emplace_back("item" + std::to_string(i), std::string(bytes, 'v'));
  return made;
}

enum class Behind { kNothing, kThrough, kBack };

// A cache with an allocator that fails when it is told to. What a store has of it is not resident at the beginning.
struct World {
  World(Behind behind, void (*fill)(Cache&)) : failing(Allocator::standard()) {
    Options options{.max_memory = 0, .shards = 1, .allocator = &failing, .seed = 1};
    if (behind != Behind::kNothing) options.store.backing = std::make_shared<WellFed<support::ScriptedStore>>();
    if (behind == Behind::kBack) options.store.writes = StoreOptions::Writes::kBack;
    options.store.write_back.threads = 0;
    options.store.write_back.dead_letters = [](const DeadLetter&) { ADD_FAILURE(); };
    cache = std::make_unique<Cache>(options);
    fill(*cache);
    empty();
  }
  void empty() {
    if (!cache->has_store()) return;
    EXPECT_TRUE(cache->flush(Milliseconds(60'000)).complete());
    EXPECT_TRUE(cache->clear().ok());
  }
  std::int64_t used() const {
    const Stats stats = cache->stats();
    return static_cast<std::int64_t>(stats.bytes_used - stats.bytes_set_aside);
  }
  NthFails failing;
  std::unique_ptr<Cache> cache;
};

enum class Which { kNew, kAllocator };

class CollectionCalls : public testing::Test {
 protected:
  static void run(std::span<const Row> rows, void (*fill)(Cache&), std::string (*state)(Cache&, std::string_view)) {
    for (const Behind behind : {Behind::kNothing, Behind::kThrough, Behind::kBack}) run(behind, rows, fill, state);
  }

 private:
  static void run(Behind behind, std::span<const Row> rows, void (*fill)(Cache&),
                  std::string (*state)(Cache&, std::string_view)) {
    for (const Row& row : rows) {
      World before(behind, fill);
      const std::string first = all(*before.cache, state);
      EXPECT_EQ(row.call(*before.cache), ErrorCode::kOk) << row.name;
      const std::string last = all(*before.cache, state);
      for (const Which which : {Which::kNew, Which::kAllocator}) {
        // Of hundreds of allocations that are alike, some.
        const auto next = [](std::uint64_t n) { return n + 1 + (support::full_depth() ? 0 : n / 8); };
        for (std::uint64_t n = 1; fail(behind, row, which, n, fill, state, first, last); n = next(n)) {
          ASSERT_LT(n, 5'000u) << row.name << " does not end";
          if (HasFailure()) return;
        }
      }
    }
  }
  static std::string all(Cache& cache, std::string (*state)(Cache&, std::string_view)) {
    std::string text;
    for (const char* key : kKeys) text += std::string(key) + "=" + state(cache, key) + "\n";
    return text;
  }
  // False: there are not so many allocations.
  static bool fail(Behind behind, const Row& row, Which which, std::uint64_t n, void (*fill)(Cache&),
                   std::string (*state)(Cache&, std::string_view), const std::string& first, const std::string& last) {
    SCOPED_TRACE(std::string(row.name) + (which == Which::kNew ? ", operator new " : ", allocator ") +
                 std::to_string(n) + ", behind it " + std::to_string(static_cast<int>(behind)));
    World world(behind, fill);
    bool met = false;
    ErrorCode code = ErrorCode::kOutOfMemory;
    try {
      if (which == Which::kNew) {
        const FailNth failing(n, false);
        struct Met {
          const FailNth& failing;
          bool& met;
          ~Met() { met = failing.met(); }
        } note{failing, met};
        code = row.call(*world.cache);
      } else {
        world.failing.fail_nth(n);
        code = row.call(*world.cache);
        met = world.failing.failed();
        world.failing.fail_nth(NthFails::kNever);
      }
    } catch (const std::bad_alloc&) {
    }
    EXPECT_TRUE(code == ErrorCode::kOk || code == ErrorCode::kOutOfMemory) << to_string(code);
    const std::string now = all(*world.cache, state);
    const bool done = now == last && (code == ErrorCode::kOk || behind == Behind::kThrough);
    EXPECT_TRUE(done || (code != ErrorCode::kOk && now == first)) << now.substr(0, 500);
    EXPECT_EQ(world.cache->check_invariants().to_string(), "ok");
    EXPECT_EQ(row.call(*world.cache), ErrorCode::kOk);
    world.empty();
    EXPECT_TRUE(world.cache->clear().ok());
    while (world.cache->tick().more) {
    }
    World empty(behind, [](Cache&) {});
    EXPECT_LE(world.used(), empty.used() + (32 << 10)) << "something was lost";
    return met;
  }
};

#define CALL(expression) [](Cache& cache) { return code_of(cache.expression); }

void fill_hashes(Cache& cache) {
  EXPECT_TRUE(cache.hset("small", pairs(5, 10)).ok());
  EXPECT_TRUE(cache.hset("large", pairs(300, 40)).ok());
  EXPECT_TRUE(cache.hset("large", "blob", std::string(2'000, 'b')).ok());
}

std::string hash_state(Cache& cache, std::string_view key) {
  const auto all = cache.hget_all(key);
  if (!all) return all.status().to_string();
  const std::map<std::string, std::string> sorted(all->begin(), all->end());
  std::string text;
  for (const auto& [field, value] : sorted) text += field + ":" + value + " ";
  return text;
}

constexpr Row kHashRows[] = {
    {"hset", CALL(hset("small", "field", "value"))},
    {"hset of a new key", CALL(hset("new", "field", "value"))},
    {"hset in a large one", CALL(hset("large", "field", "value"))},
    {"hset of a large value", CALL(hset("large", "field", std::string(3'000, 'x')))},
    {"hset of a huge value", CALL(hset("large", "field", std::string(300'000, 'x')))},
    {"hset that outgrows the small form", CALL(hset("small", "field", std::string(1'500, 'x')))},
    {"hset over a large value", CALL(hset("large", "blob", "x"))},
    {"hset of several", CALL(hset("large", pairs(20, 30)))},
    {"hset of many", CALL(hset("large", pairs(400, 30)))},
    {"hset of many, new", CALL(hset("new", pairs(400, 300)))},
    {"hset_nx", CALL(hset_nx("large", "field", "value"))},
    {"hdel", CALL(hdel("large", "item7"))},
    {"hdel of a large value", CALL(hdel("large", "blob"))},
    {"hdel of several", CALL(hdel("large", {"item7", "item8", "item9"}))},
    {"hincr_by", CALL(hincr_by("large", "count", 1))},
    {"hincr_by_float", CALL(hincr_by_float("small", "count", 0.5L))},
    {"hget", CALL(hget("large", "blob"))},
    {"hmget", CALL(hmget("large", {"item1", "blob", "none"}))},
    {"hget_all", CALL(hget_all("large"))},
    {"hsnapshot", CALL(hsnapshot("large"))},
    {"hscan", CALL(hscan("large", 0))},
    {"hrand_fields", CALL(hrand_fields("large", 10))},
    {"copy", CALL(copy("large", "new"))},
    {"hset beside a version",
     [](Cache& cache) {
       const Lookup<HashSnapshot> held = cache.hsnapshot("large");
       return held ? code_of(cache.hset("large", "item5", "value")) : held.status().code();
     }},
};
TEST_F(CollectionCalls, OnHashesAllOrNothing) { run(kHashRows, fill_hashes, hash_state); }

// Made before allocations fail.
const std::vector<std::string> kManyElements(300, std::string(300, 'x'));
const std::vector<std::string> kSomeElements(100, std::string(30, 'x'));
constexpr ListEnd kLeft = ListEnd::kLeft;
constexpr ListEnd kRight = ListEnd::kRight;

void fill_lists(Cache& cache) {
  std::vector<std::string> elements;
  for (int i = 0; i < 300; ++i) elements.push_back("element" + std::to_string(i));
  EXPECT_TRUE(cache.rpush("small", {"a", "b", "a", "c"}).ok());
  EXPECT_TRUE(cache.rpush("large", elements).ok());
  EXPECT_TRUE(cache.lpush("large", std::string(2'000, 'b')).ok());
}

std::string list_state(Cache& cache, std::string_view key) {
  const auto all = cache.lrange(key, 0, -1);
  if (!all) return all.status().to_string();
  std::string text;
  for (const std::string_view element : *all) text.append(element).append(" ");
  return text;
}

constexpr Row kListRows[] = {
    {"lpush", CALL(lpush("large", "element"))},
    {"rpush, new", CALL(rpush("new", "element"))},
    {"rpush of several", CALL(rpush("small", {"d", "e", "f"}))},
    {"rpush of many", CALL(rpush("large", kSomeElements))},
    {"lset of a large one", CALL(lset("large", 7, std::string(3'000, 'x')))},
    {"linsert", CALL(linsert("large", ListPlace::kBefore, "element7", "element"))},
    {"lrem", CALL(lrem("large", 0, "element7"))},
    {"ltrim", CALL(ltrim("large", 5, -5))},
    {"lpop", CALL(lpop("large"))},
    {"rpop of several", CALL(rpop("large", 20))},
    {"lpop of many", CALL(lpop("large", 200))},
    {"lmpop", CALL(lmpop({"new", "small"}, kLeft, 2))},
    {"lmpop of many", CALL(lmpop({"new", "large"}, kRight, 200))},
    {"blpop", CALL(blpop({"new", "large"}))},
    {"lmove", CALL(lmove("large", "new", kRight, kLeft))},
    {"lmove of a large one", CALL(lmove("large", "small", kLeft, kRight))},
    {"lmove to itself", CALL(lmove("large", "large", kLeft, kRight))},
    {"lrange", CALL(lrange("large", 0, -1))},
};
TEST_F(CollectionCalls, OnListsAllOrNothing) { run(kListRows, fill_lists, list_state); }

std::vector<std::string> members(int from, int to) {
  std::vector<std::string> made;
  for (int i = from; i < to; ++i) made.push_back("member" + std::to_string(i));
  return made;
}

void fill_sets(Cache& cache) {
  EXPECT_TRUE(cache.sadd("small", {"1", "2", "member7", "member8"}).ok());
  EXPECT_TRUE(cache.sadd("large", members(0, 300)).ok());
  EXPECT_TRUE(cache.sadd("large", std::string(2'000, 'b')).ok());
}

std::string set_state(Cache& cache, std::string_view key) {
  const auto all = cache.smembers(key);
  if (!all) return all.status().to_string();
  const std::set<std::string> sorted(all->begin(), all->end());
  std::string text;
  for (const std::string& member : sorted) text += member + " ";
  return text;
}

const auto kSomeMembers = members(250, 350);

constexpr Row kSetRows[] = {
    {"sadd", CALL(sadd("large", "member"))},
    {"sadd, new", CALL(sadd("new", "member"))},
    {"sadd of a large one", CALL(sadd("small", std::string(3'000, 'x')))},
    {"sadd of many", CALL(sadd("large", kSomeMembers))},
    {"srem", CALL(srem("large", "member7"))},
    {"srem of many", CALL(srem("large", kSomeMembers))},
    {"spop", CALL(spop("large"))},
    {"spop of several", CALL(spop("large", 20))},
    {"spop of many", CALL(spop("large", 200))},
    {"smove", CALL(smove("large", "small", "member9"))},
    {"smove, new", CALL(smove("large", "new", std::string(2'000, 'b')))},
    {"sinter_store", CALL(sinter_store("new", {"large", "small"}))},
    {"sunion_store", CALL(sunion_store("small", {"large", "small"}))},
    {"sdiff_store", CALL(sdiff_store("large", {"large", "small"}))},
    {"smembers", CALL(smembers("large"))},
    {"sunion", CALL(sunion({"large", "small"}))},
    {"sscan", CALL(sscan("large", 0))},
    {"srand_members", CALL(srand_members("large", 20))},
};
TEST_F(CollectionCalls, OnSetsAllOrNothing) { run(kSetRows, fill_sets, set_state); }

std::vector<std::pair<std::string, double>> scores(int from, int to) {
  std::vector<std::pair<std::string, double>> made;
  for (int i = from; i < to; ++i) made.emplace_back("member" + std::to_string(i), i);
  return made;
}

void fill_sorted_sets(Cache& cache) {
  EXPECT_TRUE(cache.zadd("small", {{"a", 1}, {"b", 2}, {"member7", 3}}).ok());
  EXPECT_TRUE(cache.zadd("large", scores(0, 300)).ok());
  EXPECT_TRUE(cache.zadd("large", std::string(2'000, 'b'), -1).ok());
}

std::string sorted_set_state(Cache& cache, std::string_view key) {
  const auto all = cache.zrange(key, 0, -1);
  if (!all) return all.status().to_string();
  std::string text;
  for (const auto& [member, score] : *all) text.append(member).append(":").append(std::to_string(score)).append(" ");
  return text;
}

const auto kSomeScores = scores(250, 350);

constexpr Row kSortedSetRows[] = {
    {"zadd", CALL(zadd("large", "member", 7.5))},
    {"zadd, new", CALL(zadd("new", "member", 7.5))},
    {"zadd of another score", CALL(zadd("large", "member7", 200.5))},
    {"zadd of a large one", CALL(zadd("small", std::string(3'000, 'x'), 2))},
    {"zadd of many", CALL(zadd("large", kSomeScores))},
    {"zincr_by", CALL(zincr_by("large", "member7", 100))},
    {"zrem", CALL(zrem("large", {"member7", "member8"}))},
    {"zpop_min", CALL(zpop_min("large"))},
    {"zpop_max of several", CALL(zpop_max("large", 20))},
    {"zpop_min of many", CALL(zpop_min("large", 200))},
    {"zmpop_min", CALL(zmpop_min({"new", "small"}, 2))},
    {"zmpop_max of many", CALL(zmpop_max({"new", "large"}, 200))},
    {"bzpop_min", CALL(bzpop_min({"new", "large"}))},
    {"zunion_store", CALL(zunion_store("new", {"large", "small"}))},
    {"zinter_store", CALL(zinter_store("small", {"large", "small"}))},
    {"zdiff_store", CALL(zdiff_store("large", {"large", "small"}))},
    {"zrange", CALL(zrange("large", 0, -1))},
    {"zunion", CALL(zunion({"large", "small"}))},
};
TEST_F(CollectionCalls, OnSortedSetsAllOrNothing) { run(kSortedSetRows, fill_sorted_sets, sorted_set_state); }

// --- Refused, and no memory for the words ----------------------------------------------------------------------------

// All that max_memory allows is taken, and nothing may be evicted.
struct FullWorld {
  FullWorld() {
    cache =
        std::make_unique<Cache>(Options{.max_memory = 4 << 20, .eviction = Eviction::none(), .shards = 1, .seed = 1});
    for (auto* fill : {fill_hashes, fill_lists, fill_sets, fill_sorted_sets}) {
      fill(*cache);
      const std::string name(1, "hlsz"[types++]);
      for (const char* key : {"small", "large"}) EXPECT_TRUE(cache->rename(key, name + key).ok());
    }
    int n = 0;
    for (const std::size_t bytes : {100'000u, 10'000u, 1'000u, 100u, 1u}) {
      while (cache->set("filler" + std::to_string(n++), std::string(bytes, 'f')).ok()) {
      }
    }
  }
  std::int64_t used() const {
    const Stats stats = cache->stats();
    return static_cast<std::int64_t>(stats.bytes_used - stats.bytes_set_aside);
  }
  int types = 0;
  std::unique_ptr<Cache> cache;
};

const auto kSeveralPairs = pairs(50, 300);
const auto kManyPairs = pairs(500, 300);
const auto kManyMembers = members(500, 5'000);
const auto kManyScores = scores(500, 5'000);

constexpr Row kRefusedRows[] = {
    {"hset", CALL(hset("hlarge", "field", std::string(15'000, 'x')))},
    {"hset of many", CALL(hset("hlarge", kManyPairs))},
    {"hset of many, new", CALL(hset("hnew", kManyPairs))},
    {"hset of several", CALL(hset("hlarge", kSeveralPairs))},
    {"rpush of many", CALL(rpush("llarge", kManyElements))},
    {"lmove", CALL(lmove("llarge", "lsmall", kLeft, kRight))},
    {"sadd of many", CALL(sadd("slarge", kManyMembers))},
    {"smove", CALL(smove("slarge", "ssmall", "member9"))},
    {"smove of a large member", CALL(smove("slarge", "ssmall", std::string(2'000, 'b')))},
    {"sunion_store", CALL(sunion_store("new", {"slarge", "ssmall"}))},
    {"zadd of many", CALL(zadd("zlarge", kManyScores))},
    {"zmpop_min of many", CALL(zmpop_min({"zlarge"}, 150))},
    {"zunion_store", CALL(zunion_store("new", {"zlarge", "zsmall"}))},
};
TEST(RefusedCollectionCalls, ThatFindNoMemoryForTheirWordsLeaveNothing) {
  for (const Row& row : kRefusedRows) {
    bool met = true;
    for (std::uint64_t n = 1; met; ++n) {
      SCOPED_TRACE(std::string(row.name) + ", operator new " + std::to_string(n));
      FullWorld world;
      const std::int64_t before = world.used();
      ErrorCode code = ErrorCode::kOutOfMemory;
      try {
        const FailNth failing(n, false);
        struct Met {
          const FailNth& failing;
          bool& met;
          ~Met() { met = failing.met(); }
        } note{failing, met};
        code = row.call(*world.cache);
      } catch (const std::bad_alloc&) {
      }
      ASSERT_LT(n, 5'000u);
      if (code != ErrorCode::kOk) {
        EXPECT_LE(world.used(), before) << "something was lost";
      }
      EXPECT_EQ(world.cache->check_invariants().to_string(), "ok");
      for (const auto key : {"hlarge", "llarge", "lsmall", "slarge", "ssmall", "zlarge"}) {
        EXPECT_TRUE(world.cache->del(key).ok());  // nobody holds it
      }
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace larder::out_of_memory
