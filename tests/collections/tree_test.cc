// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Trees against vectors, while they grow, shrink and are cut at all kinds of bounds.
#include "collections/tree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "collections/fixture.h"

namespace larder::collections {
namespace {

using support::Edit;
using support::Habits;
using support::Spot;

class TreeTest : public CollectionTest {
 protected:
  using Scores = Tree<ByScore>;
  using List = Tree<Sequence>;

  // Grows and shrinks by turns, each time with other habits.
  template <typename Pair>
  void agrees_with_a_vector(std::uint64_t phases, std::uint64_t edits) {
    const std::uint64_t seed = support::seed(1);
    SCOPED_TRACE(support::how_to_repeat(seed));
    model::RandomChoices choices(seed);
    Pair pair;
    for (std::uint64_t phase = 0; phase < phases; ++phase) {
      Habits habits;
      habits.universe = std::uint64_t{1} << (2 + choices.below(12));
      habits.inserts_of_16 = phase % 2 == 0 ? 10 + choices.below(7) : choices.below(8);
      habits.ranges_of_16 = choices.one_in(3) ? 1 : 0;
      habits.spot = static_cast<Spot>(choices.below(4));
      habits.blobs = choices.one_in(2);
      edit(pair, choices, habits, edits);
      ASSERT_TRUE(support::is_well(pair.compare())) << "phase " << phase;
      EXPECT_EQ(pages_.taken(), pair.charge(*account_));
    }
    release(pair);
  }

  void add(Scores& tree, double score, const std::string& name) {
    pages_.edit([&](PageMemory& memory) {
      const Placed placed = tree.insert(memory, Scores::Name{score, name}, score, name.size(), false);
      if (placed.bytes != nullptr) std::memcpy(placed.bytes, name.data(), name.size());
      return placed;
    });
  }
  void add(List& tree, std::uint64_t rank, const std::string& item) {
    pages_.edit([&](PageMemory& memory) {
      const Placed placed = tree.insert(memory, List::Rank{rank}, {}, item.size(), false);
      std::memcpy(placed.bytes, item.data(), item.size());
      return placed;
    });
  }
  template <typename Tree>
  Edited erase_range(Tree& tree, std::uint64_t from, std::uint64_t to) {
    return pages_.edit([&](PageMemory& memory) { return tree.erase_range(memory, from, to); });
  }
  static std::string name(int number) { return "name" + std::to_string(100'000 + number); }
};

TEST_F(TreeTest, AnEmptyOneHasNothing) {
  Scores tree;
  EXPECT_TRUE(tree.empty());
  EXPECT_EQ(tree.size(), 0u);
  EXPECT_FALSE(tree.seek(Scores::Rank{0}));
  EXPECT_EQ(tree.rank({0, ""}), 0u);
  EXPECT_EQ(erase_range(tree, 0, 1), Edited::kNothing);
  EXPECT_EQ(tree.check(), nullptr);
  EXPECT_EQ(tree.charge(*account_), 0);
  EXPECT_EQ(pages_.taken(), 0);
  release(tree);
}

TEST_F(TreeTest, OneByScoreAgreesWithAVector) {
  agrees_with_a_vector<support::SortedPair>(support::count(24, 600), 2'000);
}

TEST_F(TreeTest, ASequenceAgreesWithAVector) {
  agrees_with_a_vector<support::SequencePair>(support::count(24, 600), 4'000);
}

// What is equal in all that a separator has of it: the names go on where it ends.
TEST_F(TreeTest, TellsApartNamesThatBeginAlike) {
  model::RandomChoices choices(support::seed(2));
  support::SortedPair pair;
  for (int i = 0; i < 1'500; ++i) {
    Edit edit;
    constexpr double kScores[] = {0.0, -0.0, 0.0, 1.0};
    edit.score = kScores[choices.below(4)];
    edit.name = "1234567890123456" + std::string(choices.below(3), '\0') + std::to_string(choices.below(3'000));
    apply(pair, edit);
  }
  ASSERT_TRUE(support::is_well(pair.compare()));
  while (!pair.items().empty()) {
    Edit edit;
    edit.kind = Edit::Kind::kErase;
    std::tie(edit.score, edit.name) = pair.items()[choices.below(pair.items().size())];
    apply(pair, edit);
    if (pair.items().size() % 200 == 0) {
      ASSERT_TRUE(support::is_well(pair.compare()));
    }
  }
}

// What comes in where a leaf is parted, and the score of those behind it.
TEST_F(TreeTest, PartsALeafWhereAnItemOfTheNextScoreComesIn) {
  for (int low = 1; low < 120; ++low) {
    support::SortedPair pair;
    for (int i = 0; i < low + 120; ++i) {
      Edit edit;
      edit.score = i < low ? 0 : 1;
      edit.name = name(i < low ? i : 1'000 - i);  // of the second score, each before the others
      apply(pair, edit);
    }
    ASSERT_TRUE(support::is_well(pair.compare()));
    release(pair);
  }
}

// What a separator has of these is the same with zeros behind what is shorter.
TEST_F(TreeTest, TellsApartNamesThatEndInZeros) {
  support::SortedPair pair;
  for (int round = 0; round < 40; ++round) {
    for (std::size_t zeros = 0; zeros < 40; ++zeros) {
      Edit edit;
      edit.name = std::string(static_cast<std::size_t>(round % 3), 'a') + std::string(zeros, '\0');
      if (round > 20) edit.kind = Edit::Kind::kErase;
      if (round < 36 || zeros % 2 == 0) apply(pair, edit);
    }
  }
  for (const char* end : {"a", "ab", "b"}) {
    for (std::size_t zeros = 0; zeros < 250; ++zeros) {
      Edit edit;
      edit.name = std::string(zeros, '\0') + end;
      apply(pair, edit);
    }
  }
  ASSERT_TRUE(support::is_well(pair.compare()));
  release(pair);
}

TEST_F(TreeTest, ZeroIsOneScore) {
  Scores tree;
  add(tree, -0.0, "a");
  pages_.edit([&](PageMemory& memory) {
    EXPECT_EQ(tree.insert(memory, Scores::Name{0.0, "a"}, 0.0, 1, false).edited, Edited::kNothing);
    return true;
  });
  EXPECT_TRUE(std::signbit(tree.seek(Scores::Rank{tree.rank({0.0, "a"})}).key()));
  add(tree, 0.0, "b");
  EXPECT_EQ(tree.rank({-0.0, "b"}), 1u);
  EXPECT_EQ(tree.check(), nullptr);
  release(tree);
}

TEST_F(TreeTest, InfinitiesAreTheFirstAndTheLast) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Scores tree;
  for (const double score : {kInfinity, 0.0, -kInfinity, std::numeric_limits<double>::max()}) {
    for (int i = 0; i < 100; ++i) add(tree, score, name(i));
  }
  EXPECT_EQ(tree.check(), nullptr);
  EXPECT_EQ(tree.seek(Scores::Rank{99}).key(), -kInfinity);
  EXPECT_EQ(tree.seek(Scores::Rank{100}).key(), 0.0);
  EXPECT_EQ(tree.seek(Scores::Rank{300}).key(), kInfinity);
  EXPECT_EQ(tree.rank({kInfinity, ""}), 300u);
  EXPECT_EQ(tree.rank({kInfinity, "z"}), 400u);
  release(tree);
}

// All bounds of trees of several sizes, from one leaf to three levels.
TEST_F(TreeTest, ARangeIsErasedAtAnyBounds) {
  const std::uint64_t seed = support::seed(3);
  SCOPED_TRACE(support::how_to_repeat(seed));
  model::RandomChoices choices(seed);
  for (const int size : {1, 2, 40, 700, 4'000}) {
    support::SequencePair list;
    support::SortedPair scores;
    for (int i = 0; i < size; ++i) {
      Edit edit;
      edit.score = i / 4;
      edit.name = edit.item = i % 16 == 0 ? std::string(300, 'x') + name(i) : name(i);
      edit.from = static_cast<std::uint64_t>(i);
      apply(list, edit);
      apply(scores, edit);
    }
    for (std::uint64_t time = 0; time < support::count(60, 2'000); ++time) {
      Edit edit;
      support::choose_range(choices, static_cast<std::uint64_t>(size), edit);
      auto other_list = list.share();
      auto other_scores = scores.share();
      apply(other_list, edit);
      apply(other_scores, edit);
      ASSERT_TRUE(support::is_well(other_list.compare())) << edit.text();
      if (time % 16 == 0) {
        ASSERT_TRUE(support::is_well(other_scores.compare())) << edit.text();
      }
      release(other_list);
      release(other_scores);
    }
    ASSERT_TRUE(support::is_well(list.compare()));
    ASSERT_TRUE(support::is_well(scores.compare()));
    release(list);
    release(scores);
  }
}

// A thinned tree grows again: pages of few children are where many are expected.
TEST_F(TreeTest, GrowsAgainWhereItWasThinned) {
  support::SequencePair list;
  Edit edit;
  for (int i = 0; i < 20'000; ++i) {
    edit.item = name(i);
    edit.from = static_cast<std::uint64_t>(i);
    apply(list, edit);
  }
  for (std::uint64_t from = 0; from < list.items().size(); from += 1) {
    Edit cut;
    cut.kind = Edit::Kind::kEraseRange;
    cut.from = from;
    cut.to = from + 700;
    apply(list, cut);
  }
  ASSERT_TRUE(support::is_well(list.compare()));
  for (int i = 0; i < 10'000; ++i) {
    edit.from = static_cast<std::uint64_t>(i) % (list.items().size() + 1);
    apply(list, edit);
  }
  ASSERT_TRUE(support::is_well(list.compare()));
  release(list);
}

// Whole leaves go, and items come where they were: before the first that a page had, too. Then pages are joined.
TEST_F(TreeTest, FindsWhatWasPutWhereARunWasErased) {
  const std::uint64_t seed = support::seed(6);
  SCOPED_TRACE(support::how_to_repeat(seed));
  model::RandomChoices choices(seed);
  for (std::uint64_t round = 0; round < support::count(3, 100); ++round) {
    support::SortedPair pair;
    Edit edit;
    for (int i = 0; i < 8'000; ++i) {
      edit.score = i;
      edit.name = name(i);
      apply(pair, edit);
    }
    for (int run = 0; run < 60; ++run) {
      Edit cut;
      cut.kind = Edit::Kind::kEraseRank;
      cut.from = choices.below(pair.items().size() - 100);
      edit.score = pair.items()[cut.from].first - 0.5;
      for (int i = 0; i < 100; ++i) apply(pair, cut);
      apply(pair, edit);
      for (int i = 0; i < 5; ++i, edit.score += 10) apply(pair, edit);
    }
    while (pair.items().size() > 300) {
      Edit erase;
      erase.kind = Edit::Kind::kErase;
      std::tie(erase.score, erase.name) = pair.items()[choices.below(pair.items().size())];
      apply(pair, erase);
      if (pair.items().size() % 500 == 0) {
        ASSERT_TRUE(support::is_well(pair.compare()));
      }
    }
    ASSERT_TRUE(support::is_well(pair.compare()));
    release(pair);
  }
}

// --- How much room they take --------------------------------------------------------------------------------------------

// Bytes of pages for each of so many items of ten bytes, which with keys and ends take 12 in a list and 20 by score.
TEST_F(TreeTest, IsNearlyFullWhenFilledAtTheEnd) {
  List list;
  Scores scores;
  for (int i = 0; i < 20'000; ++i) {
    add(list, static_cast<std::uint64_t>(i), name(i));
    add(scores, i, name(i));
  }
  EXPECT_LT(list.charge(*account_), 20'000 * 13);
  EXPECT_LT(scores.charge(*account_), 20'000 * 23);
  release(list);
  release(scores);
}

TEST_F(TreeTest, IsNearlyFullWhenFilledAtTheFront) {
  List list;
  Scores scores;
  for (int i = 0; i < 20'000; ++i) {
    add(list, 0, name(i));
    add(scores, -i, name(i));
  }
  EXPECT_LT(list.charge(*account_), 20'000 * 13);
  EXPECT_LT(scores.charge(*account_), 20'000 * 23);
  release(list);
  release(scores);
}

TEST_F(TreeTest, IsHalfFullAtLeastWhenFilledAtRandom) {
  base::Random random(support::seed(4));
  List list;
  Scores scores;
  for (int i = 0; i < 20'000; ++i) {
    add(list, random.below(list.size() + 1), name(i));
    add(scores, static_cast<double>(random.below(1'000'000)), name(i));
  }
  EXPECT_LT(list.charge(*account_), 20'000 * 24);
  EXPECT_LT(scores.charge(*account_), 20'000 * 40);
  release(list);
  release(scores);
}

// Each is put behind all that stood there before, and before those that came since.
TEST_F(TreeTest, ADescendingRunBehindAllOthersFillsItsLeaves) {
  Scores scores;
  for (int i = 0; i < 5'000; ++i) add(scores, i, name(i));
  for (int i = 5'000; i > 0; --i) add(scores, 10'000 + i, name(i));
  EXPECT_EQ(scores.check(), nullptr);
  EXPECT_LT(scores.charge(*account_), 10'000 * 40);
  release(scores);
}

TEST_F(TreeTest, AnAscendingRunBeforeAllOthersFillsItsLeaves) {
  Scores scores;
  for (int i = 0; i < 5'000; ++i) add(scores, i, name(i));
  for (int i = 0; i < 5'000; ++i) add(scores, i - 10'000, name(i));
  EXPECT_EQ(scores.check(), nullptr);
  EXPECT_LT(scores.charge(*account_), 10'000 * 40);
  release(scores);
}

TEST_F(TreeTest, GivesBackWhatItDoesNotNeedAnyMore) {
  base::Random random(support::seed(5));
  List list;
  Scores scores;
  for (int i = 0; i < 20'000; ++i) {
    add(list, list.size(), name(i));
    add(scores, i, name(i));
  }
  pages_.edit([&](PageMemory& memory) {
    while (list.size() > 500) list.erase(memory, List::Rank{random.below(list.size())});
    while (scores.size() > 500) scores.erase(memory, Scores::Rank{random.below(scores.size())});
    return true;
  });
  EXPECT_LT(list.charge(*account_), 500 * 50);
  EXPECT_LT(scores.charge(*account_), 500 * 80);
  pages_.edit([&](PageMemory& memory) {
    while (!list.empty()) list.erase(memory, List::Rank{0});
    while (!scores.empty()) scores.erase(memory, Scores::Rank{scores.size() - 1});
    return true;
  });
  EXPECT_EQ(pages_.taken(), 0);
}

}  // namespace
}  // namespace larder::collections
