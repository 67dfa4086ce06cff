// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "commands/numbers.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/c_locale.h"

namespace larder::commands {
namespace {

// As isspace has it in the C locale.
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  if (text.empty() || text.size() > 20) return std::nullopt;
  const std::string_view digits = text[0] == '-' ? text.substr(1) : text;
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return std::nullopt;
  if (digits[0] == '0' && text.size() > 1) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

IntegerText format_integer(std::int64_t number) noexcept {
  IntegerText text;
  const auto [end, error] = std::to_chars(text.bytes, text.bytes + sizeof text.bytes, number);
  static_cast<void>(error);  // 20 bytes hold any
  text.size = static_cast<std::size_t>(end - text.bytes);
  return text;
}

std::optional<long double> parse_float(std::string_view text) noexcept {
  std::array<char, 5 * 1024> copy;
  if (text.empty() || text.size() >= copy.size() || is_space(text[0])) return std::nullopt;
  text.copy(copy.data(), text.size());
  copy[text.size()] = '\0';
  const base::CLocale point;
  char* end = nullptr;
  errno = 0;
  const long double number = std::strtold(copy.data(), &end);
  if (end != copy.data() + text.size() || std::isnan(number)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(number) || number == 0)) return std::nullopt;  // "inf" itself is no such error
  return number;
}

std::string format_float(long double number) {
  std::array<char, 5 * 1024> text;  // 4,933 digits before the point, 17 behind
  const base::CLocale point;
  const int size = std::snprintf(text.data(), text.size(), "%.17Lf", number);
  std::string_view all(text.data(), static_cast<std::size_t>(size));
  if (all.find('.') != std::string_view::npos) {
    while (all.back() == '0') all.remove_suffix(1);
    if (all.back() == '.') all.remove_suffix(1);
  }
  return all == "-0" ? "0" : std::string(all);
}

}  // namespace larder::commands
