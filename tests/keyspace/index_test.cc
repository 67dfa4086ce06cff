// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The index against a map, while it grows, shrinks and is short of memory.
#include "keyspace/index.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "support/counting_allocator.h"
#include "support/depth.h"

namespace larder::keyspace {
namespace {

class IndexTest : public testing::Test {
 protected:
  ~IndexTest() override {
    while (!entries_.empty()) erase(entries_.begin()->first);
    index_.destroy();
    memory_.give_back_surplus(true);
    EXPECT_EQ(allocator_.complaints(true), "");
    account_->release();
  }

  static std::string key(std::uint64_t number) { return "key:" + std::to_string(number); }

  bool insert(const std::string& key) {
    if (!index_.reserve(1, 0)) return false;
    const EntryShape shape{};
    auto& block = blocks_[key];
    block.resize((Entry::bytes_for(shape, key.size(), 0) + sizeof(Block) - 1) / sizeof(Block));
    Entry* entry = Entry::create(block.data(), shape, key, 0);
    index_.insert(hash_(key), entry);
    entries_[key] = entry;
    return true;
  }
  void erase(std::string key) {
    const Index::Place place = index_.find(hash_(key), key);
    ASSERT_TRUE(place) << key;
    index_.erase(place);
    entries_.erase(key);
    blocks_.erase(key);
  }
  void expect_sound() {
    EXPECT_EQ(index_.check(), nullptr) << index_.check();
    EXPECT_EQ(index_.size(), entries_.size());
    for (const auto& [key, entry] : entries_) ASSERT_EQ(index_.find(hash_(key), key).entry(), entry) << key;
  }
  void shrink() {
    while (index_.shrink()) {
    }
  }
  std::int64_t allocated() const { return memory_.allocated(); }

  struct alignas(16) Block {
    char bytes[16];
  };
  support::CountingAllocator allocator_;
  memory::Account* account_ = new memory::Account(allocator_, memory::Limit::kUnbounded);
  memory::ShardMemory memory_{*account_, 4'096};
  base::KeyHash hash_{1};
  Slack slack_{*account_};
  Index index_{memory_, hash_, slack_};
  std::map<std::string, Entry*> entries_;
  std::map<std::string, std::vector<Block>> blocks_;
};

TEST_F(IndexTest, AnEmptyOneFindsNothing) {
  EXPECT_FALSE(index_.find(hash_("a"), "a"));
  EXPECT_EQ(index_.buckets(), 0u);
  EXPECT_FALSE(index_.shrink());
  EXPECT_EQ(allocated(), 0);
  expect_sound();
}

// Sizes go up and down between nothing and many; hits move entries forward; memory runs out now and then.
TEST_F(IndexTest, AgreesWithAMap) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  base::Random random(seed);
  for (std::uint64_t phase = 0; phase < support::count(12, 200); ++phase) {
    const std::uint64_t universe = std::uint64_t{1} << random.below(14);
    const std::uint64_t inserts_of_16 = random.below(17);
    allocator_.fail_one_in(random.below(2) == 0 ? 0 : 1 + random.below(20));
    for (int step = 0; step < 5'000; ++step) {
      const std::string name = key(random.below(universe));
      if (entries_.contains(name)) {
        Index::Place place = index_.find(hash_(name), name);
        ASSERT_TRUE(place) << name;
        if (place.chained()) index_.promote(place, hash_(name));
        ASSERT_EQ(place.entry(), entries_[name]);
        if (random.below(16) >= inserts_of_16) erase(name);
      } else {
        ASSERT_FALSE(index_.find(hash_(name), name)) << name;
        if (random.below(16) < inserts_of_16) insert(name);
      }
      if (random.below(4) == 0) index_.shrink();
    }
    allocator_.fail_one_in(0);
    expect_sound();
    if (HasFailure()) return;
  }
}

TEST_F(IndexTest, GivesBackWhatItDoesNotNeedAnyMore) {
  for (std::uint64_t i = 0; i < 50'000; ++i) ASSERT_TRUE(insert(key(i)));
  const std::int64_t most = allocated();
  EXPECT_LT(most, 50'000 * 16);
  for (std::uint64_t i = 0; i < 49'000; ++i) {
    erase(key(i));
    index_.shrink();  // one step for each removal keeps up
  }
  EXPECT_FALSE(index_.can_shrink());
  expect_sound();
  // A thousand entries at half load, two slabs of spare buckets, and the directories of better days.
  EXPECT_LT(allocated(), 1'000 * 32 + 16'384 + 50'000 / 10);
  while (!entries_.empty()) erase(entries_.begin()->first);
  shrink();
  index_.clear();
  EXPECT_LT(allocated(), 50'000 / 10);
  EXPECT_TRUE(insert("again"));
  expect_sound();
}

// An id leads to every entry that it may mean.
TEST_F(IndexTest, FindsEntriesByTheirId) {
  for (std::uint64_t i = 0; i < 5'000; ++i) ASSERT_TRUE(insert(key(i)));
  for (const auto& one : entries_) {
    bool found = false;
    index_.find_id(id_of(hash_(one.first)),
                   [&](const Index::Place& place) { return found = place.entry() == one.second; });
    ASSERT_TRUE(found) << one.first;
  }
}

// The guarantee of SCAN: what is there from the first step to the last is shown, whatever happens meanwhile.
TEST_F(IndexTest, AWalkMissesNothingWhileItGrowsAndShrinks) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  base::Random random(seed);
  for (std::uint64_t round = 0; round < support::count(20, 500); ++round) {
    std::set<std::string> there_all_the_time;
    for (std::uint64_t i = 0; i < 300; ++i) {
      if (!entries_.contains(key(i))) {
        ASSERT_TRUE(insert(key(i)));
      }
      there_all_the_time.insert(key(i));
    }
    const bool grows = random.below(2) == 0;
    for (std::uint64_t i = 0; !grows && i < 5'000; ++i) {
      if (!entries_.contains("other" + key(i))) {
        ASSERT_TRUE(insert("other" + key(i)));
      }
    }
    std::uint64_t next = 0;
    std::uint64_t cursor = 0;
    do {
      index_.for_bucket(index_.bucket_of_cursor(cursor), [&](const Index::Place& place) {
        there_all_the_time.erase(std::string(place.entry()->key()));
      });
      cursor = index_.next_cursor(cursor);
      for (std::uint64_t changes = random.below(60); changes != 0 && next < 5'000; --changes, ++next) {
        const std::string name = "other" + key(next);
        if (grows && !entries_.contains(name)) {
          ASSERT_TRUE(insert(name));
        }
        if (!grows && entries_.contains(name)) erase(name);
        index_.shrink();
      }
    } while (cursor != 0);
    EXPECT_TRUE(there_all_the_time.empty()) << there_all_the_time.size() << " were not shown";
  }
}

}  // namespace
}  // namespace larder::keyspace
