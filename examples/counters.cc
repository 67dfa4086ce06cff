// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Hits of pages by the minute, rolled up into hours: a hash for each minute, in which hincr_by counts (it is atomic),
// and one for each hour, which gets the sums of minutes that are over. Both go away by themselves.
//
// A ManualClock stands in for time, so that an hour passes at once. Your program leaves Options::clock alone.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "larder/cache.h"

namespace {

using namespace std::chrono_literals;
using namespace larder::literals;

class Hits {
 public:
  Hits(larder::Cache& cache, larder::Clock& clock) : cache_(cache), clock_(clock) {}

  // By any thread, at any time.
  void count(std::string_view page) {
    const std::string key = minute_key(this_minute());
    // A page's first hit may be the first of the minute. Others leave its end as it is.
    if (cache_.hincr_by(key, page, 1).value_or(0) == 1) cache_.expire(key, 2h, larder::ExpireIf::kHasNone);
  }

  // Adds what was counted in minutes that are over to their hours. From time to time, by any thread: a minute is
  // renamed first, which is atomic, so that one thread has it. Who looked at the clock before the minute ended, and
  // counts after, begins it anew, for the next time.
  void roll_up() {
    const std::int64_t now = this_minute();
    for (std::int64_t minute = now - 10; minute < now; ++minute) {
      const std::string rolled = minute_key(minute) + ":rolled:" + std::to_string(*cache_.incr("hits:rolls"));
      if (!cache_.rename(minute_key(minute), rolled).ok()) continue;  // nothing was counted, or somebody else has it
      const std::string hour = hour_key(minute / 60);
      if (const auto pages = cache_.hsnapshot(rolled)) {
        pages->for_each([&](std::string_view page, std::string_view hits) {
          cache_.hincr_by(hour, page, number(hits));
          return true;
        });
      }
      cache_.expire(hour, std::chrono::days(2), larder::ExpireIf::kHasNone);
      cache_.del(rolled);
    }
  }

  std::int64_t of_minute(std::int64_t minute, std::string_view page) { return hits(minute_key(minute), page); }
  std::int64_t of_hour(std::int64_t hour, std::string_view page) { return hits(hour_key(hour), page); }
  std::int64_t this_minute() { return clock_.unix_time() / 1min; }

 private:
  static std::string minute_key(std::int64_t minute) { return "hits:minute:" + std::to_string(minute); }
  static std::string hour_key(std::int64_t hour) { return "hits:hour:" + std::to_string(hour); }
  static std::int64_t number(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }
  std::int64_t hits(const std::string& key, std::string_view page) {
    return number(cache_.hget(key, page).value_or("0"));
  }

  larder::Cache& cache_;
  larder::Clock& clock_;
};

// Four threads, each with so many hits of three pages.
void count_hits(Hits& hits, int rounds) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, rounds] {
      for (int i = 0; i < rounds; ++i) {
        for (const char* page : {"/", "/jam", "/jam"}) hits.count(page);
      }
    });
  }
}

}  // namespace

int main() {
  larder::ManualClock clock;
  larder::Cache cache({.max_memory = 16_MiB, .clock = &clock});
  Hits hits(cache, clock);
  const std::int64_t minute = hits.this_minute();
  const std::int64_t hour = minute / 60;

  count_hits(hits, 5'000);
  clock.advance(1min);
  count_hits(hits, 1'000);
  std::printf("hits of /jam: %lld in one minute, %lld in the next\n",
              static_cast<long long>(hits.of_minute(minute, "/jam")),
              static_cast<long long>(hits.of_minute(minute + 1, "/jam")));
  if (hits.of_minute(minute, "/jam") != 40'000 || hits.of_minute(minute + 1, "/jam") != 8'000) return 1;

  // Two threads roll up at once, and count nothing twice. The minute that is not over stays.
  {
    std::jthread one([&] { hits.roll_up(); });
    std::jthread other([&] { hits.roll_up(); });
  }
  if (hits.of_hour(hour, "/jam") != 40'000 || hits.of_minute(minute + 1, "/") != 4'000) return 1;

  clock.advance(1min);
  hits.roll_up();
  std::printf("in this hour: %lld of /, %lld of /jam\n", static_cast<long long>(hits.of_hour(hour, "/")),
              static_cast<long long>(hits.of_hour(hour, "/jam")));
  if (hits.of_hour(hour, "/") != 24'000 || hits.of_hour(hour, "/jam") != 48'000) return 1;

  clock.advance(std::chrono::days(2));
  std::printf("two days later: %lld\n", static_cast<long long>(hits.of_hour(hour, "/")));
  return hits.of_hour(hour, "/") == 0 && cache.check_invariants().ok() ? 0 : 1;
}
