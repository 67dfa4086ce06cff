// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Bytes written into a value at some offset; where it was shorter, zero bytes come before them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/hold_work.h"

namespace larder::keyspace {

struct Patch {
  std::uint64_t offset;
  std::string_view bytes;
};

inline std::uint64_t patched_size(std::uint64_t size, std::span<const Patch> patches) {
  for (const Patch& patch : patches) {
    if (!patch.bytes.empty()) size = std::max<std::uint64_t>(size, patch.offset + patch.bytes.size());
  }
  return size;
}

inline std::uint64_t patched_bytes(std::uint64_t size, std::uint64_t new_size, std::span<const Patch> patches) {
  std::uint64_t bytes = new_size - size;
  for (const Patch& patch : patches) bytes += patch.bytes.size();
  return bytes;
}

// `to` has new_size bytes, the first `kept` of which are there.
inline void write_patches(char* to, std::uint64_t kept, std::uint64_t new_size, std::span<const Patch> patches) {
  base::count_bytes(patched_bytes(kept, new_size, patches));
  std::memset(to + kept, 0, new_size - kept);
  for (const Patch& patch : patches) {
    if (!patch.bytes.empty()) std::memcpy(to + patch.offset, patch.bytes.data(), patch.bytes.size());
  }
}

}  // namespace larder::keyspace
