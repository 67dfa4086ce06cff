// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Gets, sets, deletions and times to live, against a cache made of a list: LRU, in objects and in bytes.
#include "simulator/replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>

#include "simulator/belady.h"
#include "simulator/random_trace.h"
#include "simulator/simulated_cache.h"
#include "support/depth.h"

namespace larder::simulator {
namespace {

constexpr auto kGoOn = [](std::uint64_t) { return true; };

Counts run(const char* policy, const Trace& trace, std::uint64_t capacity, Weights weights) {
  SimulatedCache cache(Eviction::named(policy)->factory()(1), trace.objects, capacity);
  const Counts counts = replay(cache, trace, weights, kGoOn);
  EXPECT_LE(cache.weight(), capacity);
  return counts;
}

struct Item {
  std::uint32_t number;
  std::uint64_t weight;
  std::uint64_t deadline;  // 0: none
};

Counts naive_lru(const Trace& trace, std::uint64_t capacity, Weights weights) {
  std::list<Item> items;  // the last used first
  Counts counts;
  std::uint64_t now = 0;
  const auto find = [&](std::uint32_t number) {
    return std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.number == number; });
  };
  const auto fit = [&](std::uint64_t room) {
    std::uint64_t sum = 0;
    for (const Item& item : items) sum += item.weight;
    for (; sum > room; items.pop_back()) sum -= items.back().weight;
  };
  for (std::size_t i = 0; i < trace.ids.size(); ++i) {
    const std::uint64_t size = trace.sizes.empty() ? 0 : trace.sizes[i];
    const std::uint64_t weight = weights == Weights::kSizes ? size : 1;
    const Trace::Op op = trace.ops.empty() ? Trace::Op::kGet : trace.ops[i];
    std::uint64_t deadline = 0;
    if (!trace.moments.empty()) {
      now = std::max(now, trace.moments[i].now_ms);
      items.remove_if([&](const Item& item) { return item.deadline != 0 && item.deadline <= now; });
      deadline = trace.moments[i].ttl_ms == 0 ? 0 : now + trace.moments[i].ttl_ms;
    }
    const auto found = find(trace.ids[i]);
    const bool hit = found != items.end();
    if (op == Trace::Op::kGet) {
      ++counts.requests;
      counts.bytes += size;
      counts.misses += !hit;
      counts.missed_bytes += hit ? 0 : size;
    }
    if (op == Trace::Op::kGet && hit) {
      items.splice(items.begin(), items, found);
      continue;
    }
    if (hit) items.erase(found);
    if (op == Trace::Op::kDelete || weight > capacity) continue;
    fit(capacity - weight);
    items.push_front({trace.ids[i], weight, deadline});
  }
  return counts;
}

TEST(ReplayTest, DoesWhatAListDoes) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  std::mt19937_64 random(seed);
  for (std::uint64_t round = support::count(200, 5'000); round > 0; --round) {
    const RandomTrace wanted{.requests = 500,
                             .objects = 1 + static_cast<std::uint32_t>(random() % 80),
                             .size_max = 30,
                             .sizes_change = random() % 2 == 0,
                             .ops = random() % 2 == 0,
                             .ttls = random() % 2 == 0};
    const Trace trace = make(wanted, random);
    for (const Weights weights : {Weights::kOnes, Weights::kSizes}) {
      const std::uint64_t capacity = 1 + random() % (weights == Weights::kOnes ? 50 : 800);
      const Counts counts = run("lru", trace, capacity, weights);
      const Counts wanted_counts = naive_lru(trace, capacity, weights);
      ASSERT_EQ(counts.requests, wanted_counts.requests);
      ASSERT_EQ(counts.misses, wanted_counts.misses) << "capacity " << capacity;
      ASSERT_EQ(counts.bytes, wanted_counts.bytes);
      ASSERT_EQ(counts.missed_bytes, wanted_counts.missed_bytes);
    }
  }
}

// A policy sees removals and new sizes; whatever it makes of them, the cache keeps its bound and counts all requests.
TEST(ReplayTest, EveryPolicyKeepsTheBound) {
  std::mt19937_64 random(support::seed(2));
  for (const std::string_view policy : Eviction::names()) {
    const Trace trace = make(
        {.requests = 5'000, .objects = 300, .size_max = 50, .sizes_change = true, .ops = true, .ttls = true}, random);
    const Counts counts = run(std::string(policy).c_str(), trace, 1'000, Weights::kSizes);
    EXPECT_GT(counts.misses, 0u);
    EXPECT_LT(counts.misses, counts.requests);
  }
}

TEST(ReplayTest, AnObjectExpiresAtTheVeryMomentItsTimeIsOver) {
  Trace trace;
  trace.objects = 1;
  trace.ids = {0, 0, 0, 0};
  trace.moments = {{1'000, 500}, {1'499, 0}, {1'500, 0}, {9'000, 0}};
  EXPECT_EQ(run("lru", trace, 1, Weights::kOnes).misses, 2u);
  const std::vector<std::uint32_t> next = next_uses(trace);
  BeladyCache belady(trace, next, 1);
  EXPECT_EQ(replay(belady, trace, Weights::kOnes, kGoOn).misses, 2u);
}

// As in the published figures: what is there keeps the weight it was stored with, whatever size a hit has. Misses are
// counted by the sizes of their own records.
TEST(ReplayTest, AHitLeavesAnObjectTheSizeItHas) {
  Trace trace;
  trace.objects = 2;
  trace.ids = {0, 0, 1, 0, 1};
  trace.sizes = {4, 9, 6, 1, 7};  // 0 weighs 4 all the time, and leaves 6 for 1
  const Counts counts = run("lru", trace, 10, Weights::kSizes);
  EXPECT_EQ(counts.misses, 2u);
  EXPECT_EQ(counts.missed_bytes, 10u);
  EXPECT_EQ(counts.bytes, 27u);
  const std::vector<std::uint32_t> next = next_uses(trace);
  BeladyCache belady(trace, next, 10);
  EXPECT_EQ(replay(belady, trace, Weights::kSizes, kGoOn).misses, 2u);
}

TEST(ReplayTest, EndsWhenItIsTold) {
  Trace trace;
  trace.objects = 1;
  trace.ids.resize(3 * kTickRequests);
  SimulatedCache cache(Eviction::lru().factory()(1), 1, 1);
  int ticks = 0;
  const auto tick = [&](std::uint64_t) { return ++ticks < 2; };
  EXPECT_EQ(replay(cache, trace, Weights::kOnes, tick).requests, 2 * kTickRequests);
}

}  // namespace
}  // namespace larder::simulator
