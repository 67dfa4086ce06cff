// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "advice/hot_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/key_hash.h"
#include "base/random.h"
#include "support/depth.h"

namespace larder::advice {
namespace {

constexpr double kHalfLife = 32'768;  // uses
constexpr double kWays = 16;

// Hot keys, and all there is to know of the same uses.
class Counted {
 public:
  explicit Counted(std::uint32_t names) : hot_(names) {}

  void use(std::uint64_t hash, const std::string& key) {
    hot_.used(hash, key);
    counts_[key] += weight_;
    total_ += weight_;
    weight_ *= std::exp2(1 / kHalfLife);
  }
  void use(const std::string& key) { use(hash_(key), key); }
  double share(const std::string& key) const { return counts_.at(key) / total_; }
  double in_uses(double of_late) const { return of_late * weight_ / total_; }
  // The most used first.
  std::vector<std::string> ranking() const {
    std::vector<std::pair<double, std::string>> ordered;
    for (const auto& [key, count] : counts_) ordered.emplace_back(-count, key);
    std::sort(ordered.begin(), ordered.end());
    std::vector<std::string> keys;
    for (auto& [count, key] : ordered) keys.push_back(std::move(key));
    return keys;
  }
  std::vector<HotKey> top() { return hot_.top(); }

 private:
  HotKeys hot_;
  const base::KeyHash hash_{1};
  std::map<std::string, double> counts_;
  double weight_ = 1;
  double total_ = 0;
};

std::map<std::string, double> as_map(const std::vector<HotKey>& top) {
  std::map<std::string, double> shares;
  for (const HotKey& one : top) EXPECT_TRUE(shares.emplace(one.key, one.share).second) << one.key << " is there twice";
  return shares;
}

// Some streams: each a key for a use.
using Stream = std::function<std::uint64_t(base::Random&, std::uint64_t)>;
const std::vector<Stream> kStreams = {
    [](base::Random& random, std::uint64_t) { return random.below(1 + random.below(1 + random.below(1'000))); },
    [](base::Random& random, std::uint64_t) { return random.below(1 + random.below(40)); },
    [](base::Random&, std::uint64_t use) { return use % 17; },  // in turns, one too many
    [](base::Random& random, std::uint64_t use) { return use % 9 == 0 ? 0 : 1 + random.below(5'000); },
    [](base::Random& random, std::uint64_t use) { return use / 20'000 * 2 + random.below(3); },  // they come and go
};

// What Space-Saving promises, of keys that share a set.
TEST(HotKeysTest, SaysNeverTooMuchAndTooLittleByASixteenthOfTheSetAtMost) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  for (std::size_t number = 0; number < kStreams.size(); ++number) {
    SCOPED_TRACE(number);
    base::Random random(seed + number);
    Counted counted(128);
    // The last long enough for all counts to be made smaller.
    const bool is_last = number + 1 == kStreams.size();
    const std::uint64_t uses = is_last ? 700'000 : support::count(30'000, 300'000);
    for (std::uint64_t i = 0; i < uses; ++i) {
      const std::uint64_t key = kStreams[number](random, i);
      counted.use(key, std::to_string(key));  // the upper bits of a hash say which set: these are all of the first
      if (i % 5'000 != 4'999) continue;
      const auto named = as_map(counted.top());
      for (const auto& [key_named, share] : named) {
        ASSERT_LE(share, counted.share(key_named) * (1 + 1e-9)) << key_named;
        ASSERT_GE(share, counted.share(key_named) - 1 / kWays - 1e-9) << key_named;
      }
      for (const std::string& hot : counted.ranking()) {
        if (counted.share(hot) <= 1 / kWays + counted.in_uses(16) + 1e-9) break;
        ASSERT_TRUE(named.contains(hot)) << hot << " of share " << counted.share(hot);
      }
    }
  }
}

// 1/r of the uses is of the r-th key, in all sets.
TEST(HotKeysTest, NamesTheFirstTenOfManyInOrderAndExactly) {
  base::Random random(support::seed(1));
  Counted counted(10);
  for (int i = 0; i < 200'000; ++i) {
    const double u = static_cast<double>(random.below(1 << 30)) / (1 << 30);
    counted.use("k" + std::to_string(static_cast<int>(std::exp(u * std::log(100'000.0)))));
  }
  const auto top = counted.top();
  const auto ranking = counted.ranking();
  ASSERT_EQ(top.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(top[i].key, ranking[i]);
    EXPECT_NEAR(top[i].share, counted.share(top[i].key), 0.01 * top[i].share) << i;
  }
}

// Long enough for all counts to be made smaller several times.
TEST(HotKeysTest, WhatIsNoLongerUsedFades) {
  HotKeys hot(10);
  const std::uint64_t halves = 50;
  for (int i = 0; i < 20'000; ++i) hot.used(1, "old");
  EXPECT_NEAR(hot.top().at(0).share, 1, 1e-9);
  double share = 1;
  for (std::uint64_t half = 0; half < halves; ++half) {
    for (int i = 0; i < 32'768; ++i) hot.used(i % 2 == 0 ? 2 : 3, i % 2 == 0 ? "new" : "newer");
    const auto shares = as_map(hot.top());
    ASSERT_NEAR(shares.at("new"), shares.at("newer"), 1e-3);
    if (!shares.contains("old")) {
      ASSERT_GT(half, 5u);
      ASSERT_NEAR(shares.at("new"), 0.5, 0.01);
      continue;
    }
    ASSERT_LT(shares.at("old"), 0.55 * share);  // and the whole has grown
    ASSERT_NEAR(shares.at("old") + shares.at("new") + shares.at("newer"), 1, 1e-9);
    share = shares.at("old");
  }
  EXPECT_EQ(hot.top().size(), 2u);
  EXPECT_NEAR(hot.top().at(0).share + hot.top().at(1).share, 1, 1e-6);
}

TEST(HotKeysTest, NamesNoneWhereNoneIsHot) {
  Counted counted(1'000);
  EXPECT_TRUE(counted.top().empty());
  for (int i = 0; i < 100'000; ++i) counted.use(std::to_string(i));
  EXPECT_TRUE(counted.top().empty());
  for (int i = 0; i < 15; ++i) counted.use("hot");
  EXPECT_TRUE(counted.top().empty()) << "so few may be by chance";
  counted.use("hot"), counted.use("hot");
  EXPECT_EQ(counted.top().size(), 1u);
}

TEST(HotKeysTest, NamesNoMoreThanIsAsked) {
  for (const std::uint32_t names : {1u, 3u, 100u}) {
    Counted counted(names);
    for (int i = 0; i < 30'000; ++i) counted.use(std::to_string(i % (i % 250 + 1)));
    const auto top = counted.top();
    const auto ranking = counted.ranking();
    ASSERT_EQ(top.size(), names);
    EXPECT_TRUE(std::is_sorted(top.begin(), top.end(), [](auto& a, auto& b) { return a.share > b.share; }));
    EXPECT_EQ(top[0].key, ranking[0]);
  }
}

TEST(HotKeysTest, TellsKeysApartByTheirHashesWhateverTheyAre) {
  HotKeys hot(10);
  const std::string bytes("\0\r\n\xff \"\\", 7);
  for (int i = 0; i < 100; ++i) {
    hot.used(0, "");
    hot.used(1, bytes);
    hot.used(~std::uint64_t{0}, "last");
  }
  const auto shares = as_map(hot.top());
  EXPECT_EQ(shares.size(), 3u);
  for (const std::string& key : {std::string(), bytes, std::string("last")}) EXPECT_NEAR(shares.at(key), 1 / 3.0, 1e-3);
}

TEST(HotKeysTest, LongKeysAreCutAndStayDifferent) {
  HotKeys hot(10);
  const std::string fits(256, 'x');
  const std::string longest(65'535, 'x');
  std::string other = longest;
  other.back() = 'y';
  const base::KeyHash hash(1);
  for (int i = 0; i < 100; ++i) {
    for (const std::string& key : {fits, fits + "x", longest, other}) hot.used(hash(key), key);
  }
  const auto shares = as_map(hot.top());
  ASSERT_EQ(shares.size(), 4u);
  EXPECT_TRUE(shares.contains(fits));
  for (const auto& [key, share] : shares) {
    if (key == fits) continue;
    EXPECT_EQ(key.size(), 255u);
    EXPECT_EQ(key.substr(0, 239), std::string(236, 'x') + "...");
    EXPECT_EQ(key.find_first_not_of("0123456789abcdef", 239), std::string::npos);
  }
}

TEST(HotKeysTest, TakesAsMuchAsIsSaid) {
  EXPECT_EQ(HotKeys::bytes_for(0), 0u);
  EXPECT_EQ(HotKeys::bytes_for(1), HotKeys::bytes_for(128));
  EXPECT_NEAR(static_cast<double>(HotKeys::bytes_for(128)), 282 * 1'024, 512);
  EXPECT_NEAR(static_cast<double>(HotKeys::bytes_for(1'000)), 1'000 * 2.2 * 1'024, 10'000);
}

}  // namespace
}  // namespace larder::advice
