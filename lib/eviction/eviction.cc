// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// The policies by name.
#include "larder/eviction.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "eviction/lru.h"
#include "eviction/s3_fifo.h"
#include "eviction/sampled.h"

namespace larder {
namespace {

struct Named {
  std::string_view name;
  std::string_view redis_name;  // with "allkeys-" or "volatile-" before it
  std::unique_ptr<EvictionPolicy> (*make)(std::uint64_t seed);
};

constexpr std::array<Named, 4> kPolicies = {{
    {"s3-fifo", "s3-fifo",
     [](std::uint64_t) -> std::unique_ptr<EvictionPolicy> { return std::make_unique<eviction::S3Fifo>(); }},
    {"lru", "lru", [](std::uint64_t) -> std::unique_ptr<EvictionPolicy> { return std::make_unique<eviction::Lru>(); }},
    {"lfu", "lfu",
     [](std::uint64_t seed) -> std::unique_ptr<EvictionPolicy> { return std::make_unique<eviction::Lfu>(seed); }},
    {"random", "random",
     [](std::uint64_t seed) -> std::unique_ptr<EvictionPolicy> { return std::make_unique<eviction::Random>(seed); }},
}};

constexpr std::string_view kTtlSuffix = "-ttl";

std::string name_in_scope(std::string_view name, Eviction::Scope scope) {
  return std::string(name) + std::string(scope == Eviction::Scope::kKeysWithTtl ? kTtlSuffix : "");
}

}  // namespace

Eviction::Eviction(std::string name, PolicyFactory factory, Scope scope)
    : name_(std::move(name)), factory_(std::move(factory)), scope_(scope) {}

Eviction Eviction::s3_fifo(Scope scope) { return Eviction(name_in_scope("s3-fifo", scope), kPolicies[0].make, scope); }
Eviction Eviction::lru(Scope scope) { return Eviction(name_in_scope("lru", scope), kPolicies[1].make, scope); }
Eviction Eviction::lfu(Scope scope) { return Eviction(name_in_scope("lfu", scope), kPolicies[2].make, scope); }
Eviction Eviction::random(Scope scope) { return Eviction(name_in_scope("random", scope), kPolicies[3].make, scope); }
Eviction Eviction::none() { return Eviction("none", nullptr, Scope::kAllKeys); }

Eviction Eviction::custom(std::string name, PolicyFactory factory, Scope scope) {
  LARDER_CHECK(factory != nullptr, "Eviction::custom needs a factory");
  return Eviction(std::move(name), std::move(factory), scope);
}

Result<Eviction> Eviction::named(std::string_view name) {
  if (name == "none" || name == "noeviction") return none();
  for (const Named& policy : kPolicies) {
    for (const Scope scope : {Scope::kAllKeys, Scope::kKeysWithTtl}) {
      const std::string_view prefix = scope == Scope::kAllKeys ? "allkeys-" : "volatile-";
      if (name == name_in_scope(policy.name, scope) || name == std::string(prefix) + std::string(policy.redis_name)) {
        return Eviction(name_in_scope(policy.name, scope), policy.make, scope);
      }
    }
  }
  return Status(ErrorCode::kInvalidArgument,
                "no eviction policy \"" + std::string(name) +
                    "\": there are s3-fifo, lru, lfu and random, each with -ttl behind it as well, and none");
}

}  // namespace larder
