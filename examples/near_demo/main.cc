// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-near: the same reads from a Redis, without and with a near cache in front of it, while another client writes.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "examples/demo/histogram.h"
#include "examples/near_demo/own_server.h"
#include "larder/near_cache.h"

namespace larder::near_demo {
namespace {

using std::chrono::steady_clock;

constexpr const char* kHelp =
    "larder-near: the same reads from a Redis, without and with a near cache in front of it.\n"
    "\n"
    "  --redis HOST:PORT  or the path of a unix socket (default: a redis-server of its own, which is stopped at the "
    "end)\n"
    "  --seconds N        for each of the two (default 5)\n"
    "  --threads N        that read (default 2)\n"
    "  --keys N           that are read, a few of them much (default 10000); named larder-near:0 and so on, and "
    "deleted\n"
    "                     at the end\n"
    "  --writes N         a second, by another client (default 500)\n"
    "  --memory N         MiB for the near cache (default 64)\n"
    "  --help             print this\n";

struct Settings {
  std::string redis;
  std::uint64_t seconds = 5;
  std::uint64_t threads = 2;
  std::uint64_t keys = 10'000;
  std::uint64_t writes = 500;
  std::uint64_t memory = 64;
  bool help = false;
};

// What is wrong with the command line; empty: nothing.
std::string parse(int argc, char** argv, Settings& settings) {
  const std::pair<const char*, std::uint64_t*> numbers[] = {{"--seconds", &settings.seconds},
                                                            {"--threads", &settings.threads},
                                                            {"--keys", &settings.keys},
                                                            {"--writes", &settings.writes},
                                                            {"--memory", &settings.memory}};
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help" || name == "-h") {
      settings.help = true;
      return {};
    }
    const auto number =
        std::find_if(std::begin(numbers), std::end(numbers), [&](const auto& one) { return name == one.first; });
    if (number == std::end(numbers) && name != "--redis")
      return "there is no option " + name + "; --help lists them all";
    if (++i == argc) return name + " wants a value behind it";
    if (name == "--redis") {
      settings.redis = argv[i];
      continue;
    }
    char* end = nullptr;
    *number->second = std::strtoull(argv[i], &end, 10);
    if (*end != '\0' || *number->second == 0 || *number->second > 1'000'000) {
      return name + " wants a whole number from 1 to 1000000";
    }
  }
  if (settings.threads > 256) return "--threads wants a whole number from 1 to 256";
  return {};
}

// What is wrong with the address; empty: nothing.
std::string address(const std::string& redis, NearCacheOptions& options) {
  if (redis.starts_with('/')) {
    options.unix_path = redis;
    return {};
  }
  const std::size_t colon = redis.rfind(':');
  const std::string port = colon == std::string::npos ? "" : redis.substr(colon + 1);
  const unsigned long number = std::strtoul(port.c_str(), nullptr, 10);
  if (number == 0 || number > 65'535)
    return "--redis wants HOST:PORT, such as 127.0.0.1:6379, or the path of a unix socket";
  options.host = redis.substr(0, colon);
  options.port = static_cast<std::uint16_t>(number);
  return {};
}

std::string key_of(std::uint64_t number) { return "larder-near:" + std::to_string(number); }

struct Figures {
  double seconds = 0;
  std::uint64_t failed = 0;
  ::demo::Histogram latency;
  double server_seconds = 0;
  NearCacheStats stats;

  double at(double share) const { return std::chrono::duration<double, std::micro>(latency.quantile(share)).count(); }
};

// Of a core, as Redis says it.
double server_cpu(NearCache& near) {
  const auto info = near.command({"INFO", "cpu"});
  if (!info) return 0;
  double sum = 0;
  for (const char* name : {"used_cpu_sys:", "used_cpu_user:"}) {
    const std::size_t at = info->text.find(name);
    if (at != std::string::npos) sum += std::strtod(info->text.c_str() + at + std::string(name).size(), nullptr);
  }
  return sum;
}

// Reads from many threads as fast as they can, while `writer` writes.
Figures measure(const Settings& settings, NearCache& near, NearCache& writer) {
  Figures figures;
  std::atomic<bool> stops{false};
  std::atomic<std::uint64_t> failed{0};
  std::mutex mutex;
  std::vector<std::jthread> threads;
  const double cpu_before = server_cpu(writer);
  const auto began = steady_clock::now();
  for (std::uint64_t i = 0; i < settings.threads; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937_64 random(i);
      std::uniform_real_distribution<double> even(0, 1);
      ::demo::Histogram latency;
      while (!stops) {
        // The r-th key about as often as 1/r.
        const auto number = static_cast<std::uint64_t>(std::pow(double(settings.keys), even(random))) - 1;
        const std::string key = key_of(number);
        const auto begin = steady_clock::now();
        failed += !near.get(key).status().ok();
        latency.add(steady_clock::now() - begin);
      }
      const std::lock_guard lock(mutex);
      figures.latency.add(latency);
    });
  }
  std::mt19937_64 random(7);
  for (std::uint64_t i = 0; steady_clock::now() - began < std::chrono::seconds(settings.seconds); ++i) {
    failed += !writer.set(key_of(random() % settings.keys), "value " + std::to_string(i)).ok();
    std::this_thread::sleep_until(began + i * std::chrono::nanoseconds(1'000'000'000) / settings.writes);
  }
  stops = true;
  threads.clear();
  figures.seconds = std::chrono::duration<double>(steady_clock::now() - began).count();
  figures.server_seconds = server_cpu(writer) - cpu_before;
  figures.failed = failed;
  figures.stats = near.stats();
  return figures;
}

void print(const Figures& without, const Figures& with) {
  const auto row = [](const char* name, const char* format, double a, double b) {
    char left[32], right[32];
    std::snprintf(left, sizeof left, format, a);
    std::snprintf(right, sizeof right, format, b);
    std::printf("%-34s %16s %16s\n", name, left, right);
  };
  const auto rate = [](const Figures& of) { return double(of.latency.count()) / of.seconds; };
  const auto a_million = [](const Figures& of) { return of.server_seconds / double(of.latency.count()) * 1e6; };
  const auto trips = [](const Figures& of) { return double(of.stats.round_trips) / double(of.latency.count()); };
  std::printf("%-34s %16s %16s\n", "", "without", "with near cache");
  row("reads a second", "%.0f", rate(without), rate(with));
  row("a read takes, median, us", "%.2f", without.at(0.5), with.at(0.5));
  row("  99 of 100 at most, us", "%.2f", without.at(0.99), with.at(0.99));
  row("  999 of 1000 at most, us", "%.2f", without.at(0.999), with.at(0.999));
  row("round trips for a read", "%.4f", trips(without), trips(with));
  row("server CPU, s for a million reads", "%.3f", a_million(without), a_million(with));
  row("hit ratio, %", "%.2f", 0, 100 * (1 - trips(with)));
  row("changes that the server reported", "%.0f", double(without.stats.invalidations),
      double(with.stats.invalidations));
  row("answers overtaken by a change", "%.0f", double(without.stats.overtaken), double(with.stats.overtaken));
  row("failed calls", "%.0f", double(without.failed), double(with.failed));
}

std::string run(const Settings& settings) {
  std::optional<OwnServer> own;
  NearCacheOptions options{.cache = {.max_memory = settings.memory << 20}};
  if (settings.redis.empty()) {
    own.emplace();
    if (!own->answers())
      return "redis-server could not be started: install the package redis-server, or name a server by --redis";
    options.unix_path = own->socket_path();
  } else if (std::string wrong = address(settings.redis, options); !wrong.empty()) {
    return wrong;
  }
  const auto writer = NearCache::open(options);
  if (!writer) return std::string(writer.status().message());
  for (std::uint64_t i = 0; i < settings.keys; ++i) (*writer)->set(key_of(i), "value").status();
  Figures figures[2];
  for (const bool with : {false, true}) {
    std::fprintf(stderr, "%s a near cache: %llu s\n", with ? "With" : "Without",
                 static_cast<unsigned long long>(settings.seconds));
    NearCacheOptions chosen = options;
    if (!with) chosen.prefixes = {"nothing is named so"};
    const auto near = NearCache::open(chosen);
    if (!near) return std::string(near.status().message());
    figures[with] = measure(settings, **near, **writer);
  }
  for (std::uint64_t i = 0; i < settings.keys; ++i) (*writer)->del(key_of(i)).status();
  print(figures[0], figures[1]);
  return {};
}

}  // namespace
}  // namespace larder::near_demo

int main(int argc, char** argv) {
  larder::near_demo::Settings settings;
  std::string error = larder::near_demo::parse(argc, argv, settings);
  if (settings.help) {
    std::fputs(larder::near_demo::kHelp, stdout);
    return 0;
  }
  if (error.empty()) error = larder::near_demo::run(settings);
  if (error.empty()) return 0;
  std::fprintf(stderr, "larder-near: %s\n", error.c_str());
  return 2;
}
