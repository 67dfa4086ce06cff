// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Lists as a command line has them: "1%, 10%". Spaces around a piece do not count; nor, in some words, does case.
//
// Thread safety: plain functions on plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace larder::simulator {

inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

inline std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return result;
}

// At least one; a piece may be empty. They are views into the list.
inline std::vector<std::string_view> comma_pieces(std::string_view list) {
  std::vector<std::string_view> pieces;
  while (true) {
    const std::size_t comma = list.find(',');
    pieces.push_back(trimmed(list.substr(0, comma)));
    if (comma == std::string_view::npos) return pieces;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace larder::simulator
