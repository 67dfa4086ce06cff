// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/side_by_side/results.h"

#include <algorithm>

namespace larder::bench {
namespace {

Spread ratios(const std::vector<double>& baseline, const std::vector<double>& own) {
  std::vector<double> samples;
  for (std::size_t i = 0; i < own.size() && i < baseline.size(); ++i) {
    if (own[i] > 0) samples.push_back(baseline[i] / own[i]);
  }
  return spread_of(std::move(samples));
}

}  // namespace

Spread spread_of(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::sort(samples.begin(), samples.end());
  const std::size_t middle = samples.size() / 2;
  const double median = samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
  return {median, samples.front(), samples.back()};
}

Spread Samples::cpu_ratio() const { return ratios(baseline_cpu_ns, cpu_ns); }
Spread Samples::wall_ratio() const { return ratios(baseline_wall_ns, wall_ns); }

Spread Samples::cpu_ratio_to(const Samples& other) const {
  std::vector<double> samples;
  const std::size_t rounds = std::min(cpu_ns.size(), other.cpu_ns.size());
  for (std::size_t i = 0; i < rounds; ++i) {
    samples.push_back(baseline_cpu_ns[i] / cpu_ns[i] * other.cpu_ns[i] / other.baseline_cpu_ns[i]);
  }
  return spread_of(std::move(samples));
}

const Samples* CellResult::peer(std::string_view name) const {
  const auto found =
      std::find_if(peers.begin(), peers.end(), [&](const Samples& peer) { return peer.facts.name == name; });
  return found == peers.end() ? nullptr : &*found;
}

}  // namespace larder::bench
