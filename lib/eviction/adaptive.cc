// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/adaptive.h"

namespace larder::eviction {
namespace {

// The chooser is told how large this shard is with each use of the sample, and when so many entries came.
constexpr std::int64_t kCameMax = 64;

}  // namespace

bool Adaptive::on_insert(Resident& entry, Residents& residents) {
  follow(residents);
  const bool is_new = !is_known(entry);
  if (!GatedFifo::on_insert(entry, residents)) return false;
  if (!is_new) return true;
  ++came_;
  if (is_sampled(entry.id)) {
    use(entry, residents);
  } else if (came_ >= kCameMax) {
    tell_size(residents.size(), residents.weight());
  }
  return true;
}

void Adaptive::on_hit(Resident& entry, Residents& residents) { use(entry, residents); }

// It is forgotten, and comes back with its weight when it is next used.
void Adaptive::on_resize(Resident& entry, std::uint32_t weight_before) {
  if (is_sampled(entry.id)) chooser_->remove(entry.id, salt_);
  GatedFifo::on_resize(entry, weight_before);
}

void Adaptive::on_remove(Resident& entry, Residents& residents) {
  if (is_sampled(entry.id)) chooser_->remove(entry.id, salt_);
  GatedFifo::on_remove(entry, residents);
}

void Adaptive::use(const Resident& entry, Residents& residents) {
  tell_size(residents.size(), residents.weight());
  chooser_->access(entry.id, salt_, entry.weight, is_full(residents.weight()));
  set_shares(chooser_->shares());
  follow(residents);
}

void Adaptive::follow(Residents& residents) {
  if (const std::uint16_t now = chooser_->unsampled(); now != unsampled_) {
    unsampled_ = now;
    residents.sample_hits(now);
  }
}

void Adaptive::tell_size(std::uint64_t entries, std::uint64_t weight) noexcept {
  chooser_->resize(static_cast<std::int64_t>(entries - told_entries_), static_cast<std::int64_t>(weight - told_weight_),
                   came_);
  told_entries_ = entries;
  told_weight_ = weight;
  came_ = 0;
}

void Adaptive::clear(Residents& residents) {
  tell_size(0, 0);
  GatedFifo::clear(residents);
}

}  // namespace larder::eviction
