// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Stats as text: for people and tools that know Redis's INFO, and for Prometheus.
#include <cinttypes>
#include <cstdarg>
#include <cstdio>

#include "base/c_locale.h"
#include "larder/stats.h"

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
  void one(const char* name, const char* type, const char* help, std::uint64_t number) {
    head(name, type, help);
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
  Text text;
  text.line("# Server\r\nredis_mode:standalone\r\nlarder_shards:%" PRIu64 "\r\n", shards);
  text.line("\r\n# Memory\r\nused_memory:%" PRIu64 "\r\nused_memory_human:%s\r\n", bytes_used,
            human(bytes_used).c_str());
  text.line("used_memory_overhead:%" PRIu64 "\r\nused_memory_startup:%" PRIu64 "\r\nused_memory_dataset:%" PRIu64
            "\r\n",
            bytes_used - bytes_data, bytes_fixed, bytes_data);
  text.line("maxmemory:%" PRIu64 "\r\nmaxmemory_human:%s\r\nmaxmemory_policy:%s\r\n", max_memory,
            human(max_memory).c_str(), on_one_line(policy).c_str());
  text.line("larder_bytes_entries:%" PRIu64 "\r\nlarder_bytes_index:%" PRIu64 "\r\nlarder_bytes_set_aside:%" PRIu64
            "\r\n",
            bytes_entries, bytes_index, bytes_set_aside);
  text.line("larder_bytes_pinned:%" PRIu64 "\r\nlarder_bytes_dirty:%" PRIu64 "\r\n", bytes_pinned, bytes_dirty);
  text.line("\r\n# Stats\r\nkeyspace_hits:%" PRIu64 "\r\nkeyspace_misses:%" PRIu64 "\r\n", hits, misses);
  text.line("expired_keys:%" PRIu64 "\r\nevicted_keys:%" PRIu64 "\r\n",
            removed(RemovalCause::kExpired) + removed(RemovalCause::kIdle), removed(RemovalCause::kEvicted));
  for (std::size_t i = 0; i < kRemovalCauses; ++i) {
    text.line("larder_removed_%s:%" PRIu64 "\r\n", std::string(to_string(static_cast<RemovalCause>(i))).c_str(),
              removals[i]);
  }
  text.line("larder_writes:%" PRIu64 "\r\nlarder_refused_out_of_memory:%" PRIu64 "\r\n", writes, refused_out_of_memory);
  text.line("larder_loads:%" PRIu64 "\r\nlarder_loads_failed:%" PRIu64 "\r\nlarder_loads_joined:%" PRIu64 "\r\n", loads,
            loads_failed, loads_joined);
  text.line("larder_loads_discarded:%" PRIu64 "\r\nlarder_loads_not_stored:%" PRIu64 "\r\n", loads_discarded,
            loads_not_stored);
  text.line("larder_served_stale:%" PRIu64 "\r\nlarder_refreshes:%" PRIu64 "\r\n", served_stale, refreshes);
  text.line("larder_loads_in_flight:%" PRIu64 "\r\n", loads_in_flight);
  text.line("larder_load_us_p50:%" PRIu64 "\r\nlarder_load_us_p99:%" PRIu64 "\r\nlarder_load_us_max:%" PRIu64 "\r\n",
            load_latency.quantile_us(0.5), load_latency.quantile_us(0.99), load_latency.max_us);
  text.line("larder_negative_entries:%" PRIu64 "\r\n", entries_negative);
  text.line("larder_store_loads:%" PRIu64 "\r\nlarder_store_loads_failed:%" PRIu64 "\r\n", store_loads,
            store_loads_failed);
  text.line("larder_store_writes:%" PRIu64 "\r\nlarder_store_writes_failed:%" PRIu64
            "\r\nlarder_store_writes_unknown:%" PRIu64 "\r\n",
            store_writes, store_writes_failed, store_writes_unknown);
  text.line("larder_writes_coalesced:%" PRIu64 "\r\nlarder_write_batches:%" PRIu64 "\r\n", writes_coalesced,
            write_batches);
  text.line("larder_write_retries:%" PRIu64 "\r\nlarder_write_queue_full:%" PRIu64 "\r\n", write_retries,
            write_queue_full);
  text.line("larder_dead_letters:%" PRIu64 "\r\nlarder_dead_letter_failures:%" PRIu64 "\r\n", dead_letters,
            dead_letter_failures);
  text.line("larder_store_write_us_p50:%" PRIu64 "\r\nlarder_store_write_us_p99:%" PRIu64
            "\r\nlarder_store_write_us_max:%" PRIu64 "\r\n",
            store_write_latency.quantile_us(0.5), store_write_latency.quantile_us(0.99), store_write_latency.max_us);
  text.line("larder_dirty_items:%" PRIu64 "\r\nlarder_dirty_oldest_ms:%" PRIu64 "\r\nlarder_store_left_alone:%d\r\n",
            dirty_items, dirty_oldest_ms, store_left_alone ? 1 : 0);
  text.line("\r\n# Keyspace\r\n");
  if (entries != 0) text.line("db0:keys=%" PRIu64 ",expires=%" PRIu64 ",avg_ttl=0\r\n", entries, entries_with_ttl);
  return text.take();
}

std::string Stats::to_prometheus(std::string_view cache) const {
  Prometheus out(cache);
  out.one("hits_total", "counter", "Reads that found a value.", hits);
  out.one("misses_total", "counter", "Reads that found none.", misses);
  out.one("writes_total", "counter", "Entries created or changed.", writes);
  out.head("removals_total", "counter", "Entries that left, by cause.");
  for (std::size_t i = 0; i < kRemovalCauses; ++i) {
    out.value("removals_total", removals[i], "cause=\"" + std::string(to_string(static_cast<RemovalCause>(i))) + "\"");
  }
  out.one("refused_out_of_memory_total", "counter", "Writes refused because nothing may be evicted.",
          refused_out_of_memory);
  out.one("loads_total", "counter", "Loader calls that have ended.", loads);
  out.one("loads_failed_total", "counter", "Loads that failed.", loads_failed);
  out.one("loads_joined_total", "counter", "Callers that waited for another's load.", loads_joined);
  out.one("loads_discarded_total", "counter", "Loads overtaken by a write.", loads_discarded);
  out.one("loads_not_stored_total", "counter", "Loads whose value was too large or found no room.", loads_not_stored);
  out.one("served_stale_total", "counter", "Answers older than they should be.", served_stale);
  out.one("refreshes_total", "counter", "Keys loaded again ahead of their time.", refreshes);
  out.one("loads_in_flight", "gauge", "Loads that run now.", loads_in_flight);
  out.latency("load_seconds", "How long loads took.", load_latency);
  out.one("store_loads_total", "counter", "Keys that the backing store was asked for.", store_loads);
  out.one("store_loads_failed_total", "counter", "Of those: failed.", store_loads_failed);
  out.one("store_writes_total", "counter", "Mutations that the backing store was given.", store_writes);
  out.one("store_writes_failed_total", "counter", "Of those: certainly not written.", store_writes_failed);
  out.one("store_writes_unknown_total", "counter", "Of those: nobody knows.", store_writes_unknown);
  out.one("writes_coalesced_total", "counter", "Writes in place of one that had not left yet.", writes_coalesced);
  out.one("write_batches_total", "counter", "Calls of the backing store by write-back.", write_batches);
  out.one("write_retries_total", "counter", "Mutations that came back to be tried again.", write_retries);
  out.one("write_queue_full_total", "counter", "Writers that found the buffer full.", write_queue_full);
  out.one("dead_letters_total", "counter", "Writes handed over that the backing store did not take.", dead_letters);
  out.one("dead_letter_failures_total", "counter", "Exceptions thrown by who takes them.", dead_letter_failures);
  out.latency("store_write_seconds", "How long write-back's calls of the backing store took.", store_write_latency);
  out.one("listener_failures_total", "counter", "Exceptions thrown by the removal listener.", listener_failures);
  out.one("entries", "gauge", "Entries now.", entries);
  out.one("entries_with_ttl", "gauge", "Entries with a time to live.", entries_with_ttl);
  out.one("entries_negative", "gauge", "Remembered absences and failures of loads.", entries_negative);
  out.one("max_memory_bytes", "gauge", "The bound; 0: none.", max_memory);
  out.one("used_bytes", "gauge", "All that is charged.", bytes_used);
  out.head("bytes", "gauge", "What is charged, by kind.");
  out.value("bytes", bytes_data, "kind=\"data\"");
  out.value("bytes", bytes_entries, "kind=\"entries\"");
  out.value("bytes", bytes_index, "kind=\"index\"");
  out.value("bytes", bytes_set_aside, "kind=\"set_aside\"");
  out.value("bytes", bytes_fixed, "kind=\"fixed\"");
  out.one("pinned_bytes", "gauge", "Data held by handles.", bytes_pinned);
  out.one("dirty_bytes", "gauge", "Data not yet written to a store.", bytes_dirty);
  out.one("dirty_items", "gauge", "Writes that are not in the backing store yet.", dirty_items);
  out.one("dirty_oldest_milliseconds", "gauge", "How long the oldest of them has waited.", dirty_oldest_ms);
  out.one("store_left_alone", "gauge", "1: it failed too often, and the circuit breaker is open.", store_left_alone);
  out.head("info", "gauge", "How the cache is set up; always 1.");
  out.value("info", 1, "policy=\"" + escaped(policy) + "\",shards=\"" + std::to_string(shards) + "\"");
  return out.take();
}

}  // namespace larder
