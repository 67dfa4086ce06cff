// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace larder::base {

// Starts fetching a cache line; any address will do. The empty statement is an effect: g++ 12 takes a function that
// does nothing but prefetch for one that does nothing, and drops calls of it.
inline void prefetch(const void* address) noexcept {
  __builtin_prefetch(address);
  asm volatile("");
}

}  // namespace larder::base
