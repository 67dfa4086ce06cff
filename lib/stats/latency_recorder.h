// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A LatencyHistogram in the making. Thread safety: all of it; the parts of a snapshot may be a few records apart.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>

#include "larder/stats.h"

namespace larder::stats {

class LatencyRecorder {
 public:
  void record(std::uint64_t us) noexcept {
    count_.fetch_add(1, std::memory_order_relaxed);
    sum_us_.fetch_add(us, std::memory_order_relaxed);
    const auto bucket = std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(us)), buckets_.size() - 1);
    buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
    std::uint64_t max = max_us_.load(std::memory_order_relaxed);
    while (us > max && !max_us_.compare_exchange_weak(max, us, std::memory_order_relaxed)) {
    }
  }
  LatencyHistogram snapshot() const noexcept {
    LatencyHistogram histogram;
    histogram.count = count_.load(std::memory_order_relaxed);
    histogram.sum_us = sum_us_.load(std::memory_order_relaxed);
    histogram.max_us = max_us_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < buckets_.size(); ++i)
      histogram.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
    return histogram;
  }

 private:
  std::atomic<std::uint64_t> count_{0}, sum_us_{0}, max_us_{0};
  std::array<std::atomic<std::uint64_t>, std::tuple_size_v<decltype(LatencyHistogram::buckets)>> buckets_{};
};

}  // namespace larder::stats
