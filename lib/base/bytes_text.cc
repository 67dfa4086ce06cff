// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "base/bytes_text.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "base/c_locale.h"

namespace larder::base {

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 7> kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto number = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; number >= 1'024; ++unit) number /= 1'024;
  const int digits = number == std::floor(number) || number >= 100 ? 0 : number >= 10 ? 1 : 2;
  const CLocale point;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f %s", digits, number, kUnits[unit]);
  return text.data();
}

}  // namespace larder::base
