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

// A number that ends at a zero byte.
class NumberText {
 public:
  // REQUIRES: fits.
  explicit NumberText(std::string_view text) noexcept {
    text.copy(bytes_.data(), text.size());
    bytes_[text.size()] = '\0';
  }
  static bool fits(std::string_view text) noexcept { return text.size() < kBytes; }
  const char* c_str() const noexcept { return bytes_.data(); }

 private:
  static constexpr std::size_t kBytes = 5 * 1024;
  std::array<char, kBytes> bytes_;
};

}  // namespace

IntegerText format_integer(std::int64_t number) noexcept {
  IntegerText text;
  const auto [end, error] = std::to_chars(text.bytes, text.bytes + sizeof text.bytes, number);
  static_cast<void>(error);  // 20 bytes hold any
  text.size = static_cast<std::size_t>(end - text.bytes);
  return text;
}

namespace {

// What `read` (strtod, strtold) makes of all of the text.
template <typename Number, typename Read>
std::optional<Number> parse_strictly(std::string_view text, Read&& read) noexcept {
  if (text.empty() || !NumberText::fits(text) || is_space(text[0])) return std::nullopt;
  const NumberText copy(text);
  const base::CLocale point;
  char* end = nullptr;
  errno = 0;
  const Number number = read(copy.c_str(), &end);
  if (end != copy.c_str() + text.size() || std::isnan(number)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(number) || number == 0)) return std::nullopt;  // "inf" itself is no such error
  return number;
}

}  // namespace

std::optional<long double> parse_float(std::string_view text) noexcept {
  return parse_strictly<long double>(text, std::strtold);
}

std::optional<double> parse_double(std::string_view text) noexcept {
  double number = 0;  // what from_chars reads, strtod reads as the same number, and in more time
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && std::isfinite(number)) return number;
  return parse_strictly<double>(text, std::strtod);
}

std::optional<double> parse_bound(std::string_view text) noexcept {
  text = text.substr(0, text.find('\0'));
  if (!NumberText::fits(text)) return std::nullopt;
  const NumberText copy(text);
  const base::CLocale point;
  char* end = nullptr;
  const double number = std::strtod(copy.c_str(), &end);
  if (*end != '\0' || std::isnan(number)) return std::nullopt;
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
