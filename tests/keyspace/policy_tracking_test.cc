// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The policy finds every entry that it is said to know, whatever happened: no memory for its queue, an entry that was
// latched when the policy came, a policy that asks for too much or says what is not so.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/random.h"
#include "keyspace/keyspace.h"
#include "support/cache_fixture.h"
#include "support/counting_allocator.h"

namespace larder::keyspace {
namespace {

const char* const kOrdered[] = {"adaptive", "s3-fifo", "lru"};

Status set(Keyspace& keyspace, std::string_view key, std::string_view value) {
  if (value.size() > kInlineBytesMax) {
    Result<Blob*> blob = keyspace.make_blob(keyspace.hash_of(key), value);
    if (!blob) return blob.status();
    Outside made(*blob);
    Status status = keyspace.edit(key, [&](const Entry*, Change& change) -> Status {
      change = {.kind = Change::Kind::kReplace, .value = value, .outside = &made};
      return {};
    });
    if (made) made.release();
    return status;
  }
  return keyspace.edit(key, [&](const Entry*, Change& change) -> Status {
    change = {.kind = Change::Kind::kReplace, .value = value};
    return {};
  });
}

// A miss writes. Popular keys drift; one value in a hundred is large, so shards take room from each other all the time.
void load(Keyspace& keyspace, int gets, base::Random& random) {
  const std::string bytes(4'000, 'x');
  for (int i = 0; i < gets; ++i) {
    const double u = static_cast<double>(random.below(1 << 20)) / (1 << 20);
    const std::string key = "k" + std::to_string(static_cast<int>(std::exp(u * std::log(20'000.0))) + i / 100);
    bool hit = false;
    ASSERT_TRUE(keyspace.view(key, Use::kMark, [&](const Entry* entry) { hit = entry != nullptr; }).ok());
    const std::uint64_t size = random.below(random.below(100) == 0 ? 4'000 : 200);
    if (!hit) (void)set(keyspace, key, std::string_view(bytes).substr(0, size));
  }
}

std::uint64_t entries(Keyspace& keyspace) {
  std::uint64_t count = 0;
  for (std::uint32_t i = 0; i < keyspace.shards(); ++i) {
    base::MutexLock lock(keyspace.shard(i).mutex);
    count += keyspace.shard(i).entries();
  }
  return count;
}

// Lets the policy evict all that it finds.
void drain(Keyspace& keyspace) {
  for (std::uint32_t i = 0; i < keyspace.shards(); ++i) {
    Shard& shard = keyspace.shard(i);
    for (bool more = true; more;) {
      Discards discards(keyspace.environment(), shard.memory());
      base::MutexLock lock(shard.mutex);
      more = shard.evict_for(std::int64_t{1} << 50, 0, discards);
    }
  }
}

TEST(PolicyTracking, NoEntryIsLostWhenShardsTakeRoomFromEachOther) {
  for (const char* policy : kOrdered) {
    Options options{.max_memory = 512_KiB, .eviction = *Eviction::named(policy), .shards = 8, .seed = 3};
    Keyspace keyspace(options);
    base::Random random(1);
    load(keyspace, 300'000, random);
    ASSERT_EQ(keyspace.check().to_string(), "ok");
    EXPECT_GT(entries(keyspace), 1'000u);
    drain(keyspace);
    EXPECT_EQ(entries(keyspace), 0u) << policy;
  }
}

TEST(PolicyTracking, NoEntryIsLostWhenAllocationsFail) {
  for (const char* policy : kOrdered) {
    support::CountingAllocator allocator;
    Options options{
        .max_memory = 512_KiB, .eviction = *Eviction::named(policy), .shards = 2, .allocator = &allocator, .seed = 3};
    Keyspace keyspace(options);
    base::Random random(1);
    allocator.fail_one_in(10);
    load(keyspace, 200'000, random);
    allocator.fail_one_in(0);
    ASSERT_EQ(keyspace.check().to_string(), "ok");
    EXPECT_GT(entries(keyspace), 1'000u);
    drain(keyspace);
    EXPECT_EQ(entries(keyspace), 0u) << policy;
  }
}

TEST(PolicyTracking, ALatchedEntryStaysAndIsKnownWhenItIsFree) {
  for (const char* before : {"random", "s3-fifo"}) {
    support::CountingAllocator allocator;
    Options options{
        .max_memory = 1_MiB, .eviction = *Eviction::named(before), .shards = 1, .allocator = &allocator, .seed = 3};
    Keyspace keyspace(options);
    const std::string key = "latched";
    ASSERT_TRUE(set(keyspace, key, "value").ok());
    Shard& shard = keyspace.shard(0);
    const std::uint64_t hash = keyspace.hash_of(key);
    {
      base::MutexLock lock(shard.mutex);
      shard.latch(shard.find_any(hash, key));
    }
    allocator.refuse(true);
    drain(keyspace);
    ASSERT_TRUE(keyspace.set_eviction(Eviction::lru()).ok());
    drain(keyspace);
    allocator.refuse(false);
    EXPECT_EQ(entries(keyspace), 1u);
    {
      base::MutexLock lock(shard.mutex);
      shard.unlatch(shard.find_any(hash, key));
    }
    ASSERT_EQ(keyspace.check().to_string(), "ok");
    drain(keyspace);
    EXPECT_EQ(entries(keyspace), 0u);
  }
}

TEST(PolicyTracking, ALatchedEntryStaysKnownToAPolicyThatWantsItGone) {
  support::CountingAllocator allocator;
  Options options{.max_memory = 1_MiB, .shards = 1, .allocator = &allocator, .seed = 3};
  Keyspace keyspace(options);
  ASSERT_TRUE(set(keyspace, "latched", "value").ok());
  Shard& shard = keyspace.shard(0);
  const std::uint64_t hash = keyspace.hash_of("latched");
  {
    base::MutexLock lock(shard.mutex);
    shard.latch(shard.find_any(hash, "latched"));
  }
  allocator.refuse(true);
  drain(keyspace);
  allocator.refuse(false);
  {
    base::MutexLock lock(shard.mutex);
    shard.unlatch(shard.find_any(hash, "latched"));
  }
  ASSERT_EQ(keyspace.check().to_string(), "ok");
  drain(keyspace);
  EXPECT_EQ(entries(keyspace), 0u);
}

// A large value that is written while its key is latched goes into a block that was made before.
TEST(PolicyTracking, ABlockMadeForThePolicyBeforeIsAdoptedLater) {
  Options options{.max_memory = 1_MiB, .eviction = Eviction::random(), .shards = 1, .seed = 3};
  Keyspace keyspace(options);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(set(keyspace, "other" + std::to_string(i), "value").ok());
  ASSERT_TRUE(set(keyspace, "key", "value").ok());
  Shard& shard = keyspace.shard(0);
  const std::uint64_t hash = keyspace.hash_of("key");
  Entry* narrow = nullptr;
  {
    base::MutexLock lock(shard.mutex);
    const EntryShape shape = shard.shape_for(EntryType::kString, false, false);
    narrow = shard.new_entry(shape, shard.footprint_for(shape, 3, 5), "key", 5);
    ASSERT_NE(narrow, nullptr);
    std::memcpy(narrow->inline_bytes(), "other", 5);
  }
  ASSERT_TRUE(keyspace.set_eviction(Eviction::lru()).ok());
  {
    Discards discards(keyspace.environment(), shard.memory());
    base::MutexLock lock(shard.mutex);
    shard.replace(shard.find_any(hash, "key"), hash, narrow, Entry::kNoDeadline, Shard::Old::kTold, discards);
  }
  ASSERT_EQ(keyspace.check().to_string(), "ok");
  drain(keyspace);
  EXPECT_EQ(entries(keyspace), 0u);
}

TEST(PolicyTracking, AnotherScopeEvictsNothingThatIsOutsideOfIt) {
  Options options{.max_memory = 1_MiB, .eviction = Eviction::none(), .shards = 1, .seed = 3};
  Keyspace keyspace(options);
  std::uint64_t stored = 0;
  while (set(keyspace, "key" + std::to_string(stored), std::string(stored % 64, 'x')).ok()) ++stored;
  ASSERT_TRUE(keyspace.set_eviction(Eviction::lru(Eviction::Scope::kKeysWithTtl)).ok());
  EXPECT_EQ(entries(keyspace), stored);
}

TEST(PolicyTracking, WritesFindRoomWhileNoEntryIsAdopted) {
  Options options{.max_memory = 1_MiB, .shards = 1, .seed = 3};
  Keyspace keyspace(options);
  base::Random random(1);
  load(keyspace, 50'000, random);
  Shard& shard = keyspace.shard(0);
  std::unique_ptr<EvictionPolicy> policy = Shard::new_policy(Eviction::lru(), 1);
  {
    base::MutexLock lock(shard.mutex);
    shard.exchange_policy(policy, Eviction::Scope::kAllKeys);
  }
  shard.retire(std::move(policy));
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(set(keyspace, "new" + std::to_string(i), "a value").ok());
  EXPECT_EQ(keyspace.check().to_string(), "ok");
}

// --- Policies of the user's that err ----------------------------------------------------------------------------------

class Sampling : public EvictionPolicy {
 public:
  Traits traits() const override { return {}; }
  bool on_insert(Resident&, Residents&) override { return true; }
  void on_remove(Resident&, Residents&) override {}
  bool evict(Residents& residents) override {
    return residents.sample(random_.next(), [](Resident&) { return Verdict::kEvict; }) == Verdict::kEvict;
  }
  void clear(Residents&) override {}

 private:
  base::Random random_{1};
};

template <typename Policy>
Options with_policy() {
  return {.max_memory = 1_MiB,
          .eviction = Eviction::custom("own", [](std::uint64_t) { return std::make_unique<Policy>(); }),
          .shards = 1,
          .seed = 3};
}

class SaysItDid final : public Sampling {
 public:
  bool evict(Residents&) override { return true; }
};

TEST(PolicyTracking, APolicyThatOnlySaysItEvictsMeansNoRoom) {
  Keyspace keyspace(with_policy<SaysItDid>());
  Status status;
  for (int i = 0; i < 100'000 && status.ok(); ++i) status = set(keyspace, "key" + std::to_string(i), "a value");
  EXPECT_EQ(status.code(), ErrorCode::kOutOfMemory);
}

// Looks at as many entries drawn at random as it may, and evicts none.
class Draws final : public Sampling {
 public:
  explicit Draws(std::set<EntryId>& drawn) : drawn_(drawn) {}
  bool evict(Residents& residents) override {
    const auto note = [&](Resident& entry) {
      drawn_.insert(entry.id);
      return Verdict::kKeep;
    };
    while (residents.sample(random_.next(), note) == Verdict::kKeep) {
    }
    return false;
  }

 private:
  base::Random random_{1};
  std::set<EntryId>& drawn_;
};

// Also one that stands far back in the chain of its bucket: or it would stay for ever where a policy draws who goes.
TEST(PolicyTracking, AnyEntryIsDrawnSomeTime) {
  constexpr int kEntries = 2'000;
  std::set<EntryId> drawn;
  Options options{.max_memory = 0, .max_entries = kEntries, .shards = 1, .seed = 3};
  options.eviction = Eviction::custom("draws", [&](std::uint64_t) { return std::make_unique<Draws>(drawn); });
  Keyspace keyspace(options);
  for (int i = 0; i < kEntries; ++i) ASSERT_TRUE(set(keyspace, "key" + std::to_string(i), "a value").ok());
  EXPECT_FALSE(set(keyspace, "one more", "a value").ok());
  EXPECT_EQ(drawn.size(), static_cast<std::size_t>(kEntries));
}

class AsksForTooMuch final : public Sampling {
 public:
  bool on_insert(Resident&, Residents& residents) override {
    if (residents.size() != 1'000) return true;
    EXPECT_EQ(residents.allocate(2_MiB), nullptr);
    return true;
  }
};

TEST(PolicyTracking, APolicyThatAsksForTooMuchDoesNotEmptyTheCache) {
  Keyspace keyspace(with_policy<AsksForTooMuch>());
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(set(keyspace, "key" + std::to_string(i), "a value").ok());
  EXPECT_GT(entries(keyspace), 5'000u);
}

class AsksOnce final : public Sampling {
 public:
  bool evict(Residents& residents) override {
    if (!std::exchange(asked_, true)) {
      EXPECT_EQ(residents.allocate(32_KiB), nullptr);
    }
    return Sampling::evict(residents);
  }

 private:
  bool asked_ = false;
};

TEST(PolicyTracking, RoomIsNotKeptForAPolicyThatDoesNotAskAgain) {
  Keyspace keyspace(with_policy<AsksOnce>());
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(set(keyspace, "key" + std::to_string(i), "a value").ok());
  EXPECT_LT(keyspace.environment().account.bytes().left() + keyspace.shard(0).memory().available(), 24 << 10);
}

class EvictsOnRemove final : public Sampling {
 public:
  void on_remove(Resident&, Residents& residents) override {
    residents.sample(1, [](Resident&) { return Verdict::kEvict; });
  }
};

void expire_some() {
  ManualClock clock;
  Options options = with_policy<EvictsOnRemove>();
  options.clock = &clock;
  Cache cache(options);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(cache.set("key" + std::to_string(i), "v", {.ttl = Milliseconds(1)}).ok());
  }
  clock.advance(Milliseconds(5));
  cache.tick();
}

TEST(PolicyTrackingDeathTest, APolicyMayEvictOnlyWhenAskedTo) {
  EXPECT_DEATH(expire_some(), "only while it is asked to evict");
}

}  // namespace
}  // namespace larder::keyspace
