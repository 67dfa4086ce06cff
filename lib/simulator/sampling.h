// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Samples of a trace that keep its miss ratios: all requests of some of its objects, which a hash of them chooses, and
// caches smaller by the same rate (C. Waldspurger, N. Park, A. Garthwaite, I. Ahmad, "Efficient MRC construction with
// SHARDS", FAST 2015; for policies other than LRU: C. Waldspurger, T. Saemundsson, I. Ahmad, N. Park, USENIX ATC 2017).
//
// Misses are counted in proportion to the requests that the sample should have had, not to those it has (SHARDS-adj):
// whether a few very popular objects are in it or not changes the number of its requests, and few of its misses.
//
// Thread safety: plain functions.
#pragma once

#include <cstdint>

#include "simulator/replay.h"
#include "simulator/trace.h"

namespace larder::simulator {

// O(requests). Its times are left out. REQUIRES: 0 < rate <= 1.
Trace sampled(const Trace& trace, double rate, std::uint64_t seed = 1);

// What the whole trace, of which `whole` has requests and bytes, would have counted, by what its sample did.
Counts scaled_up(const Counts& sample, const Counts& whole, double rate);

}  // namespace larder::simulator
