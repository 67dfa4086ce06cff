// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/policies.h"

#include <algorithm>
#include <utility>

#include "simulator/comma_list.h"

namespace larder::simulator {
namespace {

constexpr std::string_view kBelady = "belady";
constexpr std::string_view kBeladySize = "belady-size";

std::string parse_one(const std::string& name, std::vector<Policy>& policies) {
  const auto is_this = [&](const Policy& one) { return one.name == name; };
  if (std::any_of(policies.begin(), policies.end(), is_this)) return {};
  if (name.empty()) return "there is an empty policy in the list: policies stand between commas, such as lru,belady";
  Policy policy{name, Policy::Kind::kEngine, nullptr};
  const Result<Eviction> named = Eviction::named(name);
  if (name == kBelady || name == kBeladySize) {
    policy.kind = name == kBelady ? Policy::Kind::kBelady : Policy::Kind::kBeladySize;
  } else if (named && named->scope() == Eviction::Scope::kAllKeys && named->factory() != nullptr) {
    policy.kind = named->name() == "lru" ? Policy::Kind::kLru : Policy::Kind::kEngine;
    policy.factory = named->factory();
  } else if (name.starts_with("belady:") || name.starts_with("belady-size:")) {
    return name.substr(0, name.find(':')) + " has no parameters, and was given \"" + name.substr(name.find(':') + 1) +
           "\"";
  } else if (named && named->scope() == Eviction::Scope::kKeysWithTtl) {
    return "policy \"" + name +
           "\" is not simulated: it evicts only what has a time to live, and here all may go; take the one without "
           "-ttl";
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
  for (const std::string_view piece : comma_pieces(list)) {
    if (piece.find('=') < piece.find(':') && !names.empty() && names.back().find(':') != std::string::npos) {
      names.back() += "," + std::string(piece);
    } else {
      names.emplace_back(piece);
    }
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
