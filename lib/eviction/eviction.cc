// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// The policies by name.
#include "larder/eviction.h"

#include <iterator>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "eviction/fifo.h"
#include "eviction/lru.h"
#include "eviction/s3_fifo.h"
#include "eviction/sampled.h"
#include "eviction/sieve.h"

namespace larder {
namespace {

using Make = std::unique_ptr<EvictionPolicy> (*)(std::uint64_t seed);

template <typename Policy>
std::unique_ptr<EvictionPolicy> make(std::uint64_t seed) {
  if constexpr (std::is_constructible_v<Policy, std::uint64_t>) {
    return std::make_unique<Policy>(seed);
  } else {
    return std::make_unique<Policy>();
  }
}

constexpr std::string_view kNames[] = {"s3-fifo", "lru", "lfu", "random", "sieve", "fifo"};
constexpr Make kMakes[] = {make<eviction::S3Fifo>, make<eviction::Lru>,   make<eviction::Lfu>,
                           make<eviction::Random>, make<eviction::Sieve>, make<eviction::Fifo>};
static_assert(std::size(kNames) == std::size(kMakes));

constexpr std::string_view kTtlSuffix = "-ttl";

std::string name_in_scope(std::string_view name, Eviction::Scope scope) {
  return std::string(name) + std::string(scope == Eviction::Scope::kKeysWithTtl ? kTtlSuffix : "");
}

}  // namespace

Eviction::Eviction(std::string name, PolicyFactory factory, Scope scope)
    : name_(std::move(name)), factory_(std::move(factory)), scope_(scope) {}

Eviction Eviction::s3_fifo(Scope scope) { return *named(name_in_scope("s3-fifo", scope)); }
Eviction Eviction::lru(Scope scope) { return *named(name_in_scope("lru", scope)); }
Eviction Eviction::lfu(Scope scope) { return *named(name_in_scope("lfu", scope)); }
Eviction Eviction::random(Scope scope) { return *named(name_in_scope("random", scope)); }
Eviction Eviction::sieve(Scope scope) { return *named(name_in_scope("sieve", scope)); }
Eviction Eviction::fifo(Scope scope) { return *named(name_in_scope("fifo", scope)); }
Eviction Eviction::none() { return Eviction("none", nullptr, Scope::kAllKeys); }

Eviction Eviction::custom(std::string name, PolicyFactory factory, Scope scope) {
  LARDER_CHECK(factory != nullptr, "Eviction::custom needs a factory");
  return Eviction(std::move(name), std::move(factory), scope);
}

std::span<const std::string_view> Eviction::names() noexcept { return kNames; }

Result<Eviction> Eviction::named(std::string_view name) {
  if (name == "none" || name == "noeviction") return none();
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    for (const Scope scope : {Scope::kAllKeys, Scope::kKeysWithTtl}) {
      const std::string redis_name = (scope == Scope::kAllKeys ? "allkeys-" : "volatile-") + std::string(kNames[i]);
      if (name == name_in_scope(kNames[i], scope) || name == redis_name) {
        return Eviction(name_in_scope(kNames[i], scope), kMakes[i], scope);
      }
    }
  }
  std::string all;
  for (const std::string_view one : kNames) all += std::string(one) + ", ";
  return Status(ErrorCode::kInvalidArgument, "no eviction policy \"" + std::string(name) + "\": there are " + all +
                                                 "each with -ttl behind it as well, and none");
}

}  // namespace larder
