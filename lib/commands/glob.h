// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Redis's patterns: * any bytes, ? one, [abc] [a-c] [^a] one of or none of, \ takes the next byte as it is. On bytes.
// O(pattern x text) in time at the most, whatever the pattern; no recursion.
#pragma once

#include <string_view>

namespace larder::commands {

bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace larder::commands
