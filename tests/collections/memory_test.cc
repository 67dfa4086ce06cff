// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Collections that find no memory: an edit is done, or it has done nothing, to other versions least of all. But for the
// erasing of ranges: some of them may be gone.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "collections/fixture.h"

namespace larder::collections {
namespace {

using support::Edit;
using support::Habits;
using support::NthFails;
using support::Spot;

template <typename Pair>
class MemoryTest : public CollectionTest {
 protected:
  static Habits some_habits(model::Choices& choices, std::uint64_t ranges_of_16) {
    Habits habits;
    habits.universe = 2'000;
    habits.inserts_of_16 = choices.one_in(2) ? 15 : 1;
    habits.ranges_of_16 = ranges_of_16;
    habits.spot = static_cast<Spot>(choices.below(4));
    return habits;
  }

  // Until it is done, with one allocation more each time that succeeds. Returns how often it was not.
  std::uint64_t apply_with_failures(Pair& pair, const Edit& edit) {
    std::uint64_t failures = 0;
    for (std::uint64_t nth = 1;; ++nth) {
      allocator_.fail_nth(nth);
      const Edited edited = apply(pair, edit);
      const bool failed = allocator_.failed();
      allocator_.fail_nth(NthFails::kNever);
      if (edited != Edited::kNoMemory) return failures;
      ++failures;
      EXPECT_TRUE(failed);
      if (std::string wrong = pair.compare(); !wrong.empty()) {
        ADD_FAILURE() << wrong << " after " << edit.text();
        return failures;
      }
    }
  }
  // The same with some bytes more each time.
  std::uint64_t apply_with_few_bytes(Pair& pair, const Edit& edit, std::int64_t step) {
    std::uint64_t failures = 0;
    for (std::int64_t bytes = 0;; bytes += step) {
      if (apply(pair, edit, bytes) != Edited::kNoMemory) return failures;
      ++failures;
      EXPECT_TRUE(pages_.lacking());
      if (std::string wrong = pair.compare(); !wrong.empty()) {
        ADD_FAILURE() << wrong << " after " << edit.text();
        return failures;
      }
    }
  }
  // Grows and shrinks, each time with a version beside it or none.
  template <typename Apply>
  void edits_are_done_or_not(std::uint64_t seed, const Apply& apply_one) {
    model::RandomChoices choices(seed);
    std::uint64_t failures = 0;
    for (std::uint64_t round = 0; round < support::count(24, 200) && !this->HasFailure(); ++round) {
      Pair pair;
      edit(pair, choices, {.inserts_of_16 = 16}, choices.below(choices.one_in(2) ? 700 : 30));
      Pair frozen;
      for (int i = 0; i < 40 && !this->HasFailure(); ++i) {
        const Habits habits = some_habits(choices, 0);
        if (choices.one_in(4)) {
          release(frozen);
          frozen = pair.share();
        }
        edit(pair, choices, habits, choices.below(8));
        failures += apply_one(pair, pair.choose(choices, habits));
        EXPECT_TRUE(support::is_well(frozen.compare()));
      }
      release(choices.one_in(2) ? frozen : pair);
      EXPECT_TRUE(support::is_well(pair.compare()));
      EXPECT_TRUE(support::is_well(frozen.compare()));
      release(pair);
      release(frozen);
      EXPECT_EQ(pages_.taken(), 0);
    }
    EXPECT_GT(failures, 20u);
  }
};

using Pairs = testing::Types<support::SortedPair, support::SequencePair, support::TablePair<Member>,
                             support::TablePair<Field>, support::TablePair<Scored>>;
TYPED_TEST_SUITE(MemoryTest, Pairs);

TYPED_TEST(MemoryTest, AnEditIsDoneOrNotWhicheverAllocationFails) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  this->edits_are_done_or_not(seed,
                              [&](auto& pair, const Edit& edit) { return this->apply_with_failures(pair, edit); });
}

TYPED_TEST(MemoryTest, AnEditIsDoneOrNotHoweverFewBytesItHas) {
  const std::uint64_t seed = support::seed(2);
  SCOPED_TRACE(support::how_to_repeat(seed));
  this->edits_are_done_or_not(
      seed, [&](auto& pair, const Edit& edit) { return this->apply_with_few_bytes(pair, edit, 400); });
}

// Long lives with little memory: nothing is lost on the way, and no page is left behind.
TYPED_TEST(MemoryTest, ComesBackAfterALifeInWhichItIsShort) {
  const std::uint64_t seed = support::seed(3);
  SCOPED_TRACE(support::how_to_repeat(seed));
  model::RandomChoices choices(seed);
  for (std::uint64_t round = 0; round < support::count(12, 300); ++round) {
    TypeParam pair;
    for (int phase = 0; phase < 8; ++phase) {
      this->counted_.fail_one_in(choices.below(3) == 0 ? 0 : 2 + choices.below(10));
      Habits habits = this->some_habits(choices, 0);
      habits.blobs = choices.one_in(2);
      this->edit(pair, choices, habits, 600);
      ASSERT_TRUE(support::is_well(pair.compare()));
      ASSERT_EQ(this->pages_.taken(), pair.charge(*this->account_));
    }
    this->counted_.fail_one_in(0);
    const auto is_empty = [&] { return pair.items().empty(); };
    for (int step = 0; step < 40'000 && !is_empty(); ++step) this->edit(pair, choices, {.inserts_of_16 = 0}, 1);
    ASSERT_TRUE(is_empty());
    ASSERT_EQ(this->pages_.taken(), 0);
  }
}

// What is left is what was there but for items of the range, and the tree is sound.
template <typename Pair>
class RangesInMemoryTest : public MemoryTest<Pair> {};
using TreePairs = testing::Types<support::SortedPair, support::SequencePair>;
TYPED_TEST_SUITE(RangesInMemoryTest, TreePairs);

TYPED_TEST(RangesInMemoryTest, ARangeMayBeGoneInPart) {
  const std::uint64_t seed = support::seed(4);
  SCOPED_TRACE(support::how_to_repeat(seed));
  model::RandomChoices choices(seed);
  std::uint64_t failures = 0;
  for (std::uint64_t round = 0; round < support::count(20, 1'000); ++round) {
    TypeParam pair;
    this->edit(pair, choices, {.inserts_of_16 = 16}, choices.below(3'000));
    TypeParam frozen = pair.share();
    Edit edit;
    support::choose_range(choices, pair.items().size(), edit);
    this->allocator_.fail_nth(1 + choices.below(8));
    auto tree = pair.tree();
    const Edited edited =
        this->pages_.edit([&](PageMemory& memory) { return tree.erase_range(memory, edit.from, edit.to); });
    this->allocator_.fail_nth(NthFails::kNever);
    failures += edited == Edited::kNoMemory;
    ASSERT_EQ(tree.check(), nullptr);
    const std::uint64_t size = pair.items().size();
    const std::uint64_t to = std::min(edit.to, size);
    ASSERT_LE(tree.size(), size);
    ASSERT_GE(tree.size() + (to > edit.from ? to - edit.from : 0), size);
    ASSERT_TRUE(support::is_well(frozen.compare()));
    this->release(tree);  // which is that of `pair`
    ASSERT_TRUE(support::is_well(frozen.compare()));
    this->release(frozen);
    ASSERT_EQ(this->pages_.taken(), 0);
  }
  EXPECT_GT(failures, 0u);
}

// --- A table that fails to grow -----------------------------------------------------------------------------------------

class TableMemoryTest : public CollectionTest {
 protected:
  ~TableMemoryTest() override { release(members_); }

  Edited put(std::uint64_t number) {
    const std::string name = "name" + std::to_string(number);
    return pages_.edit([&](PageMemory& memory) {
      return support::put_item(*account_, name, [&](std::size_t bytes, bool is_blob) {
        return members_.put(memory, hash_, hash_(name), name, bytes, is_blob);
      });
    });
  }
  Edited erase(std::uint64_t number) {
    const std::string name = "name" + std::to_string(number);
    return pages_.edit([&](PageMemory& memory) { return members_.erase(memory, hash_(name), name); });
  }

  base::KeyHash hash_{1};
  Table<Member> members_;
};

TEST_F(TableMemoryTest, AnEmptyOneThatFoundNoneHasNone) {
  for (std::uint64_t nth = 1; nth <= 2; ++nth) {
    allocator_.fail_nth(nth);
    EXPECT_EQ(put(1), Edited::kNoMemory);
    EXPECT_EQ(pages_.taken(), 0);
  }
}

// The branches to a new bucket are had before its leaf, and what fails then is the growth, not the put. The first
// bucket that needs a root above the others is the 33rd, the second one the 1,025th.
TEST_F(TableMemoryTest, NothingIsLeftOfAGrowthThatFailed) {
  struct Case {
    std::uint64_t nth;
    std::uint64_t from;
  };
  for (const Case failing : {Case{3, 0}, Case{4, 0}, Case{3, 45'000}, Case{4, 45'000}, Case{5, 45'000}}) {
    SCOPED_TRACE(testing::Message() << "allocation " << failing.nth << " from " << failing.from);
    std::uint64_t items = 0;
    for (bool failed = false; !failed; ++items) {
      ASSERT_LT(items, 60'000u);
      if (items >= failing.from) allocator_.fail_nth(failing.nth);
      const Edited edited = put(items);
      failed = edited == Edited::kDone && allocator_.failed();
      allocator_.fail_nth(NthFails::kNever);
      if (edited == Edited::kNoMemory) put(items);
    }
    EXPECT_EQ(members_.check(hash_), nullptr);
    EXPECT_EQ(members_.size(), items);
    for (std::uint64_t i = 0; i < items; ++i) {
      ASSERT_EQ(erase(i), Edited::kDone);
      if (i % 512 == 0) {
        EXPECT_EQ(members_.charge(*account_), pages_.taken());
      }
    }
    EXPECT_EQ(pages_.taken(), 0);
    if (HasFailure()) return;
  }
}

// --- PageMemory ---------------------------------------------------------------------------------------------------------

class PageMemoryTest : public CollectionTest {};

TEST_F(PageMemoryTest, GivesWhatItHas) {
  PageMemory memory(*account_, static_cast<std::int64_t>(account_->charge(64)));
  EXPECT_EQ(memory.allocate(128), nullptr);
  EXPECT_TRUE(memory.lacking());
  void* block = memory.allocate(64);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(memory.left(), 0);
  memory.free(block, 64);
  EXPECT_EQ(memory.left(), static_cast<std::int64_t>(account_->charge(64)));
}

TEST_F(PageMemoryTest, LacksNothingWhenTheAllocatorFails) {
  PageMemory memory(*account_, 1'000);
  allocator_.fail_nth(1);
  EXPECT_EQ(memory.allocate(64), nullptr);
  EXPECT_FALSE(memory.lacking());
  EXPECT_EQ(memory.left(), 1'000);
}

TEST_F(PageMemoryTest, FreesBlobsThatWereDroppedWhenItGoes) {
  {
    PageMemory memory(*account_, 0);
    Blob* shared = support::make_blob(*account_, std::string(400, 's'));
    shared->acquire();
    for (int i = 0; i < 3; ++i) memory.drop(support::make_blob(*account_, std::string(300, 'b')));
    memory.drop(shared);
    EXPECT_EQ(shared->view(), std::string(400, 's'));
    shared->release();
    EXPECT_NE(account_->bytes().used(), 0);
  }
  EXPECT_EQ(account_->bytes().used(), 0);
}

}  // namespace
}  // namespace larder::collections
