// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Stats as text: for people and tools that know Redis's INFO, and for Prometheus.
#include <array>
#include <cstdio>

#include "base/c_locale.h"
#include "larder/stats.h"
#include "stats/redis_policy_name.h"
#include "stats/texts.h"

namespace larder {

using stats::escaped;
using stats::Info;
using stats::on_one_line;
using stats::Prometheus;

namespace {

// What is counted from the start of a cache, and has one name in both texts: "larder_<name>", with "_total" for
// Prometheus.
struct Counter {
  const char* name;
  std::uint64_t Stats::*number;
  const char* help;
};
constexpr Counter kCounters[] = {
    {"writes", &Stats::writes, "Entries created or changed."},
    {"refused_out_of_memory", &Stats::refused_out_of_memory, "Writes refused because nothing may be evicted."},
    {"loads", &Stats::loads, "Loader calls that have ended."},
    {"loads_failed", &Stats::loads_failed, "Loads that failed."},
    {"loads_joined", &Stats::loads_joined, "Callers that waited for another's load."},
    {"loads_discarded", &Stats::loads_discarded, "Loads overtaken by a write."},
    {"loads_not_stored", &Stats::loads_not_stored, "Loads whose value was too large or found no room."},
    {"served_stale", &Stats::served_stale, "Answers older than they should be."},
    {"refreshes", &Stats::refreshes, "Keys loaded again ahead of their time."},
    {"store_loads", &Stats::store_loads, "Keys that the backing store was asked for."},
    {"store_loads_failed", &Stats::store_loads_failed, "Of those: failed."},
    {"store_writes", &Stats::store_writes, "Mutations that the backing store was given."},
    {"store_writes_failed", &Stats::store_writes_failed, "Of those: certainly not written."},
    {"store_writes_unknown", &Stats::store_writes_unknown, "Of those: nobody knows."},
    {"writes_coalesced", &Stats::writes_coalesced, "Writes in place of one that had not left yet."},
    {"write_batches", &Stats::write_batches, "Calls of the backing store by write-back."},
    {"write_retries", &Stats::write_retries, "Mutations that came back to be tried again."},
    {"write_queue_full", &Stats::write_queue_full, "Writers that found the buffer full."},
    {"dead_letters", &Stats::dead_letters, "Writes handed over that the backing store did not take."},
    {"dead_letter_failures", &Stats::dead_letter_failures, "Exceptions thrown by who takes them."},
    {"listener_failures", &Stats::listener_failures, "Exceptions thrown by the removal listener."},
};

// As Redis writes it: 512B, 1.50K, 64.00M.
std::string human(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + "B";
  const char* unit = "KMGTPE";
  auto number = static_cast<double>(bytes) / 1024;
  for (; number >= 1024; ++unit) number /= 1024;
  const base::CLocale point;
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.2f%c", number, *unit);
  return buffer;
}

struct AdvisedSize {
  const char* name;
  const char* factor;
  double hit_ratio;
};
std::array<AdvisedSize, 4> sizes_of(const SizeAdvice& advice) {
  return {{{"half", "0.5", advice.at_half},
           {"now", "1", advice.hit_ratio},
           {"double", "2", advice.at_double},
           {"fourfold", "4", advice.at_fourfold}}};
}

std::string digits(double ratio, int behind_the_point) {
  const base::CLocale point;
  char text[16];
  std::snprintf(text, sizeof text, "%.*f", behind_the_point, ratio);
  return text;
}

// A key may be any bytes: as redis-cli shows them, but for quotation marks. Different keys are different texts.
std::string printable(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c >= 0x20 && c < 0x7f) {
      if (c == '\\') out.push_back('\\');
      out.push_back(c);
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += escape;
  }
  return out;
}

}  // namespace

std::string Stats::to_redis_info() const {
  Info out;
  out.section("Server");
  out.value("redis_mode", "standalone");
  out.section("Memory");
  out.number("used_memory", bytes_used);
  out.value("used_memory_human", human(bytes_used));
  out.number("used_memory_overhead", bytes_used - bytes_data);
  out.number("used_memory_startup", bytes_fixed);
  out.number("used_memory_dataset", bytes_data);
  out.number("maxmemory", max_memory);
  out.value("maxmemory_human", human(max_memory));
  out.value("maxmemory_policy", on_one_line(stats::redis_policy_name(policy)));
  out.section("Stats");
  out.number("keyspace_hits", hits);
  out.number("keyspace_misses", misses);
  out.number("expired_keys", removed(RemovalCause::kExpired) + removed(RemovalCause::kIdle));
  out.number("evicted_keys", removed(RemovalCause::kEvicted));
  out.section("Keyspace");
  if (entries != 0) {
    out.value("db0", "keys=" + std::to_string(entries) + ",expires=" + std::to_string(entries_with_ttl) + ",avg_ttl=0");
  }
  out.section("Larder");  // what Redis does not have
  out.own("shards", shards);
  out.own("bytes_entries", bytes_entries);
  out.own("bytes_index", bytes_index);
  out.own("bytes_set_aside", bytes_set_aside);
  out.own("bytes_pinned", bytes_pinned);
  out.own("bytes_dirty", bytes_dirty);
  for (std::size_t i = 0; i < kRemovalCauses; ++i) {
    out.own("removed_" + std::string(to_string(static_cast<RemovalCause>(i))), removals[i]);
  }
  for (const Counter& counter : kCounters) out.own(counter.name, this->*counter.number);
  if (!size_advice.sentence.empty()) {
    out.value("larder_size_advice", size_advice.sentence);
    out.own("size_advice_samples", size_advice.samples);
  }
  for (const AdvisedSize& size : sizes_of(size_advice)) {
    if (size_advice.known)
      out.value(("larder_size_advice_hit_ratio_" + std::string(size.name)).c_str(), digits(size.hit_ratio, 4));
  }
  if (!policy_advice.sentence.empty()) {
    out.value("larder_policy_advice", policy_advice.sentence);
    out.own("policy_advice_samples", policy_advice.samples);
  }
  if (policy_advice.known) out.value("larder_policy_advice_hit_ratio_now", digits(policy_advice.hit_ratio, 4));
  for (const PolicyAdvice::Other& other : policy_advice.others) {
    out.value(("larder_policy_advice_hit_ratio_" + other.name).c_str(), digits(other.hit_ratio, 4));
  }
  for (std::size_t i = 0; i < hot_keys.size(); ++i) {
    out.value(("larder_hot_key_" + std::to_string(i)).c_str(),
              "share=" + digits(hot_keys[i].share, 6) + ",key=" + printable(hot_keys[i].key));
  }
  out.own("loads_in_flight", loads_in_flight);
  out.own("waiting_for_items", waiting_for_items);
  out.latency("load", load_latency);
  out.own("negative_entries", entries_negative);
  out.latency("store_write", store_write_latency);
  out.own("dirty_items", dirty_items);
  out.own("dirty_oldest_ms", dirty_oldest_ms);
  out.own("store_left_alone", store_left_alone ? 1 : 0);
  out.value("larder_store_last_error", on_one_line(store_last_error));
  return out.take();
}

std::string Stats::to_prometheus(std::string_view cache) const {
  Prometheus out(cache);
  out.counter("hits", "Reads that found a value.", hits);
  out.counter("misses", "Reads that found none.", misses);
  out.head("removals_total", "counter", "Entries that left, by cause.");
  for (std::size_t i = 0; i < kRemovalCauses; ++i) {
    out.value("removals_total", removals[i], "cause=\"" + std::string(to_string(static_cast<RemovalCause>(i))) + "\"");
  }
  for (const Counter& counter : kCounters) out.counter(counter.name, counter.help, this->*counter.number);
  if (!size_advice.sentence.empty())
    out.gauge("size_advice_samples", "Uses of sampled keys, of late, that advice on the size rests on.",
              size_advice.samples);
  if (size_advice.known) {
    out.head("size_advice_hit_ratio", "gauge", "The hit ratio of late, of this cache (size 1) and others, estimated.");
    for (const AdvisedSize& size : sizes_of(size_advice)) {
      out.ratio("size_advice_hit_ratio", digits(size.hit_ratio, 4), "size=\"" + std::string(size.factor) + "\"");
    }
  }
  if (!policy_advice.sentence.empty())
    out.gauge("policy_advice_samples", "Uses of sampled keys, of late, that advice on the policy rests on.",
              policy_advice.samples);
  if (policy_advice.known) {
    out.head("policy_advice_hit_ratio", "gauge",
             "The hit ratio of late, with this cache's policy and others, estimated.");
    out.ratio("policy_advice_hit_ratio", digits(policy_advice.hit_ratio, 4), "policy=\"" + escaped(policy) + "\"");
    for (const PolicyAdvice::Other& other : policy_advice.others) {
      out.ratio("policy_advice_hit_ratio", digits(other.hit_ratio, 4), "policy=\"" + other.name + "\"");
    }
  }
  if (!hot_keys.empty())
    out.head("hot_key_share", "gauge", "The shares of the uses of late that the most used keys have.");
  for (const HotKey& hot : hot_keys) {
    out.ratio("hot_key_share", digits(hot.share, 6), "key=\"" + escaped(printable(hot.key)) + "\"");
  }
  out.gauge("loads_in_flight", "Loads that run now.", loads_in_flight);
  out.gauge("waiting_for_items", "Calls that wait for something to take.", waiting_for_items);
  out.latency("load_seconds", "How long loads took.", load_latency);
  out.latency("store_write_seconds", "How long write-back's calls of the backing store took.", store_write_latency);
  out.gauge("entries", "Entries now.", entries);
  out.gauge("entries_with_ttl", "Entries with a time to live.", entries_with_ttl);
  out.gauge("entries_negative", "Remembered absences and failures of loads.", entries_negative);
  out.gauge("max_memory_bytes", "The bound; 0: none.", max_memory);
  out.gauge("used_bytes", "All that is charged.", bytes_used);
  out.head("bytes", "gauge", "What is charged, by kind.");
  out.value("bytes", bytes_data, "kind=\"data\"");
  out.value("bytes", bytes_entries, "kind=\"entries\"");
  out.value("bytes", bytes_index, "kind=\"index\"");
  out.value("bytes", bytes_set_aside, "kind=\"set_aside\"");
  out.value("bytes", bytes_fixed, "kind=\"fixed\"");
  out.gauge("pinned_bytes", "Data held by handles.", bytes_pinned);
  out.gauge("dirty_bytes", "Data not yet written to a store.", bytes_dirty);
  out.gauge("dirty_items", "Writes that are not in the backing store yet.", dirty_items);
  out.gauge("dirty_oldest_milliseconds", "How long the oldest of them has waited.", dirty_oldest_ms);
  out.gauge("store_left_alone", "1: it failed too often, and the circuit breaker is open.", store_left_alone);
  out.head("info", "gauge", "How the cache is set up; always 1.");
  out.value("info", 1, "policy=\"" + escaped(policy) + "\",shards=\"" + std::to_string(shards) + "\"");
  return out.take();
}

}  // namespace larder
