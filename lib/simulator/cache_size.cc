// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/cache_size.h"

#include <algorithm>
#include <cmath>

#include "base/decimal.h"

namespace larder::simulator {
namespace {

struct Unit {
  std::string_view name;
  double factor;
  CacheSize::Kind kind;
};
constexpr Unit kUnits[] = {{"", 1, CacheSize::Kind::kObjects},       {"%", 0.01, CacheSize::Kind::kShare},
                           {"B", 1, CacheSize::Kind::kBytes},        {"KB", 1e3, CacheSize::Kind::kBytes},
                           {"kB", 1e3, CacheSize::Kind::kBytes},     {"MB", 1e6, CacheSize::Kind::kBytes},
                           {"GB", 1e9, CacheSize::Kind::kBytes},     {"TB", 1e12, CacheSize::Kind::kBytes},
                           {"KiB", 0x1p10, CacheSize::Kind::kBytes}, {"MiB", 0x1p20, CacheSize::Kind::kBytes},
                           {"GiB", 0x1p30, CacheSize::Kind::kBytes}, {"TiB", 0x1p40, CacheSize::Kind::kBytes}};
constexpr double kMost = 0x1p53;

std::optional<CacheSize> read_size(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = base::parse_decimal(text.substr(0, end));
  for (const Unit& unit : kUnits) {
    if (!number || unit.name != text.substr(end)) continue;
    const CacheSize size{unit.kind, *number * unit.factor};
    const bool whole = unit.kind != CacheSize::Kind::kObjects || text.find('.') == std::string_view::npos;
    if (size.number <= 0 || size.number > kMost || !whole) return std::nullopt;
    return size;
  }
  return std::nullopt;
}

std::string parse_one(std::string_view piece, std::vector<CacheSize>& sizes) {
  const std::size_t dots = piece.find("..");
  const auto low = read_size(piece.substr(0, dots));
  if (dots == std::string_view::npos && low) {
    sizes.push_back(*low);
    return {};
  }
  const auto high = dots == std::string_view::npos ? std::nullopt : read_size(piece.substr(dots + 2));
  if (!low || !high || low->kind != high->kind || low->number >= high->number) {
    return std::string(piece) +
           " is no size: wanted is 5000 (objects), 64MiB (bytes: B, kB, KB, MB, GB, TB, KiB, MiB, GiB, TiB), 10% (of "
           "the footprint), or a range of one kind, such as 1%..50%";
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
  while (true) {
    const std::size_t comma = list.find(',');
    if (std::string error = parse_one(list.substr(0, comma), sizes); !error.empty()) return error;
    if (comma == std::string_view::npos) return {};
    list.remove_prefix(comma + 1);
  }
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
