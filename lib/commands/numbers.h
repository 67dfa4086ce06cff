// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Numbers as Redis reads and writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/integers.h"

namespace larder::commands {

using base::parse_integer;

// Room for any of them.
struct IntegerText {
  char bytes[20];
  std::size_t size;
  std::string_view view() const noexcept { return {bytes, size}; }
};
IntegerText format_integer(std::int64_t number) noexcept;

// What strtold reads, all of it, with nothing before or behind; no NaN. Infinity is a number here.
std::optional<long double> parse_float(std::string_view text) noexcept;
// The same in double: what strtod reads.
std::optional<double> parse_double(std::string_view text) noexcept;
// The end of a range of scores, with which Redis is less strict: there may be space before it, nothing at all is 0, a
// zero byte ends it, and what is beyond the range of doubles is infinite, or 0.
std::optional<double> parse_bound(std::string_view text) noexcept;
// Fixed notation, at most 17 decimals, no zeros at the end: never an exponent. REQUIRES: finite.
std::string format_float(long double number);

}  // namespace larder::commands
