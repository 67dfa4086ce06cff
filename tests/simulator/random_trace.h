// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Traces drawn at random: some objects are popular, and sizes stay with their objects or not.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "simulator/trace.h"

namespace larder::simulator {

struct RandomTrace {
  std::size_t requests = 1'000;
  std::uint32_t objects = 100;
  std::uint32_t size_max = 0;  // 0: no sizes
  bool sizes_change = false;
  bool ops = false;
  bool ttls = false;
};

inline Trace make(const RandomTrace& wanted, std::mt19937_64& random) {
  Trace trace;
  std::vector<std::uint32_t> number(wanted.objects, UINT32_MAX);
  std::vector<std::uint32_t> size_of(wanted.objects);
  std::uint64_t now_ms = 1'000;
  for (std::size_t i = 0; i < wanted.requests; ++i) {
    const auto object = static_cast<std::uint32_t>(std::min(random() % wanted.objects, random() % wanted.objects));
    if (number[object] == UINT32_MAX) number[object] = trace.objects++;
    trace.ids.push_back(number[object]);
    if (wanted.size_max != 0) {
      std::uint32_t& size = size_of[object];
      if (size == 0 || wanted.sizes_change) size = 1 + static_cast<std::uint32_t>(random() % wanted.size_max);
      trace.sizes.push_back(size);
    }
    if (wanted.ops) {
      const std::uint64_t draw = random() % 10;
      trace.ops.push_back(draw < 7 ? Trace::Op::kGet : draw < 9 ? Trace::Op::kSet : Trace::Op::kDelete);
    }
    if (wanted.ttls) {
      now_ms += random() % 3 * 500;
      trace.moments.push_back({random() % 20 == 0 ? now_ms - 700 : now_ms, random() % 3 == 0 ? 0 : random() % 40'000});
    }
  }
  return trace;
}

}  // namespace larder::simulator
