// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How much one edit does, counted, with ten items, a thousand and very many. In builds with LARDER_CHECKS; elsewhere
// nothing is counted.
#include "base/hold_work.h"

#if defined(LARDER_CHECKS)

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include "base/key_hash.h"
#include "base/random.h"
#include "collections/table.h"
#include "collections/tree.h"
#include "support/depth.h"
#include "support/page_source.h"

namespace larder::collections {
namespace {

// Of one edit. A leaf of a sequence has 4 KiB, and is written a few times at most; a page above it has 1 KiB, which is
// not counted, but its allocation is.
constexpr std::uint64_t kBytes = 16 << 10;
constexpr std::uint64_t kAllocations = 24;
constexpr std::uint64_t kEntries = 1'000;

class EditWorkTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  ~EditWorkTest() override {
    EXPECT_EQ(pages_.taken(), 0);
    account_->release();
  }
  static std::uint64_t items() { return std::min(GetParam(), support::count(500'000, 5'000'000)); }
  static std::string name(std::uint64_t number) { return "name" + std::to_string(number); }

  // action(PageMemory&), as one hold.
  template <typename Do>
  auto hold(Do&& action) {
    base::begin_hold();
    auto answer = pages_.edit(action);
    base::end_hold();
    return answer;
  }
  template <typename Put>
  void put(std::string_view item, const Put& put_one) {
    const Placed placed = hold([&](PageMemory& memory) { return put_one(memory, item.size()); });
    if (placed.bytes != nullptr) std::memcpy(placed.bytes, item.data(), item.size());
  }
  template <typename Collection>
  void release(Collection& collection) {
    pages_.edit([&](PageMemory& memory) {
      collection.release(memory);
      return true;
    });
  }
  static void expect_bounded(const char* when) {
    const base::HoldWork most = base::take_most_work();
    EXPECT_LE(most.bytes, kBytes) << when;
    EXPECT_LE(most.allocations, kAllocations) << when;
    EXPECT_LE(most.entries, kEntries) << when;
    EXPECT_GE(most.allocations, 1u) << when;
  }

  memory::Account* account_ = new memory::Account(Allocator::standard(), memory::Limit::kUnbounded);
  support::PageSource pages_{*account_};
  base::Random random_{1};
};

// The same edits again, each of a version that shares all its pages with another.
template <typename Collection, typename Edits>
void in_versions(Collection& collection, std::uint64_t times, const Edits& edit, const auto& release) {
  for (std::uint64_t i = 0; i < times; ++i) {
    Collection before = collection.share();
    edit(collection);
    release(before);
  }
}

TEST_P(EditWorkTest, OfATreeByScore) {
  using Scores = Tree<ByScore>;
  Scores scores;
  const auto add = [&](Scores& tree) {
    const auto score = static_cast<double>(random_.below(1 << 30));
    const std::string item = name(random_.below(1 << 30));
    put(item, [&](PageMemory& memory, std::size_t bytes) {
      return tree.insert(memory, Scores::Name{score, item}, score, bytes, false);
    });
  };
  const auto erase = [&](Scores& tree) {
    hold([&](PageMemory& memory) { return tree.erase(memory, Scores::Rank{random_.below(tree.size() + 1)}); });
  };
  const auto release_one = [&](Scores& tree) { release(tree); };
  base::take_most_work();
  while (scores.size() < items()) add(scores);
  expect_bounded("filling");
  in_versions(scores, 2'000, add, release_one);
  expect_bounded("adding to versions");
  in_versions(scores, 2'000, erase, release_one);
  expect_bounded("erasing from versions");
  while (!scores.empty()) erase(scores);
  expect_bounded("emptying");
}

TEST_P(EditWorkTest, OfASequence) {
  using List = Tree<Sequence>;
  List list;
  const auto add = [&](List& tree) {
    put(std::string(random_.below(30), 'x'), [&](PageMemory& memory, std::size_t bytes) {
      return tree.insert(memory, List::Rank{random_.below(tree.size() + 1)}, {}, bytes, false);
    });
  };
  const auto replace = [&](List& tree) {
    put(std::string(random_.below(250), 'x'), [&](PageMemory& memory, std::size_t bytes) {
      return tree.replace(memory, List::Rank{random_.below(tree.size() + 1)}, bytes, false);
    });
  };
  const auto erase = [&](List& tree) {
    hold([&](PageMemory& memory) { return tree.erase(memory, List::Rank{random_.below(tree.size() + 1)}); });
  };
  const auto release_one = [&](List& tree) { release(tree); };
  base::take_most_work();
  while (list.size() < items()) add(list);
  expect_bounded("filling");
  in_versions(list, 1'000, add, release_one);
  expect_bounded("adding to versions");
  in_versions(list, 1'000, replace, release_one);
  expect_bounded("replacing in versions");
  in_versions(list, 1'000, erase, release_one);
  expect_bounded("erasing from versions");
  while (!list.empty()) erase(list);
  expect_bounded("emptying");
}

TEST_P(EditWorkTest, OfATable) {
  using Members = Table<Member>;
  const base::KeyHash hash(1);
  Members members;
  std::uint64_t next = 0;
  std::uint64_t gone = 0;
  const auto add = [&](Members& table) {
    const std::string item = name(next++);
    put(item,
        [&](PageMemory& memory, std::size_t bytes) { return table.put(memory, hash, hash(item), item, bytes, false); });
  };
  const auto erase = [&](Members& table) {
    const std::string item = name(gone++);
    hold([&](PageMemory& memory) { return table.erase(memory, hash(item), item); });
  };
  const auto release_one = [&](Members& table) { release(table); };
  base::take_most_work();
  while (members.size() < items()) add(members);
  expect_bounded("filling");
  in_versions(members, 2'000, add, release_one);
  expect_bounded("adding to versions");
  in_versions(members, 2'000, erase, release_one);
  expect_bounded("erasing from versions");
  while (!members.empty()) erase(members);
  expect_bounded("emptying");
}

// Whole pages go unread; what else is touched does not depend on the length of the range.
TEST_P(EditWorkTest, OfErasingARange) {
  using List = Tree<Sequence>;
  List list;
  for (std::uint64_t i = 0; i < items(); ++i) {
    put("x",
        [&](PageMemory& memory, std::size_t bytes) { return list.insert(memory, List::Rank{i}, {}, bytes, false); });
  }
  base::take_most_work();
  for (int i = 0; i < 200 && list.size() > 4; ++i) {
    const std::uint64_t from = random_.below(list.size() / 2);
    const std::uint64_t to = from + 1 + random_.below(list.size() / 4);
    List before = list.share();
    hold([&](PageMemory& memory) { return list.erase_range(memory, from, to); });
    release(before);
  }
  expect_bounded("erasing ranges of a version");
  release(list);
}

INSTANTIATE_TEST_SUITE_P(Items, EditWorkTest, testing::Values(10, 1'000, 1'000'000));

}  // namespace
}  // namespace larder::collections

#endif
