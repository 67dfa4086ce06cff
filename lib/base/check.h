// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Programmer errors stop the program with a message. Operating errors are Status, never this.
#pragma once

#include <string_view>

namespace larder::base {
// Stops the program with a message, and with the place in our code if that says anything.
[[noreturn]] void die(std::string_view what, const char* file = nullptr, int line = 0) noexcept;
}  // namespace larder::base

#define LARDER_CHECK(condition, what) \
  ((condition) ? static_cast<void>(0) : ::larder::base::die(what, __FILE__, __LINE__))

// For what is too dear to check in a release: on in debug and sanitizer builds.
#if defined(LARDER_CHECKS)
#define LARDER_DCHECK(condition, what) LARDER_CHECK(condition, what)
#else
#define LARDER_DCHECK(condition, what) static_cast<void>(0)
#endif
