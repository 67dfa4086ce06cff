// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// At most so many requests a minute for each client: a counter for each client and window, which counts itself (incr is
// atomic) and goes away by itself (expire). Around the end of a window up to twice the limit may pass within a moment:
// sliding_window.cc does not let that happen, and costs more.
//
// A ManualClock stands in for time, so that a minute passes at once. Your program leaves Options::clock alone.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"

namespace {

using namespace std::chrono_literals;
using namespace larder::literals;

class RateLimiter {
 public:
  RateLimiter(std::int64_t limit, larder::Milliseconds window, larder::Clock& clock)
      : limit_(limit), window_(window), cache_({.max_memory = 16_MiB, .clock = &clock}) {}

  bool allow(const std::string& client) {
    const std::string key = "rate:" + client;
    const auto count = cache_.incr(key);
    if (!count) return true;  // out of memory, say: rather let one through than lock everybody out
    // The first request of a window opens it. Others leave its end as it is.
    if (*count == 1) cache_.expire(key, window_, larder::ExpireIf::kHasNone);
    return *count <= limit_;
  }

 private:
  const std::int64_t limit_;
  const larder::Milliseconds window_;
  larder::Cache cache_;
};

int allowed_of(RateLimiter& limiter, const std::string& client, int requests) {
  int allowed = 0;
  for (int i = 0; i < requests; ++i) allowed += limiter.allow(client) ? 1 : 0;
  return allowed;
}

}  // namespace

int main() {
  larder::ManualClock clock;
  RateLimiter limiter(100, 1min, clock);

  const int first = allowed_of(limiter, "203.0.113.7", 150);
  const int other = allowed_of(limiter, "198.51.100.2", 30);
  clock.advance(59s);
  const int before_the_end = allowed_of(limiter, "203.0.113.7", 10);
  clock.advance(1s);
  const int next_window = allowed_of(limiter, "203.0.113.7", 10);
  std::printf("of 150 requests %d passed; another client's 30: %d\n", first, other);
  std::printf("after 59 s %d of 10 passed, after 60 s %d of 10\n", before_the_end, next_window);
  if (first != 100 || other != 30 || before_the_end != 0 || next_window != 10) return 1;

  std::atomic<int> passed{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { passed += allowed_of(limiter, "192.0.2.99", 60); });
  }
  std::printf("4 threads with 60 requests each: %d passed\n", passed.load());
  return passed == 100 ? 0 : 1;
}
