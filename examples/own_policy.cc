// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// An eviction policy of one's own: the largest of a few entries drawn at random goes. It keeps many small entries
// rather than a few large ones, which is right where each miss costs the same, whatever its size.
//
// It has no state but its random numbers: everything it needs to know about an entry, the engine shows it.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>

#include "larder/cache.h"

namespace {

using namespace larder::literals;

class LargestFirst final : public larder::EvictionPolicy {
 public:
  explicit LargestFirst(std::uint64_t seed) : random_(seed) {}

  Traits traits() const override { return {}; }  // a hit changes nothing
  bool on_insert(larder::Resident&, larder::Residents&) override { return true; }
  void on_remove(larder::Resident&, larder::Residents&) override {}

  bool evict(larder::Residents& residents) override {
    larder::EntryId largest = 0;
    std::uint32_t weight = 0;
    for (int draw = 0; draw < kDraws; ++draw) {
      residents.sample(random_(), [&](larder::Resident& entry) {
        if (entry.weight >= weight) {
          largest = entry.id;
          weight = entry.weight;
        }
        return larder::Verdict::kKeep;
      });
    }
    if (weight == 0) return false;  // nobody is there
    // Two entries may share an id: it is the one of that weight that goes.
    const auto verdict = residents.find(largest, [&](larder::Resident& entry) {
      return entry.weight == weight ? larder::Verdict::kEvict : larder::Verdict::kNotThisOne;
    });
    return verdict == larder::Verdict::kEvict;
  }

  void clear(larder::Residents&) override {}  // nothing was allocated

 private:
  static constexpr int kDraws = 16;
  std::mt19937_64 random_;
};

// How many of 2,000 small values survive 200 large ones, all of them together four times what the cache may hold.
int small_values_left(const larder::Eviction& eviction) {
  larder::Cache cache({.max_memory = 1_MiB, .eviction = eviction, .seed = 1});
  const std::string small(100, 's');
  const std::string large(20'000, 'l');
  for (int i = 0; i < 2'000; ++i) {
    cache.set("small:" + std::to_string(i), small);
    if (i % 10 == 9) cache.set("large:" + std::to_string(i), large);
  }
  int left = 0;
  for (int i = 0; i < 2'000; ++i) left += cache.get("small:" + std::to_string(i)).has_value() ? 1 : 0;
  const larder::Stats stats = cache.stats();
  std::printf("%-14s %4d of 2,000 small values are left, %5llu entries were evicted, %7llu of %7llu bytes used\n",
              stats.policy.c_str(), left,
              static_cast<unsigned long long>(stats.removed(larder::RemovalCause::kEvicted)),
              static_cast<unsigned long long>(stats.bytes_used), static_cast<unsigned long long>(stats.max_memory));
  const bool sound = cache.check_invariants().ok() && stats.bytes_used <= stats.max_memory;
  return sound ? left : -1;
}

}  // namespace

int main() {
  const int lru = small_values_left(larder::Eviction::lru());
  const int largest_first = small_values_left(larder::Eviction::custom(
      "largest-first", [](std::uint64_t seed) { return std::make_unique<LargestFirst>(seed); }));
  return lru >= 0 && largest_first > 2 * lru ? 0 : 1;
}
