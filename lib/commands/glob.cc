// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "commands/glob.h"

#include <cstddef>
#include <utility>

namespace larder::commands {
namespace {

struct Step {
  bool matches;
  std::size_t length;  // of the pattern's element
};

// [...] at the front of the pattern, against one byte. An unclosed set ends with the pattern.
Step match_set(std::string_view pattern, unsigned char byte) noexcept {
  std::size_t at = 1;
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool found = false;
  for (;; ++at) {
    if (at >= pattern.size()) return {found != negated, pattern.size()};
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      ++at;
      found |= static_cast<unsigned char>(pattern[at]) == byte;
    } else if (pattern[at] == ']') {
      return {found != negated, at + 1};
    } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
      auto low = static_cast<unsigned char>(pattern[at]);
      auto high = static_cast<unsigned char>(pattern[at + 2]);
      if (low > high) std::swap(low, high);
      found |= low <= byte && byte <= high;
      at += 2;
    } else {
      found |= static_cast<unsigned char>(pattern[at]) == byte;
    }
  }
}

// One element that is no star, against one byte.
Step match_one(std::string_view pattern, char byte) noexcept {
  switch (pattern[0]) {
    case '?': return {true, 1};
    case '[': return match_set(pattern, static_cast<unsigned char>(byte));
    case '\\':
      if (pattern.size() > 1) return {pattern[1] == byte, 2};
      [[fallthrough]];
    default: return {pattern[0] == byte, 1};
  }
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t at = 0;
  std::size_t in_text = 0;
  std::size_t behind_star = std::string_view::npos;  // where to try again, with the last star taking one byte more
  std::size_t star_took_to = 0;
  while (in_text < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      behind_star = ++at;
      star_took_to = in_text;
      continue;
    }
    if (at < pattern.size()) {
      const Step step = match_one(pattern.substr(at), text[in_text]);
      if (step.matches) {
        at += step.length;
        ++in_text;
        continue;
      }
    }
    if (behind_star == std::string_view::npos) return false;
    at = behind_star;
    in_text = ++star_took_to;
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace larder::commands
