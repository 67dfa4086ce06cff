// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "advice/hot_keys.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/hold_work.h"
#include "base/key_hash.h"

namespace larder::advice {
namespace {

constexpr double kGrowth = 1.0000211533969647;  // 2^(1/32,768)
constexpr double kWeightMax = 1 << 20;          // then all counts are made smaller
constexpr double kSeenMin = 16;

// What is kept of a key. Returns its size.
std::uint16_t write_name(std::string_view key, std::array<char, HotKeys::kKeyBytesMax>* name) noexcept {
  constexpr std::size_t kHead = HotKeys::kKeyBytesMax - 20;
  const bool fits = key.size() <= name->size();
  const std::size_t head = fits ? key.size() : kHead;
  if (head != 0) std::memcpy(name->data(), key.data(), head);
  base::count_bytes(head);
  if (fits) return static_cast<std::uint16_t>(head);
  const auto hash = static_cast<unsigned long long>(base::KeyHash(0)(key));
  const int tail = std::snprintf(name->data() + kHead, name->size() - kHead, "...%016llx", hash);
  return static_cast<std::uint16_t>(kHead + static_cast<std::size_t>(tail));
}

}  // namespace

HotKeys::HotKeys(std::uint32_t names) : names_(names), sets_(sets_for(names)) {}

void HotKeys::used(std::uint64_t hash, std::string_view key) noexcept {
  if (!mutex_.try_lock()) return;
  count(hash, key);
  mutex_.unlock();
}

void HotKeys::count(std::uint64_t hash, std::string_view key) noexcept {
  Set& set = sets_[static_cast<std::size_t>((static_cast<base::Wide>(hash) * sets_.size()) >> 64)];
  auto at = static_cast<std::size_t>(std::find(set.hashes.begin(), set.hashes.end(), hash) - set.hashes.begin());
  if (at == kWays || set.counts[at] == 0) {
    at = static_cast<std::size_t>(std::min_element(set.counts.begin(), set.counts.end()) - set.counts.begin());
    set.hashes[at] = hash;
    set.errors[at] = set.counts[at];
    set.key_sizes[at] = write_name(key, &set.keys[at]);
  }
  set.counts[at] += weight_;
  total_ += weight_;
  weight_ *= kGrowth;
  if (weight_ > kWeightMax) fade();
}

void HotKeys::fade() noexcept {
  const double factor = 1 / weight_;
  for (Set& set : sets_) {
    for (double& count : set.counts) count *= factor;
    for (double& error : set.errors) error *= factor;
  }
  total_ *= factor;
  weight_ = 1;
}

std::vector<HotKey> HotKeys::top() {
  struct Seen {
    double times;
    std::string_view key;
  };
  std::vector<Seen> seen;
  std::vector<HotKey> top;
  base::LeafLock lock(mutex_);
  for (const Set& set : sets_) {
    for (std::size_t i = 0; i < kWays; ++i) {
      const double times = set.counts[i] - set.errors[i];
      if (times >= kSeenMin * weight_) seen.push_back({times, {set.keys[i].data(), set.key_sizes[i]}});
    }
  }
  std::sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.times > b.times; });
  seen.resize(std::min<std::size_t>(seen.size(), names_));
  for (const Seen& one : seen) top.push_back({std::string(one.key), one.times / total_});
  return top;
}

}  // namespace larder::advice
