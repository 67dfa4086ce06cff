// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a client may call itself.
#pragma once

#include <algorithm>
#include <string_view>

namespace larder::endpoint {

inline constexpr std::string_view kBadClientNameText =
    "ERR Client names cannot contain spaces, newlines or special characters.";

// Visible ASCII only, so that CLIENT LIST can be read by programs.
inline bool is_client_name(std::string_view name) noexcept {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
}

}  // namespace larder::endpoint
