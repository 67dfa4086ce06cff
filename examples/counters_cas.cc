// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A read-modify-write that is more than one number: several threads keep count, sum and maximum of what they measure in
// one value, with compare_and_set. Who finds that somebody else was faster reads again and tries again. Where sums are
// enough, hincr_by needs no second try: see counters.cc.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <latch>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "larder/cache.h"

namespace {

using namespace larder::literals;

struct Summary {
  long long count = 0;
  long long sum = 0;
  long long max = 0;

  static Summary parse(const std::string& text) {
    Summary summary;
    if (std::sscanf(text.c_str(), "%lld %lld %lld", &summary.count, &summary.sum, &summary.max) != 3) return {};
    return summary;
  }
  std::string text() const { return std::to_string(count) + " " + std::to_string(sum) + " " + std::to_string(max); }
  void add(long long number) {
    ++count;
    sum += number;
    max = std::max(max, number);
  }
};

// Adds a number to the summary under a key. Returns how often somebody else was faster, or -1 after an error.
int add(larder::Cache& cache, std::string_view key, long long number) {
  for (int conflicts = 0;; ++conflicts) {
    const auto before = cache.get_versioned(key);
    if (!before) return -1;
    Summary summary = Summary::parse(before->value.value_or(""));  // no value yet: an empty summary
    summary.add(number);
    const auto stored = cache.compare_and_set(key, before->version, summary.text());
    if (stored) return conflicts;
    if (stored.status().code() != larder::ErrorCode::kConflict) return -1;
  }
}

}  // namespace

int main() {
  constexpr int kThreads = 4;
  constexpr int kNumbers = 50'000;
  larder::Cache cache({.max_memory = 1_MiB});

  std::latch all_are_there(kThreads);
  std::atomic<std::int64_t> conflicts{0};
  std::atomic<bool> failed{false};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        all_are_there.arrive_and_wait();
        for (int i = 1; i <= kNumbers; ++i) {
          const int lost = add(cache, "latency:summary", thread * kNumbers + i);
          if (lost < 0) failed = true;
          conflicts += lost;
        }
      });
    }
  }

  const Summary summary = Summary::parse(cache.get("latency:summary").value_or(""));
  constexpr long long kAll = kThreads * kNumbers;
  std::printf("%d threads: count %lld, sum %lld, max %lld; %lld conflicts on the way\n", kThreads, summary.count,
              summary.sum, summary.max, static_cast<long long>(conflicts.load()));
  return !failed && summary.count == kAll && summary.sum == kAll * (kAll + 1) / 2 && summary.max == kAll ? 0 : 1;
}
