// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// LMPOP and ZMPOP of many, while others write the key at the worst moment: after it was found, and before what is
// popped has been copied, with no lock held. The copy is one block, so its allocation is that moment.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "larder/cache.h"
#include "out_of_memory/failing_new.h"
#include "support/scripted_store.h"

namespace larder::out_of_memory {
namespace {

constexpr std::uint64_t kPopped = 70;
constexpr std::size_t kCopyBytes = kPopped * 40;

std::string item(std::uint64_t number) { return std::to_string(1'000 + number) + std::string(40, '.'); }

constexpr int kTimesMax = 8;
std::string longer(int times) { return std::string(kCopyBytes << (2 * times), 'p'); }

class InterruptedPops : public testing::Test {
 protected:
  void fill(std::string_view key) {
    std::vector<std::string> elements;
    std::vector<std::pair<std::string, double>> members;
    for (std::uint64_t i = 0; i < kPopped + 50; ++i) {
      elements.push_back(item(i));
      members.emplace_back(item(i), static_cast<double>(i));
    }
    ASSERT_TRUE(cache().rpush(key, elements).ok());
    ASSERT_TRUE(cache().zadd("z" + std::string(key), members).ok());
  }
  void pop_elements(const std::function<void()>& act, std::string_view of, std::uint64_t left) {
    Lookup<PoppedElements> popped;
    {
      const Before before(kCopyBytes, act);
      popped = cache().lmpop({"a", "b"}, ListEnd::kLeft, kPopped);
    }
    ASSERT_TRUE(popped) << popped.status().to_string();
    EXPECT_EQ(popped->key, of);
    ASSERT_EQ(popped->elements.size(), kPopped);
    for (std::uint64_t i = 0; i < kPopped; ++i) EXPECT_EQ(popped->elements[i], item(i));
    EXPECT_EQ(cache().llen(of).value_or(0), left);
    EXPECT_EQ(cache().lindex(of, 0).value_or(""), item(kPopped));
  }
  void pop_members(const std::function<void()>& act, std::string_view of, std::uint64_t left) {
    Lookup<PoppedMembers> popped;
    {
      const Before before(kCopyBytes, act);
      popped = cache().zmpop_min({"za", "zb"}, kPopped);
    }
    ASSERT_TRUE(popped) << popped.status().to_string();
    EXPECT_EQ(popped->key, of);
    ASSERT_EQ(popped->members.size(), kPopped);
    for (std::uint64_t i = 0; i < kPopped; ++i) EXPECT_EQ(popped->members[i].member, item(i));
    EXPECT_EQ(cache().zcard(of).value_or(0), left);
    EXPECT_EQ(cache().zrank(of, item(kPopped)).value_or(9), 0u);
  }
  virtual Cache& cache() { return cache_; }

  int times_ = 0;

 private:
  Cache cache_{Options{.max_memory = 0, .shards = 1}};
};

// Each time something longer is put before all else, so that the next copy needs a larger block, or two. After a few
// that are in vain, a copy is made when what goes is out of the key already.
TEST_F(InterruptedPops, OfElementsEndThoughTheListIsWrittenAllTheTime) {
  fill("a");
  Lookup<PoppedElements> popped;
  {
    const Before before(kCopyBytes, [&] {
      if (++times_ <= kTimesMax) {
        EXPECT_TRUE(cache().lpush("a", longer(times_)).ok());
      }
    });
    popped = cache().lmpop({"a"}, ListEnd::kLeft, kPopped);
  }
  ASSERT_TRUE(popped && popped->elements.size() == kPopped);
  EXPECT_GT(times_, 1);
  EXPECT_LE(times_, 7);
  EXPECT_EQ(cache().llen("a").value_or(0), 50u + static_cast<unsigned>(times_));
}

TEST_F(InterruptedPops, OfMembersOfASetThatIsWrittenMeanwhileLoseNothing) {
  fill("a");
  Lookup<PoppedMembers> popped;
  {
    const Before before(kCopyBytes, [&] {
      if (++times_ <= kTimesMax) {
        EXPECT_TRUE(cache().zadd("za", longer(times_), -times_).ok());
      }
    });
    popped = cache().zmpop_min({"za"}, kPopped);
  }
  ASSERT_TRUE(popped && popped->members.size() == kPopped);
  EXPECT_GT(times_, 1);
  EXPECT_LE(times_, 7);
  EXPECT_EQ(cache().zcard("za").value_or(0), 50u + static_cast<unsigned>(times_));
}

TEST_F(InterruptedPops, OfAKeyThatIsDeletedMeanwhileTakeTheNext) {
  fill("a");
  fill("b");
  pop_elements([&] { EXPECT_TRUE(cache().del("a").ok()); }, "b", 50);
  pop_members([&] { EXPECT_TRUE(cache().del("za").ok()); }, "zb", 50);
}

class InterruptedStoredPops : public InterruptedPops {
 protected:
  Cache& cache() override { return cache_; }
  static Options options(std::shared_ptr<BackingStore> store) {
    Options options{.max_memory = 0, .shards = 1};
    options.store.backing = std::move(store);
    return options;
  }

 private:
  std::shared_ptr<support::ScriptedStore> store_ = std::make_shared<support::ScriptedStore>();
  Cache cache_{options(store_)};
};

TEST_F(InterruptedStoredPops, OfAKeyThatGoesOutOfTheCacheTakeWhatTheStoreHas) {
  fill("a");
  const auto evict = [&](const char* key) {
    return [this, key] {
      if (++times_ == 1) {
        EXPECT_TRUE(cache().invalidate(key).ok());
      }
    };
  };
  pop_elements(evict("a"), "a", 50);
  EXPECT_GT(times_, 1);
  times_ = 0;
  pop_members(evict("za"), "za", 50);
  EXPECT_GT(times_, 1);
  // The store has the rest, too.
  ASSERT_TRUE(cache().clear().ok());
  EXPECT_EQ(cache().llen("a").value_or(0), 50u);
  EXPECT_EQ(cache().zcard("za").value_or(0), 50u);
}

}  // namespace
}  // namespace larder::out_of_memory
