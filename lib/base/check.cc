// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace larder::base {

void die(std::string_view what, const char* file, int line) noexcept {
  std::fprintf(stderr, "larder: %.*s (%s:%d)\n", static_cast<int>(what.size()), what.data(), file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace larder::base
