// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/sampling.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace larder::simulator {

Trace sampled(const Trace& trace, double rate, std::uint64_t seed) {
  constexpr std::uint32_t kOut = UINT32_MAX;
  constexpr std::uint32_t kNotSeen = kOut - 1;
  const auto threshold = static_cast<std::uint64_t>(std::ldexp(rate, 32));  // of the upper half of a hash
  std::vector<std::uint32_t> renumbered(trace.objects, kNotSeen);
  const std::uint64_t salt = base::mix64(seed);
  Trace sample;
  for (std::size_t i = 0; i < trace.ids.size(); ++i) {
    std::uint32_t& number = renumbered[trace.ids[i]];
    if (number == kNotSeen) number = base::mix64(trace.ids[i] + salt) >> 32 < threshold ? sample.objects++ : kOut;
    if (number == kOut) continue;
    sample.ids.push_back(number);
    if (!trace.sizes.empty()) sample.sizes.push_back(trace.sizes[i]);
    if (!trace.ops.empty()) sample.ops.push_back(trace.ops[i]);
    if (!trace.moments.empty()) sample.moments.push_back(trace.moments[i]);
  }
  return sample;
}

Counts scaled_up(const Counts& sample, const Counts& whole, double rate) {
  const auto scaled = [rate](std::uint64_t part, std::uint64_t most) {
    return std::min(static_cast<std::uint64_t>(std::llround(static_cast<double>(part) / rate)), most);
  };
  Counts counts = whole;
  counts.misses = scaled(sample.misses, whole.requests);
  counts.missed_bytes = scaled(sample.missed_bytes, whole.bytes);
  return counts;
}

}  // namespace larder::simulator
