// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>

namespace larder::base {

// memcpy for keys and small values: a few instructions without a call up to 32 bytes.
inline void copy_bytes(void* to, const void* from, std::size_t size) noexcept {
  auto* out = static_cast<char*>(to);
  const auto* in = static_cast<const char*>(from);
  // Two moves of half the size or more, which may overlap.
  const auto move_ends = [&](auto word) {
    auto last = word;
    std::memcpy(&word, in, sizeof word);
    std::memcpy(&last, in + size - sizeof last, sizeof last);
    std::memcpy(out, &word, sizeof word);
    std::memcpy(out + size - sizeof last, &last, sizeof last);
  };
  struct Words {
    unsigned long long first, second;
  };
  if (size > 32) {
    std::memcpy(out, in, size);
  } else if (size >= 16) {
    move_ends(Words{});
  } else if (size >= 8) {
    move_ends(0ULL);
  } else if (size >= 4) {
    move_ends(0U);
  } else {
    for (std::size_t i = 0; i < size; ++i) out[i] = in[i];
  }
}

}  // namespace larder::base
