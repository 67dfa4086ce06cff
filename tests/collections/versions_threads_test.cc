// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Versions of one collection in several threads, which know nothing of each other.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "collections/fixture.h"
#include "support/run_threads.h"

namespace larder::collections {
namespace {

template <typename Pair>
class VersionsThreadsTest : public CollectionTest {};

using Pairs = testing::Types<support::SortedPair, support::SequencePair, support::TablePair<Member>,
                             support::TablePair<Field>, support::TablePair<Scored>>;
TYPED_TEST_SUITE(VersionsThreadsTest, Pairs);

// Two edit theirs, two look at theirs; each lets go of it when it is done, whoever is the last.
TYPED_TEST(VersionsThreadsTest, AreReadAndEditedAtOnce) {
  constexpr int kThreads = 4;
  for (std::uint64_t round = 0; round < support::count(12, 300); ++round) {
    model::RandomChoices choices(support::seed(1) + round);
    TypeParam pair;
    this->edit(pair, choices, {.universe = 400, .inserts_of_16 = 14}, 600);
    std::vector<TypeParam> versions;
    for (int i = 0; i < kThreads; ++i) versions.push_back(pair.share());
    this->release(pair);
    std::atomic<std::int64_t> taken{this->pages_.taken()};
    std::vector<std::string> wrong(kThreads);
    support::run_threads(kThreads, [&](int thread) {
      const auto which = static_cast<std::size_t>(thread);
      model::RandomChoices mine(round * kThreads + which);
      support::PageSource pages(*this->account_);
      TypeParam& version = versions[which];
      for (int step = 0; thread % 2 == 0 && step < 200; ++step) {
        pages.edit([&](PageMemory& memory) {
          return version.apply(version.choose(mine, {.universe = 400, .ranges_of_16 = 1}), *this->account_, memory);
        });
      }
      wrong[which] = version.compare();
      pages.edit([&](PageMemory& memory) {
        version.release(memory);
        return true;
      });
      taken += pages.taken();
    });
    for (const std::string& what : wrong) ASSERT_TRUE(support::is_well(what));
    ASSERT_EQ(taken.load(), 0);
    ASSERT_EQ(this->account_->bytes().used(), 0);
    this->pages_ = support::PageSource(*this->account_);
  }
}

}  // namespace
}  // namespace larder::collections
