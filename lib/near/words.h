// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The words of a command, some of which it keeps itself.
#pragma once

#include <cmath>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "larder/key_list.h"

namespace larder::near {

// So that it is read back as the same number.
inline std::string text_of_score(double score) {
  if (std::isinf(score)) return score < 0 ? "-inf" : "inf";
  char text[32];
  const int size = std::snprintf(text, sizeof text, "%.17g", score);
  std::string made(text, static_cast<std::size_t>(size));
  for (char& c : made) {
    if (c == ',') c = '.';  // by the locale
  }
  return made;
}

class Words {
 public:
  Words(std::initializer_list<std::string_view> words) : words_(words) {}

  Words& add(std::string word) {
    words_.emplace_back(kept_.emplace_back(std::move(word)));
    return *this;
  }
  Words& add(std::int64_t number) { return add(std::to_string(number)); }
  // These live as long as the command.
  Words& add(const KeyList& words) {
    words_.insert(words_.end(), words.begin(), words.end());
    return *this;
  }
  operator std::span<const std::string_view>() const noexcept { return words_; }

 private:
  std::vector<std::string_view> words_;
  std::deque<std::string> kept_;
};

}  // namespace larder::near
