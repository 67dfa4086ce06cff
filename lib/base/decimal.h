// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Numbers as options and parameters have them.
#pragma once

#include <optional>
#include <string_view>

namespace larder::base {

// Digits, and maybe a point with digits behind it: "12", "0.5". No sign, exponent, space or name, and no point without
// a digit on either side. None as well if it is too large for a double.
std::optional<double> parse_decimal(std::string_view text) noexcept;

}  // namespace larder::base
