// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Figures as people read them.
#include "figures.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>

namespace demo {
namespace {

// Three digits, but none behind the point of a whole number below 10 units.
std::string three_digits(double number, const char* unit, bool whole) {
  const int digits = whole || number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2;
  return decimal_text(number, digits) + " " + unit;
}

}  // namespace

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, 1, ',');
  return text;
}

std::string decimal_text(double number, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  double number = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; number >= 1'000 && unit + 1 < kUnits.size(); ++unit) number /= 1'024;
  return three_digits(number, kUnits[unit], number == std::floor(number));
}

std::string duration_text(std::chrono::nanoseconds duration) {
  constexpr std::array<const char*, 4> kUnits{"ns", "us", "ms", "s"};
  double number = static_cast<double>(duration.count());
  std::size_t unit = 0;
  for (; number >= 999.5 && unit + 1 < kUnits.size(); ++unit) number /= 1'000;
  return three_digits(number, kUnits[unit], unit == 0);
}

std::string percent_text(double share) { return decimal_text(share * 100, 1) + " %"; }

std::string rate_text(double per_second) { return count_text(static_cast<std::uint64_t>(per_second)) + "/s"; }

}  // namespace demo
