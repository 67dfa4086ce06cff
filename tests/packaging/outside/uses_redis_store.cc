// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Opens a store where none can be.
#include <larder/stores/redis_store.h>

#include <iostream>

int main() {
  const auto store = larder::RedisStore::open({.unix_path = "/nowhere/at/all"});
  std::cout << store.status().to_string() << '\n';
  return store.status().code() == larder::ErrorCode::kStoreFailed ? 0 : 1;
}
