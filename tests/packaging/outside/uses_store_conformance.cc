// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Tries a store that is none.
#include <larder/store_conformance.h>

#include <iostream>

int main() {
  const auto failures = larder::check_store({});
  for (const larder::ConformanceFailure& one : failures) std::cout << one.to_string() << '\n';
  return failures.size() == 1 ? 0 : 1;
}
