// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Web sessions that end half an hour after their last use: a time to live that get_ex sets anew with each request, in
// the call that reads. Where a session has fields of its own, a hash serves, and expire: see cart.cc.
//
// A ManualClock stands in for time, so that half an hour passes at once. Your program leaves Options::clock alone.
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "larder/cache.h"

namespace {

using namespace std::chrono_literals;
using namespace larder::literals;

constexpr auto kIdleMax = 30min;

class Sessions {
 public:
  explicit Sessions(larder::Clock& clock) : cache_({.max_memory = 64_MiB, .clock = &clock}) {}

  void begin(const std::string& token, const std::string& user) {
    cache_.set("session:" + token, user, {.ttl = kIdleMax});
  }
  // The user of a session that is alive, which lives on for another half an hour.
  std::optional<std::string> use(const std::string& token) {
    auto user = cache_.get_ex("session:" + token, {.ttl = kIdleMax});
    if (!user) return std::nullopt;
    return *std::move(user);
  }
  void end(const std::string& token) { cache_.del("session:" + token); }

  larder::Stats stats() const { return cache_.stats(); }
  void give_back_expired() { cache_.tick(); }

 private:
  larder::Cache cache_;
};

}  // namespace

int main() {
  larder::ManualClock clock;
  Sessions sessions(clock);
  sessions.begin("a1", "Ada");
  sessions.begin("b2", "Bob");
  sessions.begin("c3", "Cleo");

  bool right = true;
  const auto show = [&](const char* when, const std::string& token, const std::string& expected) {
    const std::string user = sessions.use(token).value_or("nobody");
    std::printf("%-24s session %s belongs to %s\n", when, token.c_str(), user.c_str());
    right = right && user == expected;
  };

  sessions.end("c3");
  show("after a log-out:", "c3", "nobody");
  clock.advance(20min);
  show("after 20 minutes:", "a1", "Ada");  // lives until minute 50 now
  clock.advance(20min);
  show("after 40 minutes:", "a1", "Ada");  // until minute 70
  show("", "b2", "nobody");                // was not used for 40
  clock.advance(29min + 59s + 999ms);
  show("a millisecond before:", "a1", "Ada");
  clock.advance(30min);
  show("half an hour later:", "a1", "nobody");

  sessions.give_back_expired();
  const larder::Stats stats = sessions.stats();
  std::printf("%llu sessions left, %llu expired\n", static_cast<unsigned long long>(stats.entries),
              static_cast<unsigned long long>(stats.removed(larder::RemovalCause::kExpired)));
  return right && stats.entries == 0 && stats.removed(larder::RemovalCause::kExpired) == 2 ? 0 : 1;
}
