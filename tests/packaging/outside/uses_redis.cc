// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Opens a near cache where there is no server.
#include <larder/near_cache.h>

#include <iostream>

int main() {
  const auto near = larder::NearCache::open({.unix_path = "/nowhere/at/all"});
  std::cout << near.status().to_string() << '\n';
  return near.status().code() == larder::ErrorCode::kDisconnected ? 0 : 1;
}
