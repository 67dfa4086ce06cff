// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "eviction/shares_chooser.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"
#include "base/random.h"

namespace larder::eviction {
namespace {

constexpr unsigned kFirst = 2;  // of kShares, before anything is known
constexpr std::int64_t kShadowEntriesMax = 512;
// What a shadow takes: its table has twice as many places as it holds entries; the policy's queues, and memory in
// chunks, some of them for each class of weight that there is.
constexpr std::size_t kBytesAPlace = 34;
constexpr std::size_t kBytesOfPolicy = 28 << 10;
constexpr unsigned kHalvingsMax = 15;
// So many decisions while as many uses are told of as a shadow has entries. When six times as many have come, half is
// forgotten.
constexpr std::int64_t kDecisionsAShadow = 32;
const double kForgetsADecision = std::exp2(-1.0 / (6 * kDecisionsAShadow));
constexpr double kDeviationsMax = 3.5;  // behind another, as far as one of the memories keeps it
// The candidates that speak for a margin must have so much of the likelihood. More, and loops are lost while they pass
// what main does not have; less than a fifth, and there is a margin where nothing is known.
constexpr double kMarginAt = 0.35;
constexpr std::int64_t kCameAUse = 8;
constexpr std::int64_t kCreditMax = 128 * kShadowEntriesMax * kCameAUse;
constexpr std::int64_t kCreditToWake = 16 * kShadowEntriesMax * kCameAUse;

std::int64_t shadow_entries_for(std::size_t bytes) noexcept {
  const std::size_t places = (bytes - kBytesOfPolicy) / kBytesAPlace;
  return std::min(static_cast<std::int64_t>(std::bit_floor(places) / 2), kShadowEntriesMax);
}

// The id of a key in the shadows. The sampled ids of a shard share some bits, and those of two shards may be the same.
EntryId shadow_id(EntryId id, std::uint64_t salt) noexcept { return static_cast<EntryId>(base::mix64(id + salt)); }

constexpr std::uint16_t unsampled_at(unsigned halvings) noexcept {
  return static_cast<std::uint16_t>((1u << halvings) - 1);
}

}  // namespace

// With a small queue that is short, one use there says little. The first is for loops, and for popularity that is
// stable.
constexpr std::array<GatedFifo::Shares, SharesChooser::kCandidates> SharesChooser::kShares = {
    {{0.02, 2, 1}, {0.02, 2, 0}, {0.1, 2, 0}, {0.3, 1, 0}, {0.7, 1, 0}}};

SharesChooser::SharesChooser(GatedFifo::Objective objective, std::size_t bytes_max)
    : SharesChooser(objective, ShadowCache::Bounds{.bytes = (bytes_max - sizeof(*this)) / kCandidates}) {
  LARDER_CHECK(bytes_max >= kBytesMin, "SharesChooser needs kBytesMin of memory");
}

SharesChooser::SharesChooser(GatedFifo::Objective objective, const ShadowCache::Bounds& each)
    : shadow_entries_max_(shadow_entries_for(each.bytes)),
      small_(kShares[kFirst].small),
      promote_at_(kShares[kFirst].promote_at),
      credit_(kCreditMax),
      candidates_{Candidate(kShares[0], objective, each), Candidate(kShares[1], objective, each),
                  Candidate(kShares[2], objective, each), Candidate(kShares[3], objective, each),
                  Candidate(kShares[4], objective, each)} {}

void SharesChooser::resize(std::int64_t entries, std::int64_t weight, std::int64_t came) noexcept {
  entries_.fetch_add(entries, std::memory_order_relaxed);
  weight_.fetch_add(weight, std::memory_order_relaxed);
  const std::int64_t credit = credit_.fetch_add(came, std::memory_order_relaxed) + came;
  if (credit > kCreditMax) credit_.store(kCreditMax, std::memory_order_relaxed);
  if (unsampled() != Residents::kNoSample || credit < kCreditToWake || !begin()) return;
  unsampled_.store(unsampled_at(halvings_), std::memory_order_relaxed);
  end();
}

// The share of it that the sample is.
std::int64_t SharesChooser::sampled(const std::atomic<std::int64_t>& of) const noexcept {
  return std::max<std::int64_t>(1, of.load(std::memory_order_relaxed) >> halvings_);
}

void SharesChooser::access(EntryId id, std::uint64_t salt, std::uint32_t weight, bool full) {
  if (!begin()) return;
  fit_sample();
  const std::uint64_t capacity = full ? static_cast<std::uint64_t>(sampled(weight_)) : UINT64_MAX;
  std::array<bool, kCandidates> hits;
  for (unsigned i = 0; i < kCandidates; ++i)
    hits[i] = candidates_[i].cache.access({shadow_id(id, salt), static_cast<std::uint16_t>(id), weight}, capacity);
  for (unsigned i = 0; i < kCandidates; ++i) {
    if (hits[i]) continue;
    for (unsigned j = 0; j < kCandidates; ++j) {
      candidates_[i].missed_hits[j] += hits[j];
      candidates_[i].capped[j] += hits[j];
    }
  }
  ++told_;
  const auto entries = static_cast<std::uint64_t>(sampled(entries_));
  if (++since_decision_ * kDecisionsAShadow >= entries) {
    since_decision_ = 0;
    if (told_ >= entries) decide();
  }
  if (credit_.fetch_sub(kCameAUse, std::memory_order_relaxed) <= kCameAUse) {
    unsampled_.store(Residents::kNoSample, std::memory_order_relaxed);
  }
  end();
}

// How much worse a shadow is than the one that is best against it, in standard deviations. If two were as good, one
// would have missed what the other hit as often as the other way round, but for chance: the difference is then normal,
// with a variance of the sum.
double SharesChooser::deviations_behind(unsigned candidate, MissedHits Candidate::*missed_hits) const noexcept {
  double most = 0;
  for (unsigned other = 0; other < kCandidates; ++other) {
    const double lost = (candidates_[candidate].*missed_hits)[other];
    const double won = (candidates_[other].*missed_hits)[candidate];
    most = std::max(most, (lost - won) / std::sqrt(lost + won + 1));
  }
  return most;
}

void SharesChooser::forget_some() noexcept {
  for (unsigned i = 0; i < kCandidates; ++i) {
    for (unsigned j = 0; j < kCandidates; ++j) {
      candidates_[i].missed_hits[j] *= kForgetsADecision;
      double& lost = candidates_[i].capped[j] *= kForgetsADecision;
      const double won = candidates_[j].capped[i];
      lost = std::min(lost, won + kDeviationsMax * std::sqrt(lost + won + 1));
    }
  }
}

void SharesChooser::decide() {
  forget_some();
  double sum = 0;
  double logarithm = 0;
  double promote_at = 0;
  double margin = 0;
  for (unsigned i = 0; i < kCandidates; ++i) {
    const double behind =
        std::min(deviations_behind(i, &Candidate::missed_hits), deviations_behind(i, &Candidate::capped));
    const double likelihood = std::exp(-behind * behind / 2);
    sum += likelihood;
    logarithm += likelihood * std::log(kShares[i].small);
    promote_at += likelihood * kShares[i].promote_at;
    margin += likelihood * kShares[i].margin;
  }
  small_.store(std::exp(logarithm / sum), std::memory_order_relaxed);
  promote_at_.store(promote_at > 1.5 * sum ? 2 : 1, std::memory_order_relaxed);
  margin_.store(margin > kMarginAt * sum ? 1 : 0, std::memory_order_relaxed);
}

void SharesChooser::remove(EntryId id, std::uint64_t salt) {
  if (!begin()) return;
  for (Candidate& candidate : candidates_) candidate.cache.remove(shadow_id(id, salt));
  end();
}

// One key in two less where the shadows would have too many; one more where they have far too few.
void SharesChooser::fit_sample() {
  const std::int64_t entries = sampled(entries_);
  if (entries > shadow_entries_max_ && halvings_ < kHalvingsMax) {
    ++halvings_;
  } else if (halvings_ != 0 && entries < shadow_entries_max_ / 4) {
    --halvings_;
  } else {
    return;
  }
  const std::uint16_t unsampled = unsampled_at(halvings_);
  if (this->unsampled() != Residents::kNoSample) unsampled_.store(unsampled, std::memory_order_relaxed);
  for (Candidate& candidate : candidates_) candidate.cache.remove_tagged(unsampled);
}

std::size_t SharesChooser::bytes() const noexcept {
  std::size_t bytes = sizeof(*this);
  for (const Candidate& candidate : candidates_) bytes += candidate.cache.bytes();
  return bytes;
}

}  // namespace larder::eviction
