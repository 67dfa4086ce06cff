// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// At most so many requests in any minute: the requests of the last minute in a sorted set, by when they came.
//
// rate_limiter.cc has fixed windows: a counter for each client, which costs next to nothing, but lets twice the limit
// through around the end of a window. Here no minute, wherever it begins, has more than the limit, and it is known when
// the next request may come; a client costs a member for each request that has passed.
//
// A ManualClock stands in for time, so that a minute passes at once. Your program leaves Options::clock alone.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"

namespace {

using namespace std::chrono_literals;
using namespace larder::literals;

class SlidingWindow {
 public:
  SlidingWindow(std::uint64_t limit, larder::Milliseconds window, larder::Clock& clock)
      : limit_(limit), window_(window), clock_(clock), cache_({.max_memory = 16_MiB, .clock = &clock}) {}

  bool allow(const std::string& client) {
    const std::string key = "recent:" + client;
    const std::string request = std::to_string(++requests_);  // two may come in one millisecond
    const larder::Milliseconds now = clock_.unix_time();
    cache_.zrem_range(key, larder::ScoreRange{.max = score(now - window_)});
    if (!cache_.zadd(key, request, score(now)).ok()) return true;  // out of memory, say: rather let one through
    // Counted with this one in it: of several that come at once, the last to count sees all that have passed. So never
    // too many pass. Who does not is taken out again; two of them may take each other for one that has passed.
    const bool passes = cache_.zcard(key).value_or(0) <= limit_;
    if (passes) {
      cache_.expire(key, window_);  // who comes no more costs nothing
    } else {
      cache_.zrem(key, request);
    }
    return passes;
  }

  // How long a client has to wait.
  larder::Milliseconds retry_after(const std::string& client) {
    const larder::Milliseconds now = clock_.unix_time();
    const auto passed =
        cache_.zrange("recent:" + client, larder::ScoreRange{.min = score(now - window_), .min_open = true});
    if (!passed || passed->size() < limit_) return 0ms;
    return larder::Milliseconds(static_cast<std::int64_t>(passed->front().score)) + window_ - now;
  }

 private:
  static double score(larder::Milliseconds time) { return static_cast<double>(time.count()); }

  const std::uint64_t limit_;
  const larder::Milliseconds window_;
  larder::Clock& clock_;
  larder::Cache cache_;
  std::atomic<std::uint64_t> requests_{0};
};

int allowed_of(SlidingWindow& limiter, const std::string& client, int requests) {
  int allowed = 0;
  for (int i = 0; i < requests; ++i) allowed += limiter.allow(client) ? 1 : 0;
  return allowed;
}

}  // namespace

int main() {
  larder::ManualClock clock;
  SlidingWindow limiter(100, 1min, clock);
  const std::string client = "203.0.113.7";

  const int first = allowed_of(limiter, client, 10);
  clock.advance(59s);
  const int burst = allowed_of(limiter, client, 150);
  clock.advance(1s);
  // A fixed window would begin anew here, and let a hundred through: 190 within a second.
  const int after_a_minute = allowed_of(limiter, client, 150);
  const larder::Milliseconds wait = limiter.retry_after(client);
  clock.advance(wait);
  const int after_the_wait = allowed_of(limiter, client, 150);
  std::printf("%d passed, after 59 s %d more, after 60 s %d, and after another %lld s %d\n", first, burst,
              after_a_minute, static_cast<long long>(wait / 1s), after_the_wait);
  if (first != 10 || burst != 90 || after_a_minute != 10 || wait != 59s || after_the_wait != 90) return 1;

  std::atomic<int> passed{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { passed += allowed_of(limiter, "192.0.2.99", 60); });
  }
  const int rest = allowed_of(limiter, "192.0.2.99", 60);
  std::printf("4 threads with 60 requests each, and 60 more: %d passed\n", passed + rest);
  return passed + rest == 100 ? 0 : 1;
}
