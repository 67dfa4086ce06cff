// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The table of a store that keeps its rows in one.
#pragma once

#include <string>
#include <string_view>

namespace larder::stores {

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
