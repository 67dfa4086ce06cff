// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/sets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/hold_work.h"
#include "commands/every_call.h"
#include "larder/read_view.h"
#include "support/cache_fixture.h"

namespace larder::commands {
namespace {

using support::binary;
using namespace std::chrono_literals;
using Members = std::set<std::string>;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

// Each member once.
Members as_set(const ItemList& members) {
  Members set(members.begin(), members.end());
  EXPECT_EQ(set.size(), members.size()) << "some twice";
  return set;
}
Members as_set(const Result<ItemList>& members) {
  EXPECT_TRUE(members.ok()) << members.status().to_string();
  return members ? as_set(*members) : Members();
}
Members contents(const SetSnapshot& snapshot) {
  ItemList members;
  snapshot.for_each([&](std::string_view member) {
    members.push_back(member);
    return true;
  });
  return as_set(members);
}

// So many that are no integers, under names of seven bytes or so.
Members words(int from, int to) {
  Members made;
  for (int i = from; i < to; ++i) made.insert("word" + std::to_string(1'000 + i));
  return made;
}
Members integers(int from, int to) {
  Members made;
  for (int i = from; i < to; ++i) made.insert(std::to_string(i));
  return made;
}

// On both sides of where the form changes: 1 KiB, and the limit for integers.
constexpr int kSizes[] = {1, 2, 3, 50, 84, 85, 86, 200, 511, 512, 513, 5'000};

class Sets : public support::CacheFixture {
 protected:
  std::string encoding(std::string_view key) {
    const auto report = cache_.inspect(key);
    return report ? std::string(report->encoding) : "(missing)";
  }
  Members members(std::string_view key) { return as_set(cache_.smembers(key)); }
};

TEST_F(Sets, MembersComeAndGo) {
  EXPECT_TRUE(*cache_.sadd("s", "a"));
  EXPECT_FALSE(*cache_.sadd("s", "a"));
  EXPECT_EQ(*cache_.sadd("s", {"a", "b", "c", "b"}), 2u);
  EXPECT_EQ(*cache_.scard("s"), 3u);
  EXPECT_TRUE(*cache_.sis_member("s", "b"));
  EXPECT_FALSE(*cache_.sis_member("s", "d"));
  EXPECT_EQ(*cache_.smis_member("s", {"a", "x", "c", "a"}), (std::vector<bool>{true, false, true, true}));
  EXPECT_EQ(members("s"), (Members{"a", "b", "c"}));
  EXPECT_TRUE(*cache_.srem("s", "a"));
  EXPECT_FALSE(*cache_.srem("s", "a"));
  EXPECT_EQ(*cache_.srem("s", {"b", "x", "b"}), 1u);
  EXPECT_EQ(members("s"), (Members{"c"}));
  EXPECT_EQ(*cache_.type("s"), ValueType::kSet);
}

TEST_F(Sets, AKeyThatIsNotThereIsAnEmptySet) {
  EXPECT_EQ(*cache_.scard("none"), 0u);
  EXPECT_FALSE(*cache_.sis_member("none", "a"));
  EXPECT_EQ(*cache_.smis_member("none", {"a", "b"}), (std::vector<bool>{false, false}));
  EXPECT_EQ(members("none"), Members());
  EXPECT_TRUE(cache_.ssnapshot("none").missing());
  EXPECT_TRUE(cache_.srand_member("none").missing());
  for (const std::int64_t count : {std::int64_t{0}, std::int64_t{5}, std::int64_t{-5}, kMax}) {
    EXPECT_TRUE(cache_.srand_members("none", count)->empty());
  }
  EXPECT_TRUE(cache_.srand_members("none", kMin, [](std::string_view) { return true; }).ok());
  EXPECT_EQ(cache_.sscan("none", 0)->cursor, 0u);
  EXPECT_EQ(cache_.sscan("none", 12'345)->cursor, 0u);
  EXPECT_FALSE(*cache_.srem("none", "a"));
  EXPECT_TRUE(cache_.spop("none").missing());
  EXPECT_TRUE(cache_.spop("none", 5)->empty());
  EXPECT_TRUE(cache_.spop("none", 500)->empty());
  EXPECT_EQ(cache_.dbsize().value_or(1), 0u);
}

TEST_F(Sets, WithNothingToDoAreRefused) {
  const std::vector<std::string> nothing;
  const auto code = [](const auto& result) { return result.status().code(); };
  EXPECT_EQ(code(cache_.sadd("s", nothing)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(cache_.sinter(nothing)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(cache_.sunion(nothing)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(cache_.sdiff(nothing)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(cache_.sinter_card(nothing)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(cache_.srem("s", nothing).value_or(1), 0u);
  EXPECT_EQ(code(cache_.sscan("s", 0, {.count = 0})), ErrorCode::kInvalidArgument);
}

TEST_F(Sets, OfAllSizesGrowAndShrink) {
  for (const int size : kSizes) {
    for (const bool at_once : {false, true}) {
      for (const Members& model : {words(0, size), integers(0, size)}) {
        if (at_once) {
          EXPECT_EQ(*cache_.sadd("s", model), model.size());
        } else {
          for (const std::string& member : model) EXPECT_TRUE(*cache_.sadd("s", member));
        }
        EXPECT_EQ(members("s"), model);
        EXPECT_EQ(*cache_.scard("s"), model.size());
        const std::vector<std::string> all(model.begin(), model.end());
        EXPECT_EQ(*cache_.smis_member("s", all), std::vector<bool>(all.size(), true));
        for (const std::string& member : model) EXPECT_TRUE(*cache_.sis_member("s", member));
        EXPECT_FALSE(*cache_.sis_member("s", "-7"));
        const std::vector<std::string> half(all.begin(), all.begin() + size / 2);
        EXPECT_EQ(*cache_.srem("s", half), half.size());
        EXPECT_EQ(members("s"), Members(all.begin() + size / 2, all.end()));
        EXPECT_EQ(*cache_.srem("s", all), all.size() - half.size());
        EXPECT_FALSE(*cache_.exists("s"));
      }
    }
  }
}

TEST_F(Sets, HoldAnyBytes) {
  Members model{"", " ", std::string("\0", 1), std::string("\0\0", 2), "\r\n", "\xff\xfe"};
  for (const std::size_t size : support::kValueSizes) model.insert(binary(size, 3));
  EXPECT_EQ(*cache_.sadd("s", model), model.size());
  EXPECT_EQ(members("s"), model);
  for (const std::string& member : model) EXPECT_TRUE(*cache_.sis_member("s", member));
  for (const std::string& member : model) EXPECT_TRUE(*cache_.srem("s", member));
  EXPECT_FALSE(*cache_.exists("s"));
}

TEST_F(Sets, AMemberThatIsTooLargeIsRefused) {
  Cache& cache = make({.value_bytes_max = 1'000});
  EXPECT_TRUE(*cache.sadd("s", binary(1'000)));
  EXPECT_EQ(cache.sadd("s", binary(1'001)).status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(cache.sadd("s", {"a", std::string(1'001, 'x')}).status().code(), ErrorCode::kValueTooLarge);
  EXPECT_EQ(*cache.scard("s"), 1u);
  EXPECT_FALSE(*cache.sis_member("s", binary(1'001)));
}

// REDIS: an intset while there are but integers, up to a limit, and never again.
TEST_F(Sets, EncodingsAreThoseOfRedis) {
  EXPECT_TRUE(cache_.sadd("s", {"1", "-5", "9223372036854775807", "-9223372036854775808"}).ok());
  EXPECT_EQ(encoding("s"), "intset");
  for (const char* member : {"a", "", "01", "-0", "+1", " 1", "1.0", "9223372036854775808"}) {
    EXPECT_TRUE(*cache_.sadd("t", "7"));
    EXPECT_EQ(encoding("t"), "intset");
    EXPECT_TRUE(*cache_.sadd("t", member));
    EXPECT_EQ(encoding("t"), "hashtable") << member;
    EXPECT_TRUE(*cache_.srem("t", member));
    EXPECT_EQ(encoding("t"), "hashtable") << member;
    EXPECT_TRUE(*cache_.srem("t", "7"));
  }
  EXPECT_TRUE(cache_.sadd("n", integers(0, 512)).ok());
  EXPECT_EQ(encoding("n"), "intset");
  EXPECT_FALSE(*cache_.sadd("n", "511"));
  EXPECT_EQ(encoding("n"), "intset");
  EXPECT_TRUE(*cache_.sadd("n", "512"));
  EXPECT_EQ(encoding("n"), "hashtable");
  EXPECT_EQ(cache_.srem("n", integers(1, 513)).value_or(0), 512u);
  EXPECT_EQ(encoding("n"), "hashtable");
  EXPECT_TRUE(cache_.copy("n", "copy").ok());
  EXPECT_EQ(encoding("copy"), "hashtable");
  EXPECT_TRUE(cache_.sadd("big", integers(0, 400)).ok());  // a table already
  EXPECT_EQ(encoding("big"), "intset");
  EXPECT_TRUE(*cache_.sadd("big", "x"));
  EXPECT_EQ(encoding("big"), "hashtable");
}

TEST_F(Sets, TheLimitOfIntegersIsAnOption) {
  Cache& cache = make({.compact = {.set_max_intset_entries = 3}});
  EXPECT_TRUE(cache.sadd("s", {"1", "2", "3"}).ok());
  EXPECT_EQ(cache.inspect("s")->encoding, "intset");
  EXPECT_TRUE(cache.sadd("s", "4").ok());
  EXPECT_EQ(cache.inspect("s")->encoding, "hashtable");
  EXPECT_EQ(as_set(cache.smembers("s")), integers(1, 5));
}

// --- At random ----------------------------------------------------------------------------------------------------------

TEST_F(Sets, ADrawIsAMember) {
  for (const int size : kSizes) {
    const Members model = words(0, size);
    ASSERT_TRUE(cache_.sadd("s", model).ok());
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(model.contains(*cache_.srand_member("s")));
    EXPECT_EQ(members("s"), model);
    ASSERT_TRUE(*cache_.del("s"));
  }
}

// Positive: different ones. Negative: exactly so many, drawn one by one.
TEST_F(Sets, ACountOfDrawsIsKept) {
  for (const int size : kSizes) {
    const Members model = words(0, size);
    ASSERT_TRUE(cache_.sadd("s", model).ok());
    for (const std::int64_t count : {1, 2, 3, 10, 64, 100, 512, 6'000}) {
      const Members drawn = as_set(cache_.srand_members("s", count));
      EXPECT_EQ(drawn.size(), std::min<std::size_t>(static_cast<std::size_t>(count), model.size()));
      EXPECT_TRUE(std::includes(model.begin(), model.end(), drawn.begin(), drawn.end()));
      const auto repeated = cache_.srand_members("s", -count);
      EXPECT_EQ(repeated->size(), static_cast<std::size_t>(count));
      for (const std::string_view member : *repeated) EXPECT_TRUE(model.contains(std::string(member)));
    }
    EXPECT_TRUE(cache_.srand_members("s", 0)->empty());
    EXPECT_EQ(as_set(cache_.srand_members("s", kMax)), model);
    ASSERT_TRUE(*cache_.del("s"));
  }
}

TEST_F(Sets, CountsNearTheEndsOfTheRangeDoNotOverflow) {
  ASSERT_TRUE(cache_.sadd("s", {"a", "b"}).ok());
  EXPECT_EQ(cache_.srand_members("s", kMin).status().code(), ErrorCode::kOutOfRange);
  EXPECT_EQ(cache_.srand_members("s", kMin + 1).status().code(), ErrorCode::kOutOfRange);
  for (const std::int64_t count : {kMin, kMin + 1, kMax}) {
    int shown = 0;
    EXPECT_TRUE(cache_.srand_members("s", count, [&](std::string_view) { return ++shown != 2; }).ok());
    EXPECT_EQ(shown, 2);
  }
  EXPECT_EQ(as_set(cache_.spop("s", kMax)), (Members{"a", "b"}));
  EXPECT_FALSE(*cache_.exists("s"));
}

// REDIS 2, 19: in every form.
TEST_F(Sets, EachMemberIsAsLikelyToBeDrawn) {
  for (const int size : {4, 300}) {
    const Members model = words(0, size);
    ASSERT_TRUE(cache_.sadd("s", model).ok());
    const int draws = 200 * size;
    std::map<std::string, int> one_by_one;
    std::map<std::string, int> in_threes;
    for (int i = 0; i < draws; ++i) ++one_by_one[*cache_.srand_member("s")];
    const auto count = [](std::map<std::string, int>& counts) {
      return [&](std::string_view member) { return ++counts[std::string(member)] > 0; };
    };
    ASSERT_TRUE(cache_.srand_members("s", -draws, count(one_by_one)).ok());
    for (int i = 0; i < draws; ++i) ASSERT_TRUE(cache_.srand_members("s", 3, count(in_threes)).ok());
    for (const std::string& member : model) {
      EXPECT_NEAR(one_by_one[member], 400, 140) << member;  // seven standard deviations
      EXPECT_NEAR(in_threes[member], 600, 172) << member;
    }
    ASSERT_TRUE(*cache_.del("s"));
  }
}

TEST_F(Sets, WhatIsPoppedIsGone) {
  for (const int size : kSizes) {
    Members model = words(0, size);
    ASSERT_TRUE(cache_.sadd("s", model).ok());
    for (int i = 0; i < 5 && !model.empty(); ++i) EXPECT_EQ(model.erase(*cache_.spop("s")), 1u);
    EXPECT_EQ(members("s"), model);
    for (const std::uint64_t count : {0u, 3u, 64u, 65u, 300u}) {
      const Members popped = as_set(cache_.spop("s", count));
      EXPECT_EQ(popped.size(), std::min<std::size_t>(count, model.size()));
      for (const std::string& member : popped) EXPECT_EQ(model.erase(member), 1u);
      EXPECT_EQ(members("s"), model);
    }
    EXPECT_EQ(as_set(cache_.spop("s", 1'000'000)), model);
    EXPECT_FALSE(*cache_.exists("s"));
    EXPECT_EQ(cache_.check_invariants().to_string(), "ok");
  }
}

// A long member is copied with no lock held, and is not less likely for it.
TEST_F(Sets, LongMembersArePoppedLikeOthers) {
  const std::string longest = binary(100'000);
  int popped = 0;
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(cache_.sadd("s", {"a", longest, "b", "c"}).ok());
    popped += *cache_.spop("s") == longest;
    ASSERT_EQ(*cache_.scard("s"), 3u);
    ASSERT_EQ(cache_.spop("s", 3)->size(), 3u);
    ASSERT_FALSE(*cache_.exists("s"));
  }
  EXPECT_NEAR(popped, 100, 60);
  ASSERT_TRUE(cache_.sadd("s", longest).ok());
  EXPECT_EQ(*cache_.srand_member("s"), longest);
}

TEST_F(Sets, APoppedMemberLeavesOlderVersionsAlone) {
  const Members model = words(0, 1'000);
  ASSERT_TRUE(cache_.sadd("s", model).ok());
  const SetSnapshot before = *cache_.ssnapshot("s");
  EXPECT_EQ(cache_.spop("s", 400)->size(), 400u);
  EXPECT_TRUE(cache_.spop("s"));
  EXPECT_EQ(cache_.spop("s", 1'000)->size(), 599u);
  EXPECT_FALSE(*cache_.exists("s"));
  EXPECT_EQ(contents(before), model);
}

// --- Walking --------------------------------------------------------------------------------------------------------------

ItemList scan(Cache& cache, const ScanOptions& options) {
  ItemList found;
  std::uint64_t cursor = 0;
  do {
    const auto page = cache.sscan("s", cursor, options);
    EXPECT_TRUE(page.ok());
    for (const std::string_view member : page->members) found.push_back(member);
    cursor = page->cursor;
  } while (cursor != 0);
  return found;
}

TEST_F(Sets, AScanFindsAll) {
  for (const int size : kSizes) {
    const Members model = words(0, size);
    ASSERT_TRUE(cache_.sadd("s", model).ok());
    for (const std::uint32_t count : {1u, 10u, 100'000u}) EXPECT_EQ(as_set(scan(cache_, {.count = count})), model);
    Members matching;
    for (const std::string& member : model) {
      if (member.back() == '1') matching.insert(member);
    }
    EXPECT_EQ(as_set(scan(cache_, {.match = "w*1"})), matching);
    ASSERT_TRUE(*cache_.del("s"));
  }
}

// REDIS 2, 23: what is there from start to end is found, whatever comes and goes meanwhile.
TEST_F(Sets, AScanFindsWhatStays) {
  const Members stays = words(0, 300);
  ASSERT_TRUE(cache_.sadd("s", stays).ok());
  Members found;
  std::uint64_t cursor = 0;
  int page_number = 0;
  do {
    const auto page = cache_.sscan("s", cursor);
    ASSERT_TRUE(page.ok());
    found.insert(page->members.begin(), page->members.end());
    cursor = page->cursor;
    const Members others = words(1'000, 5'000);
    ++page_number;
    if (page_number == 3) {
      EXPECT_TRUE(cache_.sadd("s", others).ok());
    } else if (page_number == 8) {
      EXPECT_TRUE(cache_.srem("s", others).ok());
    }
  } while (cursor != 0);
  EXPECT_TRUE(std::includes(found.begin(), found.end(), stays.begin(), stays.end()));
}

// --- Snapshots and views -----------------------------------------------------------------------------------------------------

TEST_F(Sets, ASnapshotStaysAsItWas) {
  for (const int size : kSizes) {
    const Members model = words(0, size);
    ASSERT_TRUE(cache_.sadd("s", model).ok());
    const SetSnapshot before = *cache_.ssnapshot("s");
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(cache_.sadd("s", "more" + std::to_string(i)).ok());
    ASSERT_TRUE(cache_.sadd("s", words(5'000, 6'000)).ok());
    ASSERT_TRUE(cache_.srem("s", *model.begin()).ok());
    ASSERT_TRUE(*cache_.del("s"));
    EXPECT_EQ(contents(before), model);
    EXPECT_EQ(before.size(), model.size());
    EXPECT_TRUE(before.contains(*model.begin()));
    EXPECT_FALSE(before.contains("more1"));
    int shown = 0;
    before.for_each([&](std::string_view) { return ++shown < 2; });
    EXPECT_EQ(shown, std::min(size, 2));
  }
}

TEST_F(Sets, AViewReadsAndLeavesNoTrace) {
  ASSERT_TRUE(cache_.sadd("s", {"a", "b"}).ok());
  ASSERT_TRUE(cache_.sadd("t", {"b", "c"}).ok());
  const std::uint64_t hits = cache_.stats().hits;
  ReadView view(cache_);
  EXPECT_EQ(*view.scard("s"), 2u);
  EXPECT_TRUE(*view.sis_member("s", "a"));
  EXPECT_EQ(*view.smis_member("s", {"a", "c"}), (std::vector<bool>{true, false}));
  EXPECT_EQ(as_set(view.smembers("s")), (Members{"a", "b"}));
  EXPECT_EQ(view.ssnapshot("s")->size(), 2u);
  EXPECT_TRUE(view.srand_member("s"));
  EXPECT_EQ(view.srand_members("s", -3)->size(), 3u);
  EXPECT_EQ(view.sscan("s", 0)->members.size(), 2u);
  EXPECT_EQ(as_set(view.sinter({"s", "t"})), (Members{"b"}));
  EXPECT_EQ(as_set(view.sunion({"s", "t", "none"})), (Members{"a", "b", "c"}));
  EXPECT_EQ(as_set(view.sdiff({"s", "t"})), (Members{"a"}));
  EXPECT_EQ(*view.sinter_card({"s", "t"}), 1u);
  ASSERT_TRUE(cache_.set("text", "x").ok());
  EXPECT_EQ(view.sinter({"none", "text"}).status().code(), ErrorCode::kWrongType);
  EXPECT_EQ(cache_.stats().hits, hits);
}

// --- What holds for every command --------------------------------------------------------------------------------------------

const Call kReads[] = {
    {"scard", [](Cache& c, std::string_view key) { return code_of(c.scard(key)); }},
    {"sis_member", [](Cache& c, std::string_view key) { return code_of(c.sis_member(key, "a")); }},
    {"smis_member", [](Cache& c, std::string_view key) { return code_of(c.smis_member(key, {"a"})); }},
    {"smembers", [](Cache& c, std::string_view key) { return code_of(c.smembers(key)); }},
    {"ssnapshot", [](Cache& c, std::string_view key) { return code_of(c.ssnapshot(key)); }},
    {"srand_member", [](Cache& c, std::string_view key) { return code_of(c.srand_member(key)); }},
    {"srand_members", [](Cache& c, std::string_view key) { return code_of(c.srand_members(key, 2)); }},
    {"sscan", [](Cache& c, std::string_view key) { return code_of(c.sscan(key, 0)); }},
    {"sinter",
     [](Cache& c, std::string_view key) {
       return code_of(c.sinter({"none", key}));
     }},
    {"sunion",
     [](Cache& c, std::string_view key) {
       return code_of(c.sunion({"none", key}));
     }},
    {"sdiff",
     [](Cache& c, std::string_view key) {
       return code_of(c.sdiff({"none", key}));
     }},
    {"sinter_card",
     [](Cache& c, std::string_view key) {
       return code_of(c.sinter_card({"none", key}));
     }},
    {"srem", [](Cache& c, std::string_view key) { return code_of(c.srem(key, "a")); }},
    {"spop", [](Cache& c, std::string_view key) { return code_of(c.spop(key)); }},
    {"spop n", [](Cache& c, std::string_view key) { return code_of(c.spop(key, 3)); }},
    {"spop 0", [](Cache& c, std::string_view key) { return code_of(c.spop(key, 0)); }},
};
const Call kWrites[] = {
    {"sadd", [](Cache& c, std::string_view key) { return code_of(c.sadd(key, "a")); }},
    {"sadd many", [](Cache& c, std::string_view key) { return code_of(c.sadd(key, words(0, 100))); }},
};

TEST_F(Sets, KeysHaveALimit) {
  expect_key_limit(cache_, kReads);
  expect_key_limit(cache_, kWrites);
}

TEST_F(Sets, AClosedCacheRefuses) {
  expect_closed(make({}), kReads);
  expect_closed(make({}), kWrites);
}

TEST_F(Sets, WhereThereIsNoRoomNothingIsLeft) {
  expect_no_room(make(one_entry()), kWrites);
  expect_no_memory(kWrites);
}

TEST_F(Sets, OtherTypesAreLeftAlone) {
  ASSERT_TRUE(cache_.set("text", "x").ok());
  ASSERT_TRUE(cache_.hset("hash", "f", "v").ok());
  for (const char* key : {"text", "hash"}) {
    for (const Call& call : kReads) EXPECT_EQ(call.run(cache_, key), ErrorCode::kWrongType) << call.name;
    for (const Call& call : kWrites) EXPECT_EQ(call.run(cache_, key), ErrorCode::kWrongType) << call.name;
  }
  EXPECT_EQ(cache_.get("text").value_or(""), "x");
  EXPECT_EQ(cache_.hget("hash", "f").value_or(""), "v");
  ASSERT_TRUE(cache_.sadd("s", "a").ok());
  EXPECT_EQ(cache_.get("s").status().code(), ErrorCode::kWrongType);
  EXPECT_EQ(cache_.hget("s", "a").status().code(), ErrorCode::kWrongType);
}

// REDIS 2, 22.
TEST_F(Sets, AnEmptiedSetTakesItsTimeToLiveWithIt) {
  const auto empty_by = [&](auto&& empty) {
    for (const int size : {1, 2, 1'000}) {
      ASSERT_TRUE(cache_.sadd("s", words(0, size)).ok());
      ASSERT_TRUE(*cache_.expire("s", 1'000ms));
      empty(size);
      EXPECT_FALSE(*cache_.exists("s"));
      ASSERT_TRUE(*cache_.sadd("s", "a"));
      EXPECT_FALSE(cache_.ttl("s")->left.has_value());
      ASSERT_TRUE(*cache_.srem("s", "a"));
    }
  };
  empty_by([&](int size) { EXPECT_EQ(*cache_.srem("s", words(0, size)), static_cast<std::uint64_t>(size)); });
  empty_by([&](int size) { EXPECT_EQ(cache_.spop("s", 5'000)->size(), static_cast<std::size_t>(size)); });
  empty_by([&](int size) {
    for (int i = 0; i < size; ++i) EXPECT_TRUE(cache_.spop("s"));
  });
}

TEST_F(Sets, EditsKeepTheTimeToLive) {
  ASSERT_TRUE(cache_.sadd("s", "a").ok());
  ASSERT_TRUE(*cache_.expire("s", 1'000ms));
  ASSERT_TRUE(cache_.sadd("s", words(0, 1'000)).ok());
  ASSERT_TRUE(cache_.srem("s", words(0, 900)).ok());
  ASSERT_TRUE(cache_.spop("s", 70).ok());
  EXPECT_EQ(cache_.ttl("s")->left->count(), 1'000);
  advance(1'000ms);
  EXPECT_EQ(*cache_.scard("s"), 0u);
  EXPECT_EQ(members("s"), Members());
}

// An edit that finds no memory leaves the encoding as it was.
TEST_F(Sets, ARefusedMemberIsNotRemembered) {
  support::CountingAllocator allocator;
  {
    Cache cache({.shards = 1, .allocator = &allocator, .seed = 1});
    for (const int size : {20, 400}) {
      ASSERT_TRUE(cache.sadd("s", integers(0, size)).ok());
      const SetSnapshot held = *cache.ssnapshot("s");
      allocator.refuse(true);
      EXPECT_EQ(cache.sadd("s", std::string(2'000, 'x')).status().code(), ErrorCode::kOutOfMemory);
      EXPECT_EQ(cache.sadd("s", words(0, 100)).status().code(), ErrorCode::kOutOfMemory);
      allocator.refuse(false);
      EXPECT_EQ(cache.inspect("s")->encoding, "intset");
      EXPECT_EQ(as_set(cache.smembers("s")), integers(0, size));
    }
  }
  EXPECT_EQ(allocator.complaints(true), "");
}

// Without eviction: what finds no room has changed nothing.
TEST_F(Sets, WhatFindsNoRoomHasChangedNothing) {
  Cache& cache = make({.max_memory = 256 << 10, .eviction = Eviction::none(), .shards = 1});
  Members model;
  bool refused = false;
  for (int i = 0; i < 100'000 && !refused; i += 10) {
    const Members more = words(i, i + 10);
    const auto added = cache.sadd("s", more);
    refused = !added.ok();
    if (refused) {
      EXPECT_EQ(added.status().code(), ErrorCode::kOutOfMemory);
    } else {
      model.insert(more.begin(), more.end());
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_EQ(as_set(cache.smembers("s")), model);
  EXPECT_EQ(cache.sadd("s", words(100'000, 103'000)).status().code(), ErrorCode::kOutOfMemory);
  EXPECT_EQ(as_set(cache.smembers("s")), model);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
}

// An allocator that fails now and then: each command is done, or has changed nothing.
TEST_F(Sets, CommandsAreDoneOrNot) {
  support::CountingAllocator allocator;
  {
    Cache cache({.shards = 1, .allocator = &allocator, .seed = 1});
    Members model;
    int refused = 0;
    for (int round = 0; round < 3'000; ++round) {
      const Members some = words(round % 700, round % 700 + (round % 5 == 0 ? 90 : 2));
      allocator.fail_one_in(6);
      const bool adds = round % 3 != 0;
      const auto done = adds ? cache.sadd("s", some) : cache.srem("s", some);
      const auto popped = cache.spop("s", static_cast<std::uint64_t>(round % 3));
      allocator.fail_one_in(0);
      refused += !done.ok() + !popped.ok();
      if (done.ok()) {
        for (const std::string& member : some) adds ? (void)model.insert(member) : (void)model.erase(member);
      }
      if (popped.ok()) {
        for (const std::string_view member : *popped) EXPECT_EQ(model.erase(std::string(member)), 1u);
      }
      if (round % 50 == 0) {
        ASSERT_EQ(as_set(cache.smembers("s")), model) << round;
      }
    }
    EXPECT_GT(refused, 10);
    EXPECT_EQ(as_set(cache.smembers("s")), model);
    EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  }
  EXPECT_EQ(allocator.complaints(true), "");
}

#if defined(LARDER_CHECKS)
TEST_F(Sets, NoHoldIsLong) {
  base::take_most_work();
  const auto expect_bounded = [](const char* when) {
    const base::HoldWork most = base::take_most_work();
    EXPECT_LE(most.bytes, 100u << 10) << when;
    EXPECT_LE(most.allocations, 700u) << when;
  };
  ASSERT_TRUE(cache_.sadd("s", words(0, 100'000)).ok());
  expect_bounded("adding many");
  const SetSnapshot held = *cache_.ssnapshot("s");
  EXPECT_EQ(cache_.spop("s", 64)->size(), 64u);
  expect_bounded("popping some");
  EXPECT_EQ(cache_.spop("s", 40'000)->size(), 40'000u);
  expect_bounded("popping many");
  EXPECT_EQ(cache_.sunion({"s", "s", "none"})->size(), 59'936u);
  EXPECT_EQ(cache_.srand_members("s", -10'000)->size(), 10'000u);
  expect_bounded("reading all");
  EXPECT_TRUE(cache_.sadd("long", {binary(3'000'000), binary(2'000'000)}).ok());
  EXPECT_TRUE(cache_.srand_member("long"));
  EXPECT_TRUE(cache_.spop("long"));
  EXPECT_EQ(cache_.spop("long", 2)->size(), 1u);
  expect_bounded("long members");
  EXPECT_EQ(cache_.spop("s", 100'000)->size(), 59'936u);
  expect_bounded("popping all");
  EXPECT_EQ(held.size(), 100'000u);
}
#endif

}  // namespace
}  // namespace larder::commands
