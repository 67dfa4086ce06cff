// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "larder/stats.h"

namespace larder {

std::uint64_t LatencyHistogram::quantile_us(double share) const noexcept {
  if (count == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i + 1 < buckets.size(); ++i) {
    seen += buckets[i];
    if (seen >= wanted && seen != 0) return std::min(std::uint64_t{1} << i, max_us);
  }
  return max_us;  // the last bucket has no upper end
}

}  // namespace larder
