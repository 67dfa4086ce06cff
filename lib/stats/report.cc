// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Stats as text: for people and tools that know Redis's INFO, and for Prometheus.
#include <array>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>

#include "base/c_locale.h"
#include "larder/stats.h"
#include "stats/redis_policy_name.h"

namespace larder {
namespace {

class Text {
 public:
  __attribute__((format(printf, 2, 3))) void line(const char* format, ...) {
    const base::CLocale point;
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    const int size = std::vsnprintf(nullptr, 0, format, arguments);
    va_end(arguments);
    if (size > 0) {
      const std::size_t before = text_.size();
      text_.resize(before + static_cast<std::size_t>(size) + 1);  // and the zero at the end
      std::vsnprintf(text_.data() + before, static_cast<std::size_t>(size) + 1, format, again);
      text_.pop_back();
    }
    va_end(again);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

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

// What would end a line, or the text, in a name of the user's: a space instead.
std::string on_one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
  return out;
}

// A label's value, with what the format reserves escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else if (c != '\0') {
      out.push_back(c);
    }
  }
  return out;
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

class Info {
 public:
  void section(const char* name) { text_.line("%s# %s\r\n", first_ ? "" : "\r\n", name), first_ = false; }
  void value(const char* name, const std::string& value) { text_.line("%s:%s\r\n", name, value.c_str()); }
  void number(const char* name, std::uint64_t number) { text_.line("%s:%" PRIu64 "\r\n", name, number); }
  // A number of Larder's own, which Redis does not have.
  void own(std::string_view name, std::uint64_t value) { number(("larder_" + std::string(name)).c_str(), value); }
  void latency(const char* name, const LatencyHistogram& histogram) {
    own(name + std::string("_us_p50"), histogram.quantile_us(0.5));
    own(name + std::string("_us_p99"), histogram.quantile_us(0.99));
    own(name + std::string("_us_max"), histogram.max_us);
  }
  std::string take() { return text_.take(); }

 private:
  Text text_;
  bool first_ = true;
};

class Prometheus {
 public:
  explicit Prometheus(std::string_view cache) : label_("cache=\"" + escaped(cache) + "\"") {}

  void head(const char* name, const char* type, const char* help) {
    text_.line("# HELP larder_%s %s\n", name, help);
    text_.line("# TYPE larder_%s %s\n", name, type);
  }
  void value(const char* name, std::uint64_t number, const std::string& more = {}) {
    text_.line("larder_%s{%s%s%s} %" PRIu64 "\n", name, label_.c_str(), more.empty() ? "" : ",", more.c_str(), number);
  }
  void ratio(const char* name, const std::string& ratio, const std::string& more) {
    text_.line("larder_%s{%s,%s} %s\n", name, label_.c_str(), more.c_str(), ratio.c_str());
  }
  void counter(const char* name, const char* help, std::uint64_t number) {
    const std::string full = name + std::string("_total");
    head(full.c_str(), "counter", help);
    value(full.c_str(), number);
  }
  void gauge(const char* name, const char* help, std::uint64_t number) {
    head(name, "gauge", help);
    value(name, number);
  }
  void latency(const char* name, const char* help, const LatencyHistogram& histogram) {
    head(name, "histogram", help);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < histogram.buckets.size(); ++i) {
      below += histogram.buckets[i];
      text_.line("larder_%s_bucket{%s,le=\"%.10g\"} %" PRIu64 "\n", name, label_.c_str(),
                 static_cast<double>(std::uint64_t{1} << i) / 1e6, below);
    }
    text_.line("larder_%s_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n", name, label_.c_str(), histogram.count);
    text_.line("larder_%s_sum{%s} %.6f\n", name, label_.c_str(), static_cast<double>(histogram.sum_us) / 1e6);
    text_.line("larder_%s_count{%s} %" PRIu64 "\n", name, label_.c_str(), histogram.count);
  }
  std::string take() { return text_.take(); }

 private:
  std::string label_;
  Text text_;
};

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
