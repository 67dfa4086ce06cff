// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-growth: the figures of churn.h with the C library's malloc, which a program that links mimalloc does not have.
// larder-bench runs it.
#include <cstdlib>
#include <iostream>
#include <string>

#include "bench/side_by_side/churn.h"
#include "bench/workload/process_memory.h"
#include "larder/options.h"

int main(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "--help";
  char* end = nullptr;
  const unsigned long long max_memory = std::strtoull(first.c_str(), &end, 10);
  if (first == "--help") {
    std::cout << "usage: larder-growth BYTES\n\nHow far the process grows over a max_memory of BYTES, with "
              << larder::bench::process_allocator() << ".\n";
    return 0;
  }
  if (argc != 2 || *end != '\0' || max_memory < larder::kMaxMemoryMin) {
    std::cerr << "larder-growth: " << first << ": a number of bytes is wanted, at least " << larder::kMaxMemoryMin
              << "\n";
    return 2;
  }
  larder::bench::print_churn(larder::Allocator::standard(), max_memory);
}
