// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "larder/staleness.h"

namespace larder::loading {

inline constexpr Milliseconds kTimeMax{std::int64_t{1} << 46};  // about 2,000 years

const char* wrong_in_times(const Staleness& staleness, Milliseconds lives) noexcept;

// What makes no sense of it, for values that live so long (zero: nobody knows). Null: nothing.
inline const char* wrong_in(const Staleness& staleness, Milliseconds lives) noexcept {
  if (staleness == Staleness{}) [[likely]]
    return nullptr;
  return wrong_in_times(staleness, lives);
}

}  // namespace larder::loading
