// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace larder::base {

void die(std::string_view what, const char* file, int line) noexcept {
  std::fprintf(stderr, "larder: %.*s", static_cast<int>(what.size()), what.data());
  if (file != nullptr) std::fprintf(stderr, " (%s:%d)", file, line);
  std::fputc('\n', stderr);
  std::fflush(stderr);
  std::abort();
}

}  // namespace larder::base
