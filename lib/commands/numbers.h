// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Numbers as Redis reads and writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder::commands {

// A decimal 64-bit integer in its one canonical form: no sign but '-', no leading zero, no space, no "-0".
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;

// Room for any of them.
struct IntegerText {
  char bytes[20];
  std::size_t size;
  std::string_view view() const noexcept { return {bytes, size}; }
};
IntegerText format_integer(std::int64_t number) noexcept;

// What strtold reads, all of it, with nothing before or behind; no NaN. Infinity is a number here.
std::optional<long double> parse_float(std::string_view text) noexcept;
// Fixed notation, at most 17 decimals, no zeros at the end: never an exponent. REQUIRES: finite.
std::string format_float(long double number);

}  // namespace larder::commands
