// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-types: what operations on hashes, lists, sets and sorted sets cost in the program, and over the wire, beside
// what they cost redis-server in pipelines; and the bytes of a member.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/side_by_side/child_process.h"
#include "bench/types/server.h"
#include "bench/workload/clocks.h"
#include "larder/cache.h"

namespace larder::bench {
namespace {

constexpr const char* kHelp =
    "larder-types: operations on collections, beside redis-server.\n"
    "\n"
    "  --members N      of each large collection (default 1000000)\n"
    "  --operations N   of each row and round (default 100000)\n"
    "  --rounds N       of all rows, in turns; medians are shown (default 5)\n"
    "  --rows TEXT      only those whose names have this in them\n"
    "  --help           print this\n"
    "\n"
    "Small collections have 10 members, of 10,000 keys. The figure of a server is the time of a core that it has used "
    "for\n"
    "a command in pipelines of 100; the figure of the program is the time of its own thread for a call.\n";

constexpr std::uint64_t kSmallKeys = 10'000;
constexpr std::uint64_t kSmallMembers = 10;
constexpr std::uint64_t kPipeline = 100;

struct Settings {
  std::uint64_t members = 1'000'000;
  std::uint64_t operations = 100'000;
  std::uint64_t rounds = 5;
  std::string rows;
  bool help = false;
};

// What is wrong with the command line; empty: nothing.
std::string parse(int argc, char** argv, Settings& settings) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help" || name == "-h") {
      settings.help = true;
      return {};
    }
    std::uint64_t* number = name == "--members"      ? &settings.members
                            : name == "--operations" ? &settings.operations
                            : name == "--rounds"     ? &settings.rounds
                                                     : nullptr;
    if (number == nullptr && name != "--rows") return "there is no option " + name + "; --help lists them all";
    if (++i == argc) return name + " wants a value behind it";
    if (number == nullptr) {
      settings.rows = argv[i];
      continue;
    }
    char* end = nullptr;
    *number = std::strtoull(argv[i], &end, 10);
    if (*end != '\0' || *number == 0) return name + " wants a number above zero, not " + argv[i];
  }
  return {};
}

// --- What is done -------------------------------------------------------------------------------------------------------

// Neither in order nor at random: each number comes once in as many as there are, if that is no multiple of it.
std::uint64_t scattered(std::uint64_t i, std::uint64_t of) { return i * 2'654'435'761u % of; }

std::string member(std::uint64_t i) {
  char text[32];
  std::snprintf(text, sizeof text, "member:%011llu", static_cast<unsigned long long>(i));
  return text;  // 18 bytes
}
std::string value(std::uint64_t i) { return member(i) + "..............."; }  // 33 bytes
std::string small_key(const char* kind, std::uint64_t i) { return std::string(kind) + std::to_string(i); }

// One operation: as a command, and as a call of the same.
struct Row {
  std::string name;
  std::function<Words(std::uint64_t i)> command;
  bool (*call)(Cache& cache, const Words& words, std::int64_t number);                    // false: it failed
  std::function<std::int64_t(std::uint64_t i)> number = [](std::uint64_t) { return 0; };  // what the call has as such
};

using KeyOf = std::function<std::string(const char* kind, std::uint64_t i)>;

std::vector<Row> rows_of(const std::string& size, const KeyOf& key, std::uint64_t members,
                         const std::function<std::uint64_t(std::uint64_t)>& which) {
  const auto of = [=](const char* command, const char* kind) {
    return [=](std::uint64_t i) { return Words{command, key(kind, i), member(which(i))}; };
  };
  // One of two by turns, on the same key.
  const auto by_turns = [=](const char* one, const char* other, const char* kind, const char* item) {
    return [=](std::uint64_t i) { return Words{i % 2 == 0 ? one : other, key(kind, i / 2), item}; };
  };
  const auto score = [=](std::uint64_t i) { return static_cast<std::int64_t>(which(i + 7)); };
  const auto from = [=](std::uint64_t i) {
    return static_cast<std::int64_t>(members > 100 ? which(i) % (members - 100) : 0);
  };
  const auto with = [](Words words, std::initializer_list<std::int64_t> numbers, std::size_t at) {
    for (const std::int64_t number : numbers)
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(at++), std::to_string(number));
    return words;
  };
  return {
      {"HGET " + size, of("HGET", "h"),
       [](Cache& c, const Words& w, std::int64_t) { return c.hget(w[1], w[2]).has_value(); }},
      {"HSET " + size,
       [=](std::uint64_t i) {
         return Words{"HSET", key("h", i), member(which(i)), value(i)};
       },
       [](Cache& c, const Words& w, std::int64_t) { return c.hset(w[1], w[2], w[3]).ok(); }},
      {"LPUSH, RPOP " + size,
       [=](std::uint64_t i) {
         return i % 2 == 0 ? Words{"LPUSH", key("l", i / 2), value(i)} : Words{"RPOP", key("l", i / 2)};
       },
       [](Cache& c, const Words& w, std::int64_t) {
         return w.size() == 3 ? c.lpush(w[1], w[2]).ok() : c.rpop(w[1]).has_value();
       }},
      {"LRANGE 10 " + size,
       [=](std::uint64_t i) {
         return Words{"LRANGE", key("l", i), "0", "9"};
       },
       [](Cache& c, const Words& w, std::int64_t) { return c.lrange(w[1], 0, 9).ok(); }},
      {"SISMEMBER " + size, of("SISMEMBER", "s"),
       [](Cache& c, const Words& w, std::int64_t) { return c.sis_member(w[1], w[2]).value_or(false); }},
      {"SADD, SREM " + size, by_turns("SADD", "SREM", "s", "another"),
       [](Cache& c, const Words& w, std::int64_t) {
         return w[0] == "SADD" ? c.sadd(w[1], w[2]).ok() : c.srem(w[1], w[2]).ok();
       }},
      {"ZSCORE " + size, of("ZSCORE", "z"),
       [](Cache& c, const Words& w, std::int64_t) { return c.zscore(w[1], w[2]).has_value(); }},
      {"ZADD " + size, [=](std::uint64_t i) { return with(of("ZADD", "z")(i), {score(i)}, 2); },
       [](Cache& c, const Words& w, std::int64_t n) { return c.zadd(w[1], w[3], static_cast<double>(n)).ok(); }, score},
      {"ZRANK " + size, of("ZRANK", "z"),
       [](Cache& c, const Words& w, std::int64_t) { return c.zrank(w[1], w[2]).has_value(); }},
      {"ZRANGE 100 " + size,
       [=](std::uint64_t i) {
         return with({"ZRANGE", key("z", i)}, {from(i), from(i) + 99}, 2);
       },
       [](Cache& c, const Words& w, std::int64_t n) { return c.zrange(w[1], n, n + 99).ok(); }, from},
  };
}

// --- Filling ------------------------------------------------------------------------------------------------------------

// Commands that make a collection of each kind, one member each.
std::vector<Words> additions(const std::function<std::string(const char*)>& key, std::uint64_t i) {
  return {{"HSET", key("h"), member(i), value(i)},
          {"RPUSH", key("l"), value(i)},
          {"SADD", key("s"), member(i)},
          {"ZADD", key("z"), std::to_string(i), member(i)}};
}
bool add(Cache& cache, const std::function<std::string(const char*)>& key, std::uint64_t i) {
  return cache.hset(key("h"), member(i), value(i)).ok() && cache.rpush(key("l"), value(i)).ok() &&
         cache.sadd(key("s"), member(i)).ok() && cache.zadd(key("z"), member(i), static_cast<double>(i)).ok();
}

class Bench {
 public:
  Bench(const Settings& settings, std::vector<std::unique_ptr<Server>> servers)
      : settings_(settings), servers_(std::move(servers)) {}

  bool fill() {
    bool good = true;
    for (const char* kind : {"h", "l", "s", "z"}) good = good && fill_large(kind);
    for (std::uint64_t k = 0; k < kSmallKeys && good; ++k) {
      const auto key = [&](const char* kind) { return small_key(kind, k); };
      for (std::uint64_t i = 0; i < kSmallMembers; ++i) {
        for (const auto& server : servers_) server->call(additions(key, i));
        good = good && add(cache_, key, i);
      }
    }
    return good && no_error();
  }

  bool run() {
    const auto large_key = [](const char* kind, std::uint64_t) { return std::string(kind); };
    const auto key = [](const char* kind, std::uint64_t i) { return small_key(kind, scattered(i, kSmallKeys)); };
    const std::uint64_t members = settings_.members;
    std::vector<Row> rows = rows_of("small", key, kSmallMembers, [](std::uint64_t i) { return i / 7 % kSmallMembers; });
    for (Row& row : rows_of("large", large_key, members, [=](std::uint64_t i) { return scattered(i, members); })) {
      rows.push_back(std::move(row));
    }
    std::printf("%-18s", "ns of a core");
    for (const auto& server : servers_) std::printf(" %14s", server->name().c_str());
    std::printf(" %14s %10s\n", "in the program", "Redis / it");
    for (const Row& row : rows) {
      if (row.name.find(settings_.rows) == std::string::npos) continue;
      if (!measure(row)) return false;
    }
    return true;
  }

 private:
  // Bytes of a member, of each.
  bool fill_large(const char* kind) {
    const auto key = [](const char* name) { return std::string(name); };
    std::vector<double> before;
    for (const auto& server : servers_) before.push_back(used(*server));
    const std::uint64_t own_before = cache_.stats().bytes_used;
    const std::size_t which = std::string("hlsz").find(kind);
    std::vector<Words> commands;
    for (std::uint64_t n = 0; n < settings_.members; ++n) {
      const std::uint64_t i = scattered(n, settings_.members);
      commands.push_back(additions(key, i)[which]);
      if (commands.size() < kPipeline && n + 1 < settings_.members) continue;
      for (const auto& server : servers_) server->call(commands);
      commands.clear();
    }
    for (std::uint64_t n = 0; n < settings_.members; ++n) {
      const std::uint64_t i = scattered(n, settings_.members);
      const bool good = which == 0   ? cache_.hset("h", member(i), value(i)).ok()
                        : which == 1 ? cache_.rpush("l", value(i)).ok()
                        : which == 2 ? cache_.sadd("s", member(i)).ok()
                                     : cache_.zadd("z", member(i), static_cast<double>(i)).ok();
      if (!good) return false;
    }
    const auto each = [&](double bytes) { return bytes / static_cast<double>(settings_.members); };
    std::printf("bytes of a member of the large %s:", kKinds[which]);
    for (std::size_t s = 0; s < servers_.size(); ++s) {
      std::printf(" %s %.1f,", servers_[s]->name().c_str(), each(used(*servers_[s]) - before[s]));
    }
    std::printf(" in the program %.1f\n", each(static_cast<double>(cache_.stats().bytes_used - own_before)));
    return no_error();
  }
  static double used(Server& server) {
    const std::string info = server.ask({"INFO", "memory"});
    const std::size_t at = info.find("used_memory:");
    return at == std::string::npos ? 0 : std::strtod(info.c_str() + at + 12, nullptr);
  }

  bool measure(const Row& row) {
    std::vector<std::vector<double>> costs(servers_.size() + 1);
    std::uint64_t i = 0;
    for (std::uint64_t round = 0; round < settings_.rounds; ++round, i += settings_.operations) {
      for (std::size_t s = 0; s < servers_.size(); ++s) costs[s].push_back(of_server(*servers_[s], row, i));
      costs.back().push_back(of_program(row, i));
      if (costs.back().back() < 0 || !no_error()) return false;
    }
    std::printf("%-18s", row.name.c_str());
    for (auto& each : costs) {
      std::sort(each.begin(), each.end());
      std::printf(" %14.0f", each[each.size() / 2]);
    }
    std::printf(" %10.1f\n", costs.front()[costs.front().size() / 2] / costs.back()[costs.back().size() / 2]);
    std::fflush(stdout);
    return true;
  }
  double of_server(Server& server, const Row& row, std::uint64_t first) const {
    const std::int64_t begun = server.cpu_ns();
    std::vector<Words> commands;
    for (std::uint64_t n = 0; n < settings_.operations; ++n) {
      commands.push_back(row.command(first + n));
      if (commands.size() < kPipeline && n + 1 < settings_.operations) continue;
      server.call(commands);
      commands.clear();
    }
    return static_cast<double>(server.cpu_ns() - begun) / static_cast<double>(settings_.operations);
  }
  // Of the calls alone. Below zero: one has failed.
  double of_program(const Row& row, std::uint64_t first) {
    std::int64_t calling = 0;
    std::vector<std::pair<Words, std::int64_t>> some;
    for (std::uint64_t n = 0; n < settings_.operations; ++n) {
      some.emplace_back(row.command(first + n), row.number(first + n));
      if (some.size() < kPipeline && n + 1 < settings_.operations) continue;
      const std::int64_t begun = thread_cpu_ns();
      for (const auto& [words, number] : some) {
        if (row.call(cache_, words, number)) continue;
        std::fprintf(stderr, "larder-types: %s has failed\n", row.name.c_str());
        return -1;
      }
      calling += thread_cpu_ns() - begun;
      some.clear();
    }
    return static_cast<double>(calling) / static_cast<double>(settings_.operations);
  }
  bool no_error() const {
    for (const auto& server : servers_) {
      if (server->error().empty()) continue;
      std::fprintf(stderr, "larder-types: %s\n", server->error().c_str());
      return false;
    }
    return true;
  }

  static constexpr const char* kKinds[] = {"hash", "list", "set", "sorted set"};
  const Settings settings_;
  std::vector<std::unique_ptr<Server>> servers_;
  Cache cache_{Options{.max_memory = 0}};
};

int main(int argc, char** argv) {
  Settings settings;
  if (const std::string wrong = parse(argc, argv, settings); !wrong.empty()) {
    std::fprintf(stderr, "larder-types: %s\n", wrong.c_str());
    return 2;
  }
  if (settings.help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  std::vector<std::unique_ptr<Server>> servers;
  servers.push_back(std::make_unique<Server>("redis-server", "redis-server",
                                             std::vector<std::string>{"--port", "0", "--save", "", "--unixsocket"}));
  if (const std::string program = program_beside("larder-server"); access(program.c_str(), X_OK) == 0) {
    servers.push_back(std::make_unique<Server>("larder-server", program, std::vector<std::string>{"--unixsocket"}));
  }
  for (const auto& server : servers) {
    if (server->error().empty()) continue;
    std::fprintf(stderr, "larder-types: %s\n", server->error().c_str());
    return 1;
  }
  Bench bench(settings, std::move(servers));
  return bench.fill() && bench.run() ? 0 : 1;
}

}  // namespace
}  // namespace larder::bench

int main(int argc, char** argv) { return larder::bench::main(argc, argv); }
