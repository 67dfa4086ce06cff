// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The most used keys of a cache, as stats() names them.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "advice/hot_keys.h"
#include "base/random.h"
#include "support/cache_fixture.h"
#include "support/depth.h"
#include "support/scripted_store.h"

namespace larder {
namespace {

using testing::HasSubstr;
using testing::Not;

class HotKeysTest : public support::CacheFixture {
 protected:
  // The r-th of many with a probability that is as 1/r.
  std::uint64_t rank() {
    const double u = static_cast<double>(random_.below(std::uint64_t{1} << 40)) / static_cast<double>(1ULL << 40);
    return static_cast<std::uint64_t>(std::exp(u * std::log(kKeys)));
  }
  // Of ranks that come together, ln((r+1)/r) in all.
  static double share_of(double rank) { return std::log((rank + 1) / rank) / std::log(kKeys); }
  void expect_zipf(const Cache& cache, const std::string& prefix) {
    const std::vector<HotKey> top = cache.stats().hot_keys;
    ASSERT_EQ(top.size(), 10u);
    for (std::size_t i = 0; i < top.size(); ++i) {
      ASSERT_TRUE(top[i].key.starts_with(prefix)) << top[i].key;
      const double its_rank = std::stod(top[i].key.substr(prefix.size()));
      EXPECT_NEAR(its_rank, static_cast<double>(i + 1), i < 5 ? 0 : 2);
      EXPECT_NEAR(top[i].share / share_of(its_rank), 1, i < 5 ? 0.1 : 0.15) << top[i].key;
    }
  }

  static constexpr double kKeys = 100'000;
  base::Random random_{1};
};

TEST_F(HotKeysTest, AreThoseThatAreUsedMostWithTheirShares) {
  const std::uint64_t runs = support::count(1, 20);
  for (std::uint64_t run = 0; run < runs; ++run) {
    SCOPED_TRACE(run);
    Cache& cache = make({.max_memory = 8_MiB, .hot_keys = 10});
    for (int i = 0; i < 4'000'000; ++i) {
      const std::string key = "k" + std::to_string(rank());
      if (i % 4 != 0) {
        (void)cache.get(key);
      } else {
        ASSERT_TRUE(cache.set(key, "v").ok());
      }
    }
    expect_zipf(cache, "k");
  }
}

TEST_F(HotKeysTest, AreThoseOfLate) {
  Cache& cache = make({.max_memory = 8_MiB, .hot_keys = 10});
  const auto use = [&](const std::string& prefix, int uses) {
    for (int i = 0; i < uses; ++i) (void)cache.get(prefix + std::to_string(rank()));
  };
  use("old", 1'000'000);
  EXPECT_EQ(cache.stats().hot_keys.at(0).key, "old1");
  use("new", 1'000'000);
  EXPECT_EQ(cache.stats().hot_keys.at(0).key, "new1");
  use("new", 4'000'000);
  for (const HotKey& one : cache.stats().hot_keys) EXPECT_TRUE(one.key.starts_with("new")) << one.key;
}

// As traffic that a program makes may be. One use in exactly 64 would always be the same key's.
TEST_F(HotKeysTest, OfUsesInTurnsEachHasItsShare) {
  for (const int keys : {32, 64, 128}) {
    Cache& cache = make({.hot_keys = 200, .shards = 1});
    for (int i = 0; i < 1'000'000; ++i) (void)cache.get(std::to_string(i % keys));
    const auto top = cache.stats().hot_keys;
    EXPECT_EQ(top.size(), static_cast<std::size_t>(keys));
    for (const HotKey& one : top) EXPECT_NEAR(one.share * keys, 1, 0.5) << one.key << " of " << keys;
  }
}

// Each is called with other uses in between, once for each of its own.
TEST_F(HotKeysTest, EveryUseCounts) {
  const auto store = std::make_shared<support::ScriptedStore>();
  Cache& plain = make({.hot_keys = 10});
  Cache& through = make({.hot_keys = 10, .store = {.backing = store}});
  StoreOptions back{.backing = store, .writes = StoreOptions::Writes::kBack};
  back.write_back.dead_letters = [](const DeadLetter&) {};
  back.write_back.threads = 0;
  Cache& behind = make({.hot_keys = 10, .store = back});
  const auto load = []() -> Status { return Status(ErrorCode::kLoadFailed, "not now"); };
  const struct {
    const char* name;
    Cache& cache;
    std::function<void(Cache&, const std::string&)> use;
    double uses;
  } calls[] = {
      {"get of nothing", plain, [](Cache& c, const std::string& key) { (void)c.get(key); }, 1},
      {"set", plain, [](Cache& c, const std::string& key) { (void)c.set(key, "v"); }, 1},
      {"incr", plain, [](Cache& c, const std::string& key) { (void)c.incr(key); }, 1},
      {"set and del", plain, [](Cache& c, const std::string& key) { (void)c.set(key, "v"), (void)c.del(key); }, 1},
      {"mget", plain,
       [](Cache& c, const std::string& key) {
         const std::string_view one = key;
         (void)c.mget(std::span(&one, 1));
       },
       1},
      {"hset", plain, [](Cache& c, const std::string& key) { (void)c.hset(key, "f", "v"); }, 1},
      {"sadd of what is there", plain, [](Cache& c, const std::string& key) { (void)c.sadd(key, "m"); }, 1},
      {"atomically", plain,
       [](Cache& c, const std::string& key) {
         (void)c.atomically({key}, [&](Transaction& t) -> Status {
           (void)t.incr(key), (void)t.incr(key);
           return {};
         });
       },
       1},
      {"get_or_load", plain, [&](Cache& c, const std::string& key) { (void)c.get_or_load(key, load); }, 1},
      {"set through", through, [](Cache& c, const std::string& key) { (void)c.set(key, "v"); }, 1},
      {"set back", behind, [](Cache& c, const std::string& key) { (void)c.set(key, "v"); }, 1},
      {"peek, exists, del and ttl", plain,
       [](Cache& c, const std::string& key) {
         (void)c.peek(key), (void)c.exists(key), (void)c.ttl(key), (void)c.del(key);
       },
       0},
  };
  for (const auto& call : calls) {
    const std::string key = call.name;
    const std::string other = "not " + key;
    constexpr int kCalls = 100'000;
    for (int i = 0; i < kCalls; ++i) {
      call.use(call.cache, key);
      (void)call.cache.get(other);
    }
    double its = 0;
    double others = 0;
    for (const HotKey& one : call.cache.stats().hot_keys) {
      if (one.key == key) its = one.share;
      if (one.key == other) others = one.share;
    }
    EXPECT_NEAR(its / others, call.uses, 0.1) << call.name;
  }
}

// One of the two is not resident, and read where it waits to be written.
TEST_F(HotKeysTest, UsesOfWhatTheStoreHasNotYetCount) {
  StoreOptions back{.backing = std::make_shared<support::ScriptedStore>(), .writes = StoreOptions::Writes::kBack};
  back.write_back.dead_letters = [](const DeadLetter&) {};
  back.write_back.threads = 0;
  Cache& cache = make({.max_entries = 1, .hot_keys = 2, .shards = 1, .store = back});
  ASSERT_TRUE(cache.set("a", "v").ok());
  ASSERT_TRUE(cache.set("b", "v").ok());
  ASSERT_EQ(cache.stats().entries, 1u);
  const auto load = []() -> Status { return Status(ErrorCode::kLoadFailed, "it is not asked"); };
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(cache.get("a"));
    ASSERT_TRUE(cache.get_or_load("b", load));
    ASSERT_TRUE(cache.get("b"));
    ASSERT_TRUE(cache.get_or_load("a", load));
  }
  const auto top = cache.stats().hot_keys;
  ASSERT_EQ(top.size(), 2u);
  EXPECT_NEAR(top[0].share, 0.5, 0.05);
  EXPECT_NEAR(top[1].share, 0.5, 0.05);
}

TEST_F(HotKeysTest, MayBeGone) {
  Cache& cache = make({.hot_keys = 1});
  ASSERT_TRUE(cache.set("k", "v").ok());
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(cache.get("k"));
  ASSERT_TRUE(cache.del("k").ok());
  ASSERT_EQ(cache.stats().hot_keys.size(), 1u);
  EXPECT_EQ(cache.stats().hot_keys[0].key, "k");
  EXPECT_EQ(cache.stats().hot_keys[0].share, 1.0);
}

TEST_F(HotKeysTest, AreNotCountedUnlessAsked) {
  for (int i = 0; i < 10'000; ++i) (void)cache_.get("k");
  EXPECT_TRUE(cache_.stats().hot_keys.empty());
  EXPECT_THAT(cache_.stats().to_redis_info(), Not(HasSubstr("hot_key")));
  EXPECT_THAT(cache_.stats().to_prometheus(), Not(HasSubstr("hot_key")));
}

TEST_F(HotKeysTest, AreInBothTextsWhateverBytesTheyHave) {
  Stats stats;
  stats.hot_keys = {{"user:1", 0.25}, {std::string("\0\r\n\xc3\"\\,{}", 9), 0.015}, {"", 0.0000015}};
  EXPECT_THAT(stats.to_redis_info(), HasSubstr("\r\nlarder_hot_key_0:share=0.250000,key=user:1\r\n"
                                               "larder_hot_key_1:share=0.015000,key=\\x00\\x0d\\x0a\\xc3\"\\\\,{}\r\n"
                                               "larder_hot_key_2:share=0.000002,key=\r\n"));
  EXPECT_THAT(
      stats.to_prometheus("c"),
      HasSubstr("\n# TYPE larder_hot_key_share gauge\n"
                "larder_hot_key_share{cache=\"c\",key=\"user:1\"} 0.250000\n"
                "larder_hot_key_share{cache=\"c\",key=\"\\\\x00\\\\x0d\\\\x0a\\\\xc3\\\"\\\\\\\\,{}\"} 0.015000\n"
                "larder_hot_key_share{cache=\"c\",key=\"\"} 0.000002\n"));
}

TEST_F(HotKeysTest, TheirMemoryIsCharged) {
  const Cache& without = make({.shards = 1});
  for (const std::uint32_t names : {1u, 128u, 1'000u}) {
    const Cache& with = make({.hot_keys = names, .shards = 1});
    EXPECT_EQ(with.stats().bytes_fixed - without.stats().bytes_fixed, advice::HotKeys::bytes_for(names));
    EXPECT_EQ(with.stats().bytes_used - without.stats().bytes_used, advice::HotKeys::bytes_for(names));
  }
}

TEST_F(HotKeysTest, ABoundThatIsTooLowForThemIsRefused) {
  Cache& cache = make({.max_memory = 0, .hot_keys = 10, .shards = 1});
  const std::uint64_t least = 16 * advice::HotKeys::bytes_for(10);
  EXPECT_EQ(cache.set_max_memory(least - 1).code(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(cache.set_max_memory(least).ok());
  EXPECT_TRUE(cache.set_max_memory(0).ok());
  EXPECT_TRUE(make({.shards = 1}).set_max_memory(kMaxMemoryMin).ok()) << "without them it is low enough";
}

}  // namespace
}  // namespace larder
