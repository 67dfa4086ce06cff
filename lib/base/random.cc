// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <random>

namespace larder::base {

std::uint64_t unpredictable_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) ^ device();
}

}  // namespace larder::base
