// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The policies by name: those of the engine (Eviction::names()), some with parameters, as in "s3-fifo:ghost=2"; and two
// that know the trace, "belady" and "belady-size" (belady.h).
//
// Thread safety: plain functions on plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "larder/eviction.h"

namespace larder::simulator {

struct Policy {
  enum class Kind : std::uint8_t { kEngine, kLru, kBelady, kBeladySize };
  std::string name;  // with its parameters, as it was given
  Kind kind = Kind::kEngine;
  PolicyFactory factory;  // of kEngine and kLru
};

// A list with commas between; a piece such as "small=0.2" belongs to the policy before it. What is wrong with it;
// empty: nothing, and `policies` has them behind those it had, each name once.
std::string parse_policies(std::string_view list, std::vector<Policy>& policies);

// For a help text: names and parameters.
std::string policies_text();

}  // namespace larder::simulator
