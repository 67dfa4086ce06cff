// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/cache_size.h"

#include <algorithm>
#include <cmath>

#include "base/decimal.h"
#include "simulator/comma_list.h"

namespace larder::simulator {
namespace {

struct Unit {
  std::string_view name;
  double factor;
  CacheSize::Kind kind;
};
// In lower case; any will do.
constexpr Unit kUnits[] = {{"", 1, CacheSize::Kind::kObjects},       {"%", 0.01, CacheSize::Kind::kShare},
                           {"b", 1, CacheSize::Kind::kBytes},        {"kb", 1e3, CacheSize::Kind::kBytes},
                           {"mb", 1e6, CacheSize::Kind::kBytes},     {"gb", 1e9, CacheSize::Kind::kBytes},
                           {"tb", 1e12, CacheSize::Kind::kBytes},    {"kib", 0x1p10, CacheSize::Kind::kBytes},
                           {"mib", 0x1p20, CacheSize::Kind::kBytes}, {"gib", 0x1p30, CacheSize::Kind::kBytes},
                           {"tib", 0x1p40, CacheSize::Kind::kBytes}};
constexpr double kMost = 0x1p53;

std::optional<CacheSize> read_size(std::string_view given) {
  const std::string text = lower(trimmed(given));
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = base::parse_decimal(std::string_view(text).substr(0, end));
  for (const Unit& unit : kUnits) {
    if (!number || unit.name != text.substr(end)) continue;
    const CacheSize size{unit.kind, *number * unit.factor};
    const bool whole = unit.kind != CacheSize::Kind::kObjects || text.find('.') == std::string::npos;
    if (size.number <= 0 || size.number > kMost || !whole) return std::nullopt;
    return size;
  }
  return std::nullopt;
}

std::string parse_one(std::string_view piece, std::vector<CacheSize>& sizes) {
  if (piece.empty()) return "there is an empty size in the list: sizes stand between commas, such as 1%,10%";
  const std::size_t dots = piece.find("..");
  const auto low = read_size(piece.substr(0, dots));
  if (dots == std::string_view::npos && low) {
    sizes.push_back(*low);
    return {};
  }
  const auto high = dots == std::string_view::npos ? std::nullopt : read_size(piece.substr(dots + 2));
  if (!low || !high || low->kind != high->kind || low->number >= high->number) {
    return std::string(piece) +
           " is no size: wanted is 5000 (objects), 64MiB (bytes: B, KB, MB, GB, TB, KiB, MiB, GiB, TiB), 10% (of the "
           "footprint), or a range of one kind, such as 1%..50%; above 0, and at most 2^53";
  }
  for (int i = 0; i < kRangeSizes; ++i) {
    const double number =
        low->number * std::pow(high->number / low->number, static_cast<double>(i) / (kRangeSizes - 1));
    sizes.push_back({low->kind, i == kRangeSizes - 1 ? high->number : number});
  }
  return {};
}

}  // namespace

std::string parse_sizes(std::string_view list, std::vector<CacheSize>& sizes) {
  for (const std::string_view piece : comma_pieces(list)) {
    if (std::string error = parse_one(piece, sizes); !error.empty()) return error;
  }
  return {};
}

std::optional<Capacity> capacity_of(const CacheSize& size, const Footprint& footprint) {
  // A thousandth of a thousandth forgives what decimals lose: 10 % of 30 is 3.
  const auto whole = [](double number) { return static_cast<std::uint64_t>(std::max(1.0, std::floor(number + 1e-6))); };
  switch (size.kind) {
    case CacheSize::Kind::kObjects: return Capacity{whole(size.number), false};
    case CacheSize::Kind::kBytes:
      if (!footprint.bytes) return std::nullopt;
      return Capacity{whole(size.number), true};
    case CacheSize::Kind::kShare: break;
  }
  const std::uint64_t all = footprint.bytes.value_or(footprint.objects);
  return Capacity{whole(size.number * static_cast<double>(all)), footprint.bytes.has_value()};
}

}  // namespace larder::simulator
