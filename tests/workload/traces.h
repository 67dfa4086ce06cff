// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Traces for tests of hit ratios: one that is made, and public ones where they are at hand. Includers are built with
// LARDER_SOURCE_DIR, and link the simulator.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "bench/workload/zipf.h"
#include "simulator/trace.h"
#include "support/public_traces.h"

namespace larder::workload {

// Numbers of objects, by Zipf's law, and now and then 5,000 in a row that come only once.
inline std::vector<std::uint32_t> zipf_with_scans(std::size_t requests) {
  constexpr std::uint32_t kObjects = 20'000;
  bench::Zipf ranks(kObjects, bench::Zipf::kExponent, 5);
  base::Random random(6);
  std::vector<std::uint32_t> ids;
  std::uint32_t fresh = kObjects;
  while (ids.size() < requests) {
    ids.push_back(static_cast<std::uint32_t>(ranks.next()));
    if (random.below(kObjects) != 0) continue;
    for (int i = 0; i < 5'000; ++i) ids.push_back(fresh++);
  }
  return ids;
}

// None where they are not at hand.
inline std::optional<simulator::Trace> public_trace(const std::string& name) {
  const auto folder = support::public_traces();
  if (!folder) return std::nullopt;
  simulator::TraceResult read = simulator::read_trace((*folder / (name + ".ltrc.gz")).string());
  EXPECT_TRUE(read) << read.error;
  return std::move(read.trace);
}

}  // namespace larder::workload
