// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The adaptive policy beside the others: on traffic made to be hard on caches, and on public traces where they are at
// hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "simulator/simulated_cache.h"
#include "simulator/trace.h"
#include "support/depth.h"
#include "support/public_traces.h"

namespace larder::simulator {
namespace {

double miss_ratio(const Trace& trace, std::string_view policy, std::uint64_t capacity) {
  SimulatedCache cache(Eviction::named(policy)->factory()(1), trace.objects, capacity);
  std::uint64_t misses = 0;
  for (const std::uint32_t id : trace.ids) misses += cache.access(id) ? 0 : 1;
  return static_cast<double>(misses) / static_cast<double>(trace.ids.size());
}

// --- Traffic of our own ----------------------------------------------------------------------------------------------

constexpr std::uint64_t kCapacity = 1'000;

// Keys 0 to n - 1, the one of rank r with a probability in proportion to 1 / r^skew.
class Zipf {
 public:
  Zipf(std::size_t keys, double skew) {
    double sum = 0;
    for (std::size_t rank = 1; rank <= keys; ++rank) {
      sums_.push_back(sum += std::pow(static_cast<double>(rank), -skew));
    }
  }
  std::uint64_t operator()(base::Random& random) const {
    const double drawn = static_cast<double>(random.next() >> 11) * 0x1.0p-53 * sums_.back();
    return static_cast<std::uint64_t>(std::lower_bound(sums_.begin(), sums_.end(), drawn) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

struct Traffic {
  const char* name;
  double tolerance;  // how far from the best of the others it may be
  std::function<std::uint64_t(std::uint64_t request)> key;
};

std::vector<Traffic> hard_traffic(base::Random& random) {
  static const Zipf zipf(20 * kCapacity, 0.9);
  constexpr std::uint64_t kElsewhere = 1'000'000'000;
  const auto once = [](auto i) { return kElsewhere + i; };
  const auto draw = [&random](std::uint64_t n) { return random.below(n); };
  return {
      {"a loop just above the capacity", 0.02, [](auto i) { return i % (kCapacity * 11 / 10); }},
      {"a loop of twice the capacity", 0.03, [](auto i) { return i % (kCapacity * 2); }},
      {"a loop that fits", 0.0001, [](auto i) { return i % (kCapacity * 99 / 100); }},
      {"skewed popularity", 0, [&random](auto) { return zipf(random); }},
      {"scans through it", 0, [&random, once](auto i) { return i / 5'000 % 4 == 3 ? once(i) : zipf(random); }},
      {"a scan beside a hot set", 0.002, [draw, once](auto i) { return i % 2 ? once(i) : draw(900); }},
      {"nine of ten come once", 0.002, [draw, once](auto i) { return draw(10) != 0 ? once(i) : draw(250); }},
      {"all becomes another at once", 0.015,
       [&random](auto i) { return 100 * kCapacity * (i / 20'000 % 5) + zipf(random); }},
      {"popularity that moves on", 0, [draw](auto i) { return i / 10 + draw(800); }},
      {"the same, wider than the cache", 0.005, [draw](auto i) { return i / 4 + draw(3'000); }},
      {"each twice, soon", 0.002, [draw](auto i) { return i % 2 != 0 ? i - std::min(i, draw(500)) : i; }},
      // Half of the time each: what suits the one is learnt anew in the other.
      {"a loop, then skewed popularity", 0.08,
       [&random](auto i) { return i / 40'000 % 2 != 0 ? kElsewhere + i % 1'500 : zipf(random); }},
  };
}

// All of them, or under a sanitizer, where each takes many seconds, the first few.
template <typename T>
std::vector<T> some_of(std::vector<T> all) {
  all.resize(support::count(all.size(), all.size()), all.front());
  return all;
}

Trace trace_of(
    const Traffic& traffic, std::uint64_t requests,
    const std::function<double(std::uint64_t key)>& size = [](auto) { return 1; }) {
  Trace trace;
  std::unordered_map<std::uint64_t, std::uint32_t> ids;
  for (std::uint64_t i = 0; i < requests; ++i) {
    const std::uint64_t key = traffic.key(i);
    const auto [found, is_new] = ids.emplace(key, trace.objects);
    trace.objects += is_new;
    trace.ids.push_back(found->second);
    trace.sizes.push_back(static_cast<std::uint32_t>(std::max(1.0, size(key))));
  }
  return trace;
}

// --- Where sizes differ -----------------------------------------------------------------------------------------------

struct Misses {
  double requests = 0;  // ratios
  double bytes = 0;
};

Misses misses_by_size(const Trace& trace, std::string_view policy, std::uint64_t capacity) {
  SimulatedCache cache(Eviction::named(policy)->factory()(1), trace.objects, capacity);
  Misses misses;
  double bytes = 0;
  for (std::size_t i = 0; i < trace.ids.size(); ++i) {
    bytes += trace.sizes[i];
    if (cache.access(trace.ids[i], trace.sizes[i])) continue;
    misses.requests += 1;
    misses.bytes += trace.sizes[i];
  }
  return {misses.requests / static_cast<double>(trace.ids.size()), misses.bytes / bytes};
}

struct SizedTraffic {
  const char* name;
  double to_gdsf;  // misses of requests, as a multiple of those of gdsf, at most: the mean over the sizes
  double to_lru;   // the same for bytes, and lru
  std::function<std::uint64_t(std::uint64_t request)> key;
  std::function<double(std::uint64_t key)> size;
};

// Of a logarithm that is normally distributed: 1.15 is three orders of magnitude, 1.9 five.
double log_normal(std::uint64_t key, double deviation) {
  const auto uniform = [key](std::uint64_t which) {
    return static_cast<double>((base::mix64(2 * key + which + 12'345) >> 11) + 1) * 0x1.0p-53;
  };
  return std::exp(deviation * std::sqrt(-2 * std::log(uniform(0))) * std::cos(6.283185307 * uniform(1)));
}

std::vector<SizedTraffic> sized_traffic(base::Random& random) {
  static const Zipf zipf(20 * kCapacity, 0.9);
  constexpr std::uint64_t kElsewhere = 1'000'000'000;
  const auto popular = [&random](auto) { return zipf(random); };
  const auto rank = [](auto key) { return static_cast<double>(key % (20 * kCapacity) + 1); };
  return {
      {"three orders of magnitude", 0.99, 0.845, popular, [](auto key) { return 4'000 * log_normal(key, 1.15); }},
      {"five", 1.04, 0.885, popular, [](auto key) { return 4'000 * log_normal(key, 1.9); }},
      {"two sizes", 0.97, 0.82, popular, [](auto key) { return base::mix64(key + 1) % 2 != 0 ? 100 : 10'000; }},
      {"within a factor of two", 0.935, 0.83, popular, [](auto key) { return 1'000 + base::mix64(key + 1) % 1'000; }},
      {"what is popular is small", 0.975, 0.935, popular,
       [rank](auto key) { return 20 * std::pow(rank(key), 0.6) * log_normal(key, 0.7); }},
      {"what is popular is large", 1.005, 0.85, popular,
       [rank](auto key) { return 80'000 * std::pow(rank(key), -0.6) * log_normal(key, 0.7); }},
      {"all becomes another at once", 1.005, 0.96,
       [&random](auto i) { return 1'000'000 * (i / 50'000 % 3) + zipf(random); },
       [](auto key) { return 4'000 * log_normal(key, 1.5); }},
      {"scans of large ones", 1.005, 0.9,
       [&random](auto i) { return i / 5'000 % 4 == 3 && i % 4 == 0 ? kElsewhere + i : zipf(random); },
       [](auto key) { return key >= kElsewhere ? 100'000 : 4'000 * log_normal(key, 1.15); }},
      {"small ones come once", 0.965, 0.845, [&random](auto i) { return i % 2 != 0 ? kElsewhere + i : zipf(random); },
       [](auto key) { return key >= kElsewhere ? 100 : 4'000 * log_normal(key, 1.15); }},
      {"large ones are popular", 1.025, 0.885,
       [&random](auto i) { return i % 20 == 0 ? kElsewhere + i / 20 % 20 : zipf(random); },
       [](auto key) { return key >= kElsewhere ? 400'000 : 1'000 * log_normal(key, 0.5); }},
  };
}

TEST(Adaptive, MissesAsFewRequestsAsGdsfOrAsFewBytesAsLruWhereSizesDiffer) {
  base::Random random(7);
  for (const SizedTraffic& traffic : some_of(sized_traffic(random))) {
    Trace trace = trace_of({"", 0, traffic.key}, 300 * kCapacity, traffic.size);
    std::map<std::uint32_t, std::uint64_t> sizes;
    for (std::size_t i = 0; i < trace.ids.size(); ++i) sizes[trace.ids[i]] = trace.sizes[i];
    double footprint = 0;
    for (const auto& [id, size] : sizes) footprint += static_cast<double>(size);
    double to_gdsf = 0, to_lru = 0;
    constexpr double kShares[] = {0.005, 0.03, 0.15};
    for (const double share : kShares) {
      const auto capacity = static_cast<std::uint64_t>(share * footprint);
      to_gdsf +=
          misses_by_size(trace, "adaptive", capacity).requests / misses_by_size(trace, "gdsf", capacity).requests;
      to_lru +=
          misses_by_size(trace, "adaptive:bytes=1", capacity).bytes / misses_by_size(trace, "lru", capacity).bytes;
    }
    to_gdsf /= static_cast<double>(std::size(kShares));
    to_lru /= static_cast<double>(std::size(kShares));
    std::cout << traffic.name << ": requests " << to_gdsf << " of gdsf's, bytes " << to_lru << " of lru's\n";
    EXPECT_LE(to_gdsf, traffic.to_gdsf) << traffic.name;
    EXPECT_LE(to_lru, traffic.to_lru) << traffic.name;
  }
}

TEST(Adaptive, MissesAsFewRequestsAsGdsfOrAsFewBytesAsLruOnAPublicTraceWithSizes) {
  const auto traces = support::public_traces();
  if (!traces) return;
  TraceResult result = read_trace((*traces / "cdn_adaptsize.ltrc.gz").string());
  ASSERT_TRUE(result) << result.error;
  const Trace& trace = *result.trace;
  double to_gdsf = 0, to_lru = 0;
  constexpr std::uint64_t kCapacities[] = {278'854, 2'788'542, 13'942'711, 27'885'423, 55'770'846};
  for (const std::uint64_t capacity : kCapacities) {
    to_gdsf += misses_by_size(trace, "adaptive", capacity).requests / misses_by_size(trace, "gdsf", capacity).requests;
    to_lru += misses_by_size(trace, "adaptive:bytes=1", capacity).bytes / misses_by_size(trace, "lru", capacity).bytes;
  }
  std::cout << "requests " << to_gdsf / 5 << " of gdsf's, bytes " << to_lru / 5 << " of lru's\n";
  EXPECT_LE(to_gdsf / 5, 1.01);
  EXPECT_LE(to_lru / 5, 0.97);
}

// --- All weigh the same -----------------------------------------------------------------------------------------------

TEST(Adaptive, IsNearTheBestOfTheOthersOnTrafficThatIsHard) {
  base::Random random(7);
  for (const Traffic& traffic : some_of(hard_traffic(random))) {
    const Trace trace = trace_of(traffic, 400 * kCapacity);
    double best = 1;
    for (const std::string_view other : {"lru", "s3-fifo", "lirs", "w-tinylfu:window=0.01"}) {
      best = std::min(best, miss_ratio(trace, other, kCapacity));
    }
    const double ours = miss_ratio(trace, "adaptive", kCapacity);
    EXPECT_LE(ours, best + traffic.tolerance) << traffic.name;
    EXPECT_LE(ours, miss_ratio(trace, "lru", kCapacity) + 0.005) << traffic.name;
  }
}

// --- Public traces ---------------------------------------------------------------------------------------------------

struct Point {
  double best = 1;  // of all static policies that were published
  double lru = 1;
};

std::map<std::pair<std::string, std::uint64_t>, Point> points_of(std::istream& anchors) {
  constexpr std::uint64_t kObjectsMin = 1'000;
  std::map<std::pair<std::string, std::uint64_t>, Point> points;
  std::string line;
  std::getline(anchors, line);
  while (std::getline(anchors, line)) {
    std::istringstream words(line);
    std::string trace, capacity, policy, published;
    for (std::string* word : {&trace, &capacity, &policy, &published}) std::getline(words, *word, '\t');
    if (std::stoull(capacity) < kObjectsMin || policy == "belady" || policy.starts_with("adaptive")) continue;
    Point& point = points[{trace, std::stoull(capacity)}];
    point.best = std::min(point.best, std::stod(published));
    if (policy == "lru") point.lru = std::stod(published);
  }
  return points;
}

TEST(Adaptive, IsNearTheBestStaticPolicyOnPublicTraces) {
  const auto traces = support::public_traces();
  if (!traces) return;
  std::ifstream anchors(*traces / "anchors.tsv");
  const std::uint64_t requests_max = support::count(150'000, ~std::uint64_t{0});
  std::string name;
  Trace trace;
  double sum = 0, worst = 0, below_lru = 0;
  int compared = 0;
  for (const auto& [where, point] : points_of(anchors)) {
    if (where.first != name) {
      TraceResult result = read_trace((*traces / ((name = where.first) + ".ltrc.gz")).string());
      ASSERT_TRUE(result) << result.error;
      trace = *std::move(result.trace);
    }
    if (trace.ids.size() > requests_max) continue;
    const double ratio = miss_ratio(trace, "adaptive", where.second);
    std::cout << name << ", " << where.second << " objects: " << ratio << ", best " << point.best << ", lru "
              << point.lru << "\n";
    sum += ratio / point.best - 1;
    worst = std::max(worst, ratio - point.best);
    below_lru = std::max(below_lru, ratio - point.lru);
    ++compared;
  }
  ASSERT_GT(compared, 0);
  std::cout << compared << " points: " << 100 * sum / compared << " % from the best on average, " << 100 * worst
            << " points at worst, " << 100 * below_lru << " below LRU\n";
  if (compared >= 10) {  // of a few, the mean says little
    EXPECT_LE(sum / compared, 0.012);
  }
  EXPECT_LE(worst, 0.03);
  EXPECT_LE(below_lru, 0.015);
}

}  // namespace
}  // namespace larder::simulator
