// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How far a process grows over max_memory when a cache of Larder's lives through random writes: keys drawn from four
// times as many as fit, values of 16 to 512 bytes, four writes for each entry that fits. Sizes change under every key,
// which is what pulls an allocator's classes apart. Prints its figures for run_child.
#pragma once

#include <cstdint>

#include "larder/memory.h"

namespace larder::bench {

// REQUIRES: nothing of note has run in this process before.
void print_churn(Allocator& allocator, std::uint64_t max_memory);

}  // namespace larder::bench
