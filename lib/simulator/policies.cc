// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/policies.h"

#include <utility>

namespace larder::simulator {
namespace {

constexpr std::string_view kBelady = "belady";
constexpr std::string_view kBeladySize = "belady-size";

std::string parse_one(const std::string& name, std::vector<Policy>& policies) {
  Policy policy{name, Policy::Kind::kEngine, nullptr};
  const Result<Eviction> named = Eviction::named(name);
  if (name == kBelady || name == kBeladySize) {
    policy.kind = name == kBelady ? Policy::Kind::kBelady : Policy::Kind::kBeladySize;
  } else if (named && named->scope() == Eviction::Scope::kAllKeys && named->factory() != nullptr) {
    policy.kind = named->name() == "lru" ? Policy::Kind::kLru : Policy::Kind::kEngine;
    policy.factory = named->factory();
  } else if (!named && name.find(':') != std::string::npos) {
    return std::string(named.status().message());
  } else {
    return (named ? "policy \"" + name + "\" is not simulated" : "no policy \"" + name + "\"") + ": there are " +
           policies_text();
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
  return text + "belady, belady-size; some have parameters, as in s3-fifo:small=0.1,ghost=2,promote=2";
}

}  // namespace larder::simulator
