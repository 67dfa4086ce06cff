// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Integers as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace larder::base {

// A decimal 64-bit integer in its one canonical form: no sign but '-', no leading zero, no space, no "-0".
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;

}  // namespace larder::base
