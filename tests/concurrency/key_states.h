// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One key as the sequential specification has it: what an operation may answer in a state, and the state after it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "concurrency/history.h"
#include "concurrency/linearizability.h"

namespace larder::concurrency {

struct KeyState {
  // A string, or a collection as one: see key_states.cc.
  std::optional<std::string> value = {};
  // Versions that were read since the last change, sorted: only with one of these may compare_and_set succeed.
  std::vector<std::uint64_t> versions = {};
  auto operator<=>(const KeyState&) const = default;
};

// The states the key may be in, sorted, each once. None: the history so far is impossible.
using KeyStates = std::vector<KeyState>;

KeyStates initial_states();
KeyStates after(const KeyStates& states, const Operation& operation, Loss loss);

}  // namespace larder::concurrency
