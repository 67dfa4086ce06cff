// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/redis_sampled.h"

#include <algorithm>

namespace larder::eviction {
namespace {

constexpr int kTriesMax = 16;
constexpr std::uint8_t kKnown = 1;  // in the bits of an entry
constexpr std::uint8_t kFirstCount = 5;
constexpr std::uint8_t kCountMax = 255;
constexpr std::uint32_t kLogFactor = 10;

}  // namespace

bool RedisSampled::on_insert(Resident& entry, Residents&) {
  if (entry.bits == kKnown) {
    kept_ = entry.id;
    keeps_ = true;
    return true;
  }
  entry.bits = kKnown;
  begin(entry);
  return true;
}

bool RedisSampled::evict(Residents& residents) {
  keeps_ = false;
  for (int attempt = 0; attempt < kTriesMax && residents.size() != 0; ++attempt) {
    for (int sample = 0; sample < samples_; ++sample) {
      residents.sample(random_.next(), [&](Resident& entry) {
        if (!keeps_ || entry.id != kept_) pool_.offer({entry.id, entry.position, rank(entry)});
        return Verdict::kKeep;
      });
    }
    EvictionPool::Candidate best;
    while (pool_.take(&best)) {
      const Verdict verdict = residents.find(best.id, [](Resident&) { return Verdict::kEvict; });
      if (verdict == Verdict::kEvict) return true;
    }
  }
  return false;
}

void RedisLfu::pass_time() noexcept {
  if (++uses_ < minute_) return;
  uses_ = 0;
  ++minutes_;
}

void RedisLfu::begin(Resident& entry) {
  pass_time();
  entry.counter = kFirstCount;
  entry.position = minutes_;
}

std::uint32_t RedisLfu::counter_now(const Resident& entry) const noexcept {
  return entry.counter - std::min<std::uint32_t>(entry.counter, minutes_ - entry.position);
}

std::uint32_t RedisLfu::rank(const Resident& entry) const noexcept { return kCountMax - counter_now(entry); }

void RedisLfu::on_hit(Resident& entry, Residents&) {
  pass_time();
  const std::uint32_t counter = counter_now(entry);
  const std::uint32_t above = counter > kFirstCount ? counter - kFirstCount : 0;
  const bool grows = counter < kCountMax && random_.below(std::uint64_t{above} * kLogFactor + 1) == 0;
  entry.counter = static_cast<std::uint8_t>(counter + (grows ? 1 : 0));
  entry.position = minutes_;
}

}  // namespace larder::eviction
