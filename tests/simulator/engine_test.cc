// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The simulator against the engine: a cache of one shard and a SimulatedCache, told of the same requests.
//
// Where entries count, a policy that neither draws at random nor looks at the bits of an id has the same hits in both,
// each of them; and so has every policy but those that sample residents, once both caches give an object the same id.
// The others come near. Where bytes count, the engine has memory besides its entries, and does not hold the same amount
// of entries at all times: there all come near.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "larder/cache.h"
#include "simulator/simulated_cache.h"
#include "support/depth.h"
#include "workload/traces.h"

namespace larder::simulator {
namespace {

constexpr std::uint64_t kSeed = 7;

// --- Ids ----------------------------------------------------------------------------------------------------------

// What an object is called inside a policy, whatever cache that is in.
EntryId id_of(std::uint32_t number) { return static_cast<EntryId>(base::mix64(number)); }

// A policy that knows objects by id_of, in a cache that has other ids for them.
class SameIds final : public EvictionPolicy, private Residents {
 public:
  // `number`: of the object that is asked for, or stored.
  SameIds(std::unique_ptr<EvictionPolicy> policy, const std::uint32_t& number)
      : policy_(std::move(policy)), counts_in_bits_(policy_->traits().hit == Hit::kCountInBits), number_(number) {}

  Traits traits() const override { return policy_->traits(); }
  void expect(EntryId id) override {
    inner_[id] = id_of(number_);
    outer_[id_of(number_)] = id;
    policy_->expect(inner_[id]);
  }
  bool on_insert(Resident& entry, Residents& residents) override {
    residents.sample_hits(0);
    return show(entry, residents, [&](Resident& its) { return policy_->on_insert(its, *this); });
  }
  void on_hit(Resident& entry, Residents& residents) override {
    if (counts_in_bits_ && (inner_.at(entry.id) & unsampled_) != 0) return;
    show(entry, residents, [&](Resident& its) { return policy_->on_hit(its, *this), true; });
  }
  void on_resize(Resident& entry, std::uint32_t weight_before) override {
    show(entry, *residents_, [&](Resident& its) { return policy_->on_resize(its, weight_before), true; });
  }
  void on_remove(Resident& entry, Residents& residents) override {
    show(entry, residents, [&](Resident& its) { return policy_->on_remove(its, *this), true; });
  }
  bool evict(Residents& residents) override {
    residents_ = &residents;
    return policy_->evict(*this);
  }
  void clear(Residents& residents) override {
    residents_ = &residents;
    policy_->clear(*this);
  }

 private:
  template <typename Call>
  bool show(Resident& entry, Residents& residents, Call&& call) {
    residents_ = &residents;
    const EntryId id = std::exchange(entry.id, inner_.at(entry.id));
    const bool answer = call(entry);
    entry.id = id;
    return answer;
  }
  template <typename Find>
  Verdict look(FunctionRef<Verdict(Resident&)> visit, Find&& find) {
    return find([&](Resident& entry) {
      const EntryId id = std::exchange(entry.id, inner_.at(entry.id));
      const Verdict verdict = visit(entry);
      entry.id = id;
      return verdict;
    });
  }
  Verdict find(EntryId id, FunctionRef<Verdict(Resident&)> visit) override {
    return look(visit, [&](auto&& show_it) { return residents_->find(outer_.at(id), show_it); });
  }
  Verdict sample(std::uint64_t random, FunctionRef<Verdict(Resident&)> visit) override {
    return look(visit, [&](auto&& show_it) { return residents_->sample(random, show_it); });
  }
  void prefetch(EntryId) override {}
  void prefetch_entry(EntryId) override {}
  void sample_hits(std::uint16_t unsampled) override { unsampled_ = unsampled; }
  std::uint64_t size() const override { return residents_->size(); }
  std::uint64_t weight() const override { return residents_->weight(); }
  void* allocate(std::size_t bytes) override { return residents_->allocate(bytes); }
  void deallocate(void* block, std::size_t bytes) override { residents_->deallocate(block, bytes); }

  const std::unique_ptr<EvictionPolicy> policy_;
  const bool counts_in_bits_;
  const std::uint32_t& number_;
  Residents* residents_ = nullptr;
  std::uint16_t unsampled_ = kNoSample;
  std::unordered_map<EntryId, EntryId> inner_;
  std::unordered_map<EntryId, EntryId> outer_;
};

// --- Two caches -----------------------------------------------------------------------------------------------------

Eviction same_ids(const char* name, const std::uint32_t& number) {
  return Eviction::custom(name, [factory = Eviction::named(name)->factory(), &number](std::uint64_t) {
    return std::make_unique<SameIds>(factory(kSeed), number);
  });
}

std::uint64_t hits_of_the_engine(const std::vector<std::uint32_t>& ids, std::uint64_t capacity,
                                 const Eviction& eviction, std::uint64_t seed, std::uint32_t* number) {
  Cache cache({.max_memory = 0, .max_entries = capacity, .eviction = eviction, .shards = 1, .seed = seed});
  std::uint64_t hits = 0;
  for (const std::uint32_t id : ids) {
    *number = id;
    const std::string key = std::to_string(id);
    if (cache.get(key).has_value()) {
      ++hits;
    } else {
      EXPECT_TRUE(cache.set(key, "v").ok());
    }
  }
  const Stats stats = cache.stats();
  EXPECT_EQ(stats.hits, hits);
  EXPECT_EQ(stats.misses, ids.size() - hits);
  EXPECT_EQ(stats.removed(RemovalCause::kEvicted), stats.misses - stats.entries);
  EXPECT_LE(stats.entries, capacity);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  return hits;
}

std::uint64_t hits_of_the_simulator(const std::vector<std::uint32_t>& ids, std::uint64_t capacity,
                                    const Eviction& eviction, std::uint64_t seed, std::uint32_t* number) {
  const std::uint32_t objects = *std::max_element(ids.begin(), ids.end()) + 1;
  SimulatedCache cache(eviction.factory()(seed), objects, capacity, seed);
  std::uint64_t hits = 0;
  for (const std::uint32_t id : ids) {
    *number = id;
    hits += cache.access(id);
  }
  return hits;
}

double share(std::uint64_t hits, const std::vector<std::uint32_t>& ids) {
  return static_cast<double>(hits) / static_cast<double>(ids.size());
}

// --- Entries ----------------------------------------------------------------------------------------------------------

struct Case {
  const char* policy;
  enum { kAlways, kWithSameIds, kNever } exact;
};
constexpr Case kCases[] = {
    {"s3-fifo", Case::kAlways},
    {"s3-fifo:ghost=0", Case::kAlways},
    {"s3-fifo:small=0.3,ghost=0.9,promote=1", Case::kAlways},
    {"adaptive", Case::kWithSameIds},
    {"lru", Case::kAlways},
    {"lfu", Case::kNever},
    {"random", Case::kNever},
    {"sieve", Case::kAlways},
    {"fifo", Case::kAlways},
    {"w-tinylfu", Case::kWithSameIds},
    {"w-tinylfu:window=0.01", Case::kWithSameIds},
    {"arc", Case::kAlways},
    {"lirs", Case::kAlways},
    {"lirs:hir=0.2", Case::kAlways},
    {"gdsf", Case::kAlways},
    {"redis-lru", Case::kNever},
    {"redis-lfu", Case::kNever},
    {"redis-lfu:samples=10,minute=1000", Case::kNever},
};

class EngineAndSimulator : public testing::TestWithParam<Case> {
 protected:
  // Where chance is in it, the means of so many runs.
  void compare(const std::string& trace, const std::vector<std::uint32_t>& ids, std::uint64_t capacity,
               std::uint64_t runs) const {
    SCOPED_TRACE(std::string(GetParam().policy) + ", " + trace + ", " + std::to_string(capacity) + " entries");
    if (GetParam().exact == Case::kAlways) return compare_exactly(ids, capacity, *Eviction::named(GetParam().policy));
    if (GetParam().exact == Case::kWithSameIds) compare_exactly(ids, capacity, same_ids(GetParam().policy, number_));
    const Eviction plain = *Eviction::named(GetParam().policy);
    double hits = 0;
    double simulated = 0;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
      hits += share(hits_of_the_engine(ids, capacity, plain, seed, &number_), ids);
      simulated += share(hits_of_the_simulator(ids, capacity, plain, seed, &number_), ids);
    }
    EXPECT_NEAR(hits / static_cast<double>(runs), simulated / static_cast<double>(runs), 0.005);
  }

 private:
  void compare_exactly(const std::vector<std::uint32_t>& ids, std::uint64_t capacity, const Eviction& eviction) const {
    const std::uint64_t hits = hits_of_the_engine(ids, capacity, eviction, kSeed, &number_);
    EXPECT_GT(hits, 0u);
    EXPECT_EQ(hits, hits_of_the_simulator(ids, capacity, eviction, kSeed, &number_));
  }

  mutable std::uint32_t number_ = 0;
};

TEST_P(EngineAndSimulator, HitAlikeOnAMadeTrace) {
  const auto ids = workload::zipf_with_scans(support::count(60'000, 1'000'000));
  for (const std::uint64_t capacity : {1u, 3u, 200u, 2'000u}) {
    // Among few, each draw counts.
    if (GetParam().exact != Case::kNever || capacity >= 200) compare("Zipf with scans", ids, capacity, 1);
  }
}

TEST_P(EngineAndSimulator, HitAlikeOnPublicTraces) {
  for (const auto& [name, capacity] : {std::pair("lirs_multi1", 521), {"lirs_ps", 150}, {"c2k_web12", 688}}) {
    const std::optional<Trace> trace = workload::public_trace(name);
    if (trace && trace->ids.size() < support::count(20'000, 1'000'000)) {
      compare(name, trace->ids, static_cast<std::uint64_t>(capacity), 16);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, EngineAndSimulator, testing::ValuesIn(kCases), [](const auto& its) {
  std::string name(its.param.policy);
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

TEST(EngineAndSimulatorTest, EveryPolicyIsCompared) {
  for (const std::string_view name : Eviction::names()) {
    EXPECT_TRUE(std::any_of(std::begin(kCases), std::end(kCases), [&](const Case& it) { return it.policy == name; }))
        << name;
  }
}

// --- Bytes ------------------------------------------------------------------------------------------------------------

struct Sized {
  std::uint64_t hits = 0;
  std::uint64_t bytes = 0;             // of entries, in the end
  std::vector<std::uint32_t> weights;  // by object: what its entry is charged
};

// 16 bytes to 16 KiB, each magnitude as often as another; an object keeps its size.
std::vector<std::size_t> some_sizes(std::size_t objects) {
  base::Random random(kSeed);
  std::vector<std::size_t> sizes(objects);
  for (std::size_t& size : sizes) {
    const double magnitude = static_cast<double>(random.below(10'000)) / 1'000;
    size = static_cast<std::size_t>(16 * std::exp2(magnitude));
  }
  return sizes;
}

Sized run_the_engine(const std::vector<std::uint32_t>& ids, const std::vector<std::size_t>& sizes,
                     std::uint64_t max_memory, const Eviction& eviction) {
  Cache cache({.max_memory = max_memory, .eviction = eviction, .shards = 1, .seed = kSeed});
  const std::string bytes(16 << 10, 'v');
  Sized run;
  run.weights.resize(sizes.size());
  for (const std::uint32_t id : ids) {
    const std::string key = std::to_string(id);
    if (cache.get(key).has_value()) {
      ++run.hits;
      continue;
    }
    EXPECT_TRUE(cache.set(key, std::string_view(bytes).substr(0, sizes[id])).ok());
    const auto report = cache.inspect(key);
    if (report.has_value()) run.weights[id] = static_cast<std::uint32_t>(report->bytes);
  }
  const Stats stats = cache.stats();
  EXPECT_EQ(stats.hits, run.hits);
  EXPECT_EQ(stats.misses, ids.size() - run.hits);
  EXPECT_LE(stats.bytes_used, max_memory);
  EXPECT_EQ(cache.check_invariants().to_string(), "ok");
  run.bytes = stats.bytes_data + stats.bytes_entries;
  return run;
}

TEST(EngineAndSimulatorTest, HitAlikeInBytes) {
  const auto ids = workload::zipf_with_scans(support::count(100'000, 1'000'000));
  const auto sizes = some_sizes(*std::max_element(ids.begin(), ids.end()) + std::size_t{1});
  for (const char* policy : {"lru", "s3-fifo", "gdsf", "adaptive"}) {
    for (const std::uint64_t max_memory : {512_KiB, 4_MiB}) {
      SCOPED_TRACE(std::string(policy) + ", " + std::to_string(max_memory) + " bytes");
      const Eviction eviction = *Eviction::named(policy);
      const Sized run = run_the_engine(ids, sizes, max_memory, eviction);
      EXPECT_GT(run.bytes, max_memory / 2);
      SimulatedCache simulated(eviction.factory()(kSeed), static_cast<std::uint32_t>(sizes.size()), run.bytes);
      std::uint64_t hits = 0;
      for (const std::uint32_t id : ids) hits += simulated.access(id, run.weights[id]);
      EXPECT_NEAR(share(run.hits, ids), share(hits, ids), 0.02);
      std::cout << policy << ", " << max_memory << " bytes, " << run.bytes << " of entries: the engine hits "
                << share(run.hits, ids) << ", the simulator " << share(hits, ids) << '\n';
    }
  }
}

}  // namespace
}  // namespace larder::simulator
