// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How long the random tests run, and from which seeds: LARDER_FULL in the environment asks for long counts, LARDER_SEED
// for one seed, to see a failure again.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LARDER_TESTS_ARE_SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LARDER_TESTS_ARE_SLOW 1
#endif
#endif

namespace larder::support {

inline bool full_depth() { return std::getenv("LARDER_FULL") != nullptr; }

// How often something is done: `short_count` by default, `long_count` with LARDER_FULL; under a sanitizer a sixth of
// the one, a fifth of the other (docs/decisions/0011-depths-of-testing.md).
inline std::uint64_t count(std::uint64_t short_count, std::uint64_t long_count) {
#ifdef LARDER_TESTS_ARE_SLOW
  return full_depth() ? long_count / 5 + 1 : short_count / 6 + 1;
#else
  return full_depth() ? long_count : short_count;
#endif
}

// Where the random numbers of one test begin. Fixed by default, so that every run of one commit does the same.
inline std::uint64_t seed(std::uint64_t otherwise) {
  const char* text = std::getenv("LARDER_SEED");
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}
inline bool seed_is_given() { return std::getenv("LARDER_SEED") != nullptr; }

// For SCOPED_TRACE.
inline std::string how_to_repeat(std::uint64_t seed) { return "to repeat: LARDER_SEED=" + std::to_string(seed); }

}  // namespace larder::support
