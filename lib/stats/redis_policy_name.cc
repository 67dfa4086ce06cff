// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "stats/redis_policy_name.h"

#include "larder/eviction.h"

namespace larder::stats {

std::string redis_policy_name(std::string_view policy) {
  if (policy == "none") return "noeviction";
  const std::string_view plain = policy.substr(0, policy.find(':'));
  const std::string parameters(policy.substr(plain.size()));
  for (const std::string_view name : Eviction::names()) {
    if (plain == name) return "allkeys-" + std::string(name) + parameters;
    if (plain == std::string(name) + "-ttl") return "volatile-" + std::string(name) + parameters;
  }
  return std::string(policy);
}

}  // namespace larder::stats
