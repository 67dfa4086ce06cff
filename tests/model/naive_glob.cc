// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Globs as Redis matches them.
#include <algorithm>
#include <functional>

#include "model/naive_model.h"

namespace larder::model {
namespace {

// Reads a class that begins behind its '['. Leaves `pattern` behind its ']', or empty if there is none.
bool class_has(std::string_view& pattern, unsigned char byte) {
  const bool inverted = !pattern.empty() && pattern[0] == '^';
  if (inverted) pattern.remove_prefix(1);
  bool found = false;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(pattern[i]); };
  while (!pattern.empty() && pattern[0] != ']') {
    if (pattern[0] == '\\' && pattern.size() >= 2) {
      found |= at(1) == byte;
      pattern.remove_prefix(2);
    } else if (pattern.size() >= 3 && pattern[1] == '-') {
      const unsigned char low = std::min(at(0), at(2));
      const unsigned char high = std::max(at(0), at(2));
      found |= low <= byte && byte <= high;
      pattern.remove_prefix(3);
    } else {
      found |= at(0) == byte;
      pattern.remove_prefix(1);
    }
  }
  if (!pattern.empty()) pattern.remove_prefix(1);
  return found != inverted;
}

// Whether one piece of a pattern that is no star, of which it is cut off, matches this byte.
using Piece = std::function<bool(unsigned char)>;
Piece take_piece(std::string_view& pattern) {
  if (pattern[0] == '?') {
    pattern.remove_prefix(1);
    return [](unsigned char) { return true; };
  }
  if (pattern[0] == '[') {
    const std::string_view rest = pattern.substr(1);
    pattern = rest;
    class_has(pattern, 0);
    return [rest](unsigned char byte) {
      std::string_view again = rest;
      return class_has(again, byte);
    };
  }
  if (pattern[0] == '\\' && pattern.size() >= 2) pattern.remove_prefix(1);
  const auto wanted = static_cast<unsigned char>(pattern[0]);
  pattern.remove_prefix(1);
  return [wanted](unsigned char byte) { return byte == wanted; };
}

}  // namespace

// Piece by piece: after how many bytes of the text may the pattern so far end?
bool glob_matches(std::string_view pattern, std::string_view text) {
  std::vector<bool> ends(text.size() + 1, false);
  ends[0] = true;
  while (!pattern.empty()) {
    std::vector<bool> next(text.size() + 1, false);
    if (pattern[0] == '*') {
      pattern.remove_prefix(1);
      const auto first = std::find(ends.begin(), ends.end(), true);
      std::fill(next.begin() + (first - ends.begin()), next.end(), true);
    } else {
      const Piece piece = take_piece(pattern);
      for (std::size_t i = 0; i < text.size(); ++i) next[i + 1] = ends[i] && piece(static_cast<unsigned char>(text[i]));
    }
    ends = next;
  }
  return ends.back();
}

}  // namespace larder::model
