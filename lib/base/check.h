// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Programmer errors stop the program with a message. Operating errors are Status, never this.
#pragma once

#include <string_view>

namespace larder::base {
[[noreturn]] void die(std::string_view what, const char* file, int line) noexcept;
}  // namespace larder::base

#define LARDER_CHECK(condition, what) \
  ((condition) ? static_cast<void>(0) : ::larder::base::die(what, __FILE__, __LINE__))

// For what is too dear to check in a release: on in debug and sanitizer builds.
#if defined(LARDER_CHECKS)
#define LARDER_DCHECK(condition, what) LARDER_CHECK(condition, what)
#else
#define LARDER_DCHECK(condition, what) static_cast<void>(0)
#endif
