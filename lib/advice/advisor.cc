// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "advice/advisor.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>

#include "advice/sentence.h"
#include "base/check.h"
#include "base/random.h"

namespace larder::advice {
namespace {

constexpr double kSampleMax = 2'048;                // of what the cache holds
constexpr std::size_t kSharedBytesMax = 224 << 10;  // of another policy
constexpr unsigned kHalvingsMax = 15;
// Of the cache, for one that a shadow is told of. Some of the other policies take several times as long as others.
constexpr std::int64_t kUsesAShadow = 64;
constexpr std::int64_t kUsesAnotherPolicy = 256;
constexpr std::int64_t kToldAtFirst = 1 << 17;
constexpr std::int64_t kToldAStretch = 1 << 15;
constexpr double kUsesToFill = 4;  // for each key of the sample that the cache holds
constexpr double kToldMax = 1 << 17;
constexpr std::uint64_t kToldMin = 4'096;  // before that nothing is known
constexpr std::uint32_t kCallsAFit = 64;
constexpr std::size_t kPlacesAUse = 8;  // of each shadow are looked at for what has expired
constexpr double kCapacityMax = 0x1p60;
constexpr double kMissesMin = 100;  // so few say nothing of a factor

// Of Eviction::names() those that are there to be compared with; and sieve: whether its hand comes by before a new
// entry is used depends on how many come in between, also in a cache of any size, which a sample has fewer of.
constexpr std::string_view kNotAdvised[] = {"fifo", "redis-lru", "redis-lfu", "sieve"};

EntryId shadow_id(const Key& key) noexcept { return static_cast<EntryId>(base::mix64(key.id + key.salt)); }

constexpr std::uint16_t unsampled_at(unsigned halvings) noexcept {
  return static_cast<std::uint16_t>((1u << halvings) - 1);
}

std::unique_ptr<EvictionPolicy> make_policy(const Eviction& eviction, std::size_t shared_bytes, std::uint64_t seed) {
  std::unique_ptr<EvictionPolicy> policy = eviction.for_one_cache(shared_bytes).factory()(seed);
  LARDER_CHECK(policy != nullptr, "the factory of an eviction policy gave null");
  return policy;
}

}  // namespace

Advisor::WhatIf::WhatIf(const Eviction& eviction, std::size_t shared, double its_factor, std::uint64_t seed,
                        std::uint32_t idle)
    : policy_name(eviction.name()),
      shared_bytes(shared),
      factor(its_factor),
      policy(make_policy(eviction, shared, seed)),
      cache(*policy, {.entries = static_cast<std::uint64_t>(2 * kSampleMax * factor), .idle = idle}, seed) {}

std::size_t Advisor::bytes_max() const noexcept {
  return (std::size_t{asked_.sizes} + std::size_t{asked_.policies}) << 20;
}

// A factory may throw: nothing has changed then. It is not called under the mutex, which shards wait for.
void Advisor::set_eviction(const Eviction& eviction, std::size_t shared_bytes) {
  WhatIfs what_ifs;
  const auto add = [&](const Eviction& its, std::size_t shared, double factor) {
    what_ifs.push_back(std::make_unique<WhatIf>(its, shared, factor, what_ifs.size(), idle_));
  };
  if (eviction.factory()) {
    add(eviction, shared_bytes, 1);
    for (std::size_t i = 0; asked_.sizes && i < kFactors.size(); ++i) add(eviction, shared_bytes, kFactors[i]);
    for (const std::string_view name : Eviction::names()) {
      if (!asked_.policies || std::ranges::count(kNotAdvised, name) != 0) continue;
      const bool with_ttl = eviction.scope() == Eviction::Scope::kKeysWithTtl;
      const Eviction other = *Eviction::named(std::string(name) + (with_ttl ? "-ttl" : ""));
      if (other.name() != eviction.name()) add(other, other.shared_bytes(kSharedBytesMax), 1);
    }
  }
  base::LeafLock lock(mutex_);
  what_ifs_.swap(what_ifs);
  uses_a_told_ = 0;
  for (const auto& what_if : what_ifs_) {
    uses_a_told_ += is_another_policy(*what_if) ? kUsesAnotherPolicy : kUsesAShadow;
  }
  begin(entries_ != 0);
}

void Advisor::begin_anew() {
  base::LeafLock lock(mutex_);
  begin(true);
}

void Advisor::begin(bool fills) {
  told_ = hits_ = misses_ = 0;
  credit_ = kToldAtFirst * uses_a_told_;
  if (what_ifs_.empty()) {
    unsampled_.store(Residents::kNoSample, std::memory_order_relaxed);
    return;
  }
  for (const auto& what_if : what_ifs_) what_if->misses = 0;
  set_sample(halvings_, fills);
}

// `fills`: the shadows lack what the cache has.
void Advisor::set_sample(unsigned halvings, bool fills) {
  halvings_ = halvings;
  unsampled_.store(unsampled_at(halvings), std::memory_order_relaxed);
  const double held = sampled(static_cast<double>(entries_) / fill_);
  if (fills) uncounted_ = std::lround(kUsesToFill * std::min(held, kSampleMax));
}

void Advisor::count(const Counts& before, const Counts& now, double fill) {
  base::LeafLock lock(mutex_);
  entries_ += now.entries - before.entries;
  weight_ += now.weight - before.weight;
  fill_ = fill;
  const std::uint64_t hits = now.hits - before.hits;
  const std::uint64_t misses = now.misses - before.misses;
  credit_ = std::min(kToldAtFirst * uses_a_told_, credit_ + static_cast<std::int64_t>(hits + misses));
  if (is_awake() && uncounted_ == 0) {
    hits_ += static_cast<double>(hits);
    misses_ += static_cast<double>(misses);
  } else if (!is_awake() && !what_ifs_.empty() && credit_ >= kToldAStretch * uses_a_told_) {
    set_sample(halvings_, true);
  }
}

std::uint64_t Advisor::capacity_of(const WhatIf& what_if) const noexcept {
  const double capacity = sampled(static_cast<double>(weight_) / fill_ * what_if.factor);
  return static_cast<std::uint64_t>(std::llround(std::clamp(capacity, 1.0, kCapacityMax)));
}

void Advisor::found(const Key& key, std::uint32_t weight, std::uint32_t end, std::uint32_t now) {
  base::LeafLock lock(mutex_);
  if (!is_awake()) return;
  const eviction::ShadowCache::Item item{shadow_id(key), static_cast<std::uint16_t>(key.id), weight, end};
  for (const auto& what_if : what_ifs_) {
    what_if->misses += !what_if->cache.access(item, capacity_of(*what_if), now) && uncounted_ == 0;
  }
  end_use(now);
}

void Advisor::missed(const Key& key, std::uint32_t now) {
  base::LeafLock lock(mutex_);
  if (!is_awake()) return;
  missed_[missed_at_++ % missed_.size()] = shadow_id(key);
  for (const auto& what_if : what_ifs_) {
    what_if->misses += !what_if->cache.hit(shadow_id(key), now) && uncounted_ == 0;
  }
  end_use(now);
}

// Where a shadow has what was missed, such a cache would not have missed it, nor stored it.
void Advisor::came(const Key& key, std::uint32_t weight, std::uint32_t end, std::uint32_t now) {
  base::LeafLock lock(mutex_);
  if (!is_awake()) return;
  const eviction::ShadowCache::Item item{shadow_id(key), static_cast<std::uint16_t>(key.id), weight, end};
  const bool was_missed = this->was_missed(item.id);
  for (const auto& what_if : what_ifs_) {
    if (!what_if->cache.contains(item.id)) {
      what_if->cache.insert(item, capacity_of(*what_if), now);
    } else if (!was_missed && what_if->cache.hit(item.id, now)) {
      what_if->cache.change(item, capacity_of(*what_if));
    }
  }
  fit_sample();
}

bool Advisor::was_missed(EntryId id) const noexcept {
  return std::find(missed_.begin(), missed_.end(), id) != missed_.end();
}

void Advisor::changed(const Key& key, std::uint32_t weight, std::uint32_t end) {
  base::LeafLock lock(mutex_);
  if (is_awake()) change({shadow_id(key), static_cast<std::uint16_t>(key.id), weight, end});
}

void Advisor::written(const Key& key, std::uint32_t weight, std::uint32_t end, std::uint32_t now) {
  base::LeafLock lock(mutex_);
  if (!is_awake()) return;
  for (const auto& what_if : what_ifs_) what_if->cache.hit(shadow_id(key), now);
  change({shadow_id(key), static_cast<std::uint16_t>(key.id), weight, end});
}

void Advisor::change(const eviction::ShadowCache::Item& item) {
  for (const auto& what_if : what_ifs_) what_if->cache.change(item, capacity_of(*what_if));
}

void Advisor::removed(const Key& key) {
  base::LeafLock lock(mutex_);
  if (!is_awake()) return;
  for (const auto& what_if : what_ifs_) what_if->cache.remove(shadow_id(key));
}

void Advisor::end_use(std::uint32_t now) {
  for (const auto& what_if : what_ifs_) what_if->cache.expire(now, kPlacesAUse);
  credit_ -= uses_a_told_;
  if (credit_ <= 0) unsampled_.store(Residents::kNoSample, std::memory_order_relaxed);
  if (uncounted_ > 0) {
    --uncounted_;
  } else {
    ++told_;
  }
  fit_sample();
  if (told_ < kToldMax) return;
  for (double* lately : {&told_, &hits_, &misses_}) *lately /= 2;
  for (const auto& what_if : what_ifs_) what_if->misses /= 2;
}

void Advisor::fit_sample() {
  if (++since_fit_ < kCallsAFit || !is_awake()) return;
  since_fit_ = 0;
  const double held = sampled(static_cast<double>(entries_) / fill_);
  if ((held > kSampleMax || bytes_of_all() > bytes_max()) && halvings_ < kHalvingsMax) {
    set_sample(halvings_ + 1, false);
    for (const auto& what_if : what_ifs_) what_if->cache.remove_tagged(unsampled());
  } else if (held < kSampleMax / 8 && halvings_ != 0) {
    set_sample(halvings_ - 1, true);
  }
}

template <class Advice>
bool Advisor::knows(Advice* advice) const {
  if (what_ifs_.empty()) return false;
  advice->samples = static_cast<std::uint64_t>(told_);
  advice->known = advice->samples >= kToldMin && hits_ + misses_ != 0;
  if (advice->known) {
    advice->hit_ratio = 1 - miss_ratio();
  } else {
    advice->sentence = not_known_yet(advice->samples, kToldMin);
  }
  return advice->known;
}

double Advisor::hit_ratio_of(const WhatIf& what_if) const noexcept {
  const double itself = what_ifs_[0]->misses;
  const double there =
      itself < kMissesMin ? miss_ratio() + (what_if.misses - itself) / told_ : miss_ratio() * what_if.misses / itself;
  return 1 - std::clamp(there, 0.0, 1.0);
}

SizeAdvice Advisor::size_advice() {
  base::LeafLock lock(mutex_);
  SizeAdvice advice;
  if (!asked_.sizes || !knows(&advice)) return advice;
  advice.at_half = hit_ratio_of(*what_ifs_[1]);
  advice.at_double = hit_ratio_of(*what_ifs_[2]);
  advice.at_fourfold = hit_ratio_of(*what_ifs_[3]);
  return advice;
}

PolicyAdvice Advisor::policy_advice() {
  base::LeafLock lock(mutex_);
  PolicyAdvice advice;
  if (!asked_.policies || !knows(&advice)) return advice;
  for (std::size_t i = 1; i < what_ifs_.size(); ++i) {
    const WhatIf& other = *what_ifs_[i];
    if (is_another_policy(other)) advice.others.push_back({other.policy_name, hit_ratio_of(other)});
  }
  std::ranges::stable_sort(advice.others, std::greater<>(), &PolicyAdvice::Other::hit_ratio);
  return advice;
}

std::size_t Advisor::bytes() {
  base::LeafLock lock(mutex_);
  return bytes_of_all();
}

// Without what the miniatures of the cache's own policy share: that is fixed, and no reason for a smaller sample.
std::size_t Advisor::bytes_of_all() const noexcept {
  std::size_t bytes = sizeof *this;
  for (const auto& what_if : what_ifs_) {
    bytes += sizeof *what_if + what_if->cache.bytes() + (is_another_policy(*what_if) ? what_if->shared_bytes : 0);
  }
  return bytes;
}

}  // namespace larder::advice
