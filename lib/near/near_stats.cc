// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Statistics of a near cache as text.
#include "larder/near_cache.h"
#include "stats/texts.h"

namespace larder {
namespace {

struct Counter {
  const char* name;
  std::uint64_t NearCacheStats::*number;
  const char* help;
};
constexpr Counter kCounters[] = {
    {"near_hits", &NearCacheStats::hits, "Reads that were answered from a copy."},
    {"near_misses", &NearCacheStats::misses, "Reads that asked the server for something to keep."},
    {"near_bypassed", &NearCacheStats::bypassed, "Reads whose answer could not be kept."},
    {"near_round_trips", &NearCacheStats::round_trips, "Calls of the server."},
    {"near_invalidations", &NearCacheStats::invalidations, "Keys whose change the server has reported."},
    {"near_overtaken", &NearCacheStats::overtaken, "Answers that were not kept, as their key had changed meanwhile."},
    {"near_sessions", &NearCacheStats::sessions, "Times that it was connected."},
};

std::uint64_t count_of(Milliseconds time) { return static_cast<std::uint64_t>(time.count()); }

}  // namespace

std::string NearCacheStats::to_redis_info() const {
  stats::Info out;
  out.section("Near");
  out.own("near_connected", connected ? 1 : 0);
  out.own("near_connections", connections);
  for (const Counter& counter : kCounters) out.own(counter.name, this->*counter.number);
  for (std::size_t i = 0; i < kFlushCauses; ++i) {
    out.own("near_flushed_" + std::string(to_string(static_cast<FlushCause>(i))), flushes[i]);
  }
  out.own("near_since_sign_of_life_ms", count_of(since_sign_of_life));
  out.own("near_lag_ms", count_of(lag));
  out.latency("near_round_trip", round_trip);
  out.value("larder_near_last_error", stats::on_one_line(last_error));
  return cache.to_redis_info() + "\r\n" + out.take();
}

std::string NearCacheStats::to_prometheus(std::string_view cache_name) const {
  stats::Prometheus out(cache_name);
  out.gauge("near_connected", "1: the server reports changes.", connected);
  out.gauge("near_connections", "Connections to the server.", connections);
  for (const Counter& counter : kCounters) out.counter(counter.name, counter.help, this->*counter.number);
  out.head("near_flushes_total", "counter", "Times that all copies were dropped, by cause.");
  for (std::size_t i = 0; i < kFlushCauses; ++i) {
    out.value("near_flushes_total", flushes[i], "cause=\"" + std::string(to_string(static_cast<FlushCause>(i))) + "\"");
  }
  out.gauge("near_since_sign_of_life_milliseconds", "On the connection on which changes are reported.",
            count_of(since_sign_of_life));
  out.gauge("near_lag_milliseconds", "What is reported is seen so much later.", count_of(lag));
  out.latency("near_round_trip_seconds", "How long commands took that were answered.", round_trip);
  return cache.to_prometheus(cache_name) + out.take();
}

}  // namespace larder
