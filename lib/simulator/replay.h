// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A trace replayed through a cache (SimulatedCache, BeladyCache).
//
// A get that misses stores the object; only gets are counted. A set stores, whatever was there before. What has a time
// to live leaves the cache when that is over: the request at that very moment misses. Where time goes back, it stands.
//
// Cost: O(requests) look-ups; with times to live also 16 bytes for each store of the last ttl, in a heap, and 8 an
// object. Thread safety: none; the trace may be shared.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "larder/function_ref.h"
#include "simulator/trace.h"

namespace larder::simulator {

// Of gets. Bytes are those of the trace's sizes; 0 if it has none.
struct Counts {
  std::uint64_t requests = 0;
  std::uint64_t misses = 0;
  std::uint64_t bytes = 0;
  std::uint64_t missed_bytes = 0;

  double miss_ratio() const { return ratio(misses, requests); }
  double byte_miss_ratio() const { return ratio(missed_bytes, bytes); }

 private:
  static double ratio(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }
};

// What an object weighs: its size, or 1.
enum class Weights : std::uint8_t { kOnes, kSizes };

// Called now and then with how many requests were replayed since; false ends the replay.
using Tick = FunctionRef<bool(std::uint64_t)>;
inline constexpr std::uint32_t kTickRequests = 1 << 16;

// What is to leave when.
class Expiries {
 public:
  explicit Expiries(std::uint32_t objects) : deadlines_(objects) {}

  template <typename Cache>
  void advance(Cache& cache, std::uint64_t now_ms) {
    now_ms_ = std::max(now_ms_, now_ms);
    while (!queue_.empty() && queue_.top().first <= now_ms_) {
      const auto [deadline, number] = queue_.top();
      queue_.pop();
      if (deadlines_[number] == deadline) cache.erase(number);
    }
  }
  // The object is stored now.
  void stored(std::uint32_t number, std::uint64_t ttl_ms) {
    deadlines_[number] = ttl_ms == 0 ? 0 : now_ms_ + std::min(ttl_ms, UINT64_MAX - now_ms_);
    if (ttl_ms != 0) queue_.emplace(deadlines_[number], number);
  }

 private:
  using Deadline = std::pair<std::uint64_t, std::uint32_t>;
  std::uint64_t now_ms_ = 0;
  std::vector<std::uint64_t> deadlines_;  // 0: none
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> queue_;
};

template <typename Cache>
Counts replay_all_ops(Cache& cache, const Trace& trace, Weights weights, Tick tick) {
  Counts counts;
  Expiries expiries(trace.moments.empty() ? 0 : trace.objects);
  for (std::uint32_t i = 0; i < trace.ids.size(); ++i) {
    const std::uint32_t number = trace.ids[i];
    const std::uint32_t size = trace.sizes.empty() ? 0 : trace.sizes[i];
    const std::uint32_t weight = weights == Weights::kSizes ? size : 1;
    const Trace::Op op = trace.ops.empty() ? Trace::Op::kGet : trace.ops[i];
    cache.begin(i);
    if (!trace.moments.empty()) expiries.advance(cache, trace.moments[i].now_ms);
    bool stored = false;
    switch (op) {
      case Trace::Op::kDelete: cache.erase(number); break;
      case Trace::Op::kSet:
        cache.store(number, weight);
        stored = true;
        break;
      case Trace::Op::kGet:
        stored = !cache.access(number, weight);
        ++counts.requests;
        counts.bytes += size;
        counts.misses += stored;
        counts.missed_bytes += stored ? size : 0;
    }
    if (stored && !trace.moments.empty()) expiries.stored(number, trace.moments[i].ttl_ms);
    if (i % kTickRequests == kTickRequests - 1 && !tick(kTickRequests)) break;
  }
  return counts;
}

// Gets alone. What a request will read is fetched while those before it run.
template <bool kSized, bool kWeighed, typename Cache>
Counts replay_gets(Cache& cache, const Trace& trace, Tick tick) {
  constexpr std::uint32_t kAhead = 8;
  Counts counts;
  const auto requests = static_cast<std::uint32_t>(trace.ids.size());
  const std::uint32_t* ids = trace.ids.data();
  const std::uint32_t* sizes = trace.sizes.data();
  for (std::uint32_t i = 0; i < requests;) {
    const std::uint32_t end = requests - i > kTickRequests ? i + kTickRequests : requests;
    const std::uint32_t begun = i;
    for (; i < end; ++i) {
      if (i + 2 * kAhead < end) {
        cache.prepare(ids[i + 2 * kAhead]);
        cache.prepare_more(ids[i + kAhead]);
      }
      cache.begin(i);
      const bool missed = !cache.access(ids[i], kWeighed ? sizes[i] : 1);
      counts.misses += missed;
      if constexpr (kSized) {
        counts.bytes += sizes[i];
        counts.missed_bytes += missed ? sizes[i] : 0;
      }
    }
    counts.requests += end - begun;
    if (!tick(end - begun)) break;
  }
  return counts;
}

// REQUIRES: sizes, if they are the weights.
template <typename Cache>
Counts replay(Cache& cache, const Trace& trace, Weights weights, Tick tick) {
  if (!trace.ops.empty() || !trace.moments.empty()) return replay_all_ops(cache, trace, weights, tick);
  if (weights == Weights::kSizes) return replay_gets<true, true>(cache, trace, tick);
  if (!trace.sizes.empty()) return replay_gets<true, false>(cache, trace, tick);
  return replay_gets<false, false>(cache, trace, tick);
}

}  // namespace larder::simulator
