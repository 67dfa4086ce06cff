// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Versions that share pages: whichever is edited, all others stay what they were.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "collections/fixture.h"

namespace larder::collections {
namespace {

using support::Edit;
using support::Habits;
using support::Spot;

template <typename Pair>
class VersionsTest : public CollectionTest {
 protected:
  static Habits some_habits(model::Choices& choices) {
    Habits habits;
    habits.universe = 50 + choices.below(2'000);
    habits.inserts_of_16 = 4 + choices.below(10);
    habits.ranges_of_16 = choices.one_in(3) ? 1 : 0;
    habits.spot = static_cast<Spot>(choices.below(4));
    return habits;
  }
  void release_one(std::vector<Pair>& versions, std::uint64_t which) {
    release(versions[which]);
    versions.erase(versions.begin() + static_cast<std::ptrdiff_t>(which));
  }
  static void expect_well(const std::vector<Pair>& versions) {
    for (const Pair& version : versions) ASSERT_TRUE(support::is_well(version.compare()));
  }
};

using Pairs = testing::Types<support::SortedPair, support::SequencePair, support::TablePair<Member>,
                             support::TablePair<Field>, support::TablePair<Scored>>;
TYPED_TEST_SUITE(VersionsTest, Pairs);

TYPED_TEST(VersionsTest, AVersionCostsNothingUntilItIsEdited) {
  model::RandomChoices choices(1);
  TypeParam pair;
  this->edit(pair, choices, {}, 2'000);
  const std::int64_t taken = this->pages_.taken();
  TypeParam other = pair.share();
  EXPECT_EQ(this->pages_.taken(), taken);
  Edit edit;
  edit.name = edit.item = "one more";
  if constexpr (!std::is_same_v<TypeParam, support::SortedPair> && !std::is_same_v<TypeParam, support::SequencePair>) {
    edit = pair.choose(choices, {.inserts_of_16 = 16, .blobs = false});
  }
  this->apply(other, edit);
  EXPECT_LT(this->pages_.taken(), taken + 16'000);  // what is on the way
  ASSERT_TRUE(support::is_well(pair.compare()));
  ASSERT_TRUE(support::is_well(other.compare()));
  this->release(other);
  EXPECT_EQ(this->pages_.taken(), taken);
  ASSERT_TRUE(support::is_well(pair.compare()));
  this->release(pair);
}

TYPED_TEST(VersionsTest, TheOthersStayWhatTheyWereWhicheverIsEdited) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  model::RandomChoices choices(seed);
  for (std::uint64_t round = 0; round < support::count(8, 300); ++round) {
    std::vector<TypeParam> versions(1);
    this->edit(versions[0], choices, {.inserts_of_16 = 14}, 1 + choices.below(3'000));
    for (int step = 0; step < 12; ++step) {
      const std::uint64_t which = choices.below(versions.size());
      if (versions.size() < 5 && choices.below(3) != 0) versions.push_back(versions[which].share());
      if (versions.size() > 1 && choices.one_in(5)) this->release_one(versions, choices.below(versions.size()));
      this->edit(versions[choices.below(versions.size())], choices, this->some_habits(choices),
                 1 + choices.below(choices.one_in(3) ? 1'000 : 20));
      this->expect_well(versions);
      if (this->HasFatalFailure()) return;
    }
    while (!versions.empty()) {
      this->release_one(versions, choices.below(versions.size()));
      this->expect_well(versions);
      if (this->HasFatalFailure()) return;
    }
    ASSERT_EQ(this->pages_.taken(), 0);
    ASSERT_EQ(this->account_->bytes().used(), 0);
  }
}

// A version emptied, or filled anew, item by item, beside one that is left alone.
TYPED_TEST(VersionsTest, OneIsEmptiedAndFilledBesideAnother) {
  model::RandomChoices choices(support::seed(2));
  TypeParam pair;
  this->edit(pair, choices, {.inserts_of_16 = 16}, 1'500);
  TypeParam other = pair.share();
  const auto is_empty = [&] { return other.items().empty(); };
  for (int step = 0; step < 40'000 && !is_empty(); ++step) this->edit(other, choices, {.inserts_of_16 = 0}, 1);
  ASSERT_TRUE(is_empty());
  ASSERT_TRUE(support::is_well(pair.compare()));
  EXPECT_EQ(this->pages_.taken(), pair.charge(*this->account_));
  this->edit(other, choices, {.inserts_of_16 = 16}, 1'500);
  ASSERT_TRUE(support::is_well(pair.compare()));
  ASSERT_TRUE(support::is_well(other.compare()));
  this->release(pair);
  EXPECT_EQ(this->pages_.taken(), other.charge(*this->account_));
  ASSERT_TRUE(support::is_well(other.compare()));
  this->release(other);
}

// --- Blobs --------------------------------------------------------------------------------------------------------------

class SharedBlobsTest : public CollectionTest {
 protected:
  using List = Tree<Sequence>;
  static const Blob* blob_at(const List& list, std::uint64_t rank) {
    return reinterpret_cast<const Blob*>(list.seek(List::Rank{rank}).item().data()) - 1;
  }
  Edited add(List& list, const std::string& item) {
    return pages_.edit([&](PageMemory& memory) {
      return support::put_item(*account_, item, [&](std::size_t bytes, bool is_blob) {
        return list.insert(memory, List::Rank{list.size()}, {}, bytes, is_blob);
      });
    });
  }
  Edited erase(List& list, std::uint64_t rank) {
    return pages_.edit([&](PageMemory& memory) { return list.erase(memory, List::Rank{rank}); });
  }
};

TEST_F(SharedBlobsTest, AreNotCopied) {
  List list;
  add(list, std::string(1'000'000, 'b'));
  const std::int64_t used = account_->bytes().used();
  List other = list.share();
  add(other, "small");
  EXPECT_EQ(account_->bytes().used(), used);
  EXPECT_EQ(blob_at(list, 0), blob_at(other, 0));
  EXPECT_EQ(blob_at(list, 0)->references.load(), 2u);
  release(list);
  EXPECT_EQ(blob_at(other, 0)->references.load(), 1u);
  EXPECT_EQ(other.seek(List::Rank{0}).item(), std::string(1'000'000, 'b'));
  release(other);
}

TEST_F(SharedBlobsTest, LiveAsLongAsAVersionHasThem) {
  List list;
  add(list, std::string(300, 'b'));
  List other = list.share();
  EXPECT_EQ(erase(other, 0), Edited::kDone);
  EXPECT_TRUE(other.empty());
  EXPECT_EQ(list.seek(List::Rank{0}).item(), std::string(300, 'b'));
  EXPECT_NE(account_->bytes().used(), 0);
  EXPECT_EQ(erase(list, 0), Edited::kDone);
  EXPECT_EQ(account_->bytes().used(), 0);
  EXPECT_EQ(pages_.taken(), 0);
}

}  // namespace
}  // namespace larder::collections
