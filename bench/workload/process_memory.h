// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What this process holds of the machine's memory, as Linux counts it, and which allocator gives it out.
#pragma once

#include <cstdint>
#include <string>

namespace larder::bench {

struct ResidentMemory {
  std::uint64_t now = 0;      // VmRSS, in bytes
  std::uint64_t highest = 0;  // VmHWM, since the process began
};
ResidentMemory resident_memory();

// What could be had without swapping, in bytes. 0 if unknown.
std::uint64_t available_memory();

// Who serves malloc and operator new in this process, found out by asking for some: "mimalloc 2.0.9", "malloc of
// glibc 2.36", or both named where they differ. Only a program that links mimalloc can tell: see process_memory.cc.
std::string process_allocator();

}  // namespace larder::bench
