// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Whether a history of one key can be explained by an order of its operations in which each takes effect at one moment
// between its call and its return: linearizability.
//
// The search is that of Wing and Gong ("Testing and Verifying Concurrent Objects", 1993) with Lowe's memory of
// configurations ("Testing for Linearizability", 2017): depth first over which operation may come next, never twice
// with the same set of operations done and the same state. Exact; exponential at worst, fast where values tell
// operations apart.
//
// A key that may vanish at any time (eviction, expiry) is a nondeterministic object: its state is the set of states it
// may be in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "concurrency/history.h"

namespace larder::concurrency {

enum class Loss : std::uint8_t {
  kNone,     // what was written stays
  kAnyTime,  // the key may be gone at any moment
};

enum class Verdict : std::uint8_t { kLinearizable, kNot, kUndecided };

struct Judgement {
  Verdict verdict = Verdict::kUndecided;
  std::uint64_t steps = 0;
  // If it is not linearizable: how far the search came at best.
  std::string explanation;
};

// The key is missing at first. Operations need not be sorted.
Judgement judge(const std::vector<Operation>& history, Loss loss, std::uint64_t steps_max = 3'000'000);

// The same by trying every order: for histories of a handful of operations, to check the checker.
bool is_linearizable_by_brute_force(const std::vector<Operation>& history, Loss loss);

}  // namespace larder::concurrency
