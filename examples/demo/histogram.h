// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Latencies in a log-linear histogram: 32 buckets to each power of two, so that a percentile is at most 3 % too high,
// over the whole range of nanoseconds, in 15 KiB.
//
// Thread safety: none. Each thread fills its own; `add` of a whole one brings them together.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace demo {

class Histogram {
 public:
  void add(std::chrono::nanoseconds latency) {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
    ++buckets_[bucket_of(ns)];
    ++count_;
    max_ns_ = std::max(max_ns_, ns);
  }

  void add(const Histogram& other) {
    for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
  }

  std::uint64_t count() const { return count_; }
  std::chrono::nanoseconds max() const { return std::chrono::nanoseconds(max_ns_); }

  // An upper bound of the given share (0 to 1) of the latencies; 0 if there are none.
  std::chrono::nanoseconds quantile(double share) const {
    const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += buckets_[i];
      if (seen > rank || (seen == count_ && seen > 0)) {
        return std::chrono::nanoseconds(std::min(upper_bound_of(i), max_ns_));
      }
    }
    return std::chrono::nanoseconds(0);
  }

 private:
  static constexpr unsigned kStepBits = 5;
  static constexpr std::size_t kSteps = std::size_t{1} << kStepBits;
  static constexpr std::size_t kBuckets = (64 - kStepBits + 1) * kSteps;

  // Below kSteps each number has a bucket. Above, the bucket is the power of two and the five bits behind the leading
  // one.
  static std::size_t bucket_of(std::uint64_t ns) {
    if (ns < kSteps) return static_cast<std::size_t>(ns);
    const auto power = static_cast<unsigned>(std::bit_width(ns)) - 1 - kStepBits;
    return (power + 1) * kSteps + static_cast<std::size_t>((ns >> power) - kSteps);
  }
  static std::uint64_t upper_bound_of(std::size_t bucket) {
    if (bucket < kSteps) return bucket;
    const std::size_t power = bucket / kSteps - 1;
    return ((kSteps + bucket % kSteps + 1) << power) - 1;
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ns_ = 0;
};

}  // namespace demo
