// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// LARDER_BENCH_MIMALLOC is 1 where this file is compiled for a program that links mimalloc.
#include "bench/workload/process_memory.h"

#include <gnu/libc-version.h>

#include <cstdlib>
#include <fstream>
#include <new>
#include <string_view>

#if LARDER_BENCH_MIMALLOC
#include <mimalloc.h>
#endif

namespace larder::bench {
namespace {

// A field of a file of lines "Name:   123 kB", in bytes; 0 if it is not there.
std::uint64_t kilobyte_field(const char* path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) return std::stoull(line.substr(name.size())) * 1024;
  }
  return 0;
}

bool from_mimalloc([[maybe_unused]] const void* block) {
#if LARDER_BENCH_MIMALLOC
  return mi_is_in_heap_region(block);
#else
  return false;
#endif
}

std::string allocator_name(bool mimalloc) {
  if (!mimalloc) return std::string("malloc of glibc ") + gnu_get_libc_version();
#if LARDER_BENCH_MIMALLOC
  const int version = mi_version();  // 209: 2.0.9
  return "mimalloc " + std::to_string(version / 100) + "." + std::to_string(version / 10 % 10) + "." +
         std::to_string(version % 10);
#else
  return {};
#endif
}

}  // namespace

ResidentMemory resident_memory() {
  return {kilobyte_field("/proc/self/status", "VmRSS:"), kilobyte_field("/proc/self/status", "VmHWM:")};
}

std::uint64_t available_memory() { return kilobyte_field("/proc/meminfo", "MemAvailable:"); }

std::string process_allocator() {
  void* from_malloc = std::malloc(100);
  void* from_new = ::operator new(100);
  const bool malloc_is_mimalloc = from_mimalloc(from_malloc);
  const bool new_is_mimalloc = from_mimalloc(from_new);
  ::operator delete(from_new);
  std::free(from_malloc);
  if (malloc_is_mimalloc == new_is_mimalloc) return allocator_name(malloc_is_mimalloc);
  return allocator_name(malloc_is_mimalloc) + " (operator new: " + allocator_name(new_is_mimalloc) + ")";
}

}  // namespace larder::bench
