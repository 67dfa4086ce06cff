// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The smallest program that shows that headers and library fit together.
#include <larder/cache.h>

#include <iostream>
#include <string>

int main() {
  larder::Cache cache({.max_memory = 1 << 20});
  if (const auto stored = cache.set("user:42", "Ada"); !stored.ok()) {
    std::cerr << stored.status().to_string() << '\n';
    return 1;
  }
  const auto name = cache.get("user:42");
  if (!name || *name != "Ada") return 1;
  std::cout << *name << '\n';
  return cache.get("user:43").missing() ? 0 : 1;
}
