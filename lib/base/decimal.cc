// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/decimal.h"

#include <charconv>
#include <system_error>

namespace larder::base {

std::optional<double> parse_decimal(std::string_view text) noexcept {
  const std::string_view whole = text.substr(0, text.find('.'));
  const std::string_view behind = text.substr(whole.size());
  if (whole.empty() || whole.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  if (behind.size() == 1 || behind.find_first_not_of("0123456789", 1) != std::string_view::npos) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace larder::base
