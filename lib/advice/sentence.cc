// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "advice/sentence.h"

#include <algorithm>
#include <cstdio>

#include "base/bytes_text.h"
#include "base/c_locale.h"

namespace larder::advice {
namespace {

// Differences below that are not worth a change.
constexpr double kMatters = 0.01;

std::string percent(double ratio) {
  const base::CLocale point;
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * ratio);
  return text;
}

std::string size_text(std::uint64_t size, BoundOf of) {
  return of == BoundOf::kEntries ? std::to_string(size) + " entries" : base::bytes_text(size);
}

}  // namespace

std::string not_known_yet(std::uint64_t samples, std::uint64_t needed) {
  return "not known yet: " + std::to_string(samples) + " of " + std::to_string(needed) + " sampled uses";
}

std::string sentence_of(const SizeAdvice& advice, std::uint64_t bound, BoundOf of) {
  const std::string now = percent(advice.hit_ratio);
  const std::string twice = "+" + size_text(bound, of);
  const std::string fourfold = "+" + size_text(3 * bound, of);
  const std::string half = size_text(bound / 2, of) + " less";
  if (std::max(advice.hit_ratio, advice.at_fourfold) < kMatters)
    return "hardly anything hits, be it now (" + now + ") or with " + fourfold + " (" + percent(advice.at_fourfold) +
           ")";
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

std::string sentence_of(const PolicyAdvice& advice) {
  const std::string now = percent(advice.hit_ratio);
  const PolicyAdvice::Other& best = advice.others.front();
  if (std::max(advice.hit_ratio, best.hit_ratio) < kMatters)
    return "hardly anything hits, be it now (" + now + ") or with any other policy (" + percent(best.hit_ratio) + ")";
  if (best.hit_ratio - advice.hit_ratio >= kMatters) {
    return best.name + " would lift the hit ratio from " + now + " to " + percent(best.hit_ratio);
  }
  return "the policy is right: no other would lift the hit ratio of " + now + " by a point; the best of them, " +
         best.name + ", would have " + percent(best.hit_ratio);
}

}  // namespace larder::advice
