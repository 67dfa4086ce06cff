// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// LRU at any number of sizes in one pass (R. Mattson, J. Gecsei, D. Slutz, I. Traiger, IBM Systems Journal 9(2), 1970).
// An LRU cache holds the objects used last, as many as fit: so a get hits in all caches that are at least as large as
// its stack distance, the weight of the object and of all that were used since its last use, each counted once.
//
// Each use takes the next slot of a row, and gives the one before free: the distance is the weight in the slots from
// there on. Sums over blocks of slots stand in a Fenwick tree; a row that is full is closed up.
//
// Exact for objects of one weight, and for weights if none changes or exceeds the smallest cache (see
// `one_pass_is_exact`). Cost: O(log objects) a request, a small multiple of one replay; 24 bytes an object.
//
// Thread safety: plain functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "simulator/replay.h"
#include "simulator/trace.h"

namespace larder::simulator {

// Whether `lru_curve` says what LRU would do: gets alone, and weights as above. O(requests) with weights.
bool one_pass_is_exact(const Trace& trace, Weights weights, std::uint64_t smallest_capacity);

// What an LRU cache of each capacity would count. REQUIRES: one_pass_is_exact.
std::vector<Counts> lru_curve(const Trace& trace, Weights weights, std::span<const std::uint64_t> capacities,
                              Tick tick);

}  // namespace larder::simulator
