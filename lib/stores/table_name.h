// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Names of tables go into SQL as they are: so they hold nothing that could end them.
#pragma once

#include <string>
#include <string_view>

#include "larder/status.h"

namespace larder::stores {

inline Status check_table_name(std::string_view name) {
  constexpr std::size_t kBytesMax = 48;  // PostgreSQL cuts names at 63, and we append to them
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  const bool begins_well = !name.empty() && (name[0] < '0' || name[0] > '9');
  if (begins_well && name.size() <= kBytesMax && name.find_first_not_of(kAllowed) == std::string_view::npos) return {};
  return {ErrorCode::kInvalidArgument, "table: letters, digits and underscores, at most 48, and no digit first"};
}

// What stands for <t> in the text, everywhere.
inline std::string with_table(std::string_view text, std::string_view table) {
  std::string filled;
  for (std::size_t at = 0;;) {
    const std::size_t next = text.find("<t>", at);
    filled += text.substr(at, next - at);
    if (next == std::string_view::npos) return filled;
    filled += table;
    at = next + 3;
  }
}

}  // namespace larder::stores
