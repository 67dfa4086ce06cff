// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/policies.h"

#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/c_locale.h"
#include "eviction/s3_fifo.h"

namespace larder::simulator {
namespace {

constexpr std::string_view kBelady = "belady";
constexpr std::string_view kBeladySize = "belady-size";

std::optional<double> read_number(std::string_view text) {
  const base::CLocale plain;
  const std::string copy(text);
  char* end = nullptr;
  const double number = std::strtod(copy.c_str(), &end);
  if (copy.empty() || end != copy.c_str() + copy.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

struct S3FifoParameter {
  std::string_view name;
  double low;
  double high;
  void (*set)(eviction::S3Fifo::Parameters& parameters, double number);
};
constexpr S3FifoParameter kS3FifoParameters[] = {
    {"small", 0.001, 0.999, [](eviction::S3Fifo::Parameters& p, double number) { p.small_share = number; }},
    {"ghost", 0, 100, [](eviction::S3Fifo::Parameters& p, double number) { p.ghosts_per_entry = number; }},
    {"promote", 1, 3,
     [](eviction::S3Fifo::Parameters& p, double number) { p.promote_at = static_cast<std::uint8_t>(number); }},
};

// "ghost=2,small=0.1"
std::string read_s3_fifo(std::string_view text, Policy& policy) {
  eviction::S3Fifo::Parameters parameters;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view pair = text.substr(0, comma);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto number = equals == pair.size() ? std::nullopt : read_number(pair.substr(equals + 1));
    bool known = false;
    for (const S3FifoParameter& one : kS3FifoParameters) {
      if (one.name != pair.substr(0, equals) || !number || *number < one.low || *number > one.high) continue;
      one.set(parameters, *number);
      known = true;
    }
    if (!known) {
      return policy.name + ": wanted is small=0.001 to 0.999 (of the weight), ghost=0 to 100 (for each resident), or " +
             "promote=1 to 3 (uses), not " + std::string(pair);
    }
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  policy.factory = [parameters](std::uint64_t) { return std::make_unique<eviction::S3Fifo>(parameters); };
  return {};
}

std::string parse_one(const std::string& name, std::vector<Policy>& policies) {
  Policy policy{name, Policy::Kind::kEngine, nullptr};
  if (name == kBelady || name == kBeladySize) {
    policy.kind = name == kBelady ? Policy::Kind::kBelady : Policy::Kind::kBeladySize;
  } else if (const Result<Eviction> named = Eviction::named(name);
             named && named->scope() == Eviction::Scope::kAllKeys && named->factory() != nullptr) {
    policy.kind = named->name() == "lru" ? Policy::Kind::kLru : Policy::Kind::kEngine;
    policy.factory = named->factory();
  } else if (const std::size_t colon = name.find(':'); name.substr(0, colon) == "s3-fifo" && colon != name.npos) {
    if (std::string error = read_s3_fifo(std::string_view(name).substr(colon + 1), policy); !error.empty())
      return error;
  } else {
    return "no policy \"" + name + "\": there are " + policies_text();
  }
  policies.push_back(std::move(policy));
  return {};
}

}  // namespace

std::string parse_policies(std::string_view list, std::vector<Policy>& policies) {
  std::vector<std::string> names;
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view piece = list.substr(0, comma);
    if (piece.find('=') < piece.find(':') && !names.empty() && names.back().find(':') != std::string::npos) {
      names.back() += "," + std::string(piece);
    } else {
      names.emplace_back(piece);
    }
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  for (const std::string& name : names) {
    if (std::string error = parse_one(name, policies); !error.empty()) return error;
  }
  return {};
}

std::string policies_text() {
  std::string text;
  for (const std::string_view name : Eviction::names()) text += std::string(name) + ", ";
  return text + "belady, belady-size; s3-fifo:small=0.1,ghost=2,promote=2 has parameters";
}

}  // namespace larder::simulator
