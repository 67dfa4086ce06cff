// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Sizes of caches as a command line has them: "5000" objects, "64MiB", "10%" of a trace's footprint; and ranges of one
// of these, "100..100000", which stand for kRangeSizes sizes in equal ratios.
//
// Thread safety: plain functions on plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::simulator {

struct CacheSize {
  enum class Kind : std::uint8_t { kObjects, kBytes, kShare };
  Kind kind = Kind::kObjects;
  double number = 0;  // above 0; of kShare: 1 is all
};

inline constexpr int kRangeSizes = 12;

// A list with commas between. What is wrong with it; empty: nothing, and `sizes` has them behind those it had.
std::string parse_sizes(std::string_view list, std::vector<CacheSize>& sizes);

// What a trace has in it: its objects, and the sum of their first sizes; no bytes if it has no sizes.
struct Footprint {
  std::uint64_t objects = 0;
  std::optional<std::uint64_t> bytes;
};

struct Capacity {
  std::uint64_t number = 1;  // at least 1
  bool in_bytes = false;
  bool operator==(const Capacity&) const = default;
  std::string text() const { return std::to_string(number) + (in_bytes ? "B" : ""); }  // parse_sizes reads it again
};

// A share is of the bytes where there are some, else of the objects. None: it is in bytes, and there are none.
std::optional<Capacity> capacity_of(const CacheSize& size, const Footprint& footprint);

}  // namespace larder::simulator
