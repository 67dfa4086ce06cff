// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Tables against maps, while they grow and shrink; walks, and random items.
#include "collections/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "collections/fixture.h"

namespace larder::collections {
namespace {

using support::Habits;

template <typename Item>
class TableOf : public CollectionTest {
 protected:
  Edited put(const std::string& name, const std::string& value) {
    std::string item;
    support::write_item(Item{}, item, name, value);
    return pages_.edit([&](PageMemory& memory) {
      return support::put_item(*account_, item, [&](std::size_t bytes, bool is_blob) {
        return table_.put(memory, hash_, hash_(name), name, bytes, is_blob);
      });
    });
  }
  Edited erase(const std::string& name) {
    return pages_.edit([&](PageMemory& memory) { return table_.erase(memory, hash_(name), name); });
  }
  std::string found(const std::string& name) const {
    const auto found = table_.find(hash_(name), name);
    return found ? std::string(found.item()) : "(none)";
  }
  static std::string name(std::uint64_t number) { return "name" + std::to_string(number); }
  ~TableOf() override { release(table_); }

  base::KeyHash hash_{1};
  Table<Item> table_;
};

template <typename Item>
class EachTableTest : public TableOf<Item> {};
using ItemsThereAre = testing::Types<Member, Field, Scored>;
TYPED_TEST_SUITE(EachTableTest, ItemsThereAre);

TYPED_TEST(EachTableTest, AnEmptyOneHasNothing) {
  EXPECT_TRUE(this->table_.empty());
  EXPECT_EQ(this->found(""), "(none)");
  EXPECT_EQ(this->erase("a"), Edited::kNothing);
  EXPECT_EQ(this->table_.walk(0, [](const auto&) { FAIL(); }), 0u);
  EXPECT_EQ(this->table_.check(this->hash_), nullptr);
  EXPECT_EQ(this->table_.charge(*this->account_), 0);
  EXPECT_EQ(this->pages_.taken(), 0);
}

TYPED_TEST(EachTableTest, AgreesWithAMap) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  model::RandomChoices choices(seed);
  support::TablePair<TypeParam> pair;
  for (std::uint64_t phase = 0; phase < support::count(18, 600); ++phase) {
    Habits habits;
    habits.universe = std::uint64_t{1} << (2 + choices.below(12));
    habits.inserts_of_16 = phase % 2 == 0 ? 10 + choices.below(7) : choices.below(8);
    habits.blobs = choices.one_in(2);
    this->edit(pair, choices, habits, 3'000);
    ASSERT_TRUE(support::is_well(pair.compare())) << "phase " << phase;
    ASSERT_EQ(this->pages_.taken(), pair.charge(*this->account_));
  }
  this->release(pair);
}

TYPED_TEST(EachTableTest, GrowsLargeAndShrinksToNothing) {
  const std::uint64_t count = std::max<std::uint64_t>(100'000, support::count(0, 1'000'000));
  std::unordered_map<std::string, std::string> expected;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string value(i % 20, 'v');
    ASSERT_EQ(this->put(this->name(i), value), Edited::kDone);
    support::write_item(TypeParam{}, expected[this->name(i)], this->name(i), value);
  }
  ASSERT_EQ(this->table_.check(this->hash_), nullptr);
  ASSERT_EQ(this->table_.size(), count);
  for (const auto& [name, item] : expected) ASSERT_EQ(this->found(name), item);
  // Items of 20 bytes on average, with value and slot 30 at most, in blocks with their spare room.
  EXPECT_LT(this->table_.charge(*this->account_), static_cast<std::int64_t>(count * 45));
  for (std::uint64_t i = 0; i < count; ++i) {
    ASSERT_EQ(this->erase(this->name(i)), Edited::kDone);
    if (i == count - count / 100) {
      EXPECT_EQ(this->table_.check(this->hash_), nullptr);
      EXPECT_LT(this->table_.charge(*this->account_), static_cast<std::int64_t>(count));
    }
  }
  EXPECT_TRUE(this->table_.empty());
  EXPECT_EQ(this->pages_.taken(), 0);
}

// The guarantee of SCAN: what is there from the first step to the last is shown, whatever happens meanwhile.
TYPED_TEST(EachTableTest, AWalkMissesNothingWhileItGrowsAndShrinks) {
  const std::uint64_t seed = support::seed(2);
  SCOPED_TRACE(support::how_to_repeat(seed));
  base::Random random(seed);
  for (std::uint64_t round = 0; round < support::count(40, 1'000); ++round) {
    std::set<std::string> there_all_the_time;
    for (std::uint64_t i = 0; i < 300; ++i) {
      this->put(this->name(i), "");
      there_all_the_time.insert(this->name(i));
    }
    const bool grows = random.below(2) == 0;
    for (std::uint64_t i = 0; i < 4'000; ++i) {
      if (grows) {
        this->erase("other" + this->name(i));
      } else {
        this->put("other" + this->name(i), "");
      }
    }
    std::uint64_t next = 0;
    std::uint64_t cursor = 0;
    do {
      cursor = this->table_.walk(
          cursor, [&](const auto& found) { there_all_the_time.erase(std::string(TypeParam::name(found.item()))); });
      for (std::uint64_t changes = random.below(200); changes != 0 && next < 4'000; --changes, ++next) {
        const std::string name = "other" + this->name(next);
        if (grows) {
          this->put(name, "");
        } else {
          this->erase(name);
        }
      }
    } while (cursor != 0);
    ASSERT_TRUE(there_all_the_time.empty()) << there_all_the_time.size() << " were not shown";
  }
}

// --- Of single kinds ----------------------------------------------------------------------------------------------------

using TableOfFields = TableOf<Field>;

TEST_F(TableOfFields, AValueIsReplacedBySmallerAndLargerOnes) {
  for (std::uint64_t i = 0; i < 200; ++i) ASSERT_EQ(put(name(i), "first"), Edited::kDone);
  for (const std::size_t bytes : {100u, 0u, 240u, 250u, 1u, 251u, 1'000u, 5'000u, 3u, 200u}) {
    for (std::uint64_t i = 0; i < 200; ++i) ASSERT_EQ(put(name(i), std::string(bytes, 'v')), Edited::kNothing);
    ASSERT_EQ(table_.check(hash_), nullptr);
    EXPECT_EQ(table_.size(), 200u);
    for (std::uint64_t i = 0; i < 200; ++i) {
      ASSERT_EQ(Field::value(table_.find(hash_(name(i)), name(i)).item()), std::string(bytes, 'v'));
    }
  }
}

TEST_F(TableOfFields, AFieldIsOfAnyLength) {
  std::vector<std::string> names;
  for (const std::size_t bytes : {0u, 1u, 253u, 254u, 255u, 256u, 257u, 1'000u, 100'000u})
    names.emplace_back(bytes, 'n');
  for (const std::string& name : names) {
    for (const std::string& value : {std::string(), std::string("value"), std::string(100'000, 'v')}) {
      put(name, value);
      const auto found = table_.find(hash_(name), name);
      ASSERT_TRUE(found) << name.size();
      EXPECT_EQ(Field::name(found.item()), name);
      EXPECT_EQ(Field::value(found.item()), value);
      EXPECT_EQ(found.item().size(), Field::bytes_for(name.size(), value.size()));
    }
  }
  EXPECT_EQ(table_.size(), names.size());
  EXPECT_EQ(table_.check(hash_), nullptr);
  for (const std::string& name : names) EXPECT_EQ(erase(name), Edited::kDone) << name.size();
}

using TableOfScores = TableOf<Scored>;

TEST_F(TableOfScores, HasEachScoreAsItWas) {
  ASSERT_EQ(put("a", "four"), Edited::kDone);
  ASSERT_EQ(put("a", "sixsix"), Edited::kNothing);
  EXPECT_EQ(Scored::score(table_.find(hash_("a"), "a").item()), 6.0);
  EXPECT_EQ(Scored::name(table_.find(hash_("a"), "a").item()), "a");
}

// Each in the order in which the one before it is walked over.
TYPED_TEST(EachTableTest, MayBeMadeInTheOrderOfAnother) {
  const std::uint64_t count = std::max<std::uint64_t>(100'000, support::count(0, 1'000'000));
  const std::string padding(90, 'x');
  for (std::uint64_t i = 0; i < count; ++i) this->put(padding + this->name(i), "");
  for (int copy = 0; copy < 2; ++copy) {
    std::vector<std::string> names;
    std::uint64_t cursor = 0;
    do {
      cursor = this->table_.walk(cursor, [&](const auto& found) { names.emplace_back(TypeParam::name(found.item())); });
    } while (cursor != 0);
    ASSERT_EQ(names.size(), count);
    this->release(this->table_);
    for (const std::string& name : names) ASSERT_EQ(this->put(name, ""), Edited::kDone) << this->table_.size();
    ASSERT_EQ(this->table_.check(this->hash_), nullptr);
  }
}

// A walk that goes on in another table begins anew.
TYPED_TEST(EachTableTest, AWalkMissesNothingWhereAnotherTakesItsPlace) {
  std::set<std::string> missing;
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    this->put(this->name(i), "");
    missing.insert(this->name(i));
  }
  const auto see = [&](const auto& found) { missing.erase(std::string(TypeParam::name(found.item()))); };
  std::uint64_t cursor = 0;
  for (int i = 0; i < 10; ++i) cursor = this->table_.walk(cursor, see);
  EXPECT_NE(cursor, 0u);
  EXPECT_GE(missing.size(), 3'000u);
  this->release(this->table_);
  for (std::uint64_t i = 5'000; i > 0; --i) this->put(this->name(i - 1), "");
  do cursor = this->table_.walk(cursor, see);
  while (cursor != 0);
  EXPECT_TRUE(missing.empty()) << missing.size() << " were not shown";
}

// --- Names whose hashes are alike ---------------------------------------------------------------------------------------

class AlikeTest : public TableOf<Member> {
 protected:
  // The next that has these low bits of a bucket's number in a table whose first item was kFirst.
  static constexpr const char* kFirst = "the first";
  std::string next_like(std::uint64_t bits, std::uint64_t mask) {
    const std::uint64_t salt = hash_(kFirst) | 1;
    return next([&](std::uint64_t hash) { return (hash * salt >> 32 & mask) == bits; });
  }
  std::string next_with_tag(std::uint64_t tag) {
    return next([&](std::uint64_t hash) { return hash >> 56 == tag; });
  }

 private:
  template <typename Fits>
  std::string next(Fits&& fits) {
    std::string name;
    do {
      name = "alike" + std::to_string(number_++);
    } while (!fits(hash_(name)));
    return name;
  }

  std::uint64_t number_ = 0;
};

TEST_F(AlikeTest, TagsThatAreTheSameHideNothing) {
  std::set<std::string> names;
  for (int i = 0; i < 200; ++i) names.insert(next_with_tag(0x5a));
  for (const std::string& name : names) ASSERT_EQ(put(name, ""), Edited::kDone);
  for (const std::string& name : names) {
    ASSERT_EQ(found(name), name);
    ASSERT_EQ(erase(name), Edited::kDone);
    ASSERT_EQ(found(name), "(none)");
  }
}

// All in one bucket, until it can be no larger: then it takes no more, and others do.
TEST_F(AlikeTest, ABucketMayHaveNearlyEverything) {
  std::vector<std::string> names;
  put(kFirst, "");
  for (;;) {
    names.push_back(next_like(3, 0x7f));
    if (put(names.back(), "") != Edited::kDone) break;
  }
  EXPECT_GT(names.size(), 2'000u);
  EXPECT_FALSE(pages_.lacking());
  ASSERT_EQ(table_.check(hash_), nullptr);
  EXPECT_EQ(found(names.back()), "(none)");
  EXPECT_EQ(put(next_like(4, 0x7f), ""), Edited::kDone);
  EXPECT_EQ(erase(names.front()), Edited::kDone);
  EXPECT_EQ(put(names.back(), ""), Edited::kDone);
  ASSERT_EQ(table_.check(hash_), nullptr);
  for (std::size_t i = 1; i < names.size(); ++i) ASSERT_EQ(found(names[i]), names[i]);
}

// What does not fit into one bucket stays in two, until it does.
TEST_F(AlikeTest, BucketsThatAreTooLargeForOneAreNotJoined) {
  std::vector<std::string> fillers;
  std::vector<std::string> names;
  put(kFirst, "");
  for (std::uint64_t i = 0; i < 15'000; ++i) {
    fillers.push_back(name(i));
    ASSERT_EQ(put(fillers.back(), ""), Edited::kDone);
  }
  for (int i = 0; i < 1'300; ++i) {
    for (const std::uint64_t bits : {0x3u, 0x83u}) {
      names.push_back(next_like(bits, 0xff));
      ASSERT_EQ(put(names.back(), ""), Edited::kDone);
    }
  }
  for (const std::string& filler : fillers) ASSERT_EQ(erase(filler), Edited::kDone);
  ASSERT_EQ(table_.check(hash_), nullptr);
  for (const std::string& name : names) ASSERT_EQ(found(name), name);
  for (const std::string& name : names) ASSERT_EQ(erase(name), Edited::kDone);
  ASSERT_EQ(erase(kFirst), Edited::kDone);
  EXPECT_EQ(pages_.taken(), 0);
}

// --- Random items -------------------------------------------------------------------------------------------------------

// That each is drawn as often as any other: chi-square with size - 1 degrees of freedom, which is beyond five standard
// deviations of its normal approximation once in three million times. The seeds are fixed.
class RandomItemTest : public AlikeTest {
 protected:
  void expect_even(std::uint64_t seed) {
    const std::uint64_t draws_each = support::count(60, 300);
    base::Random random(seed);
    std::map<std::string, double> drawn;
    const auto size = static_cast<double>(table_.size());
    const std::uint64_t draws = draws_each * table_.size();
    for (std::uint64_t i = 0; i < draws; ++i) ++drawn[std::string(table_.random(random).item())];
    EXPECT_EQ(drawn.size(), table_.size());
    const auto expected = static_cast<double>(draws_each);
    double chi_square = 0;
    for (const auto& [name, times] : drawn) chi_square += (times - expected) * (times - expected) / expected;
    EXPECT_NEAR(chi_square, size - 1, 5 * std::sqrt(2 * (size - 1)));
  }
};

TEST_F(RandomItemTest, OneIsDrawnForEver) {
  put("only", "");
  base::Random random(1);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(table_.random(random).item(), "only");
}

TEST_F(RandomItemTest, EachIsAsLikelyAsAnyOther) {
  for (std::uint64_t i = 0; i < 1'000; ++i) put(name(i), "");
  expect_even(support::seed(1));
}

TEST_F(RandomItemTest, EachIsAsLikelyWhereBucketsAreUneven) {
  put(kFirst, "");
  for (std::uint64_t i = 0; i < 500; ++i) put(name(i), "");
  for (int i = 0; i < 500; ++i) put(next_like(5, 0x3f), "");
  for (std::uint64_t i = 0; i < 6; ++i) put(name(i) + std::string(240, 'x'), "");
  expect_even(support::seed(2));
}

TEST_F(RandomItemTest, EachIsAsLikelyAfterItHasShrunk) {
  for (std::uint64_t i = 0; i < 5'000; ++i) put(name(i), "");
  for (std::uint64_t i = 0; i < 4'700; ++i) erase(name(i));
  expect_even(support::seed(3));
}

}  // namespace
}  // namespace larder::collections
