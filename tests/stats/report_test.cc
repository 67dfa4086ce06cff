// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

#include "larder/stats.h"
#include "support/cache_fixture.h"

namespace larder {
namespace {

using support::binary;
using namespace std::chrono_literals;

class Report : public support::CacheFixture {
 protected:
  // After any work: what is charged adds up, and stays below the bound.
  void expect_that_bytes_add_up(const Cache& cache) {
    const Stats stats = cache.stats();
    EXPECT_EQ(stats.bytes_used,
              stats.bytes_data + stats.bytes_entries + stats.bytes_index + stats.bytes_set_aside + stats.bytes_fixed);
    EXPECT_LE(stats.bytes_used, stats.max_memory != 0 ? stats.max_memory : ~std::uint64_t{0});
    EXPECT_LE(stats.bytes_pinned, stats.bytes_data);
    EXPECT_EQ(stats.bytes_dirty, 0u);
  }
};

// --- The struct -------------------------------------------------------------------------------------------------------

TEST_F(Report, OfANewCacheIsAllZeros) {
  const Stats stats = make({.max_memory = 32_MiB, .eviction = Eviction::lru(), .shards = 8}).stats();
  EXPECT_EQ(stats.hits + stats.misses + stats.writes + stats.refused_out_of_memory + stats.loads, 0u);
  EXPECT_EQ(stats.removals, decltype(stats.removals){});
  EXPECT_EQ(stats.hit_ratio(), 0.0);
  EXPECT_EQ(stats.entries, 0u);
  EXPECT_EQ(stats.bytes_data, 0u);
  EXPECT_EQ(stats.bytes_pinned, 0u);
  EXPECT_GT(stats.bytes_fixed, 0u);
  EXPECT_EQ(stats.max_memory, 32_MiB);
  EXPECT_EQ(stats.shards, 8u);
  EXPECT_EQ(stats.policy, "lru");
  EXPECT_EQ(make({.max_memory = 0}).stats().max_memory, 0u);
}

TEST_F(Report, CountsEachReadAsAHitOrAMiss) {
  const std::string_view keys[] = {"k", "missing"};
  const struct {
    const char* name;
    std::function<void(std::string_view)> read;
    bool counts;
  } reads[] = {
      {"get", [&](std::string_view key) { static_cast<void>(cache_.get(key)); }, true},
      {"get into",
       [&](std::string_view key) {
         std::string value;
         static_cast<void>(cache_.get(key, value));
       },
       true},
      {"pin", [&](std::string_view key) { static_cast<void>(cache_.pin(key)); }, true},
      {"read", [&](std::string_view key) { static_cast<void>(cache_.read(key, [](std::string_view) {})); }, true},
      {"mget", [&](std::string_view key) { static_cast<void>(cache_.mget(std::span(&key, 1))); }, true},
      {"strlen", [&](std::string_view key) { static_cast<void>(cache_.strlen(key)); }, true},
      {"get_range", [&](std::string_view key) { cache_.get_range(key, 0, 1); }, true},
      {"get_bit", [&](std::string_view key) { cache_.get_bit(key, 0); }, true},
      {"bit_count", [&](std::string_view key) { cache_.bit_count(key); }, true},
      {"touch", [&](std::string_view key) { cache_.touch(std::span(&key, 1)); }, true},
      {"peek", [&](std::string_view key) { static_cast<void>(cache_.peek(key)); }, false},
      {"exists", [&](std::string_view key) { cache_.exists(key); }, false},
      {"type", [&](std::string_view key) { cache_.type(key); }, false},
      {"ttl", [&](std::string_view key) { static_cast<void>(cache_.ttl(key)); }, false},
  };
  cache_.set("k", "v");
  for (const auto& one : reads) {
    const Stats before = cache_.stats();
    for (const std::string_view key : keys) one.read(key);
    const Stats after = cache_.stats();
    EXPECT_EQ(after.hits - before.hits, one.counts ? 1u : 0u) << one.name;
    EXPECT_EQ(after.misses - before.misses, one.counts ? 1u : 0u) << one.name;
    EXPECT_EQ(after.writes, before.writes) << one.name;
  }
  EXPECT_EQ(cache_.stats().hit_ratio(), 0.5);
}

TEST_F(Report, CountsWhatIsCreatedOrChanged) {
  const struct {
    std::function<void()> work;
    std::uint64_t writes, entries, with_ttl;
  } steps[] = {
      {[&] { cache_.set("a", "1"); }, 1, 1, 0},
      {[&] { cache_.set("a", "2"); }, 2, 1, 0},
      {[&] { cache_.set("a", "3", {.condition = SetOptions::If::kAbsent}); }, 2, 1, 0},
      {[&] { cache_.incr("a"); }, 3, 1, 0},
      {[&] { cache_.set("b", binary(3'000), {.ttl = 1h}); }, 4, 2, 1},
      {[&] { cache_.append("b", "x"); }, 5, 2, 1},
      {[&] { cache_.set_bit("b", 0, true); }, 6, 2, 1},
      {[&] { cache_.expire("a", 2h); }, 7, 2, 2},
      {[&] { cache_.persist("a"); }, 8, 2, 1},
      {[&] {
         const KeyValue pairs[] = {{"c", "1"}, {"d", "2"}};
         cache_.mset(pairs);
       },
       10, 4, 1},
      {[&] { cache_.copy("b", "e"); }, 11, 5, 2},
      {[&] { cache_.rename("e", "f"); }, 12, 5, 2},
      {[&] { cache_.del("f"); }, 12, 4, 1},
      {[&] { advance(1h); }, 12, 4, 1},  // until somebody looks
      {[&] { cache_.tick(); }, 12, 3, 0},
      {[&] { cache_.clear(); }, 12, 0, 0},
  };
  for (const auto& step : steps) {
    step.work();
    const Stats stats = cache_.stats();
    const auto number = &step - steps;
    EXPECT_EQ(stats.writes, step.writes) << "step " << number;
    EXPECT_EQ(stats.entries, step.entries) << "step " << number;
    EXPECT_EQ(stats.entries_with_ttl, step.with_ttl) << "step " << number;
    expect_that_bytes_add_up(cache_);
  }
}

TEST_F(Report, CountsRemovalsByTheirCause) {
  Cache& cache =
      make({.max_memory = 0, .max_entries = 100, .expiry = {.idle = 1h}, .shards = 1, .on_removal = [](auto&&...) {
              throw std::runtime_error("not interested");
            }});
  const auto removed = [&](RemovalCause cause) { return cache.stats().removed(cause); };
  for (int i = 0; i < 103; ++i) cache.set("key" + std::to_string(i), "v");
  EXPECT_EQ(removed(RemovalCause::kEvicted), 3u);
  cache.clear();
  EXPECT_EQ(removed(RemovalCause::kCleared), 100u);
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) cache.set(key, "v");
  cache.del("a");
  cache.set("b", binary(2'000));
  cache.invalidate("c");
  cache.expire("d", 10ms);
  advance(10ms);
  cache.tick();
  EXPECT_EQ(removed(RemovalCause::kDeleted), 1u);
  EXPECT_EQ(removed(RemovalCause::kReplaced), 1u);
  EXPECT_EQ(removed(RemovalCause::kInvalidated), 1u);
  EXPECT_EQ(removed(RemovalCause::kExpired), 1u);
  EXPECT_EQ(removed(RemovalCause::kIdle), 0u);
  advance(1h);
  EXPECT_EQ(cache.tick().expired, 3u);
  EXPECT_EQ(removed(RemovalCause::kIdle), 3u);
  EXPECT_EQ(cache.stats().listener_failures, 3u + 100 + 4 + 3);
  EXPECT_EQ(cache.stats().entries, 0u);
}

TEST_F(Report, BytesByKindAddUpWhateverWasDone) {
  Cache& cache = make({.max_memory = 1_MiB});
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = "key" + std::to_string(i * 7919 % 5'000);
    cache.set(key, binary(static_cast<std::size_t>(i % 97 == 0 ? 6'000 : i % 300)),
              {.ttl = i % 3 == 0 ? std::optional<Milliseconds>(1h) : std::nullopt});
    if (i % 11 == 0) cache.append(key, binary(500));
    if (i % 5 == 0) cache.del("key" + std::to_string(i % 5'000));
    if (i % 500 == 0) expect_that_bytes_add_up(cache);
  }
  EXPECT_GT(cache.stats().removed(RemovalCause::kEvicted), 0u);
  cache.set_max_memory(512_KiB);
  expect_that_bytes_add_up(cache);
  cache.close();
  expect_that_bytes_add_up(cache);
  EXPECT_EQ(cache.stats().bytes_data, 0u);
}

TEST_F(Report, KnowsTheBytesOfKeysAndValues) {
  cache_.set("four", "value");
  cache_.set("", "");
  cache_.set(std::string(300, 'k'), std::string(1'024, 'v'));
  EXPECT_EQ(cache_.stats().bytes_data, 9u + 0 + 1'324);
  cache_.set("large", std::string(50'000, 'v'));
  const std::uint64_t with_large = cache_.stats().bytes_data;
  EXPECT_GE(with_large, 1'333u + 50'005);
  EXPECT_LT(with_large, 1'333u + 50'005 + 5'000);  // its block is charged as a whole
  cache_.del("large");
  EXPECT_EQ(cache_.stats().bytes_data, 1'333u);
}

TEST_F(Report, KnowsTheBytesThatHandlesHold) {
  cache_.set("small", "value");
  cache_.set("large", std::string(50'000, 'v'));
  const std::uint64_t before = cache_.stats().bytes_data;
  {
    const auto small = cache_.pin("small");
    EXPECT_EQ(cache_.stats().bytes_pinned, 0u);
    const auto large = cache_.pin("large");
    const std::uint64_t pinned = cache_.stats().bytes_pinned;
    EXPECT_GE(pinned, 50'000u);
    cache_.clear();
    EXPECT_EQ(cache_.stats().bytes_pinned, pinned);  // still held
    EXPECT_EQ(cache_.stats().bytes_data, pinned);
    EXPECT_GT(before, pinned);
    expect_that_bytes_add_up(cache_);
  }
  EXPECT_EQ(cache_.stats().bytes_pinned, 0u);
  EXPECT_EQ(cache_.stats().bytes_data, 0u);
}

TEST_F(Report, FollowsTheBoundAndThePolicy) {
  cache_.set_max_memory(1_MiB);
  cache_.set_eviction(Eviction::random(Eviction::Scope::kKeysWithTtl));
  EXPECT_EQ(cache_.stats().max_memory, 1_MiB);
  EXPECT_EQ(cache_.stats().policy, "random-ttl");
  cache_.set_max_memory(0);
  EXPECT_EQ(cache_.stats().max_memory, 0u);
  EXPECT_EQ(cache_.set_max_memory(1).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(cache_.stats().max_memory, 0u);
}

// --- Texts ------------------------------------------------------------------------------------------------------------

// A number of its own for every field.
Stats sample() {
  Stats stats;
  stats.hits = 101, stats.misses = 102, stats.writes = 103;
  for (std::size_t i = 0; i < kRemovalCauses; ++i) stats.removals[i] = 110 + i;
  stats.refused_out_of_memory = 120;
  stats.loads = 121, stats.loads_failed = 122, stats.loads_joined = 123, stats.loads_discarded = 124;
  stats.loads_not_stored = 127, stats.entries_negative = 133;
  stats.served_stale = 145, stats.refreshes = 146;
  stats.store_loads = 140, stats.store_loads_failed = 141;
  stats.store_writes = 142, stats.store_writes_failed = 143, stats.store_writes_unknown = 144;
  stats.writes_coalesced = 150, stats.write_batches = 151, stats.write_retries = 152, stats.write_queue_full = 153;
  stats.dead_letters = 154, stats.dead_letter_failures = 155;
  stats.dirty_items = 156, stats.dirty_oldest_ms = 157, stats.store_left_alone = true,
  stats.store_last_error = "no\r\nconnection";
  stats.store_write_latency.buckets[3] = 2, stats.store_write_latency.count = 2;
  stats.store_write_latency.sum_us = 15, stats.store_write_latency.max_us = 7;
  stats.waiting_for_items = 128, stats.loads_in_flight = 125, stats.listener_failures = 126;
  stats.load_latency.buckets[1] = 3, stats.load_latency.buckets[10] = 1;
  stats.load_latency.count = 4, stats.load_latency.sum_us = 1'503, stats.load_latency.max_us = 1'000;
  stats.entries = 130, stats.entries_with_ttl = 131, stats.shards = 132, stats.max_memory = 256_MiB;
  stats.bytes_data = 1'001, stats.bytes_entries = 1'002, stats.bytes_index = 1'003, stats.bytes_set_aside = 1'004;
  stats.bytes_fixed = 1'005, stats.bytes_used = 5'015, stats.bytes_pinned = 1'006, stats.bytes_dirty = 1'007;
  stats.policy = "s3-fifo";
  return stats;
}

// Sections and fields as a client of Redis takes them apart.
std::map<std::string, std::map<std::string, std::string>> parse_info(const std::string& text) {
  std::map<std::string, std::map<std::string, std::string>> sections;
  std::string section;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find("\r\n", at);
    if (end == std::string::npos) {
      ADD_FAILURE() << "no CRLF behind: " << text.substr(at);
      break;
    }
    const std::string line = text.substr(at, end - at);
    at = end + 2;
    EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos) << line;
    if (line.empty()) continue;
    if (line[0] == '#') {
      section = line.substr(2);
      EXPECT_FALSE(sections.contains(section)) << section;
      sections[section];
      continue;
    }
    const std::size_t colon = line.find(':');
    EXPECT_NE(colon, std::string::npos) << line;
    EXPECT_TRUE(sections[section].emplace(line.substr(0, colon), line.substr(colon + 1)).second) << line << " twice";
  }
  return sections;
}

TEST(RedisInfo, HasRedisSectionsAndNames) {
  auto info = parse_info(sample().to_redis_info());
  EXPECT_EQ(info.size(), 5u);
  EXPECT_EQ(info["Server"]["redis_mode"], "standalone");
  auto& memory = info["Memory"];
  EXPECT_EQ(memory["used_memory"], "5015");
  EXPECT_EQ(memory["used_memory_dataset"], "1001");
  EXPECT_EQ(memory["used_memory_overhead"], "4014");
  EXPECT_EQ(memory["used_memory_startup"], "1005");
  EXPECT_EQ(memory["maxmemory"], "268435456");
  EXPECT_EQ(memory["maxmemory_human"], "256.00M");
  EXPECT_EQ(memory["maxmemory_policy"], "allkeys-s3-fifo") << "as the endpoint's";
  auto& stats = info["Stats"];
  EXPECT_EQ(stats["keyspace_hits"], "101");
  EXPECT_EQ(stats["keyspace_misses"], "102");
  EXPECT_EQ(stats["expired_keys"], "227");  // by their time to live, and idle
  EXPECT_EQ(stats["evicted_keys"], "115");
  EXPECT_EQ(info["Keyspace"]["db0"], "keys=130,expires=131,avg_ttl=0");
}

TEST(RedisInfo, HasFieldsOfItsOwnForTheRest) {
  auto info = parse_info(sample().to_redis_info());
  const std::map<std::string, std::string> expected = {{"larder_shards", "132"},
                                                       {"larder_bytes_entries", "1002"},
                                                       {"larder_bytes_index", "1003"},
                                                       {"larder_bytes_set_aside", "1004"},
                                                       {"larder_bytes_pinned", "1006"},
                                                       {"larder_bytes_dirty", "1007"},
                                                       {"larder_removed_deleted", "110"},
                                                       {"larder_removed_replaced", "111"},
                                                       {"larder_removed_invalidated", "112"},
                                                       {"larder_removed_expired", "113"},
                                                       {"larder_removed_idle", "114"},
                                                       {"larder_removed_evicted", "115"},
                                                       {"larder_removed_cleared", "116"},
                                                       {"larder_writes", "103"},
                                                       {"larder_refused_out_of_memory", "120"},
                                                       {"larder_loads", "121"},
                                                       {"larder_loads_failed", "122"},
                                                       {"larder_loads_joined", "123"},
                                                       {"larder_loads_discarded", "124"},
                                                       {"larder_loads_not_stored", "127"},
                                                       {"larder_loads_in_flight", "125"},
                                                       {"larder_waiting_for_items", "128"},
                                                       {"larder_load_us_p50", "2"},
                                                       {"larder_load_us_p99", "1000"},
                                                       {"larder_load_us_max", "1000"},
                                                       {"larder_negative_entries", "133"},
                                                       {"larder_store_loads", "140"},
                                                       {"larder_store_loads_failed", "141"},
                                                       {"larder_store_writes", "142"},
                                                       {"larder_store_writes_failed", "143"},
                                                       {"larder_store_writes_unknown", "144"},
                                                       {"larder_writes_coalesced", "150"},
                                                       {"larder_write_batches", "151"},
                                                       {"larder_write_retries", "152"},
                                                       {"larder_write_queue_full", "153"},
                                                       {"larder_dead_letters", "154"},
                                                       {"larder_dead_letter_failures", "155"},
                                                       {"larder_listener_failures", "126"},
                                                       {"larder_dirty_items", "156"},
                                                       {"larder_dirty_oldest_ms", "157"},
                                                       {"larder_store_left_alone", "1"},
                                                       {"larder_store_last_error", "no  connection"},
                                                       {"larder_served_stale", "145"},
                                                       {"larder_refreshes", "146"},
                                                       {"larder_store_write_us_p50", "7"},
                                                       {"larder_store_write_us_p99", "7"},
                                                       {"larder_store_write_us_max", "7"}};
  for (const auto& [name, value] : expected) EXPECT_EQ(info["Larder"][name], value) << name;
  for (const char* section : {"Server", "Memory", "Stats", "Keyspace"}) {
    for (const auto& [name, value] : info[section]) EXPECT_FALSE(name.starts_with("larder_")) << name;
  }
}

TEST(RedisInfo, NamesNoDatabaseThatIsEmpty) {
  auto info = parse_info(Stats().to_redis_info());
  EXPECT_TRUE(info.contains("Keyspace"));
  EXPECT_TRUE(info["Keyspace"].empty());
  EXPECT_EQ(info["Memory"]["maxmemory"], "0");
}

TEST(RedisInfo, HoldsTheLargestNumbers) {
  Stats stats = sample();
  stats.hits = stats.bytes_used = stats.bytes_data = stats.entries = stats.entries_with_ttl = ~std::uint64_t{0};
  auto info = parse_info(stats.to_redis_info());
  EXPECT_EQ(info["Stats"]["keyspace_hits"], "18446744073709551615");
  EXPECT_EQ(info["Memory"]["used_memory_overhead"], "0");
  EXPECT_EQ(info["Keyspace"]["db0"], "keys=18446744073709551615,expires=18446744073709551615,avg_ttl=0");
}

// --- Prometheus ---------------------------------------------------------------------------------------------------------

struct Exposition {
  std::map<std::string, std::string> types;    // by name of the metric
  std::map<std::string, std::string> samples;  // by name and labels, as they are written
};

// Format 0.0.4: each metric has its HELP and its TYPE line before its samples, which stand together.
Exposition parse_exposition(const std::string& text) {
  Exposition found;
  EXPECT_TRUE(text.ends_with("\n"));
  std::istringstream lines(text);
  std::string line;
  std::string helped;
  std::string metric;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string first, second, name, rest;
    words >> first >> second >> name >> rest;
    if (first == "#" && second == "HELP") {
      EXPECT_NE(rest, "") << line;
      helped = name;
    } else if (first == "#" && second == "TYPE") {
      EXPECT_EQ(name, helped) << "no HELP before: " << line;
      EXPECT_TRUE(rest == "counter" || rest == "gauge" || rest == "histogram") << line;
      EXPECT_EQ(rest == "counter", name.ends_with("_total")) << line;
      EXPECT_TRUE(found.types.emplace(name, rest).second) << line << " twice";
      metric = name;
    } else {
      const std::size_t brace = line.find('{');
      const std::size_t space = line.rfind(' ');
      EXPECT_TRUE(brace != std::string::npos && line[space - 1] == '}') << line;
      if (brace == std::string::npos) continue;
      std::string base = line.substr(0, brace);
      if (found.types[metric] == "histogram") {
        for (const char* part : {"_bucket", "_sum", "_count"}) {
          if (base == metric + part) base = metric;
        }
      }
      EXPECT_EQ(base, metric) << "not under its TYPE: " << line;
      EXPECT_EQ(line.find_first_not_of("0123456789.", space + 1), std::string::npos) << line;
      EXPECT_TRUE(found.samples.emplace(line.substr(0, space), line.substr(space + 1)).second) << line << " twice";
    }
  }
  return found;
}

TEST(Prometheus, HasEveryNumber) {
  const Exposition found = parse_exposition(sample().to_prometheus());
  const std::pair<const char*, const char*> expected[] = {
      {"hits_total{}", "101"},
      {"misses_total{}", "102"},
      {"writes_total{}", "103"},
      {"removals_total{,cause=\"deleted\"}", "110"},
      {"removals_total{,cause=\"replaced\"}", "111"},
      {"removals_total{,cause=\"invalidated\"}", "112"},
      {"removals_total{,cause=\"expired\"}", "113"},
      {"removals_total{,cause=\"idle\"}", "114"},
      {"removals_total{,cause=\"evicted\"}", "115"},
      {"removals_total{,cause=\"cleared\"}", "116"},
      {"refused_out_of_memory_total{}", "120"},
      {"loads_total{}", "121"},
      {"loads_failed_total{}", "122"},
      {"loads_joined_total{}", "123"},
      {"loads_discarded_total{}", "124"},
      {"loads_not_stored_total{}", "127"},
      {"entries_negative{}", "133"},
      {"loads_in_flight{}", "125"},
      {"waiting_for_items{}", "128"},
      {"store_loads_total{}", "140"},
      {"store_loads_failed_total{}", "141"},
      {"store_writes_total{}", "142"},
      {"store_writes_failed_total{}", "143"},
      {"store_writes_unknown_total{}", "144"},
      {"served_stale_total{}", "145"},
      {"refreshes_total{}", "146"},
      {"writes_coalesced_total{}", "150"},
      {"write_batches_total{}", "151"},
      {"write_retries_total{}", "152"},
      {"write_queue_full_total{}", "153"},
      {"dead_letters_total{}", "154"},
      {"dead_letter_failures_total{}", "155"},
      {"dirty_items{}", "156"},
      {"dirty_oldest_milliseconds{}", "157"},
      {"store_left_alone{}", "1"},
      {"store_write_seconds_count{}", "2"},
      {"store_write_seconds_sum{}", "0.000015"},
      {"listener_failures_total{}", "126"},
      {"entries{}", "130"},
      {"entries_with_ttl{}", "131"},
      {"max_memory_bytes{}", "268435456"},
      {"used_bytes{}", "5015"},
      {"bytes{,kind=\"data\"}", "1001"},
      {"bytes{,kind=\"entries\"}", "1002"},
      {"bytes{,kind=\"index\"}", "1003"},
      {"bytes{,kind=\"set_aside\"}", "1004"},
      {"bytes{,kind=\"fixed\"}", "1005"},
      {"pinned_bytes{}", "1006"},
      {"dirty_bytes{}", "1007"},
      {"info{,policy=\"s3-fifo\",shards=\"132\"}", "1"},
  };
  for (const auto& [name, value] : expected) {
    std::string labelled = "larder_" + std::string(name);
    labelled.insert(labelled.find('{') + 1, "cache=\"default\"");
    ASSERT_TRUE(found.samples.contains(labelled)) << labelled;
    EXPECT_EQ(found.samples.at(labelled), value) << labelled;
  }
  EXPECT_EQ(found.types.at("larder_hits_total"), "counter");
  EXPECT_EQ(found.types.at("larder_entries"), "gauge");
}

TEST(Prometheus, HasACumulativeHistogramOfLoads) {
  const std::string text = sample().to_prometheus("c");
  const Exposition found = parse_exposition(text);
  EXPECT_EQ(found.types.at("larder_load_seconds"), "histogram");
  const auto bucket = [&](const std::string& le) {
    return found.samples.at("larder_load_seconds_bucket{cache=\"c\",le=\"" + le + "\"}");
  };
  EXPECT_EQ(bucket("1e-06"), "0");
  EXPECT_EQ(bucket("2e-06"), "3");
  EXPECT_EQ(bucket("0.000512"), "3");
  EXPECT_EQ(bucket("0.001024"), "4");
  EXPECT_EQ(bucket("1073.741824"), "4");
  EXPECT_EQ(bucket("+Inf"), "4");
  EXPECT_EQ(found.samples.at("larder_load_seconds_sum{cache=\"c\"}"), "0.001503");
  EXPECT_EQ(found.samples.at("larder_load_seconds_count{cache=\"c\"}"), "4");
  std::istringstream lines(text);
  std::string line;
  double le_before = 0;
  int counted = 0;
  while (std::getline(lines, line)) {
    const std::size_t le = line.find("le=\"");
    if (le == std::string::npos || !line.starts_with("larder_load_seconds") || line.find("+Inf") != std::string::npos)
      continue;
    const double bound = std::stod(line.substr(le + 4));
    EXPECT_GT(bound, le_before);
    le_before = bound;
    ++counted;
  }
  EXPECT_EQ(counted, 32);
}

TEST(Prometheus, EscapesTheNameOfTheCache) {
  const std::pair<const char*, const char*> names[] = {{"", ""},
                                                       {"plain", "plain"},
                                                       {"a\"b", "a\\\"b"},
                                                       {"a\\b", "a\\\\b"},
                                                       {"a\nb", "a\\nb"},
                                                       {"\\n", "\\\\n"},
                                                       {"caf\xc3\xa9 {x}", "caf\xc3\xa9 {x}"},
                                                       {"100%s", "100%s"}};
  for (const auto& [name, escaped] : names) {
    const Exposition found = parse_exposition(sample().to_prometheus(name));
    EXPECT_TRUE(found.samples.contains("larder_hits_total{cache=\"" + std::string(escaped) + "\"}")) << name;
    EXPECT_EQ(found.samples.size(), 48u + 2 * 35) << name;
  }
}

TEST_F(Report, CountersNeverFall) {
  Cache& cache = make({.max_memory = 128_KiB});
  std::map<std::string, std::uint64_t> before;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 200; ++i) {
      const std::string key = std::to_string(i % 70) + "." + std::to_string(round % 3);
      static_cast<void>(cache.get_or_load(key, [&] { return binary(1'000); }, {.ttl = 30ms}));
      static_cast<void>(cache.get(std::to_string(i)));
    }
    advance(20ms);
    if (round % 4 == 0) cache.clear();
    if (round == 10) cache.set_max_memory(64_KiB);
    if (round == 15) cache.set_eviction(Eviction::lfu());
    const Exposition found = parse_exposition(cache.stats().to_prometheus());
    for (const auto& [name, value] : found.samples) {
      if (name.find("_total{") == std::string::npos && name.find("load_seconds") == std::string::npos) continue;
      const std::uint64_t now = static_cast<std::uint64_t>(std::stod(value));
      EXPECT_GE(now, before[name]) << name;
      before[name] = now;
    }
    expect_that_bytes_add_up(cache);
  }
  EXPECT_GT(before["larder_removals_total{cache=\"default\",cause=\"evicted\"}"], 0u);
}

TEST(LongNames, AreReportedWhole) {
  Stats stats;
  stats.policy = std::string(600, 'p') + "\r\nnext:1";
  const std::string info = stats.to_redis_info();
  EXPECT_NE(info.find("maxmemory_policy:" + std::string(600, 'p') + "  next:1\r\n\r\n# Stats"), std::string::npos);
  const std::string label(600, 'c');
  const std::string text = stats.to_prometheus(label);
  EXPECT_NE(text.find("larder_hits_total{cache=\"" + label + "\"} 0\n"), std::string::npos);
}

TEST(HumanBytes, AreInTheUnitRedisChooses) {
  const struct {
    std::uint64_t bytes;
    const char* text;
  } cases[] = {{0, "0B"},          {1'023, "1023B"},           {1'024, "1.00K"},
               {64_KiB, "64.00K"}, {1_MiB + 512_KiB, "1.50M"}, {2_GiB, "2.00G"}};
  for (const auto& [bytes, text] : cases) {
    Stats stats;
    stats.bytes_used = bytes;
    EXPECT_NE(stats.to_redis_info().find("used_memory_human:" + std::string(text) + "\r\n"), std::string::npos) << text;
  }
}

TEST(LatencyQuantile, IsNeverBelowTheLongest) {
  LatencyHistogram histogram;
  histogram.count = 1;
  histogram.buckets.back() = 1;
  histogram.max_us = 7'200'000'000;
  EXPECT_EQ(histogram.quantile_us(0.99), 7'200'000'000u);
}

}  // namespace
}  // namespace larder
