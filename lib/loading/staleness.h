// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "larder/staleness.h"

namespace larder::loading {

inline constexpr Milliseconds kTimeMax{std::int64_t{1} << 46};  // about 2,000 years

// What makes no sense of it, for values that live so long (zero: nobody knows). Null: nothing.
const char* wrong_in(const Staleness& staleness, Milliseconds lives) noexcept;

}  // namespace larder::loading
