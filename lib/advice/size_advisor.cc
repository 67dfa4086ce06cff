// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "advice/size_advisor.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>

#include "base/c_locale.h"
#include "base/check.h"
#include "base/random.h"

namespace larder::advice {
namespace {

constexpr double kSampleMax = 2'048;  // of what the cache holds
constexpr unsigned kHalvingsMax = 15;
constexpr std::int64_t kUsesATold = 256;
constexpr std::int64_t kCreditMax = (std::int64_t{1} << 17) * kUsesATold;
constexpr std::int64_t kCreditToWake = (std::int64_t{1} << 15) * kUsesATold;
constexpr double kToldMax = 1 << 17;
constexpr double kToldMin = 4'096;  // before that nothing is said
constexpr std::uint32_t kCallsAFit = 64;
constexpr std::size_t kPlacesAUse = 8;  // of each shadow are looked at for what has expired
constexpr double kMissesMin = 100;      // so few say nothing of a factor

EntryId shadow_id(const Key& key) noexcept { return static_cast<EntryId>(base::mix64(key.id + key.salt)); }

constexpr std::uint16_t unsampled_at(unsigned halvings) noexcept {
  return static_cast<std::uint16_t>((1u << halvings) - 1);
}

}  // namespace

// A factory may throw: nothing has changed then. It is not called under the mutex, which shards wait for.
void SizeAdvisor::set_eviction(const Eviction& eviction) {
  Shadows shadows;
  for (std::size_t i = 0; eviction.factory() && i < kSizes; ++i) {
    std::unique_ptr<EvictionPolicy> policy = eviction.for_one_cache().factory()(i);
    LARDER_CHECK(policy != nullptr, "the factory of an eviction policy gave null");
    const auto entries_max = static_cast<std::uint64_t>(2 * kSampleMax * kFactors[i]);
    shadows[i] = std::make_unique<Shadow>(std::move(policy), entries_max, i, idle_);
  }
  base::LeafLock lock(mutex_);
  shadows_.swap(shadows);
  begin(entries_ != 0);
}

void SizeAdvisor::begin_anew() {
  base::LeafLock lock(mutex_);
  begin(true);
}

void SizeAdvisor::begin(bool fills) {
  told_ = hits_ = misses_ = 0;
  credit_ = kCreditMax;
  if (shadows_[0] == nullptr) {
    unsampled_.store(Residents::kNoSample, std::memory_order_relaxed);
    return;
  }
  for (const auto& shadow : shadows_) shadow->misses = 0;
  set_sample(halvings_, fills);
}

// `fills`: the shadows lack what the cache has.
void SizeAdvisor::set_sample(unsigned halvings, bool fills) {
  halvings_ = halvings;
  unsampled_.store(unsampled_at(halvings), std::memory_order_relaxed);
  const double held = sampled(static_cast<double>(entries_) / fill_);
  if (fills) uncounted_ = std::lround(kFactors.back() * std::min(held, kSampleMax));
}

void SizeAdvisor::count(const Counts& before, const Counts& now, double fill) {
  base::LeafLock lock(mutex_);
  entries_ += now.entries - before.entries;
  weight_ += now.weight - before.weight;
  fill_ = fill;
  const std::uint64_t hits = now.hits - before.hits;
  const std::uint64_t misses = now.misses - before.misses;
  credit_ = std::min(kCreditMax, credit_ + static_cast<std::int64_t>(hits + misses));
  if (is_awake() && uncounted_ == 0) {
    hits_ += static_cast<double>(hits);
    misses_ += static_cast<double>(misses);
  } else if (!is_awake() && shadows_[0] != nullptr && credit_ >= kCreditToWake) {
    set_sample(halvings_, true);
  }
}

// Of the i-th shadow.
std::uint64_t SizeAdvisor::capacity(std::size_t i) const noexcept {
  return static_cast<std::uint64_t>(std::max(1.0, sampled(static_cast<double>(weight_) / fill_ * kFactors[i])));
}

void SizeAdvisor::found(const Key& key, std::uint32_t weight, std::uint32_t end, std::uint32_t now) {
  base::LeafLock lock(mutex_);
  if (!is_awake()) return;
  const eviction::ShadowCache::Item item{shadow_id(key), static_cast<std::uint16_t>(key.id), weight, end};
  for (std::size_t i = 0; i < kSizes; ++i) {
    shadows_[i]->misses += !shadows_[i]->cache.access(item, capacity(i), now) && uncounted_ == 0;
  }
  end_use(now);
}

void SizeAdvisor::missed(const Key& key, std::uint32_t now) {
  base::LeafLock lock(mutex_);
  if (!is_awake()) return;
  missed_[missed_at_++ % missed_.size()] = shadow_id(key);
  for (const auto& shadow : shadows_) shadow->misses += !shadow->cache.hit(shadow_id(key), now) && uncounted_ == 0;
  end_use(now);
}

// Where a shadow has what was missed, the cache of that size would not have missed it, nor stored it.
void SizeAdvisor::came(const Key& key, std::uint32_t weight, std::uint32_t end, std::uint32_t now) {
  base::LeafLock lock(mutex_);
  if (!is_awake()) return;
  const eviction::ShadowCache::Item item{shadow_id(key), static_cast<std::uint16_t>(key.id), weight, end};
  const bool was_missed = this->was_missed(item.id);
  for (std::size_t i = 0; i < kSizes; ++i) {
    eviction::ShadowCache& cache = shadows_[i]->cache;
    if (!cache.contains(item.id)) {
      cache.insert(item, capacity(i), now);
    } else if (!was_missed && cache.hit(item.id, now)) {
      cache.change(item, capacity(i));
    }
  }
  fit_sample();
}

bool SizeAdvisor::was_missed(EntryId id) const noexcept {
  return std::find(missed_.begin(), missed_.end(), id) != missed_.end();
}

void SizeAdvisor::changed(const Key& key, std::uint32_t weight, std::uint32_t end) {
  base::LeafLock lock(mutex_);
  if (is_awake()) change({shadow_id(key), static_cast<std::uint16_t>(key.id), weight, end});
}

void SizeAdvisor::written(const Key& key, std::uint32_t weight, std::uint32_t end, std::uint32_t now) {
  base::LeafLock lock(mutex_);
  if (!is_awake()) return;
  for (const auto& shadow : shadows_) shadow->cache.hit(shadow_id(key), now);
  change({shadow_id(key), static_cast<std::uint16_t>(key.id), weight, end});
}

void SizeAdvisor::change(const eviction::ShadowCache::Item& item) {
  for (std::size_t i = 0; i < kSizes; ++i) shadows_[i]->cache.change(item, capacity(i));
}

void SizeAdvisor::removed(const Key& key) {
  base::LeafLock lock(mutex_);
  if (!is_awake()) return;
  for (const auto& shadow : shadows_) shadow->cache.remove(shadow_id(key));
}

void SizeAdvisor::end_use(std::uint32_t now) {
  for (const auto& shadow : shadows_) shadow->cache.expire(now, kPlacesAUse);
  credit_ -= kUsesATold;
  if (credit_ <= 0) unsampled_.store(Residents::kNoSample, std::memory_order_relaxed);
  if (uncounted_ > 0) {
    --uncounted_;
  } else {
    ++told_;
  }
  fit_sample();
  if (told_ < kToldMax) return;
  for (double* lately : {&told_, &hits_, &misses_}) *lately /= 2;
  for (const auto& shadow : shadows_) shadow->misses /= 2;
}

void SizeAdvisor::fit_sample() {
  if (++since_fit_ < kCallsAFit || !is_awake()) return;
  since_fit_ = 0;
  const double held = sampled(static_cast<double>(entries_) / fill_);
  if ((held > kSampleMax || bytes_of_all() > kBytesMax) && halvings_ < kHalvingsMax) {
    set_sample(halvings_ + 1, false);
    for (const auto& shadow : shadows_) shadow->cache.remove_tagged(unsampled());
  } else if (held < kSampleMax / 8 && halvings_ != 0) {
    set_sample(halvings_ - 1, true);
  }
}

SizeAdvice SizeAdvisor::advice() {
  base::LeafLock lock(mutex_);
  SizeAdvice advice;
  if (told_ < kToldMin || hits_ + misses_ == 0) return advice;
  advice.samples = static_cast<std::uint64_t>(told_);
  const double miss_ratio = misses_ / (hits_ + misses_);
  const double itself = shadows_[kItself]->misses;
  const auto hit_ratio_at = [&](std::size_t i) {
    const double misses = shadows_[i]->misses;
    const double there = itself < kMissesMin ? miss_ratio + (misses - itself) / told_ : miss_ratio * misses / itself;
    return 1 - std::clamp(there, 0.0, 1.0);
  };
  advice.hit_ratio = 1 - miss_ratio;
  advice.at_half = hit_ratio_at(0);
  advice.at_double = hit_ratio_at(2);
  advice.at_fourfold = hit_ratio_at(3);
  return advice;
}

std::size_t SizeAdvisor::bytes() {
  base::LeafLock lock(mutex_);
  return bytes_of_all();
}

std::size_t SizeAdvisor::bytes_of_all() const noexcept {
  std::size_t bytes = sizeof *this;
  for (const auto& shadow : shadows_) {
    if (shadow != nullptr) bytes += sizeof *shadow + shadow->cache.bytes();
  }
  return bytes;
}

// --- In words -------------------------------------------------------------------------------------------------------------

namespace {

std::string percent(double ratio) {
  const base::CLocale point;
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * ratio);
  return text;
}

// As a person would write it: 64 MiB, 1.5 GiB, 10000 entries.
std::string size_text(std::uint64_t size, BoundOf of) {
  if (of == BoundOf::kEntries) return std::to_string(size) + " entries";
  const char* const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto number = static_cast<double>(size);
  std::size_t unit = 0;
  for (; number >= 1'024 && unit + 1 < std::size(units); ++unit) number /= 1'024;
  const base::CLocale point;
  char text[40];
  std::snprintf(text, sizeof text, "%.4g %s", number, units[unit]);
  return text;
}

// Differences below that are not worth a change.
constexpr double kMatters = 0.01;

}  // namespace

std::string sentence_of(const SizeAdvice& advice, std::uint64_t bound, BoundOf of) {
  if (advice.samples == 0) return {};
  const std::string now = percent(advice.hit_ratio);
  const std::string twice = "+" + size_text(bound, of);
  const std::string fourfold = "+" + size_text(3 * bound, of);
  const std::string half = size_text(bound / 2, of) + " less";
  if (advice.at_double - advice.hit_ratio >= kMatters) {
    std::string text = twice + " would lift the hit ratio from " + now + " to " + percent(advice.at_double);
    if (advice.at_fourfold - advice.at_double >= kMatters)
      text += ", " + fourfold + " to " + percent(advice.at_fourfold);
    return text;
  }
  if (advice.at_fourfold - advice.hit_ratio >= kMatters) {
    return fourfold + " would lift the hit ratio from " + now + " to " + percent(advice.at_fourfold) + ", " + twice +
           " hardly at all";
  }
  if (advice.hit_ratio - advice.at_half < kMatters) {
    return half + " would do: the hit ratio would be " + percent(advice.at_half) + " instead of " + now;
  }
  return "the size is right: " + twice + " would bring next to nothing, " + half + " would lower the hit ratio from " +
         now + " to " + percent(advice.at_half);
}

}  // namespace larder::advice
