// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A leaderboard: players in the order of their points, in a sorted set. Threads report points while others look at
// ranks, the top ten and a player's neighbours. Each season has a board of its own, which goes away by itself.
//
// A ManualClock stands in for time, so that a season passes at once. Your program leaves Options::clock alone.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "larder/cache.h"

namespace {

using namespace larder::literals;

constexpr auto kSeasonKept = std::chrono::days(90);

struct Place {
  std::uint64_t rank = 0;  // 1 is the best
  std::string player;
  double points = 0;
};

class Leaderboard {
 public:
  Leaderboard(larder::Cache& cache, std::string_view season) : cache_(cache), key_("board:" + std::string(season)) {}

  void report(std::string_view player, int points) {
    const auto sum = cache_.zincr_by(key_, player, points);
    // A player's first points may be the first of the season. Others leave its end as it is.
    if (sum && *sum == points) cache_.expire(key_, kSeasonKept, larder::ExpireIf::kHasNone);
  }

  std::optional<std::uint64_t> rank(std::string_view player) {
    const auto better = cache_.zrev_rank(key_, player);
    if (!better) return std::nullopt;
    return *better + 1;
  }

  larder::ScoredMembers top(std::int64_t count) { return *cache_.zrange(key_, 0, count - 1, {.rev = true}); }

  // A player between the next better and the next worse ones. Rank and neighbours are of one instant: a snapshot does
  // not change while others report.
  std::vector<Place> around(std::string_view player, std::uint64_t width) {
    const auto board = cache_.zsnapshot(key_);
    if (!board) return {};
    const auto better = board->rev_rank(player);
    if (!better) return {};
    const std::uint64_t first = *better > width ? *better - width : 0;
    const larder::ZRangeOptions part = {.rev = true, .offset = first, .limit = *better + width + 1 - first};
    std::vector<Place> places;
    board->for_each(larder::RankRange{}, part, [&](std::string_view name, double points) {
      places.push_back({first + places.size() + 1, std::string(name), points});
      return true;
    });
    return places;
  }

 private:
  larder::Cache& cache_;
  const std::string key_;
};

constexpr int kThreads = 4;
constexpr int kGames = 50;
constexpr int kPlayers = 200;

std::string player(int number) { return "player-" + std::to_string(number); }

// Whether the player is there, and nobody stands behind somebody with fewer points.
bool is_sound(const std::vector<Place>& places, const std::string& player) {
  return std::ranges::is_sorted(places, std::greater<>(), &Place::points) &&
         std::ranges::find(places, player, &Place::player) != places.end();
}

}  // namespace

int main() {
  larder::ManualClock clock;
  larder::Cache cache({.max_memory = 16_MiB, .clock = &clock});
  Leaderboard spring(cache, "spring");

  // In each game, every player wins one point more than the one before.
  bool sound = true;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&] {
        for (int game = 0; game < kGames; ++game) {
          for (int i = 0; i < kPlayers; ++i) spring.report(player(i), i + 1);
        }
      });
    }
    for (int look = 0; look < 200; ++look) {
      const auto places = spring.around(player(100), 2);
      sound = sound && (places.empty() || is_sound(places, player(100)));
    }
  }

  const auto ten = spring.top(10);
  for (const auto& [name, points] : ten) std::printf("%-12s %6.0f\n", std::string(name).c_str(), points);
  sound = sound && ten.size() == 10 && ten[0] == larder::MemberScore{player(199), kThreads * kGames * 200.0};

  const auto places = spring.around(player(42), 2);
  std::printf("around %s:\n", player(42).c_str());
  for (const Place& place : places) {
    std::printf("%4llu. %-12s %6.0f\n", static_cast<unsigned long long>(place.rank), place.player.c_str(),
                place.points);
  }
  sound = sound && places.size() == 5 && places[2].player == player(42) && places[2].rank == 158;
  if (!sound || spring.rank(player(42)) != 158 || spring.rank("nobody")) return 1;

  // A new season, a new board; and one of all seasons, made of both.
  Leaderboard summer(cache, "summer");
  Leaderboard all_time(cache, "all-time");
  clock.advance(std::chrono::days(60));
  summer.report(player(7), 100'000);
  cache.zunion_store("board:all-time", {"board:spring", "board:summer"});
  if (summer.rank(player(7)) != 1 || spring.rank(player(7)) != 193 || all_time.rank(player(7)) != 1) return 1;

  clock.advance(std::chrono::days(30));
  const bool spring_is_gone = spring.top(1).empty() && !spring.rank(player(42));
  std::printf("90 days later: spring is %s, %s leads in summer and of all time\n", spring_is_gone ? "gone" : "there?",
              std::string(summer.top(1)[0].member).c_str());
  return spring_is_gone && all_time.top(1)[0].member == player(7) && cache.check_invariants().ok() ? 0 : 1;
}
